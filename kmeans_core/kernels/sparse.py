"""Kernels over CSR, absent = 0: work in proportion to the stored values, answers as the dense ones.

A matrix is three arrays: data (n_stored,) float32 or float64, indices (n_stored,) int32 or int64,
strictly ascending in each row, and indptr (n_samples + 1,). ``centers_t`` is the centers
transposed, (n_features, n_padded), so that each stored value meets the centers side by side.
Where places in arrays are unsigned, numba asks of none whether it counts from the end: up to twice
as fast.

The expanded formula |x|^2 - 2 x.c + |c|^2 touches stored values only, but rounds differently from
the sum of (x - c)^2 that decides (``dense.py``), and loses everything where the two terms nearly
cancel. So where too much cancelled, the sum over all features is taken instead. What assigns rows
to centers is in ``sparse_filter.py``.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel

# Below this share of |x|^2 + |c|^2 an expanded distance has lost more than 3 of its 16 digits.
CANCELLED = 1e-3

# Expanded distances, and sums of them, that are below this may have lost digits to underflow, which
# no share of the norms bounds.
LEAST_SURE = 2.0**-930

# Squared lengths up to which float32 holds the products of rows of quarters exactly: in sixteenths,
# no more than 2^24.
SHORT_NORM = 2.0**20


@kernel
def exact_distance(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the row's first position in data
    end,  # IN: and the one to stop before
    center,  # IN (n_features,)
):
    """Sum of (x - c)^2 over every feature in order: the dense kernels' own bits."""
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
    rows,  # IN (n_rows,): the rows asked for
    out,  # OUT (n_rows, n_features), zero
):
    """Some rows, dense."""
    for position in range(rows.shape[0]):
        for stored in range(indptr[rows[position]], indptr[rows[position] + 1]):
            out[position, indices[stored]] = data[stored]


@kernel
def is_sound(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    n_features,  # IN
    start,  # IN
    stop,  # IN
):
    """Whether rows start..stop lie in the arrays, their values finite, their indices ascending."""
    n_stored = min(data.shape[0], indices.shape[0])
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        if begin < 0 or end < begin or end > n_stored:
            return False
        if begin == end:
            continue
        if indices[begin] < 0 or indices[end - 1] >= n_features:
            return False
        # Counted, not returned at once: so the loops have no exit and become vectors.
        n_bad = 0
        for position in range(begin, end):
            n_bad += not abs(data[position]) < np.inf
        for position in range(begin + 1, end):
            n_bad += indices[position] <= indices[position - 1]
        if n_bad > 0:
            return False
    return True


@kernel
def squared_norms(
    data,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples,), rows start..stop
):
    """Squared lengths of rows start..stop."""
    for i in range(start, stop):
        total = 0.0
        for position in range(indptr[i], indptr[i + 1]):
            x = np.float64(data[position])
            total += x * x
        out[i] = total


@kernel
def is_short(
    data,  # IN (n_stored,)
    row_norms,  # IN (n_samples,): squared lengths
):
    """Whether all values are quarters of whole numbers, in rows no longer than 2^10.

    Then products of rows are exact in float32, whatever the order of their sums: in sixteenths
    they are whole, and by Cauchy and Schwarz no partial sum exceeds the product of two lengths.
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
    n_entries,  # OUT (n_features,): how many rows store the feature
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
    n_entries,  # IN (n_features,): how many rows store the feature
):
    """Sum of (x - mean)^2 over all rows and features, in blocks so that rounding grows slowly."""
    total = 0.0
    for first in range(0, data.shape[0], 128):
        part = 0.0
        last = min(first + 128, data.shape[0])
        for position in range(np.uint64(first), np.uint64(last)):
            difference = np.float64(data[position]) - means[np.uint64(indices[position])]
            part += difference * difference
        total += part
    absent = 0.0
    for j in range(means.shape[0]):
        absent += (n_samples - n_entries[j]) * means[j] * means[j]
    return total + absent


@kernel
def squared_distances(
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
    """Squared distances of rows start..stop to every center."""
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
            distance = norms - 2.0 * products[c]
            if not distance > CANCELLED * norms:
                distance = exact_distance(data, indices, begin, end, centers[c])
            out[i, c] = distance


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

    (x - c)^2 is summed over the stored features; only the rest of the center, which is all the
    row's zeros see of it, comes by subtraction from |c|^2.
    """
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
            distance = exact_distance(data, indices, begin, end, centers[c])
        out[i] = distance


@kernel
def exact_own_distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    centers,  # IN (n_clusters, n_features)
    labels,  # IN (n_samples,)
    rows,  # IN (n_rows,): the rows asked for
    out,  # OUT (n_rows,)
):
    """Squared distance of some rows to the center of their own cluster, by the deciding sum."""
    for position in range(rows.shape[0]):
        i = rows[position]
        out[position] = exact_distance(data, indices, indptr[i], indptr[i + 1], centers[labels[i]])


@kernel
def add_rows(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_entries,): row numbers, cluster by cluster
    factors,  # IN (n_entries,): what each of them counts
    starts,  # IN (n_clusters + 1,): where each cluster's entries start
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    sums,  # IN/OUT (n_clusters, n_features), clusters start..stop
):
    """Add factor * row to the sums of clusters start..stop, entry after entry."""
    for c in range(start, stop):
        total = sums[c]
        for entry in range(starts[c], starts[c + 1]):
            i = rows[entry]
            factor = factors[entry]
            for position in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
                total[np.uint64(indices[position])] += factor * np.float64(data[position])


@kernel
def exact_pair_distance(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the one row's first position
    end,  # IN: and the one to stop before
    other_begin,  # IN: the other row's
    other_end,  # IN
):
    """Sum of (x - y)^2 over the features stored in either row, in order."""
    total = 0.0
    while begin < end or other_begin < other_end:
        difference = 0.0
        takes_one = other_begin >= other_end or (
            begin < end and indices[begin] <= indices[other_begin]
        )
        takes_other = begin >= end or (
            other_begin < other_end and indices[other_begin] <= indices[begin]
        )
        if takes_one:
            difference += np.float64(data[begin])
        if takes_other:
            difference -= np.float64(data[other_begin])
        if takes_one:
            begin += 1
        if takes_other:
            other_begin += 1
        total += difference * difference
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
