"""Any input a user may bring -> Points, weights, a random state; or one clear error."""

from collections.abc import Callable
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from numpy.random.bit_generator import ISeedSequence

from kmeans_core import chunks
from kmeans_core.arrays import Floats
from kmeans_core.chunks import available_threads
from kmeans_core.dense_points import DensePoints
from kmeans_core.errors import InvalidParameterError
from kmeans_core.kernels import sparse
from kmeans_core.observed_points import ObservedPoints, points_of_cells
from kmeans_core.points import KnownPoints, Points
from kmeans_core.sparse_points import SparsePoints
from kmeans_core.weights import cast_weights, refuse_extreme_weights

RandomStream = np.random.RandomState | np.random.Generator


def _is_not_finite(values: npt.NDArray[Any]) -> Any:
    return ~np.isfinite(values)


# What tells the values that no cell may hold, by what is asked of missing cells.
_REFUSED: dict[str, Callable[..., Any]] = {"error": _is_not_finite, "ignore": np.isinf}


@overload
def as_points(X: Any, *, n_threads: int | None = None, min_samples: int = 1) -> KnownPoints: ...


@overload
def as_points(
    X: Any, *, n_threads: int | None = None, min_samples: int = 1, missing: str
) -> KnownPoints | ObservedPoints: ...


def as_points(
    X: Any, *, n_threads: int | None = None, min_samples: int = 1, missing: str = "error"
) -> KnownPoints | ObservedPoints:
    """Points over X, which is not copied where its dtype and layout already serve.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        float32 stays float32; every other real dtype becomes float64. Sparse formats other than
        CSR are converted, absent = 0; nothing sparse is made dense.
    n_threads : int or None
        Threads of each call at most; None for all this process may use.
    min_samples : int
    missing : {"error", "ignore"}
        With "ignore" NaN and, in a sparse matrix, what is not stored are unknown. Where nothing
        is, the points are dense.

    Raises
    ------
    ValueError
        X is not 2-D, empty, complex, not numeric, has NaN or infinity (the first one's row and
        column are named), hides values behind a mask, or is a sparse matrix whose arrays
        contradict one another, or whose format does not tell what is stored from what is not.
    """
    threads = available_threads() if n_threads is None else n_threads
    points = (
        _sparse_points(X, threads, missing)
        if sp.issparse(X)
        else _dense_points(X, threads, missing)
    )
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


def _dense_points(X: Any, n_threads: int, missing: str) -> DensePoints | ObservedPoints:
    if np.ma.is_masked(X):
        raise ValueError(
            "X is a masked array with masked values, which would be clustered as if they were "
            "none: fill them first (X.filled) or leave their rows out."
        )
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
        bad = np.argwhere(_REFUSED[missing](array))
        if len(bad):
            row, column = bad[0]
            _refuse_value(array[row, column], int(row), int(column))
        if np.any(np.isnan(array)):
            return ObservedPoints.of_array(array, n_threads)
    return DensePoints(array, n_threads)


def _to_float64(array: npt.NDArray[Any]) -> Floats:
    try:
        # A long double past float64's range becomes infinity, which is refused by its place.
        with np.errstate(over="ignore"):
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


