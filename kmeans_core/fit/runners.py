"""Compiled calls that seed and run whole starts: one runner for each storage that has them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

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
from kmeans_core.points.row_groups import MOST_UPDATES
from kmeans_core.points.sparse import SparsePoints
from kmeans_core.points.trials import n_kept_of_dense, n_kept_of_sparse
from kmeans_core.threads import stopping

# A compiled call does at most this many multiply-adds, about .3 s, if every start takes max_iter
# iterations. Larger starts have several calls each, of PART_WORK multiply-adds: Ctrl-C is heard
# between two calls, and the cost of a call does not show.
CALL_WORK = 1_000_000_000
PART_WORK = 100_000_000


@dataclass(frozen=True, eq=False)
class Runs:
    """What the runs of several starts read and write.

    Attributes
    ----------
    centers : ndarray of shape (n_restarts, n_clusters, n_features)
        The first centers at the beginning, the final centers at the end.
    labels : ndarray of shape (n_restarts, n_samples)
    stops : ndarray of shape (n_restarts, 3)
        The number of iterations, which starts at 0; why the run ended (see ``kernels/stops.py``);
        what the next call must know if the run has not ended.
    figures : ndarray of shape (n_restarts, 2)
        The inertia, and the last shift of the centers.
    """

    centers: Floats
    labels: Labels
    stops: npt.NDArray[np.int64]
    figures: Floats


class Runner(Protocol):
    """The compiled calls of one storage."""

    # A start alone is faster in compiled calls up to this many multiply-adds in an iteration.
    lone_work: int

    def kept_by_restart(self, n_clusters: int) -> int:
        """Bytes that a start keeps besides its labels and centers."""
        ...

    def seed(self, weights: Floats, draws: Draws, start: int, stop: int, chosen: Ints) -> None:
        """Write the rows that k-means++ chooses in starts ``start``..``stop`` to ``chosen``.

        ``chosen`` has the shape (n_restarts, n_clusters).
        """
        ...

    def run(self, problem: Problem, start: int, stop: int, runs: Runs) -> None:
        """Run Lloyd's algorithm from ``runs.centers`` in starts ``start``..``stop``."""
        ...


class DenseRunner:
    """Compiled calls for dense rows."""

    # Beyond this the loop's assigner is faster: it has bounds, and the compiled calls have none.
    lone_work = 2_000_000

    def __init__(self, points: DensePoints) -> None:
        self.points = points

    def kept_by_restart(self, n_clusters: int) -> int:
        """0: there are no bounds to keep."""
        return 0

    def seed(self, weights: Floats, draws: Draws, start: int, stop: int, chosen: Ints) -> None:
        """Choose the first rows by k-means++."""
        X = self.points.X
        vectors = (0,) * ceil_div(draws.uniforms.shape[2], LANES64)
        small_dense.seeds(
            X,
            weights,
            draws.firsts,
            draws.uniforms,
            vectors,
            aligned_zeros((X.shape[1], LANES64 * len(vectors)), np.float64),
            n_kept_of_dense(*X.shape),
            start,
            stop,
            chosen,
        )

    def run(self, problem: Problem, start: int, stop: int, runs: Runs) -> None:
        """Run Lloyd's algorithm."""
        rule = problem.rule
        sums = np.empty(runs.centers.shape[1:])

        def kernel(at_once: int, first: int, last: int) -> None:
            small_dense.runs(
                self.points.X,
                problem.weights,
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

        _complete(kernel, problem, start, stop, runs)


class SparseRunner:
    """Compiled calls for the rows of a CSR matrix."""

    # The compiled calls have the filter of the loop's assigner.
    lone_work = 20_000_000

    def __init__(self, points: SparsePoints) -> None:
        self.points = points

    def kept_by_restart(self, n_clusters: int) -> int:
        """A float32 bound for each row and lane."""
        return 4 * self.points.shape[0] * CenterTable.padded(n_clusters)

    def seed(self, weights: Floats, draws: Draws, start: int, stop: int, chosen: Ints) -> None:
        """Choose the first rows by k-means++."""
        points, n_trials = self.points, draws.uniforms.shape[2]
        vectors = (0,) * ceil_div(n_trials, LANES64)
        small_sparse.seeds(
            *points.csr,
            points.row_norms,
            weights,
            draws.firsts,
            draws.uniforms,
            vectors,
            aligned_zeros((points.n_features, LANES64 * len(vectors)), np.float64),
            points.trial_error,
            n_kept_of_sparse(points.csr, n_trials),
            start,
            stop,
            chosen,
        )

    def run(self, problem: Problem, start: int, stop: int, runs: Runs) -> None:
        """Run Lloyd's algorithm."""
        points, rule = self.points, problem.rule
        n_samples, n_clusters = points.shape[0], problem.n_clusters
        centers = CenterTable(n_clusters, points.n_features)
        n_padded = len(centers.half_norms)
        # A start that is left unfinished goes on with these.
        kept = (
            np.empty((n_clusters, points.n_features)),
            np.empty(n_clusters),
            np.empty(n_padded, dtype=np.float32),
            np.empty(n_samples, dtype=np.float32),
            np.empty((n_samples, n_padded), dtype=np.float32),
        )
        counts = 0 if points.sums_are_exact(problem.weights) else 1

        def kernel(at_once: int, first: int, last: int) -> None:
            small_sparse.runs(
                *points.csr,
                points.row_norms,
                problem.weights,
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

        _complete(kernel, problem, start, stop, runs)


_RUNNERS: dict[type, Callable[[Any], Runner]] = {
    DensePoints: DenseRunner,
    SparsePoints: SparseRunner,
}


def runner_of(points: Points) -> Runner | None:
    """The compiled calls for these points; None if their storage has no such calls."""
    make = _RUNNERS.get(type(points))
    return None if make is None else make(points)


def _complete(
    kernel: Callable[[int, int, int], object], problem: Problem, start: int, stop: int, runs: Runs
) -> None:
    """Call ``kernel(at_once, start, stop)`` until starts ``start``..``stop`` have ended.

    The kernel runs up to ``at_once`` iterations of each start.
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
