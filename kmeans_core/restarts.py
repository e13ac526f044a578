"""Several starts of Lloyd's algorithm on the same points, of which the best is kept."""

from typing import Any

import numpy as np

from kmeans_core.arrays import Floats, Labels
from kmeans_core.checks import RandomStream
from kmeans_core.lloyd import IterationEvent, LloydResult, OnIteration, lloyd
from kmeans_core.points import Points
from kmeans_core.seeding import first_centers


def best_of_starts(
    points: Points,
    X: Any,
    weights: Floats,
    *,
    init: Any,
    n_clusters: int,
    n_starts: int,
    max_iter: int,
    tol: float,
    stream: RandomStream,
    verbose: bool = False,
    on_iteration: OnIteration | None = None,
) -> LloydResult:
    """Start ``n_starts`` times, one after the other, and keep the least inertia.

    Parameters
    ----------
    points : Points
    X : array-like or sparse matrix
        What the points were made of, for a callable ``init``.
    weights : ndarray of shape (n_samples,)
    init, n_clusters, max_iter, tol, verbose, on_iteration
        As in :class:`kmeans_core.KMeans`, checked.
    n_starts : int
    stream : RandomState or Generator
        Draws the first centres of all starts, in order.

    Returns
    -------
    LloydResult
    """
    shift = tol * points.mean_variance() if tol > 0 else 0.0
    best: LloydResult | None = None
    for restart in range(n_starts):
        centers = first_centers(init, X, points, n_clusters, weights, stream)
        if verbose:
            print("Initialization complete")  # noqa: T201 (verbose asks for it)
        result = lloyd(
            points,
            centers,
            weights,
            max_iter=max_iter,
            tol=shift,
            restart=restart,
            on_iteration=_Printer(on_iteration) if verbose else on_iteration,
        )
        if verbose:
            _print_end(result, shift)
        # A start that found the same clusters under other numbers is no improvement, even where
        # rounding makes its inertia the lesser.
        if best is None or (
            result.inertia < best.inertia
            and not same_clustering(result.labels, best.labels, n_clusters)
        ):
            best = result
        if result.stopped_by == "on_iteration":
            break
    assert best is not None  # there is at least one start
    return best


def same_clustering(labels: Labels, others: Labels, n_clusters: int) -> bool:
    """Whether two labelings are the same up to the numbers of the clusters."""
    name_in_others = np.full(n_clusters, -1, dtype=np.int32)
    name_in_others[labels] = others
    return bool(np.array_equal(name_in_others[labels], others)) and len(np.unique(labels)) == len(
        np.unique(others)
    )


class _Printer:
    """Prints each iteration, then hands it on."""

    def __init__(self, on_iteration: OnIteration | None) -> None:
        self.on_iteration = on_iteration

    def __call__(self, event: IterationEvent) -> Any:
        print(f"Iteration {event.iteration}, inertia {event.inertia}.")  # noqa: T201
        return self.on_iteration(event) if self.on_iteration is not None else None


def _print_end(result: LloydResult, tol: float) -> None:
    last = result.n_iter - 1
    if result.stopped_by == "strict convergence":
        print(f"Converged at iteration {last}: strict convergence.")  # noqa: T201
    elif result.stopped_by == "tolerance":
        print(  # noqa: T201
            f"Converged at iteration {last}: center shift {result.center_shift} within "
            f"tolerance {tol}."
        )
