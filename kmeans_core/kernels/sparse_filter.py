"""The nearest center of CSR rows, absent = 0: float32 decides most, float64 some, the sum the rest.

Half of |x|^2 is the same for every center, so the least |c|^2 / 2 - x.c is the nearest center's:
work in proportion to the stored values. But that rounds differently from the sum of (x - c)^2 that
decides, and loses everything where its two terms nearly cancel. So it is a filter, taken twice: in
float32, whose vectors hold sixteen centers, and in float64 among the centers that float32 cannot
tell apart. Where that is too close to trust as well, the sum over all features is taken.
"""

import numpy as np

from kmeans_core.kernels.arrays import U32, U64, UNDERFLOW, UNDERFLOW32, aligned_empty
from kmeans_core.kernels.centers import squared_lengths
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.sparse import exact_distance
from kmeans_core.kernels.vectors.fused import least_two, sparse_products
from kmeans_core.kernels.vectors.ir import LANES32

# The higher orders of rounding, of norms and of the bounds themselves.
ROOM = 1.1

# Where lengths, or stored values of a row, are beyond these, the bound for float32 does not hold.
GREATEST_REACH = 2.0**60
MOST_STORED = 2**20


@kernel
def put_norms(
    centers,  # IN (n_clusters, n_features)
    norms,  # OUT (n_clusters,): squared lengths
    half_norms,  # OUT (n_padded,) float32: half of them; padding is left as it is
):
    """Squared lengths of the centers, and half of them."""
    squared_lengths(centers, norms)
    for c in range(norms.shape[0]):
        half_norms[c] = np.float32(0.5 * norms[c])


@kernel
def nearest_of_close(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the row's first position in data
    end,  # IN: and the one to stop before
    reach,  # IN: length of the row and of the longest center, added
    centers,  # IN (n_clusters, n_features)
    center_norms,  # IN (n_clusters,): squared lengths
    close,  # IN (n_close,): the centers that may be nearest, ascending
    scores,  # OUT (n_close,)
):
    """The nearest of some centers by float64, and where that cannot tell by the deciding sum.

    Rounding bound, in the terms of :func:`roundings`. A score is off by at most n v |x| |c| + d v
    |c|^2 / 2 and the rounding of their difference, together (3/4) (d + 2) v R^2, and half of the
    deciding sum by (1/2) (d + 2) v R^2. Two centers whose scores differ by more than twice both
    are in the same order under the deciding sum.
    """
    least = np.inf
    for entry in range(close.shape[0]):
        c = close[entry]
        product = 0.0
        for position in range(begin, end):
            product += np.float64(data[position]) * centers[c, indices[position]]
        scores[entry] = 0.5 * center_norms[c] - product
        least = min(least, scores[entry])
    # Infinite where a deciding sum might be: every center is close then.
    square = 2.0 * reach * reach
    limit = least + (1.25 * ROOM * (centers.shape[1] + 2.0) * U64 * square + UNDERFLOW)

    n_left = 0
    for entry in range(close.shape[0]):
        # "not above" rather than "below": a limit that overflowed leaves every center close.
        if not scores[entry] > limit:
            close[n_left] = close[entry]
            n_left += 1
    nearest = close[0]
    if n_left > 1:
        shortest = exact_distance(data, indices, begin, end, centers[nearest])
        for entry in range(1, n_left):
            distance = exact_distance(data, indices, begin, end, centers[close[entry]])
            if distance < shortest:
                shortest = distance
                nearest = close[entry]
    return nearest


@kernel
def nearest_of_unsettled(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the row's first position in data
    end,  # IN: and the one to stop before
    reach,  # IN: length of the row and of the longest center, added
    per_length,  # IN: see :func:`roundings`
    both,  # IN: see :func:`roundings`
    centers,  # IN (n_clusters, n_features)
    center_norms,  # IN (n_clusters,): squared lengths
    products,  # IN (1, n_padded) float32: of the row and the centers
    half_norms,  # IN (n_padded,) float32
    likely,  # IN: the center of the least score
    close,  # SCRATCH (n_clusters,)
    scores,  # SCRATCH (n_clusters,)
):
    """The nearest center where float32 cannot tell: the same test with each center's own length."""
    n_close = 0
    away = np.sqrt(center_norms[likely])
    least = np.float64(half_norms[likely] - products[0, likely])
    limit = least + away * (per_length + ROOM * U32 * away) + both
    for c in range(centers.shape[0]):
        away = np.sqrt(center_norms[c])
        error = away * (per_length + ROOM * U32 * away)
        score = np.float64(half_norms[c] - products[0, c])
        if not score - error > limit:
            close[n_close] = c
            n_close += 1
    nearest = close[0]
    if n_close > 1:
        nearest = nearest_of_close(
            data, indices, begin, end, reach, centers, center_norms, close[:n_close], scores
        )
    return nearest


