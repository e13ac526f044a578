"""On the workers: pieces of X, which hold whole chunks of rows as points with their weights."""

import threading
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import Floats, Ints, as_kernels_take_it
from kmeans_core.points.checks import as_points
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.sparse import SparsePoints
from kmeans_core.points.tables import as_array, as_floats
from kmeans_core.points.weights import cast_weights


class BlockShape(NamedTuple):
    """What a partition of X holds."""

    n_rows: int
    n_features: int
    dtype: str  # "float32" or "float64": the dtype in which its rows are clustered


class Part(NamedTuple):
    """Rows start..stop of one partition."""

    partition: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Plan:
    """The rows of a piece, and where they come from."""

    first: int  # the number in X of the first row
    starts: Ints  # (n_chunks + 1,): the first row of each chunk, counted from the piece's first row
    parts: tuple[Part, ...]
    parts_of_weights: tuple[Part, ...]  # empty if all weights are 1
    dtype: str
    n_threads: int

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return int(self.starts[-1])


class Rows(NamedTuple):
    """Consecutive rows of X."""

    points: KnownPoints
    weights: Floats  # (n_rows,)
    first: int  # the number in X of the first row
    starts: Ints  # (n_chunks + 1,): the first row of each chunk, counted from the first row


class Piece:
    """Rows on a worker. It also keeps the state of one run: see ``states``.

    A copy on another worker has no state, because the state can be computed again.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.state: Any = None
        self.lock = threading.Lock()

    def __reduce__(self) -> Any:
        points, *others = self.rows
        arrays = points.csr if isinstance(points, SparsePoints) else (points.matrix,)
        return _piece_of, (arrays, points.shape[1], points.n_threads, *others)

    def __sizeof__(self) -> int:
        # Dask decides by it what to move and what to write to disk.
        points = self.rows.points
        arrays = points.csr if isinstance(points, SparsePoints) else (points.matrix,)
        return sum(array.nbytes for array in arrays)


def _piece_of(
    arrays: tuple[npt.NDArray[Any], ...], n_features: int, n_threads: int, *others: Any
) -> Piece:
    """The piece again from its checked arrays, which may be read-only now."""
    ready = tuple(map(as_kernels_take_it, arrays))
    if len(ready) == 1:
        return Piece(Rows(DensePoints(ready[0], n_threads), *others))
    data, indices, indptr = ready
    return Piece(Rows(SparsePoints((data, indices, indptr), n_features, n_threads), *others))


def is_sparse(block: Any) -> bool:
    """Whether a block is a scipy matrix; typed so that its attributes may be asked for."""
    return bool(sp.issparse(block))


def block_shape(block: Any, partition: int) -> BlockShape:
    """The shape of a partition of X; ValueError unless it is a matrix of numbers."""
    shape: tuple[int, ...] = getattr(block, "shape", ())
    if len(shape) != 2:
        raise ValueError(
            f"Partition {partition} of X is not a matrix: it is a {type(block).__name__} of shape "
            f"{tuple(shape)}."
        )
    dtype = block.dtype if is_sparse(block) else _dense(block, 0, 1, partition).dtype
    n_rows, n_features = shape
    return BlockShape(n_rows, n_features, "float32" if dtype == np.float32 else "float64")


def make_piece(plan: Plan, blocks: list[Any], weights: list[Any]) -> Piece:
    """Cut and join partitions to the rows of a piece, and check them.

    ValueError names the partition and the row of the first value that is not finite, or of a weight
    that cannot be used.
    """
    found = [_rows(block, part) for block, part in zip(blocks, plan.parts, strict=True)]
    if any(is_sparse(rows) for rows in found):
        found = [sp.csr_array(rows) for rows in found]
    if len(found) == 1:
        joined = found[0]  # not copied
    else:
        joined = sp.vstack(found, format="csr") if is_sparse(found[0]) else np.concatenate(found)
    joined = joined.astype(plan.dtype, copy=False)
    try:
        points = as_points(joined, n_threads=plan.n_threads, compress=False)
    except ValueError as error:
        _refuse_value(joined, plan)
        partitions = sorted({part.partition for part in plan.parts})
        raise ValueError(f"In partition {_listed(partitions)} of X: {error}") from None
    return Piece(Rows(points, _weights(plan, weights), plan.first, plan.starts))


def _rows(block: Any, part: Part) -> Any:
    """Rows of a partition: without a copy of their values, if the partition is an array or CSR."""
    if not is_sparse(block):
        return _dense(block, part.start, part.stop, part.partition)
    csr = block.tocsr()
    if (part.start, part.stop) == (0, csr.shape[0]):
        return csr
    if csr.has_canonical_format:
        begin, end = csr.indptr[part.start], csr.indptr[part.stop]
        arrays = csr.data[begin:end], csr.indices[begin:end]
        indptr = csr.indptr[part.start : part.stop + 1] - begin
        shape = part.stop - part.start, csr.shape[1]
        return sp.csr_array((*arrays, indptr), shape=shape)
    return csr[part.start : part.stop]


def _dense(block: Any, start: int, stop: int, partition: int) -> npt.NDArray[Any]:
    rows = block.iloc[start:stop] if hasattr(block, "iloc") else block[start:stop]
    name = f"Partition {partition} of X"
    return as_floats(as_array(rows, name), name)


def _refuse_value(rows: Any, plan: Plan) -> None:
    """Raise ValueError with the place of the first value that is not finite, if there is one."""
    if is_sparse(rows):
        # Every stored value that is not finite; the others need no place.
        coo = rows.tocoo()
        bad = np.flatnonzero(~np.isfinite(coo.data))
        cells = list(zip(coo.row[bad], coo.col[bad], coo.data[bad], strict=True))
    else:
        cells = [(i, j, rows[i, j]) for i, j in np.argwhere(~np.isfinite(rows))[:1]]
    if not cells:
        return
    row, column, value = min(cells, key=lambda cell: (cell[0], cell[1]))
    kind = "NaN" if np.isnan(value) else "infinity"
    raise ValueError(
        f"Input X contains {kind}: the first in {_place(plan.parts, int(row))}, column {column} "
        f"(row {plan.first + int(row)} of X)."
    )


def _place(parts: tuple[Part, ...], row: int) -> str:
    """The partition and the row in it of a row of the piece."""
    for part in parts:
        if row < part.stop - part.start:
            return f"partition {part.partition}, row {part.start + row}"
        row -= part.stop - part.start
    raise AssertionError("the parts hold all rows of the piece")


def _weights(plan: Plan, blocks: list[Any]) -> Floats:
    if not plan.parts_of_weights:
        return np.ones(plan.n_rows)
    parts = zip(blocks, plan.parts_of_weights, strict=True)
    given = np.concatenate([np.asarray(block)[part.start : part.stop] for block, part in parts])
    weights = cast_weights(given, np.dtype(plan.dtype))
    for bad, is_bad in (("not finite", ~np.isfinite(weights)), ("negative", weights < 0)):
        if np.any(is_bad):
            row = int(np.argmax(is_bad))
            place = _place(plan.parts_of_weights, row)
            raise ValueError(
                f"A weight in sample_weight is {bad}: the first is {weights[row]} in {place} (row "
                f"{plan.first + row} of X)."
            )
    return weights


def _listed(numbers: list[int]) -> str:
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
