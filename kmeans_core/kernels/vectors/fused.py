"""Explicit vectors for kernels: products of rows with many centers at once, and the least two.

numba's LLVM does not vectorise these loops by itself (its SLP pass is off and short loops are
unrolled before the loop vectoriser sees them), so they are written as vector instructions. All
are filters: they multiply and add in an order of their own, fused where the processor can, and
what they give is compared under a rounding bound, never trusted to the last bit.

How many vectors a panel of centers has is told by the length of a tuple, so that each number that
is used, and no other, is compiled, with its accumulators in registers.

With the JIT off none of this can run; NumPy stand-ins of the same names then do.
"""

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from kmeans_core.kernels.vectors.ir import (
    LANES,
    add_lanes,
    constants,
    load,
    multiply_add,
    prefetch_entries,
    reduce,
    splat,
    store,
    usable,
    vector_type,
    zeros,
)

# Rows of a tile for each number of vectors of a panel. AVX-512 and ARM have 32 registers, of which
# 24 hold sums; AVX2 has 16 of half the length.
_WIDE = bool(llvm.get_host_cpu_features().get("avx512f", False))
TILES = {1: 12, 2: 12, 3: 8, 4: 6} if _WIDE else {1: 6, 2: 3}
PANEL_VECTORS = max(TILES)
TILE_ROWS = TILES[PANEL_VECTORS]


