"""Kernels that assign CSR rows again and again while centers move, with bounds that skip rows.

Each row keeps an upper bound on the distance to its own center, and a lower bound on the distance
to every other center (Elkan 2003, Using the Triangle Inequality to Accelerate k-Means, section 3),
in float32. ``drift`` adds up the distances that each center has moved. A stored bound, corrected by
the drift since then, is a bound for the present centers.
"""

import numpy as np

from kmeans_core.kernels.arrays import EPS, EPS32, U32, UNDERFLOW, UNDERFLOW32, aligned_empty
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.sparse_direct import ROOM, longest_center
from kmeans_core.kernels.sparse_filter import (
    EXACT_REACH,
    are_quarters,
    nearest_of_unsettled,
    roundings,
)
from kmeans_core.kernels.vectors.fused import least_two, sparse_products
from kmeans_core.kernels.vectors.ir import LANES32


@kernel
def move_bounds(
    shifts,  # IN (n_clusters,): squared distances that centers moved, with rounding errors
    n_features,  # IN
    drift,  # IN/OUT (n_clusters,): distances moved, added up and rounded up
    drift32,  # OUT (n_padded,) float32: drift, rounded up; padding does not change
):
    """Add up how far the centers moved.

    All sums are rounded up. A sum of d terms has at most d + 3 roundings by 1 + EPS / 2, so that
    1 + (d + 8) EPS is more than enough (Higham 2002, section 3.1).
    """
    upwards = 1.0 + (n_features + 8) * EPS
    for c in range(shifts.shape[0]):
        shift = np.sqrt(shifts[c] * upwards + n_features * UNDERFLOW)
        drift[c] = (drift[c] + shift) * upwards
        drift32[c] = np.float32(drift[c]) * (np.float32(1.0) + EPS32) + np.float32(UNDERFLOW32)


@kernel
def assign(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared lengths
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    center_norms,  # IN (n_clusters,): squared lengths
    table,  # IN (n_features, n_padded) float32: centers transposed, zero where padded
    half_norms,  # IN (n_padded,) float32: infinite where padded or equal to a lower center
    vectors,  # IN: a tuple with one entry for each vector of a tile
    drift,  # IN (n_clusters,)
    drift32,  # IN (n_padded,) float32: zero where padded
    upper,  # IN/OUT (n_samples,) float32: + drift[label] bounds the own distance; inf if unknown
    lower,  # IN/OUT (n_samples, n_padded) float32: - drift bounds the others; inf for the own
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest if several are nearest
):
    """Label every row; return how many labels changed.

    Labels and terms are the same as in ``sparse_filter.assign``. The error of a squared distance
    |x|^2 + 2 score is twice the error of a score, |c| (part 1 + ROOM u |c|) + part 2 with the
    longest |c|, and the error of three operations in float32, each less than
    u (|x|^2 + 2 |score|) <= 2 u R^2. ``error`` is more than both. Stored bounds, and the numbers
    compared with them, are rounded outwards by 4 EPS32, more than the operations on them lose. The
    relative error of exact distances is (d + 2) EPS / 2.
    """
    n_samples, n_padded = lower.shape
    n_features = centers.shape[1]
    farthest = longest_center(center_norms)
    outwards = np.float32(4.0) * EPS32
    inwards = np.float32(1.0) - outwards
    margin = np.float32(1.0 + 8.0 * EPS32 + (n_features + 8) * EPS)
    products = aligned_empty(n_padded, table).reshape(1, n_padded)
    in_quarters = -1  # unknown
    n_hidden = 0
    for c in range(centers.shape[0]):
        n_hidden += half_norms[c] == np.inf
    n_moved = 0
    for i in range(n_samples):
        if upper[i] < np.inf:
            reach32 = (upper[i] + drift32[labels[i]]) * margin
            n_open = 0
            for c in range(n_padded):
                # "not above" rather than "below", so that NaN counts.
                n_open += not lower[i, c] - drift32[c] > reach32
            if n_open == 0:
                continue

        begin, end = indptr[i], indptr[i + 1]
        for column in range(0, n_padded, LANES32 * len(vectors)):
            sparse_products(data, indices, begin, end, table, column, vectors, products[0])
        nearest, least, second = least_two(products, 0, half_norms, 0, n_padded)
        length = np.sqrt(row_norms[i])
        reach = length + farthest
        per_length, both = roundings(np.float64(end - begin), length, reach, n_features)
        bound = 2.0 * farthest * (per_length + ROOM * U32 * farthest) + both
        is_settled = np.float64(second) - np.float64(least) > bound
        if not is_settled and reach <= EXACT_REACH and in_quarters != 0:
            if in_quarters < 0:
                in_quarters = are_quarters(centers.reshape(-1), 0, centers.size)
            is_settled = in_quarters == 1 and are_quarters(data, begin, end)
        if not is_settled:
            known = (centers, block_norms, center_norms, products, half_norms)
            nearest = nearest_of_unsettled(data, indices, begin, end, length, *known)
        if labels[i] != nearest:
            labels[i] = nearest
            n_moved += 1

        error = 2.0 * bound + 8.0 * U32 * reach * reach
        if not error < np.inf:
            upper[i] = np.inf
            continue
        own = np.float64(half_norms[nearest] - products[0, nearest])
        near = np.sqrt(max(0.0, row_norms[i] + 2.0 * own + error)) - drift[nearest]
        upper[i] = np.float32(near + 4.0 * EPS32 * abs(near)) + np.float32(UNDERFLOW32)
        least_norm = np.float32(row_norms[i] - error)
        for c in range(n_padded):
            squared = least_norm + np.float32(2.0) * (half_norms[c] - products[0, c])
            far = np.sqrt(max(np.float32(0.0), squared)) * inwards
            lower[i, c] = (far + drift32[c]) * inwards
        if n_hidden > 0:
            # The score of a center that equals a lower one is infinite, but its distance is not.
            for c in range(centers.shape[0]):
                if half_norms[c] == np.inf:
                    score = np.float32(0.5 * center_norms[c]) - products[0, c]
                    far = np.sqrt(max(np.float32(0.0), least_norm + np.float32(2.0) * score))
                    lower[i, c] = (far * inwards + drift32[c]) * inwards
        lower[i, nearest] = np.inf
    return n_moved
