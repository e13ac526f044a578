"""Several starts of a small fit, each in two compiled calls, side by side on threads."""

from typing import Any

import numpy as np

from kmeans_core import chunks
from kmeans_core.arrays import Floats
from kmeans_core.checks import RandomStream
from kmeans_core.kernels import stops
from kmeans_core.lloyd import LloydResult, StopReason, lloyd
from kmeans_core.points import Points
from kmeans_core.runs import Runs, StopRule
from kmeans_core.seeding import draw_starts, first_centers

# Multiply-adds of an iteration up to which the compiled calls are used: some milliseconds. A call
# cannot be interrupted, and beyond this a Python step between iterations costs nothing.
MOST_WORK = 20_000_000

# Starts that are run together, and so are in memory together.
BATCH = 16

_REASONS: dict[int, StopReason] = {
    stops.MAX_ITER: "max_iter",
    stops.TOLERANCE: "tolerance",
    stops.STRICT: "strict convergence",
}


def is_small(points: Points, n_clusters: int) -> bool:
    """Whether an iteration costs so little that a Python step beside it would show."""
    return points.n_stored * n_clusters <= MOST_WORK


def small_starts(
    points: Points,
    X: Any,
    weights: Floats,
    *,
    init: Any,
    n_clusters: int,
    n_starts: int,
    rule: StopRule,
    stream: RandomStream,
) -> list[LloydResult]:
    """What ``lloyd`` gives from each start, to the bit.

    The random numbers of all starts are drawn first, in the order in which starts one after the
    other would draw them.

    Parameters
    ----------
    points, X, weights, init, n_clusters, n_starts, stream
        As in ``best_of_starts``.
    rule : StopRule

    Returns
    -------
    list of LloydResult
    """
    centers = _first_centers(points, X, weights, init, n_clusters, n_starts, stream)
    seeds = centers.copy()
    runs = Runs(
        centers,
        np.empty((n_starts, points.shape[0]), dtype=np.int32),
        np.empty((n_starts, 2), dtype=np.int64),
        np.empty((n_starts, 2)),
    )
    chunks.run(
        n_starts,
        _work(points, n_clusters, n_starts),
        points.n_threads,
        lambda start, stop: points.small_runs(weights, rule, start, stop, runs),
    )
    return [_result(points, weights, seeds[s], rule, runs, s) for s in range(n_starts)]


def _first_centers(
    points: Points,
    X: Any,
    weights: Floats,
    init: Any,
    n_clusters: int,
    n_starts: int,
    stream: RandomStream,
) -> Floats:
    if not (isinstance(init, str) and init == "k-means++"):
        starts = [
            first_centers(init, X, points, n_clusters, weights, stream) for _ in range(n_starts)
        ]
        return np.array(starts)
    draws = draw_starts(weights, n_clusters, n_starts, stream)
    chosen = np.empty((n_starts, n_clusters), dtype=np.intp)
    chunks.run(
        n_starts,
        _work(points, n_clusters, n_starts),
        points.n_threads,
        lambda start, stop: points.small_seeds(
            weights, draws.firsts, draws.uniforms, start, stop, chosen
        ),
    )
    return points.take(chosen.ravel()).reshape(n_starts, n_clusters, -1)


def _work(points: Points, n_clusters: int, n_starts: int) -> int:
    """Multiply-adds, for ten iterations or trials a start."""
    return 10 * points.n_stored * n_clusters * n_starts


def _result(
    points: Points, weights: Floats, seeds: Floats, rule: StopRule, runs: Runs, start: int
) -> LloydResult:
    n_iter, why = runs.stops[start].tolist()
    if why == stops.RAN_EMPTY:
        return lloyd(points, seeds, weights, rule)
    inertia, shift = runs.figures[start].tolist()
    return LloydResult(
        centers=runs.centers[start].astype(points.dtype),
        labels=runs.labels[start].copy(),
        inertia=inertia,
        n_iter=n_iter,
        stopped_by=_REASONS[why],
        center_shift=shift,
    )
