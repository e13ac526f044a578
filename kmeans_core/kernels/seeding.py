"""Kernels of greedy k-means++: a lane of a vector for each trial of a step.

``table`` holds the rows tried, transposed: (n_features, n_lanes) float64, n_lanes a multiple of 8.
``closest`` is each row's squared distance to the nearest row chosen so far. What a trial would
leave of it stands in one column of ``closer`` (n_samples, n_lanes).
"""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.lanes import dense_trials, expand, keep_closer
from kmeans_core.kernels.simd import sparse_products
from kmeans_core.kernels.sparse import CANCELLED, decided_pair_distance


@kernel
def draw_rows(
    weights,  # IN (n_samples,)
    closest,  # IN (n_samples,)
    uniforms,  # IN (n_trials,), each within 0..1
    cumulative,  # SCRATCH (n_samples,)
    rows,  # OUT (n_trials,)
):
    """Draw a row for each uniform number, in proportion to weight * D^2."""
    total = 0.0
    for i in range(weights.shape[0]):
        total += weights[i] * closest[i]
        cumulative[i] = total
    for trial in range(uniforms.shape[0]):
        drawn = uniforms[trial] * total
        low, high = 0, weights.shape[0]
        while low < high:
            middle = (low + high) // 2
            if cumulative[middle] < drawn:
                low = middle + 1
            else:
                high = middle
        rows[trial] = min(low, weights.shape[0] - 1)


@kernel
def dense_closer(
    X,  # IN (n_samples, n_features)
    rows,  # IN (n_trials,): the rows tried
    table,  # SCRATCH (n_features, n_lanes)
    closest,  # IN (n_samples,)
    weights,  # IN (n_samples,)
    vectors,  # IN: a tuple with one entry for 8 lanes
    start,  # IN
    stop,  # IN
    closer,  # OUT (n_samples, n_lanes), rows start..stop
    potentials,  # OUT (n_lanes,): sums of weight * closer over rows start..stop
):
    """What each trial leaves of ``closest``, rows start..stop, the deciding sum's bits."""
    for j in range(X.shape[1]):
        for trial in range(rows.shape[0]):
            table[j, trial] = np.float64(X[rows[trial], j])
    dense_trials(X, table, closest, weights, start, stop, vectors, closer, potentials)


@kernel
def sparse_closer(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    rows,  # IN (n_trials,): the rows tried
    table,  # SCRATCH (n_features, n_lanes), zero; left zero
    closest,  # IN (n_samples,)
    weights,  # IN (n_samples,)
    vectors,  # IN: a tuple with one entry for 8 lanes
    start,  # IN
    stop,  # IN
    closer,  # OUT (n_samples, n_lanes), rows start..stop
    potentials,  # OUT (n_lanes,): sums of weight * closer over rows start..stop
):
    """The same by |x|^2 - 2 x.y + |y|^2, and by the sum over all features where that cancels."""
    for trial in range(rows.shape[0]):
        for position in range(indptr[rows[trial]], indptr[rows[trial] + 1]):
            table[indices[position], trial] = np.float64(data[position])
    distances, norms = np.empty(table.shape[1]), np.empty(table.shape[1])
    norms[:] = 1.0
    for trial in range(rows.shape[0]):
        norms[trial] = row_norms[rows[trial]]
    potentials[:] = 0.0
    for i in range(start, stop):
        begin, end = indptr[i], indptr[i + 1]
        sparse_products(data, indices, begin, end, table, 0, vectors, distances)
        if not expand(distances, row_norms[i], norms, CANCELLED, vectors):
            for trial in range(rows.shape[0]):
                if not distances[trial] > CANCELLED * (row_norms[i] + norms[trial]):
                    y = rows[trial]
                    distances[trial] = decided_pair_distance(
                        data, indices, begin, end, indptr[y], indptr[y + 1]
                    )
        keep_closer(distances, closest[i], weights[i], vectors, closer, i, potentials)
    for trial in range(rows.shape[0]):
        for position in range(indptr[rows[trial]], indptr[rows[trial] + 1]):
            table[indices[position], trial] = 0.0


@kernel
def total_potentials(
    closer,  # IN (n_samples, n_lanes)
    weights,  # IN (n_samples,)
    n_trials,  # IN
    potentials,  # OUT (n_lanes,): sum of weight * closer, row after row
):
    """The same potentials as of a single chunk, whatever the chunks were."""
    potentials[:] = 0.0
    for i in range(closer.shape[0]):
        for trial in range(n_trials):
            potentials[trial] += weights[i] * closer[i, trial]


@kernel
def keep_best_trial(
    potentials,  # IN (n_lanes,)
    rows,  # IN (n_trials,)
    closer,  # IN (n_samples, n_lanes)
    closest,  # OUT (n_samples,)
):
    """Take over what the trial with the least potential leaves; return its row."""
    best = 0
    for trial in range(1, rows.shape[0]):
        if potentials[trial] < potentials[best]:
            best = trial
    for i in range(closest.shape[0]):
        closest[i] = closer[i, best]
    return rows[best]
