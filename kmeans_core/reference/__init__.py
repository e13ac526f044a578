"""The textbook version: k-means++, Lloyd, mini-batches and scores, in plain NumPy.

It is not fast, and it shares no code with the rest of the package. Learners read it, and the tests
compare the fast versions with it. ``plain`` is the first reading: all of plain k-means.
``weighted`` adds what `KMeans` does beyond it: weights, clusters that lose all their rows, greedy
k-means++ and mini-batches. ``scores`` has more scores.
"""

from kmeans_core.reference.plain import (
    LloydStep,
    inertia,
    kmeans_plusplus,
    lloyd,
    means,
    nearest,
    silhouette_samples,
    squared_distances,
)
from kmeans_core.reference.scores import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
)
from kmeans_core.reference.weighted import (
    WeightedStep,
    greedy_kmeans_plusplus,
    minibatch_step,
    update,
    weighted_inertia,
    weighted_lloyd,
)

__all__ = [
    "LloydStep",
    "WeightedStep",
    "adjusted_rand_score",
    "calinski_harabasz_score",
    "davies_bouldin_score",
    "greedy_kmeans_plusplus",
    "inertia",
    "kmeans_plusplus",
    "lloyd",
    "means",
    "minibatch_step",
    "nearest",
    "silhouette_samples",
    "squared_distances",
    "update",
    "weighted_inertia",
    "weighted_lloyd",
]
