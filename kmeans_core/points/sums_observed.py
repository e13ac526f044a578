"""The means of the known values of each cluster, feature by feature, with shrinkage."""

from functools import partial

import numpy as np

from kmeans_core.arrays import Csr, Floats, Labels
from kmeans_core.kernels import observed
from kmeans_core.kernels.centers import total
from kmeans_core.kernels.labels import add_weights, join_chunks
from kmeans_core.points.interface import Assigner
from kmeans_core.points.row_chunks import by_chunks, starts_of_chunks
from kmeans_core.points.row_groups import all_rows
from kmeans_core.threads import chunks


class ObservedSums:
    """Weighted sums of the known values of each cluster and feature, and the sums of weights."""

    n_updates = 0  # all rows are added up each time

    def __init__(
        self,
        csr: Csr,
        weights: Floats,
        n_clusters: int,
        feature_means: Floats,
        shrinkage: float,
        n_threads: int,
    ) -> None:
        self._csr = csr
        self._weights = weights
        self._feature_means = feature_means
        self._shrinkage = shrinkage
        self._n_threads = n_threads
        self._sums = np.empty((n_clusters, len(feature_means)))
        self._weight_of_known = np.empty_like(self._sums)
        self.weight_in_clusters = np.empty(n_clusters)
        self._by_chunks = by_chunks(len(feature_means), n_clusters)

    def assign(self, assigner: Assigner, centers: Floats, labels: Labels) -> int:
        """Assign all rows; return how many labels changed."""
        return assigner.assign(centers, labels)

    def update(self, labels: Labels, n_moved: int) -> None:
        """Add up all rows, whatever the number of changed labels."""
        self.refresh(labels)

    def refresh(self, labels: Labels) -> None:
        """Add up all rows."""
        if self._by_chunks:
            self._add_chunks(labels)
            return
        groups = all_rows(labels, self._weights, len(self.weight_in_clusters))
        self._sums[:] = 0.0
        self._weight_of_known[:] = 0.0
        chunks.run(
            len(self.weight_in_clusters),
            len(self._csr[0]),
            self._n_threads,
            lambda start, stop: groups.add(
                partial(observed.add_cells, *self._csr),
                start,
                stop,
                len(self._csr[0]) / len(labels),
                self._sums,
                self._weight_of_known,
            ),
        )
        add_weights(labels, self._weights, self.weight_in_clusters)

    def move(self, centers: Floats) -> tuple[float, bool]:
        """Move the centers to (sum w x + shrinkage * m) / (sum w + shrinkage).

        The result is m if this is 0 / 0, so a cluster that stays empty has the features' means.
        """
        shifts = np.empty(len(self.weight_in_clusters))
        chunks.run(
            len(self.weight_in_clusters),
            self._sums.size,
            self._n_threads,
            lambda start, stop: observed.means(
                self._sums,
                self._weight_of_known,
                self._feature_means,
                self._shrinkage,
                start,
                stop,
                centers,
                shifts,
            ),
        )
        return float(total(shifts)), True

    def _add_chunks(self, labels: Labels) -> None:
        starts = starts_of_chunks(len(labels), len(self._feature_means), len(self._sums))
        shape = len(starts) - 1, *self._sums.shape
        sums, weight_of_known, weights = np.empty(shape), np.empty(shape), np.empty(shape[:2])
        rows = *self._csr, self._weights, labels, starts
        chunks.run(
            len(weights),
            len(self._csr[0]),
            self._n_threads,
            lambda start, stop: observed.add_chunks(
                *rows, start, stop, sums, weight_of_known, weights
            ),
        )
        join_chunks(sums, self._sums)
        join_chunks(weight_of_known, self._weight_of_known)
        join_chunks(weights[:, None], self.weight_in_clusters[None])
