"""Lloyd's algorithm over points: assign, update, relocate, stop; one event for each iteration."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.fit.problem import StopRule
from kmeans_core.kernels.centers import weighted_total
from kmeans_core.points.interface import RUN_CALLS, Points, Sums
from kmeans_core.points.sums import cluster_totals

StopReason = Literal["strict convergence", "tolerance", "max_iter", "on_iteration"]


@dataclass(frozen=True, eq=False)
class IterationEvent:
    """The state after one iteration of Lloyd's algorithm.

    ``centers`` and ``labels`` are read-only. The next iteration reuses the array of ``labels``: use
    :meth:`copy` to keep it.

    Attributes
    ----------
    restart : int
        The number of the restart, from 0.
    iteration : int
        The number of the iteration in its restart, from 0.
    centers : ndarray of shape (n_clusters, n_features), float64
        The centers that the rows were assigned to.
    labels : ndarray of shape (n_samples,), int32
        The number of the nearest center of each row.
    inertia : float
        The inertia of ``labels`` and ``centers``, in squared units of X.
    center_shift : float
        The sum of the squared distances that the centers moved after the assignment. The tolerance
        is compared with it.
    n_moved : int
        The number of rows whose label changed. In iteration 0 it is the number of all rows.
    n_relocated : int
        The number of empty clusters that were relocated to a row.
    seconds : float
        The wall time of the iteration.

    Examples
    --------
    >>> from kmeans_core import KMeans
    >>> model = KMeans(2, init=[[0.0], [1.0]], on_iteration=lambda event: print(event.inertia))
    >>> model = model.fit([[0.0], [1.0], [10.0]])
    81.0
    21.25
    0.5
    """

    restart: int
    iteration: int
    centers: Floats
    labels: Labels
    inertia: float
    center_shift: float
    n_moved: int
    n_relocated: int
    seconds: float

    def copy(self) -> "IterationEvent":
        """Copy the event and its arrays, so that they outlive the next iteration.

        Returns
        -------
        IterationEvent
            The copy.

        Examples
        --------
        >>> from kmeans_core import KMeans
        >>> events = []
        >>> model = KMeans(
        ...     2, init=[[0.0], [1.0]], on_iteration=lambda event: events.append(event.copy())
        ... ).fit([[0.0], [1.0], [10.0]])
        >>> [event.labels.tolist() for event in events]
        [[0, 1, 1], [0, 0, 1], [0, 0, 1]]
        """
        return replace(self, centers=self.centers.copy(), labels=self.labels.copy())


OnIteration = Callable[[IterationEvent], Any]


@dataclass(frozen=True, eq=False)
class LloydResult:
    """The state in which Lloyd's algorithm stopped."""

    centers: npt.NDArray[Any]  # (n_clusters, n_features), in the dtype of the points
    labels: Labels  # (n_samples,)
    inertia: float  # of ``centers`` and ``labels``, plus the penalty of the points
    n_iter: int
    stopped_by: StopReason
    center_shift: float  # in the last iteration
    # (n_clusters,): the part of each cluster in the inertia, without the penalty.
    cluster_inertias: Floats


def allowed_shift(points: Points, tol: float) -> float:
    """The shift at which a run stops: tol times the mean variance of the features."""
    return tol * points.mean_variance() if tol > 0 else 0.0


def reason_to_stop(answer: Any, n_moved: int, shift: float, rule: StopRule) -> StopReason | None:
    """Why an iteration is the last one; None if it is not, or if only ``max_iter`` ends the run.

    ``answer`` is what ``on_iteration`` returned. It comes first because it also ends the restarts
    that follow.
    """
    if isinstance(answer, bool | np.bool_) and answer:
        return "on_iteration"
    if n_moved == 0:
        return "strict convergence"
    return "tolerance" if shift <= rule.shift else None


