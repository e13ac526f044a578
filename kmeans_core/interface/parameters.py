"""What each constructor parameter of an estimator may be, and the error that says so."""

import numbers
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kmeans_core.counts import counted, is_int
from kmeans_core.errors import InvalidParameterError, shown

# The fastest start takes microseconds, so this many starts take hours.
MOST_RESTARTS = 2**31 - 1


def _itself(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Allowed:
    """What a parameter may be: in words, for the error, and as a test; and its plain form.

    The plain form is what the code works with: Python's own number for a number of any kind, since
    a small dtype would overflow in sums, and another dtype would compile the kernels once more.
    """

    words: str
    holds: Callable[[Any], bool]
    plain: Callable[[Any], Any] = _itself


def is_real(value: Any) -> bool:
    """Whether value is a real number, numpy's included, but no bool."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def int_from(smallest: int, largest: int | None = None) -> Allowed:
    """Whole numbers from ``smallest`` up, or up to ``largest`` where that is given."""
    return Allowed(
        f"an int in the range [{smallest}, {'inf)' if largest is None else f'{largest}]'}",
        lambda v: is_int(v) and smallest <= int(v) and (largest is None or int(v) <= largest),
        int,
    )


def count_from(smallest: int) -> Allowed:
    """Whole numbers from ``smallest`` up that only bound a count."""
    return replace(int_from(smallest), plain=counted)


def restarts_from(smallest: int) -> Allowed:
    """Whole numbers from ``smallest`` up of things that are done, every one of them."""
    return replace(int_from(smallest), plain=_done)


def real_from(smallest: float) -> Allowed:
    """Real numbers from ``smallest`` up that float64 holds; infinity is none."""
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


def _done(value: Any) -> int:
    if int(value) > MOST_RESTARTS:
        raise InvalidParameterError(
            f"{shown(value)} starts would never end: ask for at most {MOST_RESTARTS}."
        )
    return int(value)


def as_iterable(values: Any, name: str) -> Iterable[Any]:
    """The values one by one; an int or a dtype alone is an iterable of one.

    Raises
    ------
    InvalidParameterError
        If ``values`` can neither be iterated over nor be one of the values.
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


def check_parameters(
    owner: str, values: Mapping[str, Any], rules: Mapping[str, Any]
) -> dict[str, Any]:
    """Hold every parameter against its rules.

    Parameters
    ----------
    owner : str
        Name of the class or function, for the error.
    values : mapping of str to object
    rules : mapping of str to tuple of Allowed
        One of a parameter's rules must hold.

    Returns
    -------
    dict of str to object
        The plain form of every parameter that has rules.

    Raises
    ------
    InvalidParameterError
        Names the first parameter for which no rule holds, what it may be and what it is.
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
