"""ObservedPoints: rows with unknown cells."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Csr, Floats, Ints, Labels, row_blocks
from kmeans_core.kernels import observed
from kmeans_core.lazy import lazy
from kmeans_core.points.centers import transposed
from kmeans_core.points.csr_rows import CsrRows
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import RUN_CALLS, Assigner, KnownPoints, Trials
from kmeans_core.points.sums_observed import ObservedSums
from kmeans_core.points.trials import ObservedTrials
from kmeans_core.threads import chunks


class ObservedPoints(CsrRows):
    """The known cells of rows as CSR, in which an absent cell is unknown.

    Distances to centers are sums over a row's known cells, as in k-POD (Chi, Chi and Baraniuk
    2016). That algorithm fills the unknown cells with those of the row's center, which adds 0.
    ``weights`` (n_samples,) are for the features' means, and the default is 1. ``shrinkage`` is the
    weight of the features' means in every center.
    """

    inertia_error = 0.0
    known = None

    def __init__(
        self,
        csr: Csr,
        n_features: int,
        n_threads: int,
        weights: Floats | None = None,
        shrinkage: float = 0.0,
    ) -> None:
        super().__init__(csr, n_features, n_threads)
        self.shrinkage = shrinkage
        self.weights = np.ones(self.shape[0]) if weights is None else weights

    @classmethod
    def of_array(cls, X: npt.NDArray[Any], n_threads: int) -> "ObservedPoints":
        """The cells of an array that are not NaN."""
        n_samples, n_features = X.shape
        kind = np.dtype(np.int32 if X.size < 2**31 else np.int64)
        blocks = list(row_blocks(X.shape))
        indptr = np.zeros(n_samples + 1, dtype=kind)
        for rows in blocks:
            indptr[1:][rows] = n_features - np.count_nonzero(np.isnan(X[rows]), axis=1)
        np.cumsum(indptr, out=indptr)
        data = np.empty(indptr[-1], dtype=X.dtype)
        indices = np.empty(indptr[-1], dtype=kind)
        for rows in blocks:
            has_value = ~np.isnan(X[rows])
            cells = slice(indptr[rows.start], indptr[rows.stop])
            data[cells] = X[rows][has_value]
            indices[cells] = np.nonzero(has_value)[1]
        return cls((data, indices, indptr), n_features, n_threads)

    @classmethod
    def of_whole(cls, points: KnownPoints) -> "ObservedPoints":
        """All cells of points without unknown cells."""
        rows = points.take(np.arange(points.shape[0]))
        return cls.of_array(rows.astype(points.dtype, copy=False), points.n_threads)

    def rows_with_known_cells(self) -> tuple["DensePoints | ObservedPoints", Ints]:
        """The points of the rows that have a known cell, and the numbers of these rows."""
        data, indices, indptr = self.csr
        rows = np.flatnonzero(self.n_known)
        indptr = indptr[np.append(rows, len(self.n_known))]
        return points_of_cells((data, indices, indptr), self.n_features, self.n_threads), rows

    def weighted(self, weights: Floats, shrinkage: float) -> "ObservedPoints":
        """The same rows with weights and with shrinkage of the centers."""
        return ObservedPoints(self.csr, self.n_features, self.n_threads, weights, shrinkage)

    @lazy
    def n_known(self) -> Ints:
        """The number of known cells of each row."""
        counts: Ints = np.diff(self.csr[2]).astype(np.intp)
        return counts

    @lazy
    def unknown_rows(self) -> Ints:
        rows: Ints = np.flatnonzero(self.n_known == 0)
        return rows

    @lazy
    def feature_weights(self) -> Floats:
        """The weight of the rows that know each feature."""
        return self._by_feature(np.repeat(self.weights, self.n_known))

    @lazy
    def feature_means(self) -> Floats:
        """Weighted mean of each feature's known values; NaN if these have no weight."""
        sums = self._by_feature(np.repeat(self.weights, self.n_known) * self.csr[0])
        with np.errstate(invalid="ignore"):
            means: Floats = sums / self.feature_weights
        return means

    def mean_variance(self) -> float:
        return self._mean_variance

    @lazy
    def _mean_variance(self) -> float:
        data, indices, _ = self.csr
        counts = self._by_feature(np.ones(len(data)))
        means = self._by_feature(data) / counts
        return float(np.mean(self._by_feature((data - means[indices]) ** 2) / counts))

    def take(self, rows: Ints) -> Floats:
        """Some rows as a dense array, with the feature's mean in each unknown cell."""
        data, indices, indptr = self.csr
        out = np.tile(self.feature_means, (len(rows), 1))
        for place, row in enumerate(rows):
            cells = slice(indptr[row], indptr[row + 1])
            out[place, indices[cells]] = data[cells]
        return out

    def assigner(self, n_clusters: int, n_calls: int = RUN_CALLS) -> Assigner:
        return ObservedAssigner(self)

    def cluster_sums(self, weights: Floats, n_clusters: int) -> ObservedSums:
        return ObservedSums(
            self.csr, weights, n_clusters, self.feature_means, self.shrinkage, self.n_threads
        )

    def penalty(self, centers: Floats) -> float:
        if self.shrinkage == 0:
            return 0.0
        return self.shrinkage * float(np.sum((centers - self.feature_means) ** 2))

    def cost_alone(self, weights: Floats) -> Floats | float:
        """The center of a cluster with one row is (w x + s m) / (w + s), where s is the shrinkage.

        Its penalty plus the row's distance times w is then w s / (w + s) |x - m|^2.
        """
        if self.shrinkage == 0:
            return 0.0
        all_in_one = np.zeros(len(weights), dtype=np.int32)
        to_means = self.own_distances(self.feature_means[None, :], all_in_one)
        costs: Floats = self.shrinkage / (weights + self.shrinkage) * to_means
        return costs

    def trials(self, weights: Floats, n_trials: int, *, exact: bool) -> Trials:
        # The average squared distance of two rows.
        apart = 2.0 * self.n_features * self.mean_variance()
        return ObservedTrials(self.csr, self.n_features, apart, weights, n_trials, self.n_threads)

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(self.shape[0])
        arrays = *self.csr, centers, labels
        self.run_rows(1, lambda start, stop: observed.own_distances(*arrays, start, stop, out))
        return out

    def exact_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        return self.own_distances(centers, labels)[rows]

    def distances(self, centers: Floats) -> npt.NDArray[Any]:
        """Roots of d / known * sum, scaled to all features; NaN for a row without known cells."""
        out = np.empty((self.shape[0], len(centers)), self.dtype)
        table = transposed(centers)
        self.run_rows(
            len(centers),
            lambda start, stop: observed.distances(*self.csr, table, start, stop, out),
        )
        return out

    def run_rows(self, work_per_cell: int, task: chunks.Task) -> None:
        """Run a task over all rows, with ``work_per_cell`` multiply-adds for each known cell."""
        chunks.run(self.shape[0], self.n_stored * work_per_cell, self.n_threads, task)

    def _by_feature(self, values: npt.NDArray[Any]) -> Floats:
        """Sums over the cells of each feature, from one value for each cell."""
        sums: Floats = np.bincount(self.csr[1], values, self.n_features).astype(np.float64)
        return sums


def points_of_cells(csr: Csr, n_features: int, n_threads: int) -> DensePoints | ObservedPoints:
    """Points over known cells in CSR: dense points if no cell is unknown."""
    data, _, indptr = csr
    n_samples = len(indptr) - 1
    if len(data) == n_samples * n_features:
        return DensePoints(data.reshape(n_samples, n_features), n_threads)
    return ObservedPoints(csr, n_features, n_threads)


class ObservedAssigner:
    """The exact distance from every row to every center.

    Distances over part of the cells do not obey the triangle inequality: two centers may be far
    apart in features that a row does not know. So bounds on the moves of centers cannot skip rows.
    """

    def __init__(self, points: ObservedPoints) -> None:
        self._points = points

    def assign(self, centers: Floats, labels: Labels) -> int:
        """Write the nearest center of every row to ``labels``; 0 for rows without known cells."""
        table = transposed(centers)
        moved: list[int] = []
        self._points.run_rows(
            table.shape[1],
            lambda start, stop: moved.append(
                observed.assign(*self._points.csr, table, len(centers), start, stop, labels)
            ),
        )
        return sum(moved)
