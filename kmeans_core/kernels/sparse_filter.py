"""Kernels that assign CSR rows, in which an absent cell is 0, by float32, float64 or exactly.

Half of |x|^2 is the same for every center, so the nearest center has the least score
|c|^2 / 2 - x.c. The work for a score is in proportion to the stored values. But it rounds
differently from the exact distance, and it has no correct digits if its two terms nearly cancel. So
the score is a filter, used twice: in float32, whose vectors hold sixteen centers, and in float64
between the centers that float32 cannot tell apart. If float64 cannot either, the exact distance
decides (``sparse_direct.py``). :func:`assign` serves any number of centers, and
:func:`assign_few` up to sixteen.
"""

import numpy as np

from kmeans_core.kernels.arrays import U32, U64, UNDERFLOW32, aligned_empty
from kmeans_core.kernels.centers import BLOCK_FEATURES, put_centers, squared_lengths
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.sparse_direct import (
    GREATEST_REACH,
    ROOM,
    longest_center,
    nearest_of_all,
    nearest_of_close,
    product_with,
)
from kmeans_core.kernels.vectors.fused import least_two, sparse_nearest, sparse_products
from kmeans_core.kernels.vectors.ir import LANES32

# A row and the longest center together are at most this long if float32 scores can be exact; see
# are_quarters.
EXACT_REACH = 2.0**10

# With more stored values in a row the bound for float32 fails.
MOST_STORED = 2**20


@kernel
def put_blocks(
    centers,  # IN (n_clusters, n_features)
    wanted,  # IN (n_clusters,): True for the centers to put
    start,  # IN: first block of features
    stop,  # IN: block to stop before
    table,  # IN/OUT (n_features, n_padded) float32: centers transposed, blocks start..stop
    block_norms,  # OUT (n_blocks, n_clusters): squared lengths over the features of a block
):
    """Put centers into the table; sum their squares while a block is in the cache."""
    for block in range(start, stop):
        first = block * BLOCK_FEATURES
        last = min(first + BLOCK_FEATURES, centers.shape[1])
        put_centers(centers, wanted, first, last, table)
        squared_lengths(centers[:, first:last], block_norms[block])


@kernel
def put_norms(
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    norms,  # OUT (n_clusters,): squared lengths
    half_norms,  # OUT (n_padded,) float32: half of norms; padding does not change
):
    """Squared lengths of the centers, and the halves of these.

    If a center equals a lower one, no row goes to it. Its half norm is infinite, because otherwise
    only exact distances could decide between the two for every row near them.
    """
    n_clusters, n_features = centers.shape
    norms[:] = 0.0
    for block in range(block_norms.shape[0]):
        for c in range(n_clusters):
            norms[c] += block_norms[block, c]
    for c in range(n_clusters):
        half_norms[c] = np.float32(0.5 * norms[c])
        for b in range(c):
            if norms[b] == norms[c]:
                n_equal = 0
                while n_equal < n_features and centers[b, n_equal] == centers[c, n_equal]:
                    n_equal += 1
                if n_equal == n_features:
                    half_norms[c] = np.inf
                    break


@kernel
def nearest_of_unsettled(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    length,  # IN: length of the row
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    center_norms,  # IN (n_clusters,): squared lengths
    products,  # IN (1, n_padded) float32: of the row and the centers
    half_norms,  # IN (n_padded,) float32
):
    """The nearest center of a row for which float32 did not suffice.

    float32 leaves the centers whose score, less its own error, is not above the least score plus
    its error. :func:`nearest_of_close` decides between these.
    """
    n_clusters, n_features = centers.shape
    close, scores = np.empty(n_clusters, dtype=np.intp), np.empty(n_clusters)
    reach = length + longest_center(center_norms)
    per_length, both = roundings(np.float64(end - begin), length, reach, n_features)
    limit = np.inf
    for c in range(n_clusters):
        away = np.sqrt(center_norms[c])
        error = away * (per_length + ROOM * U32 * away)
        score = np.float64(half_norms[c] - products[0, c])
        limit = min(limit, score + error)
        scores[c] = score - error
    n_close = 0
    for c in range(n_clusters):
        # "not above" rather than "below": a center is kept if its score is NaN.
        if not scores[c] > limit + both:
            close[n_close] = c
            n_close += 1
    if n_close == 1:
        return close[0]
    for entry in range(n_close):
        c = close[entry]
        product = product_with(data, indices, begin, end, centers, c)
        scores[entry] = 0.5 * center_norms[c] - product
    known = (centers, block_norms, close[:n_close], scores)
    return nearest_of_close(data, indices, begin, end, reach, *known)