@kernel
def roundings(
    n_stored,  # IN: stored values of the row
    length,  # IN: its length
    reach,  # IN: and the longest center's, added
    n_features,  # IN
):
    """What two scores of a row may be off by, in two parts.

    The score of a center c is off by |c| (part 1 + ROOM u |c|); two of them, and half of the two
    deciding sums beside them, by part 2 as well.

    Let u = 2^-24, v = 2^-53, n the stored values of a row x, d the features and R = |x| + max |c|.
    A product x.c of n terms, in any order and fused or not, of numbers that were themselves
    rounded to float32 is off by at most (n + 2) u |x| |c| (Higham 2002, Accuracy and Stability of
    Numerical Algorithms, section 3.1); half of |c|^2, rounded, by u |c|^2 / 2 and d v |c|^2 / 2;
    their difference, rounded, by u (|c|^2 / 2 + |x| |c|). Added up:

        (n + 3) u |x| |c| + u |c|^2 + d v |c|^2 / 2

    Half of the deciding sum is off by at most (d + 2) v R^2 / 2. Two centers whose scores differ
    by more than the errors of both under either are in the same order under the deciding sum.
    ROOM stands for what this leaves out: terms of higher order, less than a 15th as long as n u <
    1/16, and the rounding of the norms. Underflow adds less than UNDERFLOW32 for each of 2 (n + 2)
    operations, times the other factor of a product. Nothing overflows up to GREATEST_REACH; part 2
    is infinite beyond it, or NaN, and no difference exceeds it.
    """
    per_length = ROOM * U32 * (n_stored + 3.0) * length
    both = ROOM * (n_features + 2.0) * 2.0 * U64 * reach * reach
    both += 4.0 * UNDERFLOW32 * (n_stored + 2.0) * (1.0 + reach)
    believed = reach <= GREATEST_REACH and n_stored <= MOST_STORED
    return per_length, both if believed else np.inf


@kernel
def longest_center(
    center_norms,  # IN (n_clusters,): squared lengths
):
    """Length of the longest center. A NaN is kept: float32 then settles no row."""
    farthest = 0.0
    for c in range(center_norms.shape[0]):
        if farthest == farthest and not center_norms[c] <= farthest:
            farthest = center_norms[c]
    return np.sqrt(farthest)


@kernel
def assign(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared lengths
    centers,  # IN (n_clusters, n_features)
    center_norms,  # IN (n_clusters,): squared lengths
    table,  # IN (n_features, n_padded) float32: centers transposed, zero where padded
    half_norms,  # IN (n_padded,) float32: infinite where padded
    vectors,  # IN: a tuple as long as a panel of the table has vectors
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest of equally near ones
):
    """Label rows start..stop; return how many labels changed.

    ``sparse_bounds.assign`` takes the same steps for a row. A kernel of their own, given all these
    arrays, would count references to each at every row, which took longer than the products.
    """
    n_clusters, n_features = centers.shape
    farthest = longest_center(center_norms)
    products = aligned_empty(table.shape[1], table).reshape(1, table.shape[1])
    close = np.empty(n_clusters, dtype=np.intp)
    scores = np.empty(n_clusters)
    n_moved = 0
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        for column in range(0, table.shape[1], LANES32 * len(vectors)):
            sparse_products(data, indices, begin, end, table, column, vectors, products[0])
        nearest, least, second = least_two(products, 0, half_norms, 0, table.shape[1])
        length = np.sqrt(row_norms[i])
        reach = length + farthest
        per_length, both = roundings(np.float64(end - begin), length, reach, n_features)
        bound = 2.0 * farthest * (per_length + ROOM * U32 * farthest) + both
        if not np.float64(second) - np.float64(least) > bound:
            nearest = nearest_of_unsettled(
                data,
                indices,
                begin,
                end,
                reach,
                per_length,
                both,
                centers,
                center_norms,
                products,
                half_norms,
                nearest,
                close,
                scores,
            )
        if labels[i] != nearest:
            labels[i] = nearest
            n_moved += 1
    return n_moved
