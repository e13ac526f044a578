"""Several restarts of Lloyd's algorithm on the same points; the best one is kept."""

from collections.abc import Iterator

import numpy as np

from kmeans_core.arrays import Labels
from kmeans_core.fit.compiled import BATCH, is_small, small_restarts
from kmeans_core.fit.first_centers import first_centers
from kmeans_core.fit.lloyd import IterationEvent, LloydResult, OnIteration, lloyd
from kmeans_core.fit.problem import Problem
from kmeans_core.kernels.centers import weighted_total
from kmeans_core.points.checks import RandomStream


def best_of_restarts(
    problem: Problem,
    n_restarts: int,
    stream: RandomStream,
    *,
    verbose: bool = False,
    on_iteration: OnIteration | None = None,
) -> LloydResult:
    """Run ``n_restarts`` restarts and keep the one with the least inertia.

    ``stream`` draws the first centers of all restarts, in order.
    """
    listens = verbose or on_iteration is not None
    if listens or not is_small(problem.points, problem.n_clusters, n_restarts):
        results = _one_by_one(problem, n_restarts, stream, verbose, on_iteration)
    else:
        results = _in_batches(problem, n_restarts, stream)
    best = next(results)
    for result in results:
        if _is_better(result, best, problem):
            best = result
    return best


def _is_better(result: LloydResult, best: LloydResult, problem: Problem) -> bool:
    """Whether a restart has less inertia than the best one, with the same answer in every storage.

    A restart that found the same clusters under other numbers is not better, even if rounding makes
    its inertia smaller.
    """
    error = problem.points.inertia_error
    greater = max(result.inertia, best.inertia)
    is_near = error > 0 and abs(result.inertia - best.inertia) <= greater * error
    if not is_near and not result.inertia < best.inertia:
        return False
    if same_clustering(result.labels, best.labels, problem.n_clusters):
        return False
    if is_near:
        return _exact_inertia(result, problem) < _exact_inertia(best, problem)
    return True


def _exact_inertia(result: LloydResult, problem: Problem) -> float:
    """The inertia from the exact distance of every row."""
    points = problem.points
    centers = result.centers.astype(np.float64)
    rows = np.arange(len(result.labels))
    distances = points.exact_own_distances(centers, result.labels, rows)
    return float(weighted_total(problem.weights, distances)) + points.penalty(centers)


def _in_batches(problem: Problem, n_restarts: int, stream: RandomStream) -> Iterator[LloydResult]:
    for first in range(0, n_restarts, BATCH):
        yield from small_restarts(problem, min(BATCH, n_restarts - first), stream)


def _one_by_one(
    problem: Problem,
    n_restarts: int,
    stream: RandomStream,
    verbose: bool,
    on_iteration: OnIteration | None,
) -> Iterator[LloydResult]:
    """Restarts one after the other, until ``on_iteration`` stops one."""
    points, weights, rule = problem.points, problem.weights, problem.rule
    listener = _printing(on_iteration) if verbose else on_iteration
    for restart in range(n_restarts):
        centers = first_centers(problem, stream)
        if verbose:
            print("Initialization complete")  # noqa: T201
        result = lloyd(points, centers, weights, rule, restart=restart, on_iteration=listener)
        if verbose:
            _print_end(result, rule.shift)
        yield result
        if result.stopped_by == "on_iteration":
            return


def same_clustering(labels: Labels, others: Labels, n_clusters: int) -> bool:
    """Whether two labelings are the same up to the numbers of the clusters."""
    name_in_others = np.full(n_clusters, -1, dtype=np.int32)
    name_in_others[labels] = others
    if len(np.unique(labels)) != len(np.unique(others)):
        return False
    return bool(np.array_equal(name_in_others[labels], others))


def _printing(on_iteration: OnIteration | None) -> OnIteration:
    """A listener that prints each event and passes it on."""

    def listener(event: IterationEvent) -> object:
        print(f"Iteration {event.iteration}, inertia {event.inertia}.")  # noqa: T201
        return on_iteration(event) if on_iteration is not None else None

    return listener


def _print_end(result: LloydResult, tolerance: float) -> None:
    """Print the reason if the restart converged."""
    reasons = {
        "strict convergence": "strict convergence",
        "tolerance": f"center shift {result.center_shift} within tolerance {tolerance}",
    }
    if result.stopped_by in reasons:
        reason = reasons[result.stopped_by]
        print(f"Converged at iteration {result.n_iter - 1}: {reason}.")  # noqa: T201
