"""Any input a user may bring -> Points, weights, a random state; or one clear error."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.chunks import available_threads
from kmeans_core.errors import InvalidParameterError
from kmeans_core.points import DensePoints, Floats, Points, SparsePoints

RandomStream = np.random.RandomState | np.random.Generator


def as_points(X: Any, *, n_threads: int | None = None, min_samples: int = 1) -> Points:
    """Points over X, which is not copied where its dtype and layout already serve.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        float32 stays float32; every other real dtype becomes float64. Sparse formats other than
        CSR are converted, absent = 0; nothing sparse is made dense.
    n_threads : int or None
        Threads of each call at most; None for all this process may use.
    min_samples : int

    Raises
    ------
    ValueError
        X is not 2-D, empty, complex, not numeric, has NaN or infinity (the first one's row and
        column are named), or is a CSR whose arrays contradict one another.
    """
    threads = available_threads() if n_threads is None else n_threads
    points = _sparse_points(X, threads) if sp.issparse(X) else _dense_points(X, threads)
    n_samples, n_features = points.shape
    for name, found, minimum in (
        ("sample", n_samples, min_samples),
        ("feature", n_features, 1),
    ):
        if found < minimum:
            raise ValueError(
                f"Found array with {found} {name}(s) (shape={points.shape}) "
                f"while a minimum of {minimum} is required."
            )
    return points


def _dense_points(X: Any, n_threads: int) -> DensePoints:
    array = np.asarray(X)
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported.")
    if array.dtype not in (np.float32, np.float64):
        array = _to_float64(array)
    if array.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {array.ndim}D array instead (shape {array.shape}). Reshape "
            "your data: array.reshape(-1, 1) for one feature, array.reshape(1, -1) for one sample."
        )
    array = np.ascontiguousarray(array)
    # A finite sum proves every entry finite and needs no array of booleans.
    with np.errstate(all="ignore"):
        suspicious = array.size > 0 and not np.isfinite(np.sum(array))
    if suspicious:
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            row, column = bad[0]
            _refuse_value(array[row, column], int(row), int(column))
    return DensePoints(array, n_threads)


def _to_float64(array: npt.NDArray[Any]) -> Floats:
    try:
        return array.astype(np.float64)
    except TypeError as error:
        raise TypeError(
            f"X holds an object that is no number: argument must be a string or a number ({error})"
        ) from error
    except ValueError as error:
        raise ValueError(f"X holds a value that is no number: {error}") from error


def _refuse_value(value: float, row: int, column: int) -> None:
    kind = "NaN" if np.isnan(value) else "infinity"
    raise ValueError(f"Input X contains {kind}: the first at row {row}, column {column}.")


def _sparse_points(X: Any, n_threads: int) -> SparsePoints:
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D sparse array instead.")
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported.")
    matrix = X if X.format == "csr" else X.tocsr()
    n_samples, n_features = matrix.shape
    data, indices, indptr = matrix.data, matrix.indices, matrix.indptr
    _refuse_malformed(data, indices, indptr, n_samples, n_features)

    n_stored = int(indptr[-1])
    data, indices = data[:n_stored], indices[:n_stored]
    if data.dtype not in (np.float32, np.float64):
        data = _to_float64(data)
    if not _strictly_ascending(indices, indptr):
        # Entries of one cell add up, as everywhere in scipy; on a copy, X is the caller's.
        matrix = sp.csr_array((data, indices, indptr), shape=matrix.shape, copy=True)
        matrix.sum_duplicates()
        data, indices, indptr = matrix.data, matrix.indices, matrix.indptr
    with np.errstate(all="ignore"):
        suspicious = not np.isfinite(np.sum(data))
    if suspicious:
        bad = np.flatnonzero(~np.isfinite(data))
        if len(bad):
            row = int(np.searchsorted(indptr, bad[0], side="right")) - 1
            _refuse_value(data[bad[0]], row, int(indices[bad[0]]))
    return SparsePoints(data, indices, indptr, n_features, n_threads)


def _refuse_malformed(
    data: npt.NDArray[Any],
    indices: npt.NDArray[Any],
    indptr: npt.NDArray[Any],
    n_samples: int,
    n_features: int,
) -> None:
    """A kernel indexes without bounds checks: what it is given must hold together."""
    problem = None
    if data.ndim != 1 or indices.ndim != 1 or indptr.ndim != 1:
        problem = "data, indices and indptr must be 1-D"
    elif indices.dtype.kind != "i" or indptr.dtype.kind != "i":
        problem = f"indices and indptr must be signed integers, not {indices.dtype}, {indptr.dtype}"
    elif len(indptr) != n_samples + 1:
        problem = f"indptr has {len(indptr)} entries for {n_samples} rows; {n_samples + 1} needed"
    elif indptr[0] != 0:
        problem = f"indptr starts at {indptr[0]}, not 0"
    elif np.any(indptr[1:] < indptr[:-1]):
        row = int(np.argmax(indptr[1:] < indptr[:-1]))
        problem = f"indptr falls from {indptr[row]} to {indptr[row + 1]} at row {row}"
    elif indptr[-1] > min(len(data), len(indices)):
        problem = (
            f"indptr ends at {indptr[-1]}, but there are {len(data)} data "
            f"and {len(indices)} indices"
        )
    else:
        stored = indices[: indptr[-1]]
        outside = (stored < 0) | (stored >= n_features)
        if np.any(outside):
            position = int(np.argmax(outside))
            row = int(np.searchsorted(indptr, position, side="right")) - 1
            problem = f"row {row} has column index {stored[position]}; X has {n_features} columns"
    if problem is not None:
        raise ValueError(f"Malformed sparse matrix X: {problem}.")


def _strictly_ascending(indices: npt.NDArray[Any], indptr: npt.NDArray[Any]) -> bool:
    if len(indices) < 2:
        return True
    ascends = indices[1:] > indices[:-1]
    row_starts = indptr[1:-1]
    row_starts = row_starts[(row_starts > 0) & (row_starts < len(indices))]
    ascends[row_starts - 1] = True
    return bool(np.all(ascends))


def as_weights(sample_weight: Any, points: Points) -> Floats:
    """One float64 weight a row, at the precision of the points; ones for None."""
    n_samples = points.shape[0]
    if sample_weight is None:
        return np.ones(n_samples)
    # The cast through the points' dtype makes a float32 fit the same for float64 weights.
    weights = np.asarray(sample_weight).astype(points.dtype).astype(np.float64)
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
    if not np.any(weights):
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def as_random_stream(random_state: Any) -> RandomStream:
    """A RandomState for an integer, the object itself for a stream, a new one for None.

    None never means numpy's global stream: a fit neither reads nor moves it.
    """
    if random_state is None:
        return np.random.RandomState()
    if isinstance(random_state, np.random.RandomState | np.random.Generator):
        return random_state
    if isinstance(random_state, int | np.integer) and 0 <= random_state < 2**32:
        return np.random.RandomState(int(random_state))
    raise InvalidParameterError(
        f"{random_state!r} cannot be used to seed a numpy.random.RandomState instance: pass an "
        "int in the range [0, 2**32), a RandomState, a Generator or None."
    )
