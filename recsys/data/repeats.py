"""Finds rows that repeat an earlier row, such as a second rating of a movie by one user."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Ids

Ints = npt.NDArray[np.int64]

_LARGEST = 2**63 - 1


def repeats(*columns: Ids) -> tuple[Ints, Ints]:
    """Find the rows that repeat an earlier row in all columns of ids.

    The result holds their positions, ascending, and the position of the first equal row of each.

    Examples
    --------
    >>> repeats(np.array([1, 2, 1, 1]), np.array([5, 5, 5, 6]))
    (array([2]), array([0]))
    """
    keys = _row_keys([ids if ids.dtype.kind == "i" else pd.factorize(ids)[0] for ids in columns])
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
        if len(keys) and _span(keys) * _span(column) > _LARGEST:
            # Ranks are below the number of rows, so their products fit in 64 bits.
            keys = np.unique(keys, return_inverse=True)[1]
            column = np.unique(column, return_inverse=True)[1]
        if len(keys):
            keys = (keys - keys.min()) * _span(column) + (column - column.min())
    return keys


def _span(column: Ints) -> int:
    return int(column.max()) - int(column.min()) + 1
