"""Explicit vectors for kernels: products of rows with many centres at once, and the least two.

numba's LLVM does not vectorise these loops by itself (its SLP pass is off and short loops are
unrolled before the loop vectoriser sees them), so they are written as vector instructions. All
are filters: they multiply and add in an order of their own, fused where the processor can, and
what they give is compared under a rounding bound, never trusted to the last bit.

How many vectors a panel of centres has is told by the length of a tuple, so that each number that
is used, and no other, is compiled, with its accumulators in registers.

With the JIT off none of this can run; NumPy stand-ins of the same names then do.
"""

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

# Bytes of a vector: 64 also where registers are shorter, as LLVM splits what does not fit.
VECTOR_BYTES = 64
LANES = {np.dtype(np.float32): 16, np.dtype(np.float64): 8}

# Registers for accumulators: of 32 with AVX-512 or on ARM; AVX2 has 16 of half the length.
_WIDE = bool(llvm.get_host_cpu_features().get("avx512f", False))
TILE_ROWS = 6 if _WIDE else 2
PANEL_VECTORS = 4 if _WIDE else 2


def _vector_type(scalar: types.Float) -> ir.VectorType:
    lanes = VECTOR_BYTES * 8 // scalar.bitwidth
    return ir.VectorType(ir.FloatType() if scalar.bitwidth == 32 else ir.DoubleType(), lanes)


def _constants(vector: ir.VectorType, values: list[Any]) -> ir.Constant:
    return ir.Constant(vector, [ir.Constant(vector.element, value) for value in values])


def _load(builder: Any, vector: ir.VectorType, pointer: Any, align: int) -> Any:
    load = builder.load(builder.bitcast(pointer, vector.as_pointer()))
    load.align = align
    return load


def _store(builder: Any, value: Any, pointer: Any, align: int) -> None:
    store = builder.store(value, builder.bitcast(pointer, value.type.as_pointer()))
    store.align = align


def _splat(builder: Any, vector: ir.VectorType, scalar: Any) -> Any:
    one = builder.insert_element(
        ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0)
    )
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)


def _multiply_add(builder: Any, a: Any, b: Any, accumulator: Any) -> None:
    """accumulator += a * b, fused where the processor can."""
    product = builder.fmul(a, b, flags=["contract"])
    total = builder.fadd(builder.load(accumulator), product, flags=["contract"])
    builder.store(total, accumulator)


def _zeros(builder: Any, vector: ir.VectorType, count: int) -> list[Any]:
    accumulators = [cgutils.alloca_once(builder, vector) for _ in range(count)]
    for accumulator in accumulators:
        builder.store(ir.Constant(vector, None), accumulator)
    return accumulators


def _reduce(builder: Any, name: str, vector: Any) -> Any:
    element = vector.type.element
    kind = {"float": "f32", "double": "f64", "i32": "i32", "i64": "i64"}[str(element)]
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(element, [vector.type]),
        f"llvm.vector.reduce.{name}.v{vector.type.count}{kind}",
    )
    # nnan: none of them is NaN, so that the least is found without asking.
    return builder.call(function, [vector], fastmath=["nnan"] if kind[0] == "f" else [])


