"""Groups over known ratings: users are grouped by their ratings, not by what they watched."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from recsys import ClusterMeanRecommender, RatingMatrix, Ratings, cluster_users
from recsys.evaluation import row_folds


@pytest.fixture
def two_traits() -> Ratings:
    """40 users. The odd ones are strict. The first 20 watch other movies than the last 20."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(40):
        likely = np.where(np.arange(30) < 15, 0.9, 0.4)[:: 1 if user < 20 else -1]
        rows += [
            (user + 1, movie + 1, 4.0 + rng.integers(3) / 2 - 2.5 * (user % 2))
            for movie in np.flatnonzero(rng.random(30) < likely)
        ]
    titles = [f"Film {movie}" for movie in range(30)]
    movies = pd.DataFrame({"movieId": np.arange(1, 31), "title": titles, "genres": "Drama"})
    return Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId", "rating"]), movies)


def test_groups_depend_on_ratings_in_the_space_of_known_ones(two_traits: Ratings) -> None:
    matrix = RatingMatrix.from_ratings(two_traits)
    strict = np.arange(40) % 2
    shrunk = cluster_users(matrix, 2, space="known", shrinkage=2.0)
    known = cluster_users(matrix, 2, space="known")
    assert adjusted_rand_score(strict, shrunk.labels) == 1.0
    assert shrunk.inertia > known.inertia  # centers are pulled away from the groups' own means
    assert adjusted_rand_score(strict, known.labels) == 1.0
    assert adjusted_rand_score(strict, cluster_users(matrix, 2, space="ratings").labels) < 0.5
    values = matrix.values.toarray()
    own = 0.0
    for group in (0, 1):
        rows = np.where(values[known.labels == group] > 0, values[known.labels == group], np.nan)
        own += np.nansum((rows - np.nanmean(rows, axis=0)) ** 2)
    assert known.inertia == pytest.approx(own)


def test_shrinkage_is_for_known_ratings(two_traits: Ratings) -> None:
    matrix = RatingMatrix.from_ratings(two_traits)
    with pytest.raises(ValueError, match=r"shrinkage=2\.0 needs space='known', not 'likes'"):
        cluster_users(matrix, 2, shrinkage=2.0)


def test_on_real_ratings_their_means_predict_better(real_ratings: Ratings) -> None:
    split = next(iter(row_folds(real_ratings, 0)))
    matrix = RatingMatrix.from_ratings(split.train).most_rated(1000)
    pairs = [split.test[column].to_numpy() for column in ("userId", "movieId")]

    def rmse(**params: object) -> float:
        groups = cluster_users(matrix, 10, n_init=5, **params)
        model = ClusterMeanRecommender().fit_clusters(groups, split.train)
        return float(np.sqrt(np.mean((split.test["rating"] - model.predict(*pairs)) ** 2)))

    # Measured: 1.02 and .99.
    assert rmse(space="known", shrinkage=200.0) < rmse(space="ratings") - 0.01
