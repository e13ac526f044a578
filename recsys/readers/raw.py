"""Ratings as a reader found them in a file, before they are checked as one table."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import BadRow, Ints, RatingsError
from recsys.data.scale import RatingScale

# Arrays, Series and Categoricals of any kind of value. Text that repeats is a Categorical.
Column: TypeAlias = npt.NDArray[Any] | pd.Series | pd.Categorical

# Turns positions of rows, counted from 0, into the lines on which these rows start. The lines of an
# array `found` are `found.__getitem__`.
Lines: TypeAlias = Callable[[Ints], Ints]

EMPTY_RATING = "rating is empty"
NO_NUMBER = "rating is not a number"
BAD_TIME = "time is no time"
# Programs write these for a rating that is missing.
_NOTHING = frozenset(("nan", "na", "n/a", "<na>", "null", "none", "\\n"))


@dataclass(frozen=True, eq=False)
class RawRatings:
    """One row for each rating, with values as they were read. Every reader ends in it.

    Attributes
    ----------
    users, items : Column of shape (n_ratings,)
        Ids as numbers or text.
    ratings : Column of shape (n_ratings,), or None
        Numbers or text. None means that the file only says who liked what.
    times : Column of shape (n_ratings,), or None
        Numbers, text or datetime64. None means that there are no times.
    file : str
        The path of the file in messages.
    lines : callable
        Turns positions of rows into lines of the file.
    bad_rows : tuple of BadRow
        The rows that could not be read, and are not among the ratings.
    notes : tuple of str
        What the reader worked out itself, in a few words each. The first note names the columns or
        the form, such as ``"columns user_id, book_id, rating"``.
    decimal : str
        The decimal mark of ratings that are text.
    is_count : bool
        Whether the ratings are counts, by the name of their column.
    n_absent : int
        How many ratings the reader left out, because their value means "not rated".
    has_row_numbers : bool
        Whether the users are the numbers of the rows. Then the users of two files differ.
    scale : RatingScale or None
        The scale that the file itself tells.
    """

    users: Column
    items: Column
    ratings: Column | None
    times: Column | None
    file: str
    lines: Lines
    bad_rows: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = ()
    decimal: str = "."
    is_count: bool = False
    n_absent: int = 0
    has_row_numbers: bool = False
    scale: RatingScale | None = None


def bad_row_error(bad_row: BadRow) -> RatingsError:
    """The error for a bad row, which says how to go on without it."""
    if bad_row.reason == EMPTY_RATING or (
        bad_row.reason == NO_NUMBER and bad_row.value.lower() in _NOTHING
    ):
        return RatingsError(
            f"{bad_row}; --absent {shlex.quote(bad_row.value)} (absent={bad_row.value!r}) reads "
            "these rows as not rated"
        )
    if bad_row.reason == BAD_TIME:
        return RatingsError(
            f"{bad_row}; --time-column none (time='none') leaves times out, --skip-bad-rows "
            "(skip_bad_rows=True) leaves such rows out"
        )
    return RatingsError(f"{bad_row}; --skip-bad-rows (skip_bad_rows=True) leaves such rows out")


def numbered_on(raws: Sequence[RawRatings]) -> list[RawRatings]:
    """Number the users of each file after those of the files before it, if they are its rows."""
    numbered = []
    n_before = 0
    for raw in raws:
        if raw.has_row_numbers:
            users = np.asarray(raw.users) + n_before
            raw, n_before = replace(raw, users=users), int(users.max())
        numbered.append(raw)
    return numbered
