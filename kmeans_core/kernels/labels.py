"""Kernels over labels: rows sorted by cluster, and the weights of clusters."""

import numpy as np

from kmeans_core.kernels.jit import kernel

# Rows among which moved_rows looks at a time: their numbers stay in the first cache.
BLOCK_ROWS = 256


@kernel
def group_rows(
    labels,  # IN (n_samples,), each from 0 to n_clusters - 1
    weights,  # IN (n_samples,)
    rows,  # OUT (n_samples,): row numbers, cluster by cluster, ascending in each cluster
    factors,  # OUT (n_samples,): the weights of these rows
    starts,  # OUT (n_clusters + 1,): the first entry of each cluster
):
    """Sort rows by cluster with a counting sort."""
    n_clusters = starts.shape[0] - 1
    starts[:] = 0
    for i in range(labels.shape[0]):
        starts[labels[i] + 1] += 1
    for c in range(n_clusters):
        starts[c + 1] += starts[c]
    place = starts[:n_clusters].copy()
    for i in range(labels.shape[0]):
        entry = place[labels[i]]
        rows[entry] = i
        factors[entry] = weights[i]
        place[labels[i]] += 1


@kernel
def moved_rows(
    before,  # IN (n_samples,)
    labels,  # IN (n_samples,)
    first,  # IN
    last,  # IN
    moved,  # OUT (last - first,): the rows of first..last with a new label, ascending
):
    """Find rows with a new label; return their number."""
    n_moved = np.uint64(0)
    # There is no branch that the processor would have to guess.
    for i in range(np.uint64(first), np.uint64(last)):
        moved[n_moved] = i
        n_moved += np.uint64(before[i] != labels[i])
    return n_moved


@kernel
def group_moves(
    before,  # IN (n_samples,), each from 0 to n_clusters - 1
    labels,  # IN (n_samples,), each from 0 to n_clusters - 1
    weights,  # IN (n_samples,)
    rows,  # OUT (2 * n_moved,): rows that left or joined, cluster by cluster, ascending
    factors,  # OUT (2 * n_moved,): the weights of these rows, negative if the row left
    starts,  # OUT (n_clusters + 1,): the first entry of each cluster
):
    """Sort rows with a new label, once by the cluster they left and once by the one they joined."""
    n_clusters = starts.shape[0] - 1
    moved = np.empty(rows.shape[0] // 2 + 1, dtype=np.intp)
    n_moved = moved_rows(before, labels, 0, labels.shape[0], moved)
    starts[:] = 0
    for m in range(n_moved):
        starts[before[moved[m]] + 1] += 1
        starts[labels[moved[m]] + 1] += 1
    for c in range(n_clusters):
        starts[c + 1] += starts[c]
    place = starts[:n_clusters].copy()
    for m in range(n_moved):
        i = moved[m]
        old, new = before[i], labels[i]
        rows[place[old]] = i
        factors[place[old]] = -weights[i]
        place[old] += 1
        rows[place[new]] = i
        factors[place[new]] = weights[i]
        place[new] += 1


@kernel
def add_weights(
    labels,  # IN (n_samples,), each from 0 to n_clusters - 1
    weights,  # IN (n_samples,)
    weight_in_clusters,  # OUT (n_clusters,)
):
    """Sum of the weights of the rows of each cluster, added in ascending order."""
    weight_in_clusters[:] = 0.0
    for i in range(labels.shape[0]):
        weight_in_clusters[labels[i]] += weights[i]


@kernel
def count_rows(
    labels,  # IN (n_samples,), each from 0 to n_clusters - 1
    out,  # OUT (n_clusters,)
):
    """Count the rows of each cluster."""
    # There are four counts, because an addition waits for the one before it in the same cluster.
    counts = np.zeros((4, out.shape[0]), dtype=np.intp)
    for i in range(np.uint64(labels.shape[0])):
        counts[i % np.uint64(4), np.uint64(labels[i])] += 1
    for c in range(out.shape[0]):
        out[c] = counts[0, c] + counts[1, c] + counts[2, c] + counts[3, c]


@kernel
def join_chunks(
    of_chunks,  # IN (n_chunks, n_clusters, n_features): the sums of each chunk of rows
    out,  # OUT (n_clusters, n_features)
):
    """Sum of the sums of all chunks, added in the order of the chunks."""
    for c in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[c, j] = of_chunks[0, c, j]
    for chunk in range(1, of_chunks.shape[0]):
        for c in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[c, j] += of_chunks[chunk, c, j]


@kernel
def add_products(
    labels,  # IN (n_samples,), each from 0 to n_clusters - 1
    weights,  # IN (n_samples,)
    values,  # IN (n_samples,)
    starts,  # IN (n_chunks + 1,): the first row of each chunk of rows
    start,  # IN: first chunk
    stop,  # IN: chunk to stop before
    out,  # OUT (n_chunks, n_clusters), chunks start..stop
):
    """Sum of weight * value over the rows of each chunk and cluster, in ascending order."""
    for chunk in range(start, stop):
        out[chunk] = 0.0
        for i in range(np.uint64(starts[chunk]), np.uint64(starts[chunk + 1])):
            out[chunk, np.uint64(labels[i])] += weights[i] * values[i]


@kernel
def are_whole(
    weights,  # IN (n_samples,)
):
    """Whether all weights are whole numbers with exact sums, in any order."""
    n_fractions, total = 0, 0.0
    for i in range(weights.shape[0]):
        n_fractions += weights[i] != np.floor(weights[i])
        total += weights[i]
    return n_fractions == 0 and total < 2.0**53