def _sparse_points(X: Any, n_threads: int, missing: str) -> KnownPoints | ObservedPoints:
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D sparse array instead.")
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported.")
    if missing == "ignore" and X.format in ("bsr", "dia"):
        raise ValueError(
            f"X is a {X.format.upper()} matrix, which stores whole blocks or diagonals: with "
            "missing='ignore' a cell that is not stored is unknown. Convert it to CSR with what is "
            "known."
        )
    if _is_sound(X, n_threads):
        n_stored = int(X.indptr[-1])
        csr = X.data[:n_stored], X.indices[:n_stored], X.indptr
        return _of_csr(*csr, X.shape[1], n_threads, missing)
    refuse_malformed(X)
    matrix = X if X.format == "csr" else X.tocsr()
    n_features = matrix.shape[1]
    data = np.asarray(matrix.data)
    indices, indptr = _native(matrix.indices), _native(matrix.indptr)

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
        bad = np.flatnonzero(_REFUSED[missing](data))
        if len(bad):
            row = int(np.searchsorted(indptr, bad[0], side="right")) - 1
            _refuse_value(data[bad[0]], row, int(indices[bad[0]]))
        # A NaN that is stored says as little as a cell that is not.
        known = ~np.isnan(data)
        indptr = np.concatenate([[0], np.cumsum(known)]).astype(indptr.dtype)[indptr]
        data, indices = data[known], indices[known]
    return _of_csr(data, indices, indptr, n_features, n_threads, missing)


def _of_csr(
    data: npt.NDArray[Any],
    indices: npt.NDArray[Any],
    indptr: npt.NDArray[Any],
    n_features: int,
    n_threads: int,
    missing: str,
) -> KnownPoints | ObservedPoints:
    """Points over sound CSR."""
    if missing == "error":
        return SparsePoints(data, indices, indptr, n_features, n_threads)
    return points_of_cells(data, indices, indptr, n_features, n_threads)


def _is_sound(X: Any, n_threads: int) -> bool:
    """Whether X is such CSR as kernels want, by one pass; False where that is yet to be told."""
    if X.format != "csr":
        return False
    arrays = X.data, X.indices, X.indptr
    dtypes = ((np.float32, np.float64), (np.int32, np.int64), (np.int32, np.int64))
    for array, allowed in zip(arrays, dtypes, strict=True):
        if type(array) is not np.ndarray or array.ndim != 1 or array.dtype not in allowed:
            return False
    if len(X.indptr) != X.shape[0] + 1 or X.indptr[0] != 0:
        return False
    answers: list[bool] = []
    chunks.run(
        X.shape[0],
        len(X.data),
        n_threads,
        lambda start, stop: answers.append(sparse.is_sound(*arrays, X.shape[1], start, stop)),
    )
    return all(answers)


def _native(integers: Any) -> npt.NDArray[Any]:
    """The integers in this machine's byte order, the only one that compiled code reads."""
    array = np.asarray(integers)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def refuse_malformed(X: Any) -> None:
    """Neither a kernel nor scipy's conversions check bounds: the arrays must hold together."""
    n_rows, n_columns = X.shape
    problem = None
    if X.format == "csr":
        problem = _contradiction(X.data, X.indices, X.indptr, "row", n_rows, "column", n_columns)
    elif X.format == "csc":
        problem = _contradiction(X.data, X.indices, X.indptr, "column", n_columns, "row", n_rows)
    elif X.format == "bsr":
        height, width = X.blocksize
        problem = _contradiction(
            X.data[:, 0, 0],
            X.indices,
            X.indptr,
            "block row",
            n_rows // height,
            "block column",
            n_columns // width,
        )
    elif X.format == "coo":
        for name, found, size in (("row", X.row, n_rows), ("column", X.col, n_columns)):
            if problem is not None:
                break
            if len(found) != len(X.data):
                problem = f"{len(found)} {name} indices for {len(X.data)} data"
            elif len(found) and (np.min(found) < 0 or np.max(found) >= size):
                problem = f"a {name} index is outside 0..{size - 1}"
    if problem is not None:
        raise ValueError(f"Malformed sparse matrix X: {problem}.")


