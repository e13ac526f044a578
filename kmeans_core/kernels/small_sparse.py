"""Whole restarts of small fits of CSR rows in two compiled calls; see ``small_dense.py``."""

import numpy as np

from kmeans_core.kernels import sparse_bounds
from kmeans_core.kernels.arrays import ceil_div
from kmeans_core.kernels.centers import (
    BLOCK_FEATURES,
    means,
    move_centers,
    replace_centers,
    round_centers,
    squared_lengths,
    weighted_total,
)
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.labels import add_products, add_weights, join_chunks
from kmeans_core.kernels.seeding import BLOCK_ROWS, add_blocks, least_potential
from kmeans_core.kernels.seeding_sparse import best_is_sure, draw, keep, put, step
from kmeans_core.kernels.sparse import follow_labels, own_distances
from kmeans_core.kernels.sparse_filter import put_blocks, put_norms
from kmeans_core.kernels.stops import MAX_ITER, RAN_EMPTY, STRICT, TOLERANCE, UNFINISHED


@kernel
def choose(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    weights,  # IN (n_samples,)
    uniforms,  # IN (n_clusters - 1, n_trials), each from 0 to 1
    vectors,  # IN: a tuple with one entry for 8 trials
    table,  # SCRATCH (n_features, 8 * len(vectors)), zero; left zero
    share,  # IN: relative error of expanded distances and their sums; 0 if they are exact
    n_kept,  # IN: rows whose distances to the trials of a step are stored: n_samples or 0
    exact,  # IN: whether every distance that matters must be exact
    chosen,  # IN/OUT (n_clusters,): the first row, then all rows
):
    """Choose the rows of one restart; return False if an error might change a choice."""
    n_samples = weights.shape[0]
    n_blocks = ceil_div(n_samples, BLOCK_ROWS)
    closest, totals = np.empty(n_samples), np.empty(n_blocks)
    nearer = np.empty((n_samples, len(vectors)), dtype=np.uint8)
    closest[:] = np.inf
    nearer[:] = 255
    potentials = np.empty((n_blocks, table.shape[1]))
    sums, norms = np.empty(table.shape[1]), np.empty(table.shape[1])
    distances = np.empty((n_kept, table.shape[1]))
    rows = np.empty(uniforms.shape[1], dtype=np.intp)
    values, only = np.zeros((table.shape[0], 1)), np.empty(1, dtype=np.intp)
    last = values.ravel()
    matrix = (data, indices, indptr, row_norms)
    error = 0.0 if exact else share
    best = 0
    only[0] = row = chosen[0]
    put(*matrix, only, 1.0, values, norms)
    empty = np.empty((0, table.shape[1]))
    kept = (data, indices, indptr, row_norms, row, last, best, nearer, empty, exact)
    keep(*kept, 0, n_blocks, closest)
    add_blocks(weights, closest, 0, n_blocks, totals)
    stale = np.zeros(n_blocks, dtype=np.bool_)
    for c in range(1, chosen.shape[0]):
        kept = (data, indices, indptr, row_norms, row, last, best, nearer, distances, exact)
        if not draw(*kept, error, weights, totals, uniforms[c - 1], closest, stale, rows):
            return False
        put(*matrix, rows, 1.0, table, norms)
        tried = (rows, table, norms, weights, vectors, 1.0 + 3.0 * share)
        step(*kept, *tried, 0, n_blocks, closest, stale, potentials)
        put(*matrix, rows, 0.0, table, norms)
        best = least_potential(potentials, rows.shape[0], sums)
        if not best_is_sure(data, indices, indptr, rows, sums, best, error):
            return False
        for block in range(n_blocks):
            totals[block] = potentials[block, best]
        put(*matrix, only, 0.0, values, norms)
        only[0] = row = chosen[c] = rows[best]
        put(*matrix, only, 1.0, values, norms)
    return True


@kernel
def add_up(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    weights,  # IN (n_samples,)
    labels,  # IN (n_samples,)
    starts,  # IN (n_chunks + 1,): the first row of each chunk of rows
    from_zero,  # IN: whether sums start from zero, so that all rows are added
    summed,  # IN/OUT (n_samples,): the labels that the sums are of
    of_chunks,  # IN/OUT (n_chunks, n_clusters, n_features): the sums of each chunk
    weights_of_chunks,  # SCRATCH (n_chunks, n_clusters)
    sums,  # OUT (n_clusters, n_features)
    weight_in_clusters,  # OUT (n_clusters,)
):
    """Bring sums up to date with the labels; see ``sums.ClusterSums``."""
    n_chunks = starts.shape[0] - 1
    if from_zero:
        summed[:] = -1
        of_chunks[:] = 0.0
    rows = (data, indices, indptr, weights, labels, starts, 0, n_chunks)
    follow_labels(*rows, summed, of_chunks, weights_of_chunks)
    for chunk in range(n_chunks):
        first, last = starts[chunk], starts[chunk + 1]
        add_weights(labels[first:last], weights[first:last], weights_of_chunks[chunk])
    join_chunks(of_chunks, sums)
    join_chunks(weights_of_chunks.reshape(n_chunks, 1, -1), weight_in_clusters.reshape(1, -1))


