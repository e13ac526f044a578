"""Kernels over pairs of rows: what their distances have in common, and sums of distances.

Distances go from a strip of rows to a block of rows (``dense_pairs``, ``sparse_pairs``). They are
an array (n_strip, n_block), which may be wider than the block: what is beyond has no meaning. Most
are made of what a row measures, what the other does, and what they have in common:
|x|^2 + |y|^2 - 2 x.y. That loses the digits in which the two sides agree. Where these are more than
3 of 16, the pair is summed again as (x - y)^2. So equal rows are exactly 0 apart. What is computed
for a pair depends on its two rows alone, and not on their order: sums and products commute, and the
features come in one order.
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
    # "not above" rather than "below": NaN and infinity are lost too.
    return not apart > CANCELLED * both + LEAST_SURE


@kernel
def less_in_common(
    line,  # IN/OUT (n_lanes,): what a row has in common with the lanes' rows; out: how far apart
    size,  # IN: what the row measures
    sizes,  # IN (n_block,): what the lanes' rows do
):
    """size + sizes - 2 * line; return how many have lost too many digits, or overflowed."""
    n_lost = 0
    for lane in range(sizes.shape[0]):
        both = size + sizes[lane]
        apart = both - 2.0 * line[lane]
        line[lane] = apart
        n_lost += is_lost(apart, both)
    return n_lost


@kernel
def transpose(
    distances,  # IN (n_strip, n_block or more)
    out,  # OUT (n_block, n_strip)
):
    """Rows as columns, eight at a time, so that what is written lies together."""
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
    first,  # IN: the sample that distances[0] speaks of
    sums,  # IN/OUT (n_all_clusters, n_block), lanes from ``column`` on
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
    sizes,  # IN (n_all_clusters,): samples of each; a cluster of none is passed over
    limits,  # IN (n_labelings + 1,): where each labeling's clusters start
    clusters,  # IN (n_labelings, n_samples): numbers of rows of sums
    first,  # IN: the sample that sums[:, 0] speaks of
    out,  # OUT (n_labelings, n_samples), samples first .. first + n_lanes
):
    """(b - a) / max(a, b) of Rousseeuw 1987."""
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
