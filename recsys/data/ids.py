"""Ids of users and items: whole numbers, or text as it was written."""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Id: TypeAlias = int | str
# int64, or objects that are all str.
Ids: TypeAlias = npt.NDArray[Any]

# 007 and +1 stay text: to read them as numbers would change them.
_WHOLE = re.compile(r"(0|-?[1-9][0-9]{0,18})(\.0+)?")


def as_ids(values: Sequence[Any] | npt.NDArray[Any] | pd.Series) -> Ids:
    """Turn the ids of a column into int64 if all are whole numbers, otherwise into text.

    Parameters
    ----------
    values : sequence or Series of shape (n_ids,)
        Numbers or text, without missing values.

    Returns
    -------
    ndarray of shape (n_ids,), int64 or object
        Whole numbers if every id is one in its usual spelling: ``12``, ``-3`` or ``1.0``. Otherwise
        the str of every id, as it was written.

    Examples
    --------
    >>> as_ids(["1", "20.0"]), as_ids([1.0, 2.0])
    (array([ 1, 20]), array([1, 2]))
    >>> as_ids(["007", "8"]), as_ids([1, "tt01"])
    (array(['007', '8'], dtype=object), array(['1', 'tt01'], dtype=object))
    """
    array = np.asarray(values)
    if array.dtype.kind in "iu" and (not array.size or array.max() < 2**63):
        return array.astype(np.int64)
    if array.dtype.kind == "f" and np.all((np.abs(array) <= 2**53) & (array == np.floor(array))):
        return array.astype(np.int64)
    codes, distinct = pd.factorize(np.asarray([str(value) for value in array], dtype=object))
    numbers = [_whole_number(text) for text in distinct]
    if None not in numbers:
        return np.array(numbers, dtype=np.int64)[codes]
    found: Ids = np.asarray(distinct, dtype=object)[codes]
    return found


def typed_id(text: str, ids: Ids) -> Id:
    """The id that a person typed, of the kind of ``ids``; the text itself if it is no number.

    Examples
    --------
    >>> typed_id("7", np.array([7, 8])), typed_id("7", np.array(["7", "x"], dtype=object))
    (7, '7')
    """
    number = _whole_number(text.strip()) if ids.dtype.kind == "i" else None
    return text if number is None else number


def same_kind(first: Ids, second: Ids) -> tuple[Ids, Ids]:
    """Both columns of ids as they are if they have one kind; otherwise both as text."""
    if first.dtype == second.dtype:
        return first, second
    as_text = [ids.astype(str).astype(object) for ids in (first, second)]
    return as_text[0], as_text[1]


def _whole_number(text: str) -> int | None:
    """The number that a text spells as usual, if it fits in 64 bits."""
    if not _WHOLE.fullmatch(text):
        return None
    number = int(text.partition(".")[0])
    return number if -(2**63) <= number < 2**63 else None
