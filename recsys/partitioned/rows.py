"""Reads row groups of ratings on a worker, and checks every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Ids
from recsys.data.ratings import RatingsError
from recsys.data.times import read_times
from recsys.partitioned.files import ITEM, TIME, USER, Columns, RowGroup, opened_parquet

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """The columns of ratings: each array has one value for each rating."""

    users: Ids
    items: Ids
    ratings: Floats
    times: Ints | None


def read_rows(group: RowGroup, columns: Columns) -> Rows:
    """Read the ratings of a row group. Without a column of ratings, all rows are likes.

    RatingsError if the file cannot be read, or if a value is missing or is no number.
    """
    with opened_parquet(group.file) as file:
        table = file.read_row_group(group.number, columns=columns.names)
    ratings = np.ones(group.n_rows)
    if columns.values is not None:
        values = table.column(columns.values).to_pandas()
        ratings = _numbers(values, f"{group.file}: {columns.values}")
    times = None
    if columns.has_times:
        found = read_times(table.column(TIME).to_pandas(), group.file)
        if found is None or found.is_bad.any():
            raise RatingsError(f"{group.file}: a {TIME} is missing or is no time")
        times = found.seconds
    users, items = (_ids(table.column(name), f"{group.file}: {name}") for name in (USER, ITEM))
    return Rows(users, items, ratings, times)


def _ids(column: Any, where: str) -> Ids:
    """Whole numbers as int64; text as objects that are str."""
    if column.null_count:
        raise RatingsError(f"{where}: {column.null_count:,} of {len(column):,} ids are missing")
    values: pd.Series[Any] = column.to_pandas()
    if values.dtype.kind in "iu":
        return values.to_numpy(dtype=np.int64)
    if values.dtype.kind == "f":
        raise RatingsError(f"{where}: ids are neither whole numbers nor text")
    return values.astype(str).to_numpy(dtype=object)


def _numbers(values: pd.Series[Any], where: str) -> Floats:
    if values.dtype.kind not in "iuf":
        raise RatingsError(f"{where}: ratings are not numbers")
    found = values.to_numpy(dtype=np.float64)
    bad = int(np.sum(~np.isfinite(found)))
    if bad:
        raise RatingsError(f"{where}: {bad:,} of {len(found):,} ratings are missing or infinite")
    return found
