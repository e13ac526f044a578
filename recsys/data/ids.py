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
_WHOLE = re.compile(r"(0|-?[1-9][0-9]{0,17})(\.0+)?")


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
    if all(map(_WHOLE.fullmatch, distinct)):
        numbers = np.array([int(text.partition(".")[0]) for text in distinct], dtype=np.int64)
        return numbers[codes]
    found: Ids = np.asarray(distinct, dtype=object)[codes]
    return found


def typed_id(text: str, ids: Ids) -> Id:
    """The id that a person typed, of the kind of ``ids``; the text itself if it is no number.

    Examples
    --------
    >>> typed_id("7", np.array([7, 8])), typed_id("7", np.array(["7", "x"], dtype=object))
    (7, '7')
    """
    if ids.dtype.kind == "i" and _WHOLE.fullmatch(text.strip()):
        return int(text.strip().partition(".")[0])
    return text


def same_kind(first: Ids, second: Ids) -> tuple[Ids, Ids]:
    """Both columns of ids as they are if they have one kind; otherwise both as text."""
    if first.dtype == second.dtype:
        return first, second
    as_text = [ids.astype(str).astype(object) for ids in (first, second)]
    return as_text[0], as_text[1]
