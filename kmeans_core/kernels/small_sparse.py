"""Whole starts of small CSR fits in two calls, as ``small_dense.py`` has them for dense ones."""

import numpy as np

from kmeans_core.kernels import sparse_bounds
from kmeans_core.kernels.arrays import ceil_div
from kmeans_core.kernels.centers import (
    means,
    move_centers,
    put_centers,
    replace_centers,
    round_centers,
    squared_lengths,
    weighted_total,
)
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.labels import add_weights
from kmeans_core.kernels.seeding import BLOCK_ROWS, add_blocks, least_potential
from kmeans_core.kernels.seeding_sparse import best_is_sure, draw, keep, put, step
from kmeans_core.kernels.sparse import own_distances
from kmeans_core.kernels.sparse_filter import put_norms
from kmeans_core.kernels.stops import MAX_ITER, RAN_EMPTY, STRICT, TOLERANCE, UNFINISHED


@kernel
def seeds(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    weights,  # IN (n_samples,)
    firsts,  # IN (n_restarts,): first row of each start
    uniforms,  # IN (n_restarts, n_clusters - 1, n_trials), each within 0..1
    vectors,  # IN: a tuple with one entry for 8 trials
    table,  # SCRATCH (n_features, 8 * len(vectors)), zero
    share,  # IN: relative error of expanded distances and their sums; 0 if they are exact
    n_kept,  # IN: rows whose distances to the trials of a step are kept: n_samples or 0
    start,  # IN
    stop,  # IN
    chosen,  # OUT (n_restarts, n_clusters), starts start..stop: rows
):
    """Rows chosen by greedy k-means++; a start that the error might decide is done once more."""
    for s in range(start, stop):
        chosen[s, 0] = firsts[s]
        for exact in (False, True):
            if choose(
                data,
                indices,
                indptr,
                row_norms,
                weights,
                uniforms[s],
                vectors,
                table,
                share,
                n_kept,
                exact,
                chosen[s],
            ):
                break


@kernel
def choose(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    weights,  # IN (n_samples,)
    uniforms,  # IN (n_clusters - 1, n_trials), each within 0..1
    vectors,  # IN: a tuple with one entry for 8 trials
    table,  # SCRATCH (n_features, 8 * len(vectors)), zero; left zero
    share,  # IN: relative error of expanded distances and their sums; 0 if they are exact
    n_kept,  # IN: rows whose distances to the trials of a step are kept: n_samples or 0
    exact,  # IN: whether every distance that matters is to be the deciding sum
    chosen,  # IN/OUT (n_clusters,): the first row; the others
):
    """Rows of one start; False where the error might decide."""
    n_samples = weights.shape[0]
    n_blocks = ceil_div(n_samples, BLOCK_ROWS)
    closest, totals = np.full(n_samples, np.inf), np.empty(n_blocks)
    nearer = np.full((n_samples, len(vectors)), np.uint8(255), dtype=np.uint8)
    potentials = np.empty((n_blocks, table.shape[1]))
    sums, norms = np.empty(table.shape[1]), np.empty(table.shape[1])
    distances = np.empty((n_kept, table.shape[1]))
    rows = np.empty(uniforms.shape[1], dtype=np.intp)
    values, kept = np.zeros((table.shape[0], 1)), np.empty(1, dtype=np.intp)
    error = 0.0 if exact else share
    best = 0
    kept[0] = row = chosen[0]
    put(data, indices, indptr, row_norms, kept, 1.0, values, norms)
    keep(
        data,
        indices,
        indptr,
        row_norms,
        row,
        values.ravel(),
        best,
        nearer,
        np.empty((0, table.shape[1])),
        exact,
        0,
        n_blocks,
        closest,
    )
    add_blocks(weights, closest, 0, n_blocks, totals)
    stale = np.zeros(n_blocks, dtype=np.bool_)
    for c in range(1, chosen.shape[0]):
        if not draw(
            data,
            indices,
            indptr,
            row_norms,
            row,
            values.ravel(),
            best,
            nearer,
            distances,
            exact,
            error,
            weights,
            totals,
            uniforms[c - 1],
            closest,
            stale,
            rows,
        ):
            return False
        put(data, indices, indptr, row_norms, rows, 1.0, table, norms)
        step(
            data,
            indices,
            indptr,
            row_norms,
            row,
            values.ravel(),
            best,
            rows,
            table,
            norms,
            weights,
            vectors,
            exact,
            1.0 + 3.0 * share,
            0,
            n_blocks,
            closest,
            stale,
            nearer,
            distances,
            potentials,
        )
        put(data, indices, indptr, row_norms, rows, 0.0, table, norms)
        best = least_potential(potentials, rows.shape[0], sums)
        if not best_is_sure(data, indices, indptr, rows, sums, best, error):
            return False
        totals[:] = potentials[:, best]
        put(data, indices, indptr, row_norms, kept, 0.0, values, norms)
        kept[0] = row = chosen[c] = rows[best]
        put(data, indices, indptr, row_norms, kept, 1.0, values, norms)
    return True


