"""Turns dense rows that are mostly zero into CSR, so that the work skips the zeros."""

import numpy as np

from kmeans_core.kernels import dense
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.sparse import SparsePoints
from kmeans_core.threads import chunks

# CSR takes less time if at most about a quarter of the cells is not zero. At an eighth, its copy
# takes a fifth of the memory of a float64 array, and a quarter of that of a float32 array.
MOST_STORED = 1 / 8

# With fewer features a row is so short that the vectors of dense rows are as fast.
FEWEST_FEATURES = 32

# About this many rows are examined before all rows are.
SAMPLE_ROWS = 64


def compressed(points: KnownPoints) -> KnownPoints:
    """The same points as CSR if they are dense and mostly zero; otherwise the points themselves.

    Labels, centers and iterations of a fit are the same in both storages.
    """
    if not isinstance(points, DensePoints) or points.shape[1] < FEWEST_FEATURES:
        return points
    X = points.X
    step = max(1, len(X) // SAMPLE_ROWS)
    if np.mean(X[::step] != 0) > MOST_STORED:
        return points
    counts = np.empty(len(X), dtype=np.int64)
    chunks.run(
        len(X),
        X.size,
        points.n_threads,
        lambda start, stop: dense.count_stored(X, start, stop, counts),
    )
    n_stored = int(counts.sum())
    if n_stored > MOST_STORED * X.size or n_stored >= 2**31:
        return points
    indptr = np.zeros(len(X) + 1, dtype=np.int32)
    np.cumsum(counts, out=indptr[1:])
    data = np.empty(n_stored, dtype=X.dtype)
    indices = np.empty(n_stored, dtype=np.int32)
    chunks.run(
        len(X),
        X.size,
        points.n_threads,
        lambda start, stop: dense.compress(X, indptr, start, stop, data, indices),
    )
    return SparsePoints((data, indices, indptr), X.shape[1], points.n_threads)
