"""Kernels over centers: the means of clusters, the shifts of centers, totals, overlaps.

They are loops, because numba takes seconds to compile statements over whole arrays.
"""

import math

import numpy as np

from kmeans_core.kernels.jit import kernel

# Features of a block, whose rows of the table stay in the cache.
BLOCK_FEATURES = 128


@kernel
def squared_shift(
    before,  # IN (n_features,)
    after,  # IN (n_features,)
):
    """Squared distance between two positions of a center. No label depends on its last bits."""
    # There are four sums, so that an addition need not wait for the one before it.
    total0 = total1 = total2 = total3 = 0.0
    n_whole = before.shape[0] // 4 * 4
    for j in range(0, n_whole, 4):
        x0, x1 = before[j] - after[j], before[j + 1] - after[j + 1]
        x2, x3 = before[j + 2] - after[j + 2], before[j + 3] - after[j + 3]
        total0 += x0 * x0
        total1 += x1 * x1
        total2 += x2 * x2
        total3 += x3 * x3
    for j in range(n_whole, before.shape[0]):
        total0 += (before[j] - after[j]) * (before[j] - after[j])
    return (total0 + total1) + (total2 + total3)


@kernel
def means(
    sums,  # IN (n_clusters, n_features)
    weight_in_clusters,  # IN (n_clusters,): 0 for an empty cluster
    before,  # IN (n_clusters, n_features)
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    out,  # OUT (n_clusters, n_features), clusters start..stop that are not empty; may be ``before``
    shifts,  # OUT (n_clusters,), the same clusters: squared distances from before to out
):
    """Sums divided by weights, for clusters start..stop; return whether any number changed."""
    changed = False
    after = np.empty(sums.shape[1])
    for c in range(start, stop):
        if weight_in_clusters[c] > 0.0:
            for j in range(sums.shape[1]):
                after[j] = sums[c, j] / weight_in_clusters[c]
            shifts[c] = squared_shift(before[c], after)
            for j in range(sums.shape[1]):
                changed |= before[c, j] != after[j]
                out[c, j] = after[j]
    return changed


@kernel
def add_to_means(
    sums,  # IN (n_clusters, n_features): of further rows
    weight_in_clusters,  # IN (n_clusters,): of these rows
    counts,  # IN (n_clusters,): the weight of the rows whose means the centers are
    rounded,  # SCRATCH (n_features,), of the dtype of X
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    centers,  # IN/OUT (n_clusters, n_features), rounded to the dtype of X
):
    """Move centers start..stop to the means of both; one without further rows keeps its bits."""
    for c in range(start, stop):
        if weight_in_clusters[c] > 0.0:
            weight = counts[c] + weight_in_clusters[c]
            for j in range(centers.shape[1]):
                rounded[j] = (centers[c, j] * counts[c] + sums[c, j]) / weight
            for j in range(centers.shape[1]):
                centers[c, j] = rounded[j]


@kernel
def total(
    values,  # IN (n_values,)
):
    """Sum of the values, added in order."""
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
    n_whole = values.shape[0] // 512 * 512
    # Four blocks side by side, because an addition waits for the one before it.
    for first in range(0, n_whole, 512):
        total0 = total1 = total2 = total3 = 0.0
        for i in range(np.uint64(first), np.uint64(first + 128)):
            i1, i2, i3 = i + np.uint64(128), i + np.uint64(256), i + np.uint64(384)
            total0 += weights[i] * values[i]
            total1 += weights[i1] * values[i1]
            total2 += weights[i2] * values[i2]
            total3 += weights[i3] * values[i3]
        found = (((found + total0) + total1) + total2) + total3
    for first in range(n_whole, values.shape[0], 128):
        of_block = 0.0
        for i in range(first, min(first + 128, values.shape[0])):
            of_block += weights[i] * values[i]
        found += of_block
    return found


