"""Kernels that label CSR rows straight from the centers: float64 scores and exact distances.

A score is |c|^2 / 2 - x.c, as in ``sparse_filter.py``, which needs these kernels for rows that
float32 cannot settle. Rows that store few values for the number of features need no float32 filter:
its table of all features would take longer to fill than it saves.
"""

import numpy as np

from kmeans_core.kernels.arrays import U64, UNDERFLOW
from kmeans_core.kernels.centers import BLOCK_FEATURES
from kmeans_core.kernels.jit import kernel

# A factor for errors of higher order, of the norms and of the bounds themselves.
ROOM = 1.1

# Beyond this length the bound for float32 fails.
GREATEST_REACH = 2.0**60

# Rows that meet a center together.
DIRECT_ROWS = 256


@kernel
def exact_distance(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    c,  # IN: a center
):
    """The exact distance of a row and a center, with the bits of ``sparse.exact_distance``.

    If the center is 0 in a block, only the stored values of the row are added there. The other
    terms are exactly 0, and adding 0 changes no bit of a sum. This holds too if squares underflow.
    """
    total = 0.0
    position = begin
    for block in range(block_norms.shape[0]):
        first = block * BLOCK_FEATURES
        last = min(first + BLOCK_FEATURES, centers.shape[1])
        if block_norms[block, c] == 0.0:
            while position < end and indices[position] < last:
                difference = np.float64(data[position]) - centers[c, indices[position]]
                total += difference * difference
                position += 1
            continue
        for j in range(first, last):
            x = 0.0
            if position < end and indices[position] == j:
                x = np.float64(data[position])
                position += 1
            difference = x - centers[c, j]
            total += difference * difference
    return total


@kernel
def longest_center(
    center_norms,  # IN (n_clusters,): squared lengths
):
    """Length of the longest center; NaN if there is a NaN, so that float32 decides no row."""
    farthest = 0.0
    for c in range(center_norms.shape[0]):
        if farthest == farthest and not center_norms[c] <= farthest:
            farthest = center_norms[c]
    return np.sqrt(farthest)


@kernel
def product_with(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    centers,  # IN (n_clusters, n_features)
    c,  # IN: a center
):
    """The product of a row and a center, in float64."""
    center, product = np.uint64(c), 0.0
    for position in range(np.uint64(begin), np.uint64(end)):
        product += np.float64(data[position]) * centers[center, np.uint64(indices[position])]
    return product


@kernel
def length_of(
    data,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
):
    """Length of a row."""
    square = 0.0
    for position in range(begin, end):
        square += np.float64(data[position]) * np.float64(data[position])
    return np.sqrt(square)


@kernel
def put_distinct(
    center_norms,  # IN (n_clusters,): squared lengths
    half_norms,  # IN (n_padded,) float32: infinite for repetitions
    out,  # OUT (n_clusters,)
):
    """Write the centers that equal no lower one, in ascending order; return their number.

    A huge center may have an infinite norm in float32 too, and is always written.
    """
    n_distinct = 0
    for c in range(center_norms.shape[0]):
        if half_norms[c] < np.inf or not center_norms[c] < GREATEST_REACH:
            out[n_distinct] = c
            n_distinct += 1
    return n_distinct


@kernel
def nearest_of_close(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    reach,  # IN: length of the row plus length of the longest center
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    close,  # IN/OUT (n_close,): ascending centers, the nearest among them
    scores,  # IN (at least n_close,): their scores in float64
):
    """The nearest of some centers.

    float64 scores leave some of the centers, and the exact distance decides between these.

    Rounding bound for float64, in the terms of ``sparse_filter.roundings``. The error of a score is
    at most n v |x| |c| + d v |c|^2 / 2 and the rounding of their difference, together
    (3/4) (d + 2) v R^2. The error of half of the exact distance is at most (1/2) (d + 2) v R^2. If
    the scores of two centers differ by more than twice both, the exact distances are in the same
    order.
    """
    least = np.inf
    for entry in range(close.shape[0]):
        least = min(least, scores[entry])
    # The limit is infinite if an exact distance might be: then every center stays.
    square = 2.0 * reach * reach
    limit = least + (1.25 * ROOM * (centers.shape[1] + 2.0) * U64 * square + UNDERFLOW)
    n_left = 0
    for entry in range(close.shape[0]):
        if not scores[entry] > limit:
            close[n_left] = close[entry]
            n_left += 1
    nearest = close[0]
    if n_left > 1:
        shortest = exact_distance(data, indices, begin, end, centers, block_norms, nearest)
        for entry in range(1, n_left):
            c = close[entry]
            distance = exact_distance(data, indices, begin, end, centers, block_norms, c)
            if distance < shortest:
                shortest = distance
                nearest = c
    return nearest


@kernel
def nearest_of_all(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    center_norms,  # IN (n_clusters,): squared lengths
    half_norms,  # IN (n_padded,) float32: infinite for repetitions
):
    """The nearest center of a row, by the float64 scores of all centers."""
    close = np.empty(centers.shape[0], dtype=np.intp)
    scores = np.empty(centers.shape[0])
    n_close = put_distinct(center_norms, half_norms, close)
    for entry in range(n_close):
        c = close[entry]
        product = product_with(data, indices, begin, end, centers, c)
        scores[entry] = 0.5 * center_norms[c] - product
    reach = length_of(data, begin, end) + longest_center(center_norms)
    known = (centers, block_norms, close[:n_close], scores)
    return nearest_of_close(data, indices, begin, end, reach, *known)


@kernel
def assign_directly(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    center_norms,  # IN (n_clusters,): squared lengths
    half_norms,  # IN (n_clusters,) float32: infinite for repetitions
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest if several are nearest
):
    """Label rows start..stop by the float64 scores of all centers; return how many labels changed.

    A center meets a block of rows, because all centers together rarely fit in a cache.
    """
    farthest = longest_center(center_norms)
    distinct = np.empty(centers.shape[0], dtype=np.intp)
    n_distinct = put_distinct(center_norms, half_norms, distinct)
    close = np.empty(n_distinct, dtype=np.intp)
    scores = np.empty((min(DIRECT_ROWS, stop - start), n_distinct))
    n_moved = 0
    for first in range(start, stop, DIRECT_ROWS):
        last = min(first + DIRECT_ROWS, stop)
        for entry in range(n_distinct):
            c = distinct[entry]
            for i in range(first, last):
                product = product_with(data, indices, indptr[i], indptr[i + 1], centers, c)
                scores[i - first, entry] = 0.5 * center_norms[c] - product
        for i in range(first, last):
            begin, end = indptr[i], indptr[i + 1]
            close[:] = distinct[:n_distinct]
            reach = length_of(data, begin, end) + farthest
            known = (centers, block_norms, close, scores[i - first])
            nearest = nearest_of_close(data, indices, begin, end, reach, *known)
            if labels[i] != nearest:
                labels[i] = nearest
                n_moved += 1
    return n_moved
