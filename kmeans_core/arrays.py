"""Names of the arrays that are everywhere, and memory that vectors can be loaded from in one go."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
Ints = npt.NDArray[np.intp]

# Entries that numpy works on in one go: some milliseconds, after which Ctrl-C is heard.
BLOCK_ENTRIES = 2**20

# A cache line, and the longest vector: one that straddles two lines takes twice as long.
LINE_BYTES = 64


def aligned_zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros that start on a cache line."""
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + LINE_BYTES, dtype=np.uint8)
    first = -memory.ctypes.data % LINE_BYTES
    return memory[first : first + n_bytes].view(dtype).reshape(shape)


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of consecutive rows that hold about ``BLOCK_ENTRIES`` entries each."""
    n_rows = shape[0]
    row_entries = max(1, int(np.prod(shape[1:])))
    n_block = max(1, BLOCK_ENTRIES // row_entries)
    for first in range(0, n_rows, n_block):
        yield slice(first, min(first + n_block, n_rows))


def rows_of(array: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The array C-ordered and of the dtype; itself where it is, else a copy made block by block."""
    if array.size <= BLOCK_ENTRIES or (array.dtype == dtype and array.flags.c_contiguous):
        return array.astype(dtype, order="C", copy=False)
    out = np.empty(array.shape, dtype=dtype)
    for rows in row_blocks(array.shape):
        out[rows] = array[rows].astype(dtype, copy=False)
    return out


def roots_of(squared: Floats, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Square roots as the dtype, block by block; in place where the dtype is the array's own."""
    if squared.size <= BLOCK_ENTRIES:
        return np.sqrt(squared, out=squared).astype(dtype, copy=False)
    out = squared if squared.dtype == dtype else np.empty(squared.shape, dtype=dtype)
    for rows in row_blocks(squared.shape):
        out[rows] = np.sqrt(squared[rows])
    return out
