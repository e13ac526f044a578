"""Kernels over a dense array: the exact distance, and sums.

X is (n_samples, n_features) float32 or float64; distances and sums are float64. The exact distance
is the sum of (x - c)^2 in float64, first feature first. A vector holds one feature of eight
rows, and each lane adds the features of its row in order.
"""

import numpy as np

from kmeans_core.kernels.arrays import aligned_empty
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.labels import BLOCK_ROWS, moved_rows
from kmeans_core.kernels.vectors.ir import LANES64
from kmeans_core.kernels.vectors.own import own_distances_of_tile
from kmeans_core.kernels.vectors.prefetch import prefetch
from kmeans_core.kernels.vectors.rows import TILE_ROWS, label_rows, put_rows

# Entries of X that lie between asking for a row and adding it.
AHEAD = 512


@kernel
def exact_distance(
    X,  # IN (n_samples, n_features)
    i,  # IN: a row
    center,  # IN (n_features,)
):
    """Sum of (x - c)^2, features in order."""
    total = 0.0
    for j in range(center.shape[0]):
        difference = np.float64(X[i, j]) - center[j]
        total += difference * difference
    return total


@kernel
def assign_some(
    X,  # IN (n_samples, n_features)
    centers,  # IN (n_clusters, n_features)
    numbers,  # IN (n_rows,): the numbers of the rows
    labels,  # IN/OUT (n_samples,) int32
):
    """Label some rows; return how many labels changed."""
    n_features = X.shape[1]
    tile = aligned_empty(max(n_features, LANES64) * TILE_ROWS, centers).reshape(-1, TILE_ROWS)
    # put_rows reads past the end of rows with few features.
    rows = np.zeros((TILE_ROWS + LANES64, n_features), dtype=X.dtype)
    found = np.empty(TILE_ROWS, dtype=labels.dtype)
    n_moved = 0
    for first in range(0, numbers.shape[0], TILE_ROWS):
        n_rows = min(TILE_ROWS, numbers.shape[0] - first)
        for r in range(n_rows):
            for j in range(n_features):
                rows[r, j] = X[numbers[first + r], j]
        put_rows(rows, 0, tile)
        label_rows(tile, centers, found, 0)
        for r in range(n_rows):
            i = numbers[first + r]
            n_moved += labels[i] != found[r]
            labels[i] = found[r]
    return n_moved


@kernel
def assign(
    X,  # IN (n_samples, n_features)
    centers,  # IN (n_clusters, n_features)
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest of equally near ones
):
    """Label rows start..stop; return how many labels changed."""
    n_features = X.shape[1]
    # put_rows reads this many rows past its own.
    n_beyond = LANES64 - 1 if n_features < LANES64 else 0
    end = min(stop, X.shape[0] - n_beyond)
    if end - start < TILE_ROWS:
        return assign_some(X, centers, np.arange(start, stop), labels)
    tile = aligned_empty(max(n_features, LANES64) * TILE_ROWS, centers).reshape(-1, TILE_ROWS)
    n_moved = 0
    for first in range(start, end, TILE_ROWS):
        # The last tile overlaps the one before it, and finds the same labels.
        i = min(first, end - TILE_ROWS)
        put_rows(X, i, tile)
        n_moved += label_rows(tile, centers, labels, i)
    if end < stop:
        n_moved += assign_some(X, centers, np.arange(end, stop), labels)
    return n_moved


@kernel
def own_distances(
    X,  # IN (n_samples, n_features)
    centers,  # IN (n_clusters, n_features)
    labels,  # IN (n_samples,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples,), rows start..stop
):
    """Squared distance of rows start..stop to the center of their own cluster."""
    if X.shape[1] >= LANES64 and stop - start >= TILE_ROWS:
        for first in range(start, stop, TILE_ROWS):
            # The last tile overlaps the one before it.
            i = min(first, stop - TILE_ROWS)
            own_distances_of_tile(X, i, centers, labels, out)
        return
    # Four rows side by side, so that an addition need not wait for the one before it.
    last = stop - 1
    for first in range(start, stop, 4):
        r0, r1 = np.uint64(first), np.uint64(min(first + 1, last))
        r2, r3 = np.uint64(min(first + 2, last)), np.uint64(min(first + 3, last))
        c0, c1 = np.uint64(labels[r0]), np.uint64(labels[r1])
        c2, c3 = np.uint64(labels[r2]), np.uint64(labels[r3])
        total0 = total1 = total2 = total3 = 0.0
        for j in range(np.uint64(X.shape[1])):
            x0, x1 = np.float64(X[r0, j]) - centers[c0, j], np.float64(X[r1, j]) - centers[c1, j]
            x2, x3 = np.float64(X[r2, j]) - centers[c2, j], np.float64(X[r3, j]) - centers[c3, j]
            total0 += x0 * x0
            total1 += x1 * x1
            total2 += x2 * x2
            total3 += x3 * x3
        out[r0], out[r1], out[r2], out[r3] = total0, total1, total2, total3


