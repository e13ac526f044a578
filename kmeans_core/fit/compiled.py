"""Several restarts of a small fit, each in two compiled calls, side by side on threads."""

import numpy as np

from kmeans_core.arrays import Floats
from kmeans_core.fit.first_centers import first_centers
from kmeans_core.fit.lloyd import LloydResult, StopReason, lloyd
from kmeans_core.fit.problem import Problem
from kmeans_core.fit.runners import Runner, Runs, runner_of
from kmeans_core.fit.seeding import draw_restarts
from kmeans_core.kernels import stops
from kmeans_core.points.checks import RandomStream
from kmeans_core.points.interface import Points
from kmeans_core.threads import chunks

# The compiled calls are used up to this many multiply-adds in an iteration: some milliseconds.
# Beyond this the cost of a Python step between iterations is too small to matter.
MOST_WORK = 20_000_000

# A restart may keep this many bytes; the restarts of several threads are in memory together.
MOST_KEPT = 2**23

# This many restarts run together, and so are in memory together.
BATCH = 16

_REASONS: dict[int, StopReason] = {
    stops.MAX_ITER: "max_iter",
    stops.TOLERANCE: "tolerance",
    stops.STRICT: "strict convergence",
}


def is_small(points: Points, n_clusters: int, n_restarts: int) -> bool:
    """Whether the compiled calls are faster than the loop.

    Measured on 2 processors: up to ``MOST_WORK``, several restarts side by side took .16 to .8
    times as long as the loop. The runner knows whether a single restart gains as much.
    """
    runner = runner_of(points)
    if runner is None or runner.kept_by_restart(n_clusters) > MOST_KEPT:
        return False
    if points.n_stored * n_clusters > MOST_WORK or not runner.adds_in_order(n_clusters):
        return False
    return n_restarts > 1 or runner.pays_alone(n_clusters)


def small_restarts(problem: Problem, n_restarts: int, stream: RandomStream) -> list[LloydResult]:
    """The same results, to the bit, as ``lloyd`` for each restart.

    The random numbers of all restarts are drawn first, in the order in which successive restarts
    would draw them.
    """
    runner = runner_of(problem.points)
    assert runner is not None, "is_small has checked that the points have compiled calls"
    centers = _first_centers(problem, runner, n_restarts, stream)
    seeds = centers.copy()
    runs = Runs(
        centers,
        np.empty((n_restarts, problem.points.shape[0]), dtype=np.int32),
        np.zeros((n_restarts, 3), dtype=np.int64),
        np.empty((n_restarts, 2)),
        np.empty((n_restarts, problem.n_clusters)),
    )
    chunks.run(
        n_restarts,
        _work(problem, n_restarts),
        problem.points.n_threads,
        lambda start, stop: runner.run(problem, start, stop, runs),
    )
    return [_result(problem, seeds[s], runs, s) for s in range(n_restarts)]


def _first_centers(
    problem: Problem, runner: Runner, n_restarts: int, stream: RandomStream
) -> Floats:
    if not (isinstance(problem.init, str) and problem.init == "k-means++"):
        return np.array([first_centers(problem, stream) for _ in range(n_restarts)])
    draws = draw_restarts(problem.weights, problem.n_clusters, n_restarts, stream)
    chosen = np.empty((n_restarts, problem.n_clusters), dtype=np.intp)
    chunks.run(
        n_restarts,
        _work(problem, n_restarts),
        problem.points.n_threads,
        lambda start, stop: runner.seed(problem.weights, draws, start, stop, chosen),
    )
    return problem.points.take(chosen.ravel()).reshape(n_restarts, problem.n_clusters, -1)


def _work(problem: Problem, n_restarts: int) -> int:
    """The multiply-adds of ten iterations or trials for each restart."""
    return 10 * problem.points.n_stored * problem.n_clusters * n_restarts


def _result(problem: Problem, seeds: Floats, runs: Runs, restart: int) -> LloydResult:
    n_iter, why, _ = runs.stops[restart].tolist()
    if why == stops.RAN_EMPTY:
        return lloyd(problem.points, seeds, problem.weights, problem.rule)
    inertia, shift = runs.figures[restart].tolist()
    return LloydResult(
        centers=runs.centers[restart].astype(problem.points.dtype),
        labels=runs.labels[restart].copy(),
        inertia=inertia,
        n_iter=n_iter,
        stopped_by=_REASONS[why],
        center_shift=shift,
        cluster_inertias=runs.inertias[restart].copy(),
    )
