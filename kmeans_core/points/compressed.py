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

# For a fit this is also true up to this many bytes of centers, in the dtype of X. Measured from 32
# to 2,000 features, up to 256 clusters, and an eighth to a 128th of the cells stored: below it, CSR
# took .7 to 3.9 times as long as dense rows, and above it .1 to 2.2 times, mostly below 1.
MOST_DENSE_BYTES = 2**13

# About this many rows are examined before all rows are.
SAMPLE_ROWS = 64


def compressed(points: KnownPoints, n_clusters: int) -> KnownPoints:
    """The same points as CSR if they are dense and mostly zero; otherwise the points themselves.

    They stay dense if ``n_clusters`` centers are so few that CSR would save no time, or if they are
    mapped from a file. Labels, centers and iterations of a fit are the same in both storages.
    """
    if not isinstance(points, DensePoints) or points.shape[1] < FEWEST_FEATURES:
        return points
    if points.is_mapped:  # to read the file again takes less memory
        return points
    X = points.X
    if X.shape[1] * X.itemsize * n_clusters <= MOST_DENSE_BYTES:
        return points
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
