"""Rules for the values of parameters, and the error for a value that breaks them."""

import numbers
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kmeans_core.counts import counted, is_int
from kmeans_core.errors import InvalidParameterError, shown

# The fastest restart takes microseconds, so this many restarts take hours.
MOST_RESTARTS = 2**31 - 1


@dataclass(frozen=True)
class Allowed:
    """A rule for a parameter: in words for the error, as a test, and the plain form of a value.

    The code works with the plain form. It turns numbers of all types into Python's own numbers,
    because a small dtype would overflow in sums, and each other dtype would compile kernels again.
    """

    words: str
    holds: Callable[[Any], bool]
    plain: Callable[[Any], Any] = lambda value: value


def is_real(value: Any) -> bool:
    """Whether the value is a real number of Python or numpy, but not a bool."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def int_from(smallest: int, largest: int | None = None) -> Allowed:
    """Whole numbers from ``smallest`` up to ``largest``, or without a limit."""
    return Allowed(
        f"an int in the range [{smallest}, {'inf)' if largest is None else f'{largest}]'}",
        lambda v: is_int(v) and smallest <= int(v) and (largest is None or int(v) <= largest),
        int,
    )


def count_from(smallest: int) -> Allowed:
    """Whole numbers from ``smallest`` that only bound a count."""
    return replace(int_from(smallest), plain=counted)


def restarts_from(smallest: int) -> Allowed:
    """Whole numbers from ``smallest`` that are numbers of restarts."""
    return replace(int_from(smallest), plain=_restarts)


def real_from(smallest: float) -> Allowed:
    """Finite real numbers from ``smallest`` that float64 can hold."""
    return Allowed(
        f"a float in the range [{smallest}, inf)",
        lambda v: is_real(v) and _fits_float64(v) and bool(v >= smallest),
        float,
    )


def _fits_float64(value: Any) -> bool:
    try:
        return bool(np.isfinite(float(value)))
    except OverflowError:
        return False


def _restarts(value: Any) -> int:
    if int(value) > MOST_RESTARTS:
        raise InvalidParameterError(
            f"{shown(value)} restarts would never end: ask for at most {MOST_RESTARTS}."
        )
    return int(value)


def as_iterable(values: Any, name: str) -> Iterable[Any]:
    """The values one by one; a single int or dtype is an iterable of one.

    InvalidParameterError if ``values`` is neither an iterable nor a single value.
    """
    if is_int(values) or isinstance(values, str | type | np.dtype):
        return [values]
    try:
        iterator: Iterable[Any] = iter(values)
    except TypeError:
        raise InvalidParameterError(
            f"{name} must be an iterable, such as a list, or a single value of the kind that a "
            f"list would hold. Got {shown(values)} instead."
        ) from None
    return iterator


def one_of(*names: str) -> Allowed:
    """One of these strings; numpy's string scalars count as strings."""
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

# The rules of parameters that several public functions take.
N_THREADS = (count_from(1), NONE)
MISSING = (one_of("error", "ignore"),)


def check_parameters(
    owner: str, values: Mapping[str, Any], rules: Mapping[str, Any]
) -> dict[str, Any]:
    """The plain form of every parameter that has rules; at least one of its rules must hold.

    InvalidParameterError for the first parameter that breaks all its rules; the message names the
    parameter, the class or function ``owner``, the allowed values and the given value.
    """
    return {name: _plain(owner, name, values[name], allowed) for name, allowed in rules.items()}


def _plain(owner: str, name: str, value: Any, allowed: tuple[Allowed, ...]) -> Any:
    for rule in allowed:
        if rule.holds(value):
            return rule.plain(value)
    words = [rule.words for rule in allowed]
    choice = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    raise InvalidParameterError(
        f"The {name!r} parameter of {owner} must be {choice}. Got {shown(value)} instead."
    )
