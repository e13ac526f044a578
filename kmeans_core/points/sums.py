"""The sums and weights of clusters, kept up to date as rows change cluster."""

import numpy as np

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.kernels.centers import means, total
from kmeans_core.kernels.labels import add_products, add_weights, are_whole, join_chunks
from kmeans_core.points.interface import Assigner, KnownPoints
from kmeans_core.points.row_chunks import ROW_WORK, by_chunks, starts_of_chunks
from kmeans_core.points.row_groups import MOST_UPDATES, all_rows, moved_rows
from kmeans_core.threads import chunks


def cluster_totals(
    labels: Labels,
    weights: Floats,
    values: Floats,
    n_features: int,
    n_clusters: int,
    n_threads: int,
) -> Floats:
    """Sum of weight * value over the rows of each cluster, in the order of sums of rows."""
    starts = starts_of_chunks(len(labels), n_features, n_clusters)
    of_chunks, out = np.empty((len(starts) - 1, 1, n_clusters)), np.empty((1, n_clusters))
    chunks.run(
        len(of_chunks),
        ROW_WORK * len(labels),
        n_threads,
        lambda start, stop: add_products(
            labels, weights, values, starts, start, stop, of_chunks[:, 0]
        ),
    )
    join_chunks(of_chunks, out)
    totals: Floats = out[0]
    return totals


def move_to_means(
    sums: Floats, weight_in_clusters: Floats, centers: Floats, n_threads: int
) -> tuple[float, bool]:
    """Move the centers to the means; return the summed squared shifts, and whether any moved.

    An empty cluster gets the mean of the heaviest cluster.
    """
    shifts = np.empty(len(weight_in_clusters))
    changed: list[bool] = []
    chunks.run(
        len(weight_in_clusters),
        sums.size,
        n_threads,
        lambda start, stop: changed.append(
            means(sums, weight_in_clusters, centers, start, stop, centers, shifts)
        ),
    )
    # There are more clusters than distinct rows. scikit-learn does the same.
    for c in np.flatnonzero(weight_in_clusters == 0):
        heaviest = centers[np.argmax(weight_in_clusters)]
        changed.append(not np.array_equal(centers[c], heaviest))
        shifts[c] = np.sum((centers[c] - heaviest) ** 2)
        centers[c] = heaviest
    return float(total(shifts)), any(changed)


def weigh_chunks(labels: Labels, weights: Floats, starts: Ints, of_chunks: Floats) -> None:
    """Write the weight of each cluster in each chunk to ``of_chunks`` (n_chunks, n_clusters)."""
    for chunk, out in enumerate(of_chunks):
        own = slice(starts[chunk], starts[chunk + 1])
        add_weights(labels[own], weights[own], out)


