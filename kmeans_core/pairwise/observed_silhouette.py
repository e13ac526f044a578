"""Silhouettes of rows of which some cells are unknown, from the distances there are."""

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels
from kmeans_core.kernels import observed
from kmeans_core.points.observed import ObservedPoints
from kmeans_core.threads import chunks

# Sums of distances and their counts that a thread holds at a time: 512 kB each.
STRIP_ENTRIES = 2**16


def observed_silhouettes(points: ObservedPoints, labels: npt.NDArray[np.integer]) -> Floats:
    """Silhouette of every row, over the pairs of rows that share a known cell.

    Parameters
    ----------
    points : ObservedPoints
    labels : ndarray of shape (n_samples,)
        Numbers of clusters, from 0.

    Returns
    -------
    ndarray of shape (n_samples,)
        0 for a row that shares no known cell with another of its cluster, or none with any row of
        another cluster.
    """
    n_samples, n_features = points.shape
    clusters = labels.astype(np.int32)
    n_clusters = int(clusters.max()) + 1
    n_rows = max(1, STRIP_ENTRIES // n_clusters)
    out = np.empty(n_samples)

    def task(start: int, stop: int) -> None:
        for first in range(start, stop, n_rows):
            last = min(first + n_rows, stop)
            sums, counts = np.zeros((2, last - first, n_clusters))
            observed.add_pair_distances(
                *points.csr, n_features, clusters, first, last, sums, counts
            )
            out[first:last] = _scores(sums, counts, clusters[first:last])

    chunks.run(n_samples, n_samples * points.n_stored, points.n_threads, task)
    return out


def _scores(sums: Floats, counts: Floats, own: Labels) -> Floats:
    """(b - a) / max(a, b) of Rousseeuw 1987."""
    means = np.full(sums.shape, np.inf)
    np.divide(sums, counts, out=means, where=counts > 0)
    rows = np.arange(len(own))
    a = means[rows, own]
    means[rows, own] = np.inf
    b = means.min(axis=1)
    larger = np.maximum(a, b)
    there = (larger > 0) & (larger < np.inf)
    scores = np.zeros(len(own))
    scores[there] = (b[there] - a[there]) / larger[there]
    return scores
