"""Exact k-means and silhouette: numba kernels under scikit-learn's own interface."""

from kmeans_core.errors import (
    ConvergenceWarning,
    InconsistentVersionWarning,
    InvalidParameterError,
    NotFittedError,
)
from kmeans_core.estimator import KMeans
from kmeans_core.fit.lloyd import IterationEvent
from kmeans_core.fit.seeding import kmeans_plusplus
from kmeans_core.nearest import assign
from kmeans_core.pairwise.silhouette import silhouette_samples, silhouette_score
from kmeans_core.sweep import SweepResult, sweep_k
from kmeans_core.version import __version__
from kmeans_core.warmup import warmup

__all__ = [
    "ConvergenceWarning",
    "InconsistentVersionWarning",
    "InvalidParameterError",
    "IterationEvent",
    "KMeans",
    "NotFittedError",
    "SweepResult",
    "__version__",
    "assign",
    "kmeans_plusplus",
    "silhouette_samples",
    "silhouette_score",
    "sweep_k",
    "warmup",
]
