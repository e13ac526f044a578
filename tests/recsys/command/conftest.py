"""A small release on disk for the tests of the command."""

from pathlib import Path

import pytest

from recsys import make_ratings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small release on disk."""
    path = tmp_path_factory.mktemp("small")
    ratings = make_ratings(n_users=80, n_movies=200, n_ratings=4000, random_state=3)
    ratings.ratings.to_csv(path / "ratings.csv", index=False)
    ratings.movies.to_csv(path / "movies.csv", index=False)
    return path
