"""Distances between rows, a strip of rows to a block of rows, for each metric of a silhouette."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core.arrays import Floats, ceil_div, round_up
from kmeans_core.errors import InvalidParameterError, shown
from kmeans_core.points.checks import as_points, refuse_negative
from kmeans_core.points.interface import DistancesOf, KnownPoints
from kmeans_core.points.tables import as_array

METRICS = ("euclidean", "manhattan", "cosine", "precomputed")

# scikit-learn's other names of some of them.
ALIASES = {"l2": "euclidean", "l1": "manhattan", "cityblock": "manhattan"}

# What rounding may leave on the diagonal of a matrix of distances, in units of its dtype's eps.
DIAGONAL_EPS = 100

# Rows are cut into blocks: not so few that threads have nothing to share, nor smaller than is worth
# preparing. Whole vectors of lanes.
LEAST_BLOCKS = 7
LEAST_BLOCK_ROWS = 96
BLOCK_MULTIPLE = 32

# Long rows are brought from memory for every strip and block. In larger strips that is done less
# often: with these, 1,500 x 30,000 takes nine tenths of the time.
LEAST_LONG_BLOCKS = 4

# Distances of a strip, which a thread holds twice over: 512 kB each, which a second cache holds.
STRIP_ENTRIES = 2**16


@dataclass(frozen=True)
class Pairs:
    """Distances from rows to rows, on demand.

    Attributes
    ----------
    n_samples : int
    n_threads : int
    block_rows : int
        Into blocks of how many rows the rows are best cut; it depends on their shape alone.
    strip_rows : int
        How many rows are best asked for at a time.
    work : int
        Multiply-adds of one distance, roughly.
    both_ways : bool
        Whether the distance of two rows is the same from either, to the bit.
    to : callable
        ``to(first, stop)`` gives what computes distances to rows first..stop; that, called with
        (start, end), gives those from rows start..end as an array (end - start, stop - first),
        or wider: columns beyond have no meaning. The array is the caller's.
    """

    n_samples: int
    n_threads: int
    block_rows: int
    strip_rows: int
    work: int
    both_ways: bool
    to: Callable[[int, int], DistancesOf]


def pairs_of(X: Any, metric: Any, *, n_threads: int | None = None) -> Pairs:
    """Distances between the rows of X.

    Parameters
    ----------
    X : array-like or sparse matrix
        Rows of shape (n_samples, n_features); distances of shape (n_samples, n_samples) for
        "precomputed", where an absent entry of a sparse matrix is distance 0.
    metric : {"euclidean", "l2", "manhattan", "l1", "cityblock", "cosine", "precomputed"}
    n_threads : int or None
        As in :func:`as_points`.

    Returns
    -------
    Pairs

    Raises
    ------
    ValueError
        If there is no such metric, X is no matrix of finite numbers, or precomputed distances
        are not square, not 0 on the diagonal or negative.
    """
    metric = named_metric(metric)
    points = as_points(X, n_threads=n_threads, compress=metric != "precomputed")
    return pairs_of_points(points, metric, X)


def pairs_of_points(points: KnownPoints, metric: str, X: Any) -> Pairs:
    """Distances between points under a metric of :func:`named_metric`; ``X`` is what they are of.

    Raises
    ------
    ValueError
        If precomputed distances are not square, not 0 on the diagonal or negative.
    """
    if metric == "precomputed":
        return _precomputed(X, points)
    if metric == "cosine":
        return _cosine(points)
    if metric == "manhattan":
        return _symmetric(points, points.pair_manhattan)
    return euclidean(points)


def named_metric(name: Any) -> str:
    """The metric of a name.

    Raises
    ------
    InvalidParameterError
        If there is no such metric; the error lists the names.
    """
    metric = ALIASES.get(name, name) if isinstance(name, str) else None
    if metric not in METRICS:
        raise InvalidParameterError(
            f"metric must be one of {METRICS}, not {shown(name)} ('l2' is another name of "
            "'euclidean', 'l1' and 'cityblock' are of 'manhattan')."
        )
    return metric


def euclidean(points: KnownPoints) -> Pairs:
    """Euclidean distances between points."""
    return _symmetric(points, points.pair_distances)


def _symmetric(points: KnownPoints, to: Callable[[int, int], DistancesOf]) -> Pairs:
    n_samples = points.shape[0]
    # Products go eight to a vector; a root and what is beside it take as long as some more.
    work = points.n_stored // n_samples // 8 + 8
    n_block = min(_block_rows(n_samples, points.rows_are_long), points.most_block_rows)
    n_strip = n_block if points.rows_are_long else STRIP_ENTRIES // n_block
    return Pairs(n_samples, points.n_threads, n_block, n_strip, work, True, to)


def _block_rows(n_samples: int, are_long: bool) -> int:
    n_blocks = LEAST_LONG_BLOCKS if are_long else LEAST_BLOCKS
    return round_up(max(LEAST_BLOCK_ROWS, ceil_div(n_samples, n_blocks)), BLOCK_MULTIPLE)


def _cosine(points: KnownPoints) -> Pairs:
    """1 - cos(x, y) as |x/|x| - y/|y||^2 / 2, which is exactly 0 for equal rows."""
    directions, is_zero = points.unit_rows()

    def to(first: int, stop: int) -> DistancesOf:
        between = directions.pair_distances(first, stop)

        def distances(start: int, end: int) -> Floats:
            # A row of zeros has no direction: it is at right angles to all but itself.
            out = between(start, end)
            out *= out
            out /= 2
            out[:, : stop - first][:, is_zero[first:stop]] = 1.0
            out[is_zero[start:end]] = 1.0
            same = np.arange(max(first, start), min(stop, end))
            out[same - start, same - first] = 0.0
            return out

        return distances

    return _symmetric(points, to)


def _precomputed(X: Any, points: KnownPoints) -> Pairs:
    n_samples, n_columns = points.shape
    if n_samples != n_columns:
        raise ValueError(
            "Precomputed metric requires shape (n_samples, n_samples), got "
            f"{(n_samples, n_columns)}."
        )
    given = getattr(X if sp.issparse(X) else as_array(X), "dtype", np.dtype(np.float64))
    # Objects and strings are read as float64; integers and bools have no rounding to allow for.
    dtype = given if given.kind in "fiub" else np.dtype(np.float64)
    allowed = DIAGONAL_EPS * np.finfo(dtype).eps if dtype.kind == "f" else 0
    # Of the points, not of X: those are known to be sound.
    diagonal = np.abs(points.matrix.diagonal().astype(np.float64))
    if np.any(diagonal > allowed):
        row = int(np.argmax(diagonal > allowed))
        raise ValueError(
            "The precomputed distance matrix contains non-zero elements on the diagonal, the "
            f"first at row {row}. Use np.fill_diagonal(X, 0)."
        )
    refuse_negative(points)

    def to(first: int, stop: int) -> DistancesOf:
        return lambda start, end: np.ascontiguousarray(
            points.take(np.arange(start, end, dtype=np.intp))[:, first:stop]
        )

    # One block: rows are taken whole.
    n_strip = max(1, STRIP_ENTRIES // n_samples)
    return Pairs(n_samples, points.n_threads, n_samples, n_strip, 1, False, to)
