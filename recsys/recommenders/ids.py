"""Checks the arguments of callers: ids of users and movies, and numbers of items to recommend."""

import operator
from typing import Any

import numpy as np

from recsys.data.ids import Id, Ids
from recsys.data.ratings import LARGEST_INT64
from recsys.printable import shown


def asked_ids(name: str, given: Any, known: Ids, form: str = "a 1-D array of ") -> Ids:
    """Turn ids into an array of the kind of ``known``: whole numbers or text.

    ``name`` is "user" or "movie". ValueError if they are not 1-D, or if an id has another kind.

    Examples
    --------
    >>> asked_ids("user", [7.0, 8], np.array([7, 9])), asked_ids("user", ["x"], np.array(["x"]))
    (array([7, 8]), array(['x'], dtype='<U1'))
    """
    array = np.asarray(given, dtype=None if hasattr(given, "dtype") else object)
    if array.ndim != 1 or array.dtype.kind in "mM":
        raise ValueError(
            f"{name}_ids must be {form}{_kind(known)}, not {array.dtype} {array.shape}"
        )
    if known.dtype.kind == array.dtype.kind == "i":
        return array.astype(np.int64)
    found = [_id_of(one, known) for one in array.tolist()]
    if None in found:
        raise _refused(f"{name}_ids", form, array[found.index(None)], known)
    return np.array(found, dtype=known.dtype)


def asked_id(name: str, given: Any, known: Ids) -> Id:
    """Turn one id into the kind of ``known``. ValueError if it has another kind."""
    found = _id_of(given, known)
    if found is None:
        new = "; pass the ratings of a new user as ratings=" if name == "user" else ""
        raise _refused(f"{name}_ids", "", given, known, new)
    return found


def _id_of(given: Any, known: Ids) -> Id | None:
    """The id in the kind of ``known``; None if it has another kind.

    A float such as 7.0 is the whole number 7. Where ids are text, a whole number means its digits.
    """
    if isinstance(given, np.generic):
        given = given.item()
    if isinstance(given, bool):
        return None
    if known.dtype.kind != "i":
        return str(given) if isinstance(given, str | int) else None
    # Beyond 2**53 several whole numbers share one float.
    if isinstance(given, float) and given.is_integer() and abs(given) <= 2**53:
        return int(given)
    try:
        found = operator.index(given)
    except TypeError:
        return None
    return found if -LARGEST_INT64 - 1 <= found <= LARGEST_INT64 else None


def _kind(known: Ids) -> str:
    return "whole numbers" if known.dtype.kind == "i" else "text"


def _refused(name: str, form: str, given: Any, known: Ids, more: str = "") -> ValueError:
    plain = given.item() if isinstance(given, np.generic) else given
    if isinstance(plain, int) and not isinstance(plain, bool):
        return ValueError(f"{name} must fit in 64 bits, but {shown(plain)} does not")
    return ValueError(f"{name} must be {form}{_kind(known)}, not {shown(plain)}{more}")


def check_n(n: Any) -> None:
    """ValueError unless n is a whole number of at least 0."""
    if not isinstance(n, int | np.integer):
        raise ValueError(f"n must be a whole number, not {n!r}")
    if n < 0:
        raise ValueError(f"n must not be negative, but is {n}")


def one_of_two(name: str, users: Any, ratings: Any) -> None:
    """ValueError unless either ids of users or the ratings of a new user are given."""
    if (users is None) == (ratings is None):
        given = "neither" if users is None else "both"
        raise ValueError(f"give {name} or ratings: {given} were given")
