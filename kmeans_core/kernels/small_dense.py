"""Whole starts of small dense fits in two calls: k-means++, then Lloyd's loop.

Where an iteration takes microseconds, a Python step between two of them costs more than the work.
These kernels do what ``fit/seeding.py`` and ``fit/lloyd.py`` do, to the bit, where nobody listens.
A start that needs more (a cluster that ran empty) goes back to the loop. Each call does starts
``start``..``stop``.
"""

import numpy as np

from kmeans_core.kernels.arrays import ceil_div
from kmeans_core.kernels.centers import (
    means,
    move_centers,
    replace_centers,
    round_centers,
    weighted_total,
)
from kmeans_core.kernels.dense import assign, own_distances
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.labels import add_weights
from kmeans_core.kernels.seeding import (
    BLOCK_ROWS,
    add_blocks,
    dense_draw,
    dense_keep,
    dense_step,
    least_potential,
    put_dense,
)
from kmeans_core.kernels.stops import MAX_ITER, RAN_EMPTY, STRICT, TOLERANCE, UNFINISHED


@kernel
def seeds(
    X,  # IN (n_samples, n_features)
    weights,  # IN (n_samples,)
    firsts,  # IN (n_restarts,): first row of each start
    uniforms,  # IN (n_restarts, n_clusters - 1, n_trials), each within 0..1
    vectors,  # IN: a tuple with one entry for 8 trials
    table,  # SCRATCH (n_features, 8 * len(vectors))
    n_kept,  # IN: rows whose distances to the trials of a step are kept: n_samples or 0
    start,  # IN
    stop,  # IN
    chosen,  # OUT (n_restarts, n_clusters), starts start..stop: rows
):
    """Rows chosen by greedy k-means++."""
    n_samples = X.shape[0]
    n_blocks = ceil_div(n_samples, BLOCK_ROWS)
    closest, totals = np.empty(n_samples), np.empty(n_blocks)
    nearer = np.empty((n_samples, len(vectors)), dtype=np.uint8)
    potentials, sums = np.empty((n_blocks, table.shape[1])), np.empty(table.shape[1])
    stale = np.empty(n_blocks, dtype=np.bool_)
    distances, none = np.empty((n_kept, table.shape[1])), np.empty((0, table.shape[1]))
    rows = np.empty(uniforms.shape[2], dtype=np.intp)
    for s in range(start, stop):
        row, best = firsts[s], 0
        chosen[s, 0] = row
        closest[:] = np.inf
        nearer[:] = 255
        dense_keep(X, row, best, nearer, none, 0, n_blocks, closest)
        add_blocks(weights, closest, 0, n_blocks, totals)
        stale[:] = False
        for c in range(1, chosen.shape[1]):
            dense_draw(
                X,
                row,
                best,
                nearer,
                distances,
                weights,
                totals,
                uniforms[s, c - 1],
                closest,
                stale,
                rows,
            )
            put_dense(X, rows, table)
            dense_step(
                X,
                row,
                best,
                table,
                weights,
                vectors,
                0,
                n_blocks,
                closest,
                stale,
                nearer,
                distances,
                potentials,
            )
            best = least_potential(potentials, rows.shape[0], sums)
            for block in range(n_blocks):
                totals[block] = potentials[block, best]
            row = rows[best]
            chosen[s, c] = row


@kernel
def add(
    X,  # IN (n_samples, n_features)
    i,  # IN: a row
    factor,  # IN: what it counts
    total,  # IN/OUT (n_features,)
):
    """total += factor * row."""
    for j in range(X.shape[1]):
        total[j] += factor * np.float64(X[i, j])


@kernel
def runs(
    X,  # IN (n_samples, n_features)
    weights,  # IN (n_samples,)
    max_iter,  # IN
    tol,  # IN: stop once the squared shifts of the centers sum to this or less
    most_updates,  # IN: updates of sums by changed rows between two sums over all rows
    at_once,  # IN: iterations of a start in this call at most
    start,  # IN
    stop,  # IN: start + 1 where a start may be left unfinished
    sums,  # SCRATCH (n_clusters, n_features), for the next call as this one leaves it
    centers,  # IN/OUT (n_restarts, n_clusters, n_features), starts start..stop: first, then last
    labels,  # IN/OUT (n_restarts, n_samples) int32
    stops,  # IN/OUT (n_restarts, 3): iterations, 0 to begin; why it stopped; updates of sums
    figures,  # OUT (n_restarts, 2): inertia, last shift
    inertias,  # OUT (n_restarts, n_clusters): the part of each cluster in the inertia
):
    """Lloyd's algorithm from given centers; see ``lloyd.lloyd``.

    A start that is unfinished after ``at_once`` iterations goes on in the next call.
    """
    n_samples, n_features = X.shape
    n_clusters = centers.shape[1]
    after = np.empty(n_features)
    weight_in_clusters, shifts = np.empty(n_clusters), np.empty(n_clusters)
    touched = np.empty(n_clusters, dtype=np.bool_)
    before = np.empty(n_samples, dtype=np.int32)
    own, rounded = np.empty(n_samples), np.empty(1, dtype=X.dtype)
    for s in range(start, stop):
        now, found = centers[s], labels[s]
        iteration = stops[s, 0]
        n_updates = stops[s, 2]
        if iteration == 0:
            found[:] = -1
            n_updates = most_updates
        until = min(max_iter, iteration + at_once)
        why = MAX_ITER if until == max_iter else UNFINISHED
        shift = 0.0
        changed = True
        while iteration < until:
            for i in range(n_samples):
                before[i] = found[i]
            n_moved = assign(X, now, 0, n_samples, found)
            iteration += 1
            changed = n_moved > 0
            if not changed:
                shift = 0.0
                why = STRICT
                break
            if n_updates >= most_updates or 2 * n_moved > n_samples:
                sums[:] = 0.0
                for i in range(n_samples):
                    add(X, i, weights[i], sums[found[i]])
                touched[:] = True
                n_updates = 0
            else:
                touched[:] = False
                for i in range(n_samples):
                    if before[i] != found[i]:
                        add(X, i, -weights[i], sums[before[i]])
                        add(X, i, weights[i], sums[found[i]])
                        touched[before[i]] = touched[found[i]] = True
                n_updates += 1
            add_weights(found, weights, weight_in_clusters)
            shift = move_centers(sums, weight_in_clusters, touched, after, shifts, now)
            if shift < 0.0:
                why = RAN_EMPTY
                break
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
                add(X, i, weights[i], sums[found[i]])
            means(sums, weight_in_clusters, now, 0, n_clusters, sums, shifts)
            changed = replace_centers(sums, now) or changed
        # Centers are handed back in the dtype of X.
        if round_centers(rounded, now) or changed:
            assign(X, now, 0, n_samples, found)
        own_distances(X, now, found, 0, n_samples, own)
        figures[s, 0], figures[s, 1] = weighted_total(weights, own), shift
        for i in range(n_samples):
            own[i] *= weights[i]
        add_weights(found, own, inertias[s])
