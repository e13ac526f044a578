"""Kernels that assign dense rows by a float32 filter, 64 rows at a time, without bounds.

The formula is the one in ``dense_filter.py``. Here rows lie in lanes, or features if there are very
few centers and many features. The next call may use the scores of each row.
"""

import numpy as np

from kmeans_core.kernels.arrays import EPS, U32, UNDERFLOW32, aligned_empty, ceil_div
from kmeans_core.kernels.dense import assign as assign_exactly
from kmeans_core.kernels.dense import assign_some, follow_rows
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.ir import LANES32
from kmeans_core.kernels.vectors.rows import put_shifted_rows
from kmeans_core.kernels.vectors.scores import (
    FILTER_CENTERS,
    FILTER_ROWS,
    SIDE_ROWS,
    row_products,
    score_rows,
    settle_rows,
)

# If more rows of a tile than these stay open, the filter pauses.
MOST_OPEN = FILTER_ROWS // 4

# From this many features on, very few centers are multiplied with features in lanes. With fewer
# features the sums over lanes cost more than the transposition of the rows.
LONG_ROWS = 128

# A bound that is computed in float32 is raised by these, relatively and absolutely: by more than
# three roundings and an underflow.
SLACK, LEAST = 1.0 + 2.0**-20, 2.0**-125

# A block of rows that are assigned, and then added while they are in the cache, has this many
# entries or up to twice as many.
BLOCK_ENTRIES = 2**15

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
def rounding_bound(
    n_features,  # IN
    longest,  # IN: the largest squared distance of a center from the origin
):
    """The gap that settles a row, as three float32 numbers.

    A row is settled if its squared length s is below bound[2] and its two least scores differ by
    more than bound[0] * s + bound[1]. These are computed in float32, whose roundings SLACK covers.

    The docstring of ``dense_filter.assign`` derives the rounding bound. Here u is ``U32`` for both
    dtypes of X: the cast of a float64 row, minus the origin, adds an error of little more than u
    times the entry. If an entry underflows, its error is at most u times the smallest normal
    number. The 2 u that remain in the bound cover both.
    """
    share = (n_features + 10) * U32
    rounding = share / (1.0 - share)
    exact_rounding = 2.0 * (n_features + 8) * EPS
    farthest = longest + (n_features + 1) * UNDERFLOW32
    bound = np.empty(3, dtype=np.float32)
    bound[0] = SLACK * (1.0 + rounding) * (rounding + exact_rounding)
    rest = rounding * (farthest + longest) + exact_rounding * farthest
    bound[1] = SLACK * (rest + LEAST)
    bound[2] = (TOO_LONG - farthest) / (SLACK * (1.0 + rounding))
    return bound


@kernel
def assign(
    X,  # IN (n_samples, n_features)
    origin,  # IN (n_lanes,), of X's dtype: n_features, repeated to whole vectors
    table,  # IN (n_padded, n_lanes) float32: centers - origin, and zeros
    half_norms,  # IN (n_padded,) float32; inf where there is no center
    centers,  # IN (n_clusters, n_features)
    longest,  # IN: the largest squared distance of a center from the origin
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest of equally near ones
    scores,  # OUT (n_samples, 2) float32, or empty: the two least scores; -inf if unknown
):
    """Label rows start..stop; return how many labels changed."""
    n_features = X.shape[1]
    bound = rounding_bound(n_features, longest)
    # Of short rows LANES32 entries are read, which belong to the rows that follow.
    n_beyond = LANES32 - 1 if n_features < LANES32 else 0
    n_lines = max(n_features, LANES32)
    tile = aligned_empty(n_lines * FILTER_ROWS, half_norms).reshape(n_lines, FILTER_ROWS)
    squares, leasts, seconds = np.empty((3, FILTER_ROWS), dtype=np.float32)
    nearest = np.empty(FILTER_ROWS, dtype=np.int32)
    products = np.empty((SIDE_ROWS, FILTER_CENTERS), dtype=np.float32)
    numbers = np.empty(stop - start, dtype=np.intp)
    n_open, n_moved = 0, 0
    keeps_scores = scores.shape[0] > 0
    if keeps_scores:
        for i in range(start, stop):
            scores[i, 0] = scores[i, 1] = -np.inf
    features_in_lanes = half_norms.shape[0] <= FILTER_CENTERS and n_features >= LONG_ROWS
    # row_products reads past its last row.
    end = min(stop, X.shape[0] - max(n_beyond, features_in_lanes))
    done, pause = start, FILTER_ROWS
    while done < end and end - start >= FILTER_ROWS:
        # The last tile ends with the last row and overlaps the one before it.
        i = min(done, end - FILTER_ROWS)
        if not features_in_lanes:
            for r in range(0, FILTER_ROWS, LANES32):
                put_shifted_rows(
                    X, i + r, origin, tile[:, r : r + LANES32], squares[r : r + LANES32]
                )
            score_rows(tile[:n_features], table, half_norms, nearest, leasts, seconds)
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
        is_open, n_changed = settle_rows(
            nearest, leasts, seconds, squares, bound, done - i, labels, i
        )
        n_moved += np.intp(n_changed)
        if is_open != 0 or keeps_scores:
            for r in range(done - i, FILTER_ROWS):
                if is_open >> np.uint64(r) & np.uint64(1):
                    numbers[n_open] = i + r
                    n_open += 1
                elif keeps_scores:
                    scores[i + r, 0], scores[i + r, 1] = leasts[r], seconds[r]
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
    if n_open > 0:
        n_moved += assign_some(X, centers, numbers[:n_open], labels)
    return n_moved


@kernel
def assign_and_follow(
    X,  # IN (n_samples, n_features)
    origin,  # IN: these as in assign
    table,  # IN
    half_norms,  # IN; empty if the exact distance alone assigns the rows
    centers,  # IN
    longest,  # IN
    weights,  # IN: these as in dense.follow_labels
    labels,  # IN/OUT: as in assign
    starts,  # IN
    start,  # IN
    stop,  # IN
    summed,  # IN/OUT
    sums,  # IN/OUT
    weight_in_clusters,  # IN/OUT
):
    """Label the rows of chunks start..stop, which their sums follow; return how many changed."""
    n_rows = FILTER_ROWS * ceil_div(BLOCK_ENTRIES, FILTER_ROWS * X.shape[1])
    no_scores = np.empty((0, 2), dtype=np.float32)
    n_moved = 0
    for chunk in range(start, stop):
        first, end = starts[chunk], starts[chunk + 1]
        while first < end:
            last = first + n_rows if end - first >= 2 * n_rows else end
            if half_norms.shape[0] == 0:
                n_moved += assign_exactly(X, centers, first, last, labels)
            else:
                filters = origin, table, half_norms, centers, longest
                n_moved += assign(X, *filters, first, last, labels, no_scores)
            rows = X, weights, labels, first, last
            follow_rows(*rows, summed, sums[chunk], weight_in_clusters[chunk])
            first = last
    return n_moved
