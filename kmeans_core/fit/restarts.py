"""Several starts of Lloyd's algorithm on the same points, of which the best is kept."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kmeans_core.arrays import Labels
from kmeans_core.fit.compiled import BATCH, is_small, small_restarts
from kmeans_core.fit.lloyd import IterationEvent, LloydResult, OnIteration, lloyd
from kmeans_core.fit.problem import Problem
from kmeans_core.fit.seeding import first_centers
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
    """Start ``n_restarts`` times and keep the least inertia.

    Parameters
    ----------
    problem : Problem
    n_restarts : int
    stream : RandomState or Generator
        Draws the first centers of all starts, in order.
    verbose, on_iteration
        As in :class:`kmeans_core.KMeans`, checked.

    Returns
    -------
    LloydResult
    """
    if verbose:
        results = _one_by_one(
            problem, n_restarts, stream, _Printer(on_iteration, problem.rule.shift)
        )
    elif on_iteration is not None or not is_small(problem.points, problem.n_clusters, n_restarts):
        results = _one_by_one(problem, n_restarts, stream, on_iteration)
    else:
        results = _in_batches(problem, n_restarts, stream)
    best = next(results)
    for result in results:
        if _is_better(result, best, problem):
            best = result
    return best


def _is_better(result: LloydResult, best: LloydResult, problem: Problem) -> bool:
    """Whether a start has the lesser inertia, decided with the same bits in every storage.

    A start that found the same clusters under other numbers is no improvement, even where rounding
    makes its inertia the lesser.
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
    """The inertia by the deciding sum of every row."""
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
    listener: "OnIteration | _Printer | None",
) -> Iterator[LloydResult]:
    """Starts one after the other, until one is stopped from outside."""
    for restart in range(n_restarts):
        centers = first_centers(problem, stream)
        if isinstance(listener, _Printer):
            listener.begins()
        result = lloyd(
            problem.points,
            centers,
            problem.weights,
            problem.rule,
            restart=restart,
            on_iteration=listener,
        )
        if isinstance(listener, _Printer):
            listener.ends(result)
        yield result
        if result.stopped_by == "on_iteration":
            return


def same_clustering(labels: Labels, others: Labels, n_clusters: int) -> bool:
    """Whether two labelings are the same up to the numbers of the clusters."""
    name_in_others = np.full(n_clusters, -1, dtype=np.int32)
    name_in_others[labels] = others
    return bool(np.array_equal(name_in_others[labels], others)) and len(np.unique(labels)) == len(
        np.unique(others)
    )


class _Printer:
    """Prints what a start does, and hands its iterations on."""

    def __init__(self, on_iteration: OnIteration | None, shift: float) -> None:
        self.on_iteration = on_iteration
        self.shift = shift

    def __call__(self, event: IterationEvent) -> Any:
        print(f"Iteration {event.iteration}, inertia {event.inertia}.")  # noqa: T201
        return self.on_iteration(event) if self.on_iteration is not None else None

    def begins(self) -> None:
        """Say that the first centers are there."""
        print("Initialization complete")  # noqa: T201

    def ends(self, result: LloydResult) -> None:
        """Say why the start stopped, where it converged."""
        last = result.n_iter - 1
        if result.stopped_by == "strict convergence":
            print(f"Converged at iteration {last}: strict convergence.")  # noqa: T201
        elif result.stopped_by == "tolerance":
            print(  # noqa: T201
                f"Converged at iteration {last}: center shift {result.center_shift} within "
                f"tolerance {self.shift}."
            )