def lloyd(
    points: Points,
    centers: Floats,
    weights: Floats,
    rule: StopRule,
    *,
    restart: int = 0,
    on_iteration: OnIteration | None = None,
) -> LloydResult:
    """Run Lloyd's algorithm from ``centers`` (n_clusters, n_features), which it overwrites.

    Centers may take more memory than the points, so they are moved in their place.

    ``on_iteration`` gets an event after each iteration, and stops the run if it returns True.
    """
    labels = np.full(points.shape[0], -1, dtype=np.int32)
    assigner = points.assigner(len(centers), min(RUN_CALLS, rule.max_iter))
    sums = points.cluster_sums(weights, len(centers))
    centers = np.ascontiguousarray(centers, dtype=np.float64)
    stopped_by: StopReason = "max_iter"
    n_relocated = 0
    for iteration in range(rule.max_iter):
        began = time.perf_counter()
        n_moved = sums.assign(assigner, centers, labels)
        before = centers if on_iteration is None else centers.copy()
        changed = False
        if n_moved == 0 and n_relocated == 0:
            # The centers are already the means of these labels. This is not so after a relocation:
            # a relocated cluster stays empty if a center with a lower number lies at its place.
            shift = 0.0
        else:
            sums.update(labels, n_moved)
            n_relocated = _relocate(points, centers, labels, weights, sums)
            shift, changed = sums.move(centers)
        answer = on_iteration is not None and on_iteration(
            IterationEvent(
                restart=restart,
                iteration=iteration,
                centers=_read_only(before),
                labels=_read_only(labels),
                inertia=_inertia(points, before, labels, weights),
                center_shift=shift,
                n_moved=n_moved,
                n_relocated=n_relocated,
                seconds=time.perf_counter() - began,
            )
        )
        reason = reason_to_stop(answer, n_moved, shift, rule)
        if reason is not None:
            stopped_by = reason
            break

    if sums.n_updates > 0 and n_relocated == 0:
        # The centers that are returned are means from new sums, without the rounding of updates.
        sums.refresh(labels)
        changed |= sums.move(centers)[1]
    del sums  # makes room for another copy of the centers
    # Labels and inertia belong to the centers that are returned, whatever stopped the loop.
    final = centers.astype(points.dtype, copy=False)
    if changed or not np.array_equal(centers, final):
        centers[:] = final
        assigner.assign(centers, labels)
    own = points.own_distances(centers, labels)
    return LloydResult(
        centers=final,
        labels=labels,
        inertia=float(weighted_total(weights, own)) + points.penalty(centers),
        n_iter=iteration + 1,
        stopped_by=stopped_by,
        center_shift=shift,
        cluster_inertias=cluster_totals(
            labels, weights, own, points.shape[1], len(centers), points.n_threads
        ),
    )


def _relocate(points: Points, centers: Floats, labels: Labels, weights: Floats, sums: Sums) -> int:
    """Move each empty cluster to the row farthest from its own center; return their number."""
    empty = np.flatnonzero(sums.weight_in_clusters == 0)
    donors = farthest_rows(points, centers, labels, weights, len(empty))
    if len(donors) > 0:
        # Only the centers move. The labels stay as they are until the next assignment.
        relocated = labels.copy()
        relocated[donors] = empty[: len(donors)]
        sums.refresh(relocated)
    return len(donors)


def farthest_rows(
    points: Points, centers: Floats, labels: Labels, weights: Floats, n_rows: int
) -> Ints:
    """Up to ``n_rows`` rows that are farthest from their own center, farthest first.

    A row at distance 0 is left out, and so is a row that would cost as much in a cluster of its
    own, because the objective must not rise. If rows are equally far, the one with the lowest
    number comes first. So exact distances, which are the same in every storage, decide near the
    limit.
    """
    if n_rows == 0:
        return np.empty(0, dtype=np.intp)
    distances = points.own_distances(centers, labels)
    # np.partition takes much time if many numbers are 0, so these are left out first.
    candidates = np.flatnonzero((weights > 0) & (distances > points.cost_alone(weights)))
    if len(candidates) > n_rows:
        distances = distances[candidates]
        limit = np.partition(distances, len(distances) - n_rows)[len(distances) - n_rows]
        candidates = candidates[distances >= limit * (1 - 1e-9)]
    exact = points.exact_own_distances(centers, labels, candidates)
    return candidates[np.argsort(-exact, kind="stable")][:n_rows]


def _inertia(points: Points, centers: Floats, labels: Labels, weights: Floats) -> float:
    distances = float(weighted_total(weights, points.own_distances(centers, labels)))
    return distances + points.penalty(centers)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
