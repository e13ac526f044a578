"""Groups by known or zero-filled ratings: ``python -m benchmarks.known_ratings FOLDER``."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from recsys import (
    BiasBaseline,
    ClusterMeanRecommender,
    RatingMatrix,
    Ratings,
    cluster_users,
    load_ratings,
)
from recsys.evaluation import evaluate_ranking, evaluate_ratings, row_folds

N_MOVIES = 1_000

# Numbers of groups with a shrinkage, for the table. None counts a missing rating as 0.
GROUPS = ((2, None), (2, 50.0), (4, None), (4, 100.0), (10, None), (10, 0.0), (10, 200.0))

# Shrinkages of ten groups, for the inner splits.
SHRINKAGES = (0.0, 50.0, 100.0, 200.0, 400.0)


class GroupMeans(ClusterMeanRecommender):
    """Means of groups that are made on the movies with the most ratings."""

    def __init__(self, n_clusters: int, shrinkage: float | None, seed: int) -> None:
        super().__init__(n_clusters, random_state=seed)
        self.shrinkage = shrinkage

    def fit(self, ratings: Ratings) -> Self:
        groups = cluster_users(
            RatingMatrix.from_ratings(ratings).most_rated(N_MOVIES),
            self.n_clusters,
            n_init=5,
            random_state=self.random_state,
            space="ratings" if self.shrinkage is None else "known",
            shrinkage=self.shrinkage or 0.0,
        )
        return self.fit_clusters(groups, ratings)


def makers(groups: Iterable[tuple[int, float | None]]) -> dict[str, object]:
    """Functions that make each recommender, unfitted, from a seed."""
    found: dict[str, object] = {}
    for k, shrinkage in groups:
        rule = "zeros" if shrinkage is None else f"ignored, shrinkage {shrinkage:g}"
        found[f"{k} groups, {rule}"] = lambda seed, k=k, s=shrinkage: GroupMeans(k, s, seed)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.known_ratings", description=__doc__)
    parser.add_argument("data", type=Path, help="folder, zip or file of ratings")
    ratings = load_ratings(parser.parse_args(arguments).data)
    of_table = makers(GROUPS)
    baseline = {"biases": lambda seed: BiasBaseline()}
    print(evaluate_ratings(of_table | baseline, ratings).to_frame().round(4).to_string())
    print(evaluate_ranking(of_table, ratings).to_frame().round(4).to_string())
    print("Inner splits: the training ratings of the first fold, again in two of five folds")
    inner = next(iter(row_folds(ratings, 0))).train
    of_inner = makers((10, shrinkage) for shrinkage in SHRINKAGES)
    print(evaluate_ratings(of_inner, inner, n_folds=2).to_frame().round(4).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
