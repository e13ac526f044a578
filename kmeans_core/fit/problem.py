"""The input of a restart: points, weights, number of clusters, first centers and stop rule."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from kmeans_core.arrays import Floats
from kmeans_core.points.interface import Points


class StopRule(NamedTuple):
    """A run ends after ``max_iter`` iterations, or if the center shift is at most ``shift``."""

    max_iter: int
    shift: float


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything that the restarts of a fit have in common."""

    points: Points
    X: Any  # the input from which the points were made, for a callable ``init``
    weights: Floats  # (n_samples,)
    init: Any  # as in KMeans, checked
    n_clusters: int
    rule: StopRule
