"""Chunks of rows for sums: each chunk has sums of its own, which are joined in chunk order."""

import numpy as np

from kmeans_core.arrays import Ints

# A chunk has at least this many rows, so that small data have one chunk.
LEAST_ROWS = 4096

MOST_CHUNKS = 64

# Labels and weights of a row take about as long as this many multiply-adds.
ROW_WORK = 6

# With more sums than this, the sums of a chunk take over 256 KB, and chunks gain nothing. Measured
# from 2 to 4,096 features: up to this limit they took .3 to 1 times as long.
MOST_SUMS = 2**15


def by_chunks(n_features: int, n_clusters: int) -> bool:
    """Whether sums are added by chunks of rows; otherwise they are added cluster by cluster."""
    return n_features * n_clusters <= MOST_SUMS


def starts_of_chunks(n_samples: int, n_features: int, n_clusters: int) -> Ints:
    """The first row of each chunk, and the number of rows.

    The number of chunks sets the order of summation. So it depends on the shape alone. A chunk has
    at least as many rows as sums, so that the sums of all chunks take little time and memory.
    """
    n_chunks = 1
    if by_chunks(n_features, n_clusters):
        least = max(LEAST_ROWS, n_features * n_clusters)
        n_chunks = max(1, min(MOST_CHUNKS, n_samples // least))
    starts: Ints = n_samples * np.arange(n_chunks + 1) // n_chunks
    return starts
