"""The tidy table of ratings, the table of its movies, and the rules that both must keep."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.scale import HALF_STARS, RatingScale
from recsys.printable import message, printable, shortened, shown

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NO_GENRES = "(no genres listed)"
LARGEST_INT64 = 2**63 - 1


class RatingsError(ValueError):
    """Ratings cannot be used; the message says in one line where and why."""

    def __init__(self, reason: str) -> None:
        # Names and values come from files, and a traceback prints a message as it is.
        super().__init__(message(reason))


@dataclass(frozen=True)
class BadRow:
    """One row of a file that breaks a rule.

    Attributes
    ----------
    file : str
        The path of the file, as it was opened.
    line : int
        The line of the file on which the row starts. The first line is 1, even if it is a header.
    value : str
        The text that breaks the rule.
    reason : str
        The rule.

    Examples
    --------
    >>> print(BadRow("ratings.csv", 7, "abc", "rating is not a number"))
    ratings.csv, line 7: rating is not a number: 'abc'
    """

    file: str
    line: int
    value: str
    reason: str

    def __str__(self) -> str:
        # repr does not escape the marks that change the direction of writing.
        return printable(f"{self.file}, line {self.line}: {self.reason}: {self.value!r}")


@dataclass(frozen=True, eq=False, repr=False)
class Ratings:
    """A table of ratings and a table of the movies that were rated.

    `recsys.load_ratings` and `Ratings.from_frames` check every row. The constructor checks nothing.

    Attributes
    ----------
    ratings : DataFrame
        Columns userId, movieId (int64), rating (float64), timestamp (int64, seconds since 1970),
        in the order they were read. The index counts from 0. A user rates a movie at most once.
    movies : DataFrame
        Columns movieId (int64), title, genres (str, dtype object), in the order they were read. The
        index counts from 0. Genres are joined by `|`. A movie without genres has
        `(no genres listed)`. The table holds every rated movie, and may hold others.
    scale : RatingScale
        The ratings that a user can give.
    source : str
        The place where the ratings were read.
    skipped : tuple of BadRow
        The bad rows that were left out. It is empty unless the caller asked to skip bad rows.
    reading : str
        One line that says what was worked out while reading, or nothing.

    Examples
    --------
    >>> ratings = pd.DataFrame({"userId": [1, 1, 2], "movieId": [10, 11, 10],
    ...                         "rating": [4, 2.5, 5]})
    >>> movies = pd.DataFrame({"movieId": [10, 11, 12], "title": ["Up", "Big", "Jaws"],
    ...                        "genres": ["Animation|Drama", "Comedy", "Action"]})
    >>> Ratings.from_frames(ratings, movies)
    Ratings(3 ratings of 2 movies by 2 users, 0.5 to 5 by 0.5, from frames)
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

    @classmethod
    def from_frames(
        cls,
        ratings: pd.DataFrame,
        movies: pd.DataFrame,
        *,
        scale: RatingScale | None = None,
        source: str = "frames",
    ) -> Ratings:
        """Check two frames by the same rules as files, and copy their columns.

        Parameters
        ----------
        ratings : DataFrame
            Columns userId, movieId, rating and, optionally, timestamp (the default is 0). Ids and
            timestamps are whole numbers (1.0 is one, "1" is not). Other columns and the index are
            not copied.
        movies : DataFrame
            Columns movieId, title and genres. Genres are joined by `|`; a missing or empty value
            means that the movie has no genres. Other columns and the index are not copied.
        scale : RatingScale, optional
            The ratings that a user can give. The default is 0.5 to 5 by 0.5.
        source : str
            The name of the data in messages and reports.

        Returns
        -------
        Ratings
            The checked copy.

        Raises
        ------
        RatingsError
            If a frame has no rows, lacks a column or has it twice; if an id or timestamp is not a
            whole number; if a rating is not a number or off the scale; if a title is not text or
            holds half of a surrogate pair; if a movie is listed twice; if a rated movie is not in
            `movies`; or if a user rates a movie twice. The message names the frame, the row
            (counted from 0) and the value.

        Examples
        --------
        >>> ratings = pd.DataFrame({"userId": [7], "movieId": [1], "rating": [9]})
        >>> movies = pd.DataFrame({"movieId": [1], "title": ["Up"], "genres": [""]})
        >>> Ratings.from_frames(ratings, movies, scale=RatingScale(1, 10, 1))
        Ratings(1 ratings of 1 movies by 1 users, 1 to 10 by 1, from frames)
        >>> Ratings.from_frames(ratings, movies)
        Traceback (most recent call last):
        recsys.data.ratings.RatingsError: ratings frame, row 0 (counted from 0): rating is off the
        scale 0.5 to 5 by 0.5 (for another scale, pass scale=): 9.0
        """
        listed = _Frame("movies frame", movies, ("movieId", "title", "genres"))
        movie_ids = listed.whole_numbers("movieId")
        later, first = repeats(movie_ids)
        if later.size:
            reason = f"movieId is in row {first[0]} already"
            raise listed.error(later[0], reason, movie_ids[later[0]])

        rated = _Frame("ratings frame", ratings, ("userId", "movieId", "rating"))
        user_ids, rated_ids = rated.whole_numbers("userId"), rated.whole_numbers("movieId")
        values = rated.numbers("rating")
        if "timestamp" in ratings.columns:
            timestamps = rated.whole_numbers("timestamp")
        else:
            timestamps = np.zeros(len(ratings), np.int64)

        off = np.flatnonzero(~(scale or HALF_STARS).holds(values))
        if off.size:
            hint = "" if scale else " (for another scale, pass scale=)"
            reason = f"rating is off the scale {scale or HALF_STARS}{hint}"
            raise rated.error(off[0], reason, values[off[0]])
        unknown = np.flatnonzero(~np.isin(rated_ids, movie_ids))
        if unknown.size:
            raise rated.error(
                unknown[0], "movieId is not in the movies frame", rated_ids[unknown[0]]
            )
        later, first = repeats(user_ids, rated_ids)
        if later.size:
            pair = f"user {user_ids[later[0]]}, movie {rated_ids[later[0]]}"
            raise rated.error(later[0], f"same user and movie as row {first[0]}", pair)

        return cls(
            ratings=ratings_frame(user_ids, rated_ids, values, timestamps),
            movies=movies_frame(
                movie_ids, listed.texts("title"), listed.texts("genres", NO_GENRES)
            ),
            scale=scale or HALF_STARS,
            source=source,
        )


