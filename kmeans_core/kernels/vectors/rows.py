"""Explicit vectors whose lanes are rows: the exact distance of 16 rows to each center.

Each lane adds (x - c)^2 in float64, features in order, without fused operations, as in
``exact.py``. Few clusters leave no lane unused, and no step compares the lanes of a vector.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from kmeans_core.kernels.vectors.ir import (
    LANES32,
    LANES64,
    arrays,
    bytes_of,
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

# A tile has two vectors of rows, so that an addition need not wait for the one before it.
TILE_VECTORS = 2
TILE_ROWS = LANES64 * TILE_VECTORS

# A tile is compared with this many centers at once, for the same reason.
CENTERS = 2

_DOUBLES = ir.VectorType(ir.DoubleType(), LANES64)
_INTEGERS = ir.VectorType(ir.IntType(64), LANES64)
_LABELS = ir.VectorType(ir.IntType(32), LANES64)


def transposed(builder, rows):
    """Transpose squares of vectors: swap single lanes, then pairs of lanes, then larger groups.

    If vectors have more lanes than there are vectors, squares lie side by side.
    """
    n_lanes, step = rows[0].type.count, 1
    while step < len(rows):
        left = [lane if lane & step == 0 else n_lanes + lane - step for lane in range(n_lanes)]
        right = [lane + step if lane & step == 0 else n_lanes + lane for lane in range(n_lanes)]
        masks = [
            ir.Constant(ir.VectorType(ir.IntType(32), n_lanes), lanes) for lanes in (left, right)
        ]
        for r in range(len(rows)):
            if r & step == 0:
                pair = rows[r], rows[r + step]
                rows[r], rows[r + step] = (builder.shuffle_vector(*pair, mask) for mask in masks)
        step *= 2
    return rows


def _columns(context, builder, X, row, tile, dtypes, n_vectors, origin=None):
    """Put rows into a tile, one square of vectors after another, and yield each vector.

    ``dtypes`` are the dtypes of X and of the tile. A square has as many rows and features as a
    vector of the tile has lanes, and ``n_vectors`` squares of rows lie side by side. In a tile of
    float32, rows with at most half as many features make squares of half the size.
    """
    intp = row.type
    target = vector_type(dtypes[1])
    n_lanes = target.count
    n_features = cgutils.unpack_tuple(builder, X.shape, 2)[1]
    between = cgutils.unpack_tuple(builder, tile.strides, 2)[0]
    width = builder.sdiv(between, ir.Constant(intp, bytes_of(target.element)))
    start = builder.gep(X.data, [builder.mul(row, n_features)])
    zero = ir.Constant(intp, 0)

    def ask_ahead(at, n_entries):
        # Prefetch the next tile, one cache line after another. The processor does not do so itself,
        # because the rows of a tile are too many short streams.
        n_rows = ir.Constant(intp, n_lanes * n_vectors)
        ahead = builder.gep(start, [builder.mul(builder.add(n_features, at), n_rows)])
        prefetch_entries(builder, ahead, builder.mul(n_entries, n_rows))

    def row_part(r, j, n_entries, middle):
        source = ir.VectorType(vector_type(dtypes[0]).element, n_entries)
        place = builder.add(j, builder.mul(n_features, ir.Constant(intp, r)))
        x = load(builder, source, builder.gep(start, [place]))
        if origin is not None:
            x = builder.fsub(x, middle)
        if dtypes[0].bitwidth < dtypes[1].bitwidth:
            x = builder.fpext(x, ir.VectorType(target.element, n_entries))
        elif dtypes[0].bitwidth > dtypes[1].bitwidth:
            x = builder.fptrunc(x, ir.VectorType(target.element, n_entries))
        return x

    def middle_part(j, n_entries):
        source = ir.VectorType(vector_type(dtypes[0]).element, n_entries)
        return None if origin is None else load(builder, source, builder.gep(origin.data, [j]))

    def put(columns, j, v):
        for lane, column in enumerate(columns):
            place = builder.mul(builder.add(j, ir.Constant(intp, lane)), width)
            place = builder.add(place, ir.Constant(intp, v * n_lanes))
            store(builder, column, builder.gep(tile.data, [place]))
            yield column

    def whole_squares():
        lanes = ir.Constant(intp, n_lanes)
        # The last square ends with the last feature and overlaps the one before it.
        last = builder.sub(n_features, lanes)
        last = builder.select(builder.icmp_signed("<", last, zero), zero, last)
        with cgutils.for_range_slice(builder, zero, n_features, lanes, intp) as (at, _):
            ask_ahead(at, lanes)
            j = builder.select(builder.icmp_signed("<", at, last), at, last)
            middle = middle_part(j, n_lanes)
            for v in range(n_vectors):
                numbers = range(v * n_lanes, (v + 1) * n_lanes)
                rows = [row_part(r, j, n_lanes, middle) for r in numbers]
                yield from put(transposed(builder, rows), j, v)

    if dtypes[1].bitwidth > 32:
        yield from whole_squares()
        return
    half = n_lanes // 2
    both = ir.Constant(ir.VectorType(ir.IntType(32), n_lanes), list(range(n_lanes)))
    is_short = builder.icmp_signed("<=", n_features, ir.Constant(intp, half))
    with builder.if_else(is_short) as (then, otherwise):
        with then:
            ask_ahead(zero, n_features)
            middle = middle_part(zero, half)
            rows = [row_part(r, zero, half, middle) for r in range(n_lanes)]
            pairs = zip(rows[:half], rows[half:], strict=True)
            rows = [builder.shuffle_vector(*pair, both) for pair in pairs]
            yield from put(transposed(builder, rows), zero, 0)
        with otherwise:
            yield from whole_squares()


def _put_rows_in_numpy(X, row, tile):
    tile[: X.shape[1]] = X[row : row + TILE_ROWS].T


@intrinsic
def _put_rows(typingctx, X, row, tile):
    """Write tile[j, r] = X[row + r, j] for TILE_ROWS rows.

    tile is (max(n_features, LANES64), TILE_ROWS) float64. If there are fewer features than LANES64,
    LANES64 entries are read from the start of each row. So X must have LANES64 - 1 more rows.
    """

    def codegen(context, builder, signature, args):
        values, target = arrays(context, builder, signature, args, (0, 2))
        (first,) = integers(context, builder, signature, args, (1,))
        dtypes = X.dtype, types.float64
        for _ in _columns(context, builder, values, first, target, dtypes, TILE_VECTORS):
            pass
        return context.get_dummy_value()

    return types.void(X, row, tile), codegen


put_rows = usable(_put_rows, _put_rows_in_numpy)


def _put_shifted_rows_in_numpy(X, row, origin, tile, squares):
    with np.errstate(over="ignore"):
        tile[: X.shape[1]] = (X[row : row + LANES32] - origin[: X.shape[1]]).T
        squares[:] = np.sum(tile[: X.shape[1]] ** 2, axis=0)


@intrinsic
def _put_shifted_rows(typingctx, X, row, origin, tile, squares):
    """Write tile[j, r] = X[row + r, j] - origin[j] for LANES32 rows, as float32.

    origin has the dtype of X and may be longer than a row. tile is (max(n_features, LANES32),
    LANES32) float32, and its lines may be far apart. squares[r] gets the squared length of a row or
    more, up to rounding. If there are fewer features than LANES32, X and origin are read as in
    ``_put_rows``, with LANES32 instead of LANES64.
    """
    single = vector_type(types.float32)

    def codegen(context, builder, signature, args):
        values, middle, target, lengths = arrays(context, builder, signature, args, (0, 2, 3, 4))
        (first,) = integers(context, builder, signature, args, (1,))
        (total,) = zeros(builder, single, 1)
        dtypes = X.dtype, types.float32
        for column in _columns(context, builder, values, first, target, dtypes, 1, middle):
            multiply_add(builder, column, column, total)
        store(builder, builder.load(total), lengths.data)
        return context.get_dummy_value()

    return types.void(X, row, origin, tile, squares), codegen


put_shifted_rows = usable(_put_shifted_rows, _put_shifted_rows_in_numpy)


def _label_rows_in_numpy(tile, centers, labels, row):
    totals = np.zeros((len(centers), TILE_ROWS))
    with np.errstate(over="ignore"):
        for j in range(centers.shape[1]):
            totals += (tile[j] - centers[:, j, None]) ** 2
    nearest = np.argmin(totals, axis=0)
    n_moved = np.count_nonzero(labels[row : row + TILE_ROWS] != nearest)
    labels[row : row + TILE_ROWS] = nearest
    return n_moved


@intrinsic
def _label_rows(typingctx, tile, centers, labels, row):
    """Write the nearest center of each row of the tile to labels[row:]; return how many changed.

    If several centers are equally near, the lowest one counts. centers is (n_clusters, n_features)
    float64.
    """

    def codegen(context, builder, signature, args):
        points, table, found = arrays(context, builder, signature, args, (0, 1, 2))
        intp = context.get_value_type(types.intp)
        zero = ir.Constant(intp, 0)
        (place,) = integers(context, builder, signature, args, (3,))
        count, length = cgutils.unpack_tuple(builder, table.shape, 2)
        final = builder.sub(count, ir.Constant(intp, 1))
        best = zeros(builder, _DOUBLES, TILE_VECTORS)
        index = zeros(builder, _INTEGERS, TILE_VECTORS)
        sums = [zeros(builder, _DOUBLES, TILE_VECTORS) for _ in range(CENTERS)]
        for distance in best:
            builder.store(constants(_DOUBLES, [float("inf")] * LANES64), distance)
        step = ir.Constant(intp, CENTERS)
        with cgutils.for_range_slice(builder, zero, count, step, intp) as (c, _):
            for total in (total for of_center in sums for total in of_center):
                builder.store(ir.Constant(_DOUBLES, None), total)
            # If CENTERS does not divide n_clusters, the last center is compared twice. That changes
            # nothing, because it is not nearer than itself.
            numbers = [builder.add(c, ir.Constant(intp, p)) for p in range(CENTERS)]
            numbers = [
                builder.select(builder.icmp_signed("<", number, final), number, final)
                for number in numbers
            ]
            starts = [builder.gep(table.data, [builder.mul(number, length)]) for number in numbers]
            with cgutils.for_range(builder, length, intp=intp) as loop:
                line = builder.mul(loop.index, ir.Constant(intp, TILE_ROWS))
                places = [
                    builder.add(line, ir.Constant(intp, v * LANES64)) for v in range(TILE_VECTORS)
                ]
                x = [load(builder, _DOUBLES, builder.gep(points.data, [at])) for at in places]
                for start, of_center in zip(starts, sums, strict=True):
                    value = builder.load(builder.gep(start, [loop.index]))
                    center = splat(builder, _DOUBLES, value)
                    for v, total in enumerate(of_center):
                        difference = builder.fsub(x[v], center)
                        square = builder.fmul(difference, difference)
                        builder.store(builder.fadd(builder.load(total), square), total)
            for number, of_center in zip(numbers, sums, strict=True):
                label = splat(builder, _INTEGERS, number)
                for v, total in enumerate(of_center):
                    distance, least = builder.load(total), builder.load(best[v])
                    nearer = builder.fcmp_ordered("<", distance, least)
                    builder.store(builder.select(nearer, distance, least), best[v])
                    chosen = builder.select(nearer, label, builder.load(index[v]))
                    builder.store(chosen, index[v])
        n_moved = zero
        for v in range(TILE_VECTORS):
            at = builder.gep(found.data, [builder.add(place, ir.Constant(intp, v * LANES64))])
            label = builder.trunc(builder.load(index[v]), _LABELS)
            changed = builder.icmp_signed("!=", label, load(builder, _LABELS, at))
            bits = builder.bitcast(changed, ir.IntType(LANES64))
            n_moved = builder.add(n_moved, builder.zext(builder.ctpop(bits), intp))
            store(builder, label, at)
        return n_moved

    return types.intp(tile, centers, labels, row), codegen


label_rows = usable(_label_rows, _label_rows_in_numpy)
