"""What an algorithm may ask of its data, answered by each storage: DensePoints, SparsePoints."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kmeans_core import chunks
from kmeans_core.kernels import dense, sparse
from kmeans_core.kernels.labels import group_rows

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
Ints = npt.NDArray[np.intp]

# Centres are padded to a multiple of the widest vector in use today: 8 doubles.
VECTOR_WIDTH = 8

# Entries of X looked at together for the variance: 2 MB as float64.
VARIANCE_BLOCK = 2**18


@dataclass(frozen=True, eq=False)
class PreparedCenters:
    """Centres in the forms that kernels want them in.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features)
    transposed : ndarray of shape (n_features, n_padded)
        Columns past n_clusters are zero.
    norms : ndarray of shape (n_padded,)
        Squared lengths.
    """

    centers: Floats
    transposed: Floats
    norms: Floats


def prepare(centers: npt.NDArray[Any]) -> PreparedCenters:
    """Centres as float64, transposed and padded, with their norms."""
    n_clusters, n_features = centers.shape
    n_padded = -(-n_clusters // VECTOR_WIDTH) * VECTOR_WIDTH
    exact = np.array(centers, dtype=np.float64, order="C")
    transposed = np.zeros((n_features, n_padded))
    transposed[:, :n_clusters] = exact.T
    norms = np.zeros(n_padded)
    norms[:n_clusters] = np.einsum("ij,ij->i", exact, exact)
    return PreparedCenters(exact, transposed, norms)


class Points(Protocol):
    """Rows to cluster. Labels are int32; distances, sums and weights are float64.

    ``n_threads`` bounds the threads of each call; no answer depends on it.
    """

    n_threads: int

    @property
    def shape(self) -> tuple[int, int]:
        """n_samples, n_features."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64: what the centres are given back in."""
        ...

    def mean_variance(self) -> float:
        """Variance of each feature over the rows, averaged over the features."""
        ...

    def take(self, rows: Ints) -> Floats:
        """Some rows as a dense (n_rows, n_features) array."""
        ...

    def unit_rows(self) -> tuple["Points", npt.NDArray[np.bool_]]:
        """The rows scaled to length 1 in float64, and which are zero and so stay as they are."""
        ...

    def assign(self, centers: PreparedCenters, labels: Labels) -> int:
        """Write the nearest centre of every row to ``labels``; return how many changed."""
        ...

    def cluster_sums(
        self, labels: Labels, weights: Floats, n_clusters: int
    ) -> tuple[Floats, Floats]:
        """Weighted sum (n_clusters, n_features) and weight (n_clusters,) of each cluster's rows.

        Rows are added in ascending order.
        """
        ...

    def own_distances(self, centers: PreparedCenters, labels: Labels) -> Floats:
        """Squared distance of every row to the centre of its cluster, to about 12 digits."""
        ...

    def decided_own_distances(self, centers: PreparedCenters, labels: Labels, rows: Ints) -> Floats:
        """The same for some rows, with the same bits in every storage."""
        ...

    def squared_distances(self, centers: PreparedCenters) -> Floats:
        """(n_samples, n_clusters): to every centre; exactly 0 where row and centre coincide."""
        ...

    def pair_distances(self, first: int, stop: int) -> Floats:
        """(stop - first, n_samples): Euclidean, from rows ``first``..``stop`` to every row."""
        ...

    def pair_manhattan(self, first: int, stop: int) -> Floats:
        """The same for the sum of absolute differences."""
        ...


def _grouped(labels: Labels, n_clusters: int) -> tuple[Ints, Ints]:
    rows = np.empty(len(labels), dtype=np.intp)
    row_starts = np.empty(n_clusters + 1, dtype=np.intp)
    group_rows(labels, rows, row_starts)
    return rows, row_starts