@intrinsic
def _sparse_products(typingctx, data, indices, begin, end, table, column, vectors, out):
    """out[column + lane] = sum over positions begin..end of data * table[index, column + lane].

    table is (n_features, n_padded); the tuple ``vectors`` has one entry for each vector of lanes.
    """
    scalar = table.dtype
    vector = _vector_type(scalar)
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
        sums = _zeros(builder, vector, n_vectors * n_chains)

        def add(position, chain):
            value = builder.load(builder.gep(values.data, [position]))
            value = context.cast(builder, value, signature.args[0].dtype, scalar)
            place = builder.load(builder.gep(places.data, [position]))
            place = context.cast(builder, place, signature.args[1].dtype, types.intp)
            start = builder.add(builder.mul(place, width), offset)
            row = builder.gep(rows.data, [start])
            x = _splat(builder, vector, value)
            for v in range(n_vectors):
                at = builder.gep(row, [ir.Constant(intp, v * vector.count)])
                _multiply_add(
                    builder, x, _load(builder, vector, at, align), sums[chain * n_vectors + v]
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
            _store(builder, total, builder.gep(target.data, [at]), align)
        return context.get_dummy_value()

    return types.void(data, indices, begin, end, table, column, vectors, out), codegen


@intrinsic
def _dense_products(typingctx, rows, row, table, column, tile, vectors, out):
    """out[r, column + lane] = sum over j of rows[r, j] * table[j, column + lane], r in row.. .

    table is (n_features, n_padded), rows (n_rows, n_features) C-ordered; the tuples ``tile`` and
    ``vectors`` have one entry for each row of the tile and for each vector of lanes.
    """
    scalar = table.dtype
    vector = _vector_type(scalar)
    n_rows, n_vectors = tile.count, vectors.count

    def codegen(context, builder, signature, args):
        left, right, target = (
            context.make_array(signature.args[at])(context, builder, args[at]) for at in (0, 2, 6)
        )
        intp = context.get_value_type(types.intp)
        top = context.cast(builder, args[1], signature.args[1], types.intp)
        offset = context.cast(builder, args[3], signature.args[3], types.intp)
        n_features, width = cgutils.unpack_tuple(builder, right.shape, 2)
        left_width = cgutils.unpack_tuple(builder, left.shape, 2)[1]
        align = scalar.bitwidth // 8
        sums = _zeros(builder, vector, n_rows * n_vectors)
        starts = [
            builder.gep(
                left.data,
                [builder.mul(builder.add(top, ir.Constant(intp, r)), left_width)],
            )
            for r in range(n_rows)
        ]
        with cgutils.for_range(builder, n_features, intp=intp) as loop:
            line = builder.gep(right.data, [builder.add(builder.mul(loop.index, width), offset)])
            centers = [
                _load(
                    builder,
                    vector,
                    builder.gep(line, [ir.Constant(intp, v * vector.count)]),
                    align,
                )
                for v in range(n_vectors)
            ]
            for r in range(n_rows):
                x = _splat(builder, vector, builder.load(builder.gep(starts[r], [loop.index])))
                for v in range(n_vectors):
                    _multiply_add(builder, x, centers[v], sums[r * n_vectors + v])
        target_width = cgutils.unpack_tuple(builder, target.shape, 2)[1]
        for r in range(n_rows):
            line = builder.mul(builder.add(top, ir.Constant(intp, r)), target_width)
            for v in range(n_vectors):
                at = builder.add(builder.add(line, offset), ir.Constant(intp, v * vector.count))
                _store(
                    builder,
                    builder.load(sums[r * n_vectors + v]),
                    builder.gep(target.data, [at]),
                    align,
                )
        return context.get_dummy_value()

    return types.void(rows, row, table, column, tile, vectors, out), codegen


@intrinsic
def _least_two(typingctx, products, row, half_norms):
    """Of half_norms - products[row]: the place of the least, it, and the next least.

    Of equal ones the lowest place. Infinities are the greatest; a NaN is passed over, so the
    caller must know that nothing overflowed before it believes the answer.
    """
    scalar = products.dtype
    vector = _vector_type(scalar)
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
        align = scalar.bitwidth // 8
        infinity = _constants(vector, [float("inf")] * vector.count)
        best, second = (cgutils.alloca_once(builder, vector) for _ in range(2))
        index = cgutils.alloca_once(builder, integers)
        place = cgutils.alloca_once(builder, integers)
        builder.store(infinity, best)
        builder.store(infinity, second)
        builder.store(ir.Constant(integers, None), index)
        builder.store(_constants(integers, list(range(vector.count))), place)
        step = _constants(integers, [vector.count] * vector.count)
        with cgutils.for_range_slice(
            builder, ir.Constant(intp, 0), width, ir.Constant(intp, vector.count), intp
        ) as (at, _):
            product = _load(builder, vector, builder.gep(start, [at]), align)
            norm = _load(builder, vector, builder.gep(norms.data, [at]), align)
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
        least = _reduce(builder, "fmin", lanes)
        is_least = builder.fcmp_ordered("==", lanes, _splat(builder, vector, least))
        top = _constants(integers, [2 ** (scalar.bitwidth - 1) - 1] * vector.count)
        nearest = _reduce(builder, "smin", builder.select(is_least, indices, top))
        is_nearest = builder.icmp_signed("==", indices, _splat(builder, integers, nearest))
        others = builder.select(builder.and_(is_nearest, is_least), seconds, lanes)
        next_least = _reduce(builder, "fmin", others)
        found = builder.sext(nearest, intp) if scalar.bitwidth < 64 else nearest
        return context.make_tuple(builder, signature.return_type, [found, least, next_least])

    answer = types.Tuple((types.intp, scalar, scalar))
    return answer(products, row, half_norms), codegen


# The same in NumPy -----------------------------------------------------------------------------


def _sparse_products_in_numpy(data, indices, begin, end, table, column, vectors, out):
    stop = column + len(vectors) * LANES[table.dtype]
    values = data[begin:end].astype(table.dtype)
    out[column:stop] = values @ table[indices[begin:end], column:stop]


def _dense_products_in_numpy(rows, row, table, column, tile, vectors, out):
    stop = column + len(vectors) * LANES[table.dtype]
    out[row : row + len(tile), column:stop] = rows[row : row + len(tile)] @ table[:, column:stop]


def _least_two_in_numpy(products, row, half_norms):
    scores = half_norms - products[row]
    nearest = int(np.argmin(np.where(np.isnan(scores), np.inf, scores)))
    others = np.delete(scores, nearest)
    return nearest, scores[nearest], np.fmin.reduce(others, initial=np.inf)


# What kernels call -----------------------------------------------------------------------------

sparse_products: Any
dense_products: Any
least_two: Any
if config.DISABLE_JIT:  # type: ignore[attr-defined]
    sparse_products = _sparse_products_in_numpy
    dense_products = _dense_products_in_numpy
    least_two = _least_two_in_numpy
else:
    sparse_products = _sparse_products
    dense_products = _dense_products
    least_two = _least_two
