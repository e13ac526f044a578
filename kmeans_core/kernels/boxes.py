"""Kernels that sort rows into blocks of neighbors, and prune centers box by box.

Blocks are the leaves of a tree. Each node has FANOUT children. A node passes only those centers to
its children that can be nearest somewhere in its box (Pelleg & Moore 1999, Kanungo et al. 2002).
The exact distance compares the few centers that reach a block.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from kmeans_core.kernels.arrays import EPS, UNDERFLOW, ceil_div, round_up
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.ir import (
    LANES64,
    arrays,
    constants,
    integers,
    load,
    splat,
    store,
    usable,
    vector_type,
)

# Above this, squared distances may overflow when they are compared, so nothing is pruned.
HUGE = 1e300

# Rows that are read to find the widest feature of a range.
SAMPLE = 64

# A tile of rows has two vectors: with the least distances and the nearest centers, they fit in the
# 16 registers of AVX2.
TILE_VECTORS = (0, 0)
TILE_ROWS = LANES64 * len(TILE_VECTORS)
BLOCK_TILES = 4
BLOCK_ROWS = TILE_ROWS * BLOCK_TILES

# Children of a node. The middles of their boxes fill one vector.
FANOUT_VECTORS = (0,)
FANOUT = LANES64 * len(FANOUT_VECTORS)

# Lists of centers are padded to a multiple of this, so that vectorized loops have no tail.
STRIDE = 32


@intrinsic
def _nearest(typingctx, points, node, centers, level, n_centers, vectors, places, tile):
    """places[tile, lane] = the nearest center to points[node, :, lane], by the exact distance.

    points is (n_nodes, n_features, lanes) float64, and places is (n_tiles, lanes) int64. The tuple
    ``vectors`` has one entry for each vector of lanes. The centers are the first n_centers of
    centers[level], which is (n_features, n_padded). If several are equally near, the first one
    wins. No instruction may be fused or reordered, and LLVM does neither by default.
    """
    n_vectors = vectors.count
    vector = vector_type(types.float64)
    numbers = ir.VectorType(ir.IntType(64), LANES64)

    def codegen(context, builder, signature, args):
        rows, table, out = arrays(context, builder, signature, args, (0, 2, 6))
        place, floor, count, target = integers(context, builder, signature, args, (1, 3, 4, 7))
        intp = place.type
        _, n_features, width = cgutils.unpack_tuple(builder, table.shape, 3)
        lanes = ir.Constant(intp, n_vectors * LANES64)
        first = builder.gep(rows.data, [builder.mul(place, builder.mul(n_features, lanes))])
        listed = builder.gep(table.data, [builder.mul(floor, builder.mul(n_features, width))])
        answer = builder.gep(out.data, [builder.mul(target, lanes)])
        zero = ir.Constant(vector, None)
        infinity = constants(vector, [float("inf")] * LANES64)

        def variables(start):
            slots = [cgutils.alloca_once(builder, start.type) for _ in range(n_vectors)]
            for slot in slots:
                builder.store(start, slot)
            return slots

        def at(pointer, v):
            return builder.gep(pointer, [ir.Constant(intp, v * LANES64)])

        least, sums = variables(infinity), variables(zero)
        nearest = variables(ir.Constant(numbers, None))
        with cgutils.for_range(builder, count, intp=intp) as candidate:
            for v in range(n_vectors):
                builder.store(zero, sums[v])
            with cgutils.for_range(builder, n_features, intp=intp) as feature:
                c = builder.add(builder.mul(feature.index, width), candidate.index)
                center = splat(builder, vector, builder.load(builder.gep(listed, [c])))
                row = builder.gep(first, [builder.mul(feature.index, lanes)])
                for v in range(n_vectors):
                    x = load(builder, vector, at(row, v))
                    difference = builder.fsub(x, center)
                    square = builder.fmul(difference, difference)
                    builder.store(builder.fadd(builder.load(sums[v]), square), sums[v])
            index = splat(builder, numbers, candidate.index)
            for v in range(n_vectors):
                total, old = builder.load(sums[v]), builder.load(least[v])
                nearer = builder.fcmp_ordered("<", total, old)
                builder.store(builder.select(nearer, total, old), least[v])
                builder.store(builder.select(nearer, index, builder.load(nearest[v])), nearest[v])
        for v in range(n_vectors):
            store(builder, builder.load(nearest[v]), at(answer, v))
        return context.get_dummy_value()

    return types.void(points, node, centers, level, n_centers, vectors, places, tile), codegen


def _nearest_in_numpy(points, node, centers, level, n_centers, vectors, places, tile):
    totals = np.zeros((n_centers, points.shape[2]))
    for j in range(points.shape[1]):
        totals += (points[node, j] - centers[level, j, :n_centers, None]) ** 2
    places[tile] = np.argmin(totals, axis=0)


nearest = usable(_nearest, _nearest_in_numpy)


@kernel
def partition(
    keys,  # IN/OUT (n_samples,)
    order,  # IN/OUT (n_samples,): moves with the keys
    start,  # IN: first key to move
    stop,  # IN: key to stop before
    place,  # IN: between start and stop
):
    """Reorder start..stop so that no key before ``place`` exceeds a key from ``place`` on.

    This is Hoare's selection. The pivot is the median of three random keys, so that no common
    pattern makes it slow. Keys are swapped without a branch, which could not be predicted.
    """
    state = np.uint64(88172645463325252)
    while stop - start > 1:
        # xorshift (Marsaglia 2003)
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
        n = np.uint64(stop - start)
        a = keys[start + np.int64(state % n)]
        b = keys[start + np.int64((state >> np.uint64(20)) % n)]
        c = keys[start + np.int64((state >> np.uint64(40)) % n)]
        pivot = max(min(a, b), min(max(a, b), c))
        middle = start
        for i in range(start, stop):
            key = keys[i]
            row = order[i]
            keys[i] = keys[middle]
            order[i] = order[middle]
            keys[middle] = key
            order[middle] = row
            middle += key < pivot
        if middle == start:
            # The pivot is the least key. Its equals are set aside, or duplicates would never end.
            for i in range(start, stop):
                key = keys[i]
                row = order[i]
                keys[i] = keys[middle]
                order[i] = order[middle]
                keys[middle] = key
                order[middle] = row
                middle += key <= pivot
            if place < middle:
                return
        if place == middle:
            return
        if place < middle:
            stop = middle
        else:
            start = middle


@kernel
def split(
    X,  # IN (n_samples, n_features)
    size,  # IN: rows of a range; a power of two times until
    until,  # IN: rows of a range at the end
    start,  # IN: first range
    stop,  # IN: range to stop before
    order,  # IN/OUT (n_samples,): row numbers, range after range
    keys,  # SCRATCH (n_samples,), of the dtype of X
):
    """Halve ranges start..stop along their widest features until they have ``until`` rows."""
    n_samples, n_features = X.shape
    begin = start * size
    end = min(n_samples, stop * size)
    while size > until:
        half = size // 2
        for first in range(begin, end, size):
            last = min(first + size, end)
            if first + half >= last:
                continue
            step = ceil_div(last - first, SAMPLE)
            widest = 0
            width = X[0, 0] - X[0, 0]
            for j in range(n_features):
                low = X[order[first], j]
                high = low
                for i in range(first, last, step):
                    x = X[order[i], j]
                    low = min(low, x)
                    high = max(high, x)
                if high - low > width:
                    width = high - low
                    widest = j
            for i in range(first, last):
                keys[i] = X[order[i], widest]
            partition(keys, order, first, last, first + half)
        size = half


@kernel
def narrow(
    low,  # IN (n_nodes, n_features): least values of the boxes
    high,  # IN (n_nodes, n_features): greatest values of the boxes
    node,  # IN: the box
    centers,  # IN (n_levels + 1, n_features, n_padded)
    level,  # IN: the level of the centers
    n_centers,  # IN: the number of centers at this level
    pivot,  # IN: a center that is likely to be near the whole box
    gaps,  # SCRATCH (n_padded,)
    kept,  # OUT (n_padded + 1,): places of the remaining centers, ascending
):
    """List the centers that may be nearest to some row in the box; return their number.

    |x - c|^2 - |x - p|^2 is linear in x, so it is least at the corner of the box that lies toward c
    from the pivot p. Let G be this least value, u = EPS / 2 the unit roundoff, gamma_m =
    m u / (1 - m u) (Higham 2002, 3.1), d the number of features, and F the greatest squared
    distance from p to the box. The gap computed here is within gamma_(d+4) (G + 2 F) of G. The
    relative error of exact distances is at most gamma_(d+2). So p is nearer than c to every row if
    G > 2 gamma_(d+2) F / (1 - gamma_(d+2)). Both hold if the gap exceeds 32 (d + 4) u F. Squares
    lose at most 2^-1074 each by underflow, which is far below UNDERFLOW. Below HUGE no distance to
    p overflows, and a distance to c that overflows is greater. The gap of the pivot, and of centers
    that are as near, is not positive, so they are kept.
    """
    n_features = centers.shape[1]
    n_whole = round_up(n_centers, STRIDE)
    farthest = 0.0
    for c in range(n_whole):
        gaps[c] = 0.0
    for j in range(n_features):
        p = centers[level, j, pivot]
        below = low[node, j]
        above = high[node, j]
        to_below = (below - p) * (below - p)
        to_above = (above - p) * (above - p)
        farthest += max(to_below, to_above)
        for c in range(n_whole):
            # The corner at which the center has the least gap.
            center = centers[level, j, c]
            corner = above if center > p else below
            to_pivot = to_above if center > p else to_below
            difference = corner - center
            gaps[c] += difference * difference - to_pivot
    slack = 16 * (n_features + 4) * EPS * farthest + UNDERFLOW if farthest < HUGE else np.inf
    n_kept = 0
    for c in range(n_centers):
        kept[n_kept] = c
        n_kept += not gaps[c] > slack
    return n_kept


@kernel
def assign(
    points,  # IN (n_blocks * n_tiles, n_features, TILE_ROWS)
    n_tiles,  # IN: tiles of a block; numba would unroll the loop if this were a constant
    low,  # IN (n_nodes, n_features): least values of the boxes, level by level from the blocks up
    high,  # IN (n_nodes, n_features): greatest values of the boxes
    middles,  # IN (n_groups, n_features, FANOUT): middles of the boxes of siblings
    first_nodes,  # IN (n_levels,): the first node of each level in low and high
    first_groups,  # IN (n_levels,): the first group of siblings of each level in middles
    centers_t,  # IN (n_features, n_padded)
    n_clusters,  # IN
    order,  # IN (n_samples,)
    start,  # IN: first block
    stop,  # IN: block to stop before
    own,  # IN/OUT (n_samples,): labels in the order of the blocks
    labels,  # IN/OUT (n_samples,)
):
    """Label the rows of blocks start..stop; return how many labels changed.

    Blocks are taken in order. A node prunes its centers at its first block, or at start. The pivots
    of a group of siblings are the nearest centers to the middles of their boxes.
    """
    n_levels = len(first_nodes)
    n_features, n_padded = centers_t.shape
    n_rows = n_tiles * TILE_ROWS
    # Level n_levels has all centers. Each level below has the centers that its current node kept.
    ids = np.empty((n_levels + 1, n_padded), dtype=np.int64)
    pivots = np.empty((n_levels, FANOUT), dtype=np.int64)
    found = np.empty((n_tiles, TILE_ROWS), dtype=np.int64)
    counts = np.empty(n_levels + 1, dtype=np.int64)
    kept = np.empty(n_padded + 1, dtype=np.int64)
    gaps = np.empty(n_padded)
    centers = np.empty((n_levels + 1, n_features, n_padded))
    for c in range(n_clusters):
        ids[n_levels, c] = c
    for j in range(n_features):
        for c in range(n_padded):
            centers[n_levels, j, c] = centers_t[j, c]
    counts[n_levels] = n_clusters
    top_size = 1
    for _ in range(n_levels):
        top_size *= FANOUT
    n_moved = 0
    for block in range(start, stop):
        node_size = top_size
        for level in range(n_levels - 1, -1, -1):
            node_size //= FANOUT
            if block % node_size and block != start:
                continue
            node = block // node_size
            above = level + 1
            if node % FANOUT == 0 or block == start:
                group = first_groups[level] + node // FANOUT
                nearest(
                    middles, group, centers, above, counts[above], FANOUT_VECTORS, pivots, level
                )
            place, pivot = first_nodes[level] + node, pivots[level, node % FANOUT]
            n_kept = narrow(low, high, place, centers, above, counts[above], pivot, gaps, kept)
            counts[level] = n_kept
            for i in range(n_kept):
                ids[level, i] = ids[above, kept[i]]
            for j in range(n_features):
                for i in range(n_kept):
                    centers[level, j, i] = centers[above, j, kept[i]]
                for i in range(n_kept, round_up(n_kept, STRIDE)):
                    centers[level, j, i] = 0.0
        for tile in range(n_tiles):
            nearest(
                points, block * n_tiles + tile, centers, 0, counts[0], TILE_VECTORS, found, tile
            )
            first = block * n_rows + tile * TILE_ROWS
            n_own = min(TILE_ROWS, own.shape[0] - first)
            n_other = 0
            for r in range(n_own):
                found[tile, r] = ids[0, found[tile, r]]
                n_other += own[first + r] != found[tile, r]
            if n_other > 0:
                n_moved += n_other
                for r in range(n_own):
                    if own[first + r] != found[tile, r]:
                        own[first + r] = found[tile, r]
                        labels[order[first + r]] = found[tile, r]
    return n_moved
