"""The tidy table of ratings, the table of its movies, and the rules that both must keep."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.assembled import Items, Rows, checked_rows, listed_items, mapped_items

# Readers and commands take these names from here.
from recsys.data.errors import BadRow as BadRow
from recsys.data.errors import RatingsError as RatingsError
from recsys.data.frames import Frame
from recsys.data.frames import is_encodable as is_encodable
from recsys.data.genre_lists import NO_GENRES as NO_GENRES
from recsys.data.ids import Ids
from recsys.data.matrices import matrix_cells
from recsys.data.scale import RatingScale, liked_counts
from recsys.printable import printable

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LARGEST_INT64 = 2**63 - 1

# A title without such a character shows nothing: blanks, marks of direction and of no width.
_SEEN = re.compile("[^\\s\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True, eq=False, repr=False)
class Ratings:
    """A table of ratings and a table of the movies that were rated.

    ``recsys.load_ratings``, ``Ratings.from_frames``, ``Ratings.from_columns`` and
    ``Ratings.from_matrix`` check every row. The constructor checks nothing.

    Attributes
    ----------
    ratings : DataFrame
        Columns userId, movieId, rating (float64) and, if there are times, timestamp (int64, seconds
        since 1970), in the order they were read. The index counts from 0. A user rates a movie at
        most once. Ids are whole numbers (int64) or text (str, dtype object). If the ratings were
        made from counts, the column count (float64) holds the counts.
    movies : DataFrame
        Columns movieId (as in ``ratings``), title, genres (str, dtype object), in the order they
        were read. The index counts from 0. A movie without a title has its id as its title. Genres
        are joined by ``"|"``. A movie without genres has ``(no genres listed)``. The table holds
        every rated movie, and may hold others.
    scale : RatingScale
        The ratings that a user can give.
    source : str
        The place where the ratings were read.
    skipped : tuple of BadRow
        The bad rows that were left out. It is empty unless the caller asked to skip bad rows.
    reading : str
        One line about what was worked out while the ratings were read. It is empty if there was
        nothing to work out.

    Examples
    --------
    >>> import pandas as pd
    >>> from recsys import Ratings
    >>> ratings = pd.DataFrame({"userId": [1, 1, 2], "movieId": [10, 11, 10],
    ...                         "rating": [4, 2.5, 5]})
    >>> movies = pd.DataFrame({"movieId": [10, 11, 12], "title": ["Up", "Big", "Jaws"],
    ...                        "genres": ["Animation|Drama", "Comedy", "Action"]})
    >>> rated = Ratings.from_frames(ratings, movies)
    >>> rated
    Ratings(3 ratings of 2 movies by 2 users, 0.5 to 5 by 0.5, from frames)
    >>> rated.n_users, rated.n_movies, rated.has_titles, rated.has_genres, rated.has_times
    (2, 2, True, True, False)
    """

    ratings: pd.DataFrame
    movies: pd.DataFrame
    scale: RatingScale
    source: str
    skipped: tuple[BadRow, ...] = ()
    reading: str = ""

    def __repr__(self) -> str:
        return (
            f"Ratings({len(self.ratings)} ratings of {self.n_movies} movies"
            f" by {self.n_users} users, {self.scale}, from {printable(self.source)})"
        )

    @cached_property
    def n_users(self) -> int:
        """The number of users with at least one rating."""
        return int(self.ratings["userId"].nunique())

    @cached_property
    def n_movies(self) -> int:
        """The number of movies with at least one rating."""
        return int(self.ratings["movieId"].nunique())

    @property
    def has_times(self) -> bool:
        """Whether the ratings have times."""
        return "timestamp" in self.ratings.columns

    @cached_property
    def has_titles(self) -> bool:
        """Whether any movie has a title that is not its id."""
        return bool((self.movies["title"] != self.movies["movieId"].astype(str)).any())

    @cached_property
    def has_genres(self) -> bool:
        """Whether any movie has genres."""
        return bool((self.movies["genres"] != NO_GENRES).any())

    @classmethod
    def from_frames(
        cls,
        ratings: Any,
        movies: Any = None,
        *,
        user: str | int | None = None,
        item: str | int | None = None,
        rating: str | int | None = None,
        time: str | int | None = None,
        scale: RatingScale | str | Sequence[float] | None = None,
        counts: bool = False,
        source: str = "frames",
    ) -> Ratings:
        """Check two tables by the same rules as files, and copy their columns.

        A table is a frame of pandas, polars (eager or lazy), pyarrow or DuckDB, or a dict of
        columns. Other columns and the index are not copied.

        Parameters
        ----------
        ratings : table
            A column of users, one of items and, optionally, one of ratings and one of times. Ids
            are whole numbers or text. The ids of a column become int64 if each of them is a whole
            number such as 7, 7.0 or "7"; otherwise all become text. Times are seconds,
            milliseconds, dates or dates as text; fractions of a second are cut off. Without
            ratings, all rows are likes.
        movies : table, optional
            A column of the ids of items and, optionally, of titles and genres. Genres are lists, or
            text joined by ``"|"`` or ``", "``; a missing or empty value means that the movie has no
            genres. Without titles, ids stand as titles. The default is a table of the rated items,
            without titles and genres.
        user, item, rating, time : str or int, optional
            The names of the columns. The defaults are userId, movieId, rating and timestamp, and
            then common spellings such as user_id, isbn, Stars and date. The time ``"none"`` leaves
            times out.
        scale : RatingScale, str or tuple, optional
            The ratings that a user can give, as ``recsys.data.scale.as_scale`` reads them:
            ``(1, 10)`` is 1 to 10 by 1. ``"infer"`` works the scale out from all ratings. The
            default is 0.5 to 5 by 0.5.
        counts : bool
            Whether the ratings count plays, purchases and the like. A count above the median of its
            user becomes a like. Columns named plays, count and the like are counts in any case,
            unless there is a column of ratings or a scale.
        source : str
            The name of the data in messages and reports.

        Returns
        -------
        Ratings
            The checked copy. Its ``reading`` says what was worked out.

        Raises
        ------
        RatingsError
            If an object is no table; if a table has no rows; if a column is missing, is there twice
            or is not clear; if an id is neither a whole number nor text; if a time is none; if a
            rating is not a number, off the scale or far from all others; if a title is not text or
            holds half of a surrogate pair; if an item is listed twice; if a rated item is not in
            ``movies``; or if a user rates an item twice. The message names the table, the row
            (counted from 0) and the value.
        ValueError
            If ``scale`` is not a scale.

        Examples
        --------
        >>> import pandas as pd
        >>> from recsys import Ratings
        >>> ratings = pd.DataFrame({"userId": [7], "movieId": [1], "rating": [9]})
        >>> movies = pd.DataFrame({"movieId": [1], "title": ["Up"], "genres": [""]})
        >>> Ratings.from_frames(ratings, movies, scale=(1, 10))
        Ratings(1 ratings of 1 movies by 1 users, 1 to 10 by 1, from frames)
        >>> plays = {"listener": ["ann", "ann"], "track_id": ["a1", "a2"], "plays": [3, 40]}
        >>> listened = Ratings.from_frames(plays, user="listener")
        >>> listened.ratings
          userId movieId  rating  count
        0    ann      a1     0.0    3.0
        1    ann      a2     1.0   40.0
        >>> listened.reading
        "read frames: columns listener, track_id, plays; counts: liked means above the user's own
        median"
        >>> Ratings.from_frames(ratings, movies)
        Traceback (most recent call last):
        recsys.data.errors.RatingsError: ratings frame, row 0 (counted from 0): rating is off the
        scale 0.5 to 5 by 0.5 (for another scale, pass scale=): 9.0
        """
        named = {"user": user, "item": item, "rating": rating, "time": time}
        rows = checked_rows(Frame("ratings frame", ratings), named, scale, counts=counts)
        listed = None if movies is None else Frame("movies frame", movies)
        return cls._of(rows, *listed_items(rows, listed), source)

    @classmethod
    def from_columns(
        cls,
        users: Any,
        items: Any,
        ratings: Any = None,
        times: Any = None,
        *,
        titles: Mapping[Any, str] | pd.Series | None = None,
        genres: Mapping[Any, Any] | pd.Series | None = None,
        scale: RatingScale | str | Sequence[float] | None = None,
        counts: bool = False,
        source: str = "columns",
    ) -> Ratings:
        """Check columns of ratings by the same rules as files, and copy them.

        A column is a list, a numpy array, or a Series of any library. Position i of all columns
        belongs to the same rating.

        Parameters
        ----------
        users, items : column of shape (n_ratings,)
            Ids, as in :meth:`from_frames`.
        ratings : column of shape (n_ratings,), optional
            Numbers. Without ratings, all rows are likes.
        times : column of shape (n_ratings,), optional
            Seconds, milliseconds, dates or dates as text.
        titles : mapping or Series, optional
            The title of each id. The id stands for a title that is missing.
        genres : mapping or Series, optional
            The genres of each id: a list, or text joined by ``"|"`` or ``", "``.
        scale : RatingScale, str or tuple, optional
            The scale of the ratings, as in :meth:`from_frames`.
        counts : bool
            Whether the ratings are counts, as in :meth:`from_frames`.
        source : str
            The name of the data in messages and reports.

        Returns
        -------
        Ratings
            The checked copy.

        Raises
        ------
        RatingsError
            If the columns differ in length, and for the first bad value, as in :meth:`from_frames`.
        ValueError
            If ``scale`` is not a scale.

        Examples
        --------
        >>> from recsys import Ratings
        >>> rated = Ratings.from_columns(
        ...     ["ann", "ann", "bob"], [1, 2, 1], [9, 7, 10], titles={1: "Up"}, scale="infer"
        ... )
        >>> rated
        Ratings(3 ratings of 2 movies by 2 users, 1 to 10 by 1, from columns)
        >>> rated.reading
        'read columns: scale 1 to 10 by 1; 1 of 2 items have no title'
        """
        columns = {"user": users, "item": items, "rating": ratings, "time": times}
        given = {role: column for role, column in columns.items() if column is not None}
        named = {role: role for role in given}
        rows = checked_rows(Frame("columns", given), named, scale, counts=counts)
        return cls._of(rows, *mapped_items(rows, titles, genres), source)

    @classmethod
    def from_matrix(
        cls,
        matrix: Any,
        user_ids: Any = None,
        item_ids: Any = None,
        *,
        titles: Mapping[Any, str] | pd.Series | None = None,
        genres: Mapping[Any, Any] | pd.Series | None = None,
        scale: RatingScale | str | Sequence[float] | None = None,
        counts: bool = False,
        source: str = "matrix",
    ) -> Ratings:
        """Check a matrix of users by items by the same rules as files, and copy its ratings.

        Parameters
        ----------
        matrix : sparse matrix, array or DataFrame of shape (n_users, n_items)
            In a sparse matrix of scipy, each stored cell is a rating, even if it is 0. In an array
            or a DataFrame of pandas, each number is a rating, even if it is 0, and NaN means that
            there is no rating.
        user_ids : column of shape (n_users,), optional
            The ids of the rows. The default is the index of a DataFrame, and otherwise 0, 1, 2...
        item_ids : column of shape (n_items,), optional
            The ids of the columns. The default is the columns of a DataFrame, and otherwise 0, 1,
            2...
        titles, genres : mapping or Series, optional
            The title and the genres of each id of an item, as in :meth:`from_columns`.
        scale : RatingScale, str or tuple, optional
            The scale of the ratings, as in :meth:`from_frames`.
        counts : bool
            Whether the ratings are counts, as in :meth:`from_frames`.
        source : str
            The name of the data in messages and reports.

        Returns
        -------
        Ratings
            The checked copy. Its ``reading`` counts the rows and columns without a rating.

        Raises
        ------
        RatingsError
            If the object is no such matrix; if the ids are not as many as the rows or columns, or
            if two of them are equal; and for the first bad value. The message names the cell.
        ValueError
            If ``scale`` is not a scale.

        Examples
        --------
        >>> from recsys import Ratings
        >>> Ratings.from_matrix([[5, float("nan")], [3.5, 4]], ["ann", "bob"], [10, 20]).ratings
          userId  movieId  rating
        0    ann       10     5.0
        1    bob       10     3.5
        2    bob       20     4.0
        """
        cells = matrix_cells(matrix, user_ids, item_ids)
        named = {role: role for role in cells.table.names}
        rows = checked_rows(cells.table, named, scale, counts=counts)
        return cls._of(rows, *mapped_items(rows, titles, genres), source, cells.notes)

    @classmethod
    def _of(
        cls, rows: Rows, item_ids: Ids, items: Items, source: str, notes: tuple[str, ...] = ()
    ) -> Ratings:
        notes = (*notes, *rows.notes, *items.notes)
        return cls(
            ratings=ratings_frame(
                rows.users, item_ids, rows.ratings, rows.times, is_count=rows.is_count
            ),
            movies=movies_frame(items.ids, items.titles, items.genres),
            scale=rows.scale,
            source=source,
            reading=f"read {source}: {'; '.join(notes)}" if notes else "",
        )


def ratings_frame(
    user_ids: Ids,
    movie_ids: Ids,
    ratings: Floats | None,
    timestamps: Ints | None = None,
    *,
    is_count: bool = False,
) -> pd.DataFrame:
    """Make the frame of `Ratings.ratings` from arrays without copying them.

    Without ratings, all rows are likes. Counts become likes, and stand in a column of their own.
    """
    values = np.ones(len(user_ids)) if ratings is None else ratings
    columns = {
        "userId": user_ids,
        "movieId": movie_ids,
        "rating": liked_counts(user_ids, values) if is_count else values,
    }
    if timestamps is not None:
        columns["timestamp"] = timestamps
    if is_count:
        columns["count"] = values
    return pd.DataFrame({name: _kept(column) for name, column in columns.items()}, copy=False)


def movies_frame(
    movie_ids: Ids, titles: Sequence[str] | None = None, genres: Sequence[str] | None = None
) -> pd.DataFrame:
    """Make the frame of `Ratings.movies`. An id stands as the title of a movie without one."""
    names = movie_ids.astype(str).tolist()
    titles = names if titles is None else titles
    titles = [t if _SEEN.search(t) else name for t, name in zip(titles, names, strict=True)]
    genres = [NO_GENRES] * len(movie_ids) if genres is None else genres
    columns = {
        "movieId": _kept(movie_ids),
        "title": pd.Series(titles, dtype=object),
        "genres": pd.Series(genres, dtype=object),
    }
    return pd.DataFrame(columns)


def _kept(column: npt.NDArray[Any]) -> pd.Series[Any]:
    """The column with its dtype: text has dtype object in pandas 2 and 3."""
    return pd.Series(column, dtype=column.dtype, copy=False)
