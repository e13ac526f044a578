"""Exact k-means and scores of clusterings: numba kernels under scikit-learn's own interface."""

from kmeans_core.errors import (
    ConvergenceWarning,
    InconsistentVersionWarning,
    InvalidParameterError,
    NotFittedError,
)
from kmeans_core.estimator import KMeans
from kmeans_core.fit.lloyd import IterationEvent
from kmeans_core.fit.seeding import kmeans_plusplus
from kmeans_core.minibatch import MiniBatchKMeans
from kmeans_core.nearest import assign
from kmeans_core.pairwise.agreement import adjusted_rand_score
from kmeans_core.pairwise.silhouette import silhouette_samples, silhouette_score
from kmeans_core.pairwise.spread import calinski_harabasz_score, davies_bouldin_score
from kmeans_core.points.chunked_rows import ChunkedRows
from kmeans_core.sweep import sweep_k
from kmeans_core.sweep_result import Suggestion, SweepResult
from kmeans_core.version import __version__
from kmeans_core.warmup import warmup

__all__ = [
    "ChunkedRows",
    "ConvergenceWarning",
    "InconsistentVersionWarning",
    "InvalidParameterError",
    "IterationEvent",
    "KMeans",
    "MiniBatchKMeans",
    "NotFittedError",
    "Suggestion",
    "SweepResult",
    "__version__",
    "adjusted_rand_score",
    "assign",
    "calinski_harabasz_score",
    "davies_bouldin_score",
    "kmeans_plusplus",
    "silhouette_samples",
    "silhouette_score",
    "sweep_k",
    "warmup",
]
