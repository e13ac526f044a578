"""The tidy table of ratings: its movies, and the rules a table must keep."""

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
    """Ratings that cannot be used; the message says where and why in one line."""

    def __init__(self, reason: str) -> None:
        # Names of files and values are from outside, and a traceback prints them raw.
        super().__init__(message(reason))


@dataclass(frozen=True)
class BadRow:
    """One row of a file that breaks a rule.

    Attributes
    ----------
    file : str
        Path of the file, as it was opened.
    line : int
        Line of the file on which the row starts; the first line, header or not, is 1.
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
        # repr leaves the marks that turn the direction of writing round.
        return printable(f"{self.file}, line {self.line}: {self.reason}: {self.value!r}")


@dataclass(frozen=True, eq=False, repr=False)
class Ratings:
    """Ratings as they were read, and the movies they are about.

    `recsys.load_ratings` and `Ratings.from_frames` make them and check every row; the constructor
    itself checks nothing.

    Attributes
    ----------
    ratings : DataFrame
        Columns userId, movieId (int64), rating (float64), timestamp (int64, seconds since 1970),
        in the order they were read, numbered from 0. Nobody rates a film twice.
    movies : DataFrame
        Columns movieId (int64), title, genres (str, dtype object), in the order they were read,
        numbered from 0. Genres are joined by `|`; a film without any has `(no genres listed)`.
        Every rated film is here, and others may be.
    scale : RatingScale
        The ratings a person could give.
    source : str
        Where the ratings were read.
    skipped : tuple of BadRow
        The rows left out; empty unless skipping was asked for.

    Examples
    --------
    >>> ratings = pd.DataFrame({"userId": [1, 1, 2], "movieId": [10, 11, 10],
    ...                         "rating": [4, 2.5, 5]})
    >>> movies = pd.DataFrame({"movieId": [10, 11, 12], "title": ["Up", "Big", "Jaws"],
    ...                        "genres": ["Animation|Drama", "Comedy", "Action"]})
    >>> Ratings.from_frames(ratings, movies)
    Ratings(3 ratings of 2 films by 2 users, 0.5 to 5 by 0.5, from frames)
    """

    ratings: pd.DataFrame
    movies: pd.DataFrame
    scale: RatingScale
    source: str
    skipped: tuple[BadRow, ...] = ()

    def __repr__(self) -> str:
        return (
            f"Ratings({len(self.ratings)} ratings of {self.n_movies} films"
            f" by {self.n_users} users, {self.scale}, from {printable(self.source)})"
        )

    @cached_property
    def n_users(self) -> int:
        """How many people rated at least one film."""
        return int(self.ratings["userId"].nunique())

    @cached_property
    def n_movies(self) -> int:
        """How many films were rated at least once."""
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
        """Check two frames by the rules for files, and copy what is needed from them.

        Parameters
        ----------
        ratings : DataFrame
            Columns userId, movieId, rating and, if you have it, timestamp (0 where there is no
            such column). Ids and timestamps are whole numbers (1.0 is one, "1" is not). Other
            columns and the index are left out of the copy.
        movies : DataFrame
            Columns movieId, title and genres (joined by `|`; missing or empty means none).
            Other columns and the index are left out of the copy.
        scale : RatingScale, optional
            The ratings a person could give. Without it, half stars from 0.5 to 5.
        source : str
            What to call the data in messages and reports.

        Returns
        -------
        Ratings

        Raises
        ------
        RatingsError
            For a column that is missing or there twice, a frame without rows, an id that is not
            a whole number, a rating that is not a number or off the scale, a title that is not
            text or holds half of a surrogate pair, a film listed twice, a film that is not in
            `movies`, or a second rating of a film by the same person. The message names frame,
            row (counted from 0) and value.

        Examples
        --------
        >>> ratings = pd.DataFrame({"userId": [7], "movieId": [1], "rating": [9]})
        >>> movies = pd.DataFrame({"movieId": [1], "title": ["Up"], "genres": [""]})
        >>> Ratings.from_frames(ratings, movies, scale=RatingScale(1, 10, 1))
        Ratings(1 ratings of 1 films by 1 users, 1 to 10 by 1, from frames)
        >>> Ratings.from_frames(ratings, movies)
        Traceback (most recent call last):
        recsys.data.ratings.RatingsError: ratings frame, row 0 (counted from 0): rating is off the
        scale 0.5 to 5 by 0.5 (for another, pass scale=): 9.0
        """
        films = _Frame("movies frame", movies, ("movieId", "title", "genres"))
        movie_ids = films.whole_numbers("movieId")
        order, _ = repeats(movie_ids)
        if order.size:
            raise films.error(order[0], "movieId is listed before", movie_ids[order[0]])

        rated = _Frame("ratings frame", ratings, ("userId", "movieId", "rating"))
        user_ids, rated_ids = rated.whole_numbers("userId"), rated.whole_numbers("movieId")
        stars = rated.numbers("rating")
        if "timestamp" in ratings.columns:
            timestamps = rated.whole_numbers("timestamp")
        else:
            timestamps = np.zeros(len(ratings), np.int64)

        off = np.flatnonzero(~(scale or HALF_STARS).holds(stars))
        if off.size:
            hint = "" if scale else " (for another, pass scale=)"
            reason = f"rating is off the scale {scale or HALF_STARS}{hint}"
            raise rated.error(off[0], reason, stars[off[0]])
        unknown = np.flatnonzero(~np.isin(rated_ids, movie_ids))
        if unknown.size:
            raise rated.error(
                unknown[0], "movieId is not in the movies frame", rated_ids[unknown[0]]
            )
        later, first = repeats(user_ids, rated_ids)
        if later.size:
            pair = f"user {user_ids[later[0]]}, film {rated_ids[later[0]]}"
            raise rated.error(later[0], f"same user and film as row {first[0]}", pair)

        return cls(
            ratings=ratings_frame(user_ids, rated_ids, stars, timestamps),
            movies=movies_frame(movie_ids, films.texts("title"), films.texts("genres", NO_GENRES)),
            scale=scale or HALF_STARS,
            source=source,
        )


def ratings_frame(
    user_ids: Ints, movie_ids: Ints, ratings: Floats, timestamps: Ints
) -> pd.DataFrame:
    """The frame of `Ratings.ratings`, over the given arrays without copying them."""
    columns = {"userId": user_ids, "movieId": movie_ids, "rating": ratings, "timestamp": timestamps}
    return pd.DataFrame(columns, copy=False)


def movies_frame(movie_ids: Ints, titles: Sequence[str], genres: Sequence[str]) -> pd.DataFrame:
    """The frame of `Ratings.movies`; text is dtype object, the same in pandas 2 and 3."""
    columns = {
        "movieId": pd.Series(movie_ids),
        "title": pd.Series(titles, dtype=object),
        "genres": pd.Series(genres, dtype=object),
    }
    return pd.DataFrame(columns)


def is_encodable(text: str) -> bool:
    r"""Whether the text can be written as UTF-8: lone surrogates cannot.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool

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
    """Rows that are equal, in all the columns, to an earlier row.

    Parameters
    ----------
    *columns : ndarray of int64
        One or more columns of the same length.

    Returns
    -------
    later, first : ndarray of int64
        Positions of the rows that repeat, ascending, and of the first row each one repeats.

    Examples
    --------
    >>> repeats(np.array([1, 2, 1, 1]), np.array([5, 5, 5, 6]))
    (array([2]), array([0]))
    """
    keys = _row_keys(columns)
    # Releases are sorted by user and film: then one look is enough.
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
    """One int64 for each row, equal for equal rows and in their order."""
    keys = columns[0]
    for column in columns[1:]:
        if len(keys) and _span(keys) * _span(column) > LARGEST_INT64:
            # The numbers of the distinct values are at most as many as the rows: they fit.
            keys = np.unique(keys, return_inverse=True)[1]
            column = np.unique(column, return_inverse=True)[1]
        if len(keys):
            keys = (keys - keys.min()) * _span(column) + (column - column.min())
    return keys


def _span(column: Ints) -> int:
    return int(column.max()) - int(column.min()) + 1


class _Frame:
    """A caller's frame, read column by column with errors that name the row."""

    def __init__(self, name: str, frame: pd.DataFrame, required: Sequence[str]) -> None:
        self.name = name
        self.frame = frame
        labels = list(frame.columns)
        for column in required:
            if labels.count(column) != 1:
                problem = "two columns" if column in labels else "no column"
                has = shortened(", ".join(shortened(str(label)) for label in labels[:20]), 400)
                raise RatingsError(f"{name}: {problem} {column!r}; it has {has}")
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
            # Beyond 2**53 a float no longer says which whole number was meant.
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
        """The column as a list of str; `missing`, if given, stands for absent and empty text."""
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
        """The column's values, every one of them a real number and not missing."""
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
