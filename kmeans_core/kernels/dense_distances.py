"""Kernels for the distances from dense rows to every center, in the dtype of X."""

import numpy as np

from kmeans_core.kernels.arrays import EPS, UNDERFLOW, aligned_empty, round_up
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.exact import expand, squared_differences
from kmeans_core.kernels.vectors.fused import dense_products, squared_length
from kmeans_core.kernels.vectors.ir import LANES64

# Features that are multiplied at once: 32 centers fill most of the first cache.
FEATURES = 128

# Rows of a block, a multiple of the rows of every tile, and the most columns that it is multiplied
# with: the products stay in the second cache.
ROWS = 96
COLUMNS = 256

# Vectors of a tile of ``by_differences``: with two, one addition need not wait for the other.
DIFFERENCES = (0, 0)
DIFFERENCE_LANES = LANES64 * len(DIFFERENCES)


@kernel
def by_differences(
    X,  # IN (n_samples, n_features)
    table,  # IN (n_features, n_padded): the centers transposed, in whole tiles
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples, n_clusters), rows start..stop
):
    """Distances of rows start..stop to every center, as roots of the exact sums."""
    squared = aligned_empty(table.shape[1], table)
    for i in range(start, stop):
        for column in range(0, table.shape[1], DIFFERENCE_LANES):
            squared_differences(X, i, table, column, DIFFERENCES, squared)
        for c in range(out.shape[1]):
            out[i, c] = np.sqrt(squared[c])


@kernel
def directly(
    X,  # IN (n_samples, n_features)
    i,  # IN: a row
    center,  # IN (n_features,)
    room,  # OUT (1, n_features or more, whole vectors): differences; IN: zeros after them
):
    """Sum of (x - c)^2 in any order."""
    differences = room[0]
    for j in range(center.shape[0]):
        differences[j] = np.float64(X[i, j]) - center[j]
    return squared_length(room, 0)


@kernel
def multiply(
    X,  # IN (n_samples, n_features)
    first,  # IN: the first row
    n_rows,  # IN
    origin,  # IN (n_features,)
    tables,  # IN (n_tables, n_features, n_columns)
    tile,  # IN: a tuple with one entry for each row of a tile
    vectors,  # IN: a tuple with one entry for each vector of a table
    places,  # IN: 0, 1, 2, ... up to the number of rows of a block
    rows,  # OUT (n_block, n_at_once): room for some features of the rows
    part,  # OUT (n_block, n_columns): room
    products,  # OUT (n_tables or more, n_block, n_columns): (x - origin) . (c - origin)
    norms,  # OUT (n_block,): |x - origin|^2
):
    """Multiply a block of rows with the tables, some features at a time."""
    n_features = X.shape[1]
    for left in range(0, n_features, rows.shape[1]):
        taken = origin[left : left + rows.shape[1]]
        width = taken.shape[0]
        for r in range(n_rows):
            line, x = rows[r], X[first + r, left : left + width]
            for j in range(width):
                line[j] = np.float64(x[j]) - taken[j]
            for j in range(width, rows.shape[1]):
                line[j] = 0.0
            square = squared_length(rows, r)
            norms[r] = square if left == 0 else norms[r] + square
        for t in range(tables.shape[0]):
            table = tables[t, left : left + width]
            target = products[t] if left == 0 else part
            for top in range(0, n_rows, len(tile)):
                dense_products(rows, places, top, table, 0, tile, vectors, target)
            if left > 0:
                for r in range(n_rows):
                    total, added = products[t, r], part[r]
                    for lane in range(added.shape[0]):
                        total[lane] += added[lane]


@kernel
def by_products(
    X,  # IN (n_samples, n_features)
    origin,  # IN (n_features,)
    tables,  # IN (n_tables, n_features, n_columns): centers - origin as columns, then zeros
    center_norms,  # IN (n_tables, n_columns): |c - origin|^2, then zeros
    centers,  # IN (n_clusters, n_features)
    share,  # IN: see below
    tile,  # IN: a tuple with one entry for each row of a tile
    vectors,  # IN: a tuple with one entry for each vector of a table
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples, n_clusters), rows start..stop
):
    """Distances of rows start..stop to every center, as roots of |x|^2 + |c|^2 - 2 x.c.

    x and c are measured from the origin. If too many digits cancel, (x - c)^2 is added up instead.

    Rounding bound. Let u be EPS / 2, and m = min(d, FEATURES) + ceil(d / FEATURES) for d features.
    Every product and every length is a sum of sums of FEATURES terms, so it has at most m roundings
    (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1). Let N be
    |x|^2 + |c|^2. To first order in u the errors are:

    - subtracting the origin: 2 u (|x| + |c|) |x - c|, at most 4 u N;
    - twice the product: 2 m u |x| |c|, at most m u N;
    - the two lengths: m u N;
    - the last two operations: u N and 2 u N.

    Together these are (2 m + 7) u N, which is less than (m + 5) EPS N, with more than terms of
    higher order need. ``share`` is (m + 5) EPS over the relative error of a squared distance that
    is allowed. So a result above share * N has at most that error. Underflow costs each of about
    4 d operations at most the smallest normal number; ``floor`` allows for that. Comparisons with
    NaN and infinity are false, so overflow leads to the sum of (x - c)^2. So does x = c, which
    gives exactly 0.

    A result depends on its row and its center only, not on the rows and centers beside them.
    """
    n_clusters, n_features = centers.shape
    n_tables, _, n_columns = tables.shape
    n_block = min(ROWS, round_up(stop - start, len(tile)))
    n_at_once = round_up(min(n_features, FEATURES), LANES64)
    n_group = min(n_tables, max(1, COLUMNS // n_columns))
    floor = share * n_features * (UNDERFLOW / EPS)
    places = np.arange(n_block)
    rows = aligned_empty(n_block * n_at_once, origin).reshape(n_block, n_at_once)
    rows[:] = 0.0
    part = np.empty((n_block, n_columns))
    products = aligned_empty(n_group * n_block * n_columns, origin)
    products = products.reshape(n_group, n_block, n_columns)
    norms = np.empty(n_block)
    room = np.zeros((1, round_up(n_features, LANES64)))
    for first in range(start, stop, n_block):
        n_rows = min(n_block, stop - first)
        for group in range(0, n_tables, n_group):
            some = tables[group : group + n_group]
            multiply(
                X, first, n_rows, origin, some, tile, vectors, places, rows, part, products, norms
            )
            for r in range(n_rows):
                for t in range(some.shape[0]):
                    column = (group + t) * n_columns
                    width = min(n_columns, n_clusters - column)
                    squared = products[t, r]
                    others = center_norms[group + t]
                    if not expand(squared, norms[r], others, share, floor, vectors):
                        for lane in range(width):
                            limit = share * (norms[r] + others[lane]) + floor
                            if not squared[lane] > limit:
                                squared[lane] = directly(X, first + r, centers[column + lane], room)
                    line = out[first + r, column : column + width]
                    for lane in range(width):
                        line[lane] = np.sqrt(squared[lane])
