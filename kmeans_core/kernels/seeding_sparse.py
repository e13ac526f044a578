"""Kernels of greedy k-means++ over CSR, in which an absent cell is 0; see ``seeding.py``.

Distances are expanded: |x|^2 - 2 x.y + |y|^2. If too much of this cancels, they are exact. If all
values are short (``sparse.is_short``), expanded distances have the bits of the exact distance.
Otherwise they are a filter: each draw of a row, and each choice of the trial with the least
potential, is checked against a bound on their error. If the error might change a choice, the
restart is done again with ``exact``. Then every distance that may be less than ``closest`` is
exact, and so are the potentials.

``share`` is the bound on the error of the sums, relative to the sums. It is 0 if they are exact.
"""

import numpy as np

from kmeans_core.kernels.centers import total
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.seeding import BLOCK_ROWS, find_block, find_rows, nearer_rows
from kmeans_core.kernels.sparse import CANCELLED, LEAST_SURE, exact_pair_distance, same_row
from kmeans_core.kernels.vectors.exact import expand, mark_nearer
from kmeans_core.kernels.vectors.fused import sparse_products


@kernel
def best_is_sure(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_trials,): the trials
    sums,  # IN (n_lanes,): their potentials
    best,  # IN: the trial with the least potential
    share,  # IN: relative error of the potentials; 0 if they are exact
):
    """Whether exact potentials would choose the same trial."""
    if share == 0.0:
        return True
    if not LEAST_SURE < sums[best] < np.inf:
        return False
    limit = sums[best] * (1.0 + 2.5 * share)
    for trial in range(rows.shape[0]):
        # Equal rows have equal potentials, also exactly, and the first of them is chosen.
        if not sums[trial] > limit and not same_row(data, indices, indptr, rows[best], rows[trial]):
            return False
    return True


@kernel
def put(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    rows,  # IN (n_trials,): the trials
    factor,  # IN: 1 to write their values, 0 to write zeros
    table,  # IN/OUT (n_features, n_lanes), zero except for these rows
    norms,  # OUT (n_lanes,): their squared lengths, 1 in lanes without a trial
):
    """Put the trials into the table, or zeros in their place."""
    norms[:] = 1.0
    for trial in range(rows.shape[0]):
        norms[trial] = row_norms[rows[trial]]
        for position in range(indptr[rows[trial]], indptr[rows[trial] + 1]):
            table[indices[position], trial] = factor * np.float64(data[position])


@kernel
def product(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the first position of the row in data
    end,  # IN: the position to stop before
    other,  # IN (n_features,)
):
    """Product of a row with a vector."""
    # There are four sums, so that an addition need not wait for the one before it.
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    position, last = np.uint64(begin), np.uint64(end)
    step = np.uint64(4)
    while position + step <= last:
        second, third = position + np.uint64(1), position + np.uint64(2)
        fourth = position + np.uint64(3)
        one += np.float64(data[position]) * other[np.uint64(indices[position])]
        two += np.float64(data[second]) * other[np.uint64(indices[second])]
        three += np.float64(data[third]) * other[np.uint64(indices[third])]
        four += np.float64(data[fourth]) * other[np.uint64(indices[fourth])]
        position += step
    while position < last:
        one += np.float64(data[position]) * other[np.uint64(indices[position])]
        position += np.uint64(1)
    return (one + two) + (three + four)


@kernel
def keep(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    row,  # IN: the kept row
    values,  # IN (n_features,): the values of this row
    trial,  # IN: the lane of this row when it was a trial
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    distances,  # IN (n_samples or 0, n_lanes)
    exact,  # IN: whether distances must be exact
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
):
    """Update ``closest`` of the rows to which the kept row is nearer."""
    listed = np.empty(BLOCK_ROWS, dtype=np.uint32)
    for block in range(start, stop):
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, closest.shape[0])
        for place in range(nearer_rows(nearer, trial, first, last, listed)):
            i = listed[place]
            if distances.shape[0] > 0:
                closest[i] = distances[i, trial]
                continue
            distance = -1.0
            norms = row_norms[i] + row_norms[row]
            if not exact:
                distance = norms - 2.0 * product(data, indices, indptr[i], indptr[i + 1], values)
            if not distance > CANCELLED * norms + LEAST_SURE:
                distance = exact_pair_distance(data, indices, indptr, np.intp(i), row, 2)
            closest[i] = min(closest[i], distance)


@kernel
def draw(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    row,  # IN: the row that was kept last
    values,  # IN (n_features,): the values of this row
    trial,  # IN: the lane of this row when it was a trial
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    distances,  # IN (n_samples or 0, n_lanes)
    exact,  # IN: whether distances must be exact
    share,  # IN: relative error of the sums
    weights,  # IN (n_samples,)
    totals,  # IN (n_blocks,): sums of weight * closest, up to date
    uniforms,  # IN (n_trials,), each from 0 to 1
    closest,  # IN/OUT (n_samples,)
    stale,  # IN/OUT (n_blocks,): True if closest of the block is not up to date
    rows,  # OUT (n_trials,)
):
    """Draw a row for each number as dense_draw; return False if an error might change a row."""
    potential = total(totals)
    if share > 0.0 and not LEAST_SURE < potential < np.inf:
        return False
    # The drawn number and the sum of rows both have errors of up to share * potential.
    margin = 2.5 * share * potential
    kept = (data, indices, indptr, row_norms, row, values, trial, nearer, distances, exact)
    for t in range(uniforms.shape[0]):
        block, _ = find_block(totals, uniforms[t] * potential)
        if stale[block]:
            stale[block] = False
            keep(*kept, block, block + 1, closest)
    return find_rows(weights, closest, totals, uniforms, margin, rows)


@kernel
def step(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    row,  # IN: the row that was kept last
    values,  # IN (n_features,): the values of this row
    trial,  # IN: the lane of this row when it was a trial
    nearer,  # IN/OUT (n_samples, n_lanes / 8) uint8, blocks start..stop: of old, then new trials
    distances,  # IN/OUT (n_samples or 0, n_lanes), blocks start..stop: of the same trials
    exact,  # IN: whether distances must be exact
    rows,  # IN (n_trials,): the new trials
    table,  # IN (n_features, n_lanes): their values
    norms,  # IN (n_lanes,): their squared lengths
    weights,  # IN (n_samples,)
    vectors,  # IN: a tuple with one entry for every 8 lanes
    reach,  # IN: with ``exact``, distances up to reach * closest are exact
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
    stale,  # IN/OUT (n_blocks,), blocks start..stop: True if closest is not up to date
    potentials,  # OUT (n_blocks, n_lanes), blocks start..stop
):
    """Compare the rows with the trials; write bits and potentials."""
    found = np.empty(table.shape[1])
    kept = (data, indices, indptr, row_norms, row, values, trial, nearer, distances, exact)
    for block in range(start, stop):
        if stale[block]:
            keep(*kept, block, block + 1, closest)
        potentials[block, :] = 0.0
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, weights.shape[0])
        for i in range(first, last):
            sparse_products(data, indices, indptr[i], indptr[i + 1], table, 0, vectors, found)
            if not expand(found, row_norms[i], norms, CANCELLED, LEAST_SURE, vectors) or exact:
                for t in range(rows.shape[0]):
                    is_far = found[t] > CANCELLED * (row_norms[i] + norms[t]) + LEAST_SURE
                    if not is_far or (exact and not found[t] > reach * closest[i]):
                        found[t] = exact_pair_distance(data, indices, indptr, i, rows[t], 2)
            mark_nearer(
                found, closest[i], weights[i], vectors, nearer, i, distances, potentials, block
            )
        stale[block] = True
