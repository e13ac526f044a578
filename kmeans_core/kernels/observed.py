"""Kernels over rows of known cells: a cell that is not stored is unknown and says nothing.

A matrix is three arrays as in ``sparse.py``: data, indices, indptr. Squared differences are summed
over a row's own cells, features in order, in float64; where nothing is missing these are the
dense kernels' own bits. So sums need no filter: there is no shorter formula to be checked.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.lanes import squared_distance


@kernel
def add_squares(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the row's first position in data
    end,  # IN: and the one to stop before
    centers_t,  # IN (n_features, n_padded)
    totals,  # OUT (n_padded,)
):
    """Sum of (x - c)^2 over the row's known cells, for every centre."""
    totals[:] = 0.0
    for position in range(np.uint64(begin), np.uint64(end)):
        x = np.float64(data[position])
        line = centers_t[np.uint64(indices[position])]
        for c in range(totals.shape[0]):
            difference = x - line[c]
            totals[c] += difference * difference


@kernel
def assign(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    centers_t,  # IN (n_features, n_padded)
    n_clusters,  # IN
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,), rows start..stop
):
    """Label rows start..stop with the nearest centre; return how many labels changed."""
    totals = np.empty(centers_t.shape[1])
    n_moved = 0
    for i in range(start, stop):
        add_squares(data, indices, indptr[i], indptr[i + 1], centers_t, totals)
        nearest = 0
        for c in range(1, n_clusters):
            if totals[c] < totals[nearest]:
                nearest = c
        n_moved += labels[i] != nearest
        labels[i] = nearest
    return n_moved


@kernel
def squared_distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    centers_t,  # IN (n_features, n_padded)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples, n_clusters), rows start..stop
):
    """To every centre, scaled to all features; NaN where a row has nothing known."""
    totals = np.empty(centers_t.shape[1])
    for i in range(start, stop):
        add_squares(data, indices, indptr[i], indptr[i + 1], centers_t, totals)
        n_known = indptr[i + 1] - indptr[i]
        scale = np.nan
        if n_known > 0:
            scale = centers_t.shape[0] / n_known
        for c in range(out.shape[1]):
            out[i, c] = totals[c] * scale


@kernel
def own_distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    centers,  # IN (n_clusters, n_features)
    labels,  # IN (n_samples,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples,), rows start..stop
):
    """Sum of (x - c)^2 over the known cells of rows start..stop, to the own cluster's centre."""
    for i in range(start, stop):
        own = centers[labels[i]]
        total = 0.0
        for position in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
            difference = np.float64(data[position]) - own[np.uint64(indices[position])]
            total += difference * difference
        out[i] = total


@kernel
def add_cells(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_samples,): row numbers, cluster by cluster
    weights,  # IN (n_samples,): theirs
    starts,  # IN (n_clusters + 1,): where each cluster's rows start
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    sums,  # IN/OUT (n_clusters, n_features), clusters start..stop: of weight * value
    masses,  # IN/OUT (n_clusters, n_features), the same: of the weights of those who have a value
):
    """Add up what the rows of clusters start..stop know of each feature."""
    for c in range(start, stop):
        total, mass = sums[c], masses[c]
        for entry in range(starts[c], starts[c + 1]):
            i, weight = rows[entry], weights[entry]
            for position in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
                j = np.uint64(indices[position])
                total[j] += weight * np.float64(data[position])
                mass[j] += weight


@kernel
def means(
    sums,  # IN (n_clusters, n_features)
    masses,  # IN (n_clusters, n_features)
    feature_means,  # IN (n_features,)
    shrinkage,  # IN: weight of the features' means
    before,  # IN (n_clusters, n_features)
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    out,  # OUT (n_clusters, n_features), clusters start..stop
    shifts,  # OUT (n_clusters,), the same: squared distances from where they were before
):
    """Means of known values, shrunk; the feature's mean where nothing is known."""
    for c in range(start, stop):
        for j in range(sums.shape[1]):
            mass = masses[c, j] + shrinkage
            if mass > 0.0:
                out[c, j] = (sums[c, j] + shrinkage * feature_means[j]) / mass
            else:
                out[c, j] = feature_means[j]
        shifts[c] = squared_distance(before[c], out[c])


@kernel
def closer(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_trials,): the rows tried
    table,  # SCRATCH (n_features, n_lanes), zero: their values
    known,  # SCRATCH (n_features, n_lanes), zero: 1 where they have one
    strangers,  # IN: squared distance of rows that share no known cell
    closest,  # IN (n_samples,)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples, n_lanes), rows start..stop
):
    """What each trial of k-means++ leaves of ``closest``: min(closest, squared distance).

    Over the cells that both rows know, scaled to all features. Where the row tried knows nothing,
    the difference is 0 * (x - 0): no branch, and nothing that could be NaN.
    """
    n_features, n_lanes = table.shape
    for trial in range(rows.shape[0]):
        for position in range(indptr[rows[trial]], indptr[rows[trial] + 1]):
            table[indices[position], trial] = np.float64(data[position])
            known[indices[position], trial] = 1.0
    totals, shared = np.empty(n_lanes), np.empty(n_lanes)
    for i in range(start, stop):
        totals[:] = 0.0
        shared[:] = 0.0
        for position in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
            x = np.float64(data[position])
            j = np.uint64(indices[position])
            line, flags = table[j], known[j]
            for lane in range(n_lanes):
                difference = flags[lane] * (x - line[lane])
                totals[lane] += difference * difference
                shared[lane] += flags[lane]
        for lane in range(n_lanes):
            distance = strangers
            if shared[lane] > 0.0:
                distance = totals[lane] * (n_features / shared[lane])
            out[i, lane] = min(distance, closest[i])


@kernel
def add_pair_distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    n_features,  # IN
    clusters,  # IN (n_samples,)
    start,  # IN
    stop,  # IN
    sums,  # OUT (stop - start, n_clusters), zero: distances to the rows of each cluster
    counts,  # OUT (stop - start, n_clusters), zero: to how many of them there is a distance
):
    """Distances from rows start..stop to all others, over the cells both know, scaled to all.

    Pairs that share no known cell are left out.
    """
    values, known = np.zeros(n_features), np.zeros(n_features)
    for i in range(start, stop):
        for position in range(indptr[i], indptr[i + 1]):
            values[indices[position]] = np.float64(data[position])
            known[indices[position]] = 1.0
        for other in range(indptr.shape[0] - 1):
            if other == i:
                continue
            total = 0.0
            shared = 0.0
            for position in range(np.uint64(indptr[other]), np.uint64(indptr[other + 1])):
                j = np.uint64(indices[position])
                difference = known[j] * (np.float64(data[position]) - values[j])
                total += difference * difference
                shared += known[j]
            if shared > 0.0:
                sums[i - start, clusters[other]] += np.sqrt(total * (n_features / shared))
                counts[i - start, clusters[other]] += 1.0
        for position in range(indptr[i], indptr[i + 1]):
            values[indices[position]] = 0.0
            known[indices[position]] = 0.0
