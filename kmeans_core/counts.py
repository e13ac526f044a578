"""Whole numbers of any type, turned into Python's own."""

import numbers
from typing import Any

import numpy as np

from kmeans_core.errors import InvalidParameterError, shown

# The largest number in a 64-bit counter. A larger count would never be reached.
MOST_COUNTED = 2**63 - 1


def is_int(value: Any) -> bool:
    """Whether the value is a whole number of Python or numpy, but not a bool."""
    if type(value) is int:  # the common case; the test below takes ten times longer
        return True
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)


def counted(value: Any) -> int:
    """A whole number that only bounds a count, as an int that a 64-bit counter can hold."""
    return min(int(value), MOST_COUNTED)


def plain_count(value: Any, name: str) -> int:
    """A count as an int; InvalidParameterError, with the name, if it is not at least 1."""
    if not is_int(value) or value < 1:
        raise InvalidParameterError(
            f"{name} must be an int in the range [1, inf) or None. Got {shown(value)} instead."
        )
    return counted(value)
