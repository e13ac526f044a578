"""Several starts of Lloyd's algorithm on the same points, of which the best is kept."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kmeans_core.arrays import Floats, Labels
from kmeans_core.checks import RandomStream
from kmeans_core.lloyd import IterationEvent, LloydResult, OnIteration, lloyd
from kmeans_core.points import Points
from kmeans_core.runs import StopRule
from kmeans_core.seeding import first_centers
from kmeans_core.small_starts import BATCH, is_small, small_starts


def best_of_starts(
    points: Points,
    X: Any,
    weights: Floats,
    *,
    init: Any,
    n_clusters: int,
    n_starts: int,
    rule: StopRule,
    stream: RandomStream,
    verbose: bool = False,
    on_iteration: OnIteration | None = None,
) -> LloydResult:
    """Start ``n_starts`` times and keep the least inertia.

    Parameters
    ----------
    points : Points
    X : array-like or sparse matrix
        What the points were made of, for a callable ``init``.
    weights : ndarray of shape (n_samples,)
    init, n_clusters, verbose, on_iteration
        As in :class:`kmeans_core.KMeans`, checked.
    n_starts : int
    rule : StopRule
    stream : RandomState or Generator
        Draws the first centres of all starts, in order.

    Returns
    -------
    LloydResult
    """
    if verbose or on_iteration is not None or not is_small(points, n_clusters):
        listener = _Printer(on_iteration, rule.shift) if verbose else on_iteration
        results = _one_by_one(
            points, X, weights, init, n_clusters, n_starts, rule, stream, listener
        )
    else:
        results = _in_batches(points, X, weights, init, n_clusters, n_starts, rule, stream)
    best = next(results)
    for result in results:
        # A start that found the same clusters under other numbers is no improvement, even where
        # rounding makes its inertia the lesser.
        if result.inertia < best.inertia and not same_clustering(
            result.labels, best.labels, n_clusters
        ):
            best = result
    return best


def _in_batches(
    points: Points,
    X: Any,
    weights: Floats,
    init: Any,
    n_clusters: int,
    n_starts: int,
    rule: StopRule,
    stream: RandomStream,
) -> Iterator[LloydResult]:
    for first in range(0, n_starts, BATCH):
        yield from small_starts(
            points,
            X,
            weights,
            init=init,
            n_clusters=n_clusters,
            n_starts=min(BATCH, n_starts - first),
            rule=rule,
            stream=stream,
        )


def _one_by_one(
    points: Points,
    X: Any,
    weights: Floats,
    init: Any,
    n_clusters: int,
    n_starts: int,
    rule: StopRule,
    stream: RandomStream,
    listener: "OnIteration | _Printer | None",
) -> Iterator[LloydResult]:
    """Starts one after the other, until one is stopped from outside."""
    for restart in range(n_starts):
        centers = first_centers(init, X, points, n_clusters, weights, stream)
        if isinstance(listener, _Printer):
            listener.begins()
        result = lloyd(points, centers, weights, rule, restart=restart, on_iteration=listener)
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
        """Say that the first centres are there."""
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
