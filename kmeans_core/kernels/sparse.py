"""Kernels over CSR, in which an absent cell is 0: the work is in proportion to the stored values.

A matrix is three arrays: data (n_stored,) float32 or float64, indices (n_stored,) int32 or int64,
strictly ascending in each row, and indptr (n_samples + 1,). ``centers_t`` holds the centers
transposed, (n_features, n_padded), so that a stored value is multiplied with neighboring numbers.
Some array indices are unsigned. numba then does not check for negative ones, which is up to twice
as fast.

The expanded formula |x|^2 - 2 x.c + |c|^2 reads stored values only. But it rounds differently from
the exact distance (``dense.py``), and it has no correct digits if the two terms nearly cancel. If
too much cancels, the exact distance replaces it. ``sparse_filter.py`` assigns rows to centers.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.labels import BLOCK_ROWS, moved_rows

# Below this share of |x|^2 + |c|^2 an expanded distance has lost more than 3 of its 16 digits.
CANCELLED = 1e-3

# Expanded distances below this, and sums of them, may have lost digits by underflow. That loss may
# be any share of the norms.
LEAST_SURE = 2.0**-930

# Greatest squared length of short rows. float32 holds the products of such rows exactly if all
# values are multiples of 1/4: in sixteenths, a product is at most 2^24.
SHORT_NORM = 2.0**20


@kernel
def exact_distance(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    center,  # IN (n_features,)
):
    """Sum of (x - c)^2 over every feature in order, with the bits of the dense kernels."""
    total = 0.0
    position = begin
    for j in range(center.shape[0]):
        x = 0.0
        if position < end and indices[position] == j:
            x = np.float64(data[position])
            position += 1
        difference = x - center[j]
        total += difference * difference
    return total


@kernel
def take(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_rows,)
    out,  # OUT (n_rows, n_features), zero
):
    """Write some rows as a dense array."""
    for position in range(rows.shape[0]):
        for stored in range(indptr[rows[position]], indptr[rows[position] + 1]):
            out[position, indices[stored]] = data[stored]


@kernel
def subset(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_rows,)
    out_data,  # OUT (starts[-1],)
    out_indices,  # OUT (starts[-1],)
    starts,  # IN (n_rows + 1,): where each of these rows begins in the output
    start,  # IN: first of these rows
    stop,  # IN: row to stop before
):
    """Copy some rows."""
    # Unsigned indices take a third of the time: numba does not check for negative ones.
    for position in range(start, stop):
        stored = np.uint64(indptr[rows[position]])
        for place in range(np.uint64(starts[position]), np.uint64(starts[position + 1])):
            out_data[place] = data[stored]
            out_indices[place] = indices[stored]
            stored += np.uint64(1)


@kernel
def is_sound(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    n_features,  # IN
    start,  # IN
    stop,  # IN
):
    """Whether rows start..stop fit in the arrays, with finite values and ascending indices."""
    begin, end = indptr[start], indptr[stop]
    if begin < 0 or end > min(data.shape[0], indices.shape[0]):
        return False
    # Errors are counted, so that the loops have no exit and can be vectorized.
    n_bad = 0
    for i in range(np.uint64(start), np.uint64(stop)):
        n_bad += indptr[i + np.uint64(1)] < indptr[i]
    if n_bad > 0:
        return False
    for position in range(np.uint64(begin), np.uint64(end)):
        n_bad += not abs(data[position]) < np.inf
    # The indices of all rows are compared in one loop. They may fall only where a row begins.
    for position in range(np.uint64(begin + 1), np.uint64(end)):
        n_bad += indices[position] <= indices[position - np.uint64(1)]
    for i in range(np.uint64(start), np.uint64(stop)):
        first, last = np.uint64(indptr[i]), np.uint64(indptr[i + np.uint64(1)])
        if first < last:
            if indices[first] < 0 or indices[last - np.uint64(1)] >= n_features:
                return False
            if first > np.uint64(begin):
                n_bad -= indices[first] <= indices[first - np.uint64(1)]
    return n_bad == 0


@kernel
def squared_norms(
    data,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples,), rows start..stop
):
    """Squared lengths of rows start..stop."""
    one, four = np.uint64(1), np.uint64(4)
    for i in range(np.uint64(start), np.uint64(stop)):
        begin, end = np.uint64(indptr[i]), np.uint64(indptr[i + one])
        whole = begin + (end - begin) // four * four
        # There are four sums, so that an addition need not wait for the one before it.
        total0 = total1 = total2 = total3 = 0.0
        for position in range(begin, whole, four):
            x0, x1 = np.float64(data[position]), np.float64(data[position + one])
            x2 = np.float64(data[position + np.uint64(2)])
            x3 = np.float64(data[position + np.uint64(3)])
            total0 += x0 * x0
            total1 += x1 * x1
            total2 += x2 * x2
            total3 += x3 * x3
        for position in range(whole, end):
            total0 += np.float64(data[position]) * np.float64(data[position])
        out[i] = (total0 + total1) + (total2 + total3)


@kernel
def is_short(
    data,  # IN (n_stored,)
    row_norms,  # IN (n_samples,): squared lengths
):
    """Whether all values are multiples of 1/4, in rows of Euclidean length 2^10 or less.

    Then products of rows are exact in float32 in any order of addition: in sixteenths they are
    whole numbers, and no partial sum exceeds the product of the two lengths (Cauchy-Schwarz).
    """
    n_bad = 0
    for i in range(row_norms.shape[0]):
        n_bad += not row_norms[i] <= SHORT_NORM
    if n_bad > 0:
        return False
    for position in range(data.shape[0]):
        quarters = np.float64(data[position]) * 4.0
        n_bad += quarters != np.floor(quarters)
    return n_bad == 0


@kernel
def column_means(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    n_samples,  # IN
    means,  # OUT (n_features,)
    n_entries,  # OUT (n_features,): number of rows that store the feature
):
    """Mean of each feature over all rows."""
    means[:] = 0.0
    n_entries[:] = 0
    for position in range(np.uint64(0), np.uint64(data.shape[0])):
        j = np.uint64(indices[position])
        means[j] += np.float64(data[position])
        n_entries[j] += 1
    for j in range(means.shape[0]):
        means[j] /= n_samples


@kernel
def squared_deviations(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    n_samples,  # IN
    means,  # IN (n_features,)
    n_entries,  # IN (n_features,): number of rows that store the feature
):
    """Sum of (x - mean)^2 over all rows and features, in blocks so that rounding grows slowly."""
    total = 0.0
    for first in range(0, data.shape[0], 128):
        of_block = 0.0
        last = min(first + 128, data.shape[0])
        for position in range(np.uint64(first), np.uint64(last)):
            difference = np.float64(data[position]) - means[np.uint64(indices[position])]
            of_block += difference * difference
        total += of_block
    absent = 0.0
    for j in range(means.shape[0]):
        absent += (n_samples - n_entries[j]) * means[j] * means[j]
    return total + absent


@kernel
def distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    centers,  # IN (n_clusters, n_features)
    centers_t,  # IN (n_features, n_padded)
    center_norms,  # IN (n_clusters,): squared
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples, n_clusters), rows start..stop
):
    """Distances of rows start..stop to every center."""
    products = np.empty(centers_t.shape[1])
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        products[:] = 0.0
        for position in range(begin, end):
            j = indices[position]
            x = np.float64(data[position])
            for c in range(centers_t.shape[1]):
                products[c] += x * centers_t[j, c]
        for c in range(out.shape[1]):
            norms = row_norms[i] + center_norms[c]
            squared = norms - 2.0 * products[c]
            # Without stored values the squared length of the center is exact.
            if not squared > CANCELLED * norms and begin < end:
                squared = exact_distance(data, indices, begin, end, centers[c])
            out[i, c] = np.sqrt(squared)


@kernel
def own_distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    centers,  # IN (n_clusters, n_features)
    center_norms,  # IN (n_clusters,): squared
    labels,  # IN (n_samples,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples,), rows start..stop
):
    """Squared distance of rows start..stop to the center of their own cluster.

    (x - c)^2 is summed over the stored features. For the zeros of a row, the rest of |c|^2 is
    added, which comes by subtraction.
    """
    n_nonzero = np.full(centers.shape[0], -1)  # counted when it is needed first
    for i in range(start, stop):
        c = labels[i]
        own = centers[c]
        begin, end = indptr[i], indptr[i + 1]
        stored = 0.0
        seen = 0.0
        for position in range(np.uint64(begin), np.uint64(end)):
            center = own[np.uint64(indices[position])]
            difference = np.float64(data[position]) - center
            stored += difference * difference
            seen += center * center
        distance = stored + (center_norms[c] - seen)
        if not distance > CANCELLED * center_norms[c]:
            # The exact distance is ``stored`` if the center is 0 at all other features.
            if n_nonzero[c] < 0:
                n_nonzero[c] = np.count_nonzero(own)
            n_seen = 0
            for position in range(np.uint64(begin), np.uint64(end)):
                n_seen += own[np.uint64(indices[position])] != 0.0
            distance = stored
            if n_seen < n_nonzero[c]:
                distance = exact_distance(data, indices, begin, end, own)
        out[i] = distance


@kernel
def add_rows(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_entries,): row numbers, cluster by cluster
    factors,  # IN (n_entries,): weights of these rows, with a sign
    starts,  # IN (n_clusters + 1,): the first entry of each cluster
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    sums,  # IN/OUT (n_clusters, n_features), clusters start..stop
):
    """Add factor * row to the sums of clusters start..stop, entry by entry."""
    for c in range(start, stop):
        total = sums[c]
        for entry in range(starts[c], starts[c + 1]):
            i = rows[entry]
            factor = factors[entry]
            for position in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
                total[np.uint64(indices[position])] += factor * np.float64(data[position])


@kernel
def follow_labels(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    weights,  # IN (n_samples,)
    labels,  # IN (n_samples,)
    starts,  # IN (n_chunks + 1,): the first row of each chunk of rows
    start,  # IN: first chunk
    stop,  # IN: chunk to stop before
    summed,  # IN/OUT (n_samples,): the labels that the sums are of, -1 if a row is in no sum
    sums,  # IN/OUT (n_chunks, n_clusters, n_features), chunks start..stop
    weight_in_clusters,  # IN/OUT (n_chunks, n_clusters), chunks start..stop
):
    """Bring the sums of chunks start..stop up to date with the labels, row by row."""
    moved = np.empty(BLOCK_ROWS, dtype=np.intp)
    for chunk in range(start, stop):
        total, weight_in_cluster = sums[chunk], weight_in_clusters[chunk]
        for first in range(starts[chunk], starts[chunk + 1], BLOCK_ROWS):
            last = min(first + BLOCK_ROWS, starts[chunk + 1])
            for m in range(moved_rows(summed, labels, first, last, moved)):
                i = np.uint64(moved[m])
                old, new, weight = summed[i], np.uint64(labels[i]), weights[i]
                begin, end = np.uint64(indptr[i]), np.uint64(indptr[i + np.uint64(1)])
                if old >= 0:
                    left = np.uint64(old)
                    weight_in_cluster[left] -= weight
                    for position in range(begin, end):
                        j = np.uint64(indices[position])
                        total[left, j] -= weight * np.float64(data[position])
                weight_in_cluster[new] += weight
                for position in range(begin, end):
                    total[new, np.uint64(indices[position])] += weight * np.float64(data[position])
                summed[i] = labels[i]


@kernel
def exact_pair_distance(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row,  # IN
    other,  # IN: another row
    power,  # IN: 1 or 2
):
    """Sum of |x - y|^power over the features that either row stores, in order."""
    position, end = indptr[row], indptr[row + 1]
    other_position, other_end = indptr[other], indptr[other + 1]
    beyond = np.iinfo(np.int64).max
    total = 0.0
    while position < end or other_position < other_end:
        j = np.int64(indices[position]) if position < end else beyond
        other_j = np.int64(indices[other_position]) if other_position < other_end else beyond
        x = 0.0
        y = 0.0
        if j <= other_j:
            x = np.float64(data[position])
            position += 1
        if other_j <= j:
            y = np.float64(data[other_position])
            other_position += 1
        difference = abs(x - y)
        total += difference * difference if power == 2 else difference
    return total


@kernel
def same_row(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    one,  # IN: a row
    other,  # IN: a row
):
    """Whether two rows store the same values in the same places."""
    begin, length = indptr[one], indptr[one + 1] - indptr[one]
    other_begin = indptr[other]
    if indptr[other + 1] - other_begin != length:
        return False
    for at in range(length):
        if indices[begin + at] != indices[other_begin + at]:
            return False
        if data[begin + at] != data[other_begin + at]:
            return False
    return True
