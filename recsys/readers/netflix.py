"""Reads the ratings of the Netflix Prize: a line such as ``1:`` for a movie, then its ratings."""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.ratings import BadRow, Ints, RatingsError
from recsys.printable import shortened
from recsys.readers.heard import tell_how_far
from recsys.readers.looks import Look
from recsys.readers.opened import opened_text
from recsys.readers.raw import RawRatings

# About a million ratings.
BLOCK_CHARACTERS = 1 << 24

_MOVIE = re.compile(r"\s*([0-9]{1,18})\s*:\s*")
_RATING = re.compile(r"\s*([0-9]{1,18})\s*,\s*([0-9.]{1,18})\s*,\s*([0-9]{4}-[0-9]{2}-[0-9]{2})\s*")
_ROW = {"user": "int64", "rating": "float64", "date": "category"}


@dataclass
class _Found:
    """The blocks that were read, the bad rows, and the movie whose ratings come next."""

    blocks: list[pd.DataFrame] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)
    movie: int | None = None


def is_netflix(look: Look) -> bool:
    """Tell whether a file begins with a line such as ``1:`` and has ratings after it."""
    return _first_fields(look) == 3


def check_has_ratings(look: Look) -> None:
    """Refuse the files of the Netflix Prize that name users and movies but hold no ratings."""
    n_fields = _first_fields(look)
    if n_fields in (1, 2):
        what = "movies and customers" if n_fields == 1 else "movies, customers and dates"
        raise RatingsError(
            f"{look.path}: this file of the Netflix Prize (as probe.txt or qualifying.txt) names "
            f"{what}, but holds no ratings; give combined_data_1.txt or the folder training_set"
        )


def _first_fields(look: Look) -> int:
    """The number of fields of a row after a line ``1:``; 0 without such a first line."""
    rows = ([look.names] if look.names else []) + list(look.rows)
    lines = [",".join(part for part in row if part) for row in rows]
    if not lines or not _is_movie(lines[0]):
        return 0
    return next((line.count(",") + 1 for line in lines if not _is_movie(line)), 0)


def _is_movie(line: str) -> bool:
    # A look that takes the colon for a separator leaves the number.
    return bool(_MOVIE.fullmatch(line))


def read_netflix(look: Look, **_options: Any) -> RawRatings:
    """Read one file of ratings of the Netflix Prize.

    Parameters
    ----------
    look : Look
        The look of the file.

    Returns
    -------
    RawRatings
        Users and items are whole numbers, and times are datetime64.
    """
    found = _Found()
    line, n_read = 1, 0
    with opened_text(look.path, look.encoding) as text:
        for block in _blocks(text.stream):
            frame = _at_once(block, line, found)
            if frame is None:
                frame = _line_by_line(block, line, text.file, found)
            found.blocks.append(frame)
            line += block.count("\n")
            n_read += len(block)
            tell_how_far(look.path, n_read, text.size, "B")
        notes = ("columns customer, movie, rating, date", "as Netflix Prize", *text.notes)
    rows = pd.concat(found.blocks, ignore_index=True) if found.blocks else pd.DataFrame()
    if not len(rows):
        first = f"; the first bad row: {found.bad_rows[0]}" if found.bad_rows else ""
        raise RatingsError(f"{look.path}: no ratings{first}")
    return RawRatings(
        users=rows["user"].to_numpy(),
        items=rows["movie"].to_numpy(),
        ratings=rows["rating"].to_numpy(),
        times=rows["date"].to_numpy(),
        file=text.file,
        lines=rows["line"].to_numpy().__getitem__,
        bad_rows=tuple(found.bad_rows),
        notes=notes,
    )


def _blocks(stream: io.TextIOBase | Any) -> Iterator[str]:
    """Read the stream in blocks of whole lines."""
    while block := stream.read(BLOCK_CHARACTERS):
        yield block + stream.readline()


def _at_once(block: str, first_line: int, found: _Found) -> pd.DataFrame | None:
    """Read a block by pandas; None if a line of it may be bad."""
    n_movies = block.count(":\n") + block.endswith(":")
    n_lines = block.count("\n") + (not block.endswith("\n"))
    # ``1:`` becomes ``1,``: a row without a rating and a date.
    text = io.StringIO(block.replace(":", ","))
    try:
        # NumPy is to refuse inf as a whole number, instead of warning of it.
        with np.errstate(invalid="raise"):
            rows = pd.read_csv(
                text, header=None, names=list(_ROW), usecols=list(_ROW), dtype=_ROW, index_col=False
            )
        # pandas reads categories such as 2005 as numbers.
        dates = pd.to_datetime(rows["date"].cat.categories.astype(str), format="%Y-%m-%d")
    except (ValueError, ArithmeticError):
        return None
    is_movie = rows["date"].isna().to_numpy()
    starts = np.flatnonzero(is_movie)
    if (
        len(rows) != n_lines
        or len(starts) != n_movies
        or block.count(":") != n_movies
        or block.count(",") != 2 * (n_lines - n_movies)
        or not np.array_equal(rows["rating"].isna().to_numpy(), is_movie)
        or (found.movie is None and not is_movie[0])
    ):
        return None
    ids = rows["user"].to_numpy()
    lengths = np.diff(np.concatenate([[0], starts, [n_lines]]))
    movies = np.repeat(np.concatenate([[found.movie or 0], ids[starts]]), lengths)
    found.movie = int(movies[-1])
    codes = rows["date"].cat.codes.to_numpy()[~is_movie]
    return _frame(
        ids[~is_movie],
        movies[~is_movie],
        rows["rating"].to_numpy()[~is_movie],
        dates.to_numpy()[codes],
        first_line + np.flatnonzero(~is_movie),
    )


def _line_by_line(block: str, first_line: int, file: str, found: _Found) -> pd.DataFrame:
    rows: list[tuple[int, int, float, np.datetime64, int]] = []
    for number, line in enumerate(block.splitlines(), start=first_line):
        if movie := _MOVIE.fullmatch(line):
            found.movie = int(movie[1])
        elif line.strip():
            try:
                rows.append((*_rating(line, found.movie), number))
            except ValueError as error:
                bad = BadRow(file, number, shortened(line.strip()), str(error))
                found.bad_rows.append(bad)
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * 5
    return _frame(*(np.array(column) for column in columns))


def _rating(line: str, movie: int | None) -> tuple[int, int, float, np.datetime64]:
    fields = _RATING.fullmatch(line)
    if not fields:
        raise ValueError("neither a movie such as 1: nor customer,rating,YYYY-MM-DD")
    if movie is None:
        raise ValueError("no line such as 1: names the movie of this rating")
    try:
        return int(fields[1]), movie, float(fields[2]), np.datetime64(fields[3])
    except ValueError:
        raise ValueError("no rating or no date of the calendar") from None


def _frame(users: Ints, movies: Ints, ratings: Any, dates: Any, lines: Ints) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user": np.asarray(users, np.int64),
            "movie": np.asarray(movies, np.int64),
            "rating": np.asarray(ratings, np.float64),
            "date": np.asarray(dates, "datetime64[s]"),
            "line": np.asarray(lines, np.int64),
        }
    )
