"""Kernels over rows in spatial blocks: the sort into blocks, and centers pruned box by box.

Blocks are leaves of a tree with FANOUT children a node. A node hands its children only those
centers that can be nearest somewhere in its box, as in the filtering of Pelleg & Moore 1999 and
Kanungo et al. 2002; the few that reach a block are compared by the deciding sum.
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
    constants,
    load,
    splat,
    store,
    usable,
    vector_type,
)

# Squared distances above this may overflow where they are compared: nothing is pruned there.
HUGE = 1e300

# Rows of a part that are looked at for its widest feature.
SAMPLE = 64

# Rows are looked at by lines of two vectors: with their least distances and the places of those
# they fit the 16 registers of AVX2.
LINE_VECTORS = (0, 0)
LINE = LANES64 * len(LINE_VECTORS)
BLOCK_LINES = 4
BLOCK_ROWS = LINE * BLOCK_LINES

# Children of a node: as many as a vector has lanes, so that their middles are one vector.
GROUP_VECTORS = (0,)
FANOUT = LANES64 * len(GROUP_VECTORS)

# Lists of centers are padded to a multiple of this, so that vectorised loops have no tail.
STRIDE = 32


@intrinsic
def _nearest(typingctx, points, node, centers, level, n_centers, vectors, places, line):
    """places[line, lane] = the center nearest to points[node, :, lane], by the deciding sum.

    points is (n_nodes, n_features, lanes) float64 and places (n_lines, lanes) int64; the tuple
    ``vectors`` has one entry for each vector of lanes. The centers are the first n_centers of
    centers[level], (n_features, n_padded); of equally near ones the lowest place. No instruction
    here may be fused or reordered, and LLVM does neither unless told to.
    """
    n_vectors = vectors.count
    vector = vector_type(types.float64)
    integers = ir.VectorType(ir.IntType(64), LANES64)

    def codegen(context, builder, signature, args):
        rows, table, out = (
            context.make_array(signature.args[at])(context, builder, args[at]) for at in (0, 2, 6)
        )
        intp = context.get_value_type(types.intp)
        place = context.cast(builder, args[1], signature.args[1], types.intp)
        floor = context.cast(builder, args[3], signature.args[3], types.intp)
        count = context.cast(builder, args[4], signature.args[4], types.intp)
        target = context.cast(builder, args[7], signature.args[7], types.intp)
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
        nearest = variables(ir.Constant(integers, None))
        with cgutils.for_range(builder, count, intp=intp) as candidate:
            for v in range(n_vectors):
                builder.store(zero, sums[v])
            with cgutils.for_range(builder, n_features, intp=intp) as feature:
                c = builder.add(builder.mul(feature.index, width), candidate.index)
                center = splat(builder, vector, builder.load(builder.gep(listed, [c])))
                line = builder.gep(first, [builder.mul(feature.index, lanes)])
                for v in range(n_vectors):
                    x = load(builder, vector, at(line, v), 8)
                    difference = builder.fsub(x, center)
                    square = builder.fmul(difference, difference)
                    builder.store(builder.fadd(builder.load(sums[v]), square), sums[v])
            index = splat(builder, integers, candidate.index)
            for v in range(n_vectors):
                total, old = builder.load(sums[v]), builder.load(least[v])
                nearer = builder.fcmp_ordered("<", total, old)
                builder.store(builder.select(nearer, total, old), least[v])
                builder.store(builder.select(nearer, index, builder.load(nearest[v])), nearest[v])
        for v in range(n_vectors):
            store(builder, builder.load(nearest[v]), at(answer, v), 8)
        return context.get_dummy_value()

    return types.void(points, node, centers, level, n_centers, vectors, places, line), codegen


def _nearest_in_numpy(points, node, centers, level, n_centers, vectors, places, line):
    totals = np.zeros((n_centers, points.shape[2]))
    for j in range(points.shape[1]):
        totals += (points[node, j] - centers[level, j, :n_centers, None]) ** 2
    places[line] = np.argmin(totals, axis=0)


nearest = usable(_nearest, _nearest_in_numpy)


@kernel
def partition(
    keys,  # IN/OUT (n_samples,)
    order,  # IN/OUT (n_samples,): moved as the keys are
    start,  # IN: first of those to reorder
    stop,  # IN: and the one to stop before
    place,  # IN: within start..stop
):
    """Reorder start..stop until no key before ``place`` exceeds one from there on.

    Hoare's selection with the median of three keys taken anywhere, so that no common pattern makes
    it slow. Rows change places without a branch, which could not be foretold.
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
            # The pivot is the least: set all its equals aside, or duplicates would take for ever.
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
    size,  # IN: rows of a part; a power of two times until
    until,  # IN
    start,  # IN: first part
    stop,  # IN: part to stop before
    order,  # IN/OUT (n_samples,): row numbers, part after part
    keys,  # scratch (n_samples,), of the dtype of X
):
    """Halve parts start..stop along their widest features until they have ``until`` rows."""
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
    low,  # IN (n_nodes, n_features): of boxes
    high,  # IN (n_nodes, n_features)
    node,  # IN: which box
    centers,  # IN (n_levels + 1, n_features, n_padded)
    level,  # IN: which centers
    n_centers,  # IN: how many of them; what lies beyond is of no account
    pivot,  # IN: one of them, likely to be near the whole box
    gaps,  # scratch (n_padded,)
    kept,  # OUT (n_padded + 1,): places of the centers left, ascending
):
    """List the centers that may be nearest to some row in the box; return how many.

    |x - c|^2 - |x - p|^2 is linear in x, so its least value G over the box is at the corner that
    lies towards c from the pivot p. With unit roundoff u = EPS / 2, gamma_m = m u / (1 - m u)
    (Higham 2002, 3.1), d features, and F the greatest squared distance from p to the box: the
    gap computed here is within gamma_(d+4) (G + 2 F) of G. The deciding sums of any row are
    within gamma_(d+2) of theirs, so c loses to p in every row if G > 2 gamma_(d+2) F / (1 -
    gamma_(d+2)). Both hold with room to spare if the gap exceeds 32 (d + 4) u F. What squares lose
    by underflow, at most 2^-1074 each, is far below UNDERFLOW. Below HUGE no distance to p
    overflows, and one to c that does is greater. The pivot itself and centers as near are kept:
    their gap is not positive.
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
            # The corner where c is best off against the pivot.
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
    points,  # IN (n_blocks * n_lines, n_features, LINE)
    n_lines,  # IN: lines of a block, which a constant would unroll
    low,  # IN (n_nodes, n_features): of each node's box, level after level from the blocks up
    high,  # IN (n_nodes, n_features)
    middles,  # IN (n_groups, n_features, FANOUT): of the boxes
    first_nodes,  # IN (n_levels,): where each level starts in low and high
    first_groups,  # IN (n_levels,): and in middles
    centers_t,  # IN (n_features, n_padded)
    n_clusters,  # IN
    order,  # IN (n_samples,)
    start,  # IN: first block
    stop,  # IN: block to stop before
    own,  # IN/OUT (n_samples,) labels in the order of the blocks
    labels,  # IN/OUT (n_samples,)
):
    """Label the rows of blocks start..stop; return how many labels changed.

    Blocks are taken in order, and a node is pruned when its first block comes up, or at start.
    The pivots of a group of siblings are the centers nearest to the middles of their boxes.
    """
    n_levels = len(first_nodes)
    n_features, n_padded = centers_t.shape
    n_rows = n_lines * LINE
    # Level n_levels is all centers, each level below what its present node keeps of the one above.
    ids = np.empty((n_levels + 1, n_padded), dtype=np.int64)
    pivots = np.empty((n_levels, FANOUT), dtype=np.int64)
    found = np.empty((n_lines, LINE), dtype=np.int64)
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
                nearest(middles, group, centers, above, counts[above], GROUP_VECTORS, pivots, level)
            n_kept = narrow(
                low,
                high,
                first_nodes[level] + node,
                centers,
                above,
                counts[above],
                pivots[level, node % FANOUT],
                gaps,
                kept,
            )
            counts[level] = n_kept
            for i in range(n_kept):
                ids[level, i] = ids[above, kept[i]]
            for j in range(n_features):
                for i in range(n_kept):
                    centers[level, j, i] = centers[above, j, kept[i]]
                for i in range(n_kept, round_up(n_kept, STRIDE)):
                    centers[level, j, i] = 0.0
        for line in range(n_lines):
            nearest(
                points,
                block * n_lines + line,
                centers,
                0,
                counts[0],
                LINE_VECTORS,
                found,
                line,
            )
            first = block * n_rows + line * LINE
            n_own = min(LINE, own.shape[0] - first)
            n_other = 0
            for r in range(n_own):
                found[line, r] = ids[0, found[line, r]]
                n_other += own[first + r] != found[line, r]
            if n_other > 0:
                n_moved += n_other
                for r in range(n_own):
                    if own[first + r] != found[line, r]:
                        own[first + r] = found[line, r]
                        labels[order[first + r]] = found[line, r]
    return n_moved
