"""The training data of a recommender, and the rows and columns of users and items in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.analysis.genres import genre_matrix
from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import Ratings
from recsys.data.scale import RatingScale, liked
from recsys.recommenders.ids import whole_ids
from recsys.recommenders.types import Floats, Ints

# Something that can be cut: an array or a list.
S = TypeVar("S", bound=Any)

# Users are ranked in blocks of at most this many cells of users x items.
MOST_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The ratings and the genres that a recommender was trained on.

    An item outside the training data has the column number n_items.
    """

    matrix: RatingMatrix
    scale: RatingScale
    genres: npt.NDArray[np.float32]  # (n_items, n_genres): 1 if the item has the genre, else 0

    @classmethod
    def of(cls, ratings: Ratings) -> Self:
        """Make training data of all ratings."""
        matrix = RatingMatrix.from_ratings(ratings)
        return cls(matrix, ratings.scale, genre_matrix(ratings, matrix.movie_ids))

    @property
    def n_users(self) -> int:
        return len(self.matrix.user_ids)

    @property
    def n_items(self) -> int:
        return len(self.matrix.movie_ids)

    @cached_property
    def n_ratings(self) -> npt.NDArray[np.intp]:
        """(n_items,): the number of users who rated each item."""
        return self.matrix.counts_by_item()

    @cached_property
    def by_item(self) -> sp.csc_array:
        """The ratings, item by item."""
        return self.matrix.values.tocsc()

    def blocks(self, users: S) -> Iterator[S]:
        """Cut users into blocks."""
        size = max(1, MOST_CELLS // self.n_items)
        for first in range(0, len(users), size):
            yield users[first : first + size]

    def liked(self, ratings: Floats) -> npt.NDArray[np.bool_]:
        """Tell which ratings are likes."""
        return liked(ratings, self.scale)

    def clipped(self, ratings: Floats) -> Floats:
        """Clip ratings to the scale."""
        return np.clip(ratings, self.scale.smallest, self.scale.largest)

    def raters(self, item: int) -> tuple[Ints, Floats]:
        """The rows of the users who rated an item, ascending, and their ratings."""
        if item == self.n_items:
            return np.empty(0, np.int64), np.empty(0)
        start, stop = self.by_item.indptr[item : item + 2]
        rows: Ints = self.by_item.indices[start:stop].astype(np.int64)
        return rows, self.by_item.data[start:stop]

    def rows(self, user_ids: Ints) -> Ints:
        """The rows of users; -1 for new users."""
        return pd.Index(self.matrix.user_ids).get_indexer(pd.Index(user_ids)).astype(np.int64)

    def columns(self, movie_ids: Ints) -> Ints:
        """The columns of items; n_items for items outside the training data."""
        found = pd.Index(self.matrix.movie_ids).get_indexer(pd.Index(movie_ids)).astype(np.int64)
        return np.where(found < 0, self.n_items, found)

    def eligible(self, among: Iterable[int] | None) -> npt.NDArray[np.bool_]:
        """(n_items,): which items are in ``among``; all if it is None."""
        if among is None:
            return np.ones(self.n_items, dtype=np.bool_)
        return np.isin(self.matrix.movie_ids, whole_ids("movie", list(among)))

    def rated_by(self, ratings: Sequence[Mapping[int, float]]) -> sp.csr_array:
        """Make a matrix of the ratings of new users, without items outside the training data.

        ValueError if a rating is off the scale, or an id is not a whole number of 64 bits.
        """
        user_index = np.repeat(np.arange(len(ratings)), [len(of_one) for of_one in ratings])
        movies = whole_ids("movie", [movie for of_one in ratings for movie in of_one])
        given = [value for of_one in ratings for value in of_one.values()]
        try:
            values = np.array(given, np.float64)
        except OverflowError:
            raise ValueError(f"ratings must be on the scale {self.scale}") from None
        off = np.flatnonzero(~self.scale.holds(values))
        if off.size:
            film, value = movies[off[0]], values[off[0]]
            raise ValueError(f"the rating of film {film} is off the scale {self.scale}: {value}")
        items = self.columns(movies)
        known = items < self.n_items
        place = (user_index[known], items[known])
        rated = sp.csr_array((values[known], place), shape=(len(ratings), self.n_items))
        rated.sort_indices()
        return rated


def user_index_of(rated: sp.csr_array) -> npt.NDArray[np.intp]:
    """The row of each stored rating."""
    return np.repeat(np.arange(rated.shape[0]), np.diff(rated.indptr))
