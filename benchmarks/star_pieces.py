"""What each piece of BoostedClusterMeans is worth: its RMSE without that piece, on inner splits.

    MOVIELENS_DIR=data/ml-latest-small python -m benchmarks.star_pieces

The inner splits are two fifths of the training part of the first fold that `recsys evaluate` uses.
Settings may be chosen here, because the five test parts stay unseen.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from unittest.mock import patch

import numpy as np

from recsys import BiasBaseline, BoostedClusterMeans, Ratings, Recommender, load_ratings
from recsys.data.ratings import NO_GENRES
from recsys.evaluation.splits import Split, row_folds
from recsys.recommenders import chains, film_prior


def inner_splits(ratings: Ratings) -> list[Split]:
    """Two inner splits of the training part of the first fold."""
    outer = next(iter(row_folds(ratings)))
    return list(islice(row_folds(outer.train, seed=1), 2))


def without(split: Split, **columns: str) -> Split:
    """The split with one value in a column of its movies."""
    movies = split.train.movies.assign(**columns)
    return replace(split, train=replace(split.train, movies=movies))


def rated_only(split: Split) -> Split:
    """The split without films that have no rating in the training part."""
    movies = split.train.movies
    rated = movies["movieId"].isin(split.train.ratings["movieId"])
    return replace(split, train=replace(split.train, movies=movies[rated]))


def rmse(model: Recommender, splits: list[Split]) -> float:
    """The mean RMSE over the splits."""
    found = []
    for split in splits:
        predicted = model.fit(split.train).predict(split.test["userId"], split.test["movieId"])
        found.append(np.sqrt(np.mean((split.test["rating"] - predicted) ** 2)))
    return float(np.mean(found))


def scores(splits: list[Split]) -> Iterator[tuple[str, float]]:
    """The name and the RMSE of each variant."""
    yield "all of it", rmse(BoostedClusterMeans(), splits)
    for n_chains in (1, 2, 8):
        yield f"chains: {n_chains}", rmse(BoostedClusterMeans(n_chains=n_chains), splits)
    patches = {
        "no film prior": patch.object(
            film_prior, "mean_of_others", lambda labels, weights, means: np.zeros(len(labels))
        ),
        "no numbers of ratings in it": patch.object(
            film_prior, "_doublings", lambda n_ratings: np.arange(len(n_ratings))
        ),
        "no stages by standing": patch.object(chains, "STANDING_SHARE", 0.0),
        "no stages by genres": patch.object(chains, "GENRES_SHARE", 0.0),
        "no stages by residuals of films": patch.object(chains, "RATERS_SHARE", 1.0),
        "one stage of users a chain": patch.object(chains, "STAGES_A_CYCLE", 1000),
    }
    for name, patched in patches.items():
        with patched:
            yield name, rmse(BoostedClusterMeans(), splits)
    data = {
        "no genres": [without(split, genres=NO_GENRES) for split in splits],
        "no years": [without(split, title="") for split in splits],
        "neither": [without(split, genres=NO_GENRES, title="") for split in splits],
        "no films without ratings": [rated_only(split) for split in splits],
    }
    for name, changed in data.items():
        yield name, rmse(BoostedClusterMeans(), changed)
    yield "no stages: biases with film prior", rmse(BoostedClusterMeans(n_stages=0), splits)
    yield "plain biases", rmse(BiasBaseline(), splits)


def main() -> None:
    splits = inner_splits(load_ratings(os.environ["MOVIELENS_DIR"]))
    for name, error in scores(splits):
        print(f"| {name} | {error:.4f} |", flush=True)


if __name__ == "__main__":
    main()
