"""DensePoints: rows of a dense array."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels, aligned_zeros, ceil_div, round_up
from kmeans_core.kernels import dense, pairs, small_dense
from kmeans_core.kernels.vectors.fused import TILE_ROWS
from kmeans_core.kernels.vectors.ir import LANES64
from kmeans_core.lazy import lazy
from kmeans_core.points.assign_dense import dense_assigner
from kmeans_core.points.interface import RUN_CALLS, Assigner, DistancesOf, KnownPoints
from kmeans_core.points.prepared import transposed
from kmeans_core.points.row_groups import MOST_UPDATES, RowGroups
from kmeans_core.points.runs import Runs, StopRule
from kmeans_core.points.sums import ClusterSums
from kmeans_core.points.trials import DenseTrials, Trials, n_kept_of_dense
from kmeans_core.threads import chunks

# Entries of X looked at together for the variance: 2 MB as float64.
VARIANCE_BLOCK = 2**18


class DensePoints:
    """Rows of a C-ordered float32 or float64 array."""

    inertia_error = 0.0
    lone_work = 2_000_000

    def __init__(self, X: npt.NDArray[Any], n_threads: int) -> None:
        self.X = X
        self.n_threads = n_threads

    @property
    def known(self) -> "DensePoints":
        return self

    def kept_by_start(self, n_clusters: int) -> int:
        return 0

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

    def unit_rows(self) -> tuple[KnownPoints, npt.NDArray[np.bool_]]:
        rows = self.X.astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        rows /= np.where(lengths > 0, lengths, 1.0)[:, None]
        return DensePoints(rows, self.n_threads), lengths == 0

    def assigner(self, n_clusters: int, n_calls: int = RUN_CALLS) -> Assigner:
        return dense_assigner(self.X, n_clusters, n_calls, self.n_threads)

    def cluster_sums(self, weights: Floats, n_clusters: int) -> ClusterSums:
        return ClusterSums(self, weights, n_clusters)

    def penalty(self, centers: Floats) -> float:
        return 0.0

    def cost_alone(self, weights: Floats) -> float:
        return 0.0  # the centre lies on the row

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        n_features = self.X.shape[1]
        chunks.run(
            len(sums),
            len(groups.rows) * n_features,
            self.n_threads,
            lambda start, stop: groups.add(
                partial(dense.add_rows, self.X), start, stop, n_features, sums
            ),
        )

    def sums_are_exact(self, weights: Floats) -> bool:
        return False  # not asked: to look would take as long as a sum

    @property
    def n_stored(self) -> int:
        return self.X.size

    def trials(self, weights: Floats, n_trials: int, *, decides: bool) -> Trials:
        return DenseTrials(self.X, weights, n_trials, self.n_threads)

    def small_seeds(
        self, weights: Floats, firsts: Ints, uniforms: Floats, start: int, stop: int, chosen: Ints
    ) -> None:
        vectors = (0,) * ceil_div(uniforms.shape[2], LANES64)
        table = aligned_zeros((self.X.shape[1], LANES64 * len(vectors)), np.float64)
        small_dense.seeds(
            self.X,
            weights,
            firsts,
            uniforms,
            vectors,
            table,
            n_kept_of_dense(*self.X.shape),
            start,
            stop,
            chosen,
        )

    def small_runs(
        self, weights: Floats, rule: StopRule, start: int, stop: int, runs: Runs
    ) -> None:
        n_clusters, n_features = runs.centers.shape[1:]
        sums = np.empty((n_clusters, n_features))

        def kernel(at_once: int, first: int, last: int) -> None:
            small_dense.runs(
                self.X,
                weights,
                rule.max_iter,
                rule.shift,
                MOST_UPDATES,
                at_once,
                first,
                last,
                sums,
                runs.centers,
                runs.labels,
                runs.stops,
                runs.figures,
            )

        runs.complete(kernel, start, stop, rule.max_iter, self.n_stored * n_clusters)

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(len(self.X))
        self._run_rows(
            self.X.size,
            lambda start, stop: dense.own_distances(self.X, centers, labels, start, stop, out),
        )
        return out

    def decided_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        out = np.empty(len(rows))
        dense.own_distances(self.X[rows], centers, labels[rows], 0, len(rows), out)
        return out

    def squared_distances(self, centers: Floats) -> Floats:
        out = np.empty((len(self.X), len(centers)))
        table = transposed(centers, dense.PANEL_LANES)
        self._run_rows(
            self.X.size * len(centers),
            lambda start, stop: dense.squared_distances(self.X, table, start, stop, out),
        )
        return out

    def pair_distances(self, first: int, stop: int) -> DistancesOf:
        table, norms = self._table(self._shift, first, stop)

        def distances(start: int, end: int) -> Floats:
            n_rows = round_up(end - start, TILE_ROWS)
            out = np.empty((n_rows, table.shape[1]))
            places = np.arange(n_rows)
            pairs.dense_euclidean(self.X, self._shift, first, table, norms, start, end, places, out)
            return out[: end - start]

        return distances

    def pair_manhattan(self, first: int, stop: int) -> DistancesOf:
        table, _ = self._table(np.zeros(self.X.shape[1]), first, stop)

        def distances(start: int, end: int) -> Floats:
            out = np.empty((end - start, stop - first))
            pairs.dense_manhattan(self.X, table, start, end, out)
            return out

        return distances

    @lazy
    def _shift(self) -> Floats:
        """What is taken from rows before they are multiplied, so that they have less in common.

        The row nearest to the mean, or about that. A row and not the mean itself, which has digits
        that no row has: differences of half stars are half stars, and so their products exact.
        """
        step = max(1, self.X.size // VARIANCE_BLOCK)
        some = self.X[::step].astype(np.float64)
        with np.errstate(all="ignore"):  # any row will do where the squares overflow
            squares = np.sum((some - some.mean(axis=0)) ** 2, axis=1)
        row: Floats = some[np.argmin(squares)]
        return row

    def _table(self, shift: Floats, first: int, stop: int) -> tuple[Floats, Floats]:
        """Rows first..stop less the shift as columns, to whole panels; their squared lengths."""
        n_lanes = round_up(stop - first, pairs.PANEL_LANES)
        table = aligned_zeros((self.X.shape[1], n_lanes), np.float64)
        norms = np.empty(stop - first)
        pairs.table_of(self.X, shift, first, stop, table, norms)
        return table, norms

    def _run_rows(self, work: int, task: chunks.Task) -> None:
        chunks.run(len(self.X), work, self.n_threads, task)
