"""What the arrays of a file must be: dtype, shape and range of each, declared by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.recommenders.npz import Arrays, Stored, check_text

# No number of a model comes near it, and its square is a number in float32 too.
LARGEST = 1e18

# A length: a number, the name of one, or the name and one more ("n_items+1").
Length = int | str

# Lengths that may be 0; all others are at least 1.
MAY_BE_EMPTY = ("n_genres", "n_seen", "n_likes", "n_item_groupings")


@dataclass(frozen=True)
class Form:
    """What one array must be.

    Attributes
    ----------
    dtypes : tuple of str
        As numpy abbreviates them; "U" is text of any width.
    shape : tuple of int or str
        A name stands for the same length wherever it occurs in a file.
    least, most : float
        The range of the values, both ends allowed. NaN is never allowed.
    below : str, optional
        The name of a length; values are less than it.
    """

    dtypes: tuple[str, ...]
    shape: tuple[Length, ...]
    least: float = -LARGEST
    most: float = LARGEST
    below: str | None = None


def real(*shape: Length, least: float = -LARGEST, most: float = LARGEST) -> Form:
    """float64."""
    return Form(("f8",), shape, least, most)


def real32(*shape: Length, least: float = -LARGEST, most: float = LARGEST) -> Form:
    """float32."""
    return Form(("f4",), shape, least, most)


def natural(*shape: Length, below: str | None = None) -> Form:
    """Whole numbers from 0 up."""
    return Form(("i4", "i8"), shape, least=0, below=below)


def ids(*shape: Length) -> Form:
    """Whole numbers of 64 bits, of any size."""
    return Form(("i8",), shape, least=-(2**63), most=2**63 - 1)


def text(*shape: Length) -> Form:
    """Strings."""
    return Form(("U",), shape)


def flag() -> Form:
    """Yes or no."""
    return Form(("b1",), ())


def taken(stored: Stored, forms: Mapping[str, Form]) -> Arrays:
    """Read the arrays that are declared. ValueError if one is missing, extra or not as declared.

    The names, dtypes and shapes of all are checked before the first is read, then the values.
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
    """Whether a shape is the one declared; a name that is met first gets its length."""
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
