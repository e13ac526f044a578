"""The forms of the arrays in a file: the dtype, shape and range of each, declared by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.recommenders.npz import Arrays, Stored, check_text

# Every number of a model is far smaller, and the square of this one is finite in float32 too.
LARGEST = 1e18

# A length is a number, the name of a number, or the name plus one ("n_items+1").
Length = int | str

# These lengths may be 0. All others are at least 1.
MAY_BE_EMPTY = ("n_genres", "n_seen", "n_likes", "n_item_groupings", "n_unrated")


@dataclass(frozen=True)
class Form:
    """The dtypes, the shape and the range of the values that one array must have."""

    dtypes: tuple[str, ...]  # numpy's abbreviations; "U" is text of any width
    shape: tuple[Length, ...]  # a name stands for the same length everywhere in a file
    least: float = -LARGEST
    most: float = LARGEST  # allowed, like `least`; NaN is never allowed
    below: str | None = None  # the name of a length that all values are less than


def real(*shape: Length, least: float = -LARGEST, most: float = LARGEST) -> Form:
    return Form(("f8",), shape, least, most)


def real32(*shape: Length, least: float = -LARGEST, most: float = LARGEST) -> Form:
    return Form(("f4",), shape, least, most)


def natural(*shape: Length, below: str | None = None) -> Form:
    return Form(("i4", "i8"), shape, least=0, below=below)


def ids(*shape: Length) -> Form:
    return Form(("i8", "U"), shape, least=-(2**63), most=2**63 - 1)


def text(*shape: Length) -> Form:
    return Form(("U",), shape)


def flag() -> Form:
    return Form(("b1",), ())


def taken(stored: Stored, forms: Mapping[str, Form]) -> Arrays:
    """Read the declared arrays. ValueError if one is missing, undeclared or not as declared.

    All names, dtypes and shapes are checked before the first array is read.
    """
    for name in forms:
        if name not in stored.headers:
            raise ValueError(f"{name} is missing")
    for name in stored.headers:
        if name not in forms:
            raise ValueError(f"{name} does not belong in it")
    lengths: dict[str, int] = {}
    for name, form in forms.items():
        header = stored.headers[name]
        dtype = header.dtype.newbyteorder("=").str[1:]
        if dtype not in form.dtypes and header.dtype.kind not in form.dtypes:
            raise ValueError(f"{name} has dtype {dtype}, not {' or '.join(form.dtypes)}")
        if not _fits(header.shape, form.shape, lengths):
            wanted = ", ".join(f"{length}" for length in form.shape)
            raise ValueError(f"{name} has the shape {header.shape}, not ({wanted})")
    arrays = {}
    for name, form in forms.items():
        arrays[name] = stored.read(name)
        _check_values(name, arrays[name], form, lengths)
    return arrays


def _fits(shape: tuple[int, ...], wanted: tuple[Length, ...], lengths: dict[str, int]) -> bool:
    """Whether a shape is as declared. A name gets its length where it occurs first."""
    if len(shape) != len(wanted):
        return False
    for found, length in zip(shape, wanted, strict=True):
        if isinstance(length, int):
            if found != length:
                return False
            continue
        name, _, more = length.partition("+")
        value = found - int(more or 0)
        if value < (name not in MAY_BE_EMPTY) or lengths.setdefault(name, value) != value:
            return False
    return True


def _check_values(
    name: str, array: npt.NDArray[Any], form: Form, lengths: Mapping[str, int]
) -> None:
    if array.dtype.kind == "U":
        check_text(name, array)
    elif array.dtype.kind != "b" and array.size:
        smallest, largest = array.min(), array.max()
        # Written so that NaN fails.
        if not (smallest >= form.least and largest <= form.most):
            raise ValueError(f"{name} has values from {smallest} to {largest}")
        if form.below is not None and largest >= lengths[form.below]:
            raise ValueError(f"{name} has {largest}, but there are {lengths[form.below]:,}")


def check_unique(name: str, array: npt.NDArray[Any]) -> None:
    """ValueError if a value occurs twice."""
    if len(np.unique(array)) != len(array):
        raise ValueError(f"{name} has a value twice")
