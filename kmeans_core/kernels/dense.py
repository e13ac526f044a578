"""Kernels over a dense array: the deciding distance, and sums.

Everywhere X is (n_samples, n_features) float32 or float64, and distances and sums are float64.
``centers_t`` is the centres transposed, (n_features, n_padded): the innermost loop then runs over
clusters that lie side by side, which LLVM vectorises without changing the order in which the
features of any one distance are added. That order is what decides labels: sum of (x - c)^2 in
float64, first feature first.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel


@kernel
def assign(
    X,  # IN (n_samples, n_features)
    centers_t,  # IN (n_features, n_padded)
    n_clusters,  # IN; columns of centers_t beyond it are padding
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest centre, the lowest of equally near ones
):
    """Label rows start..stop; return how many labels changed."""
    distances = np.empty(centers_t.shape[1])
    n_moved = 0
    for i in range(start, stop):
        distances[:] = 0.0
        for j in range(X.shape[1]):
            x = np.float64(X[i, j])
            for c in range(centers_t.shape[1]):
                difference = x - centers_t[j, c]
                distances[c] += difference * difference
        nearest = 0
        for c in range(1, n_clusters):
            if distances[c] < distances[nearest]:
                nearest = c
        if labels[i] != nearest:
            labels[i] = nearest
            n_moved += 1
    return n_moved


@kernel
def squared_distances(
    X,  # IN (n_samples, n_features)
    centers_t,  # IN (n_features, n_padded)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples, n_clusters), rows start..stop
):
    """Squared distances of rows start..stop to every centre."""
    distances = np.empty(centers_t.shape[1])
    for i in range(start, stop):
        distances[:] = 0.0
        for j in range(X.shape[1]):
            x = np.float64(X[i, j])
            for c in range(centers_t.shape[1]):
                difference = x - centers_t[j, c]
                distances[c] += difference * difference
        for c in range(out.shape[1]):
            out[i, c] = distances[c]


@kernel
def own_distances(
    X,  # IN (n_samples, n_features)
    centers,  # IN (n_clusters, n_features)
    labels,  # IN (n_samples,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples,), rows start..stop
):
    """Squared distance of rows start..stop to the centre of their own cluster."""
    for i in range(start, stop):
        center = labels[i]
        total = 0.0
        for j in range(X.shape[1]):
            difference = np.float64(X[i, j]) - centers[center, j]
            total += difference * difference
        out[i] = total


@kernel
def add_rows(
    X,  # IN (n_samples, n_features)
    rows,  # IN (n_entries,): row numbers, cluster by cluster
    factors,  # IN (n_entries,): what each of them counts
    starts,  # IN (n_clusters + 1,): where each cluster's entries start
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    sums,  # IN/OUT (n_clusters, n_features), clusters start..stop
):
    """Add factor * row to the sums of clusters start..stop, entry after entry."""
    for c in range(start, stop):
        for entry in range(starts[c], starts[c + 1]):
            i = rows[entry]
            factor = factors[entry]
            for j in range(X.shape[1]):
                sums[c, j] += factor * np.float64(X[i, j])