@kernel
def squared_lengths(
    rows,  # IN (n_rows, n_features), for example centers
    out,  # OUT (n_rows,)
):
    """Squared length of each row, added feature by feature."""
    last = rows.shape[0] - 1
    # An addition waits for the one before it, so four rows are added side by side.
    for first in range(0, rows.shape[0], 4):
        # Indices are unsigned, so that numba does not check for negative ones.
        r0, r1 = np.uint64(first), np.uint64(min(first + 1, last))
        r2, r3 = np.uint64(min(first + 2, last)), np.uint64(min(first + 3, last))
        total0 = total1 = total2 = total3 = 0.0
        for j in range(np.uint64(rows.shape[1])):
            x0, x1, x2, x3 = rows[r0, j], rows[r1, j], rows[r2, j], rows[r3, j]
            total0 += x0 * x0
            total1 += x1 * x1
            total2 += x2 * x2
            total3 += x3 * x3
        out[r0], out[r1], out[r2], out[r3] = total0, total1, total2, total3


@kernel
def put_centers(
    centers,  # IN (n_clusters, n_features)
    wanted,  # IN (n_clusters,): True for the centers to put; the others must be there already
    start,  # IN: first feature
    stop,  # IN: feature to stop before
    table,  # IN/OUT (n_features, n_padded): centers transposed, features start..stop
):
    """Put centers into the columns of a table; padding does not change."""
    last_center = centers.shape[0] - 1
    for first in range(start, stop, BLOCK_FEATURES):
        last = min(first + BLOCK_FEATURES, stop)
        # Four neighbors in a row of the table take less time than four rows one by one.
        for c in range(0, centers.shape[0], 4):
            c0, c1 = np.uint64(c), np.uint64(min(c + 1, last_center))
            c2, c3 = np.uint64(min(c + 2, last_center)), np.uint64(min(c + 3, last_center))
            if wanted[c0] or wanted[c1] or wanted[c2] or wanted[c3]:
                for j in range(np.uint64(first), np.uint64(last)):
                    # All loads come first: LLVM cannot know that no store changes a center.
                    x0, x1, x2, x3 = centers[c0, j], centers[c1, j], centers[c2, j], centers[c3, j]
                    table[j, c0], table[j, c1], table[j, c2], table[j, c3] = x0, x1, x2, x3


@kernel
def replace_centers(
    after,  # IN (n_clusters, n_features)
    centers,  # IN/OUT (n_clusters, n_features)
):
    """Replace centers; return whether any number changed."""
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
    weight_in_clusters,  # IN (n_clusters,)
    touched,  # IN (n_clusters,): True if the sums have changed since the center became their mean
    after,  # SCRATCH (n_features,)
    shifts,  # OUT (n_clusters,): squared distances moved
    centers,  # IN/OUT (n_clusters, n_features)
):
    """Move centers to the means; return the sum of squared shifts, or -1 if a cluster is empty."""
    n_clusters, n_features = centers.shape
    for c in range(n_clusters):
        if weight_in_clusters[c] == 0.0:
            return -1.0
    for c in range(n_clusters):
        shifts[c] = 0.0
        if touched[c]:
            for j in range(n_features):
                after[j] = sums[c, j] / weight_in_clusters[c]
            shifts[c] = squared_shift(centers[c], after)
            for j in range(n_features):
                centers[c, j] = after[j]
    return total(shifts)


@kernel
def round_centers(
    rounded,  # SCRATCH (1,), of the dtype of X
    centers,  # IN/OUT (n_clusters, n_features)
):
    """Round centers to the dtype of X; return whether any number changed."""
    changed = False
    for c in range(centers.shape[0]):
        for j in range(centers.shape[1]):
            rounded[0] = centers[c, j]
            if rounded[0] != centers[c, j]:
                changed = True
                centers[c, j] = rounded[0]
    return changed


@kernel
def largest_overlaps(
    spreads,  # IN (n_clusters,): how far the rows of each cluster lie from its center
    centers,  # IN (n_clusters, n_features)
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    out,  # OUT (n_clusters,), clusters start..stop
):
    """The largest (s_i + s_j) / |c_i - c_j| of each cluster i over all j with another center."""
    n_clusters, n_features = centers.shape
    for i in range(np.uint64(start), np.uint64(stop)):
        largest = 0.0  # squared, which saves a root for each pair
        for j in range(np.uint64(n_clusters)):
            apart = 0.0
            for f in range(np.uint64(n_features)):
                apart += (centers[i, f] - centers[j, f]) * (centers[i, f] - centers[j, f])
            if apart > 0.0:
                both = spreads[i] + spreads[j]
                largest = max(largest, both * both / apart)
        out[i] = math.sqrt(largest)
