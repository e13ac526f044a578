"""SparsePoints: rows of a CSR matrix, absent = 0."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core import chunks
from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.groups import RowGroups
from kmeans_core.kernels import sparse
from kmeans_core.points import Assigner, Points
from kmeans_core.prepared import prepare


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

    def assigner(self, n_clusters: int) -> Assigner:
        return SparseAssigner(self)

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        chunks.run(
            len(sums),
            len(self.csr[0]) * len(groups.rows) // len(self.row_norms),
            self.n_threads,
            lambda start, stop: sparse.add_rows(
                *self.csr, groups.rows, groups.factors, groups.starts, start, stop, sums
            ),
        )

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(len(labels))
        norms = np.einsum("ij,ij->i", centers, centers)
        self._run_rows(
            1,
            lambda start, stop: sparse.own_distances(
                *self.csr, centers, norms, labels, start, stop, out
            ),
        )
        return out

    def decided_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        out = np.empty(len(rows))
        sparse.decided_own_distances(*self.csr, centers, labels, rows, out)
        return out

    def squared_distances(self, centers: Floats) -> Floats:
        out = np.empty((len(self.row_norms), len(centers)))
        prepared = prepare(centers)
        self._run_rows(
            len(centers),
            lambda start, stop: sparse.squared_distances(
                *self.csr,
                self.row_norms,
                prepared.centers,
                prepared.transposed,
                prepared.norms,
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


class SparseAssigner:
    """The expanded formula as a filter, the deciding sum where it cannot tell."""

    def __init__(self, points: SparsePoints) -> None:
        self.points = points

    def assign(self, centers: Floats, labels: Labels) -> int:
        moved: list[int] = []
        prepared = prepare(centers)
        csr, row_norms = self.points.csr, self.points.row_norms

        def task(start: int, stop: int) -> None:
            moved.append(
                sparse.assign(
                    *csr,
                    row_norms,
                    prepared.centers,
                    prepared.transposed,
                    prepared.norms,
                    start,
                    stop,
                    labels,
                )
            )

        work = len(csr[0]) * len(centers)
        chunks.run(len(labels), work, self.points.n_threads, task)
        return sum(moved)
