"""Kernels over pairs of rows: distances of a strip of rows to a block of rows, and their sums.

A strip's distances are an array (n_strip, n_block), which may be wider than the block: what is
beyond has no meaning. Most are made of what a row measures, what the other does, and what they
have in common: |x|^2 + |y|^2 - 2 x.y. That loses the digits in which the two sides agree; where
these are more than 3 of 16 the pair is summed again as (x - y)^2. So equal rows are exactly 0
apart. What is computed for a pair depends on its two rows alone, and not on their order: sums and
products commute, and the features come in one order.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.sparse import CANCELLED, LEAST_SURE, decided_pair_distance
from kmeans_core.kernels.vectors.fused import (
    PANEL_VECTORS,
    TILE_ROWS,
    dense_products,
    sparse_products,
)

TILE = (0,) * TILE_ROWS
PANEL = (0,) * PANEL_VECTORS

# Rows and lanes that one call of dense_products answers for.
PANEL_LANES = 8 * PANEL_VECTORS

# Rows side by side in a table: 4 vectors of float64, of which sparse_products has one chain of
# sums for each lane.
PANEL_ROWS = 32


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


# Dense rows ---------------------------------------------------------------------------------------


@kernel
def table_of(
    X,  # IN (n_samples, n_features)
    shift,  # IN (n_features,): taken from every row
    first,  # IN: first row of the block
    stop,  # IN: row to stop before
    table,  # OUT (n_features, n_padded): the rows as columns; padding is left as it is
    norms,  # OUT (n_block,): squared lengths, one feature after the other
):
    """Rows first..stop side by side, so that each feature of a row meets all of them at once."""
    n_block = stop - first
    norms[:] = 0.0
    for j in range(X.shape[1]):
        line = table[j]
        for i in range(n_block):
            x = np.float64(X[first + i, j]) - shift[j]
            line[i] = x
            norms[i] += x * x


@kernel
def dense_euclidean(
    X,  # IN (n_samples, n_features)
    shift,  # IN (n_features,): what was taken from the block's rows
    first,  # IN: first row of the block
    table,  # IN (n_features, n_padded): the block's rows as columns
    norms,  # IN (n_block,): their squared lengths
    start,  # IN: first row of the strip
    stop,  # IN: row to stop before
    places,  # IN: 0, 1, 2, ... up to the rows of out
    out,  # OUT (n_strip, padded to whole tiles; n_padded)
):
    """Distances from rows start..stop to the block's rows."""
    n_features = X.shape[1]
    rows = np.zeros((out.shape[0], n_features))
    for i in range(stop - start):
        for j in range(n_features):
            rows[i, j] = np.float64(X[start + i, j]) - shift[j]
    for column in range(0, out.shape[1], PANEL_LANES):
        for row in range(0, out.shape[0], TILE_ROWS):
            dense_products(rows, places, row, table, column, TILE, PANEL, out)
    for i in range(stop - start):
        norm = 0.0
        for j in range(n_features):
            norm += rows[i, j] * rows[i, j]
        line = out[i]
        if less_in_common(line, norm, norms) > 0:
            for other in range(norms.shape[0]):
                if is_lost(line[other], norm + norms[other]):
                    total = 0.0
                    for j in range(n_features):
                        difference = np.float64(X[start + i, j]) - np.float64(X[first + other, j])
                        total += difference * difference
                    line[other] = total
        for other in range(norms.shape[0]):
            line[other] = np.sqrt(line[other])


@kernel
def dense_manhattan(
    X,  # IN (n_samples, n_features)
    table,  # IN (n_features, n_padded): the block's rows as columns
    start,  # IN: first row of the strip
    stop,  # IN: row to stop before
    out,  # OUT (n_strip, n_block)
):
    """Sums of |x - y| from rows start..stop to the block's rows."""
    for i in range(stop - start):
        line = out[i]
        line[:] = 0.0
        for j in range(X.shape[1]):
            x = np.float64(X[start + i, j])
            others = table[j]
            for other in range(line.shape[0]):
                line[other] += abs(x - others[other])


# Sparse rows --------------------------------------------------------------------------------------


@kernel
def columns_of(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    first,  # IN: first row of the block
    stop,  # IN: row to stop before
    starts,  # OUT (n_features + 1,) uint32: where each feature's entries start
    rows,  # OUT (n_stored of the block,) uint16: in which row of the block each entry is
    values,  # OUT (n_stored of the block,)
):
    """The block column by column, counting; in each column the rows ascend."""
    starts[:] = 0
    for position in range(indptr[first], indptr[stop]):
        starts[indices[position]] += 1
    total = 0
    for j in range(starts.shape[0]):
        total += starts[j]
        starts[j] = total
    # From the last entry of each column back to its first, which ends as the column's start.
    for i in range(stop - 1, first - 1, -1):
        for position in range(indptr[i], indptr[i + 1]):
            j = indices[position]
            starts[j] -= 1
            rows[starts[j]] = i - first
            values[starts[j]] = data[position]


@kernel
def products_by_columns(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    starts,  # IN (n_features + 1,) uint32: the block's columns, see columns_of
    rows,  # IN (n_stored of the block,) uint16
    values,  # IN (n_stored of the block,)
    start,  # IN: first row of the strip
    stop,  # IN: row to stop before
    out,  # OUT (n_strip, n_block)
):
    """Products of rows start..stop with the block's rows, where few features are stored.

    Each stored value meets those of its own column only: where a share p of X is stored, a pair
    of rows costs p^2 of its features. Unsigned positions: numba asks of signed ones whether they
    are negative, which takes half as long again.
    """
    for i in range(start, stop):
        line = out[i - start]
        line[:] = 0.0
        for position in range(np.uintp(indptr[i]), np.uintp(indptr[i + 1])):
            j = np.uintp(indices[position])
            x = np.float64(data[position])
            for entry in range(np.uintp(starts[j]), np.uintp(starts[j + np.uintp(1)])):
                line[rows[entry]] += x * values[entry]


