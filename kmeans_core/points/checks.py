"""Turns the input of users into points, weights and random numbers, or raises one clear error."""

from collections.abc import Callable
from functools import partial
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from numpy.random.bit_generator import ISeedSequence

from kmeans_core.arrays import Csr, Floats, as_kernels_take_it, row_blocks, rows_of
from kmeans_core.counts import plain_count
from kmeans_core.errors import InvalidParameterError, shown
from kmeans_core.points.compressed import compressed
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import KnownPoints, Points
from kmeans_core.points.memory import Shape, refuse_huge
from kmeans_core.points.observed import ObservedPoints, points_of_cells
from kmeans_core.points.sparse import SparsePoints
from kmeans_core.points.sparse_input import as_csr, is_sound, plain_csr, shape_of
from kmeans_core.points.tables import as_array, as_floats
from kmeans_core.points.weights import cast_weights, refuse_extreme_weights
from kmeans_core.threads.processors import available_threads

RandomStream = np.random.RandomState | np.random.Generator


# For each value of ``missing``, the test for values that no cell may hold.
_REFUSED: dict[str, Callable[..., Any]] = {
    "error": lambda values: ~np.isfinite(values),
    "ignore": np.isinf,
}


@overload
def as_points(
    X: Any,
    *,
    n_threads: Any = None,
    compress: bool = True,
    checked_later: int = 0,
    name: str = "X",
) -> KnownPoints: ...


@overload
def as_points(
    X: Any,
    *,
    n_threads: Any = None,
    missing: str,
    compress: bool = True,
    checked_later: int = 0,
    name: str = "X",
) -> KnownPoints | ObservedPoints: ...


def as_points(
    X: Any,
    *,
    n_threads: Any = None,
    missing: str = "error",
    compress: bool = True,
    checked_later: int = 0,
    name: str = "X",
) -> KnownPoints | ObservedPoints:
    """Points over X, which is not copied if kernels can use its dtype and layout.

    float32 stays float32, and every other real dtype becomes float64. None, NaT and the missing
    values of pandas, polars and pyarrow count as NaN. Sparse formats other than CSR are converted
    to CSR, never to dense arrays. With missing="ignore", NaN and the cells that a sparse matrix
    does not store are unknown. If no cell is unknown, the points are dense.

    With ``compress``, dense rows that are mostly zero may become CSR, unless missing="ignore" (see
    ``compressed``). This does not pay if rows are read once. The values of ``checked_later``
    features, dense or in CSR, are not checked here: ``check_finite`` or ``assign_once`` does so
    later. Errors call X by ``name``. ValueError if X is not a matrix of finite numbers (the message
    names the first bad cell), if its arrays contradict each other, or if its shape needs more
    memory than there is.
    """
    threads = available_threads() if n_threads is None else plain_count(n_threads, "n_threads")
    if sp.issparse(X):
        shape = shape_of(X, name)
        _refuse_empty(shape, name)
        return _sparse_points(X, shape, threads, missing, checked_later, name)
    points = _dense_points(X, threads, missing, checked_later, name)
    _refuse_empty(points.shape, name)
    if compress and missing == "error" and points.known is not None:
        # Every row meets all rows.
        return compressed(points, points.shape[0])
    return points


def _refuse_empty(shape: Shape, name: str) -> None:
    for kind, found in zip(("sample", "feature"), shape, strict=True):
        if found < 1:
            raise ValueError(
                f"Found array with {found} {kind}(s) (shape={shape}) while a minimum of 1 is "
                f"required for {name}."
            )


def check_n_clusters(points: Points, n_clusters: int) -> None:
    """Raise ValueError if there are more clusters than rows, or if centers exceed the memory."""
    n_samples = points.shape[0]
    if n_samples < n_clusters:
        raise ValueError(f"n_samples={n_samples} should be >= n_clusters={shown(n_clusters)}.")
    # Centers that have at most as many entries as the points fit into memory like the points.
    if n_clusters * points.shape[1] > points.n_stored:
        refuse_huge(points.shape, "X", n_clusters)


def _dense_points(
    X: Any, n_threads: int, missing: str, checked_later: int, name: str
) -> DensePoints | ObservedPoints:
    array = as_floats(as_array(X, name), name)
    if array.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {array.ndim}D array instead ({name} has shape {array.shape}). "
            "Reshape your data: array.reshape(-1, 1) for one feature, array.reshape(1, -1) for one "
            "sample."
        )
    array = as_kernels_take_it(rows_of(array, array.dtype))
    refuse = partial(_refuse_first, array, missing, name)
    if missing == "error":
        points = DensePoints(array, n_threads, refuse, is_mapped=isinstance(X, np.memmap))
        if array.shape[1] != checked_later:
            points.check_finite()
        return points
    points = DensePoints(array, n_threads, is_mapped=isinstance(X, np.memmap))
    if points.is_finite():
        return points
    refuse()
    return ObservedPoints.of_array(array, n_threads)


def _refuse_first(array: npt.NDArray[Any], missing: str, name: str) -> None:
    for rows in row_blocks(array.shape):
        bad = np.argwhere(_REFUSED[missing](array[rows]))
        if len(bad):
            row, column = rows.start + bad[0, 0], bad[0, 1]
            _refuse_value(array[row, column], int(row), int(column), name)


