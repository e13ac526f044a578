"""All steps on ratings of the size of ml-25m: make, write, read, matrix, groups, lists.

It prints the seconds and the peak memory of each step. `tests/long/run` runs it.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from recsys import (
    BiasBaseline,
    BoostedClusterMeans,
    RatingMatrix,
    TasteGroups,
    cluster_users,
    describe_groups,
    load_ratings,
    make_ratings,
)

# ml-25m: 162,541 users, 62,423 movies, 25,000,095 ratings.
N_USERS, N_MOVIES, N_RATINGS = 162_541, 62_423, 25_000_095


@contextmanager
def step(name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name:34} {seconds:7.1f} s   peak so far {peak:5.1f} GB", flush=True)


def main(folder: Path) -> None:
    with step("make 25 million ratings"):
        made = make_ratings(N_USERS, N_MOVIES, N_RATINGS, random_state=0)
    with step("write ratings.csv and movies.csv"):
        made.movies.to_csv(folder / "movies.csv", index=False)
        made.ratings.to_csv(folder / "ratings.csv", index=False)
    with step("read them"):
        ratings = load_ratings(folder)
    for name in ("userId", "movieId", "rating", "timestamp"):
        assert ratings.ratings[name].equals(made.ratings[name]), name
    del made
    with step("matrix by film"):
        matrix = RatingMatrix.from_ratings(ratings)
    assert matrix.values.nnz == N_RATINGS
    with step("matrix by title"):
        RatingMatrix.from_ratings(ratings, "title")
    with step("densest region, 300 x 75"):
        region = matrix.densest_region(300, 75)
    assert region.shape == (75, 300)
    with step("k = 10 on all films, one start"):
        clusters = cluster_users(matrix, 10, space="ratings", n_init=1)
    assert clusters.sizes.sum() == N_USERS
    with step("what each group likes more and less"):
        described = describe_groups(clusters, ratings)
    assert any(len(group.films) == 5 for group in described)
    with step("taste groups with biases"):
        groups = TasteGroups(rating_model=BiasBaseline()).fit(ratings)
    with step("lists for 100 users"):
        lists = groups.top(np.arange(1, 101))
    assert lists.shape == (100, 10)
    assert lists.min() > 0
    with step("boosted cluster means, 20 stages"):
        boosted = BoostedClusterMeans(n_chains=1, n_stages=20).fit(ratings)
    some = ratings.ratings.iloc[:1000]
    stars = boosted.predict(some["userId"], some["movieId"])
    assert np.mean((stars - some["rating"]) ** 2) < np.var(some["rating"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
