"""Distances from CSR rows to a block of CSR rows; ``pairs`` describes them."""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.pairs import is_lost, subtract_common
from kmeans_core.kernels.sparse import exact_pair_distance
from kmeans_core.kernels.vectors.fused import sparse_products

# Rows of the block that lie side by side in a table. They fill 4 vectors of float64, so that
# sparse_products adds each lane in one chain.
TILE_ROWS = 32


@kernel
def columns_of(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    first,  # IN: first row of the block
    stop,  # IN: row to stop before
    starts,  # OUT (n_features + 1,) uint32: the first entry of each feature
    rows,  # OUT (n_stored of the block,) uint16: the row of each entry within the block
    values,  # OUT (n_stored of the block,)
):
    """Sort the block by column with a counting sort; in each column the rows ascend."""
    starts[:] = 0
    for position in range(indptr[first], indptr[stop]):
        starts[indices[position]] += 1
    total = 0
    for j in range(starts.shape[0]):
        total += starts[j]
        starts[j] = total
    # Entries fill each column from its end, so that starts[j] ends at the first entry.
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
    starts,  # IN (n_features + 1,) uint32: the columns of the block, see columns_of
    rows,  # IN (n_stored of the block,) uint16
    values,  # IN (n_stored of the block,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_rows, n_block)
):
    """Products of rows start..stop with the block's rows, if few features are stored.

    Each stored value is multiplied with its own column only. If a share p of X is stored, a pair of
    rows costs p^2 of its features. Positions are unsigned, because numba checks signed ones for
    negative values, which takes half as long again.
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
    start,  # IN
    stop,  # IN
    table,  # SCRATCH (n_features, TILE_ROWS): zero before and after
    vectors,  # IN: a tuple with one entry for each vector in a row of the table
    out,  # OUT (n_rows, n_block padded to whole tiles), of the table's dtype
):
    """Products of rows start..stop with the block's rows, if many features are stored.

    TILE_ROWS rows of the block lie side by side in the table, so one vector multiplies a stored
    value with several of them. Each float64 lane adds the features in order. A feature that only
    one of two rows stores adds 0, so the product is the same if the rows change places. In float32
    the sums are exact (``sparse.is_short``).
    """
    for top in range(first, last, TILE_ROWS):
        bottom = min(top + TILE_ROWS, last)
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
    start,  # IN
    stop,  # IN
    out,  # IN/OUT (n_rows, n_block or more): products, then distances
):
    """Distances from rows start..stop to the block's rows, from their products."""
    norms = row_norms[first:last]
    for i in range(start, stop):
        line = out[i - start]
        if subtract_common(line, row_norms[i], norms) > 0:
            for other in range(norms.shape[0]):
                if is_lost(line[other], row_norms[i] + norms[other]):
                    line[other] = exact_pair_distance(data, indices, indptr, i, first + other, 2)
        for other in range(norms.shape[0]):
            line[other] = np.sqrt(line[other])


@kernel
def l1_norms(
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
def manhattan(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    l1_norms,  # IN (n_samples,): sums of |x|
    first,  # IN: first row of the block
    starts,  # IN (n_features + 1,) uint32: the columns of the block, see columns_of
    rows,  # IN (n_stored of the block,) uint16
    values,  # IN (n_stored of the block,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_rows, n_block)
):
    """Sums of |x - y| from rows start..stop to the block's rows.

    |x - y| = |x| + |y| - 2 min(|x|, |y|) if the signs agree, and |x| + |y| if they differ.
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
        if subtract_common(line, l1_norms[i], sizes) > 0:
            for other in range(sizes.shape[0]):
                if is_lost(line[other], l1_norms[i] + sizes[other]):
                    line[other] = exact_pair_distance(data, indices, indptr, i, first + other, 1)
