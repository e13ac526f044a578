"""The training data of a recommender, and the rows and columns of users and items in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.analysis.genres import genre_matrix
from recsys.data.ids import Id, Ids
from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import Ratings
from recsys.data.scale import RatingScale, liked
from recsys.printable import shown
from recsys.recommenders.ages import Ages, ages_of, ages_of_cells
from recsys.recommenders.given_ratings import GivenProfile
from recsys.recommenders.ids import asked_id, asked_ids
from recsys.recommenders.types import Floats, Ints, Profiles

# Something that can be cut: an array or a list.
S = TypeVar("S", bound=Any)

# Users are ranked in blocks of at most this many cells of users x items. A user has at least as
# many cells as a model has groups, more or less.
MOST_CELLS = 1_000_000
FEWEST_CELLS = 4_000


@dataclass(frozen=True, eq=False)
class UnratedFilms:
    """The films in the table of movies that have no rating."""

    movie_ids: Ids
    titles: npt.NDArray[np.object_]
    genres: npt.NDArray[np.float32]  # (n_unrated, n_genres), as in the training data

    def __len__(self) -> int:
        return len(self.movie_ids)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The ratings and the genres that a recommender was trained on.

    An item is a film with ratings. An item outside the training data has the column number
    n_items.
    """

    matrix: RatingMatrix
    ages: Ages  # (n_ratings,): as `matrix.values.data` stands
    scale: RatingScale
    genres: npt.NDArray[np.float32]  # (n_items, n_genres): 1 if the item has the genre, else 0
    unrated: UnratedFilms

    @classmethod
    def of(cls, ratings: Ratings) -> Self:
        """Make training data of all ratings."""
        matrix = RatingMatrix.from_ratings(ratings)
        movies = ratings.movies.loc[~ratings.movies["movieId"].isin(matrix.movie_ids)]
        unrated_ids = movies["movieId"].to_numpy(dtype=matrix.movie_ids.dtype)
        genres = genre_matrix(ratings, np.concatenate([matrix.movie_ids, unrated_ids]))
        n_items = len(matrix.movie_ids)
        titles = movies["title"].to_numpy(dtype=object)
        unrated = UnratedFilms(unrated_ids, titles, genres[n_items:])
        ages = ages_of_cells(ratings, matrix)
        return cls(matrix, ages, ratings.scale, genres[:n_items], unrated)

    @property
    def n_users(self) -> int:
        return len(self.matrix.user_ids)

    @property
    def n_people(self) -> int:
        """The number of users whose ratings and likes are counted. They may be more than rows."""
        return self.n_users

    @property
    def n_items(self) -> int:
        return len(self.matrix.movie_ids)

    @cached_property
    def n_ratings(self) -> npt.NDArray[np.intp]:
        """(n_items,): the number of users who rated each item."""
        return self.matrix.counts_by_item()

    @cached_property
    def n_likes(self) -> npt.NDArray[np.intp]:
        """(n_items,): the number of users who liked each item."""
        values = self.matrix.values
        return np.bincount(values.indices[self.liked(values.data)], minlength=self.n_items)

    @cached_property
    def by_item(self) -> sp.csc_array:
        """The ratings, item by item."""
        return self.matrix.values.tocsc()

    def without(self, held_out: npt.NDArray[np.bool_]) -> Self:
        """The training data without some ratings. All users and items stay.

        ``held_out`` is in the order of ``matrix.values.data``.
        """
        values, kept = self.matrix.values, ~held_out
        starts = np.append(0, np.cumsum(kept))[values.indptr]
        rest = sp.csr_array((values.data[kept], values.indices[kept], starts), shape=values.shape)
        # An age tells no time, but the order of the user's times.
        ages = ages_of(rest.indptr, -self.ages[kept])
        return replace(self, matrix=replace(self.matrix, values=rest), ages=ages)

    def among(self, rows: Ints, columns: Ints) -> Self:
        """The training data of some users and items alone, given their rows and columns."""
        matrix = self.matrix.take(rows, columns)
        # The ages go the same way as the ratings. They are one higher here, because 0 is no cell.
        ages = replace(self.matrix, values=self._ages_of_cells).take(rows, columns).values.data - 1
        genres = self.genres[columns]
        # An age tells no time, but the order of the user's times.
        ages = ages_of(matrix.values.indptr, -ages)
        return replace(self, matrix=matrix, ages=ages, genres=genres)

    @property
    def _ages_of_cells(self) -> sp.csr_array:
        values = self.matrix.values
        return sp.csr_array((self.ages + 1, values.indices, values.indptr), shape=values.shape)

    def blocks(self, users: S) -> Iterator[S]:
        """Cut users into blocks."""
        size = max(1, MOST_CELLS // max(self.n_items, FEWEST_CELLS))
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

    def rows(self, user_ids: Any) -> Ints:
        """The rows of users; -1 for new users. ValueError if an id has not the kind of the ids."""
        return _places(self.matrix.user_ids, asked_ids("user", user_ids, self.matrix.user_ids))

    def row(self, user_id: Id) -> int:
        """The row of one user; -1 for a new user. ValueError as in :meth:`rows`."""
        asked = asked_id("user", user_id, self.matrix.user_ids)
        return int(self.rows([asked])[0])

    def columns(self, movie_ids: Any, form: str = "a 1-D array of ") -> Ints:
        """The columns of items; n_items for items outside the training data.

        ValueError if an id has not the kind of the ids.
        """
        asked = asked_ids("movie", movie_ids, self.matrix.movie_ids, form)
        found = _places(self.matrix.movie_ids, asked)
        return np.where(found < 0, self.n_items, found)

    def films(self, movie_ids: Any) -> Ints:
        """The columns of items. The unrated films are numbered from n_items + 1.

        Other films have the number n_items. ValueError as in :meth:`columns`.
        """
        asked = asked_ids("movie", movie_ids, self.matrix.movie_ids)
        found, unrated = self.columns(asked), _places(self.unrated.movie_ids, asked)
        return np.where(unrated < 0, found, self.n_items + 1 + unrated)

    def title(self, film: int) -> str:
        """The title of a film by its number in :meth:`films`. It is empty for other films."""
        if film == self.n_items:
            return ""
        is_item = film < self.n_items
        titles = self.matrix.titles if is_item else self.unrated.titles
        return str(titles[film if is_item else film - self.n_items - 1])

    def eligible(self, among: Iterable[Id] | None) -> npt.NDArray[np.bool_]:
        """(n_items,): which items are in ``among``; all if it is None."""
        if among is None:
            return np.ones(self.n_items, dtype=np.bool_)
        found = np.zeros(self.n_items + 1, dtype=np.bool_)
        found[self.columns(list(among))] = True
        return found[:-1]

    def profiles(self, rows: Ints) -> Profiles:
        """The ratings of training users, given their rows."""
        values = self.matrix.values
        ages = sp.csr_array((self.ages, values.indices, values.indptr), shape=values.shape)
        return Profiles(sp.csr_array(values[rows]), ages[rows].data)

    def brought(self, given: Sequence[GivenProfile]) -> Profiles:
        """The ratings that new users bring, without items outside the training data.

        ValueError if a rating is off the scale, if an id has not the kind of the ids, or if a user
        rates an item twice, by two spellings of its id.
        """
        user_index = np.repeat(np.arange(len(given)), [len(one.ratings) for one in given])
        movies = [movie for one in given for movie in one.ratings]
        ratings = [rating for one in given for rating in one.ratings.values()]
        ages = [age for one in given for age in one.ages]
        items = self.columns(movies, form="")
        try:
            values = np.array(ratings, np.float64)
        except OverflowError:
            raise ValueError(f"ratings must be on the scale {self.scale}") from None
        off = np.flatnonzero(~self.scale.holds(values))
        if off.size:
            film, value = shown(movies[off[0]]), values[off[0]]
            raise ValueError(f"the rating of film {film} is off the scale {self.scale}: {value}")
        known = items < self.n_items
        place = (user_index[known], items[known])
        shape = (len(given), self.n_items)
        rated = sp.csr_array((values[known], place), shape=shape)
        rated.sort_indices()
        if rated.nnz < len(place[0]):
            raise ValueError("ratings: a film is rated twice, by the number and the text of its id")
        aged = sp.csr_array((np.array(ages, np.int32)[known], place), shape=shape)
        aged.sort_indices()
        return Profiles(rated, aged.data)


def _places(known: Ids, asked: Ids) -> Ints:
    """The place of each id among the known ones; -1 for others."""
    return pd.Index(known).get_indexer(pd.Index(asked)).astype(np.int64)


def check_predicts(scale: RatingScale) -> None:
    """ValueError if ratings on this scale cannot be predicted."""
    if not scale.predicts:
        raise ValueError(
            f"{scale.kind} do not say how much users liked an item, so no ratings are predicted "
            "from them; recommend makes lists"
        )


def user_index_of(rated: sp.csr_array) -> npt.NDArray[np.intp]:
    """The row of each stored rating."""
    return np.repeat(np.arange(rated.shape[0]), np.diff(rated.indptr))
