"""Explicit vectors for the distance of each row to its own center: 16 rows at once."""

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
    splat,
    store,
    usable,
    vector_type,
    zeros,
)
from kmeans_core.kernels.vectors.rows import TILE_ROWS, TILE_VECTORS, transposed

_DOUBLES = vector_type(types.float64)
_INTEGERS = ir.VectorType(ir.IntType(64), LANES64)


def _own_distances_of_tile_in_numpy(X, row, centers, labels, out):
    rows = slice(row, row + TILE_ROWS)
    totals = np.zeros(TILE_ROWS)
    with np.errstate(over="ignore"):
        for j in range(X.shape[1]):
            totals += (X[rows, j] - centers[labels[rows], j]) ** 2
    out[rows] = totals


@intrinsic
def _own_distances_of_tile(typingctx, X, row, centers, labels, out):
    """Write to out[row:] the exact distance of TILE_ROWS rows to the centers of their labels.

    Rows have at least LANES64 features. Squares of differences are computed with features in lanes,
    then transposed, so that each lane adds the squares of one row, features in order.
    """

    def codegen(context, builder, signature, args):
        values, table, numbers, target = arrays(context, builder, signature, args, (0, 2, 3, 4))
        (first,) = integers(context, builder, signature, args, (1,))
        intp = first.type
        source = ir.VectorType(vector_type(X.dtype).element, LANES64)
        n_features = cgutils.unpack_tuple(builder, values.shape, 2)[1]
        lanes, zero = ir.Constant(intp, LANES64), ir.Constant(intp, 0)
        last = builder.sub(n_features, lanes)
        totals = zeros(builder, _DOUBLES, TILE_VECTORS)
        pairs = []
        for r in range(TILE_ROWS):
            at = builder.add(first, ir.Constant(intp, r))
            label = builder.sext(builder.load(builder.gep(numbers.data, [at])), intp)
            starts = (values.data, at), (table.data, label)
            pairs.append([builder.gep(p, [builder.mul(n, n_features)]) for p, n in starts])
        with cgutils.for_range_slice(builder, zero, n_features, lanes, intp) as (at, _):
            # The last square ends with the last feature. Features that were added before count 0
            # there, which changes no bit of a sum of squares.
            j = builder.select(builder.icmp_signed("<", at, last), at, last)
            n_done = splat(builder, _INTEGERS, builder.sub(at, j))
            is_new = builder.icmp_signed(">=", constants(_INTEGERS, range(LANES64)), n_done)
            for v, total in enumerate(totals):
                squares = []
                for x_start, c_start in pairs[v * LANES64 : (v + 1) * LANES64]:
                    x = load(builder, source, builder.gep(x_start, [j]))
                    x = builder.fpext(x, _DOUBLES) if source != _DOUBLES else x
                    x = builder.fsub(x, load(builder, _DOUBLES, builder.gep(c_start, [j])))
                    square = builder.fmul(x, x)
                    squares.append(builder.select(is_new, square, ir.Constant(_DOUBLES, None)))
                for column in transposed(builder, squares):
                    builder.store(builder.fadd(builder.load(total), column), total)
        for v, total in enumerate(totals):
            at = builder.add(first, ir.Constant(intp, v * LANES64))
            store(builder, builder.load(total), builder.gep(target.data, [at]))
        return context.get_dummy_value()

    return types.void(X, row, centers, labels, out), codegen


own_distances_of_tile = usable(_own_distances_of_tile, _own_distances_of_tile_in_numpy)
