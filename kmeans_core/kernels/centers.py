"""Kernels over centres: means of clusters, how far centres moved, totals over rows."""

from kmeans_core.kernels.jit import kernel


@kernel
def means(
    sums,  # IN (n_clusters, n_features)
    mass,  # IN (n_clusters,): 0 for an empty cluster
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    out,  # OUT (n_clusters, n_features), clusters start..stop that are not empty
):
    """Sum over weight of clusters start..stop."""
    for c in range(start, stop):
        if mass[c] > 0.0:
            for j in range(sums.shape[1]):
                out[c, j] = sums[c, j] / mass[c]


@kernel
def squared_shifts(
    before,  # IN (n_clusters, n_features)
    after,  # IN (n_clusters, n_features)
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    out,  # OUT (n_clusters,), clusters start..stop
):
    """Squared distance that each of the centres start..stop moved."""
    for c in range(start, stop):
        total = 0.0
        for j in range(before.shape[1]):
            difference = after[c, j] - before[c, j]
            total += difference * difference
        out[c] = total


@kernel
def weighted_total(
    weights,  # IN (n_samples,)
    values,  # IN (n_samples,)
):
    """Sum of weight * value in blocks of 128 rows, whose sums are added up in order.

    The rounding error grows with 128 + n_samples / 128 instead of with n_samples.
    """
    total = 0.0
    for first in range(0, values.shape[0], 128):
        part = 0.0
        for i in range(first, min(first + 128, values.shape[0])):
            part += weights[i] * values[i]
        total += part
    return total
