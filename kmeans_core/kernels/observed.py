"""Kernels over rows of known cells: a cell that is not stored is missing and does not count.

A matrix is three arrays as in ``sparse.py``: data, indices, indptr. Squared differences are summed
over the known cells of a row, features in order, in float64. If no cell is missing, the sums have
the bits of the dense kernels. There are no filters, because no formula is shorter.
"""

import numpy as np

from kmeans_core.kernels.centers import squared_shift, total
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.seeding import BLOCK_ROWS, find_block, find_rows, nearer_rows
from kmeans_core.kernels.vectors.exact import mark_nearer


@kernel
def add_squares(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    centers_t,  # IN (n_features, n_padded)
    totals,  # OUT (n_padded,)
):
    """Sum of (x - c)^2 over the known cells of a row, for every center."""
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
def distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    centers_t,  # IN (n_features, n_padded)
    start,  # IN
    stop,  # IN
    out,  # OUT (n_samples, n_clusters), rows start..stop
):
    """Distances to every center, scaled to all features; NaN if a row has no known cell."""
    totals = np.empty(centers_t.shape[1])
    for i in range(start, stop):
        add_squares(data, indices, indptr[i], indptr[i + 1], centers_t, totals)
        n_known = indptr[i + 1] - indptr[i]
        scale = np.nan
        if n_known > 0:
            scale = centers_t.shape[0] / n_known
        for c in range(out.shape[1]):
            out[i, c] = np.sqrt(totals[c] * scale)


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
    """Sum of (x - c)^2 over the known cells of rows start..stop, with c the center of the row."""
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
    weights,  # IN (n_samples,): weights of these rows
    starts,  # IN (n_clusters + 1,): the first entry of each cluster
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    sums,  # IN/OUT (n_clusters, n_features), clusters start..stop: sums of weight * value
    weight_of_known,  # IN/OUT (n_clusters, n_features), the same clusters: sums of weights
):
    """Add up the known cells of the rows of clusters start..stop, feature by feature."""
    for c in range(start, stop):
        total, weight_in_clusters = sums[c], weight_of_known[c]
        for entry in range(starts[c], starts[c + 1]):
            i, weight = rows[entry], weights[entry]
            for position in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
                j = np.uint64(indices[position])
                total[j] += weight * np.float64(data[position])
                weight_in_clusters[j] += weight


@kernel
def add_chunks(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    weights,  # IN (n_samples,)
    labels,  # IN (n_samples,)
    starts,  # IN (n_chunks + 1,): the first row of each chunk of rows
    start,  # IN: first chunk
    stop,  # IN: chunk to stop before
    sums,  # OUT (n_chunks, n_clusters, n_features), chunks start..stop: sums of weight * value
    weight_of_known,  # OUT (n_chunks, n_clusters, n_features), the same chunks: sums of weights
    weight_in_clusters,  # OUT (n_chunks, n_clusters), the same chunks: sums of weights of rows
):
    """Add up the known cells of the rows of each chunk, cluster by cluster and row by row."""
    for chunk in range(start, stop):
        sums[chunk] = 0.0
        weight_of_known[chunk] = 0.0
        weight_in_clusters[chunk] = 0.0
        for i in range(np.uint64(starts[chunk]), np.uint64(starts[chunk + 1])):
            c, weight = np.uint64(labels[i]), weights[i]
            total, of_known = sums[chunk, c], weight_of_known[chunk, c]
            weight_in_clusters[chunk, c] += weight
            for position in range(np.uint64(indptr[i]), np.uint64(indptr[i + np.uint64(1)])):
                j = np.uint64(indices[position])
                total[j] += weight * np.float64(data[position])
                of_known[j] += weight


@kernel
def means(
    sums,  # IN (n_clusters, n_features)
    weight_of_known,  # IN (n_clusters, n_features)
    feature_means,  # IN (n_features,)
    shrinkage,  # IN: weight of the means of the features
    start,  # IN: first cluster
    stop,  # IN: cluster to stop before
    centers,  # IN/OUT (n_clusters, n_features), clusters start..stop
    shifts,  # OUT (n_clusters,), the same clusters: squared distances that the centers moved
):
    """Means of the known values, shrunk; the mean of the feature if no value is known."""
    after = np.empty(sums.shape[1])
    for c in range(start, stop):
        for j in range(sums.shape[1]):
            weight_in_clusters = weight_of_known[c, j] + shrinkage
            if weight_in_clusters > 0.0:
                after[j] = (sums[c, j] + shrinkage * feature_means[j]) / weight_in_clusters
            else:
                after[j] = feature_means[j]
        shifts[c] = squared_shift(centers[c], after)
        for j in range(sums.shape[1]):
            centers[c, j] = after[j]