def ratings_frame(
    user_ids: Ints, movie_ids: Ints, ratings: Floats, timestamps: Ints
) -> pd.DataFrame:
    """Make the frame of `Ratings.ratings` from arrays without copying them."""
    columns = {"userId": user_ids, "movieId": movie_ids, "rating": ratings, "timestamp": timestamps}
    return pd.DataFrame(columns, copy=False)


def movies_frame(movie_ids: Ints, titles: Sequence[str], genres: Sequence[str]) -> pd.DataFrame:
    """Make the frame of `Ratings.movies`. Text has dtype object in pandas 2 and 3."""
    columns = {
        "movieId": pd.Series(movie_ids),
        "title": pd.Series(titles, dtype=object),
        "genres": pd.Series(genres, dtype=object),
    }
    return pd.DataFrame(columns)


def is_encodable(text: str) -> bool:
    r"""Tell whether a text can be written as UTF-8: it holds no lone surrogate.

    Examples
    --------
    >>> is_encodable("Amélie"), is_encodable("Am\udce9lie")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def repeats(*columns: Ints) -> tuple[Ints, Ints]:
    """Find the rows that repeat an earlier row in all columns.

    The result holds their positions, ascending, and the position of the first equal row of each.

    Examples
    --------
    >>> repeats(np.array([1, 2, 1, 1]), np.array([5, 5, 5, 6]))
    (array([2]), array([0]))
    """
    keys = _row_keys(columns)
    # Releases are sorted by user and movie. If keys strictly ascend, no row repeats another.
    if np.all(keys[1:] > keys[:-1]):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.argsort(keys, kind="stable")
    is_repeat = np.zeros(len(keys), bool)
    is_repeat[1:] = keys[order[1:]] == keys[order[:-1]]
    starts = np.maximum.accumulate(np.where(is_repeat, 0, np.arange(len(keys))))
    later, first = order[is_repeat], order[starts[is_repeat]]
    ascending = np.argsort(later)
    return later[ascending], first[ascending]


def _row_keys(columns: Sequence[Ints]) -> Ints:
    """Make one int64 for each row: keys compare as the rows do."""
    keys = columns[0]
    for column in columns[1:]:
        if len(keys) and _span(keys) * _span(column) > LARGEST_INT64:
            # Ranks are below the number of rows, so their products fit in 64 bits.
            keys = np.unique(keys, return_inverse=True)[1]
            column = np.unique(column, return_inverse=True)[1]
        if len(keys):
            keys = (keys - keys.min()) * _span(column) + (column - column.min())
    return keys


def _span(column: Ints) -> int:
    return int(column.max()) - int(column.min()) + 1


class _Frame:
    """Reads the columns of a caller's frame; its errors name the row."""

    def __init__(self, name: str, frame: pd.DataFrame, required: Sequence[str]) -> None:
        self.name = name
        self.frame = frame
        labels = list(frame.columns)
        for column in required:
            if labels.count(column) != 1:
                problem = "two columns" if column in labels else "no column"
                has = shortened(", ".join(shortened(str(label)) for label in labels[:20]), 400)
                raise RatingsError(f"{name}: {problem} {column!r}; its columns are {has}")
        if not len(frame):
            raise RatingsError(f"{name}: no rows")

    def error(self, row: int | np.int64, reason: str, value: Any) -> RatingsError:
        plain = value.item() if isinstance(value, np.generic) else value
        return RatingsError(f"{self.name}, row {row} (counted from 0): {reason}: {shown(plain)}")

    def numbers(self, name: str) -> Floats:
        """The column as float64."""
        return np.array(self._real(name, "is not a number"), np.float64)

    def whole_numbers(self, name: str) -> Ints:
        """The column as int64."""
        reason = "is not a whole number that fits in 64 bits"
        values = self._real(name, reason)
        if values.dtype.kind == "i":
            return np.array(values, np.int64)
        if values.dtype.kind == "f":
            # Beyond 2**53 several whole numbers share one float.
            bad = ~((np.abs(values) <= 2**53) & (values == np.floor(values)))
        else:
            bad = np.array(
                [v != v // 1 or not -LARGEST_INT64 - 1 <= v <= LARGEST_INT64 for v in values], bool
            )
        if bad.any():
            row = np.flatnonzero(bad)[0]
            raise self.error(row, f"{name} {reason}", values[row])
        return values.astype(np.int64)

    def texts(self, name: str, missing: str | None = None) -> list[str]:
        """The column as a list of str; `missing`, if given, replaces absent and empty text."""
        values = self.frame[name]
        texts = list(values)
        for row, absent in enumerate(values.isna()):
            if missing is not None and (absent or texts[row] == ""):
                texts[row] = missing
            elif not isinstance(texts[row], str):
                raise self.error(row, f"{name} is not text", texts[row])
            elif not is_encodable(texts[row]):
                raise self.error(row, f"{name} holds half of a surrogate pair", texts[row])
        return texts

    def _real(self, name: str, reason: str) -> npt.NDArray[Any]:
        """The column's values, if all are real numbers."""
        column = self.frame[name]
        missing = np.flatnonzero(column.isna())
        if missing.size:
            raise self.error(missing[0], f"{name} {reason}", column.iloc[missing[0]])
        values = column.to_numpy()
        if values.dtype.kind not in "iuf":
            values = column.to_numpy(dtype=object)
            for row, value in enumerate(values):
                if isinstance(value, bool) or not isinstance(value, numbers.Real):
                    raise self.error(row, f"{name} {reason}", value)
        return values
