"""Kernels over labels: rows grouped by cluster, and the silhouette of rows from their distances."""

import numpy as np

from kmeans_core.kernels.jit import kernel


@kernel
def group_rows(
    labels,  # IN (n_samples,), each within 0..n_clusters-1
    rows,  # OUT (n_samples,): row numbers cluster by cluster, ascending in each
    row_starts,  # OUT (n_clusters + 1,): where each cluster's rows start in it
):
    """Sort rows by cluster, counting."""
    n_clusters = row_starts.shape[0] - 1
    row_starts[:] = 0
    for i in range(labels.shape[0]):
        row_starts[labels[i] + 1] += 1
    for c in range(n_clusters):
        row_starts[c + 1] += row_starts[c]
    place = row_starts[:n_clusters].copy()
    for i in range(labels.shape[0]):
        rows[place[labels[i]]] = i
        place[labels[i]] += 1


@kernel
def silhouettes(
    distances,  # IN (n_block, n_samples): from the rows first.. to every row
    first,  # IN: the row that distances[0] speaks of
    labels,  # IN (n_samples,), each within 0..n_clusters-1
    sizes,  # IN (n_clusters,): rows of each cluster, none empty
    start,  # IN: first row of the block
    stop,  # IN: row of the block to stop before
    out,  # OUT (n_samples,), rows first + start .. first + stop
):
    """(b - a) / max(a, b) of Rousseeuw 1987 for rows first + start .. first + stop."""
    sums = np.empty(sizes.shape[0])
    for block_row in range(start, stop):
        i = first + block_row
        own = labels[i]
        sums[:] = 0.0
        for other in range(labels.shape[0]):
            sums[labels[other]] += distances[block_row, other]
        b = np.inf
        for c in range(sizes.shape[0]):
            if c != own:
                b = min(b, sums[c] / sizes[c])
        out[i] = 0.0
        if sizes[own] > 1:
            a = sums[own] / (sizes[own] - 1)
            if max(a, b) > 0.0:
                out[i] = (b - a) / max(a, b)