@kernel
def runs(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    weights,  # IN (n_samples,)
    max_iter,  # IN
    tol,  # IN: a restart stops if the squared shifts of the centers sum to this or less
    most_updates,  # IN: updates of sums by changed rows between two sums over all rows
    counts,  # IN: 1 to count the updates, 0 if they are exact
    vectors,  # IN: a tuple with one entry for each vector of a tile
    table,  # SCRATCH (n_features, n_padded) float32, zero past n_clusters
    half_norms,  # SCRATCH (n_padded,) float32, infinite past n_clusters
    at_once,  # IN: most iterations of a restart in this call
    start,  # IN
    stop,  # IN: start + 1 if a restart may stay unfinished
    starts,  # IN (n_chunks + 1,): the first row of each chunk of rows, for sums
    of_chunks,  # SCRATCH (n_chunks, n_clusters, n_features), which the next call needs unchanged
    drift,  # SCRATCH, the same (n_clusters,)
    drift32,  # SCRATCH, the same (n_padded,) float32
    upper,  # SCRATCH, the same (n_samples,) float32
    lower,  # SCRATCH, the same (n_samples, n_padded) float32
    centers,  # IN/OUT (n_restarts, n_clusters, n_features), restarts start..stop: first, then last
    labels,  # IN/OUT (n_restarts, n_samples) int32
    stops,  # IN/OUT (n_restarts, 3): iterations, 0 to begin; code of ``stops``; updates of sums
    figures,  # OUT (n_restarts, 2): inertia, last shift
    inertias,  # OUT (n_restarts, n_clusters): the part of each cluster in the inertia
):
    """Lloyd's algorithm from given centers; see ``lloyd.lloyd``.

    A restart that is unfinished after ``at_once`` iterations goes on in the next call.
    """
    n_samples = weights.shape[0]
    _, n_clusters, n_features = centers.shape
    after = np.empty(n_features)
    n_blocks = ceil_div(n_features, BLOCK_FEATURES)
    block_norms, norms = np.empty((n_blocks, n_clusters)), np.empty(n_clusters)
    weight_in_clusters, shifts = np.empty(n_clusters), np.empty(n_clusters)
    touched = np.empty(n_clusters, dtype=np.bool_)
    summed = np.empty(n_samples, dtype=np.int32)
    sums = np.empty((n_clusters, n_features))
    weights_of_chunks = np.empty((starts.shape[0] - 1, n_clusters))
    summing = (data, indices, indptr, weights)
    joined = (summed, of_chunks, weights_of_chunks, sums, weight_in_clusters)
    own, rounded = np.empty(n_samples), np.empty(1, dtype=data.dtype)
    matrix = (data, indices, indptr, row_norms)
    bounds = (table, half_norms, vectors, drift, drift32, upper, lower)
    for s in range(start, stop):
        now, found = centers[s], labels[s]
        iteration = stops[s, 0]
        n_updates = stops[s, 2]
        if iteration == 0:
            found[:] = -1
            drift[:] = 0.0
            drift32[:] = 0.0
            upper[:] = np.inf
            n_updates = most_updates
        # numba takes a second and a half to compile summed[:] = found, with its error message.
        for i in range(n_samples):
            summed[i] = found[i]
        touched[:] = True
        until = min(max_iter, iteration + at_once)
        why = MAX_ITER if until == max_iter else UNFINISHED
        shift = 0.0
        changed = True
        while iteration < until:
            put_blocks(now, touched, 0, n_blocks, table, block_norms)
            put_norms(now, block_norms, norms, half_norms)
            n_moved = sparse_bounds.assign(*matrix, now, block_norms, norms, *bounds, found)
            iteration += 1
            changed = n_moved > 0
            if not changed:
                shift = 0.0
                why = STRICT
                break
            from_zero = n_updates >= most_updates or 2 * n_moved > n_samples
            touched[:] = from_zero
            if from_zero:
                n_updates = 0
            else:
                for i in range(n_samples):
                    if summed[i] != found[i]:
                        touched[summed[i]] = touched[found[i]] = True
                n_updates += counts
            add_up(*summing, found, starts, from_zero, *joined)
            shift = move_centers(sums, weight_in_clusters, touched, after, shifts, now)
            if shift < 0.0:
                why = RAN_EMPTY
                break
            sparse_bounds.move_bounds(shifts, n_features, drift, drift32)
            if shift <= tol:
                why = TOLERANCE
                break
        stops[s, 0], stops[s, 1], stops[s, 2] = iteration, why, n_updates
        if why in (RAN_EMPTY, UNFINISHED):
            continue
        if n_updates > 0:
            add_up(*summing, found, starts, True, *joined)
            means(sums, weight_in_clusters, now, 0, n_clusters, sums, shifts)
            if replace_centers(sums, now):
                touched[:] = changed = True
                upper[:] = np.inf
        # Centers are returned in the dtype of X.
        if round_centers(rounded, now):
            touched[:] = changed = True
            upper[:] = np.inf
        if changed:
            put_blocks(now, touched, 0, n_blocks, table, block_norms)
            put_norms(now, block_norms, norms, half_norms)
            sparse_bounds.assign(*matrix, now, block_norms, norms, *bounds, found)
        squared_lengths(now, norms)
        own_distances(data, indices, indptr, now, norms, found, 0, n_samples, own)
        figures[s, 0], figures[s, 1] = weighted_total(weights, own), shift
        n_chunks = starts.shape[0] - 1
        add_products(found, weights, own, starts, 0, n_chunks, weights_of_chunks)
        join_chunks(weights_of_chunks.reshape(n_chunks, 1, -1), inertias[s].reshape(1, -1))
