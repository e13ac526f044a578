"""Reads sparse matrices cell by cell in plain Python, and checks every bound."""

from collections.abc import Callable
from typing import Any

import numpy as np


class ContradictionError(Exception):
    """The arrays contradict each other, or hold values that are not numbers."""


def claim(holds: Any) -> None:
    if not holds:
        raise ContradictionError


def plain_reading(matrix: Any) -> tuple[np.ndarray, np.ndarray]:
    """The values, and a mask of stored cells; ContradictionError if the matrix is malformed."""
    shape = getattr(matrix, "shape", None)
    claim(isinstance(shape, tuple) and len(shape) == 2)
    claim(all(isinstance(size, int | np.integer) and 0 < size < 10**6 for size in shape))
    dense, stored = np.zeros(shape), np.zeros(shape, dtype=bool)
    for row, column, value in _CELLS[matrix.format](matrix, *shape):
        claim(0 <= row < shape[0])
        claim(0 <= column < shape[1])
        row, column = int(row), int(column)  # True is 1, but numpy takes it for a mask
        try:
            dense[row, column] += np.nan if value is None else float(value)
        except (TypeError, ValueError, OverflowError):
            raise ContradictionError from None
        stored[row, column] = True
    return dense, stored


def _numbers(array: Any, n_dims: int) -> Any:
    claim(not np.ma.is_masked(array))
    try:
        array = np.asarray(array)
    except ValueError:
        raise ContradictionError from None
    claim(array.ndim == n_dims and array.dtype.kind != "c")
    if array.dtype.kind == "M":
        return array.astype(np.float64)
    return array


def _integers(array: Any) -> Any:
    array = _numbers(array, 1)
    claim(array.dtype.kind == "i")
    return array


def _lines(data: Any, matrix: Any, n_lines: int) -> Any:
    indices, indptr = _integers(matrix.indices), _integers(matrix.indptr)
    claim(len(indptr) == n_lines + 1 and indptr[0] == 0)
    for line in range(n_lines):
        claim(0 <= indptr[line] <= indptr[line + 1] <= min(len(data), len(indices)))
        for position in range(indptr[line], indptr[line + 1]):
            yield line, int(indices[position]), data[position]


def _csr(matrix: Any, n: int, d: int) -> Any:
    yield from _lines(_numbers(matrix.data, 1), matrix, n)


def _csc(matrix: Any, n: int, d: int) -> Any:
    for column, row, value in _lines(_numbers(matrix.data, 1), matrix, d):
        yield row, column, value


def _bsr(matrix: Any, n: int, d: int) -> Any:
    data = _numbers(matrix.data, 3)
    height, width = data.shape[1:]
    claim(height > 0 and width > 0 and n % height == 0 and d % width == 0)
    for block_row, block_column, block in _lines(data, matrix, n // height):
        claim(0 <= block_column < d // width)
        for i in range(height):
            for j in range(width):
                yield block_row * height + i, block_column * width + j, block[i, j]


def _coo(matrix: Any, n: int, d: int) -> Any:
    claim(len(matrix.coords) == 2)
    data, rows, columns = _numbers(matrix.data, 1), *map(_integers, matrix.coords)
    claim(len(data) == len(rows) == len(columns))
    yield from zip(rows.tolist(), columns.tolist(), data, strict=True)


def _lil(matrix: Any, n: int, d: int) -> Any:
    rows, data = matrix.rows, matrix.data
    for lists in (rows, data):
        claim(isinstance(lists, np.ndarray | list) and np.ndim(lists) > 0 and len(lists) == n)
        claim(all(isinstance(found, list | tuple | np.ndarray) for found in lists))
    for row in range(n):
        claim(len(rows[row]) == len(data[row]))
        for column, value in zip(rows[row], data[row], strict=True):
            claim(isinstance(column, int | np.integer))
            yield row, column, value


def _dok(matrix: Any, n: int, d: int) -> Any:
    claim(isinstance(matrix._dict, dict))
    for key, value in matrix._dict.items():
        claim(isinstance(key, tuple) and len(key) == 2)
        claim(all(isinstance(part, int | np.integer) for part in key))
        yield *key, value


def _dia(matrix: Any, n: int, d: int) -> Any:
    data, offsets = _numbers(matrix.data, 2), _integers(matrix.offsets)
    claim(len(data) == len(offsets) == len(set(offsets.tolist())))
    for diagonal, offset in zip(data, offsets.tolist(), strict=True):
        for column, value in enumerate(diagonal):
            if 0 <= column - offset < n and column < d:
                yield column - offset, column, value
            else:  # never read, but must be a number like the others
                claim(value is None or _is_number(value))


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


_CELLS: dict[str, Callable[..., Any]] = {
    "csr": _csr,
    "csc": _csc,
    "bsr": _bsr,
    "coo": _coo,
    "lil": _lil,
    "dok": _dok,
    "dia": _dia,
}
