"""A kernel that assigns dense rows again after few centers have changed.

The other centers are as far from a row as before. The last call has left the score of the row's own
center, and a lower bound of the other scores. So only the changed centers need new scores.
"""

import numpy as np

from kmeans_core.kernels.arrays import EPS, U32, UNDERFLOW32, aligned_empty
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.row_filter import TOO_LONG
from kmeans_core.kernels.row_filter import assign as assign_by_filter
from kmeans_core.kernels.vectors.ir import LANES32
from kmeans_core.kernels.vectors.rows import put_shifted_rows
from kmeans_core.kernels.vectors.scores import FILTER_ROWS, score_rows

# Rows that are compared with all centers are copied in blocks of this many.
BLOCK_ROWS = 4 * FILTER_ROWS


@kernel
def assign(
    X,  # IN (n_samples, n_features), of 16 features or more
    origin,  # IN (n_lanes,), of X's dtype: n_features and zeros, whole vectors
    table,  # IN (n_padded, n_lanes) float32: centers - origin, and zeros
    half_norms,  # IN (n_padded,) float32; inf where there is no center
    centers,  # IN (n_clusters, n_features)
    longest,  # IN: the largest squared distance of a center from the origin
    is_changed,  # IN (n_clusters,): whether the center has changed since the last call
    changed,  # IN (n_changed,): the numbers of the changed centers, ascending
    few,  # IN (n_few, n_lanes) float32: their lines of the table, and zeros
    few_half_norms,  # IN (n_few,) float32: their half norms, and inf
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest of equally near ones
    scores,  # IN/OUT (n_samples, 2) float32: its score, and a lower bound of all other scores
):
    """Label rows start..stop; return how many labels changed.

    The scores and their rounding bound are those of ``row_filter.assign``. A row that the bound
    cannot decide is compared with all centers. A lower bound stays one if a center moves away.
    """
    n_features = X.shape[1]
    share = (n_features + 10) * U32
    rounding = share / (1.0 - share)
    exact_rounding = (n_features + 8) * EPS
    underflow = (n_features + 1) * UNDERFLOW32
    tile = aligned_empty(n_features * FILTER_ROWS, half_norms).reshape(n_features, FILTER_ROWS)
    squares, leasts, seconds = np.empty((3, FILTER_ROWS), dtype=np.float32)
    nearest = np.empty(FILTER_ROWS, dtype=np.int32)
    numbers = np.empty(stop - start, dtype=np.intp)
    n_open, n_moved = 0, 0
    done = start
    while done < stop and stop - start >= FILTER_ROWS:
        # The last tile ends with the last row and overlaps the one before it.
        i = min(done, stop - FILTER_ROWS)
        for r in range(0, FILTER_ROWS, LANES32):
            put_shifted_rows(X, i + r, origin, tile[:, r : r + LANES32], squares[r : r + LANES32])
        score_rows(tile, few, few_half_norms, nearest, leasts, seconds)
        for r in range(done - i, FILTER_ROWS):
            reach = np.float64(squares[r]) * (1.0 + rounding) + longest + underflow
            gap = rounding * (reach + longest) + 2.0 * exact_rounding * reach
            label = labels[i + r]
            own = np.inf if is_changed[label] else np.float64(scores[i + r, 0])
            least, second = np.float64(leasts[r]), np.float64(scores[i + r, 1])
            if own < least:
                least, second = own, min(second, least)
            else:
                label, second = changed[nearest[r]], min(second, own, np.float64(seconds[r]))
            if reach < TOO_LONG and second - least > gap:
                n_moved += labels[i + r] != label
                labels[i + r] = label
                scores[i + r, 0], scores[i + r, 1] = least, second
            else:
                numbers[n_open] = i + r
                n_open += 1
        done = i + FILTER_ROWS
    for i in range(done, stop):
        numbers[n_open] = i
        n_open += 1

    # The filter reads past its last row. It labels no less than one tile, so few rows are repeated.
    rows = np.zeros((BLOCK_ROWS + 1, n_features), dtype=X.dtype)
    found = np.empty(BLOCK_ROWS, dtype=labels.dtype)
    kept = np.empty((BLOCK_ROWS, 2), dtype=scores.dtype)
    for first in range(0, n_open, BLOCK_ROWS):
        n_rows = min(BLOCK_ROWS, n_open - first)
        n_filled = max(n_rows, FILTER_ROWS)
        for r in range(n_filled):
            line, x = rows[r], X[numbers[first + min(r, n_rows - 1)]]
            for j in range(n_features):
                line[j] = x[j]
        assign_by_filter(
            rows, origin, table, half_norms, centers, longest, 0, n_filled, found, kept
        )
        for r in range(n_rows):
            i = numbers[first + r]
            n_moved += labels[i] != found[r]
            labels[i] = found[r]
            scores[i, 0], scores[i, 1] = kept[r, 0], kept[r, 1]
    return n_moved
