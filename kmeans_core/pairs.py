"""Distances between rows, a block of rows at a time, for each metric a silhouette can have."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.checks import as_points
from kmeans_core.chunks import available_threads
from kmeans_core.errors import InvalidParameterError
from kmeans_core.points import DensePoints, Floats, Points, SparsePoints

METRICS = ("euclidean", "manhattan", "cosine", "precomputed")

# What rounding may leave on the diagonal of a matrix of distances, in units of its dtype's eps.
DIAGONAL_EPS = 100


@dataclass(frozen=True)
class Pairs:
    """Distances from a block of rows to all rows, on demand.

    Attributes
    ----------
    n_samples : int
    n_threads : int
    block : callable
        ``block(first, stop)`` gives the distances from rows first..stop to every row, as an
        array of shape (stop - first, n_samples).
    """

    n_samples: int
    n_threads: int
    block: Callable[[int, int], Floats]


def pairs_of(X: Any, metric: Any) -> Pairs:
    """Distances between the rows of X.

    Parameters
    ----------
    X : array-like or sparse matrix
        Rows of shape (n_samples, n_features); distances of shape (n_samples, n_samples) for
        "precomputed", where an absent entry of a sparse matrix is distance 0.
    metric : {"euclidean", "manhattan", "cosine", "precomputed"}

    Returns
    -------
    Pairs

    Raises
    ------
    ValueError
        If there is no such metric, X is no matrix of finite numbers, or precomputed distances
        are not square, not 0 on the diagonal or negative.
    """
    if not isinstance(metric, str) or metric not in METRICS:
        raise InvalidParameterError(f"metric must be one of {METRICS}, not {metric!r}")
    if metric == "precomputed":
        return _precomputed(X)
    points = as_points(X)
    if metric == "cosine":
        return _cosine(points)
    if metric == "manhattan":
        return Pairs(points.shape[0], points.n_threads, points.pair_manhattan)
    return euclidean(points)


def euclidean(points: Points) -> Pairs:
    """Euclidean distances between points."""
    return Pairs(points.shape[0], points.n_threads, points.pair_distances)


def _cosine(points: Points) -> Pairs:
    """1 - cos(x, y) as |x/|x| - y/|y||^2 / 2, which is exactly 0 for equal rows."""
    directions, is_zero = _unit_rows(points)

    def block(first: int, stop: int) -> Floats:
        distances = directions.pair_distances(first, stop)
        distances *= distances
        distances /= 2
        # A row of zeros has no direction: it is at right angles to all but itself.
        distances[:, is_zero] = 1.0
        distances[is_zero[first:stop]] = 1.0
        distances[np.arange(stop - first), np.arange(first, stop)] = 0.0
        return distances

    return Pairs(points.shape[0], points.n_threads, block)


def _unit_rows(points: Points) -> tuple[Points, npt.NDArray[np.bool_]]:
    if isinstance(points, SparsePoints):
        data, indices, indptr = points.csr
        lengths = np.sqrt(points.row_norms)
        divisors = np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(indptr))
        unit = SparsePoints(data / divisors, indices, indptr, points.shape[1], points.n_threads)
        return unit, lengths == 0
    rows = points.take(np.arange(points.shape[0]))
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    rows /= np.where(lengths > 0, lengths, 1.0)[:, None]
    return DensePoints(rows, points.n_threads), lengths == 0


def _precomputed(X: Any) -> Pairs:
    points = as_points(X)
    n_samples, n_columns = points.shape
    if n_samples != n_columns:
        raise ValueError(
            "Precomputed metric requires shape (n_samples, n_samples), got "
            f"{(n_samples, n_columns)}."
        )
    is_sparse = sp.issparse(X)
    given: Any = X if is_sparse else np.asarray(X)
    # Objects and strings are read as float64; integers and bools have no rounding to allow for.
    dtype = given.dtype if given.dtype.kind in "fiub" else np.dtype(np.float64)
    allowed = DIAGONAL_EPS * np.finfo(dtype).eps if dtype.kind == "f" else 0
    diagonal = np.abs(given.diagonal().astype(np.float64))
    if np.any(diagonal > allowed):
        row = int(np.argmax(diagonal > allowed))
        raise ValueError(
            "The precomputed distance matrix contains non-zero elements on the diagonal, the "
            f"first at row {row}. Use np.fill_diagonal(X, 0)."
        )
    _refuse_negative(points)
    rows: Any = given.tocsr() if is_sparse else given

    def block(first: int, stop: int) -> Floats:
        part = rows[first:stop]
        return np.array(part.toarray() if is_sparse else part, dtype=np.float64)

    return Pairs(n_samples, available_threads(), block)


def _refuse_negative(points: Points) -> None:
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