@kernel
def products_by_rows(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    first,  # IN: first row of the block
    last,  # IN: row to stop before
    start,  # IN: first row of the strip
    stop,  # IN: row to stop before
    table,  # IN (n_features, PANEL_ROWS): zeros, and again at the end
    vectors,  # IN: a tuple with one entry for each vector of PANEL_ROWS numbers of its dtype
    out,  # OUT (n_strip, n_block padded to whole panels), of the table's dtype
):
    """Products of rows start..stop with the block's rows, where many features are stored.

    A panel of the block's rows is laid out densely, side by side; a stored value meets all of
    them at once. Each float64 lane adds in one chain, features in order, so that it is the same
    which of two rows is the lane: what only one of them stores adds 0. In float32 sums are exact
    (``sparse.is_short``).
    """
    for top in range(first, last, PANEL_ROWS):
        bottom = min(top + PANEL_ROWS, last)
        for row in range(top, bottom):
            lane = np.uint64(row - top)
            for position in range(np.uint64(indptr[row]), np.uint64(indptr[row + 1])):
                table[np.uint64(indices[position]), lane] = data[position]
        for i in range(start, stop):
            lanes = out[i - start, top - first :]
            sparse_products(data, indices, indptr[i], indptr[i + 1], table, 0, vectors, lanes)
        for row in range(top, bottom):
            lane = np.uint64(row - top)
            for position in range(np.uint64(indptr[row]), np.uint64(indptr[row + 1])):
                table[np.uint64(indices[position]), lane] = 0.0


@kernel
def sparse_euclidean(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    first,  # IN: first row of the block
    last,  # IN: row to stop before
    start,  # IN: first row of the strip
    stop,  # IN: row to stop before
    out,  # IN/OUT (n_strip, n_block or more): products; out: distances
):
    """Distances from rows start..stop to the block's rows, from their products."""
    norms = row_norms[first:last]
    for i in range(start, stop):
        line = out[i - start]
        if less_in_common(line, row_norms[i], norms) > 0:
            for other in range(norms.shape[0]):
                if is_lost(line[other], row_norms[i] + norms[other]):
                    line[other] = decided_pair_distance(
                        data,
                        indices,
                        indptr[i],
                        indptr[i + 1],
                        indptr[first + other],
                        indptr[first + other + 1],
                    )
        for other in range(norms.shape[0]):
            line[other] = np.sqrt(line[other])


@kernel
def lengths(
    data,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    out,  # OUT (n_samples,)
):
    """Sum of |x| of every row."""
    for i in range(out.shape[0]):
        total = 0.0
        for position in range(indptr[i], indptr[i + 1]):
            total += abs(np.float64(data[position]))
        out[i] = total


@kernel
def decided_pair_manhattan(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the one row's first position
    end,  # IN: and the one to stop before
    other_begin,  # IN: the other row's
    other_end,  # IN
):
    """Sum of |x - y| over the features stored in either row, in order."""
    beyond = np.iinfo(np.int64).max
    total = 0.0
    while begin < end or other_begin < other_end:
        j = np.int64(indices[begin]) if begin < end else beyond
        other_j = np.int64(indices[other_begin]) if other_begin < other_end else beyond
        x = 0.0
        y = 0.0
        if j <= other_j:
            x = np.float64(data[begin])
            begin += 1
        if other_j <= j:
            y = np.float64(data[other_begin])
            other_begin += 1
        total += abs(x - y)
    return total


@kernel
def sparse_manhattan(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_lengths,  # IN (n_samples,): sums of |x|
    first,  # IN: first row of the block
    starts,  # IN (n_features + 1,) uint32: the block's columns, see columns_of
    rows,  # IN (n_stored of the block,) uint16
    values,  # IN (n_stored of the block,)
    start,  # IN: first row of the strip
    stop,  # IN: row to stop before
    out,  # OUT (n_strip, n_block)
):
    """Sums of |x - y| from rows start..stop to the block's rows.

    |x - y| = |x| + |y| - 2 min(|x|, |y|) where the signs agree, and |x| + |y| where they do not.
    """
    sizes = row_lengths[first : first + out.shape[1]]
    for i in range(start, stop):
        line = out[i - start]
        line[:] = 0.0
        for position in range(np.uintp(indptr[i]), np.uintp(indptr[i + 1])):
            j = np.uintp(indices[position])
            x = np.float64(data[position])
            for entry in range(np.uintp(starts[j]), np.uintp(starts[j + np.uintp(1)])):
                y = values[entry]
                if (x > 0.0) == (y > 0.0):
                    line[rows[entry]] += min(abs(x), abs(y))
        if less_in_common(line, row_lengths[i], sizes) > 0:
            for other in range(sizes.shape[0]):
                if is_lost(line[other], row_lengths[i] + sizes[other]):
                    line[other] = decided_pair_manhattan(
                        data,
                        indices,
                        indptr[i],
                        indptr[i + 1],
                        indptr[first + other],
                        indptr[first + other + 1],
                    )


# Sums by cluster, and what they say ---------------------------------------------------------------


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
