"""What a start is given: the points, how many clusters, where to begin and when to end."""

from dataclasses import dataclass
from typing import Any

from kmeans_core.arrays import Floats
from kmeans_core.points.interface import Points


@dataclass(frozen=True)
class StopRule:
    """When a run ends.

    Attributes
    ----------
    max_iter : int
        A run has at most this many iterations.
    shift : float
        A run ends when the squared shifts of the centers sum to this or less.
    """

    max_iter: int
    shift: float


@dataclass(frozen=True, eq=False)
class Problem:
    """All that several starts have in common.

    Attributes
    ----------
    points : Points
    X : array-like or sparse matrix
        What the points were made of, for a callable ``init``.
    weights : ndarray of shape (n_samples,)
    init : str, array-like or callable
        As in :class:`kmeans_core.KMeans`, checked.
    n_clusters : int
    rule : StopRule
    """

    points: Points
    X: Any
    weights: Floats
    init: Any
    n_clusters: int
    rule: StopRule
