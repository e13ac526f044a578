"""What each constructor parameter of an estimator may be, and the error that says so."""

import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmeans_core.errors import InvalidParameterError


@dataclass(frozen=True)
class Allowed:
    """What a parameter may be: in words, for the error, and as a test."""

    words: str
    holds: Callable[[Any], bool]


def is_int(value: Any) -> bool:
    """Whether value is a whole number, numpy's included, but no bool."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)


def is_real(value: Any) -> bool:
    """Whether value is a real number, numpy's included, but no bool."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def int_from(smallest: int) -> Allowed:
    """Whole numbers from ``smallest`` up."""
    return Allowed(
        f"an int in the range [{smallest}, inf)", lambda v: is_int(v) and bool(v >= smallest)
    )


def real_from(smallest: float) -> Allowed:
    """Real numbers from ``smallest`` up; infinity is none."""
    return Allowed(
        f"a float in the range [{smallest}, inf)",
        lambda v: is_real(v) and bool(smallest <= v < np.inf),
    )


def one_of(*names: str) -> Allowed:
    """Some strings; numpy's string scalars count as strings."""
    return Allowed(
        f"a str among {{{', '.join(map(repr, names))}}}",
        lambda v: isinstance(v, str) and str(v) in names,
    )


NONE = Allowed("None", lambda v: v is None)
BOOL = Allowed("a bool", lambda v: isinstance(v, bool | np.bool_))
CALLABLE = Allowed("a callable", callable)
ARRAY_LIKE = Allowed(
    "an array-like",
    lambda v: not isinstance(v, str | bytes) and (hasattr(v, "__len__") or hasattr(v, "__array__")),
)
RANDOM_STATE = Allowed(
    "a seed: an int in the range [0, 2**32), a numpy RandomState, a numpy Generator",
    lambda v: (
        isinstance(v, np.random.RandomState | np.random.Generator) or (is_int(v) and 0 <= v < 2**32)
    ),
)


def check_parameters(owner: str, values: Mapping[str, Any], rules: Mapping[str, Any]) -> None:
    """Hold every parameter against its rules.

    Parameters
    ----------
    owner : str
        Name of the class or function, for the error.
    values : mapping of str to object
    rules : mapping of str to tuple of Allowed
        One of a parameter's rules must hold.

    Raises
    ------
    InvalidParameterError
        Names the first parameter for which none does, what it may be and what it is.
    """
    for name, allowed in rules.items():
        value = values[name]
        if not any(rule.holds(value) for rule in allowed):
            words = [rule.words for rule in allowed]
            choice = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
            raise InvalidParameterError(
                f"The {name!r} parameter of {owner} must be {choice}. Got {value!r} instead."
            )
