"""Kernels of greedy k-means++: what all storages share, and those of dense rows.

``closest`` is each row's squared distance to the nearest row kept so far. A step draws some rows in
proportion to weight * ``closest``, computes the potential that each of these trials would leave,
and keeps the best one. Potentials are sums over all rows: rows are added in order within blocks of
``BLOCK_ROWS``, then the blocks in order. So neither threads nor storages change a bit.

A step keeps a bit for each row and trial in ``nearer`` (n_samples, n_lanes / 8): whether the trial
is nearer than ``closest``. Once the best trial is known, ``closest`` becomes the distance to it
where its bit is set. Where memory allows, that distance was kept in ``distances`` (n_samples,
n_lanes), which takes 64 bytes a row; else that has no rows, and the distance is computed again.
``closest`` is brought up to date when the next step reads the rows anyway, and before that only in
the blocks that rows are drawn from; the others are ``stale`` until then.

``table`` holds the trials, transposed: (n_features, n_lanes) float64, n_lanes a multiple of 8.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.exact import dense_trials
from kmeans_core.kernels.vectors.ir import LANES64

BLOCK_ROWS = 256

# So many distances lie in the cache: to read all of them is faster than to list those to read.
FEW_DISTANCES = 2**15


@kernel
def add_blocks(
    weights,  # IN (n_samples,)
    closest,  # IN (n_samples,)
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    totals,  # OUT (n_blocks,), blocks start..stop: sums of weight * closest
):
    """Add up each block of rows."""
    for block in range(start, stop):
        first = block * BLOCK_ROWS
        total = 0.0
        for i in range(first, min(first + BLOCK_ROWS, weights.shape[0])):
            total += weights[i] * closest[i]
        totals[block] = total


@kernel
def total_of(
    totals,  # IN (n_blocks,)
):
    """Sum of the blocks, in order."""
    total = 0.0
    for block in range(totals.shape[0]):
        total += totals[block]
    return total


@kernel
def find_block(
    totals,  # IN (n_blocks,): sums of weight * closest
    drawn,  # IN: within 0 and their sum
):
    """The first block up to whose end the sums reach what was drawn, and the sum before it."""
    block = 0
    before = 0.0
    while block + 1 < totals.shape[0] and before + totals[block] < drawn:
        before += totals[block]
        block += 1
    return block, before


@kernel
def sum_rows(
    weights,  # IN (n_samples,)
    closest,  # IN (n_samples,), up to date in the block
    block,  # IN
    sums,  # OUT (BLOCK_ROWS,): sums of weight * closest up to each row of the block
):
    """Add up the rows of a block, in order."""
    first = block * BLOCK_ROWS
    total = 0.0
    for i in range(first, min(first + BLOCK_ROWS, weights.shape[0])):
        total += weights[i] * closest[i]
        sums[i - first] = total


@kernel
def find_row(
    n_samples,  # IN
    block,  # IN: from find_block
    before,  # IN: from find_block
    sums,  # IN (BLOCK_ROWS,): from sum_rows
    drawn,  # IN
    margin,  # IN: what sums and ``drawn`` may be off by; 0 if they have the deciding bits
):
    """The first row up to which the sums reach what was drawn; -1 if that is within the margin."""
    first = block * BLOCK_ROWS
    low, high = 0, min(BLOCK_ROWS, n_samples - first) - 1
    while low < high:
        middle = (low + high) // 2
        if before + sums[middle] < drawn:
            low = middle + 1
        else:
            high = middle
    below = before if low == 0 else before + sums[low - 1]
    if margin > 0.0 and not (drawn - below > margin and before + sums[low] - drawn > margin):
        return -1
    return first + low


@kernel
def least_potential(
    potentials,  # IN (n_blocks, n_lanes): sums of weight * min(closest, squared distance)
    n_trials,  # IN
    sums,  # OUT (n_lanes,): the potentials of all rows
):
    """The trial that leaves the least potential; of equal ones the first."""
    sums[:] = 0.0
    for block in range(potentials.shape[0]):
        for trial in range(n_trials):
            sums[trial] += potentials[block, trial]
    best = 0
    for trial in range(1, n_trials):
        if sums[trial] < sums[best]:
            best = trial
    return best


@kernel
def nearer_rows(
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    trial,  # IN
    first,  # IN
    last,  # IN
    rows,  # OUT (at least last - first,): those of first..last that are nearer to the trial
):
    """List rows to compute once more; return how many there are."""
    column, bit = trial // LANES64, trial % LANES64
    n_rows = 0
    for i in range(first, last):
        # Without a branch, which nobody could foretell.
        rows[n_rows] = i
        n_rows += (nearer[i, column] >> bit) & 1
    return n_rows


@kernel
def put_dense(
    X,  # IN (n_samples, n_features)
    rows,  # IN (n_trials,): the rows tried
    table,  # OUT (n_features, n_lanes), the first n_trials lanes
):
    """Put the rows tried into the table."""
    for j in range(X.shape[1]):
        for trial in range(rows.shape[0]):
            table[j, trial] = np.float64(X[rows[trial], j])


@kernel
def dense_keep(
    X,  # IN (n_samples, n_features)
    row,  # IN: the row kept
    trial,  # IN: which trial it was
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    distances,  # IN (n_samples or 0, n_lanes)
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
):
    """Bring ``closest`` up to date where the row kept is nearer."""
    if 0 < distances.size <= FEW_DISTANCES:
        for i in range(start * BLOCK_ROWS, min(stop * BLOCK_ROWS, X.shape[0])):
            closest[i] = distances[i, trial] if distances[i, trial] < closest[i] else closest[i]
        return
    kept = np.empty(X.shape[1])
    for j in range(X.shape[1]):
        kept[j] = np.float64(X[row, j])
    listed = np.empty(BLOCK_ROWS, dtype=np.uint32)
    for block in range(start, stop):
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, X.shape[0])
        n_rows = nearer_rows(nearer, trial, first, last, listed)
        if distances.shape[0] > 0:
            for place in range(n_rows):
                closest[listed[place]] = distances[listed[place], trial]
            continue
        # Additions in order wait for one another: those of four rows do so side by side.
        for place in range(0, n_rows, 4):
            a = listed[place]
            b = listed[min(place + 1, n_rows - 1)]
            c = listed[min(place + 2, n_rows - 1)]
            d = listed[min(place + 3, n_rows - 1)]
            total_a, total_b, total_c, total_d = 0.0, 0.0, 0.0, 0.0
            for j in range(np.uint64(X.shape[1])):
                of_a = np.float64(X[a, j]) - kept[j]
                of_b = np.float64(X[b, j]) - kept[j]
                of_c = np.float64(X[c, j]) - kept[j]
                of_d = np.float64(X[d, j]) - kept[j]
                total_a += of_a * of_a
                total_b += of_b * of_b
                total_c += of_c * of_c
                total_d += of_d * of_d
            closest[a], closest[b], closest[c], closest[d] = total_a, total_b, total_c, total_d


@kernel
def dense_draw(
    X,  # IN (n_samples, n_features)
    row,  # IN: the row kept last
    trial,  # IN: which trial it was
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    distances,  # IN (n_samples or 0, n_lanes)
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
            dense_keep(X, row, trial, nearer, distances, block, block + 1, closest)
        if block != summed:
            sum_rows(weights, closest, block, sums)
            summed = block
        rows[t] = find_row(weights.shape[0], block, before, sums, drawn, 0.0)


@kernel
def dense_step(
    X,  # IN (n_samples, n_features)
    row,  # IN: the row kept last
    trial,  # IN: which trial it was
    table,  # IN (n_features, n_lanes): the rows to try
    weights,  # IN (n_samples,)
    vectors,  # IN: a tuple with one entry for 8 lanes
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
    stale,  # IN/OUT (n_blocks,), blocks start..stop: whether closest is to be brought up to date
    nearer,  # IN/OUT (n_samples, n_lanes / 8) uint8, blocks start..stop: of the trials before, now
    distances,  # IN/OUT (n_samples or 0, n_lanes), blocks start..stop: the same
    potentials,  # OUT (n_blocks, n_lanes), blocks start..stop
):
    """Which trials are nearer than ``closest``, and what they leave: the deciding sum's bits."""
    for block in range(start, stop):
        if stale[block]:
            dense_keep(X, row, trial, nearer, distances, block, block + 1, closest)
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, X.shape[0])
        dense_trials(
            X,
            table,
            closest,
            weights,
            first,
            last,
            vectors,
            nearer,
            distances,
            potentials,
            block,
        )
        stale[block] = True
