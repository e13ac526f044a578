"""Compiled calls that seed and run whole restarts: one runner for each storage that has them."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels, aligned_zeros, ceil_div
from kmeans_core.fit.problem import Problem
from kmeans_core.fit.seeding import Draws
from kmeans_core.kernels import small_dense, small_sparse
from kmeans_core.kernels.stops import UNFINISHED
from kmeans_core.kernels.vectors.ir import LANES64
from kmeans_core.points.assign_sparse import CenterTable
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import Points
from kmeans_core.points.row_chunks import starts_of_chunks
from kmeans_core.points.row_groups import MOST_UPDATES
from kmeans_core.points.sparse import SparsePoints
from kmeans_core.points.trials import n_kept_of_dense, n_kept_of_sparse
from kmeans_core.threads import stopping

# A compiled call does at most this many multiply-adds, about .3 s, if every restart takes max_iter
# iterations. Larger restarts have several calls each, of PART_WORK multiply-adds: Ctrl-C is heard
# between two calls, and the cost of a call is small.
CALL_WORK = 1_000_000_000
PART_WORK = 100_000_000

# A single restart over dense rows runs in compiled calls up to this many multiply-adds in an
# iteration; see DenseRunner.pays_alone.
LONE_WORK = 1_000_000

# The limit for a single restart over CSR rows, in stored values. A row takes about as long as
# STORED_OF_ROW of them; see SparseRunner.pays_alone.
LONE_STORED = 150_000
STORED_OF_ROW = 16
# And its limit in numbers in the centers.
LONE_CENTERS = 2**17


class Runs(NamedTuple):
    """The arrays that the runs of several restarts read and write."""

    centers: Floats  # (n_restarts, n_clusters, n_features): at first the first centers
    labels: Labels  # (n_restarts, n_samples)
    # (n_restarts, 3): the number of iterations, at first 0; why the run ended (see
    # ``kernels/stops.py``); the number of updates since all rows were added up.
    stops: npt.NDArray[np.int64]
    figures: Floats  # (n_restarts, 2): the inertia, and the last shift of the centers
    inertias: Floats  # (n_restarts, n_clusters): the part of each cluster in the inertia


class Runner(Protocol):
    """The compiled calls of one storage."""

    def pays_alone(self, n_clusters: int) -> bool:
        """Whether a single restart is faster in compiled calls than in the loop."""

    def adds_in_order(self, n_clusters: int) -> bool:
        """Whether the calls add up rows in the order of the loop; see ``row_chunks``."""

    def kept_by_restart(self, n_clusters: int) -> int:
        """Bytes that a restart keeps besides its labels and centers."""

    def seed(self, weights: Floats, draws: Draws, start: int, stop: int, chosen: Ints) -> None:
        """Write the rows that k-means++ chooses in restarts start..stop to ``chosen``."""

    def run(self, problem: Problem, start: int, stop: int, runs: Runs) -> None:
        """Run Lloyd's algorithm from ``runs.centers`` in restarts start..stop."""


class DenseRunner:
    """Compiled calls for dense rows."""

    def __init__(self, points: DensePoints) -> None:
        self.points = points

    def pays_alone(self, n_clusters: int) -> bool:
        """Whether an iteration is short; otherwise the loop gains more from its filters.

        Measured on one thread, with 8 iterations and with a run to the end: the loop took .9 to 3.3
        times as long within the limit, and .7 to 1.2 times as long beyond it.
        """
        return self.points.X.size * n_clusters <= LONE_WORK

    def adds_in_order(self, n_clusters: int) -> bool:
        """Whether sums have one chunk of rows; the loop is as fast with more of them."""
        return len(starts_of_chunks(*self.points.shape, n_clusters)) == 2

    def kept_by_restart(self, n_clusters: int) -> int:
        """0: there are no bounds to keep."""
        return 0

    def seed(self, weights: Floats, draws: Draws, start: int, stop: int, chosen: Ints) -> None:
        """Choose the first rows by k-means++."""
        X = self.points.X
        vectors = (0,) * ceil_div(draws.uniforms.shape[2], LANES64)
        table = aligned_zeros((X.shape[1], LANES64 * len(vectors)), np.float64)
        n_kept = n_kept_of_dense(*X.shape)
        small_dense.seeds(X, weights, *draws, vectors, table, n_kept, start, stop, chosen)

    def run(self, problem: Problem, start: int, stop: int, runs: Runs) -> None:
        """Run Lloyd's algorithm."""
        rows = self.points.X, problem.weights
        sums = np.empty(runs.centers.shape[1:])

        def kernel(at_once: int, first: int, last: int) -> None:
            small_dense.runs(*rows, *problem.rule, MOST_UPDATES, at_once, first, last, sums, *runs)

        _complete(kernel, problem, start, stop, runs)


