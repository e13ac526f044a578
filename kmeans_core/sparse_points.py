"""SparsePoints: rows of a CSR matrix, absent = 0."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core import chunks
from kmeans_core.arrays import Floats, Ints, Labels, aligned_zeros
from kmeans_core.groups import MOST_UPDATES, RowGroups
from kmeans_core.kernels import pairs, small_sparse, sparse
from kmeans_core.kernels.centers import squared_lengths
from kmeans_core.kernels.lanes import LANES
from kmeans_core.kernels.seeding import sparse_closer
from kmeans_core.points import Assigner, DistancesOf, Points
from kmeans_core.prepared import prepare
from kmeans_core.runs import Runs, StopRule
from kmeans_core.sparse_assigner import CenterTable, SparseAssigner


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
        sparse.take(data, indices, indptr, np.asarray(rows, dtype=np.intp), out)
        return out

    def unit_rows(self) -> tuple[Points, npt.NDArray[np.bool_]]:
        data, indices, indptr = self.csr
        lengths = np.sqrt(self.row_norms)
        divisors = np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(indptr))
        unit = SparsePoints(data / divisors, indices, indptr, self.n_features, self.n_threads)
        return unit, lengths == 0

    def assigner(self, n_clusters: int) -> Assigner:
        return SparseAssigner(self.csr, self.row_norms, n_clusters, self.n_features, self.n_threads)

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        chunks.run(
            len(sums),
            len(self.csr[0]) * len(groups.rows) // len(self.row_norms),
            self.n_threads,
            lambda start, stop: sparse.add_rows(
                *self.csr, groups.rows, groups.factors, groups.starts, start, stop, sums
            ),
        )

    @property
    def n_stored(self) -> int:
        return len(self.csr[0])

    def closer(self, rows: Ints, closest: Floats, weights: Floats, out: Floats) -> None:
        vectors = (0,) * (out.shape[1] // LANES)

        def task(start: int, stop: int) -> None:
            table = aligned_zeros((self.n_features, out.shape[1]), np.float64)
            potentials = np.empty(out.shape[1])
            sparse_closer(
                *self.csr,
                self.row_norms,
                rows,
                table,
                closest,
                weights,
                vectors,
                start,
                stop,
                out,
                potentials,
            )

        self._run_rows(out.shape[1], task)

    def small_seeds(
        self, weights: Floats, firsts: Ints, uniforms: Floats, start: int, stop: int, chosen: Ints
    ) -> None:
        vectors = (0,) * -(-uniforms.shape[2] // LANES)
        small_sparse.seeds(
            *self.csr,
            self.row_norms,
            weights,
            firsts,
            uniforms,
            vectors,
            aligned_zeros((self.n_features, LANES * len(vectors)), np.float64),
            start,
            stop,
            chosen,
        )

    def small_runs(
        self, weights: Floats, rule: StopRule, start: int, stop: int, runs: Runs
    ) -> None:
        centers = CenterTable(runs.centers.shape[1], self.n_features)
        small_sparse.runs(
            *self.csr,
            self.row_norms,
            weights,
            rule.max_iter,
            rule.shift,
            MOST_UPDATES,
            centers.vectors,
            centers.table,
            centers.half_norms,
            start,
            stop,
            runs.centers,
            runs.labels,
            runs.stops,
            runs.figures,
        )

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(len(labels))
        norms = np.empty(len(centers))
        squared_lengths(centers, norms)
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

    def pair_distances(self, first: int, stop: int) -> DistancesOf:
        return self._distances_to(pairs.sparse_euclidean, self.row_norms, first, stop)

    def pair_manhattan(self, first: int, stop: int) -> DistancesOf:
        return self._distances_to(pairs.sparse_manhattan, self._row_lengths, first, stop)

    @cached_property
    def _row_lengths(self) -> Floats:
        """Sum of the absolute values of every row."""
        out = np.empty(len(self.row_norms))
        pairs.lengths(self.csr[0], self.csr[2], out)
        return out

    def _distances_to(
        self, kernel: Callable[..., None], sizes: Floats, first: int, stop: int
    ) -> DistancesOf:
        indptr = self.csr[2]
        n_stored = int(indptr[stop] - indptr[first])
        starts = np.empty(self.n_features + 1, dtype=np.uint32)
        rows, values = np.empty(n_stored, dtype=np.uint16), np.empty(n_stored)
        pairs.columns_of(*self.csr, first, stop, starts, rows, values)

        def distances(start: int, end: int) -> Floats:
            out = np.empty((end - start, stop - first))
            kernel(*self.csr, sizes, first, starts, rows, values, start, end, out)
            return out

        return distances

    def _run_rows(self, work_per_stored: int, task: chunks.Task) -> None:
        chunks.run(len(self.row_norms), len(self.csr[0]) * work_per_stored, self.n_threads, task)
