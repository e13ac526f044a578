"""Kernels over rows of known cells: a cell that is not stored is unknown and says nothing.

A matrix is three arrays as in ``sparse.py``: data, indices, indptr. Squared differences are summed
over a row's own cells, features in order, in float64; where nothing is missing these are the
dense kernels' own bits. So sums need no filter: there is no shorter formula to be checked.
"""

import numpy as np

from kmeans_core.kernels.centers import squared_shift
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.seeding import (
    BLOCK_ROWS,
    find_block,
    find_row,
    nearer_rows,
    sum_rows,
    total_of,
)
from kmeans_core.kernels.vectors.exact import mark_nearer


@kernel
def add_squares(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the row's first position in data
    end,  # IN: and the one to stop before
    centers_t,  # IN (n_features, n_padded)
    totals,  # OUT (n_padded,)
):
    """Sum of (x - c)^2 over the row's known cells, for every center."""
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
    """Label rows start..stop with the nearest center; return how many labels changed."""
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
    """To every center, scaled to all features; NaN where a row has nothing known."""
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
    """Sum of (x - c)^2 over the known cells of rows start..stop, to the own cluster's center."""
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
    weight_of_known,  # IN/OUT (n_clusters, n_features): the same for the weights of known cells
):
    """Add up what the rows of clusters start..stop know of each feature."""
    for c in range(start, stop):
        total, weight_in_clusters = sums[c], weight_of_known[c]
        for entry in range(starts[c], starts[c + 1]):
            i, weight = rows[entry], weights[entry]
            for position in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
                j = np.uint64(indices[position])
                total[j] += weight * np.float64(data[position])
                weight_in_clusters[j] += weight


@kernel
def means(
    sums,  # IN (n_clusters, n_features)
    weight_of_known,  # IN (n_clusters, n_features)
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
            weight_in_clusters = weight_of_known[c, j] + shrinkage
            if weight_in_clusters > 0.0:
                out[c, j] = (sums[c, j] + shrinkage * feature_means[j]) / weight_in_clusters
            else:
                out[c, j] = feature_means[j]
        shifts[c] = squared_shift(before[c], out[c])


@kernel
def put(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_trials,): the rows tried
    table,  # IN/OUT (n_features, n_lanes), zero: their values
    known,  # IN/OUT (n_features, n_lanes), zero: 1 where they have one
):
    """Put the rows tried into tables of values and of what is known, a lane each."""
    for trial in range(rows.shape[0]):
        for position in range(indptr[rows[trial]], indptr[rows[trial] + 1]):
            table[indices[position], trial] = np.float64(data[position])
            known[indices[position], trial] = 1.0


@kernel
def shared_distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the row's first position in data
    end,  # IN: and the one to stop before
    table,  # IN (n_features, n_lanes): values of other rows
    known,  # IN (n_features, n_lanes): 1 where they have one
    strangers,  # IN: squared distance of rows that share no known cell
    shared,  # SCRATCH (n_lanes,)
    distances,  # OUT (n_lanes,)
):
    """Squared distance of a row to others over the cells that both know, scaled to all features.

    Where the other row knows nothing, the difference is 0 * (x - 0): no branch, and nothing that
    could be NaN.
    """
    distances[:] = 0.0
    shared[:] = 0.0
    for position in range(np.uint64(begin), np.uint64(end)):
        x = np.float64(data[position])
        j = np.uint64(indices[position])
        line, flags = table[j], known[j]
        for lane in range(distances.shape[0]):
            difference = flags[lane] * (x - line[lane])
            distances[lane] += difference * difference
            shared[lane] += flags[lane]
    for lane in range(distances.shape[0]):
        if shared[lane] > 0.0:
            distances[lane] *= table.shape[0] / shared[lane]
        else:
            distances[lane] = strangers


@kernel
def keep(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    table,  # IN (n_features, 1): values of the row kept
    known,  # IN (n_features, 1): 1 where it has one
    strangers,  # IN: squared distance of rows that share no known cell
    trial,  # IN: which trial it was
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
):
    """Bring ``closest`` up to date where the row kept is nearer."""
    distances, shared = np.empty(1), np.empty(1)
    listed = np.empty(BLOCK_ROWS, dtype=np.uint32)
    for block in range(start, stop):
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, closest.shape[0])
        for place in range(nearer_rows(nearer, trial, first, last, listed)):
            i = listed[place]
            shared_distances(
                data, indices, indptr[i], indptr[i + 1], table, known, strangers, shared, distances
            )
            closest[i] = distances[0]


@kernel
def draw(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    table,  # IN (n_features, 1): values of the row kept last
    known,  # IN (n_features, 1): 1 where it has one
    strangers,  # IN: squared distance of rows that share no known cell
    trial,  # IN: which trial it was
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    weights,  # IN (n_samples,)
    totals,  # IN (n_blocks,): sums of weight * closest, up to date
    uniforms,  # IN (n_trials,), each within 0..1
    closest,  # IN/OUT (n_samples,)
    stale,  # IN/OUT (n_blocks,): whether closest is still to be brought up to date
    rows,  # OUT (n_trials,)
):
    """Draw a row for each number, in proportion to weight * D^2."""
    total = total_of(totals)
    sums, summed = np.empty(BLOCK_ROWS), -1
    for t in range(uniforms.shape[0]):
        drawn = uniforms[t] * total
        block, before = find_block(totals, drawn)
        if stale[block]:
            stale[block] = False
            keep(
                data,
                indices,
                indptr,
                table,
                known,
                strangers,
                trial,
                nearer,
                block,
                block + 1,
                closest,
            )
        if block != summed:
            sum_rows(weights, closest, block, sums)
            summed = block
        rows[t] = find_row(weights.shape[0], block, before, sums, drawn, 0.0)


@kernel
def step(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    kept_table,  # IN (n_features, 1): values of the row kept last
    kept_known,  # IN (n_features, 1): 1 where it has one
    trial,  # IN: which trial it was
    table,  # IN (n_features, n_lanes): values of the rows to try
    known,  # IN (n_features, n_lanes): 1 where they have one
    strangers,  # IN: squared distance of rows that share no known cell
    weights,  # IN (n_samples,)
    vectors,  # IN: a tuple with one entry for 8 lanes
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
    stale,  # IN/OUT (n_blocks,), blocks start..stop: whether closest is to be brought up to date
    nearer,  # IN/OUT (n_samples, n_lanes / 8) uint8, blocks start..stop: of the trials before, now
    potentials,  # OUT (n_blocks, n_lanes), blocks start..stop
):
    """Which trials of k-means++ are nearer than ``closest``, and what they leave of it."""
    distances, shared = np.empty(table.shape[1]), np.empty(table.shape[1])
    none = np.empty((0, table.shape[1]))
    for block in range(start, stop):
        if stale[block]:
            keep(
                data,
                indices,
                indptr,
                kept_table,
                kept_known,
                strangers,
                trial,
                nearer,
                block,
                block + 1,
                closest,
            )
        potentials[block, :] = 0.0
        first = block * BLOCK_ROWS
        for i in range(first, min(first + BLOCK_ROWS, weights.shape[0])):
            shared_distances(
                data, indices, indptr[i], indptr[i + 1], table, known, strangers, shared, distances
            )
            mark_nearer(
                distances, closest[i], weights[i], vectors, nearer, i, none, potentials, block
            )
        stale[block] = True


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