@kernel
def put(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_trials,): the trials
    tables,  # OUT (2, n_features, n_lanes): their values, and 1 where a value is known, else 0
):
    """Put the trials into tables, each trial into a lane."""
    tables[:] = 0.0
    for trial in range(rows.shape[0]):
        for position in range(indptr[rows[trial]], indptr[rows[trial] + 1]):
            tables[0, indices[position], trial] = np.float64(data[position])
            tables[1, indices[position], trial] = 1.0


@kernel
def shared_distances(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    table,  # IN (n_features, n_lanes): values of other rows
    known,  # IN (n_features, n_lanes): 1 where a value is known, else 0
    apart,  # IN: squared distance of two rows that share no known cell
    shared,  # SCRATCH (n_lanes,)
    distances,  # OUT (n_lanes,)
):
    """Squared distances of a row to others over the cells that both know, scaled to all features.

    If a cell of the other row is missing, the difference is 0 * (x - 0). This needs no branch and
    is never NaN.
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
            distances[lane] = apart


@kernel
def keep(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    kept,  # IN (2, n_features, 1): tables of the kept row
    apart,  # IN: squared distance of two rows that share no known cell
    trial,  # IN: the lane of this row when it was a trial
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
):
    """Update ``closest`` of the rows to which the kept row is nearer."""
    table, known = kept[0], kept[1]
    distances, shared = np.empty(1), np.empty(1)
    listed = np.empty(BLOCK_ROWS, dtype=np.uint32)
    for block in range(start, stop):
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, closest.shape[0])
        for place in range(nearer_rows(nearer, trial, first, last, listed)):
            i = listed[place]
            shared_distances(
                data, indices, indptr[i], indptr[i + 1], table, known, apart, shared, distances
            )
            closest[i] = distances[0]


@kernel
def draw(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    kept,  # IN (2, n_features, 1): tables of the row that was kept last
    apart,  # IN: squared distance of two rows that share no known cell
    trial,  # IN: the lane of this row when it was a trial
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    weights,  # IN (n_samples,)
    totals,  # IN (n_blocks,): sums of weight * closest, up to date
    uniforms,  # IN (n_trials,), each from 0 to 1
    closest,  # IN/OUT (n_samples,)
    stale,  # IN/OUT (n_blocks,): True if closest of the block is not up to date
    rows,  # OUT (n_trials,)
):
    """Draw a row for each number, in proportion to weight * D^2."""
    potential = total(totals)
    for t in range(uniforms.shape[0]):
        block, _ = find_block(totals, uniforms[t] * potential)
        if stale[block]:
            stale[block] = False
            keep(data, indices, indptr, kept, apart, trial, nearer, block, block + 1, closest)
    find_rows(weights, closest, totals, uniforms, 0.0, rows)


@kernel
def step(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    kept,  # IN (2, n_features, 1): tables of the row that was kept last
    trial,  # IN: the lane of this row when it was a trial
    tables,  # IN (2, n_features, n_lanes): of the new trials
    apart,  # IN: squared distance of two rows that share no known cell
    weights,  # IN (n_samples,)
    vectors,  # IN: a tuple with one entry for every 8 lanes
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
    stale,  # IN/OUT (n_blocks,), blocks start..stop: True if closest is not up to date
    nearer,  # IN/OUT (n_samples, n_lanes / 8) uint8, blocks start..stop: of old, then new trials
    potentials,  # OUT (n_blocks, n_lanes), blocks start..stop
):
    """Compare the rows with the trials; write bits and potentials."""
    table, known = tables[0], tables[1]
    distances, shared = np.empty(table.shape[1]), np.empty(table.shape[1])
    empty = np.empty((0, table.shape[1]))
    for block in range(start, stop):
        if stale[block]:
            keep(data, indices, indptr, kept, apart, trial, nearer, block, block + 1, closest)
        potentials[block, :] = 0.0
        first = block * BLOCK_ROWS
        for i in range(first, min(first + BLOCK_ROWS, weights.shape[0])):
            shared_distances(
                data, indices, indptr[i], indptr[i + 1], table, known, apart, shared, distances
            )
            mark_nearer(
                distances, closest[i], weights[i], vectors, nearer, i, empty, potentials, block
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
    counts,  # OUT (stop - start, n_clusters), zero: the number of these distances
):
    """Distances from rows start..stop to all others, over the cells that both know, scaled to all.

    Two rows that share no known cell have no distance.
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