@intrinsic
def _sparse_products(typingctx, data, indices, begin, end, table, column, vectors, out):
    """out[column + lane] = sum over positions begin..end of data * table[index, column + lane].

    table is (n_features, n_padded); the tuple ``vectors`` has one entry for each vector of lanes.
    """
    scalar = table.dtype
    vector = vector_type(scalar)
    n_vectors = vectors.count
    # A fused multiply-add takes about 4 cycles: independent chains keep the unit busy.
    n_chains = max(1, 4 // n_vectors)

    def codegen(context, builder, signature, args):
        arrays = [
            context.make_array(signature.args[at])(context, builder, args[at])
            for at in (0, 1, 4, 7)
        ]
        values, places, rows, target = arrays
        intp = context.get_value_type(types.intp)
        first = context.cast(builder, args[2], signature.args[2], types.intp)
        last = context.cast(builder, args[3], signature.args[3], types.intp)
        offset = context.cast(builder, args[5], signature.args[5], types.intp)
        width = cgutils.unpack_tuple(builder, rows.shape, 2)[1]
        align = scalar.bitwidth // 8
        sums = zeros(builder, vector, n_vectors * n_chains)

        def add(position, chain):
            value = builder.load(builder.gep(values.data, [position]))
            value = context.cast(builder, value, signature.args[0].dtype, scalar)
            place = builder.load(builder.gep(places.data, [position]))
            place = context.cast(builder, place, signature.args[1].dtype, types.intp)
            start = builder.add(builder.mul(place, width), offset)
            row = builder.gep(rows.data, [start])
            x = splat(builder, vector, value)
            for v in range(n_vectors):
                at = builder.gep(row, [ir.Constant(intp, v * vector.count)])
                multiply_add(
                    builder, x, load(builder, vector, at, align), sums[chain * n_vectors + v]
                )

        length = builder.sub(last, first)
        step = ir.Constant(intp, n_chains)
        whole = builder.add(first, builder.mul(builder.sdiv(length, step), step))
        with cgutils.for_range_slice(builder, first, whole, step, intp) as (position, _):
            for chain in range(n_chains):
                add(builder.add(position, ir.Constant(intp, chain)), chain)
        if n_chains > 1:
            with cgutils.for_range_slice(builder, whole, last, ir.Constant(intp, 1), intp) as (
                position,
                _,
            ):
                add(position, 0)
        for v in range(n_vectors):
            total = builder.load(sums[v])
            for chain in range(1, n_chains):
                total = builder.fadd(total, builder.load(sums[chain * n_vectors + v]))
            at = builder.add(offset, ir.Constant(intp, v * vector.count))
            store(builder, total, builder.gep(target.data, [at]), align)
        return context.get_dummy_value()

    return types.void(data, indices, begin, end, table, column, vectors, out), codegen


def _products_of_tile(builder, starts, table, offset, n_vectors, scalar):
    """Products of the rows at ``starts`` with a panel of the table: vectors, row by row."""
    vector = vector_type(scalar)
    align = scalar.bitwidth // 8
    intp = offset.type
    n_features, width = cgutils.unpack_tuple(builder, table.shape, 2)
    sums = zeros(builder, vector, len(starts) * n_vectors)
    with cgutils.for_range(builder, n_features, intp=intp) as loop:
        line = builder.gep(table.data, [builder.add(builder.mul(loop.index, width), offset)])
        centers = [
            load(
                builder,
                vector,
                builder.gep(line, [ir.Constant(intp, v * vector.count)]),
                align,
            )
            for v in range(n_vectors)
        ]
        for r, start in enumerate(starts):
            x = splat(builder, vector, builder.load(builder.gep(start, [loop.index])))
            for v in range(n_vectors):
                multiply_add(builder, x, centers[v], sums[r * n_vectors + v])
    return [builder.load(total) for total in sums]


@intrinsic
def _dense_products(typingctx, rows, places, first, table, column, tile, vectors, out):
    """out[r, column + lane] = sum over j of rows[r, j] * table[j, column + lane].

    For the rows r = places[first], places[first + 1], ..., one for each entry of the tuple
    ``tile``; ``vectors`` has one for each vector of lanes. table is (n_features, n_padded), rows
    (n_rows, at least n_features) C-ordered.
    """
    scalar = table.dtype
    n_rows, n_vectors = tile.count, vectors.count

    def codegen(context, builder, signature, args):
        left, order, right, target = (
            context.make_array(signature.args[at])(context, builder, args[at])
            for at in (0, 1, 3, 7)
        )
        intp = context.get_value_type(types.intp)
        top = context.cast(builder, args[2], signature.args[2], types.intp)
        offset = context.cast(builder, args[4], signature.args[4], types.intp)
        left_width = cgutils.unpack_tuple(builder, left.shape, 2)[1]
        target_width = cgutils.unpack_tuple(builder, target.shape, 2)[1]
        places = [
            builder.load(builder.gep(order.data, [builder.add(top, ir.Constant(intp, r))]))
            for r in range(n_rows)
        ]
        starts = [builder.gep(left.data, [builder.mul(place, left_width)]) for place in places]
        totals = _products_of_tile(builder, starts, right, offset, n_vectors, scalar)
        lanes = LANES[np.dtype(str(scalar))]
        for r, place in enumerate(places):
            line = builder.add(builder.mul(place, target_width), offset)
            for v in range(n_vectors):
                at = builder.gep(target.data, [builder.add(line, ir.Constant(intp, v * lanes))])
                store(builder, totals[r * n_vectors + v], at, scalar.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(rows, places, first, table, column, tile, vectors, out), codegen


@intrinsic
def _squared_length(typingctx, rows, row):
    """Sum of squares of a row, whose length is a multiple of the lanes."""
    scalar = rows.dtype
    vector = vector_type(scalar)

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        intp = context.get_value_type(types.intp)
        line = context.cast(builder, args[1], signature.args[1], types.intp)
        width = cgutils.unpack_tuple(builder, array.shape, 2)[1]
        start = builder.gep(array.data, [builder.mul(line, width)])
        (total,) = zeros(builder, vector, 1)
        with cgutils.for_range_slice(
            builder, ir.Constant(intp, 0), width, ir.Constant(intp, vector.count), intp
        ) as (at, _):
            x = load(builder, vector, builder.gep(start, [at]), scalar.bitwidth // 8)
            multiply_add(builder, x, x, total)
        return add_lanes(builder, builder.load(total))

    return scalar(rows, row), codegen


@intrinsic
def _least_two(typingctx, products, row, half_norms, first, last):
    """Of half_norms - products[row] in columns first..last: place of the least, it, the next least.

    ``first`` and ``last`` are multiples of the lanes; the place is a column, of equal ones the
    lowest. Infinities are the greatest; a NaN is passed over, so the caller must know that nothing
    overflowed before it believes the answer.
    """
    scalar = products.dtype
    vector = vector_type(scalar)
    whole = ir.IntType(scalar.bitwidth)
    integers = ir.VectorType(whole, vector.count)

    def codegen(context, builder, signature, args):
        scores, norms = (
            context.make_array(signature.args[at])(context, builder, args[at]) for at in (0, 2)
        )
        intp = context.get_value_type(types.intp)
        line = context.cast(builder, args[1], signature.args[1], types.intp)
        width = cgutils.unpack_tuple(builder, scores.shape, 2)[1]
        start = builder.gep(scores.data, [builder.mul(line, width)])
        begin = context.cast(builder, args[3], signature.args[3], types.intp)
        end = context.cast(builder, args[4], signature.args[4], types.intp)
        align = scalar.bitwidth // 8
        infinity = constants(vector, [float("inf")] * vector.count)
        best, second = (cgutils.alloca_once(builder, vector) for _ in range(2))
        index = cgutils.alloca_once(builder, integers)
        place = cgutils.alloca_once(builder, integers)
        builder.store(infinity, best)
        builder.store(infinity, second)
        builder.store(ir.Constant(integers, None), index)
        builder.store(constants(integers, list(range(vector.count))), place)
        step = constants(integers, [vector.count] * vector.count)
        with cgutils.for_range_slice(
            builder, begin, end, ir.Constant(intp, vector.count), intp
        ) as (at, _):
            product = load(builder, vector, builder.gep(start, [at]), align)
            norm = load(builder, vector, builder.gep(norms.data, [at]), align)
            score = builder.fsub(norm, product)
            old = builder.load(best)
            nearer = builder.fcmp_ordered("<", score, old)
            worse = builder.select(nearer, old, score)
            runner_up = builder.load(second)
            builder.store(
                builder.select(builder.fcmp_ordered("<", worse, runner_up), worse, runner_up),
                second,
            )
            builder.store(builder.select(nearer, score, old), best)
            builder.store(builder.select(nearer, builder.load(place), builder.load(index)), index)
            builder.store(builder.add(builder.load(place), step), place)
        lanes, seconds, indices = builder.load(best), builder.load(second), builder.load(index)
        least = reduce(builder, "fmin", lanes)
        is_least = builder.fcmp_ordered("==", lanes, splat(builder, vector, least))
        top = constants(integers, [2 ** (scalar.bitwidth - 1) - 1] * vector.count)
        nearest = reduce(builder, "smin", builder.select(is_least, indices, top))
        is_nearest = builder.icmp_signed("==", indices, splat(builder, integers, nearest))
        others = builder.select(builder.and_(is_nearest, is_least), seconds, lanes)
        next_least = reduce(builder, "fmin", others)
        found = builder.sext(nearest, intp) if scalar.bitwidth < 64 else nearest
        found = builder.add(found, begin)
        return context.make_tuple(builder, signature.return_type, [found, least, next_least])

    answer = types.Tuple((types.intp, scalar, scalar))
    return answer(products, row, half_norms, first, last), codegen


@intrinsic
def _two_least(typingctx, products, row, half_norms, first, last):
    """The two least of half_norms - products[row] in columns first..last; equal ones are two.

    Faster than least_two, which also tells the place. ``first`` and ``last`` are multiples of the
    lanes. Infinities are the greatest; where there is a NaN the answer means nothing.
    """
    scalar = products.dtype
    vector = vector_type(scalar)

    def codegen(context, builder, signature, args):
        scores, norms = (
            context.make_array(signature.args[at])(context, builder, args[at]) for at in (0, 2)
        )
        intp = context.get_value_type(types.intp)
        line, begin, end = (
            context.cast(builder, args[at], signature.args[at], types.intp) for at in (1, 3, 4)
        )
        width = cgutils.unpack_tuple(builder, scores.shape, 2)[1]
        start = builder.gep(scores.data, [builder.mul(line, width)])
        align = scalar.bitwidth // 8
        least, second = (cgutils.alloca_once(builder, vector) for _ in range(2))
        for place in (least, second):
            builder.store(constants(vector, [float("inf")] * vector.count), place)

        def lesser(a, b):
            return builder.select(builder.fcmp_ordered("<", a, b), a, b)

        def greater(a, b):
            return builder.select(builder.fcmp_ordered(">", a, b), a, b)

        with cgutils.for_range_slice(
            builder, begin, end, ir.Constant(intp, vector.count), intp
        ) as (at, _):
            product = load(builder, vector, builder.gep(start, [at]), align)
            norm = load(builder, vector, builder.gep(norms.data, [at]), align)
            score = builder.fsub(norm, product)
            old = builder.load(least)
            builder.store(lesser(builder.load(second), greater(old, score)), second)
            builder.store(lesser(old, score), least)
        one, two = builder.load(least), builder.load(second)
        n_lanes = vector.count
        while n_lanes > 1:
            n_lanes //= 2
            lanes = ir.VectorType(ir.IntType(32), n_lanes)
            low, high = (constants(lanes, list(range(at, at + n_lanes))) for at in (0, n_lanes))
            a, b = (builder.shuffle_vector(one, one, half) for half in (low, high))
            c, d = (builder.shuffle_vector(two, two, half) for half in (low, high))
            one = lesser(a, b)
            two = lesser(lesser(c, d), greater(a, b))
        zero = ir.Constant(ir.IntType(32), 0)
        answers = [builder.extract_element(of, zero) for of in (one, two)]
        return context.make_tuple(builder, signature.return_type, answers)

    answer = types.Tuple((scalar, scalar))
    return answer(products, row, half_norms, first, last), codegen


@intrinsic
def _prefetch(typingctx, X, row):
    """Ask for a row, which will be read soon, to be brought near."""

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        line = context.cast(builder, args[1], signature.args[1], types.intp)
        width = cgutils.unpack_tuple(builder, array.shape, 2)[1]
        start = builder.gep(array.data, [builder.mul(line, width)])
        prefetch_entries(builder, start, width)
        return context.get_dummy_value()

    return types.void(X, row), codegen


# The same in NumPy -----------------------------------------------------------------------------


def _sparse_products_in_numpy(data, indices, begin, end, table, column, vectors, out):
    stop = column + len(vectors) * LANES[table.dtype]
    values = data[begin:end].astype(table.dtype)
    out[column:stop] = values @ table[indices[begin:end], column:stop]


def _dense_products_in_numpy(rows, places, first, table, column, tile, vectors, out):
    stop = column + len(vectors) * LANES[table.dtype]
    found = places[first : first + len(tile)]
    out[found, column:stop] = rows[found, : len(table)] @ table[:, column:stop]


def _squared_length_in_numpy(rows, row):
    return rows[row] @ rows[row]


def _least_two_in_numpy(products, row, half_norms, first, last):
    scores = half_norms[first:last] - products[row, first:last]
    nearest = int(np.argmin(np.where(np.isnan(scores), np.inf, scores)))
    others = np.delete(scores, nearest)
    return first + nearest, scores[nearest], np.fmin.reduce(others, initial=np.inf)


def _two_least_in_numpy(products, row, half_norms, first, last):
    _, least, second = _least_two_in_numpy(products, row, half_norms, first, last)
    return least, second


def _prefetch_in_numpy(X, row):
    pass


# What kernels call -----------------------------------------------------------------------------

sparse_products = usable(_sparse_products, _sparse_products_in_numpy)
dense_products = usable(_dense_products, _dense_products_in_numpy)
squared_length = usable(_squared_length, _squared_length_in_numpy)
least_two = usable(_least_two, _least_two_in_numpy)
two_least = usable(_two_least, _two_least_in_numpy)
prefetch = usable(_prefetch, _prefetch_in_numpy)