@kernel
def roundings(
    n_stored,  # IN: stored values of the row
    length,  # IN: length of the row
    reach,  # IN: length of the row plus length of the longest center
    n_features,  # IN
):
    """The two parts of the greatest error of the float32 scores of a row.

    The error of the score of a center c is at most |c| (part 1 + ROOM u |c|). Part 2 is the other
    error of two scores and of half of the two exact distances.

    Let u = 2^-24, v = 2^-53, n the number of stored values of a row x, d the number of features and
    R = |x| + max |c|. The errors are at most:

    - the product x.c of n numbers that were rounded to float32, in any order, fused or not:
      (n + 2) u |x| |c| (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1);
    - half of |c|^2, rounded: u |c|^2 / 2 and d v |c|^2 / 2;
    - their difference, rounded: u (|c|^2 / 2 + |x| |c|);
    - together: (n + 3) u |x| |c| + u |c|^2 + d v |c|^2 / 2;
    - half of the exact distance: (d + 2) v R^2 / 2.

    If the scores of two centers differ by more than the errors of both scores and both exact
    distances, the exact distances are in the same order. ROOM covers terms of higher order, which
    are less than a 15th if n u < 1/16, and the rounding of the norms. Underflow adds less than
    UNDERFLOW32 for each of 2 (n + 2) operations, times the other factor of a product. Nothing
    overflows up to GREATEST_REACH. Beyond it part 2 is infinite or NaN, and no difference exceeds
    that.
    """
    per_length = ROOM * U32 * (n_stored + 3.0) * length
    both = ROOM * (n_features + 2.0) * 2.0 * U64 * reach * reach
    both += 4.0 * UNDERFLOW32 * (n_stored + 2.0) * (1.0 + reach)
    holds = reach <= GREATEST_REACH and n_stored <= MOST_STORED
    return per_length, both if holds else np.inf


@kernel
def are_quarters(
    values,  # IN (n_values,)
    start,  # IN
    stop,  # IN
):
    """Whether all of the values start..stop are multiples of 1/4.

    If this is true of a row and of all centers, and the reach R is at most ``EXACT_REACH``, scores
    in float32 have no rounding error, and exact distances have none either. Then ties are true
    ties, and the least score with the lowest center decides. Flags and counts have many ties. In
    proof, products, half norms and scores are multiples of 1/32, and they and their partial sums
    are at most R^2 / 2, which is 2^24 times as much.
    """
    for first in range(start, stop, BLOCK_FEATURES):
        n_bad = 0
        for position in range(first, min(first + BLOCK_FEATURES, stop)):
            quarters = np.float64(values[position]) * 4.0
            n_bad += quarters != np.floor(quarters)
        if n_bad > 0:
            return False
    return True


@kernel
def assign(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared lengths
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    center_norms,  # IN (n_clusters,): squared lengths
    half_norms,  # IN (n_padded,) float32: infinite where padded
    table,  # IN (n_features, n_padded) float32: centers transposed, zero where padded
    vectors,  # IN: a tuple with one entry for each vector of a tile
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest if several are nearest
):
    """Label rows start..stop; return how many labels changed.

    ``sparse_bounds.assign`` repeats the steps for a row. In a shared kernel, numba would count
    references to all these arrays at every row, which took longer than the products.
    """
    farthest = longest_center(center_norms)
    products = aligned_empty(table.shape[1], table).reshape(1, table.shape[1])
    in_quarters = -1  # unknown
    n_moved = 0
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        for column in range(0, table.shape[1], LANES32 * len(vectors)):
            sparse_products(data, indices, begin, end, table, column, vectors, products[0])
        nearest, least, second = least_two(products, 0, half_norms, 0, table.shape[1])
        length = np.sqrt(row_norms[i])
        reach = length + farthest
        per_length, both = roundings(np.float64(end - begin), length, reach, centers.shape[1])
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
    return n_moved


@kernel
def assign_few(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    centers,  # IN (n_clusters, n_features)
    block_norms,  # IN (n_blocks, n_clusters): squared lengths over the features of a block
    center_norms,  # IN (n_clusters,): squared lengths
    half_norms,  # IN (n_lanes,) float32: infinite where padded
    table,  # IN (n_features, n_lanes) float32: centers transposed, zero where padded
    lanes,  # IN: a tuple with one entry for each column of the table
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest if several are nearest
):
    """Label rows start..stop as :func:`assign` does, if one short vector holds all centers.

    The squared length of a row is added in float32 with the products. If n u < 1/16 in the terms of
    :func:`roundings`, it has lost less than a 15th and n UNDERFLOW32, so ROOM covers the loss.
    """
    farthest = longest_center(center_norms)
    of_centers = 2.0 * farthest * ROOM * U32 * farthest
    known = (centers, block_norms, center_norms, half_norms)
    in_quarters = -1  # unknown
    nearest_of_empty = -1  # unknown
    n_moved = 0
    for i in range(np.uint64(start), np.uint64(stop)):
        begin, end = indptr[i], indptr[i + np.uint64(1)]
        if begin == end:
            if nearest_of_empty < 0:
                nearest_of_empty = nearest_of_all(data, indices, begin, end, *known)
            if labels[i] != nearest_of_empty:
                labels[i] = nearest_of_empty
                n_moved += 1
            continue
        nearest, least, second, square = sparse_nearest(
            data, indices, begin, end, table, half_norms, lanes
        )
        n_stored = np.float64(end - begin)
        length = np.sqrt(ROOM * (np.float64(square) + n_stored * UNDERFLOW32))
        per_length, both = roundings(n_stored, length, length + farthest, centers.shape[1])
        bound = 2.0 * farthest * per_length + of_centers + both
        is_settled = np.float64(second) - np.float64(least) > bound
        if not is_settled and length + farthest <= EXACT_REACH and in_quarters != 0:
            if in_quarters < 0:
                in_quarters = are_quarters(centers.reshape(-1), 0, centers.size)
            is_settled = in_quarters == 1 and are_quarters(data, begin, end)
        if not is_settled:
            nearest = nearest_of_all(data, indices, begin, end, *known)
        if labels[i] != nearest:
            labels[i] = nearest
            n_moved += 1
    return n_moved