class DensePoints:
    """Rows of a C-ordered float32 or float64 array."""

    def __init__(self, X: npt.NDArray[Any], n_threads: int) -> None:
        self.X = X
        self.n_threads = n_threads

    @property
    def shape(self) -> tuple[int, int]:
        n_samples, n_features = self.X.shape
        return n_samples, n_features

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.X.dtype

    def mean_variance(self) -> float:
        # By blocks: np.var would make a float64 copy of all rows.
        mean = self.X.mean(axis=0, dtype=np.float64)
        squares = np.zeros(len(mean))
        n_block = max(1, VARIANCE_BLOCK // self.X.shape[1])
        for first in range(0, len(self.X), n_block):
            squares += np.sum((self.X[first : first + n_block] - mean) ** 2, axis=0)
        return float(np.mean(squares / len(self.X)))

    def take(self, rows: Ints) -> Floats:
        return self.X[rows].astype(np.float64)

    def unit_rows(self) -> tuple[Points, npt.NDArray[np.bool_]]:
        rows = self.X.astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        rows /= np.where(lengths > 0, lengths, 1.0)[:, None]
        return DensePoints(rows, self.n_threads), lengths == 0

    def assign(self, centers: PreparedCenters, labels: Labels) -> int:
        moved: list[int] = []
        n_clusters = len(centers.centers)

        def task(start: int, stop: int) -> None:
            moved.append(dense.assign(self.X, centers.transposed, n_clusters, start, stop, labels))

        self._run_rows(self.X.size * n_clusters, task)
        return sum(moved)

    def cluster_sums(
        self, labels: Labels, weights: Floats, n_clusters: int
    ) -> tuple[Floats, Floats]:
        rows, row_starts = _grouped(labels, n_clusters)
        sums = np.empty((n_clusters, self.X.shape[1]))
        mass = np.empty(n_clusters)
        chunks.run(
            n_clusters,
            self.X.size,
            self.n_threads,
            lambda start, stop: dense.cluster_sums(
                self.X, weights, rows, row_starts, start, stop, sums, mass
            ),
        )
        return sums, mass

    def own_distances(self, centers: PreparedCenters, labels: Labels) -> Floats:
        out = np.empty(len(self.X))
        self._run_rows(
            self.X.size,
            lambda start, stop: dense.own_distances(
                self.X, centers.centers, labels, start, stop, out
            ),
        )
        return out

    def decided_own_distances(self, centers: PreparedCenters, labels: Labels, rows: Ints) -> Floats:
        out = np.empty(len(rows))
        dense.own_distances(self.X[rows], centers.centers, labels[rows], 0, len(rows), out)
        return out

    def squared_distances(self, centers: PreparedCenters) -> Floats:
        out = np.empty((len(self.X), len(centers.centers)))
        self._run_rows(
            self.X.size * len(centers.centers),
            lambda start, stop: dense.squared_distances(
                self.X, centers.transposed, start, stop, out
            ),
        )
        return out

    def pair_distances(self, first: int, stop: int) -> Floats:
        out = np.empty((stop - first, len(self.X)))
        chunks.run(
            len(out),
            len(out) * self.X.size,
            self.n_threads,
            lambda begin, end: dense.pair_distances(self.X, first, begin, end, out),
        )
        return out

    def pair_manhattan(self, first: int, stop: int) -> Floats:
        out = np.empty((stop - first, len(self.X)))
        chunks.run(
            len(out),
            len(out) * self.X.size,
            self.n_threads,
            lambda begin, end: dense.pair_manhattan(self.X, first, begin, end, out),
        )
        return out

    def _run_rows(self, work: int, task: chunks.Task) -> None:
        chunks.run(len(self.X), work, self.n_threads, task)


class SparsePoints:
    """Rows of a CSR matrix, absent = 0; indices strictly ascending in each row."""

    def __init__(
        self,
        data: npt.NDArray[Any],
        indices: npt.NDArray[Any],
        indptr: npt.NDArray[Any],
        n_features: int,
        n_threads: int,
    ) -> None:
        self.csr = (data, indices, indptr)
        self.n_features = n_features
        self.n_threads = n_threads
        self.row_norms = np.empty(len(indptr) - 1)
        sparse.squared_norms(data, indptr, self.row_norms)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.row_norms), self.n_features

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.csr[0].dtype

    def mean_variance(self) -> float:
        data, indices, _ = self.csr
        n_samples = len(self.row_norms)
        n_stored = np.bincount(indices, minlength=self.n_features)
        mean = np.bincount(indices, weights=data, minlength=self.n_features) / n_samples
        squares = np.bincount(
            indices, weights=(data - mean[indices]) ** 2, minlength=self.n_features
        )
        return float(np.mean((squares + (n_samples - n_stored) * mean**2) / n_samples))

    def take(self, rows: Ints) -> Floats:
        data, indices, indptr = self.csr
        out = np.zeros((len(rows), self.n_features))
        for position, row in enumerate(rows):
            stored = slice(indptr[row], indptr[row + 1])
            out[position, indices[stored]] = data[stored]
        return out

    def unit_rows(self) -> tuple[Points, npt.NDArray[np.bool_]]:
        data, indices, indptr = self.csr
        lengths = np.sqrt(self.row_norms)
        divisors = np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(indptr))
        unit = SparsePoints(data / divisors, indices, indptr, self.n_features, self.n_threads)
        return unit, lengths == 0

    def assign(self, centers: PreparedCenters, labels: Labels) -> int:
        moved: list[int] = []

        def task(start: int, stop: int) -> None:
            moved.append(
                sparse.assign(
                    *self.csr,
                    self.row_norms,
                    centers.centers,
                    centers.transposed,
                    centers.norms,
                    start,
                    stop,
                    labels,
                )
            )

        self._run_rows(len(centers.centers), task)
        return sum(moved)

    def cluster_sums(
        self, labels: Labels, weights: Floats, n_clusters: int
    ) -> tuple[Floats, Floats]:
        rows, row_starts = _grouped(labels, n_clusters)
        sums = np.empty((n_clusters, self.n_features))
        mass = np.empty(n_clusters)
        chunks.run(
            n_clusters,
            len(self.csr[0]),
            self.n_threads,
            lambda start, stop: sparse.cluster_sums(
                *self.csr, weights, rows, row_starts, start, stop, sums, mass
            ),
        )
        return sums, mass

    def own_distances(self, centers: PreparedCenters, labels: Labels) -> Floats:
        out = np.empty(len(labels))
        self._run_rows(
            1,
            lambda start, stop: sparse.own_distances(
                *self.csr, centers.centers, centers.norms, labels, start, stop, out
            ),
        )
        return out

    def decided_own_distances(self, centers: PreparedCenters, labels: Labels, rows: Ints) -> Floats:
        out = np.empty(len(rows))
        sparse.decided_own_distances(*self.csr, centers.centers, labels, rows, out)
        return out

    def squared_distances(self, centers: PreparedCenters) -> Floats:
        out = np.empty((len(self.row_norms), len(centers.centers)))
        self._run_rows(
            len(centers.centers),
            lambda start, stop: sparse.squared_distances(
                *self.csr,
                self.row_norms,
                centers.centers,
                centers.transposed,
                centers.norms,
                start,
                stop,
                out,
            ),
        )
        return out

    def pair_distances(self, first: int, stop: int) -> Floats:
        out = np.empty((stop - first, len(self.row_norms)))
        chunks.run(
            len(out),
            len(out) * len(self.csr[0]),
            self.n_threads,
            lambda begin, end: sparse.pair_distances(
                *self.csr, self.row_norms, self.n_features, first, begin, end, out
            ),
        )
        return out

    def pair_manhattan(self, first: int, stop: int) -> Floats:
        out = np.empty((stop - first, len(self.row_norms)))
        chunks.run(
            len(out),
            len(out) * len(self.csr[0]),
            self.n_threads,
            lambda begin, end: sparse.pair_manhattan(
                *self.csr, self.n_features, first, begin, end, out
            ),
        )
        return out

    def _run_rows(self, work_per_stored: int, task: chunks.Task) -> None:
        chunks.run(len(self.row_norms), len(self.csr[0]) * work_per_stored, self.n_threads, task)
