"""Kernels over centres: means of clusters, how far centres moved, totals.

Loops rather than whole-array statements: numba takes seconds to compile the latter.
"""

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.exact import squared_distance


@kernel
def means(
    sums,  # IN (n_clusters, n_features)
    mass,  # IN (n_clusters,): 0 for an empty cluster
    before,  # IN (n_clusters, n_features)
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    out,  # OUT (n_clusters, n_features), clusters start..stop that are not empty
    shifts,  # OUT (n_clusters,), the same: squared distances from where they were before
):
    """Sum over weight of clusters start..stop."""
    for c in range(start, stop):
        if mass[c] > 0.0:
            for j in range(sums.shape[1]):
                out[c, j] = sums[c, j] / mass[c]
            shifts[c] = squared_distance(before[c], out[c])


@kernel
def total(
    values,  # IN (n_values,)
):
    """Sum of the values, in order."""
    found = 0.0
    for i in range(values.shape[0]):
        found += values[i]
    return found


@kernel
def weighted_total(
    weights,  # IN (n_samples,)
    values,  # IN (n_samples,)
):
    """Sum of weight * value in blocks of 128 rows, whose sums are added up in order.

    The rounding error grows with 128 + n_samples / 128 instead of with n_samples.
    """
    found = 0.0
    for first in range(0, values.shape[0], 128):
        part = 0.0
        for i in range(first, min(first + 128, values.shape[0])):
            part += weights[i] * values[i]
        found += part
    return found


@kernel
def squared_lengths(
    centers,  # IN (n_clusters, n_features)
    out,  # OUT (n_clusters,)
):
    """Squared length of each centre."""
    for c in range(centers.shape[0]):
        length = 0.0
        for j in range(centers.shape[1]):
            length += centers[c, j] * centers[c, j]
        out[c] = length


@kernel
def replace_centers(
    after,  # IN (n_clusters, n_features)
    centers,  # IN/OUT (n_clusters, n_features)
):
    """Put others in the place of centres; return whether any differs, by however little."""
    changed = False
    for c in range(centers.shape[0]):
        for j in range(centers.shape[1]):
            if centers[c, j] != after[c, j]:
                changed = True
            centers[c, j] = after[c, j]
    return changed


@kernel
def move_centers(
    sums,  # IN (n_clusters, n_features)
    mass,  # IN (n_clusters,)
    touched,  # IN (n_clusters,): whose sums are not what they were when the centre was their mean
    after,  # SCRATCH (n_features,)
    shifts,  # OUT (n_clusters,): squared distances moved
    centers,  # IN/OUT (n_clusters, n_features)
):
    """Move centres to the means; return the sum of squared shifts, -1 if a cluster is empty."""
    n_clusters, n_features = centers.shape
    for c in range(n_clusters):
        if mass[c] == 0.0:
            return -1.0
    for c in range(n_clusters):
        shifts[c] = 0.0
        if touched[c]:
            for j in range(n_features):
                after[j] = sums[c, j] / mass[c]
            shifts[c] = squared_distance(centers[c], after)
            for j in range(n_features):
                centers[c, j] = after[j]
    return total(shifts)


@kernel
def round_centers(
    rounded,  # SCRATCH (1,), of the dtype of X
    centers,  # IN/OUT (n_clusters, n_features)
):
    """Round centres to the dtype of X; return whether that changed any."""
    changed = False
    for c in range(centers.shape[0]):
        for j in range(centers.shape[1]):
            rounded[0] = centers[c, j]
            if rounded[0] != centers[c, j]:
                changed = True
                centers[c, j] = rounded[0]
    return changed
