"""Distances from dense rows to a block of dense rows; ``pairs`` describes them.

A table holds the rows of the block as columns, so that one vector multiplies a feature of eight of
them. If rows are long, the table holds ``FEATURES`` at a time, which fit in the second cache.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.pairs import is_lost, subtract_common
from kmeans_core.kernels.vectors.fused import TILE_ROWS, TILE_VECTORS, dense_products
from kmeans_core.kernels.vectors.ir import LANES64

# The rows, the vectors and the lanes of one call of dense_products.
TILE = (0,) * TILE_ROWS
VECTORS = (0,) * TILE_VECTORS
TILE_LANES = LANES64 * TILE_VECTORS

# Unused columns of a table. Without them the distance between two rows of the table could be a
# power of two, and such rows compete for the same places in a cache.
GAP = 8

# Features of a table for long rows.
FEATURES = 256


@kernel
def fill(
    X,  # IN (n_samples, n_features)
    shift,  # IN (n_features,): subtracted from every row
    first,  # IN: first row of the block
    last,  # IN: row to stop before
    left,  # IN: first feature
    table,  # OUT (features from left on, n_block or more)
):
    """Write rows first..last, less the shift, as columns, eight at a time."""
    for lane in range(0, last - first, 8):
        for j in range(table.shape[0]):
            for k in range(8):
                # The last row fills up the last eight lanes; those lanes have no meaning.
                x = np.float64(X[min(first + lane + k, last - 1), left + j])
                table[j, lane + k] = x - shift[left + j]


@kernel
def exact(
    X,  # IN (n_samples, n_features)
    row,  # IN
    other,  # IN
):
    """Sum of (x - y)^2 over the features, in order."""
    total = 0.0
    if row != other:
        for j in range(X.shape[1]):
            difference = np.float64(X[row, j]) - np.float64(X[other, j])
            total += difference * difference
    return total


@kernel
def euclidean(
    X,  # IN (n_samples, n_features)
    shift,  # IN (n_features,): subtracted from every row
    row_norms,  # IN (n_samples,): squared lengths of the rows, less the shift
    first,  # IN: first row of the block
    last,  # IN: row to stop before
    start,  # IN
    stop,  # IN
    table,  # IN/OUT (features at a time, n_padded + GAP): IN if it has all features
    places,  # IN: 0, 1, 2, ... up to the number of rows of out
    out,  # OUT (n_rows, n_block), both padded to whole tiles
):
    """Distances from rows start..stop to the block's rows."""
    n_features = X.shape[1]
    n_at_once = table.shape[0]
    rows = np.zeros((out.shape[0], n_at_once))
    products = np.empty_like(out) if n_at_once < n_features else out
    same = first == start and last == stop
    for left in range(0, n_features, n_at_once):
        features = table[: n_features - left]
        if n_at_once < n_features:
            fill(X, shift, first, last, left, features)
        target = out if left == 0 else products
        taken = shift[left : left + n_at_once]
        for i in range(stop - start):
            row = rows[i]
            x = X[start + i, left : left + n_at_once]
            for j in range(taken.shape[0]):
                row[j] = np.float64(x[j]) - taken[j]
        for column in range(0, out.shape[1], TILE_LANES):
            # If the block meets itself, the part below the diagonal is filled in afterwards.
            n_rows = min(out.shape[0], column + TILE_LANES) if same else out.shape[0]
            for top in range(0, n_rows, TILE_ROWS):
                dense_products(rows, places, top, features, column, TILE, VECTORS, target)
        if left > 0:
            for i in range(out.shape[0]):
                for other in range(out.shape[1]):
                    out[i, other] += products[i, other]
    if same:
        for i in range(stop - start):
            for other in range(i):
                out[i, other] = out[other, i]
    norms = row_norms[first:last]
    for i in range(stop - start):
        line = out[i]
        norm = row_norms[start + i]
        if subtract_common(line, norm, norms) > 0:
            for other in range(norms.shape[0]):
                if is_lost(line[other], norm + norms[other]):
                    line[other] = exact(X, start + i, first + other)
        for other in range(norms.shape[0]):
            line[other] = np.sqrt(line[other])


@kernel
def add_differences(
    X,  # IN (n_samples, n_features)
    left,  # IN: first feature of the table
    n_features,  # IN: features of the table
    start,  # IN
    stop,  # IN
    table,  # IN (n_features or more, n_block or more)
    out,  # IN/OUT (n_rows, n_block)
):
    """Add |x - y| of some features, in order."""
    for i in range(stop - start):
        line = out[i]
        for j in range(n_features):
            x = np.float64(X[start + i, left + j])
            others = table[j]
            for other in range(line.shape[0]):
                line[other] += abs(x - others[other])


@kernel
def manhattan(
    X,  # IN (n_samples, n_features)
    zeros,  # IN (n_features,)
    first,  # IN: first row of the block
    last,  # IN: row to stop before
    start,  # IN
    stop,  # IN
    table,  # IN/OUT (features at a time, n_block or more): IN if it has all features
    out,  # OUT (n_rows, n_block)
):
    """Sums of |x - y| from rows start..stop to the block's rows, in order of the features."""
    n_features = X.shape[1]
    n_at_once = table.shape[0]
    out[:] = 0.0
    for left in range(0, n_features, n_at_once):
        width = min(n_at_once, n_features - left)
        if n_at_once < n_features:
            fill(X, zeros, first, last, left, table[:width])
        add_differences(X, left, width, start, stop, table, out)
