"""What a start is given: the points, how many clusters, where to begin and when to end."""

from dataclasses import dataclass
from typing import Any

from kmeans_core.arrays import Floats
from kmeans_core.points.interface import Points
from kmeans_core.points.runs import StopRule


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
