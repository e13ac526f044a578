"""Kernels over pairs of rows: shared steps of their distances, and sums of distances.

Distances go from rows start..stop to a block of rows (``dense_pairs``, ``sparse_pairs``). They are
an array (n_rows, n_block). If it is wider than the block, the other columns have no meaning. Most
distances are size + size - 2 * common, such as |x|^2 + |y|^2 - 2 x.y. The digits in which the two
terms agree cancel. If more than 3 of 16 digits cancel, the distance is computed again as the sum of
(x - y)^2. So equal rows have distance exactly 0. A distance depends only on the two rows and not on
their order, because sums and products commute and the features have one order.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.sparse import CANCELLED, LEAST_SURE


@kernel
def is_lost(
    apart,  # IN: size + other size - 2 * common
    both,  # IN: size + other size
):
    """Whether more than 3 digits cancelled."""
    # "not above" rather than "below", so that NaN is lost too.
    return not apart > CANCELLED * both + LEAST_SURE


@kernel
def subtract_common(
    line,  # IN/OUT (n_block or more,): common of a row and each of the block, then distances
    size,  # IN: size of the row
    sizes,  # IN (n_block,): sizes of the block's rows
):
    """line = size + sizes - 2 * line; return how many lost too many digits or overflowed."""
    n_lost = 0
    for lane in range(sizes.shape[0]):
        both = size + sizes[lane]
        apart = both - 2.0 * line[lane]
        line[lane] = apart
        n_lost += is_lost(apart, both)
    return n_lost


@kernel
def transpose(
    distances,  # IN (n_rows, n_block or more)
    out,  # OUT (n_block, n_rows)
):
    """Write rows as columns, eight at a time, so that eight neighbors are written together."""
    n_lanes, n_rows = out.shape
    whole = n_rows - n_rows % 8
    for row in range(0, whole, 8):
        r0, r1 = distances[row], distances[row + 1]
        r2, r3 = distances[row + 2], distances[row + 3]
        r4, r5 = distances[row + 4], distances[row + 5]
        r6, r7 = distances[row + 6], distances[row + 7]
        for lane in range(n_lanes):
            line = out[lane, row : row + 8]
            line[0] = r0[lane]
            line[1] = r1[lane]
            line[2] = r2[lane]
            line[3] = r3[lane]
            line[4] = r4[lane]
            line[5] = r5[lane]
            line[6] = r6[lane]
            line[7] = r7[lane]
    for row in range(whole, n_rows):
        for lane in range(n_lanes):
            out[lane, row] = distances[row, lane]


@kernel
def add_distances(
    distances,  # IN (n_rows, n_lanes or more)
    clusters,  # IN (n_labelings, n_samples): numbers of rows of sums
    first,  # IN: the sample of distances[0]
    sums,  # IN/OUT (n_all_clusters, n_block), columns from ``column`` on
    column,  # IN
):
    """Add each row of distances, in order, to the sums of its cluster under each labeling."""
    n_lanes = min(distances.shape[1], sums.shape[1] - column)
    for labeling in range(clusters.shape[0]):
        for row in range(distances.shape[0]):
            line = sums[clusters[labeling, first + row], column : column + n_lanes]
            added = distances[row]
            for lane in range(n_lanes):
                line[lane] += added[lane]


@kernel
def silhouettes(
    sums,  # IN (n_all_clusters, n_lanes): of the distances from each sample to each cluster
    sizes,  # IN (n_all_clusters,): samples of each cluster; an empty cluster is ignored
    limits,  # IN (n_labelings + 1,): the first cluster of each labeling
    clusters,  # IN (n_labelings, n_samples): numbers of rows of sums
    first,  # IN: the sample of sums[:, 0]
    out,  # OUT (n_labelings, n_samples), samples first .. first + n_lanes
):
    """The silhouette (b - a) / max(a, b) of each sample (Rousseeuw 1987)."""
    n_lanes = sums.shape[1]
    nearest = np.empty(n_lanes)
    for labeling in range(clusters.shape[0]):
        own = clusters[labeling, first : first + n_lanes]
        nearest[:] = np.inf
        for c in range(limits[labeling], limits[labeling + 1]):
            if sizes[c] > 0:
                line = sums[c]
                size = np.float64(sizes[c])
                for lane in range(n_lanes):
                    mean = np.inf if own[lane] == c else line[lane] / size
                    nearest[lane] = mean if mean < nearest[lane] else nearest[lane]
        for lane in range(n_lanes):
            score = 0.0
            if sizes[own[lane]] > 1:
                a = sums[own[lane], lane] / (sizes[own[lane]] - 1)
                b = nearest[lane]
                if max(a, b) > 0.0:
                    score = (b - a) / max(a, b)
            out[labeling, first + lane] = score
