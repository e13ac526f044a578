"""Kernels of greedy k-means++ over CSR, absent = 0; see ``seeding.py``.

Distances are expanded: |x|^2 - 2 x.y + |y|^2, by the deciding sum where that cancels. Where all
numbers are short they have the deciding sum's bits. Elsewhere they are a filter: every choice,
of a row that is drawn and of the trial with the least potential, is checked against a bound on
their error. If the error might decide, the start is done once more with ``exact``: every distance
that may be less than ``closest`` is then the deciding sum, and so are the potentials.

``share`` is that bound, relative to the sums; 0 if they have the deciding sum's bits.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.seeding import (
    BLOCK_ROWS,
    find_block,
    find_row,
    nearer_rows,
    sum_rows,
    total_of,
)
from kmeans_core.kernels.sparse import CANCELLED, LEAST_SURE, exact_pair_distance, same_row
from kmeans_core.kernels.vectors.exact import expand, mark_nearer
from kmeans_core.kernels.vectors.fused import sparse_products


@kernel
def best_is_sure(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    rows,  # IN (n_trials,): the rows tried
    sums,  # IN (n_lanes,): their potentials
    best,  # IN: the trial with the least of them
    share,  # IN: their relative error; 0 if they have the deciding bits
):
    """Whether the deciding sums would choose the same trial."""
    if share == 0.0:
        return True
    if not LEAST_SURE < sums[best] < np.inf:
        return False
    limit = sums[best] * (1.0 + 2.5 * share)
    for trial in range(rows.shape[0]):
        # Equal rows leave equal potentials in both ways, and the first of them is taken.
        if not sums[trial] > limit and not same_row(data, indices, indptr, rows[best], rows[trial]):
            return False
    return True


@kernel
def put(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    rows,  # IN (n_trials,): the rows tried
    factor,  # IN: 1 to put them in, 0 to take them out again
    table,  # IN/OUT (n_features, n_lanes), zero but for these rows
    norms,  # OUT (n_lanes,): their squared lengths, 1 in lanes without a row
):
    """Put the rows tried into the table, or zeros in their place."""
    norms[:] = 1.0
    for trial in range(rows.shape[0]):
        norms[trial] = row_norms[rows[trial]]
        for position in range(indptr[rows[trial]], indptr[rows[trial] + 1]):
            table[indices[position], trial] = factor * np.float64(data[position])


@kernel
def product(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    begin,  # IN: the row's first position in data
    end,  # IN: and the one to stop before
    other,  # IN (n_features,)
):
    """Product of a row with a vector."""
    # Four sums, so that one addition need not wait for the other.
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    position, last = np.uint64(begin), np.uint64(end)
    step = np.uint64(4)
    while position + step <= last:
        second, third, fourth = (
            position + np.uint64(1),
            position + np.uint64(2),
            position + np.uint64(3),
        )
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
    row,  # IN: the row kept
    values,  # IN (n_features,): its values
    trial,  # IN: which trial it was
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    distances,  # IN (n_samples or 0, n_lanes)
    exact,  # IN: whether distances are to have the deciding sum's bits
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
):
    """Bring ``closest`` up to date where the row kept is nearer."""
    own_begin, own_end = indptr[row], indptr[row + 1]
    listed = np.empty(BLOCK_ROWS, dtype=np.uint32)
    for block in range(start, stop):
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, closest.shape[0])
        for place in range(nearer_rows(nearer, trial, first, last, listed)):
            i = listed[place]
            if distances.shape[0] > 0:
                closest[i] = distances[i, trial]
                continue
            begin, end = indptr[i], indptr[i + 1]
            distance = -1.0
            norms = row_norms[i] + row_norms[row]
            if not exact:
                distance = norms - 2.0 * product(data, indices, begin, end, values)
            if not distance > CANCELLED * norms + LEAST_SURE:
                distance = exact_pair_distance(data, indices, begin, end, own_begin, own_end)
            closest[i] = min(closest[i], distance)


@kernel
def draw(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    row,  # IN: the row kept last
    values,  # IN (n_features,): its values
    trial,  # IN: which trial it was
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    distances,  # IN (n_samples or 0, n_lanes)
    exact,  # IN: whether distances are to have the deciding sum's bits
    share,  # IN: relative error of the sums
    weights,  # IN (n_samples,)
    totals,  # IN (n_blocks,): sums of weight * closest, up to date
    uniforms,  # IN (n_trials,), each within 0..1
    closest,  # IN/OUT (n_samples,)
    stale,  # IN/OUT (n_blocks,): whether closest is still to be brought up to date
    rows,  # OUT (n_trials,)
):
    """Draw a row for each number, in proportion to weight * D^2; False if an error may decide."""
    total = total_of(totals)
    if share > 0.0 and not LEAST_SURE < total < np.inf:
        return False
    # Both what is drawn and the sum beside it may be off by share * total.
    margin = 2.5 * share * total
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
                row_norms,
                row,
                values,
                trial,
                nearer,
                distances,
                exact,
                block,
                block + 1,
                closest,
            )
        if block != summed:
            sum_rows(weights, closest, block, sums)
            summed = block
        rows[t] = find_row(weights.shape[0], block, before, sums, drawn, margin)
        if rows[t] < 0:
            return False
    return True


@kernel
def step(
    data,  # IN (n_stored,)
    indices,  # IN (n_stored,)
    indptr,  # IN (n_samples + 1,)
    row_norms,  # IN (n_samples,): squared
    row,  # IN: the row kept last
    values,  # IN (n_features,): its values
    trial,  # IN: which trial it was
    rows,  # IN (n_trials,): the rows to try
    table,  # IN (n_features, n_lanes): their values
    norms,  # IN (n_lanes,): their squared lengths
    weights,  # IN (n_samples,)
    vectors,  # IN: a tuple with one entry for 8 lanes
    exact,  # IN: whether distances are to have the deciding sum's bits
    reach,  # IN: with ``exact``, distances up to reach * closest are computed by that sum
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
    stale,  # IN/OUT (n_blocks,), blocks start..stop: whether closest is to be brought up to date
    nearer,  # IN/OUT (n_samples, n_lanes / 8) uint8, blocks start..stop: of the trials before, now
    distances,  # IN/OUT (n_samples or 0, n_lanes), blocks start..stop: the same
    potentials,  # OUT (n_blocks, n_lanes), blocks start..stop
):
    """Which trials are nearer than ``closest``, and what they leave."""
    found = np.empty(table.shape[1])
    for block in range(start, stop):
        if stale[block]:
            keep(
                data,
                indices,
                indptr,
                row_norms,
                row,
                values,
                trial,
                nearer,
                distances,
                exact,
                block,
                block + 1,
                closest,
            )
        potentials[block, :] = 0.0
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, weights.shape[0])
        for i in range(first, last):
            begin, end = indptr[i], indptr[i + 1]
            sparse_products(data, indices, begin, end, table, 0, vectors, found)
            if not expand(found, row_norms[i], norms, CANCELLED, LEAST_SURE, vectors) or exact:
                for t in range(rows.shape[0]):
                    is_far = found[t] > CANCELLED * (row_norms[i] + norms[t]) + LEAST_SURE
                    if not is_far or (exact and not found[t] > reach * closest[i]):
                        y = rows[t]
                        found[t] = exact_pair_distance(
                            data, indices, begin, end, indptr[y], indptr[y + 1]
                        )
            mark_nearer(
                found, closest[i], weights[i], vectors, nearer, i, distances, potentials, block
            )
        stale[block] = True
