"""Distances between CSR rows: from a strip of rows to a block of rows (``pairs`` says how)."""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.pairs import is_lost, less_in_common
from kmeans_core.kernels.sparse import exact_pair_distance
from kmeans_core.kernels.vectors.fused import sparse_products

# Rows side by side in a table: 4 vectors of float64, of which sparse_products has one chain of
# sums for each lane.
PANEL_ROWS = 32


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
def euclidean(
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
                    line[other] = exact_pair_distance(
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
def exact_pair_manhattan(
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
def manhattan(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    l1_norms,  # IN (n_samples,): sums of |x|
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
    sizes = l1_norms[first : first + out.shape[1]]
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
        if less_in_common(line, l1_norms[i], sizes) > 0:
            for other in range(sizes.shape[0]):
                if is_lost(line[other], l1_norms[i] + sizes[other]):
                    line[other] = exact_pair_manhattan(
                        data,
                        indices,
                        indptr[i],
                        indptr[i + 1],
                        indptr[first + other],
                        indptr[first + other + 1],
                    )
