"""Distances from a block of rows to a block of columns (other rows), for each metric."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core.arrays import Floats, ceil_div, round_up
from kmeans_core.errors import InvalidParameterError, shown
from kmeans_core.points.checks import refuse_negative
from kmeans_core.points.interface import DistancesOf, KnownPoints
from kmeans_core.points.tables import as_array

METRICS = ("euclidean", "manhattan", "cosine", "precomputed")

# Other names that scikit-learn has for some of them.
ALIASES = {"l2": "euclidean", "l1": "manhattan", "cityblock": "manhattan"}

# Rounding may leave this much on the diagonal of a matrix of distances, in units of eps.
DIAGONAL_EPS = 100

# Columns are cut into whole vectors of lanes. There are enough blocks for all threads, and each is
# large enough to be worth preparing.
LEAST_BLOCKS = 7
LEAST_BLOCK_COLUMNS = 96
BLOCK_MULTIPLE = 32

# Each block of long rows is read from memory for each block of columns. Fewer, larger blocks are
# read less often: with these, 1,500 x 30,000 takes nine tenths of the time.
LEAST_LONG_BLOCKS = 4

# The distances in a block of rows and columns. A thread holds two such arrays of 512 kB, which fit
# in a second cache.
BLOCK_DISTANCES = 2**16


@dataclass(frozen=True)
class Pairs:
    """Distances between rows, computed on demand.

    A block of rows meets a block of columns, which are rows of the same points. ``to(first, stop)``
    prepares the columns first..stop. It returns a function that returns the distances from rows
    start..end, as an array (end - start, stop - first) or wider. Columns beyond have no meaning.
    The caller may change the array.
    """

    n_samples: int
    n_threads: int
    block_columns: int  # the best size of a block of columns; it depends only on the shape
    block_rows: int  # the best size of a block of rows
    work: int  # rough number of multiply-adds for one distance
    is_symmetric: bool  # to the bit
    to: Callable[[int, int], DistancesOf]


def pairs_of_points(points: KnownPoints, metric: str, X: Any) -> Pairs:
    """Distances between the points that were made from X, under a result of ``named_metric``.

    ValueError if precomputed distances are not square, not 0 on the diagonal, or negative.
    """
    if metric == "precomputed":
        return _precomputed(X, points)
    if metric == "cosine":
        return _cosine(points)
    if metric == "manhattan":
        return _symmetric(points, points.pair_manhattan)
    return euclidean(points)


def named_metric(name: Any) -> str:
    """The name in ``METRICS`` for a metric; InvalidParameterError if there is no such metric."""
    metric = ALIASES.get(name, name) if isinstance(name, str) else None
    if metric not in METRICS:
        raise InvalidParameterError(
            f"metric must be one of {METRICS}, not {shown(name)}. ('l2' is another name for "
            "'euclidean'. 'l1' and 'cityblock' are other names for 'manhattan'.)"
        )
    return metric


def euclidean(points: KnownPoints) -> Pairs:
    """Euclidean distances between points."""
    return _symmetric(points, points.pair_distances)


def _symmetric(points: KnownPoints, to: Callable[[int, int], DistancesOf]) -> Pairs:
    n_samples = points.shape[0]
    # A vector computes eight products at once. The root and the rest take about as long as 8 more.
    work = points.n_stored // n_samples // 8 + 8
    n_columns = min(_block_columns(n_samples, points.rows_are_long), points.most_block_columns)
    n_rows = n_columns if points.rows_are_long else BLOCK_DISTANCES // n_columns
    return Pairs(n_samples, points.n_threads, n_columns, n_rows, work, True, to)


def _block_columns(n_samples: int, are_long: bool) -> int:
    n_blocks = LEAST_LONG_BLOCKS if are_long else LEAST_BLOCKS
    return round_up(max(LEAST_BLOCK_COLUMNS, ceil_div(n_samples, n_blocks)), BLOCK_MULTIPLE)


def _cosine(points: KnownPoints) -> Pairs:
    """1 - cos(x, y) as |x/|x| - y/|y||^2 / 2, which is exactly 0 for equal rows."""
    directions, is_zero = points.unit_rows()

    def to(first: int, stop: int) -> DistancesOf:
        between = directions.pair_distances(first, stop)

        def distances(start: int, end: int) -> Floats:
            # A row of zeros has no direction. Its distance is 1 to every row except itself.
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
    # Objects and strings are read as float64. Integers and bools have no rounding errors.
    dtype = given if given.kind in "fiub" else np.dtype(np.float64)
    allowed = DIAGONAL_EPS * np.finfo(dtype).eps if dtype.kind == "f" else 0
    # The matrix of the points, because X itself is not checked.
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

    # There is one block of columns, because rows are read whole.
    n_rows = max(1, BLOCK_DISTANCES // n_samples)
    return Pairs(n_samples, points.n_threads, n_samples, n_rows, 1, False, to)
