"""Turns sparse matrices of any format into valid CSR; checks them before scipy converts them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import Csr, as_kernels_take_it
from kmeans_core.errors import shown
from kmeans_core.kernels import sparse
from kmeans_core.points.memory import Shape, refuse_huge
from kmeans_core.points.tables import as_floats
from kmeans_core.threads import chunks

Array = npt.NDArray[Any]


class _MalformedError(Exception):
    """Describes the fault of a matrix; the words go into the error message."""


@dataclass(frozen=True)
class _Lines:
    """Names of compressed lines (rows of CSR, columns of CSC) and of their places, for errors."""

    line: str
    n_lines: int
    place: str
    n_places: int
    name: str


def _rows(shape: Shape, name: str) -> _Lines:
    return _Lines("row", shape[0], "column", shape[1], name)


def shape_of(X: Any, name: str = "X") -> Shape:
    """The shape as two ints; ValueError if it is not two whole numbers from 0 to 2**63 - 1."""
    shape = getattr(X, "shape", None)
    if not isinstance(shape, tuple) or not all(_is_size(size) for size in shape):
        raise ValueError(
            f"Malformed sparse matrix {name}: its shape is {shown(shape)}, but it must be whole "
            "numbers from 0 to 2**63 - 1."
        )
    if len(shape) != 2:
        raise ValueError(f"Expected 2D array, got {len(shape)}D sparse array instead ({name}).")
    return int(shape[0]), int(shape[1])


def as_csr(X: Any, shape: Shape, name: str = "X") -> Csr:
    """Data, indices and indptr of a sparse matrix of any format; indices ascend in each row.

    ``shape`` is the result of ``shape_of``. Several entries for one cell are added up, as in scipy.
    X is not changed. The data are float32 or float64, and are not checked for NaN and infinity.
    ValueError if the arrays contradict each other or the shape, or if values are not numbers.
    """
    refuse_huge(shape, name)
    to_csr = _FORMATS.get(X.format if isinstance(X.format, str) else "")
    if to_csr is None:
        raise ValueError(
            f"{name} is a sparse matrix of the unknown format {shown(X.format)}: convert it to CSR."
        )
    try:
        data, indices, indptr = to_csr(X, shape, name)
    except _MalformedError as problem:
        raise ValueError(f"Malformed sparse matrix {name}: {problem}.") from problem.__cause__
    if not _strictly_ascending(indices, indptr):
        # Work on a copy, because X belongs to the caller.
        matrix = sp.csr_array((data, indices, indptr), shape=shape, copy=True)
        matrix.sum_duplicates()
        data, indices, indptr = matrix.data, matrix.indices, matrix.indptr
    return data, indices, indptr


def plain_csr(X: Any, shape: Shape) -> Csr | None:
    """The arrays of CSR that kernels can use as they are if :func:`is_sound`; otherwise None."""
    if X.format != "csr" or shape[0] < 1:
        return None
    arrays = getattr(X, "data", None), getattr(X, "indices", None), getattr(X, "indptr", None)
    dtypes = ((np.float32, np.float64), (np.int32, np.int64), (np.int32, np.int64))
    for array, allowed in zip(arrays, dtypes, strict=True):
        if type(array) is not np.ndarray or array.ndim != 1 or array.dtype not in allowed:
            return None
        if not (array.flags.c_contiguous and array.flags.aligned):
            return None
    data, indices, indptr = map(as_kernels_take_it, arrays)  # type: ignore[arg-type]
    if indices.dtype != indptr.dtype or len(indptr) != shape[0] + 1 or indptr[0] != 0:
        return None
    n_stored = int(indptr[-1])
    if not 0 <= n_stored <= min(len(data), len(indices)):
        return None
    return data[:n_stored], indices[:n_stored], indptr


def is_sound(csr: Csr, shape: Shape, n_threads: int) -> bool:
    """Whether one pass shows that kernels can use the arrays; False if they need more checks."""
    answers: list[bool] = []
    chunks.run(
        shape[0],
        len(csr[0]),
        n_threads,
        lambda start, stop: answers.append(sparse.is_sound(*csr, shape[1], start, stop)),
    )
    return all(answers)


def _is_size(size: Any) -> bool:
    return isinstance(size, int | np.integer) and 0 <= int(size) < 2**63


# Formats --------------------------------------------------------------------------------------


def _of_csr(X: Any, shape: Shape, name: str) -> Csr:
    data, indices, indptr = _compressed(X, _rows(shape, name))
    return _values(data, name), indices, indptr


def _of_csc(X: Any, shape: Shape, name: str) -> Csr:
    columns = _Lines("column", shape[1], "row", shape[0], name)
    data, indices, indptr = _compressed(X, columns)
    return _converted(sp.csc_array((_values(data, name), indices, indptr), shape=shape), name)


def _of_bsr(X: Any, shape: Shape, name: str) -> Csr:
    data = _array(X, "data")
    if data.ndim != 3 or 0 in data.shape[1:]:
        raise _MalformedError(
            f"data must be 3-D with a block for each index, but its shape is {data.shape}"
        )
    for axis, line in enumerate(("row", "column")):
        if shape[axis] % data.shape[1 + axis]:
            raise _MalformedError(
                f"blocks of {data.shape[1 + axis]} {line}s do not divide {shape[axis]} {line}s"
            )
    n_lines, n_places = shape[0] // data.shape[1], shape[1] // data.shape[2]
    indices, indptr = _array(X, "indices"), _array(X, "indptr")
    lines = _Lines("block row", n_lines, "block column", n_places, name)
    _check_lines(data[:, 0, 0], indices, indptr, lines)
    n_blocks = int(indptr[-1])
    blocks = _values(data[:n_blocks].reshape(-1), name).reshape(n_blocks, *data.shape[1:])
    indices, indptr = (_index(part, *shape, blocks.size) for part in (indices[:n_blocks], indptr))
    return _converted(sp.bsr_array((blocks, indices, indptr), shape=shape), name)


def _of_coo(X: Any, shape: Shape, name: str) -> Csr:
    coords = getattr(X, "coords", (X, X))
    if not isinstance(coords, tuple) or len(coords) != 2:
        raise _MalformedError("coords must be two arrays, of row and of column indices")
    data, rows, columns = _array(X, "data"), _array(X, "row"), _array(X, "col")
    for line, found, size in (("row", rows, shape[0]), ("column", columns, shape[1])):
        if data.ndim != 1 or found.ndim != 1:
            raise _MalformedError(f"data and {line} indices must be 1-D")
        if len(found) != len(data):
            raise _MalformedError(f"{len(found)} {line} indices for {len(data)} data")
        if found.dtype.kind != "i":
            raise _MalformedError(f"{line} indices must be signed integers, not {found.dtype}")
        if len(found) and (np.min(found) < 0 or np.max(found) >= size):
            raise _MalformedError(f"a {line} index is outside 0..{size - 1}")
    return _of_cells(_values(data, name), rows, columns, shape, name)


def _of_lil(X: Any, shape: Shape, name: str) -> Csr:
    lines, values = _lists(X, "rows", shape[0]), _lists(X, "data", shape[0])
    for row, (line, cells) in enumerate(zip(lines, values, strict=True)):
        if len(line) != len(cells):
            raise _MalformedError(f"row {row} has {len(line)} column indices for {len(cells)} data")
    indptr = np.zeros(shape[0] + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)), out=indptr[1:])
    indices = _whole(list(chain.from_iterable(lines)), "column", shape[1])
    data = _listed(X, list(chain.from_iterable(values)), name)
    counts = *shape, len(data)
    return data, _index(indices, *counts), _index(indptr, *counts)


def _of_dok(X: Any, shape: Shape, name: str) -> Csr:
    try:
        keys, values = list(X.keys()), list(X.values())
    except (AttributeError, TypeError) as error:
        raise _MalformedError("it has no dictionary of cells") from error
    for key in keys:
        if not isinstance(key, tuple) or len(key) != 2:
            raise _MalformedError(f"the key {shown(key)} is not a pair of row and column index")
    rows = _whole([row for row, _ in keys], "row", shape[0])
    columns = _whole([column for _, column in keys], "column", shape[1])
    return _of_cells(_listed(X, values, name), rows, columns, shape, name)


def _of_dia(X: Any, shape: Shape, name: str) -> Csr:
    data, offsets = _array(X, "data"), _array(X, "offsets")
    if data.ndim != 2 or offsets.ndim != 1:
        raise _MalformedError("data must be 2-D and offsets 1-D")
    if offsets.dtype.kind != "i":
        raise _MalformedError(f"offsets must be signed integers, not {offsets.dtype}")
    if len(offsets) != len(data):
        raise _MalformedError(f"{len(offsets)} offsets for {len(data)} diagonals")
    if len(np.unique(offsets)) != len(offsets):
        raise _MalformedError("two diagonals have the same offset")
    diagonals = _values(data.reshape(-1), name).reshape(data.shape)
    parts: list[Csr] = [
        (np.empty(0, diagonals.dtype), np.empty(0, np.int64), np.empty(0, np.int64))
    ]
    for diagonal, offset in zip(diagonals, offsets.tolist(), strict=True):
        first, stop = max(0, offset), min(shape[1], shape[0] + offset, len(diagonal))
        columns = np.arange(first, max(first, stop))
        values = diagonal[first : first + len(columns)]
        stored = values != 0  # a diagonal stores every cell, zeros too
        parts.append((values[stored], (columns - offset)[stored], columns[stored]))
    values, rows, columns = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return _of_cells(values, rows, columns, shape, name)


_FORMATS: dict[str, Callable[[Any, Shape, str], Csr]] = {
    "csr": _of_csr,
    "csc": _of_csc,
    "bsr": _of_bsr,
    "coo": _of_coo,
    "lil": _of_lil,
    "dok": _of_dok,
    "dia": _of_dia,
}


def _of_cells(data: Array, rows: Array, columns: Array, shape: Shape, name: str) -> Csr:
    coordinates = _index(rows, *shape, len(data)), _index(columns, *shape, len(data))
    return _converted(sp.coo_array((data, coordinates), shape=shape), name)


def _converted(matrix: Any, name: str) -> Csr:
    """CSR by scipy from a checked matrix, checked again because kernels do not check bounds."""
    csr = matrix.tocsr()
    _check_lines(csr.data, csr.indices, csr.indptr, _rows(csr.shape, name))
    return csr.data, csr.indices, csr.indptr


# Arrays ---------------------------------------------------------------------------------------


def _array(X: Any, attribute: str) -> Array:
    try:
        found = getattr(X, attribute)
        array = np.asarray(found)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise _MalformedError(f"{attribute} is not an array") from error
    if np.ma.is_masked(found):
        raise _MalformedError(f"{attribute} is a masked array with masked values")
    return array


def _values(data: Array, name: str) -> Array:
    return _compact(as_floats(data, f"The data of {name}"))


def _compact(array: Array) -> Array:
    """The array contiguous and aligned, as the compiled kernels require."""
    if array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.require(array, requirements=("C", "A"))


def _index(integers: Array, *counts: int) -> Array:
    """32-bit integers if they can hold the counts, as in scipy; otherwise 64-bit integers.

    All index arrays of a matrix have one dtype, because kernels are compiled for each pair.
    """
    return _compact(integers.astype(np.int32 if max(counts) < 2**31 else np.int64, copy=False))


def _lists(X: Any, attribute: str, n_rows: int) -> list[Any]:
    """The lists of a LIL matrix, one for each row."""
    try:
        lists = list(getattr(X, attribute))
    except (AttributeError, TypeError) as error:
        raise _MalformedError(f"{attribute} is not an array of lists") from error
    if len(lists) != n_rows:
        raise _MalformedError(f"{attribute} has {len(lists)} lists for {n_rows} rows")
    for row, found in enumerate(lists):
        if not isinstance(found, list | tuple) and getattr(found, "ndim", 0) != 1:
            raise _MalformedError(f"row {row} of {attribute} is {shown(found)}, not a list")
    return lists


def _whole(indices: list[Any], place: str, n_places: int) -> Array:
    """An index array from a list of indices."""
    found = _as_integers(indices)
    if found is None or (len(found) and not 0 <= np.min(found) <= np.max(found) < n_places):
        for index in indices:  # compared by Python, so that huge ones do not wrap around
            if not isinstance(index, int | np.integer):
                raise _MalformedError(f"the {place} index {shown(index)} is not a whole number")
            if not 0 <= index < n_places:
                raise _MalformedError(
                    f"the {place} index {shown(index)} is outside 0..{n_places - 1}"
                )
        found = np.array(indices, dtype=np.int64)  # integer types without a common one
    return found


def _as_integers(indices: list[Any]) -> Array | None:
    """The indices as numpy reads them; None if it does not read signed integers."""
    try:
        found = np.array(indices) if indices else np.empty(0, dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.ndim == 1 and found.dtype.kind == "i" else None


def _listed(X: Any, values: list[Any], name: str) -> Array:
    """A data array from a list of values; float32 if the matrix is float32."""
    try:
        found = np.array(values)
    except (TypeError, ValueError, OverflowError):
        found = np.empty(0)
    if found.shape != (len(values),) or found.dtype.kind not in "biuf":
        found = np.fromiter(values, dtype=object, count=len(values))
    floats = _values(found, name)
    if getattr(X, "dtype", None) == np.float32:
        with np.errstate(over="ignore"):  # overflow gives infinity; the error names its place
            return floats.astype(np.float32)
    return floats.astype(np.float64, copy=False)


def _compressed(X: Any, lines: _Lines) -> Csr:
    """The checked arrays of CSR or CSC, without entries beyond the last line."""
    data, indices, indptr = _array(X, "data"), _array(X, "indices"), _array(X, "indptr")
    _check_lines(data, indices, indptr, lines)
    n_stored = int(indptr[-1])
    counts = lines.n_lines, lines.n_places, n_stored
    return data[:n_stored], _index(indices[:n_stored], *counts), _index(indptr, *counts)


def _check_lines(data: Array, indices: Array, indptr: Array, lines: _Lines) -> None:
    """Raise an error if the arrays of compressed lines contradict each other."""
    if data.ndim != 1 or indices.ndim != 1 or indptr.ndim != 1:
        raise _MalformedError("data, indices and indptr must be 1-D")
    if indices.dtype.kind != "i" or indptr.dtype.kind != "i":
        raise _MalformedError(
            f"indices and indptr must be signed integers, not {indices.dtype}, {indptr.dtype}"
        )
    if len(indptr) != lines.n_lines + 1:
        raise _MalformedError(
            f"indptr has {len(indptr)} entries for {lines.n_lines} {lines.line}s, but must have "
            f"{lines.n_lines + 1}"
        )
    if indptr[0] != 0:
        raise _MalformedError(f"indptr starts at {indptr[0]}, not 0")
    falls = indptr[1:] < indptr[:-1]
    if np.any(falls):
        at = int(np.argmax(falls))
        raise _MalformedError(
            f"indptr falls from {indptr[at]} to {indptr[at + 1]} at {lines.line} {at}"
        )
    if indptr[-1] > min(len(data), len(indices)):
        raise _MalformedError(
            f"indptr ends at {indptr[-1]}, but there are {len(data)} data "
            f"and {len(indices)} indices"
        )
    stored = indices[: indptr[-1]]
    outside = (stored < 0) | (stored >= lines.n_places)
    if np.any(outside):
        position = int(np.argmax(outside))
        at = int(np.searchsorted(indptr, position, side="right")) - 1
        raise _MalformedError(
            f"{lines.line} {at} has {lines.place} index {stored[position]}; "
            f"{lines.name} has {lines.n_places} {lines.place}s"
        )


def _strictly_ascending(indices: Array, indptr: Array) -> bool:
    if len(indices) < 2:
        return True
    ascends = indices[1:] > indices[:-1]
    row_starts = indptr[1:-1]
    row_starts = row_starts[(row_starts > 0) & (row_starts < len(indices))]
    ascends[row_starts - 1] = True
    return bool(np.all(ascends))
