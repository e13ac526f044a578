"""What a recommender was trained on, and how questions find their rows and columns in it."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from kmeans_core import NotFittedError
from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import LARGEST_INT64
from recsys.data.scale import RatingScale, liked
from recsys.printable import shown
from recsys.recommenders.types import Floats, Ints

# Cells of people x films that are held at once while films are ranked.
MOST_CELLS = 4_000_000


class Training:
    """Ratings that were trained on. A film that is none of theirs has column n_films."""

    _matrix: RatingMatrix
    _scale: RatingScale
    # (n_films, n_genres): 1 where a film has a genre.
    _genres: npt.NDArray[np.float32]

    def _train_on(
        self, matrix: RatingMatrix, scale: RatingScale, genres: npt.NDArray[np.float32]
    ) -> None:
        self._matrix = matrix
        self._scale = scale
        self._genres = genres
        for derived in ("_by_film", "_n_ratings"):
            self.__dict__.pop(derived, None)

    @property
    def _n_films(self) -> int:
        return len(self._matrix.movie_ids)

    def _liked(self, stars: Floats) -> npt.NDArray[np.bool_]:
        """Which ratings say that the film was liked."""
        return liked(stars, self._scale)

    @property
    def _block(self) -> int:
        return max(1, MOST_CELLS // max(1, self._n_films))

    def _row_blocks(self) -> Iterable[Ints]:
        rows = np.arange(len(self._matrix.user_ids))
        return (rows[first : first + self._block] for first in range(0, len(rows), self._block))

    @cached_property
    def _n_ratings(self) -> npt.NDArray[np.intp]:
        """Training ratings of each film."""
        return self._matrix.counts_by_film()

    @cached_property
    def _by_film(self) -> sp.csc_array:
        """Training ratings, film by film."""
        return self._matrix.values.tocsc()

    def _raters(self, film: int) -> tuple[Ints, Floats]:
        """Training rows that rated a film, ascending, and their stars."""
        if film == self._n_films:
            return np.empty(0, np.int64), np.empty(0)
        start, stop = self._by_film.indptr[film : film + 2]
        rows: Ints = self._by_film.indices[start:stop].astype(np.int64)
        return rows, self._by_film.data[start:stop]

    def _check_fitted(self) -> None:
        if not hasattr(self, "_matrix"):
            name = type(self).__name__
            raise NotFittedError(f"This {name} is not fitted yet: call fit first.")

    def _rows(self, user_ids: Ints) -> Ints:
        """Training rows of users, -1 for others."""
        return pd.Index(self._matrix.user_ids).get_indexer(pd.Index(user_ids)).astype(np.int64)

    def _columns(self, movie_ids: Ints) -> Ints:
        """Columns of films; n_films for those that are not among the training films."""
        found = pd.Index(self._matrix.movie_ids).get_indexer(pd.Index(movie_ids)).astype(np.int64)
        return np.where(found < 0, self._n_films, found)

    def _rated_by(self, ratings: Sequence[Mapping[int, float]]) -> sp.csr_array:
        """Ratings of people x training films; what is no training film says nothing."""
        persons = np.repeat(np.arange(len(ratings)), [len(of_one) for of_one in ratings])
        movies = whole_ids("movie", [movie for of_one in ratings for movie in of_one])
        given = [value for of_one in ratings for value in of_one.values()]
        try:
            stars = np.array(given, np.float64)
        except OverflowError:
            raise ValueError(f"ratings must be on the scale {self._scale}") from None
        off = np.flatnonzero(~self._scale.holds(stars))
        if off.size:
            raise ValueError(
                f"rating of film {movies[off[0]]} is off the scale {self._scale}: {stars[off[0]]}"
            )
        films = self._columns(movies)
        known = films < self._n_films
        place = (persons[known], films[known])
        rated = sp.csr_array((stars[known], place), shape=(len(ratings), self._n_films))
        rated.sort_indices()
        return rated


def paired_ids(user_ids: Any, movie_ids: Any) -> tuple[Ints, Ints]:
    """Two id arrays of one length, for ``predict``.

    Raises
    ------
    ValueError
        If they are not 1-D, not whole numbers or not of one length.
    """
    users, movies = (
        whole_ids(name, ids) for name, ids in (("user", user_ids), ("movie", movie_ids))
    )
    if len(users) != len(movies):
        raise ValueError(f"{len(users)} user_ids but {len(movies)} movie_ids")
    return users, movies


def whole_ids(name: str, ids: Any) -> Ints:
    """An array of ids; ValueError if they are not 1-D or not whole numbers of 64 bits."""
    array = np.asarray(ids)
    if array.dtype == object and array.ndim == 1 and all(type(one) is int for one in array):
        raise ValueError(
            f"{name}_ids must fit in 64 bits, but {shown(max(array, key=abs))} does not"
        )
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(
            f"{name}_ids must be a 1-D array of whole numbers, not {array.dtype} {array.shape}"
        )
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name}_ids must fit in 64 bits, but {array.max()} is among them")
    return array.astype(np.int64)


def whole_id(name: str, given: Any) -> int:
    """One id; ValueError if it is not a whole number of 64 bits."""
    try:
        if isinstance(given, bool):
            raise TypeError
        found = operator.index(given)
    except TypeError:
        new = "; the ratings of somebody new go in ratings=" if name == "user" else ""
        raise ValueError(f"{name}_ids must be whole numbers, not {shown(given)}{new}") from None
    if not -LARGEST_INT64 - 1 <= found <= LARGEST_INT64:
        raise ValueError(f"{name}_ids must fit in 64 bits, but {shown(found)} does not")
    return found


def check_n(n: Any) -> None:
    """ValueError unless n is a whole number from 0 up."""
    if not isinstance(n, int | np.integer):
        raise ValueError(f"n must be a whole number, not {n!r}")
    if n < 0:
        raise ValueError(f"n must not be negative, but is {n}")


def at_least(least: float, **parameters: float) -> None:
    """ValueError for the first parameter that is less, or no number."""
    for name, value in parameters.items():
        if not value >= least:
            raise ValueError(f"{name} must be at least {least:g}, not {value!r}")


def one_of_two(name: str, users: Any, ratings: Any) -> None:
    """ValueError unless exactly one of a user and a person's ratings is given."""
    if (users is None) == (ratings is None):
        count = "neither" if users is None else "both"
        raise ValueError(f"give {name} or ratings: {count} were given")
