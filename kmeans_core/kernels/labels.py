"""Kernels over labels: rows sorted by cluster, and the weights of clusters."""

import numpy as np

from kmeans_core.kernels.jit import kernel


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
    # First their numbers, without a branch that the processor would have to guess.
    moved = np.empty(rows.shape[0] // 2 + 1, dtype=np.intp)
    n_moved = 0
    for i in range(labels.shape[0]):
        moved[n_moved] = i
        n_moved += before[i] != labels[i]
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
