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

from recsys.data.ids import Ids, as_ids, same_kind
from recsys.data.repeats import repeats
from recsys.data.scale import HALF_STARS, RatingScale, as_scale
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
        Columns userId, movieId, rating (float64) and, if there are times, timestamp (int64, seconds
        since 1970), in the order they were read. The index counts from 0. A user rates a movie at
        most once. Ids are whole numbers (int64) or text (str, dtype object). If the ratings were
        made from counts, the column count (float64) holds the counts.
    movies : DataFrame
        Columns movieId (as in `ratings`), title, genres (str, dtype object), in the order they were
        read. The index counts from 0. A movie without a title has its id as its title. Genres are
        joined by `|`. A movie without genres has `(no genres listed)`. The table holds every rated
        movie, and may hold others.
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
        ratings: pd.DataFrame,
        movies: pd.DataFrame | None = None,
        *,
        scale: RatingScale | str | Sequence[float] | None = None,
        source: str = "frames",
    ) -> Ratings:
        """Check two frames by the same rules as files, and copy their columns.

        Parameters
        ----------
        ratings : DataFrame
            Columns userId, movieId, rating and, optionally, timestamp. Ids are whole numbers or
            text. The ids of a column become int64 if each of them is a whole number such as 7, 7.0
            or "7"; otherwise all become text. Timestamps are whole numbers. Other columns and the
            index are not copied.
        movies : DataFrame, optional
            Columns movieId and, optionally, title and genres. Genres are joined by `|`; a missing
            or empty value means that the movie has no genres. Without titles, ids stand as titles.
            Other columns and the index are not copied. The default is a table of the rated movies,
            without titles and genres.
        scale : RatingScale, str or tuple, optional
            The ratings that a user can give, as :func:`recsys.data.scale.as_scale` reads them:
            `(1, 10)` is 1 to 10 by 1. The default is 0.5 to 5 by 0.5.
        source : str
            The name of the data in messages and reports.

        Returns
        -------
        Ratings
            The checked copy.

        Raises
        ------
        RatingsError
            If a frame has no rows, lacks a column or has it twice; if an id is neither a whole
            number nor text; if a timestamp is not a whole number; if a rating is not a number or
            off the scale; if a title is not text or holds half of a surrogate pair; if a movie is
            listed twice; if a rated movie is not in `movies`; or if a user rates a movie twice. The
            message names the frame, the row (counted from 0) and the value.
        ValueError
            If `scale` is not a scale.

        Examples
        --------
        >>> ratings = pd.DataFrame({"userId": [7], "movieId": [1], "rating": [9]})
        >>> movies = pd.DataFrame({"movieId": [1], "title": ["Up"], "genres": [""]})
        >>> Ratings.from_frames(ratings, movies, scale=(1, 10))
        Ratings(1 ratings of 1 movies by 1 users, 1 to 10 by 1, from frames)
        >>> likes = pd.DataFrame({"userId": ["ann"], "movieId": ["tt0110912"], "rating": [5]})
        >>> Ratings.from_frames(likes).movies
             movieId      title              genres
        0  tt0110912  tt0110912  (no genres listed)
        >>> Ratings.from_frames(ratings, movies)
        Traceback (most recent call last):
        recsys.data.ratings.RatingsError: ratings frame, row 0 (counted from 0): rating is off the
        scale 0.5 to 5 by 0.5 (for another scale, pass scale=): 9.0
        """
        rated = _Frame("ratings frame", ratings, ("userId", "movieId", "rating"))
        user_ids, rated_ids = rated.ids("userId"), rated.ids("movieId")
        values = rated.numbers("rating")
        timestamps = rated.whole_numbers("timestamp") if "timestamp" in ratings.columns else None

        known = HALF_STARS if scale is None else as_scale(scale)
        off = np.flatnonzero(~known.holds(values))
        if off.size:
            hint = " (for another scale, pass scale=)" if scale is None else ""
            raise rated.error(off[0], f"rating is off the scale {known}{hint}", values[off[0]])
        if movies is None:
            table = movies_frame(np.unique(rated_ids))
        else:
            rated_ids, table = _listed_movies(rated, rated_ids, movies)
        later, first = repeats(user_ids, rated_ids)
        if later.size:
            pair = f"user {user_ids[later[0]]}, movie {rated_ids[later[0]]}"
            raise rated.error(later[0], f"same user and movie as row {first[0]}", pair)
        frame = ratings_frame(user_ids, rated_ids, values, timestamps)
        return cls(ratings=frame, movies=table, scale=known, source=source)


def ratings_frame(
    user_ids: Ids,
    movie_ids: Ids,
    ratings: Floats,
    timestamps: Ints | None = None,
    counts: Floats | None = None,
) -> pd.DataFrame:
    """Make the frame of `Ratings.ratings` from arrays without copying them."""
    columns = {"userId": user_ids, "movieId": movie_ids, "rating": ratings}
    if timestamps is not None:
        columns["timestamp"] = timestamps
    if counts is not None:
        columns["count"] = counts
    return pd.DataFrame({name: _kept(column) for name, column in columns.items()}, copy=False)


def movies_frame(
    movie_ids: Ids, titles: Sequence[str] | None = None, genres: Sequence[str] | None = None
) -> pd.DataFrame:
    """Make the frame of `Ratings.movies`. Ids stand as titles if there are none."""
    titles = movie_ids.astype(str).tolist() if titles is None else titles
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


def _listed_movies(rated: _Frame, rated_ids: Ids, movies: pd.DataFrame) -> tuple[Ids, pd.DataFrame]:
    """The ids of rated movies in the kind of the movies' ids, and the table of the movies."""
    listed = _Frame("movies frame", movies, ("movieId",))
    rated_ids, movie_ids = same_kind(rated_ids, listed.ids("movieId"))
    later, first = repeats(movie_ids)
    if later.size:
        reason = f"movieId is in row {first[0]} already"
        raise listed.error(later[0], reason, movie_ids[later[0]])
    unknown = np.flatnonzero(~pd.Series(rated_ids).isin(movie_ids))
    if unknown.size:
        reason = "movieId is not in the movies frame (without movies, ids stand as titles)"
        raise rated.error(unknown[0], reason, rated_ids[unknown[0]])
    titles = listed.texts("title") if "title" in movies.columns else None
    genres = listed.texts("genres", NO_GENRES) if "genres" in movies.columns else None
    return rated_ids, movies_frame(movie_ids, titles, genres)


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

    def ids(self, name: str) -> Ids:
        """The column as whole numbers, or as text if not all are whole numbers."""
        values = self.frame[name].to_numpy()
        if values.dtype.kind not in "iu":
            values = self.frame[name].to_numpy(dtype=object)
            # Each id is checked once. True and 1 are the same to `unique`, so it takes one type.
            distinct = pd.unique(values) if len(set(map(type, values))) == 1 else values
            if not all(map(_is_id, distinct)):
                row = next(row for row, value in enumerate(values) if not _is_id(value))
                reason = f"{name} is neither a whole number nor text"
                raise self.error(row, reason, values[row])
        return as_ids(values)

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


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip()) and is_encodable(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    number: Any = value
    # Beyond 2**53 several whole numbers share one float.
    return isinstance(number, numbers.Integral) or bool(
        -(2**53) <= number <= 2**53 and number == number // 1
    )
