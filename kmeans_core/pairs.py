"""Distances between rows, a block of rows at a time, for each metric a silhouette can have."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core.arrays import Floats
from kmeans_core.checks import as_points, refuse_negative
from kmeans_core.errors import InvalidParameterError
from kmeans_core.points import Points

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
    directions, is_zero = points.unit_rows()

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


def _precomputed(X: Any) -> Pairs:
    points = as_points(X)
    n_samples, n_columns = points.shape
    if n_samples != n_columns:
        raise ValueError(
            "Precomputed metric requires shape (n_samples, n_samples), got "
            f"{(n_samples, n_columns)}."
        )
    given: Any = X if sp.issparse(X) else np.asarray(X)
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
    refuse_negative(points)
    return Pairs(
        n_samples,
        points.n_threads,
        lambda first, stop: points.take(np.arange(first, stop, dtype=np.intp)),
    )
