"""Array types that all modules share, and arrays in the layout that kernels need."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
Ints = npt.NDArray[np.intp]
Csr = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]  # data, indices, indptr

# One numpy call works on this many entries, for some milliseconds, so that Ctrl-C is heard.
BLOCK_ENTRIES = 2**20

# The size of a cache line and of the longest vector. A vector in two lines takes twice as long.
LINE_BYTES = 64


def ceil_div(n: int, size: int) -> int:
    """n / size, rounded up."""
    return -(-n // size)


def round_up(n: int, step: int) -> int:
    """The least multiple of ``step`` that is at least ``n``."""
    return ceil_div(n, step) * step


def aligned_zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros that start on a cache line."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + LINE_BYTES, dtype=np.uint8)
    first = -memory.ctypes.data % LINE_BYTES
    return memory[first : first + n_bytes].view(dtype).reshape(shape)


def largest_size(values: npt.NDArray[Any]) -> float:
    """The largest absolute value; 0 if there are no values."""
    return max(float(np.max(values, initial=0.0)), -float(np.min(values, initial=0.0)))


class _SameMemory:
    """Lets numpy make a second array on the same memory, and keeps the first array alive."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        address = array.__array_interface__["data"][0]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}
        self.array = array


def as_kernels_take_it(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array, or for a read-only array a view that is marked as writable.

    numba treats a read-only array (a memory map, or data that joblib sends to its workers) as
    another type, and would compile each kernel again, in seconds. Kernels never write to data, so
    they can use the code for writable arrays. Pass the view only to kernels: its memory may be
    protected, so that writing to it ends the process.
    """
    return array if array.flags.writeable else np.asarray(_SameMemory(array))


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of consecutive rows that hold about ``BLOCK_ENTRIES`` entries each."""
    n_rows = shape[0]
    row_entries = max(1, math.prod(shape[1:]))
    n_block = max(1, BLOCK_ENTRIES // row_entries)
    for first in range(0, n_rows, n_block):
        yield slice(first, min(first + n_block, n_rows))


def rows_of(array: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The array in C order and ``dtype``: the array itself, or a copy made block by block."""
    if array.size <= BLOCK_ENTRIES or (array.dtype == dtype and array.flags.c_contiguous):
        return array.astype(dtype, order="C", copy=False)
    out = np.empty(array.shape, dtype=dtype)
    for rows in row_blocks(array.shape):
        out[rows] = array[rows].astype(dtype, copy=False)
    return out
