"""Explicit vectors that keep the bits of the exact distance: float64, in order, nothing fused.

Each lane is a center (or a trial of k-means++), and adds the features in order.
``fused.py`` has the faster vectors, which need a rounding bound.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from kmeans_core.kernels.vectors.ir import (
    LANES64,
    arrays,
    constants,
    integers,
    load,
    prefetch_entries,
    splat,
    store,
    usable,
    vector_type,
    zeros,
)


def _squared_differences_in_numpy(X, row, table, column, vectors, out):
    stop = column + len(vectors) * LANES64
    total = np.zeros(stop - column)
    with np.errstate(over="ignore"):
        for j in range(X.shape[1]):
            total += (np.float64(X[row, j]) - table[j, column:stop]) ** 2
    out[column:stop] = total


@intrinsic
def _squared_differences(typingctx, X, row, table, column, vectors, out):
    """out[column + lane] = sum over j, in order, of (X[row, j] - table[j, column + lane])^2.

    table is (n_features, n_padded) float64; the tuple ``vectors`` has one entry for each vector.
    """
    vector = vector_type(types.float64)
    n_vectors = vectors.count

    def codegen(context, builder, signature, args):
        rows, right, target = arrays(context, builder, signature, args, (0, 2, 5))
        place, offset = integers(context, builder, signature, args, (1, 3))
        intp = place.type
        n_features, width = cgutils.unpack_tuple(builder, right.shape, 2)
        start = builder.gep(rows.data, [builder.mul(place, n_features)])
        sums = zeros(builder, vector, n_vectors)
        with cgutils.for_range(builder, n_features, intp=intp) as loop:
            value = builder.load(builder.gep(start, [loop.index]))
            value = context.cast(builder, value, signature.args[0].dtype, types.float64)
            x = splat(builder, vector, value)
            line = builder.gep(right.data, [builder.add(builder.mul(loop.index, width), offset)])
            for v in range(n_vectors):
                at = builder.gep(line, [ir.Constant(intp, v * LANES64)])
                difference = builder.fsub(x, load(builder, vector, at))
                square = builder.fmul(difference, difference)
                builder.store(builder.fadd(builder.load(sums[v]), square), sums[v])
        for v in range(n_vectors):
            at = builder.add(offset, ir.Constant(intp, v * LANES64))
            store(builder, builder.load(sums[v]), builder.gep(target.data, [at]))
        return context.get_dummy_value()

    return types.void(X, row, table, column, vectors, out), codegen


squared_differences = usable(_squared_differences, _squared_differences_in_numpy)


def _line_to_keep(builder, kept, row, n_vectors):
    """Where to store the distances of a row: its row of ``kept``, or a place that nobody reads."""
    vector = vector_type(types.float64)
    intp = row.type
    n_rows, width = cgutils.unpack_tuple(builder, kept.shape, 2)
    elsewhere = cgutils.alloca_once(builder, vector, size=n_vectors)
    elsewhere = builder.bitcast(elsewhere, kept.data.type)
    line = builder.gep(kept.data, [builder.mul(row, width)])
    is_kept = builder.icmp_signed(">", n_rows, ir.Constant(intp, 0))
    return builder.select(is_kept, line, elsewhere)


def _mark_lanes(builder, distances, limit, factor, mask, line, added):
    """Store distances and a bit for each below ``limit``; add factor * min(distance, limit)."""
    for v, distance in enumerate(distances):
        store(builder, distance, builder.gep(line, [ir.Constant(ir.IntType(64), v * LANES64)]))
        nearer = builder.fcmp_ordered("<", distance, limit)
        bits = builder.bitcast(nearer, ir.IntType(LANES64))
        builder.store(bits, builder.gep(mask, [ir.Constant(ir.IntType(64), v)]))
        kept = builder.select(nearer, distance, limit)
        total = builder.fadd(builder.load(added[v]), builder.fmul(factor, kept))
        builder.store(total, added[v])


def _mark_nearer_in_numpy(distances, closest, weight, vectors, nearer, row, kept, sums, block):
    n_lanes = len(vectors) * LANES64
    is_nearer = distances[:n_lanes] < closest
    nearer[row] = np.packbits(is_nearer, bitorder="little")
    if len(kept) > 0:
        kept[row] = distances[:n_lanes]
    sums[block] += weight * np.where(is_nearer, distances[:n_lanes], closest)


@intrinsic
def _mark_nearer(typingctx, distances, closest, weight, vectors, nearer, row, kept, sums, block):
    """nearer[row] = a bit for each lane whose distance is less than ``closest``.

    sums[block] += weight * min(distances, closest), lane by lane. If ``kept`` has rows,
    kept[row] = distances.
    """
    vector = vector_type(types.float64)
    n_vectors = vectors.count

    def codegen(context, builder, signature, args):
        array, marks, room, totals = arrays(context, builder, signature, args, (0, 4, 6, 7))
        line, place = integers(context, builder, signature, args, (5, 8))
        intp = line.type
        mask = builder.gep(marks.data, [builder.mul(line, ir.Constant(intp, n_vectors))])
        start = builder.mul(place, ir.Constant(intp, n_vectors * LANES64))
        limit, factor = (splat(builder, vector, args[at]) for at in (1, 2))
        at = [ir.Constant(intp, v * LANES64) for v in range(n_vectors)]
        found = [load(builder, vector, builder.gep(array.data, [v])) for v in at]
        added = zeros(builder, vector, n_vectors)
        ends = [builder.gep(totals.data, [builder.add(start, v)]) for v in at]
        for total, end in zip(added, ends, strict=True):
            builder.store(load(builder, vector, end), total)
        target = _line_to_keep(builder, room, line, n_vectors)
        _mark_lanes(builder, found, limit, factor, mask, target, added)
        for total, end in zip(added, ends, strict=True):
            store(builder, builder.load(total), end)
        return context.get_dummy_value()

    arguments = (distances, closest, weight, vectors, nearer, row, kept, sums, block)
    return types.void(*arguments), codegen


mark_nearer = usable(_mark_nearer, _mark_nearer_in_numpy)


def _dense_trials_in_numpy(
    X, table, closest, weights, first, last, vectors, nearer, kept, sums, block
):
    sums[block] = 0.0
    found = np.empty(table.shape[1])
    for i in range(first, last):
        _squared_differences_in_numpy(X, i, table, 0, vectors, found)
        _mark_nearer_in_numpy(found, closest[i], weights[i], vectors, nearer, i, kept, sums, block)


@intrinsic
def _dense_trials(
    typingctx, X, table, closest, weights, first, last, vectors, nearer, kept, sums, block
):
    """``squared_differences`` and ``mark_nearer`` of rows first..last to the lanes of the table.

    sums[block] starts at 0. A tile of rows goes side by side, so that an addition need not wait for
    the one before it. Each row adds its features in order.
    """
    vector = vector_type(types.float64)
    n_vectors = vectors.count
    n_tile = 4 if n_vectors == 1 else 2

    def codegen(context, builder, signature, args):
        rows, right, limits, factors, marks, room, totals = arrays(
            context, builder, signature, args, (0, 1, 2, 3, 7, 8, 9)
        )
        begin, end, place = integers(context, builder, signature, args, (4, 5, 10))
        intp = place.type
        n_features, width = cgutils.unpack_tuple(builder, right.shape, 2)
        added = zeros(builder, vector, n_vectors)
        sums = [[cgutils.alloca_once(builder, vector) for _ in added] for _ in range(n_tile)]

        def add_row(line, start, j, totals_of_row):
            value = builder.load(builder.gep(start, [j]))
            value = context.cast(builder, value, signature.args[0].dtype, types.float64)
            x = splat(builder, vector, value)
            for column, total in zip(line, totals_of_row, strict=True):
                difference = builder.fsub(x, column)
                square = builder.fmul(difference, difference)
                builder.store(builder.fadd(builder.load(total), square), total)

        def tile(i, n_rows):
            places = [builder.add(i, ir.Constant(intp, r)) for r in range(n_rows)]
            starts = [builder.gep(rows.data, [builder.mul(at, n_features)]) for at in places]
            for total in (total for row in sums[:n_rows] for total in row):
                builder.store(ir.Constant(vector, None), total)
            if n_rows > 1:
                # The processor does not predict this many short streams by itself.
                length = builder.mul(n_features, ir.Constant(intp, n_rows))
                prefetch_entries(builder, builder.gep(starts[0], [length]), length)
            with cgutils.for_range(builder, n_features, intp=intp) as loop:
                line = builder.gep(right.data, [builder.mul(loop.index, width)])
                columns = [
                    load(builder, vector, builder.gep(line, [ir.Constant(intp, v * LANES64)]))
                    for v in range(n_vectors)
                ]
                for start, totals_of_row in zip(starts, sums, strict=False):
                    add_row(columns, start, loop.index, totals_of_row)
            for at, totals_of_row in zip(places, sums, strict=False):
                limit, factor = (
                    splat(builder, vector, builder.load(builder.gep(array.data, [at])))
                    for array in (limits, factors)
                )
                mask = builder.gep(marks.data, [builder.mul(at, ir.Constant(intp, n_vectors))])
                distances = [builder.load(total) for total in totals_of_row]
                target = _line_to_keep(builder, room, at, n_vectors)
                _mark_lanes(builder, distances, limit, factor, mask, target, added)

        one, step = ir.Constant(intp, 1), ir.Constant(intp, n_tile)
        n_whole = builder.mul(builder.sdiv(builder.sub(end, begin), step), step)
        whole = builder.add(begin, n_whole)
        with cgutils.for_range_slice(builder, begin, whole, step, intp) as (i, _):
            tile(i, n_tile)
        with cgutils.for_range_slice(builder, whole, end, one, intp) as (i, _):
            tile(i, 1)
        start = builder.mul(place, width)
        for v, total in enumerate(added):
            at = builder.gep(totals.data, [builder.add(start, ir.Constant(intp, v * LANES64))])
            store(builder, builder.load(total), at)
        return context.get_dummy_value()

    arguments = (X, table, closest, weights, first, last, vectors, nearer, kept, sums, block)
    return types.void(*arguments), codegen


dense_trials = usable(_dense_trials, _dense_trials_in_numpy)


def _expand_in_numpy(products, norm, norms, share, least, vectors):
    n_lanes = len(vectors) * LANES64
    with np.errstate(over="ignore", invalid="ignore"):
        both = norm + norms[:n_lanes]
        products[:n_lanes] = both - 2.0 * products[:n_lanes]
    return bool(np.all(products[:n_lanes] > share * both + least))


@intrinsic
def _expand(typingctx, products, norm, norms, share, least, vectors):
    """products = norm + norms - 2 * products; True if all exceed share * (norm + norms) + least."""
    vector = vector_type(types.float64)
    n_vectors = vectors.count

    def codegen(context, builder, signature, args):
        array, others = arrays(context, builder, signature, args, (0, 2))
        intp = context.get_value_type(types.intp)
        own, least_share, floor = (splat(builder, vector, args[at]) for at in (1, 3, 4))
        two = constants(vector, [2.0] * LANES64)
        good = ir.Constant(ir.IntType(1), 1)
        for v in range(n_vectors):
            at = [ir.Constant(intp, v * LANES64)]
            place = builder.gep(array.data, at)
            both = builder.fadd(own, load(builder, vector, builder.gep(others.data, at)))
            product = builder.fmul(two, load(builder, vector, place))
            distance = builder.fsub(both, product)
            store(builder, distance, place)
            limit = builder.fadd(builder.fmul(least_share, both), floor)
            exceeds = builder.fcmp_ordered(">", distance, limit)
            mask = builder.bitcast(exceeds, ir.IntType(LANES64))
            all_do = builder.icmp_signed("==", mask, ir.Constant(ir.IntType(LANES64), -1))
            good = builder.and_(good, all_do)
        return good

    return types.boolean(products, norm, norms, share, least, vectors), codegen


expand = usable(_expand, _expand_in_numpy)
