"""Explicit vectors for filters: products of rows with many centers at once, and the least two.

numba's LLVM does not vectorize these loops by itself: its SLP pass is off, and short loops are
unrolled before the loop vectorizer sees them. So this file writes the vector instructions. Their
order of additions is free, and products may be fused. So their results need a rounding bound.

The length of a tuple tells the number of vectors of a tile. So numba compiles each number that is
used, with the sums in registers.

Directly above each intrinsic is the same in NumPy, which replaces it if the JIT is off.
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
    arrays,
    constants,
    integers,
    load,
    multiply_add,
    reduce,
    splat,
    store,
    usable,
    vector_type,
    zeros,
)

# Rows of a tile for each number of vectors. AVX-512 and ARM have 32 registers, and 24 of them hold
# sums. AVX2 has 16 registers of half the length.
_WIDE = bool(llvm.get_host_cpu_features().get("avx512f", False))
TILES = {1: 12, 2: 12, 3: 8, 4: 6} if _WIDE else {1: 6, 2: 3}
TILE_VECTORS = max(TILES)
TILE_ROWS = TILES[TILE_VECTORS]


def _sums_of_entries(context, builder, signature, args, vector, n_vectors, offset, squares=False):
    """The products of the entries of a CSR row with some columns of a table: vectors.

    With ``squares`` another vector follows: the sum of their squares, in every lane. The arguments
    begin with data, indices, begin, end and table.
    """
    scalar = signature.args[4].dtype
    values, places, rows = arrays(context, builder, signature, args, (0, 1, 4))
    first, last = integers(context, builder, signature, args, (2, 3))
    intp = first.type
    width = cgutils.unpack_tuple(builder, rows.shape, 2)[1]
    # A fused multiply-add takes about 4 cycles: independent chains keep the unit busy.
    n_chains, n_sums = max(1, 4 // n_vectors), n_vectors + squares
    sums = zeros(builder, vector, n_sums * n_chains)

    def add(position, chain):
        value, place = (builder.load(builder.gep(of.data, [position])) for of in (values, places))
        value = context.cast(builder, value, signature.args[0].dtype, scalar)
        place = context.cast(builder, place, signature.args[1].dtype, types.intp)
        row = builder.gep(rows.data, [builder.add(builder.mul(place, width), offset)])
        x = splat(builder, vector, value)
        for v in range(n_vectors):
            at = builder.gep(row, [ir.Constant(intp, v * vector.count)])
            multiply_add(builder, x, load(builder, vector, at), sums[chain * n_sums + v])
        if squares:
            multiply_add(builder, x, x, sums[chain * n_sums + n_vectors])

    length = builder.sub(last, first)
    step, one = ir.Constant(intp, n_chains), ir.Constant(intp, 1)
    whole = builder.add(first, builder.mul(builder.sdiv(length, step), step))
    with cgutils.for_range_slice(builder, first, whole, step, intp) as (position, _):
        for chain in range(n_chains):
            add(builder.add(position, ir.Constant(intp, chain)), chain)
    if n_chains > 1:
        with cgutils.for_range_slice(builder, whole, last, one, intp) as (position, _):
            add(position, 0)
    totals = [builder.load(total) for total in sums[:n_sums]]
    for place, total in enumerate(sums[n_sums:]):
        v = place % n_sums
        totals[v] = builder.fadd(totals[v], builder.load(total))
    return totals


def _sparse_products_in_numpy(data, indices, begin, end, table, column, vectors, out):
    stop = column + len(vectors) * LANES[table.dtype]
    values = data[begin:end].astype(table.dtype)
    out[column:stop] = values @ table[indices[begin:end], column:stop]


@intrinsic
def _sparse_products(typingctx, data, indices, begin, end, table, column, vectors, out):
    """out[column + lane] = sum over positions begin..end of data * table[index, column + lane].

    table is (n_features, n_padded); the tuple ``vectors`` has one entry for each vector of lanes.
    """
    vector = vector_type(table.dtype)

    def codegen(context, builder, signature, args):
        (target,) = arrays(context, builder, signature, args, (7,))
        (offset,) = integers(context, builder, signature, args, (5,))
        rest = vector, vectors.count, offset
        for v, total in enumerate(_sums_of_entries(context, builder, signature, args, *rest)):
            at = builder.add(offset, ir.Constant(offset.type, v * vector.count))
            store(builder, total, builder.gep(target.data, [at]))
        return context.get_dummy_value()

    return types.void(data, indices, begin, end, table, column, vectors, out), codegen


sparse_products = usable(_sparse_products, _sparse_products_in_numpy)


def _sparse_nearest_in_numpy(data, indices, begin, end, table, half_norms, lanes):
    values = data[begin:end].astype(table.dtype)
    products = values @ table[indices[begin:end]]
    return *_least_two_in_numpy(products[None], 0, half_norms, 0, len(lanes)), values @ values


@intrinsic
def _sparse_nearest(typingctx, data, indices, begin, end, table, half_norms, lanes):
    """Like ``sparse_products`` and ``least_two``, in one short vector; also a sum of squares.

    The squares are those of the entries of the row. The tuple ``lanes`` has one entry for each
    column of the table. The number of columns is a power of 2.
    """
    scalar = table.dtype
    vector = ir.VectorType(vector_type(scalar).element, lanes.count)

    def codegen(context, builder, signature, args):
        zero = ir.Constant(context.get_value_type(types.intp), 0)
        sums = _sums_of_entries(context, builder, signature, args, vector, 1, zero, squares=True)
        (norms,) = arrays(context, builder, signature, args, (5,))
        score = builder.fsub(load(builder, vector, norms.data), sums[0])
        least = reduce(builder, "fmin", score)
        is_least = builder.fcmp_ordered("==", score, splat(builder, vector, least))
        bits = builder.bitcast(is_least, ir.IntType(lanes.count))
        nearest = builder.cttz(bits, ir.Constant(ir.IntType(1), 0))
        is_first = builder.bitcast(builder.and_(bits, builder.neg(bits)), is_least.type)
        infinity = constants(vector, [float("inf")] * lanes.count)
        second = reduce(builder, "fmin", builder.select(is_first, infinity, score))
        square = builder.extract_element(sums[1], ir.Constant(ir.IntType(32), 0))
        answers = [builder.zext(nearest, zero.type), least, second, square]
        return context.make_tuple(builder, signature.return_type, answers)

    answer = types.Tuple((types.intp, scalar, scalar, scalar))
    return answer(data, indices, begin, end, table, half_norms, lanes), codegen


sparse_nearest = usable(_sparse_nearest, _sparse_nearest_in_numpy)


def _products_of_tile(builder, starts, table, offset, n_vectors, scalar):
    """Products of the rows at ``starts`` with some columns of the table: vectors, row by row."""
    vector = vector_type(scalar)
    intp = offset.type
    n_features, width = cgutils.unpack_tuple(builder, table.shape, 2)
    sums = zeros(builder, vector, len(starts) * n_vectors)
    with cgutils.for_range(builder, n_features, intp=intp) as loop:
        line = builder.gep(table.data, [builder.add(builder.mul(loop.index, width), offset)])
        centers = [
            load(builder, vector, builder.gep(line, [ir.Constant(intp, v * vector.count)]))
            for v in range(n_vectors)
        ]
        for r, start in enumerate(starts):
            x = splat(builder, vector, builder.load(builder.gep(start, [loop.index])))
            for v in range(n_vectors):
                multiply_add(builder, x, centers[v], sums[r * n_vectors + v])
    return [builder.load(total) for total in sums]


def _dense_products_in_numpy(rows, places, first, table, column, tile, vectors, out):
    stop = column + len(vectors) * LANES[table.dtype]
    found = places[first : first + len(tile)]
    with np.errstate(over="ignore", invalid="ignore"):
        out[found, column:stop] = rows[found, : len(table)] @ table[:, column:stop]


@intrinsic
def _dense_products(typingctx, rows, places, first, table, column, tile, vectors, out):
    """out[r, column + lane] = sum over j of rows[r, j] * table[j, column + lane].

    The rows are r = places[first], places[first + 1], ..., one for each entry of the tuple
    ``tile``. The tuple ``vectors`` has one entry for each vector of lanes. table is
    (n_features, n_padded), and rows is (n_rows, at least n_features), C-ordered.
    """
    scalar = table.dtype
    n_rows, n_vectors = tile.count, vectors.count

    def codegen(context, builder, signature, args):
        left, order, right, target = arrays(context, builder, signature, args, (0, 1, 3, 7))
        top, offset = integers(context, builder, signature, args, (2, 4))
        intp = offset.type
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
                store(builder, totals[r * n_vectors + v], at)
        return context.get_dummy_value()

    return types.void(rows, places, first, table, column, tile, vectors, out), codegen


dense_products = usable(_dense_products, _dense_products_in_numpy)


def _squared_length_in_numpy(rows, row):
    with np.errstate(over="ignore"):
        return rows[row] @ rows[row]


@intrinsic
def _squared_length(typingctx, rows, row):
    """Sum of squares of a row. The length of a row is a multiple of the lanes."""
    scalar = rows.dtype
    vector = vector_type(scalar)

    def codegen(context, builder, signature, args):
        (array,) = arrays(context, builder, signature, args, (0,))
        (line,) = integers(context, builder, signature, args, (1,))
        intp = line.type
        width = cgutils.unpack_tuple(builder, array.shape, 2)[1]
        start = builder.gep(array.data, [builder.mul(line, width)])
        (total,) = zeros(builder, vector, 1)
        with cgutils.for_range_slice(
            builder, ir.Constant(intp, 0), width, ir.Constant(intp, vector.count), intp
        ) as (at, _):
            x = load(builder, vector, builder.gep(start, [at]))
            multiply_add(builder, x, x, total)
        return add_lanes(builder, builder.load(total))

    return scalar(rows, row), codegen


squared_length = usable(_squared_length, _squared_length_in_numpy)


def _scores(context, builder, signature, args, vector):
    """First column, column to stop before, and a function that gives the scores from a column on.

    Scores are half_norms - products[row].
    """
    products, norms = arrays(context, builder, signature, args, (0, 2))
    row, first, last = integers(context, builder, signature, args, (1, 3, 4))
    width = cgutils.unpack_tuple(builder, products.shape, 2)[1]
    start = builder.gep(products.data, [builder.mul(row, width)])

    def scores_at(column):
        product = load(builder, vector, builder.gep(start, [column]))
        return builder.fsub(load(builder, vector, builder.gep(norms.data, [column])), product)

    return first, last, scores_at


def _least_two_in_numpy(products, row, half_norms, first, last):
    scores = half_norms[first:last] - products[row, first:last]
    nearest = int(np.argmin(np.where(np.isnan(scores), np.inf, scores)))
    others = np.delete(scores, nearest)
    return first + nearest, scores[nearest], np.fmin.reduce(others, initial=np.inf)


@intrinsic
def _least_two(typingctx, products, row, half_norms, first, last):
    """The least and the next least of half_norms - products[row] in columns first..last.

    The answer is the column of the least, the least and the next least. If several are least, it is
    the first column. ``first`` and ``last`` are multiples of the lanes. Infinities are the
    greatest. NaN is ignored, so the caller must know that nothing overflowed.
    """
    scalar = products.dtype
    vector = vector_type(scalar)
    numbers = ir.VectorType(ir.IntType(scalar.bitwidth), vector.count)

    def codegen(context, builder, signature, args):
        begin, end, scores_at = _scores(context, builder, signature, args, vector)
        intp = begin.type
        infinity = constants(vector, [float("inf")] * vector.count)
        best, second = (cgutils.alloca_once(builder, vector) for _ in range(2))
        index, place = (cgutils.alloca_once(builder, numbers) for _ in range(2))
        builder.store(infinity, best)
        builder.store(infinity, second)
        builder.store(ir.Constant(numbers, None), index)
        builder.store(constants(numbers, list(range(vector.count))), place)
        step = constants(numbers, [vector.count] * vector.count)
        with cgutils.for_range_slice(
            builder, begin, end, ir.Constant(intp, vector.count), intp
        ) as (at, _):
            score = scores_at(at)
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
        top = constants(numbers, [2 ** (scalar.bitwidth - 1) - 1] * vector.count)
        nearest = reduce(builder, "smin", builder.select(is_least, indices, top))
        is_nearest = builder.icmp_signed("==", indices, splat(builder, numbers, nearest))
        others = builder.select(builder.and_(is_nearest, is_least), seconds, lanes)
        next_least = reduce(builder, "fmin", others)
        found = builder.sext(nearest, intp) if scalar.bitwidth < 64 else nearest
        found = builder.add(found, begin)
        return context.make_tuple(builder, signature.return_type, [found, least, next_least])

    answer = types.Tuple((types.intp, scalar, scalar))
    return answer(products, row, half_norms, first, last), codegen


least_two = usable(_least_two, _least_two_in_numpy)


def _two_least_in_numpy(products, row, half_norms, first, last):
    _, least, second = _least_two_in_numpy(products, row, half_norms, first, last)
    return least, second


@intrinsic
def _two_least(typingctx, products, row, half_norms, first, last):
    """The two least of half_norms - products[row] in columns first..last, which may be equal.

    It is faster than least_two, which also gives the column. ``first`` and ``last`` are multiples
    of the lanes. Infinities are the greatest. If there is a NaN, the answer has no meaning.
    """
    scalar = products.dtype
    vector = vector_type(scalar)

    def codegen(context, builder, signature, args):
        begin, end, scores_at = _scores(context, builder, signature, args, vector)
        intp = begin.type
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
            score = scores_at(at)
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


two_least = usable(_two_least, _two_least_in_numpy)