def _refuse_value(value: float, row: int, column: int, name: str) -> None:
    kind = "NaN" if np.isnan(value) else "infinity"
    raise ValueError(f"Input {name} contains {kind}: the first at row {row}, column {column}.")


def _sparse_points(
    X: Any, shape: Shape, n_threads: int, missing: str, checked_later: int, name: str
) -> KnownPoints | ObservedPoints:
    if getattr(getattr(X, "dtype", None), "kind", None) == "c":
        raise ValueError(f"Complex data not supported: {name} holds complex numbers.")
    if missing == "ignore" and X.format in ("bsr", "dia"):
        raise ValueError(
            f"{name} is a {X.format.upper()} matrix, which stores whole blocks or diagonals. With "
            "missing='ignore' a cell that is not stored is unknown, so convert the known cells to "
            "CSR."
        )
    plain = plain_csr(X, shape)
    if plain is not None and missing == "error" and shape[1] == checked_later:
        refuse_huge(shape, name)
        again: Any = partial(_sparse_points, X, shape, n_threads, missing, 0, name)
        return SparsePoints(plain, shape[1], n_threads, again)
    if plain is not None and is_sound(plain, shape, n_threads):
        refuse_huge(shape, name)
        return _of_csr(plain, shape[1], n_threads, missing)
    data, indices, indptr = as_csr(X, shape, name)
    with np.errstate(all="ignore"):
        suspicious = not np.isfinite(np.sum(data))
    if suspicious:
        bad = np.flatnonzero(_REFUSED[missing](data))
        if len(bad):
            row = int(np.searchsorted(indptr, bad[0], side="right")) - 1
            _refuse_value(data[bad[0]], row, int(indices[bad[0]]), name)
        # A stored NaN is unknown too.
        known = ~np.isnan(data)
        indptr = np.concatenate([[0], np.cumsum(known)]).astype(indptr.dtype)[indptr]
        data, indices = data[known], indices[known]
    return _of_csr((data, indices, indptr), shape[1], n_threads, missing)


def _of_csr(
    csr: Csr, n_features: int, n_threads: int, missing: str
) -> KnownPoints | ObservedPoints:
    """Points over checked CSR."""
    data, indices, indptr = map(as_kernels_take_it, csr)
    make = SparsePoints if missing == "error" else points_of_cells
    return make((data, indices, indptr), n_features, n_threads)


def refuse_negative(points: KnownPoints) -> None:
    """Raise ValueError if a precomputed distance is negative; the message names the first."""
    if np.min(points.stored, initial=0.0) < 0:
        row, column = points.place(int(np.argmax(points.stored < 0)))
        raise ValueError(
            f"Negative values in the precomputed distances: the first at row {row}, "
            f"column {column}."
        )


def as_weights(sample_weight: Any, points: Points, centers: Floats | None = None) -> Floats:
    """One float64 weight for each row, rounded to the dtype of the points; 1 for None.

    ``centers`` (n_clusters, n_features) are given centers that may lie far from the points.
    ValueError if there is not one weight for each row, if a weight is negative or not finite, if
    all weights are 0, or if sums and products with them overflow or underflow.
    """
    n_samples = points.shape[0]
    if sample_weight is None:
        return np.ones(n_samples)
    given = np.asarray(sample_weight)
    if given.dtype.kind == "c":
        raise ValueError("Sample weights must be real numbers; complex data not supported.")
    weights = cast_weights(given, points.dtype)
    if weights.ndim == 0:
        weights = np.full(n_samples, float(weights))
    if weights.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {weights.ndim}D array.")
    if len(weights) != n_samples:
        raise ValueError(
            f"sample_weight.shape == {weights.shape}, expected {(n_samples,)}: one for each row."
        )
    if not np.all(np.isfinite(weights)):
        row = int(np.argmin(np.isfinite(weights)))
        raise ValueError(f"Input sample_weight contains NaN or infinity: the first at row {row}.")
    if np.any(weights < 0):
        row = int(np.argmax(weights < 0))
        raise ValueError(
            f"Sample weights must not be negative: the first is {weights[row]} at row {row}."
        )
    if not np.any(weights):
        raise ValueError("Sample weights must contain at least one non-zero number.")
    refuse_extreme_weights(weights, points, centers)
    return weights


class _NoEntropy(ISeedSequence):
    """A fixed first state for a stream that is seeded before it is used."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> npt.NDArray[Any]:
        return np.zeros(n_words, dtype=dtype)


_NO_ENTROPY = _NoEntropy()


def as_random_stream(random_state: Any) -> RandomStream:
    """A RandomState for an integer, a stream itself for a stream, a new RandomState for None.

    None never means numpy's global stream, so fits neither read nor change that stream.
    """
    if random_state is None:
        return np.random.RandomState()
    if isinstance(random_state, np.random.RandomState | np.random.Generator):
        return random_state
    if isinstance(random_state, int | np.integer) and 0 <= random_state < 2**32:
        # Equal to RandomState(random_state), which would first ask the system for entropy.
        stream = np.random.RandomState(np.random.MT19937(_NO_ENTROPY))  # type: ignore[arg-type]
        stream.seed(int(random_state))
        return stream
    raise InvalidParameterError(
        f"{shown(random_state)} cannot be used to seed a numpy.random.RandomState instance: pass "
        "an int in the range [0, 2**32), a RandomState, a Generator or None."
    )
