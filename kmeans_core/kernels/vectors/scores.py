"""Explicit vectors of the filter for few clusters: scores of rows against centers, in float32.

Their products and sums may be fused and reordered, so they serve as filters only.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from kmeans_core.kernels.vectors.ir import (
    LANES32,
    add_lanes,
    arrays,
    constants,
    integers,
    load,
    multiply_add,
    prefetch_entries,
    splat,
    store,
    usable,
    vector_type,
    zeros,
)

# The rows of a tile in vectors, and the centers that it is compared with at once: 16 sums hide the
# time of an addition, and eight loads serve 16 multiply-adds.
FILTER_VECTORS = 4
FILTER_ROWS = LANES32 * FILTER_VECTORS
FILTER_CENTERS = 4

# With features in lanes, this many rows are multiplied with FILTER_CENTERS centers at once.
SIDE_ROWS = 4

_LABELS = ir.VectorType(ir.IntType(32), LANES32)


def _score_rows_in_numpy(tile, table, half_norms, nearest, leasts, seconds):
    with np.errstate(over="ignore", invalid="ignore"):
        scores = half_norms[:, None] - table[:, : len(tile)] @ tile
    nearest[:] = np.argmin(scores, axis=0)
    leasts[:], seconds[:] = np.sort(scores, axis=0)[:2]


@intrinsic
def _score_rows(typingctx, tile, table, half_norms, nearest, leasts, seconds):
    """Find the two least scores, half_norms[c] - row . table[c], of each row of a float32 tile.

    nearest[r] gets the center of the least score; if scores are equal, the lowest center. table is
    (n_padded, at least n_features) float32, and n_padded is a multiple of ``FILTER_CENTERS``.
    """
    single = vector_type(types.float32)
    numbered = ir.VectorType(ir.IntType(32), LANES32)

    def codegen(context, builder, signature, args):
        points, centers, norms, places, firsts, others = arrays(
            context, builder, signature, args, range(6)
        )
        intp = context.get_value_type(types.intp)
        zero = ir.Constant(intp, 0)
        count, width = cgutils.unpack_tuple(builder, centers.shape, 2)
        length = cgutils.unpack_tuple(builder, points.shape, 2)[0]
        index = zeros(builder, numbered, FILTER_VECTORS)
        least, second = (zeros(builder, single, FILTER_VECTORS) for _ in range(2))
        for place in (*least, *second):
            builder.store(constants(single, [float("inf")] * LANES32), place)
        sums = [zeros(builder, single, FILTER_VECTORS) for _ in range(FILTER_CENTERS)]
        step = ir.Constant(intp, FILTER_CENTERS)
        with cgutils.for_range_slice(builder, zero, count, step, intp) as (c, _):
            for total in (total for of_center in sums for total in of_center):
                builder.store(ir.Constant(single, None), total)
            numbers = [builder.add(c, ir.Constant(intp, p)) for p in range(FILTER_CENTERS)]
            starts = [builder.gep(centers.data, [builder.mul(at, width)]) for at in numbers]
            with cgutils.for_range(builder, length, intp=intp) as loop:
                line = builder.mul(loop.index, ir.Constant(intp, FILTER_ROWS))
                places_of_x = [
                    builder.add(line, ir.Constant(intp, v * LANES32)) for v in range(FILTER_VECTORS)
                ]
                x = [load(builder, single, builder.gep(points.data, [at])) for at in places_of_x]
                for start, of_center in zip(starts, sums, strict=True):
                    value = builder.load(builder.gep(start, [loop.index]))
                    center = splat(builder, single, value)
                    for v, total in enumerate(of_center):
                        multiply_add(builder, x[v], center, total)
            for at, of_center in zip(numbers, sums, strict=True):
                norm = splat(builder, single, builder.load(builder.gep(norms.data, [at])))
                label = splat(builder, numbered, builder.trunc(at, ir.IntType(32)))
                for v, total in enumerate(of_center):
                    score, old = builder.fsub(norm, builder.load(total)), builder.load(least[v])
                    nearer = builder.fcmp_ordered("<", score, old)
                    worse, rest = builder.select(nearer, old, score), builder.load(second[v])
                    lesser = builder.select(builder.fcmp_ordered("<", worse, rest), worse, rest)
                    builder.store(lesser, second[v])
                    builder.store(builder.select(nearer, score, old), least[v])
                    chosen = builder.select(nearer, label, builder.load(index[v]))
                    builder.store(chosen, index[v])
        for answers, out in ((index, places), (least, firsts), (second, others)):
            for v, answer in enumerate(answers):
                at = builder.gep(out.data, [ir.Constant(intp, v * LANES32)])
                store(builder, builder.load(answer), at)
        return context.get_dummy_value()

    return types.void(tile, table, half_norms, nearest, leasts, seconds), codegen


score_rows = usable(_score_rows, _score_rows_in_numpy)


def _settle_rows_in_numpy(nearest, leasts, seconds, squares, bound, first, labels, row):
    with np.errstate(over="ignore", invalid="ignore"):
        is_known = seconds - leasts > bound[0] * squares + bound[1]
    is_known &= squares < bound[2]
    counted = np.arange(FILTER_ROWS) >= first
    old = labels[row : row + FILTER_ROWS]
    n_moved = np.count_nonzero(is_known & counted & (old != nearest))
    old[is_known] = nearest[is_known]
    bits = np.packbits(~is_known & counted, bitorder="little").view(np.uint64)[0]
    return bits, np.uint64(n_moved)


@intrinsic
def _settle_rows(typingctx, nearest, leasts, seconds, squares, bound, first, labels, row):
    """Label the rows of a filter's tile whose two least scores differ enough.

    These are the rows r from ``first`` on with seconds[r] - leasts[r] > bound[0] * squares[r] +
    bound[1] and squares[r] < bound[2]. Return one bit for each other row from ``first`` on, and how
    many labels changed.
    """
    single = vector_type(types.float32)

    def codegen(context, builder, signature, args):
        found = arrays(context, builder, signature, args, (0, 1, 2, 3, 4, 6))
        start, place = integers(context, builder, signature, args, (5, 7))
        bits, intp = ir.IntType(FILTER_ROWS), place.type
        share, rest, most = (
            splat(builder, single, builder.load(builder.gep(found[4].data, [ir.Constant(intp, b)])))
            for b in range(3)
        )
        is_open = is_changed = ir.Constant(bits, 0)
        for v in range(FILTER_VECTORS):
            at = [ir.Constant(intp, v * LANES32)]
            vectors = _LABELS, single, single, single
            number, least, second, square = (
                load(builder, kind, builder.gep(array.data, at))
                for kind, array in zip(vectors, found, strict=False)
            )
            needed = builder.fadd(builder.fmul(share, square), rest)
            is_far = builder.fcmp_ordered(">", builder.fsub(second, least), needed)
            is_known = builder.and_(is_far, builder.fcmp_ordered("<", square, most))
            target = builder.gep(found[5].data, [builder.add(place, at[0])])
            old = load(builder, _LABELS, target)
            store(builder, builder.select(is_known, number, old), target)
            is_new = builder.and_(is_known, builder.icmp_signed("!=", number, old))
            shift = ir.Constant(bits, v * LANES32)
            both = []
            for lanes in (builder.not_(is_known), is_new):
                mask = builder.zext(builder.bitcast(lanes, ir.IntType(LANES32)), bits)
                both.append(builder.shl(mask, shift))
            is_open, is_changed = builder.or_(is_open, both[0]), builder.or_(is_changed, both[1])
        counted = builder.shl(ir.Constant(bits, -1), start)
        n_moved = builder.ctpop(builder.and_(is_changed, counted))
        answers = builder.and_(is_open, counted), n_moved
        return context.make_tuple(builder, signature.return_type, answers)

    arguments = nearest, leasts, seconds, squares, bound, first, labels, row
    return types.UniTuple(types.uint64, 2)(*arguments), codegen


settle_rows = usable(_settle_rows, _settle_rows_in_numpy)


def _row_products_in_numpy(X, row, origin, table, products, squares):
    n_features = X.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        x = (X[row : row + SIDE_ROWS] - origin[:n_features]).astype(np.float32)
        products[:] = x @ table[:, :n_features].T
        squares[:] = np.sum(x**2, axis=1)


@intrinsic
def _row_products(typingctx, X, row, origin, table, products, squares):
    """Write products[r, c] = (X[row + r] - origin) . table[c] for SIDE_ROWS rows.

    Features lie in lanes. The last vector of a row may extend into the next row, so X must have one
    more row. There table (FILTER_CENTERS, n_padded) holds zeros. squares[r] gets the squared length
    of a row or more, up to rounding.
    """
    single = vector_type(types.float32)

    def codegen(context, builder, signature, args):
        values, middle, centers, target, lengths = arrays(
            context, builder, signature, args, (0, 2, 3, 4, 5)
        )
        intp = context.get_value_type(types.intp)
        source = ir.VectorType(vector_type(X.dtype).element, LANES32)
        (first,) = integers(context, builder, signature, args, (1,))
        n_features = cgutils.unpack_tuple(builder, values.shape, 2)[1]
        width = cgutils.unpack_tuple(builder, centers.shape, 2)[1]
        sums = [zeros(builder, single, FILTER_CENTERS + 1) for _ in range(SIDE_ROWS)]
        starts = [
            builder.gep(
                values.data, [builder.mul(builder.add(first, ir.Constant(intp, r)), n_features)]
            )
            for r in range(SIDE_ROWS)
        ]
        lines = [
            builder.gep(centers.data, [builder.mul(width, ir.Constant(intp, c))])
            for c in range(FILTER_CENTERS)
        ]
        zero, step = ir.Constant(intp, 0), ir.Constant(intp, LANES32)
        with cgutils.for_range_slice(builder, zero, width, step, intp) as (j, _):
            # Prefetch the next rows, one cache line after another, as in _columns.
            ahead = builder.mul(builder.add(n_features, j), ir.Constant(intp, SIDE_ROWS))
            count = ir.Constant(intp, LANES32 * SIDE_ROWS)
            prefetch_entries(builder, builder.gep(starts[0], [ahead]), count)
            shift = load(builder, source, builder.gep(middle.data, [j]))
            right = [load(builder, single, builder.gep(line, [j])) for line in lines]
            for start, totals in zip(starts, sums, strict=True):
                x = load(builder, source, builder.gep(start, [j]))
                x = builder.fsub(x, shift)
                if X.dtype.bitwidth > 32:
                    x = builder.fptrunc(x, single)
                for factor, total in zip((*right, x), totals, strict=True):
                    multiply_add(builder, x, factor, total)
        for r, totals in enumerate(sums):
            answers = [add_lanes(builder, builder.load(total)) for total in totals]
            builder.store(answers.pop(), builder.gep(lengths.data, [ir.Constant(intp, r)]))
            for c, answer in enumerate(answers):
                at = ir.Constant(intp, r * FILTER_CENTERS + c)
                builder.store(answer, builder.gep(target.data, [at]))
        return context.get_dummy_value()

    return types.void(X, row, origin, table, products, squares), codegen


row_products = usable(_row_products, _row_products_in_numpy)
