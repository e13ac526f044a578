"""The sums and weights of clusters, kept up to date as rows change cluster."""

import numpy as np

from kmeans_core.arrays import Floats, Labels
from kmeans_core.kernels.centers import means, total
from kmeans_core.kernels.labels import add_weights
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.row_groups import MOST_UPDATES, all_rows, moved_rows
from kmeans_core.threads import chunks


class ClusterSums:
    """The weighted sum of each cluster's rows, and the weight of each cluster.

    If few rows changed cluster, only these are subtracted and added. The choice depends only on how
    many rows changed and how often, so every assigner leads to the same centers. The weights of the
    clusters are added up again each time, because rounding must not decide whether a cluster is
    empty.
    """

    def __init__(self, points: KnownPoints, weights: Floats, n_clusters: int) -> None:
        self._points = points
        self._weights = weights
        self._summed = np.empty(0, dtype=np.int32)  # the labels that the sums are of
        self.sums = np.zeros((n_clusters, points.shape[1]))
        self.weight_in_clusters = np.empty(n_clusters)
        self.n_updates = MOST_UPDATES
        # An exact update is as good as a sum over all rows.
        self._counts = 0 if points.sums_are_exact(weights) else 1

    def update(self, labels: Labels, n_moved: int) -> None:
        """Update the sums to new ``labels``, in which ``n_moved`` rows have changed."""
        # A row that changed is added twice, so an update pays up to half of the rows.
        if self.n_updates >= MOST_UPDATES or 2 * n_moved > len(labels):
            self.refresh(labels)
            return
        groups = moved_rows(self._summed, labels, self._weights, len(self.weight_in_clusters))
        self._points.add_rows(groups, self.sums)
        self.n_updates += self._counts
        self._remember(labels)

    def refresh(self, labels: Labels) -> None:
        """Add up all rows."""
        self.sums[:] = 0.0
        self._points.add_rows(
            all_rows(labels, self._weights, len(self.weight_in_clusters)), self.sums
        )
        self.n_updates = 0
        self._remember(labels)

    def means(self, before: Floats, out: Floats) -> float:
        """Write the mean of each cluster to ``out``; return the summed squared shifts.

        An empty cluster gets the mean of the heaviest cluster.
        """
        shifts = np.empty(len(self.weight_in_clusters))
        chunks.run(
            len(self.weight_in_clusters),
            self.sums.size,
            self._points.n_threads,
            lambda start, stop: means(
                self.sums, self.weight_in_clusters, before, start, stop, out, shifts
            ),
        )
        # There are more clusters than distinct rows. scikit-learn does the same.
        for c in np.flatnonzero(self.weight_in_clusters == 0):
            out[c] = out[np.argmax(self.weight_in_clusters)]
            shifts[c] = np.sum((before[c] - out[c]) ** 2)
        return float(total(shifts))

    def _remember(self, labels: Labels) -> None:
        self._summed = labels.copy()
        add_weights(labels, self._weights, self.weight_in_clusters)
