"""Kernels that assign dense rows by a float32 filter, 64 rows at a time, without bounds.

The formula is the one in ``dense_filter.py``. Here rows lie in lanes, or features if there are very
few centers and many features. A call remembers nothing for the next one.
"""

import numpy as np

from kmeans_core.kernels.arrays import EPS, U32, UNDERFLOW32, aligned_empty
from kmeans_core.kernels.dense import assign as assign_exactly
from kmeans_core.kernels.dense import assign_some
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.ir import LANES32
from kmeans_core.kernels.vectors.rows import (
    FILTER_CENTERS,
    FILTER_ROWS,
    SIDE_ROWS,
    put_shifted_rows,
    row_products,
    score_rows,
)

# If more rows of a tile than these stay open, the filter pauses.
MOST_OPEN = FILTER_ROWS // 4

# From this many features on, very few centers are multiplied with features in lanes. With fewer
# features the sums over lanes cost more than the transposition of the rows.
LONG_ROWS = 128

# Longer rows and centers may overflow float32.
TOO_LONG = 2.0**124


@kernel
def put_centers(
    centers,  # IN (n_clusters, n_features)
    origin,  # IN (at least n_features,)
    table,  # OUT (n_padded, at least n_features) float32: centers - origin; not the padding
    half_norms,  # OUT (n_padded,) float32: half their squared lengths; not the padding
):
    """Put centers into the table; return the largest squared length, rounded up.

    If a center equals a lower one, no row goes to it. Its half norm is infinite, because otherwise
    the filter could not decide between the two for any row near them.
    """
    n_clusters, n_features = centers.shape
    longest = 0.0
    for c in range(n_clusters):
        squared = 0.0
        for j in range(n_features):
            x = centers[c, j] - np.float64(origin[j])
            squared += x * x
            table[c, j] = x
        half_norms[c] = 0.5 * squared
        for b in range(c):
            if half_norms[b] != half_norms[c]:
                continue
            n_equal = 0
            while n_equal < n_features and centers[b, n_equal] == centers[c, n_equal]:
                n_equal += 1
            if n_equal == n_features:
                half_norms[c] = np.inf
                break
        # This form of the comparison is true for NaN too.
        if not squared <= longest:
            longest = squared
    return longest * (1.0 + (n_features + 8) * EPS)


@kernel
def assign(
    X,  # IN (n_samples, n_features), of 16 features or more
    origin,  # IN (n_lanes,), of X's dtype: n_features and zeros, whole vectors
    table,  # IN (n_padded, n_lanes) float32: centers - origin, and zeros
    half_norms,  # IN (n_padded,) float32; inf where there is no center
    centers,  # IN (n_clusters, n_features)
    longest,  # IN: the largest squared distance of a center from the origin
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest of equally near ones
):
    """Label rows start..stop; return how many labels changed.

    The docstring of ``dense_filter.assign`` derives the rounding bound. Here u is ``U32`` for both
    dtypes of X: the cast of a float64 row, minus the origin, adds an error of little more than u
    times the entry. If an entry underflows, its error is at most u times the smallest normal
    number. The 2 u that remain in the bound cover both.
    """
    n_features = X.shape[1]
    share = (n_features + 10) * U32
    rounding = share / (1.0 - share)
    exact_rounding = (n_features + 8) * EPS
    underflow = (n_features + 1) * UNDERFLOW32
    tile = aligned_empty(n_features * FILTER_ROWS, half_norms).reshape(n_features, FILTER_ROWS)
    squares, leasts, seconds = np.empty((3, FILTER_ROWS), dtype=np.float32)
    nearest = np.empty(FILTER_ROWS, dtype=np.int32)
    products = np.empty((SIDE_ROWS, FILTER_CENTERS), dtype=np.float32)
    numbers = np.empty(stop - start, dtype=np.intp)
    n_open, n_moved = 0, 0
    features_in_lanes = half_norms.shape[0] <= FILTER_CENTERS and n_features >= LONG_ROWS
    # row_products reads past its last row.
    end = min(stop, X.shape[0] - features_in_lanes)
    done, pause = start, FILTER_ROWS
    while done < end and end - start >= FILTER_ROWS:
        # The last tile ends with the last row and overlaps the one before it.
        i = min(done, end - FILTER_ROWS)
        if not features_in_lanes:
            for r in range(0, FILTER_ROWS, LANES32):
                put_shifted_rows(
                    X, i + r, origin, tile[:, r : r + LANES32], squares[r : r + LANES32]
                )
            score_rows(tile, table, half_norms, nearest, leasts, seconds)
        else:
            for first in range(0, FILTER_ROWS, SIDE_ROWS):
                row_products(
                    X, i + first, origin, table, products, squares[first : first + SIDE_ROWS]
                )
                for r in range(SIDE_ROWS):
                    label, least, second = 0, np.float32(np.inf), np.float32(np.inf)
                    for c in range(FILTER_CENTERS):
                        score = half_norms[c] - products[r, c]
                        if score < least:
                            label, least, second = c, score, least
                        else:
                            second = min(second, score)
                    nearest[first + r] = label
                    leasts[first + r], seconds[first + r] = least, second
        n_known = n_open
        for r in range(done - i, FILTER_ROWS):
            reach = np.float64(squares[r]) * (1.0 + rounding) + longest + underflow
            gap = rounding * (reach + longest) + 2.0 * exact_rounding * reach
            is_known = reach < TOO_LONG and np.float64(seconds[r]) - np.float64(leasts[r]) > gap
            if not is_known:
                numbers[n_open] = i + r
                n_open += 1
            elif labels[i + r] != nearest[r]:
                labels[i + r] = nearest[r]
                n_moved += 1
        done = i + FILTER_ROWS
        # Where ties are many, the filter costs more than it saves, so the exact kernel takes the
        # next rows: each time twice as many, until the filter succeeds again.
        if n_open - n_known > MOST_OPEN:
            paused = min(done + pause, stop)
            n_moved += assign_exactly(X, centers, done, paused, labels)
            done, pause = paused, 2 * pause
        else:
            pause = FILTER_ROWS
    for i in range(done, stop):
        numbers[n_open] = i
        n_open += 1
    return n_moved + assign_some(X, centers, numbers[:n_open], labels)
