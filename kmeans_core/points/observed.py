"""ObservedPoints: rows of which some cells are unknown."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import Floats, Ints, Labels, row_blocks
from kmeans_core.kernels import observed
from kmeans_core.lazy import lazy
from kmeans_core.points.centers import transposed
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import RUN_CALLS, Assigner, KnownPoints, Trials
from kmeans_core.points.sums_observed import ObservedSums
from kmeans_core.points.trials import ObservedTrials
from kmeans_core.threads import chunks


class ObservedPoints:
    """The known cells of rows as CSR, absent = unknown; indices strictly ascending in each row.

    Distances to centers are sums over a row's known cells, as in k-POD (Chi, Chi and Baraniuk
    2016): filling the unknown ones with those of the row's center, as that algorithm does, adds 0.

    Parameters
    ----------
    data, indices, indptr : ndarray
    n_features : int
    n_threads : int
    weights : ndarray of shape (n_samples,), optional
        For the features' means; all rows count alike if not given.
    shrinkage : float
        Weight of the features' means in every center.
    """

    inertia_error = 0.0
    known = None

    def __init__(
        self,
        data: npt.NDArray[Any],
        indices: npt.NDArray[Any],
        indptr: npt.NDArray[Any],
        n_features: int,
        n_threads: int,
        weights: Floats | None = None,
        shrinkage: float = 0.0,
    ) -> None:
        self.csr = (data, indices, indptr)
        self.n_features = n_features
        self.n_threads = n_threads
        self.shrinkage = shrinkage
        self.weights = np.ones(len(indptr) - 1) if weights is None else weights

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
        return cls(data, indices, indptr, n_features, n_threads)

    @classmethod
    def of_whole(cls, points: KnownPoints) -> "ObservedPoints":
        """All cells of points that have no unknown cell."""
        rows = points.take(np.arange(points.shape[0]))
        return cls.of_array(rows.astype(points.dtype, copy=False), points.n_threads)

    def rows_with_known_cells(self) -> tuple["DensePoints | ObservedPoints", Ints]:
        """The rows of which some cell is known, as points of their own, and which rows they are."""
        data, indices, indptr = self.csr
        rows = np.flatnonzero(self.n_known)
        indptr = indptr[np.append(rows, len(self.n_known))]
        return points_of_cells(data, indices, indptr, self.n_features, self.n_threads), rows

    def weighted(self, weights: Floats, shrinkage: float) -> "ObservedPoints":
        """The same rows with weights, and centers that are shrunk."""
        return ObservedPoints(*self.csr, self.n_features, self.n_threads, weights, shrinkage)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.csr[2]) - 1, self.n_features

    @property
    def matrix(self) -> Any:
        return sp.csr_array(self.csr, shape=self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.csr[0].dtype

    @property
    def n_stored(self) -> int:
        return len(self.csr[0])

    @property
    def stored(self) -> npt.NDArray[Any]:
        return self.csr[0]

    @lazy
    def n_known(self) -> Ints:
        """Known cells of each row."""
        counts: Ints = np.diff(self.csr[2]).astype(np.intp)
        return counts

    @lazy
    def unknown_rows(self) -> Ints:
        rows: Ints = np.flatnonzero(self.n_known == 0)
        return rows

    @lazy
    def feature_weights(self) -> Floats:
        """Weight of the rows that know each feature."""
        return self._by_feature(np.repeat(self.weights, self.n_known))

    @lazy
    def feature_means(self) -> Floats:
        """Weighted mean of each feature's known values; NaN where no weight knows it."""
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
        """Some rows as a dense array; an unknown cell is the feature's mean."""
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
        """A center with one row lies at (w x + s m) / (w + s), s being the shrinkage.

        Its penalty and the row's distance times w are then w s / (w + s) |x - m|^2.
        """
        if self.shrinkage == 0:
            return 0.0
        all_in_one = np.zeros(len(weights), dtype=np.int32)
        to_means = self.own_distances(self.feature_means[None, :], all_in_one)
        costs: Floats = self.shrinkage / (weights + self.shrinkage) * to_means
        return costs

    def trials(self, weights: Floats, n_trials: int, *, exact: bool) -> Trials:
        # What the squared distance of two rows is on average.
        strangers = 2.0 * self.n_features * self.mean_variance()
        return ObservedTrials(
            self.csr, self.n_features, strangers, weights, n_trials, self.n_threads
        )

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(self.shape[0])
        self.run_rows(
            1,
            lambda start, stop: observed.own_distances(
                *self.csr, centers, labels, start, stop, out
            ),
        )
        return out

    def exact_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        return self.own_distances(centers, labels)[rows]

    def squared_distances(self, centers: Floats) -> Floats:
        """Scaled to all features: d / known * sum; NaN for a row with nothing known."""
        out = np.empty((self.shape[0], len(centers)))
        table = transposed(centers)
        self.run_rows(
            len(centers),
            lambda start, stop: observed.squared_distances(*self.csr, table, start, stop, out),
        )
        return out

    def run_rows(self, work_per_cell: int, task: chunks.Task) -> None:
        """Run a task over all rows; of how many multiply-adds for each known cell."""
        chunks.run(self.shape[0], self.n_stored * work_per_cell, self.n_threads, task)

    def _by_feature(self, values: npt.NDArray[Any]) -> Floats:
        """Sum of one value a cell over the cells of each feature."""
        sums: Floats = np.bincount(self.csr[1], values, self.n_features).astype(np.float64)
        return sums


def points_of_cells(
    data: npt.NDArray[Any],
    indices: npt.NDArray[Any],
    indptr: npt.NDArray[Any],
    n_features: int,
    n_threads: int,
) -> DensePoints | ObservedPoints:
    """Points over known cells as CSR: dense ones where no cell is unknown."""
    n_samples = len(indptr) - 1
    if len(data) == n_samples * n_features:
        return DensePoints(data.reshape(n_samples, n_features), n_threads)
    return ObservedPoints(data, indices, indptr, n_features, n_threads)


class ObservedAssigner:
    """The deciding sum for every row and center: partial distances obey no triangle inequality.

    Two centers may be far apart in features that a row does not know, so bounds on how far
    centers moved say nothing of its distances.
    """

    def __init__(self, points: ObservedPoints) -> None:
        self._points = points

    def assign(self, centers: Floats, labels: Labels) -> int:
        """Write the nearest center of every row to ``labels``; 0 where nothing is known."""
        table = transposed(centers)
        moved: list[int] = []
        self._points.run_rows(
            table.shape[1],
            lambda start, stop: moved.append(
                observed.assign(*self._points.csr, table, len(centers), start, stop, labels)
            ),
        )
        return sum(moved)
