"""Kernels of greedy k-means++ that all storages share, and the kernels of dense rows.

``closest`` is the squared distance of each row to the nearest row kept so far. A step draws some
rows in proportion to weight * ``closest``. It computes the potential of each of these trials, and
keeps the best one. Potentials are sums over all rows: rows are added in order within blocks of
``BLOCK_ROWS``, then the blocks in order. So neither threads nor storages change a bit.

A step stores a bit for each row and trial in ``nearer`` (n_samples, n_lanes / 8): whether the trial
is nearer than ``closest``. If the bit of the best trial is set, ``closest`` becomes the distance to
that trial. If memory allows, the step has stored the distance in ``distances`` (n_samples,
n_lanes), which takes 64 bytes for a row. Otherwise ``distances`` has no rows, and the distance is
computed again. The next step updates ``closest`` when it reads the rows. Before that, only the
blocks that rows are drawn from are updated. The other blocks are ``stale`` until then.

``table`` holds the trials, transposed: (n_features, n_lanes) float64, n_lanes a multiple of 8.
"""

import numpy as np

from kmeans_core.kernels.centers import total
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.exact import dense_trials
from kmeans_core.kernels.vectors.ir import LANES64

BLOCK_ROWS = 256

# This many distances fit in the cache. Then it is faster to read all of them than to list some.
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
        added = 0.0
        for i in range(first, min(first + BLOCK_ROWS, weights.shape[0])):
            added += weights[i] * closest[i]
        totals[block] = added


@kernel
def find_block(
    totals,  # IN (n_blocks,): sums of weight * closest
    drawn,  # IN: a number from 0 to the sum of totals
):
    """The first block at whose end the sum reaches ``drawn``, and the sum before this block."""
    block = 0
    before = 0.0
    while block + 1 < totals.shape[0] and before + totals[block] < drawn:
        before += totals[block]
        block += 1
    return block, before


@kernel
def find_rows(
    weights,  # IN (n_samples,)
    closest,  # IN (n_samples,), up to date in the blocks that numbers draw from
    totals,  # IN (n_blocks,): sums of weight * closest
    uniforms,  # IN (n_trials,), each from 0 to 1
    margin,  # IN: bound on the error of the sums; 0 if they are exact
    rows,  # OUT (n_trials,)
):
    """Find the first row up to which the sums reach each number times their total.

    Return False if an error within the margin might change a row.
    """
    potential = total(totals)
    sums, summed = np.empty(BLOCK_ROWS), -1
    for t in range(uniforms.shape[0]):
        drawn = uniforms[t] * potential
        block, before = find_block(totals, drawn)
        first = block * BLOCK_ROWS
        n_rows = min(BLOCK_ROWS, weights.shape[0] - first)
        if block != summed:
            summed = block
            added = 0.0
            for i in range(n_rows):
                added += weights[first + i] * closest[first + i]
                sums[i] = added
        low, high = 0, n_rows - 1
        while low < high:
            middle = (low + high) // 2
            if before + sums[middle] < drawn:
                low = middle + 1
            else:
                high = middle
        below = before if low == 0 else before + sums[low - 1]
        if margin > 0.0 and not (drawn - below > margin and before + sums[low] - drawn > margin):
            return False
        rows[t] = first + low
    return True


@kernel
def rows_at(
    cumulative,  # IN (n_samples,): ascending to 1
    guide,  # IN (n_buckets + 1,): the row at each multiple of 1 / n_buckets, a power of 2
    uniforms,  # IN (n_rows,), each from 0 to below 1
    rows,  # OUT (n_rows,)
):
    """Find the first row whose cumulative weight exceeds each number (Chen and Asau 1974)."""
    n_buckets = guide.shape[0] - 1
    for i in range(uniforms.shape[0]):
        bucket = int(uniforms[i] * n_buckets)  # exact, because n_buckets is a power of 2
        low, high = guide[bucket], guide[bucket + 1]
        while low < high:
            middle = (low + high) // 2
            if cumulative[middle] > uniforms[i]:
                high = middle
            else:
                low = middle + 1
        rows[i] = low


@kernel
def least_potential(
    potentials,  # IN (n_blocks, n_lanes): sums of weight * min(closest, squared distance)
    n_trials,  # IN
    sums,  # OUT (n_lanes,): the potentials of all rows
):
    """The first trial with the least potential."""
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
    rows,  # OUT (at least last - first,)
):
    """List the rows of first..last to which the trial is nearer; return their number."""
    column, bit = trial // LANES64, trial % LANES64
    n_rows = 0
    for i in range(first, last):
        # There is no branch, because it could not be predicted.
        rows[n_rows] = i
        n_rows += (nearer[i, column] >> bit) & 1
    return n_rows


@kernel
def put_dense(
    X,  # IN (n_samples, n_features)
    rows,  # IN (n_trials,): the trials
    table,  # OUT (n_features, n_lanes), the first n_trials lanes
):
    """Put the trials into the table."""
    for j in range(X.shape[1]):
        for trial in range(rows.shape[0]):
            table[j, trial] = np.float64(X[rows[trial], j])


@kernel
def dense_keep(
    X,  # IN (n_samples, n_features)
    row,  # IN: the kept row
    trial,  # IN: the lane of this row when it was a trial
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    distances,  # IN (n_samples or 0, n_lanes)
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
):
    """Update ``closest`` of the rows to which the kept row is nearer."""
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
        # An addition waits for the one before it, so four rows are added side by side.
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
    row,  # IN: the row that was kept last
    trial,  # IN: the lane of this row when it was a trial
    nearer,  # IN (n_samples, n_lanes / 8) uint8
    distances,  # IN (n_samples or 0, n_lanes)
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
            dense_keep(X, row, trial, nearer, distances, block, block + 1, closest)
    find_rows(weights, closest, totals, uniforms, 0.0, rows)


@kernel
def dense_step(
    X,  # IN (n_samples, n_features)
    row,  # IN: the row that was kept last
    trial,  # IN: the lane of this row when it was a trial
    table,  # IN (n_features, n_lanes): the new trials
    weights,  # IN (n_samples,)
    vectors,  # IN: a tuple with one entry for every 8 lanes
    start,  # IN: first block of rows
    stop,  # IN: block to stop before
    closest,  # IN/OUT (n_samples,), blocks start..stop
    stale,  # IN/OUT (n_blocks,), blocks start..stop: True if closest is not up to date
    nearer,  # IN/OUT (n_samples, n_lanes / 8) uint8, blocks start..stop: of old, then new trials
    distances,  # IN/OUT (n_samples or 0, n_lanes), blocks start..stop: of the same trials
    potentials,  # OUT (n_blocks, n_lanes), blocks start..stop
):
    """Compare the rows with the trials by the exact distance; write bits and potentials."""
    for block in range(start, stop):
        if stale[block]:
            dense_keep(X, row, trial, nearer, distances, block, block + 1, closest)
        first = block * BLOCK_ROWS
        last = min(first + BLOCK_ROWS, X.shape[0])
        dense_trials(
            X, table, closest, weights, first, last, vectors, nearer, distances, potentials, block
        )
        stale[block] = True
