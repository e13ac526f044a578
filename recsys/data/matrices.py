"""Turns a matrix of users by items into the columns of its ratings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.data.errors import RatingsError
from recsys.data.frames import Frame, as_series
from recsys.data.repeats import repeats


@dataclass(frozen=True, eq=False)
class Cells:
    """The table of ratings, one row for each, and notes on empty rows and columns of the matrix."""

    table: Frame
    notes: tuple[str, ...]


def matrix_cells(matrix: Any, user_ids: Any, item_ids: Any) -> Cells:
    """Turn the rated cells of a matrix into a table with the columns user, item and rating.

    Parameters
    ----------
    matrix : sparse matrix, array or DataFrame of shape (n_users, n_items)
        NaN in an array or a DataFrame, a masked cell, and a cell that a sparse matrix does not
        store mean that there is no rating.
    user_ids, item_ids : column or None
        The ids of rows and columns. None means the labels of a DataFrame, or else 0, 1, 2...

    Returns
    -------
    Cells

    Raises
    ------
    RatingsError
        If the object is no such matrix, or if its ids do not fit it.

    Examples
    --------
    >>> cells = matrix_cells(np.array([[5.0, np.nan], [np.nan, np.nan]]), None, ["a", "b"])
    >>> cells.notes
    ('1 of 2 users has no rating', '1 of 2 items has no rating')
    """
    if isinstance(matrix, pd.DataFrame):
        user_ids = matrix.index if user_ids is None else user_ids
        item_ids = matrix.columns if item_ids is None else item_ids
    (n_users, n_items), rows, columns, values = _stored(matrix)
    if not len(values):
        raise RatingsError("matrix: no cell holds a rating")
    users, no_user = _taken("user", user_ids, n_users, rows)
    items, no_item = _taken("item", item_ids, n_items, columns)
    table = Frame(
        "matrix",
        {"user": users, "item": items, "rating": values},
        place=lambda at: f"cell ({rows[at]}, {columns[at]})",
    )
    return Cells(table, no_user + no_item)


def _stored(matrix: Any) -> tuple[tuple[int, int], Any, Any, npt.NDArray[Any]]:
    """The shape of the matrix, and the rows, columns and values of its ratings."""
    if sp.issparse(matrix):
        cells: Any = matrix.tocoo()  # type: ignore[attr-defined]
        return cells.shape, cells.row, cells.col, cells.data
    try:
        if isinstance(matrix, pd.DataFrame):
            values = matrix.to_numpy(np.float64, na_value=np.nan)
        else:
            values = np.ma.asarray(matrix, np.float64).filled(np.nan)
    except (TypeError, ValueError) as error:
        raise RatingsError(f"matrix: not all cells are numbers or NaN: {error}") from None
    if values.ndim != 2:
        raise RatingsError(f"matrix: it needs rows and columns, but its shape is {values.shape}")
    rows, columns = np.nonzero(~np.isnan(values))
    return values.shape, rows, columns, values[rows, columns]


def _taken(role: str, given: Any, length: int, places: Any) -> tuple[pd.Series, tuple[str, ...]]:
    """The id of each rating, and a note on the ids without ratings."""
    where = f"{role}_ids"
    ids = pd.Series(np.arange(length)) if given is None else as_series(where, given)
    if len(ids) != length:
        axis = "rows" if role == "user" else "columns"
        raise RatingsError(f"{where}: {len(ids):,} ids for the {length:,} {axis} of the matrix")
    if given is not None:
        labels = Frame(where, {"id": ids})
        labels.read(["id"])
        found = labels.ids("id")
        later, first = repeats(found)
        if later.size:
            raise labels.error(later[0], f"id is in row {first[0]} already", found[later[0]])
    unrated = length - len(np.unique(places))
    verb = "has" if unrated == 1 else "have"
    note = f"{unrated:,} of {length:,} {role}s {verb} no rating"
    return ids.iloc[places], (note,) if unrated else ()