@kernel
def add(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the row's first position in data
    end,  # IN: and the one to stop before
    factor,  # IN: what the row counts
    total,  # IN/OUT (n_features,)
):
    """total += factor * row."""
    for position in range(begin, end):
        # Unsigned: numba then does not ask whether to count from the end.
        total[np.uintp(indices[position])] += factor * np.float64(data[position])


@kernel
def runs(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    weights,  # IN (n_samples,)
    max_iter,  # IN
    tol,  # IN: stop once the squared shifts of the centers sum to this or less
    most_updates,  # IN: updates of sums by changed rows between two sums over all rows
    counts,  # IN: what an update counts: 1, or 0 where it is exact
    vectors,  # IN: a tuple with one entry for each vector of a panel
    table,  # SCRATCH (n_features, n_padded) float32, zero past n_clusters
    half_norms,  # SCRATCH (n_padded,) float32, infinite past n_clusters
    at_once,  # IN: iterations of a start in this call at most
    start,  # IN
    stop,  # IN: start + 1 where a start may be left unfinished
    sums,  # SCRATCH (n_clusters, n_features), for the next call as this one leaves it
    drift,  # SCRATCH, the same (n_clusters,)
    drift32,  # SCRATCH, the same (n_padded,) float32
    upper,  # SCRATCH, the same (n_samples,) float32
    lower,  # SCRATCH, the same (n_samples, n_padded) float32
    centers,  # IN/OUT (n_restarts, n_clusters, n_features), starts start..stop: first, then last
    labels,  # IN/OUT (n_restarts, n_samples) int32
    stops,  # IN/OUT (n_restarts, 3): iterations, 0 to begin; why it stopped; updates of sums
    figures,  # OUT (n_restarts, 2): inertia, last shift
):
    """Lloyd's algorithm from given centers; see ``lloyd.lloyd``.

    A start that is unfinished after ``at_once`` iterations goes on in the next call.
    """
    n_samples = weights.shape[0]
    _, n_clusters, n_features = centers.shape
    after = np.empty(n_features)
    weight_in_clusters, shifts, norms = (
        np.empty(n_clusters),
        np.empty(n_clusters),
        np.empty(n_clusters),
    )
    touched = np.empty(n_clusters, dtype=np.bool_)
    before = np.empty(n_samples, dtype=np.int32)
    own, rounded = np.empty(n_samples), np.empty(1, dtype=data.dtype)
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
        touched[:] = True
        until = min(max_iter, iteration + at_once)
        why = MAX_ITER if until == max_iter else UNFINISHED
        shift = 0.0
        changed = True
        while iteration < until:
            for i in range(n_samples):
                before[i] = found[i]
            put_centers(now, touched, 0, n_features, table)
            put_norms(now, norms, half_norms)
            n_moved = sparse_bounds.assign(
                data,
                indices,
                indptr,
                row_norms,
                now,
                norms,
                table,
                half_norms,
                vectors,
                drift,
                drift32,
                upper,
                lower,
                found,
            )
            iteration += 1
            changed = n_moved > 0
            if not changed:
                shift = 0.0
                why = STRICT
                break
            if n_updates >= most_updates or 2 * n_moved > n_samples:
                sums[:] = 0.0
                for i in range(n_samples):
                    add(data, indices, indptr[i], indptr[i + 1], weights[i], sums[found[i]])
                touched[:] = True
                n_updates = 0
            else:
                touched[:] = False
                for i in range(n_samples):
                    if before[i] != found[i]:
                        touched[before[i]] = touched[found[i]] = True
                        add(data, indices, indptr[i], indptr[i + 1], -weights[i], sums[before[i]])
                        add(data, indices, indptr[i], indptr[i + 1], weights[i], sums[found[i]])
                n_updates += counts
            add_weights(found, weights, weight_in_clusters)
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
            # Of a start that converged at once in this call, nothing has added them up yet.
            add_weights(found, weights, weight_in_clusters)
            sums[:] = 0.0
            for i in range(n_samples):
                add(data, indices, indptr[i], indptr[i + 1], weights[i], sums[found[i]])
            means(sums, weight_in_clusters, now, 0, n_clusters, sums, shifts)
            if replace_centers(sums, now):
                touched[:] = changed = True
                upper[:] = np.inf
        # Centers are handed back in the dtype of X.
        if round_centers(rounded, now):
            touched[:] = changed = True
            upper[:] = np.inf
        if changed:
            put_centers(now, touched, 0, n_features, table)
            put_norms(now, norms, half_norms)
            sparse_bounds.assign(
                data,
                indices,
                indptr,
                row_norms,
                now,
                norms,
                table,
                half_norms,
                vectors,
                drift,
                drift32,
                upper,
                lower,
                found,
            )
        squared_lengths(now, norms)
        own_distances(data, indices, indptr, now, norms, found, 0, n_samples, own)
        figures[s, 0], figures[s, 1] = weighted_total(weights, own), shift