class ClusterSums:
    """The weighted sum of each cluster's rows, and the weight of each cluster.

    If few rows changed cluster, only these are subtracted and added. The choice depends only on how
    many rows changed and how often, so every assigner leads to the same centers. Weights that may
    round are added up again each time, because rounding must not decide whether a cluster is empty.

    With ``in_one_visit``, a visit to the rows takes long. So the sums always follow the labels in
    the visit that assigns. The points then share each visit among threads.
    """

    def __init__(
        self, points: KnownPoints, weights: Floats, n_clusters: int, *, in_one_visit: bool = False
    ) -> None:
        n_samples, n_features = points.shape
        self._points = points
        self._weights = weights
        # The labels that the sums are of, -1 if a row is in no sum.
        self._summed = np.full(n_samples, -1, dtype=np.int32)
        self.sums = np.zeros((n_clusters, n_features))
        self.weight_in_clusters = np.zeros(n_clusters)
        self.n_updates = MOST_UPDATES
        # An exact update is as good as a sum over all rows.
        self._counts = 0 if points.sums_are_exact(weights) else 1
        self._starts = starts_of_chunks(n_samples, n_features, n_clusters)
        n_chunks = len(self._starts) - 1
        # With one chunk both ways add in the same order. Clusters can share much work on threads.
        self._in_one_visit = in_one_visit
        self._by_chunks = in_one_visit or (
            by_chunks(n_features, n_clusters)
            and (n_chunks > 1 or points.n_stored < chunks.SMALL_WORK)
        )
        self._weights_of_chunks = np.zeros((n_chunks, n_clusters))
        self._is_ahead = False  # whether the sums follow the new labels already
        if self._by_chunks:
            self._sums_of_chunks = np.zeros((n_chunks, n_clusters, n_features))
            self._weights_are_exact = are_whole(weights)

    def assign(self, assigner: Assigner, centers: Floats, labels: Labels) -> int:
        """Assign all rows; return how many labels changed.

        If the sums of chunks can follow in the same visit, they do: as if all rows are to be added
        if an update must do so, and otherwise as if few rows change.
        """
        follow = getattr(assigner, "assign_and_follow", None)
        has_chunks = self._by_chunks and len(self._starts) > 2 and self._weights_are_exact
        self._is_ahead = follow is not None and (has_chunks or self._in_one_visit)
        if follow is None or not self._is_ahead:
            return assigner.assign(centers, labels)
        if self.n_updates >= MOST_UPDATES:
            self._clear(0, len(self._starts) - 1)
        sums = self._summed, self._sums_of_chunks, self._weights_of_chunks
        n_moved: int = follow(centers, labels, self._weights, self._starts, *sums)
        return n_moved

    def update(self, labels: Labels, n_moved: int) -> None:
        """Update the sums to new ``labels``, in which ``n_moved`` rows have changed."""
        # A row that changed is added twice, so an update pays up to half of the rows.
        is_new = self.n_updates >= MOST_UPDATES
        if not (is_new and self._is_ahead) and (is_new or 2 * n_moved > len(labels)):
            self.refresh(labels)
            return
        if self._is_ahead:
            self._weigh(labels, 0, len(self._weights_of_chunks))
            self._join()
        elif self._by_chunks:
            self._follow(labels, 2 * n_moved, from_zero=False)
        else:
            groups = moved_rows(self._summed, labels, self._weights, len(self.sums))
            self._points.add_rows(groups, self.sums)
            self._remember(labels)
        self.n_updates = 0 if is_new else self.n_updates + self._counts

    def refresh(self, labels: Labels) -> None:
        """Add up all rows."""
        if self._by_chunks:
            self._follow(labels, len(labels), from_zero=True)
        else:
            self.sums[:] = 0.0
            groups = all_rows(labels, self._weights, len(self.sums))
            self._points.add_rows(groups, self.sums)
            self._remember(labels)
        self.n_updates = 0

    def move(self, centers: Floats) -> tuple[float, bool]:
        """Move the centers: see ``move_to_means``."""
        return move_to_means(self.sums, self.weight_in_clusters, centers, self._points.n_threads)

    def _follow(self, labels: Labels, n_rows: int, *, from_zero: bool) -> None:
        """Bring the sums of all chunks up to date, which adds about ``n_rows`` rows."""
        sums, weights = self._sums_of_chunks, self._weights_of_chunks
        rows = self._weights, labels, self._starts

        def follow(start: int, stop: int) -> None:
            if from_zero:
                self._clear(start, stop)
            self._points.follow_labels(*rows, start, stop, self._summed, sums, weights)
            self._weigh(labels, start, stop)

        if self._in_one_visit:
            follow(0, len(weights))
            self._join()
            return
        n_values = n_rows * self._points.n_stored // len(labels)
        work = n_values + ROW_WORK * len(labels)
        chunks.run(len(weights), work, self._points.n_threads, follow)
        self._join()

    def _weigh(self, labels: Labels, start: int, stop: int) -> None:
        """Add up the weights of chunks start..stop again if an update may have rounded them."""
        if not self._weights_are_exact:
            of_chunks = self._weights_of_chunks[start:stop]
            weigh_chunks(labels, self._weights, self._starts[start : stop + 1], of_chunks)

    def _clear(self, start: int, stop: int) -> None:
        """Let the sums of chunks start..stop hold no row."""
        self._summed[self._starts[start] : self._starts[stop]] = -1
        self._sums_of_chunks[start:stop] = 0.0
        self._weights_of_chunks[start:stop] = 0.0

    def _join(self) -> None:
        join_chunks(self._sums_of_chunks, self.sums)
        join_chunks(self._weights_of_chunks[:, None], self.weight_in_clusters[None])

    def _remember(self, labels: Labels) -> None:
        self._summed[:] = labels
        add_weights(labels, self._weights, self.weight_in_clusters)
