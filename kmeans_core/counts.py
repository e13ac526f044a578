"""Whole numbers of any kind, as Python's own."""

import numbers
from typing import Any

import numpy as np

from kmeans_core.errors import InvalidParameterError, shown

# As many as a 64-bit counter holds: a larger count never runs out.
MOST_COUNTED = 2**63 - 1


def is_int(value: Any) -> bool:
    """Whether value is a whole number, numpy's included, but no bool."""
    if type(value) is int:  # most are, and the question below takes ten times longer
        return True
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)


def counted(value: Any) -> int:
    """A whole number that only bounds a count, as an int that a 64-bit counter can hold."""
    return min(int(value), MOST_COUNTED)


def plain_count(value: Any, name: str) -> int:
    """A count that is not a constructor's parameter, checked, as an int.

    Raises
    ------
    InvalidParameterError
        If ``value`` is not a whole number from 1 up; the error calls it ``name``.
    """
    if not is_int(value) or value < 1:
        raise InvalidParameterError(
            f"{name} must be an int in the range [1, inf) or None. Got {shown(value)} instead."
        )
    return counted(value)
