"""Silhouettes of rows with unknown cells."""

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels
from kmeans_core.kernels import observed
from kmeans_core.points.observed import ObservedPoints
from kmeans_core.threads import chunks

# A thread holds this many sums of distances and this many counts at a time: 512 kB each.
BLOCK_SUMS = 2**16


def observed_silhouettes(points: ObservedPoints, labels: npt.NDArray[np.integer]) -> Floats:
    """Silhouette of every row, over the pairs of rows that share a known cell.

    ``labels`` (n_samples,) are numbers from 0. The silhouette is 0 for a row that shares no known
    cell with the other rows of its cluster, or with the rows of all other clusters.
    """
    n_samples, n_features = points.shape
    clusters = labels.astype(np.int32)
    n_clusters = int(clusters.max()) + 1
    n_rows = max(1, BLOCK_SUMS // n_clusters)
    out = np.empty(n_samples)

    def task(start: int, stop: int) -> None:
        for first in range(start, stop, n_rows):
            last = min(first + n_rows, stop)
            sums, counts = np.zeros((2, last - first, n_clusters))
            rows = *points.csr, n_features, clusters
            observed.add_pair_distances(*rows, first, last, sums, counts)
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
    defined = (larger > 0) & (larger < np.inf)
    scores = np.zeros(len(own))
    scores[defined] = (b[defined] - a[defined]) / larger[defined]
    return scores
