"""What a recommender was trained on, and how questions find their rows and columns in it."""

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

# Cells of people x films that are held at once while films are ranked.
MOST_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Ratings that a recommender was trained on.

    A film that is not among them has the column number n_items.

    Attributes
    ----------
    matrix : RatingMatrix
    scale : RatingScale
    genres : ndarray of shape (n_items, n_genres), float32
        1 where a film has a genre.
    """

    matrix: RatingMatrix
    scale: RatingScale
    genres: npt.NDArray[np.float32]

    @classmethod
    def of(cls, ratings: Ratings) -> Self:
        """All ratings, film by film."""
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
        """How many users rated each film."""
        return self.matrix.counts_by_item()

    @cached_property
    def by_item(self) -> sp.csc_array:
        """The ratings, film by film."""
        return self.matrix.values.tocsc()

    @property
    def block(self) -> int:
        """How many people are looked at together."""
        return max(1, MOST_CELLS // max(1, self.n_items))

    def blocks(self, users: S) -> Iterator[S]:
        """People cut into such parts."""
        for first in range(0, len(users), self.block):
            yield users[first : first + self.block]

    def liked(self, ratings: Floats) -> npt.NDArray[np.bool_]:
        """Which ratings say that the film was liked."""
        return liked(ratings, self.scale)

    def clipped(self, ratings: Floats) -> Floats:
        """Stars moved into the scale."""
        return np.clip(ratings, self.scale.smallest, self.scale.largest)

    def raters(self, item: int) -> tuple[Ints, Floats]:
        """Rows of the users who rated a film, ascending, and their stars."""
        if item == self.n_items:
            return np.empty(0, np.int64), np.empty(0)
        start, stop = self.by_item.indptr[item : item + 2]
        rows: Ints = self.by_item.indices[start:stop].astype(np.int64)
        return rows, self.by_item.data[start:stop]

    def rows(self, user_ids: Ints) -> Ints:
        """Rows of users, -1 for users who are not among them."""
        return pd.Index(self.matrix.user_ids).get_indexer(pd.Index(user_ids)).astype(np.int64)

    def columns(self, movie_ids: Ints) -> Ints:
        """Columns of films, n_items for films that are not among them."""
        found = pd.Index(self.matrix.movie_ids).get_indexer(pd.Index(movie_ids)).astype(np.int64)
        return np.where(found < 0, self.n_items, found)

    def eligible(self, among: Iterable[int] | None) -> npt.NDArray[np.bool_]:
        """(n_items,): which films are asked for; all for None."""
        if among is None:
            return np.ones(self.n_items, dtype=np.bool_)
        return np.isin(self.matrix.movie_ids, whole_ids("movie", list(among)))

    def rated_by(self, ratings: Sequence[Mapping[int, float]]) -> sp.csr_array:
        """Ratings of new people as people x films. Films that are not among them are left out.

        Raises
        ------
        ValueError
            If a rating is off the scale, or an id is not a whole number of 64 bits.
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
            raise ValueError(
                f"rating of film {movies[off[0]]} is off the scale {self.scale}: {values[off[0]]}"
            )
        items = self.columns(movies)
        known = items < self.n_items
        place = (user_index[known], items[known])
        rated = sp.csr_array((values[known], place), shape=(len(ratings), self.n_items))
        rated.sort_indices()
        return rated


def user_index_of(rated: sp.csr_array) -> npt.NDArray[np.intp]:
    """The row of each stored rating."""
    return np.repeat(np.arange(rated.shape[0]), np.diff(rated.indptr))
