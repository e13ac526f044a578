"""Surveys the ratings once: which users, films and values there are, and how often each occurs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import as_ids
from recsys.data.ratings import RatingsError
from recsys.data.scale import COUNTS, HALF_STARS, LIKES, RatingScale
from recsys.data.scale_of_values import inferred_scale, outliers
from recsys.partitioned.files import CONVERT, COUNT, ITEM, USER, Columns, RatingFiles, RowGroup
from recsys.partitioned.rows import read_rows

Ints = npt.NDArray[np.int64]

# A partition has about this many ratings. Partitions depend on the ratings alone, not on workers.
ROWS = 1_000_000


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Distinct values, ascending, and how often each occurs."""

    values: npt.NDArray[Any]
    counts: Ints

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Self:
        codes, distinct = pd.factorize(values, sort=True)
        return cls(np.asarray(distinct), np.bincount(codes, minlength=len(distinct)))

    @classmethod
    def total(cls, parts: Sequence["Occurrences"]) -> Self:
        """How often each value occurs in all parts together."""
        values = np.concatenate([part.values for part in parts])
        codes, distinct = pd.factorize(values, sort=True)
        counts = np.concatenate([part.counts for part in parts])
        found = np.bincount(codes, counts, minlength=len(distinct)).astype(np.int64)
        return cls(np.asarray(distinct), found)


@dataclass(frozen=True, eq=False)
class Survey:
    """How many ratings each user, each film and each value has."""

    users: Occurrences
    items: Occurrences
    ratings: Occurrences

    @property
    def n_ratings(self) -> int:
        return int(np.sum(self.users.counts))


@dataclass(frozen=True)
class UserRange:
    """A partition: the users from ``first`` to ``last``, and the row groups that hold them."""

    first: int | str
    last: int | str
    row_groups: tuple[RowGroup, ...]


def surveyed(group: RowGroup, columns: Columns) -> Survey:
    """Survey one row group, on a worker."""
    rows = read_rows(group, replace(columns, has_times=False))
    return Survey(
        Occurrences.of(rows.users), Occurrences.of(rows.items), Occurrences.of(rows.ratings)
    )


def joined(found: Sequence[Survey]) -> Survey:
    """Add surveys up. RatingsError if the ids of a column are not all of one kind."""
    if not found:
        raise RatingsError("no ratings in the files")
    for name, kinds in (
        (USER, {each.users.values.dtype for each in found}),
        (ITEM, {each.items.values.dtype for each in found}),
    ):
        if len(kinds) > 1:
            raise RatingsError(f"{name} holds whole numbers in some files and text in others")
    total = Survey(
        Occurrences.total([each.users for each in found]),
        Occurrences.total([each.items for each in found]),
        Occurrences.total([each.ratings for each in found]),
    )
    for name, ids in ((USER, total.users.values), (ITEM, total.items.values)):
        if ids.dtype.kind != "i" and as_ids(ids).dtype.kind == "i":
            raise RatingsError(f"{name} holds whole numbers as text; {CONVERT}")
    return total


def user_ranges(
    groups: Sequence[RowGroup], surveys: Sequence[Survey], total: Survey, rows: int = ROWS
) -> tuple[UserRange, ...]:
    """Cut the users, in the order of their ids, into partitions of about ``rows`` ratings.

    Each user is in one partition. A partition reads the row groups that may hold its users. These
    are few if the files are sorted by user, and all if they are not.
    """
    ids, counts = total.users.values, total.users.counts
    starts = np.flatnonzero(np.diff((np.cumsum(counts) - counts) // rows, prepend=-1))
    ends = np.append(starts[1:], len(ids)) - 1
    held = [(each.users.values[0], each.users.values[-1]) for each in surveys]
    return tuple(
        UserRange(
            ids[[start]].tolist()[0],
            ids[[end]].tolist()[0],
            tuple(
                group
                for group, (first, last) in zip(groups, held, strict=True)
                if first <= ids[end] and last >= ids[start]
            ),
        )
        for start, end in zip(starts, ends, strict=True)
    )


def scale_of(
    files: RatingFiles, tally: Occurrences, given: RatingScale | None, like_threshold: float | None
) -> RatingScale:
    """The scale of ratings, given how often each value occurs.

    Counts have their own. Otherwise it is the given one, that of the files, likes if all ratings
    are 1, half stars if all are half stars, or else it is worked out from the values. RatingsError
    for a rating that is off the scale, or far from all others.
    """
    values, counts = tally.values, tally.counts
    known = given or files.scale
    if files.columns.values == COUNT:
        if given is not None:
            raise RatingsError("counts have no scale: leave --scale out")
        scale = COUNTS
    elif known is not None:
        off = values[~known.holds(values)]
        if len(off):
            raise RatingsError(f"ratings of {off[0]:g} are off the scale {known} (--scale)")
        scale = known
    elif len(values) == 1 and values[0] == 1:
        scale = LIKES
    elif HALF_STARS.holds(values).all():
        scale = HALF_STARS
    else:
        far = values[outliers(values, counts)]
        if len(far):
            raise RatingsError(
                f"ratings of {far[0]:g} lie far from the others; correct them, or give the scale "
                "by --scale SMALLEST:LARGEST"
            )
        scale = inferred_scale(values, counts)
    return scale if like_threshold is None else replace(scale, like_threshold=like_threshold)