@kernel
def is_finite(
    bits,  # IN (n_entries,): floats as integers of their size
    infinity,  # IN: the bits of infinity
):
    """Whether every float is finite: no exponent is as large as that of infinity."""
    largest = infinity ^ infinity
    for i in range(bits.shape[0]):
        largest = max(largest, bits[i] & infinity)
    return largest != infinity


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
    ahead = 1 + AHEAD // X.shape[1]
    for c in range(start, stop):
        for entry in range(starts[c], starts[c + 1]):
            i = rows[entry]
            factor = factors[entry]
            prefetch(X, rows[min(entry + ahead, starts[stop] - 1)])
            for j in range(X.shape[1]):
                sums[c, j] += factor * np.float64(X[i, j])


@kernel
def follow_rows(
    X,  # IN (n_samples, n_features)
    weights,  # IN (n_samples,)
    labels,  # IN (n_samples,)
    start,  # IN
    stop,  # IN
    summed,  # IN/OUT (n_samples,): the labels that the sums are of, -1 if a row is in no sum
    sums,  # IN/OUT (n_clusters, n_features)
    weight_in_clusters,  # IN/OUT (n_clusters,)
):
    """Bring sums up to date with the labels of rows start..stop, row by row."""
    moved = np.empty(BLOCK_ROWS, dtype=np.intp)
    for first in range(start, stop, BLOCK_ROWS):
        last = min(first + BLOCK_ROWS, stop)
        for m in range(moved_rows(summed, labels, first, last, moved)):
            i = np.uint64(moved[m])
            old, new, weight = summed[i], np.uint64(labels[i]), weights[i]
            if old >= 0:
                left = np.uint64(old)
                weight_in_clusters[left] -= weight
                for j in range(np.uint64(X.shape[1])):
                    sums[left, j] -= weight * np.float64(X[i, j])
            weight_in_clusters[new] += weight
            for j in range(np.uint64(X.shape[1])):
                sums[new, j] += weight * np.float64(X[i, j])
            summed[i] = labels[i]


@kernel
def follow_labels(
    X,  # IN (n_samples, n_features)
    weights,  # IN (n_samples,)
    labels,  # IN (n_samples,)
    starts,  # IN (n_chunks + 1,): the first row of each chunk of rows
    start,  # IN: first chunk
    stop,  # IN: chunk to stop before
    summed,  # IN/OUT (n_samples,): the labels that the sums are of, -1 if a row is in no sum
    sums,  # IN/OUT (n_chunks, n_clusters, n_features), chunks start..stop
    weight_in_clusters,  # IN/OUT (n_chunks, n_clusters), chunks start..stop
):
    """Bring the sums of chunks start..stop up to date with the labels, row by row."""
    for chunk in range(start, stop):
        rows = starts[chunk], starts[chunk + 1]
        follow_rows(X, weights, labels, *rows, summed, sums[chunk], weight_in_clusters[chunk])


@kernel
def count_stored(
    X,  # IN (n_samples, n_features)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples,), rows start..stop: entries that are not zero
):
    """Count the entries of rows start..stop that are not zero."""
    for i in range(start, stop):
        n_stored = 0
        for j in range(X.shape[1]):
            n_stored += X[i, j] != 0.0
        out[i] = n_stored


@kernel
def compress(
    X,  # IN (n_samples, n_features)
    indptr,  # IN (n_samples + 1,)
    start,  # IN
    stop,  # IN
    data,  # OUT (n_stored,), rows start..stop
    indices,  # OUT (n_stored,), rows start..stop
):
    """The entries of rows start..stop that are not zero, and their columns."""
    for i in range(start, stop):
        position = indptr[i]
        for j in range(X.shape[1]):
            if X[i, j] != 0.0:
                data[position] = X[i, j]
                indices[position] = j
                position += 1