def _contradiction(
    data: Any, indices: Any, indptr: Any, line: str, n_lines: int, place: str, n_places: int
) -> str | None:
    """What is wrong with compressed lines (rows of CSR, columns of CSC); None if nothing is."""
    data, indices, indptr = np.asarray(data), np.asarray(indices), np.asarray(indptr)
    if data.ndim != 1 or indices.ndim != 1 or indptr.ndim != 1:
        return "data, indices and indptr must be 1-D"
    if indices.dtype.kind != "i" or indptr.dtype.kind != "i":
        return f"indices and indptr must be signed integers, not {indices.dtype}, {indptr.dtype}"
    if len(indptr) != n_lines + 1:
        return f"indptr has {len(indptr)} entries for {n_lines} {line}s; {n_lines + 1} needed"
    if indptr[0] != 0:
        return f"indptr starts at {indptr[0]}, not 0"
    falls = indptr[1:] < indptr[:-1]
    if np.any(falls):
        at = int(np.argmax(falls))
        return f"indptr falls from {indptr[at]} to {indptr[at + 1]} at {line} {at}"
    if indptr[-1] > min(len(data), len(indices)):
        return (
            f"indptr ends at {indptr[-1]}, but there are {len(data)} data "
            f"and {len(indices)} indices"
        )
    stored = indices[: indptr[-1]]
    outside = (stored < 0) | (stored >= n_places)
    if np.any(outside):
        position = int(np.argmax(outside))
        at = int(np.searchsorted(indptr, position, side="right")) - 1
        return f"{line} {at} has {place} index {stored[position]}; X has {n_places} {place}s"
    return None


def _strictly_ascending(indices: npt.NDArray[Any], indptr: npt.NDArray[Any]) -> bool:
    if len(indices) < 2:
        return True
    ascends = indices[1:] > indices[:-1]
    row_starts = indptr[1:-1]
    row_starts = row_starts[(row_starts > 0) & (row_starts < len(indices))]
    ascends[row_starts - 1] = True
    return bool(np.all(ascends))


def refuse_negative(points: Points) -> None:
    """Raise ValueError where precomputed distances hold a negative one, naming the first."""
    place = None
    if isinstance(points, SparsePoints):
        data, indices, indptr = points.csr
        bad = np.flatnonzero(data < 0)
        if len(bad):
            place = int(np.searchsorted(indptr, bad[0], side="right")) - 1, int(indices[bad[0]])
    elif isinstance(points, DensePoints) and np.min(points.X) < 0:
        place = tuple(np.argwhere(points.X < 0)[0].tolist())
    if place is not None:
        raise ValueError(
            f"Negative values in the precomputed distances: the first at row {place[0]}, "
            f"column {place[1]}."
        )


def as_weights(sample_weight: Any, points: Points, centers: Floats | None = None) -> Floats:
    """One float64 weight for each row, at the precision of the points; ones for None.

    Parameters
    ----------
    sample_weight : array-like, scalar or None
    points : Points
    centers : ndarray of shape (n_clusters, n_features), optional
        Centres that are given and may lie far from the points.

    Raises
    ------
    ValueError
        If the weights do not fit the points, are no finite numbers from 0 on, are all 0, or are so
        large or small that sums and products with them overflow or underflow.
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
    """A first state for a stream that is seeded before it is used."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> npt.NDArray[Any]:
        return np.zeros(n_words, dtype=dtype)


_NO_ENTROPY = _NoEntropy()


def as_random_stream(random_state: Any) -> RandomStream:
    """A RandomState for an integer, the object itself for a stream, a new one for None.

    None never means numpy's global stream: a fit neither reads nor moves it.
    """
    if random_state is None:
        return np.random.RandomState()
    if isinstance(random_state, np.random.RandomState | np.random.Generator):
        return random_state
    if isinstance(random_state, int | np.integer) and 0 <= random_state < 2**32:
        # As RandomState(random_state), which first asks the system for entropy it does not need.
        stream = np.random.RandomState(np.random.MT19937(_NO_ENTROPY))  # type: ignore[arg-type]
        stream.seed(int(random_state))
        return stream
    raise InvalidParameterError(
        f"{random_state!r} cannot be used to seed a numpy.random.RandomState instance: pass an "
        "int in the range [0, 2**32), a RandomState, a Generator or None."
    )