class SparseRunner:
    """Compiled calls for the rows of a CSR matrix."""

    def __init__(self, points: SparsePoints) -> None:
        self.points = points

    def pays_alone(self, n_clusters: int) -> bool:
        """Whether there are few rows and stored values, and the centers are small.

        Otherwise the loop's kernel gains more, or the compiled calls read the centers too often.
        Measured on one thread, with 2 to 64 clusters, 8 iterations and runs to the end: the loop
        took .9 to 1.8 times as long within the limits, and .5 to 1.2 times as long beyond them.
        """
        n_samples, n_features = self.points.shape
        is_short = self.points.n_stored + STORED_OF_ROW * n_samples <= LONE_STORED
        return is_short and n_clusters * n_features <= LONE_CENTERS

    def adds_in_order(self, n_clusters: int) -> bool:
        """True: the calls have chunks too."""
        return True

    def kept_by_restart(self, n_clusters: int) -> int:
        """A float32 bound for each row and lane, two copies of the centers and two of the sums."""
        n_samples, n_features = self.points.shape
        return 4 * n_samples * CenterTable.padded(n_clusters) + 32 * n_clusters * n_features

    def seed(self, weights: Floats, draws: Draws, start: int, stop: int, chosen: Ints) -> None:
        """Choose the first rows by k-means++."""
        points, n_trials = self.points, draws.uniforms.shape[2]
        rows = *points.csr, points.row_norms, weights
        vectors = (0,) * ceil_div(n_trials, LANES64)
        table = aligned_zeros((points.n_features, LANES64 * len(vectors)), np.float64)
        limits = points.trial_error, n_kept_of_sparse(points.csr, n_trials)
        for s in range(start, stop):
            chosen[s, 0] = draws.firsts[s]
            how = draws.uniforms[s], vectors, table, *limits
            # If an error might change a choice, the distances must be exact.
            if not small_sparse.choose(*rows, *how, False, chosen[s]):
                small_sparse.choose(*rows, *how, True, chosen[s])

    def run(self, problem: Problem, start: int, stop: int, runs: Runs) -> None:
        """Run Lloyd's algorithm."""
        points = self.points
        n_samples, n_clusters = points.shape[0], problem.n_clusters
        centers = CenterTable(n_clusters, points.n_features)
        n_padded = len(centers.half_norms)
        starts = starts_of_chunks(n_samples, points.n_features, n_clusters)
        # An unfinished restart goes on with these.
        kept = (
            np.empty((len(starts) - 1, n_clusters, points.n_features)),
            np.empty(n_clusters),
            np.empty(n_padded, dtype=np.float32),
            np.empty(n_samples, dtype=np.float32),
            np.empty((n_samples, n_padded), dtype=np.float32),
        )
        counts = 0 if points.sums_are_exact(problem.weights) else 1
        rows = *points.csr, points.row_norms, problem.weights
        rules = *problem.rule, MOST_UPDATES, counts
        table = centers.vectors, centers.table, centers.half_norms

        def kernel(at_once: int, first: int, last: int) -> None:
            small_sparse.runs(*rows, *rules, *table, at_once, first, last, starts, *kept, *runs)

        _complete(kernel, problem, start, stop, runs)


_RUNNERS: dict[type, Callable[[Any], Runner]] = {
    DensePoints: DenseRunner,
    SparsePoints: SparseRunner,
}


def runner_of(points: Points) -> Runner | None:
    """The compiled calls for these points, or None if their storage has no such calls."""
    make = _RUNNERS.get(type(points))
    return None if make is None else make(points)


def _complete(
    kernel: Callable[[int, int, int], object], problem: Problem, start: int, stop: int, runs: Runs
) -> None:
    """Call ``kernel(at_once, start, stop)`` until restarts ``start``..``stop`` have ended.

    The kernel runs up to ``at_once`` iterations of each restart.
    """
    work = problem.points.n_stored * problem.n_clusters
    max_iter = problem.rule.max_iter
    if (stop - start) * max_iter * work <= CALL_WORK:
        kernel(max_iter, start, stop)
        return
    at_once = max(1, PART_WORK // work)
    for s in range(start, stop):
        runs.stops[s, 1] = UNFINISHED
        while runs.stops[s, 1] == UNFINISHED:
            stopping.check()
            kernel(at_once, s, s + 1)
