"""SparsePoints: rows of a CSR matrix, absent = 0."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels, aligned_zeros, ceil_div
from kmeans_core.kernels import pairs, small_sparse, sparse
from kmeans_core.kernels.centers import squared_lengths
from kmeans_core.kernels.vectors.ir import LANES64, VECTOR_BYTES
from kmeans_core.lazy import lazy
from kmeans_core.points.assign_sparse import CenterTable, SparseAssigner
from kmeans_core.points.interface import RUN_CALLS, Assigner, DistancesOf, KnownPoints
from kmeans_core.points.prepared import transposed
from kmeans_core.points.row_groups import MOST_UPDATES, RowGroups
from kmeans_core.points.runs import Runs, StopRule
from kmeans_core.points.sums import ClusterSums
from kmeans_core.points.trials import SparseTrials, Trials, n_kept_of_sparse, share_of_error
from kmeans_core.threads import chunks

# Runs of rows that chunks are made of.
N_RUNS = 128

# Where more than this share of X is stored (measured), and a table of few rows fits in a second
# cache, products of pairs are faster row by row than column by column.
SHARE_BY_ROWS = 0.04
FEATURES_BY_ROWS = 2**13

# Whole weights that sum to less than this give exact float64 sums of short numbers: in quarters,
# less than 2^53.
MOST_WEIGHT = 2.0**41


class SparsePoints:
    """Rows of a CSR matrix, absent = 0; indices strictly ascending in each row."""

    # Compiled calls have the loop's own filter.
    lone_work = 20_000_000

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
        self._tables: list[npt.NDArray[Any]] = []
        self._run_rows(
            1,
            lambda start, stop: sparse.squared_norms(data, indptr, start, stop, self.row_norms),
        )

    @property
    def known(self) -> "SparsePoints":
        return self

    def kept_by_start(self, n_clusters: int) -> int:
        # A float32 bound for each row and lane.
        return 4 * len(self.row_norms) * CenterTable.padded(n_clusters)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.row_norms), self.n_features

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.csr[0].dtype

    @property
    def inertia_error(self) -> float:
        # The squared length of a centre, and the part of it at a row's stored features, are sums of
        # n_features squares at most; what is left of them is at least ``CANCELLED``. Then distances
        # are added in blocks of 128 rows.
        n_samples, n_features = self.shape
        return (4 * (n_features + 5) / sparse.CANCELLED + n_samples / 64 + 300) * 2.0**-53

    def mean_variance(self) -> float:
        data, indices, _ = self.csr
        n_samples = len(self.row_norms)
        means = np.empty(self.n_features)
        n_entries = np.empty(self.n_features, dtype=np.intp)
        sparse.column_means(data, indices, n_samples, means, n_entries)
        total = sparse.squared_deviations(data, indices, n_samples, means, n_entries)
        return float(total / n_samples / self.n_features)

    def take(self, rows: Ints) -> Floats:
        data, indices, indptr = self.csr
        out = np.zeros((len(rows), self.n_features))
        sparse.take(data, indices, indptr, np.asarray(rows, dtype=np.intp), out)
        return out

    def unit_rows(self) -> tuple[KnownPoints, npt.NDArray[np.bool_]]:
        data, indices, indptr = self.csr
        lengths = np.sqrt(self.row_norms)
        divisors = np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(indptr))
        unit = SparsePoints(data / divisors, indices, indptr, self.n_features, self.n_threads)
        return unit, lengths == 0

    def assigner(self, n_clusters: int, n_calls: int = RUN_CALLS) -> Assigner:
        return SparseAssigner(
            self.csr, self.row_norms, n_clusters, self.n_features, self.n_threads, self._run_rows
        )

    def cluster_sums(self, weights: Floats, n_clusters: int) -> ClusterSums:
        return ClusterSums(self, weights, n_clusters)

    def penalty(self, centers: Floats) -> float:
        return 0.0

    def cost_alone(self, weights: Floats) -> float:
        return 0.0  # the centre lies on the row

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        chunks.run(
            len(sums),
            len(self.csr[0]) * len(groups.rows) // len(self.row_norms),
            self.n_threads,
            lambda start, stop: groups.add(
                partial(sparse.add_rows, *self.csr),
                start,
                stop,
                len(self.csr[0]) / len(self.row_norms),
                sums,
            ),
        )

    def sums_are_exact(self, weights: Floats) -> bool:
        whole = np.all(weights == np.floor(weights)) and np.sum(weights) < MOST_WEIGHT
        return bool(whole) and self._is_short

    @property
    def n_stored(self) -> int:
        return len(self.csr[0])

    def trials(self, weights: Floats, n_trials: int, *, decides: bool) -> Trials:
        return SparseTrials(
            self.csr,
            self.row_norms,
            self.n_features,
            weights,
            n_trials,
            self.n_threads,
            self._share_of_error,
            decides,
        )

    def small_seeds(
        self, weights: Floats, firsts: Ints, uniforms: Floats, start: int, stop: int, chosen: Ints
    ) -> None:
        vectors = (0,) * ceil_div(uniforms.shape[2], LANES64)
        small_sparse.seeds(
            *self.csr,
            self.row_norms,
            weights,
            firsts,
            uniforms,
            vectors,
            aligned_zeros((self.n_features, LANES64 * len(vectors)), np.float64),
            self._share_of_error,
            n_kept_of_sparse(self.csr, uniforms.shape[2]),
            start,
            stop,
            chosen,
        )

    def small_runs(
        self, weights: Floats, rule: StopRule, start: int, stop: int, runs: Runs
    ) -> None:
        n_samples, n_clusters = len(self.row_norms), runs.centers.shape[1]
        centers = CenterTable(n_clusters, self.n_features)
        n_padded = len(centers.half_norms)
        # What a start that is left unfinished goes on with.
        kept = (
            np.empty((n_clusters, self.n_features)),
            np.empty(n_clusters),
            np.empty(n_padded, dtype=np.float32),
            np.empty(n_samples, dtype=np.float32),
            np.empty((n_samples, n_padded), dtype=np.float32),
        )
        counts = 0 if self.sums_are_exact(weights) else 1

        def kernel(at_once: int, first: int, last: int) -> None:
            small_sparse.runs(
                *self.csr,
                self.row_norms,
                weights,
                rule.max_iter,
                rule.shift,
                MOST_UPDATES,
                counts,
                centers.vectors,
                centers.table,
                centers.half_norms,
                at_once,
                first,
                last,
                *kept,
                runs.centers,
                runs.labels,
                runs.stops,
                runs.figures,
            )

        runs.complete(kernel, start, stop, rule.max_iter, self.n_stored * n_clusters)

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
        table, norms = transposed(centers), np.empty(len(centers))
        squared_lengths(centers, norms)
        self._run_rows(
            len(centers),
            lambda start, stop: sparse.squared_distances(
                *self.csr,
                self.row_norms,
                centers,
                table,
                norms,
                start,
                stop,
                out,
            ),
        )
        return out

    def pair_distances(self, first: int, stop: int) -> DistancesOf:
        n_block = stop - first
        if not self._pairs_go_by_rows():
            columns = self._columns(first, stop)

        def distances(start: int, end: int) -> Floats:
            if self._pairs_go_by_rows():
                out = self._products_by_rows(first, stop, start, end)
            else:
                out = np.empty((end - start, n_block))
                pairs.products_by_columns(*self.csr, *columns, start, end, out)
            pairs.sparse_euclidean(*self.csr, self.row_norms, first, stop, start, end, out)
            return out

        return distances

    def _products_by_rows(self, first: int, stop: int, start: int, end: int) -> Floats:
        # Of short numbers float32 holds the products exactly.
        dtype = np.dtype(np.float32 if self._is_short else np.float64)
        n_panels = ceil_div(stop - first, pairs.PANEL_ROWS)
        out = np.empty((end - start, n_panels * pairs.PANEL_ROWS), dtype=dtype)
        # Made once for each thread that asks; a call that is cut short takes its table with it.
        try:
            table = self._tables.pop()
        except IndexError:
            table = aligned_zeros((self.n_features, pairs.PANEL_ROWS), dtype)
        vectors = (0,) * (pairs.PANEL_ROWS * dtype.itemsize // VECTOR_BYTES)
        pairs.products_by_rows(*self.csr, first, stop, start, end, table, vectors, out)
        self._tables.append(table)
        return out.astype(np.float64, copy=False)

    def pair_manhattan(self, first: int, stop: int) -> DistancesOf:
        columns = self._columns(first, stop)

        def distances(start: int, end: int) -> Floats:
            out = np.empty((end - start, stop - first))
            pairs.sparse_manhattan(*self.csr, self._row_lengths, first, *columns, start, end, out)
            return out

        return distances

    def _pairs_go_by_rows(self) -> bool:
        share = len(self.csr[0]) / (len(self.row_norms) * self.n_features)
        return share > SHARE_BY_ROWS and self.n_features <= FEATURES_BY_ROWS

    def _columns(self, first: int, stop: int) -> tuple[npt.NDArray[Any], ...]:
        """Rows first..stop column by column: starts, rows, values."""
        indptr = self.csr[2]
        n_stored = int(indptr[stop] - indptr[first])
        starts = np.empty(self.n_features + 1, dtype=np.uint32)
        rows, values = np.empty(n_stored, dtype=np.uint16), np.empty(n_stored)
        pairs.columns_of(*self.csr, first, stop, starts, rows, values)
        return starts, rows, values

    @lazy
    def _is_short(self) -> bool:
        """Whether all numbers are such as ratings, counts and flags are."""
        return bool(sparse.is_short(self.csr[0], self.row_norms))

    @lazy
    def _share_of_error(self) -> float:
        """Relative error of the distances and sums of k-means++; short numbers have none."""
        if self._is_short:
            return 0.0
        n_longest = int(np.max(np.diff(self.csr[2])))
        return share_of_error(n_longest, len(self.row_norms))

    @lazy
    def _row_lengths(self) -> Floats:
        """Sum of the absolute values of every row."""
        out = np.empty(len(self.row_norms))
        pairs.lengths(self.csr[0], self.csr[2], out)
        return out

    @lazy
    def _cuts(self) -> list[int]:
        """Rows at which to cut for runs that store as much each: rows differ widely in length."""
        indptr = self.csr[2]
        shares = np.arange(1, N_RUNS) * (int(indptr[-1]) // N_RUNS)
        return [0, *np.searchsorted(indptr[:-1], shares).tolist(), len(indptr) - 1]

    def _run_rows(self, work_per_stored: int, task: chunks.Task) -> None:
        cuts = self._cuts
        chunks.run(
            N_RUNS,
            len(self.csr[0]) * work_per_stored,
            self.n_threads,
            lambda start, stop: task(cuts[start], cuts[stop]),
        )
