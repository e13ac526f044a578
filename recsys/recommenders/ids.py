"""Checks the arguments of callers: ids of users and movies, and numbers of items to recommend."""

import operator
from typing import Any

import numpy as np

from recsys.data.ratings import LARGEST_INT64
from recsys.printable import shown
from recsys.recommenders.types import Ints


def paired_ids(user_ids: Any, movie_ids: Any) -> tuple[Ints, Ints]:
    """Check two arrays of ids by `whole_ids`. ValueError if their lengths differ."""
    users, movies = whole_ids("user", user_ids), whole_ids("movie", movie_ids)
    if len(users) != len(movies):
        raise ValueError(f"{len(users)} user_ids but {len(movies)} movie_ids")
    return users, movies


def whole_ids(name: str, ids: Any) -> Ints:
    """Turn ids into an array. ValueError unless they are 1-D whole numbers of 64 bits."""
    array = np.asarray(ids)
    if array.dtype == object and array.ndim == 1 and all(type(one) is int for one in array):
        raise ValueError(
            f"{name}_ids must fit in 64 bits, but {shown(max(array, key=abs))} does not"
        )
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(
            f"{name}_ids must be a 1-D array of whole numbers, not {array.dtype} {array.shape}"
        )
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name}_ids must fit in 64 bits, but {array.max()} is among them")
    return array.astype(np.int64)


def whole_id(name: str, given: Any) -> int:
    """Check one id. ValueError unless it is a whole number of 64 bits."""
    try:
        if isinstance(given, bool):
            raise TypeError
        found = operator.index(given)
    except TypeError:
        new = "; pass the ratings of a new user as ratings=" if name == "user" else ""
        raise ValueError(f"{name}_ids must be whole numbers, not {shown(given)}{new}") from None
    if not -LARGEST_INT64 - 1 <= found <= LARGEST_INT64:
        raise ValueError(f"{name}_ids must fit in 64 bits, but {shown(found)} does not")
    return found


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
