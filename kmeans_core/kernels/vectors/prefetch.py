"""An intrinsic that brings a row, which will be read soon, into the cache."""

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from kmeans_core.kernels.vectors.ir import arrays, integers, prefetch_entries, usable


def _prefetch_in_numpy(X, row):
    pass


@intrinsic
def _prefetch(typingctx, X, row):
    """Bring a row, which will be read soon, into the cache."""

    def codegen(context, builder, signature, args):
        (array,) = arrays(context, builder, signature, args, (0,))
        (line,) = integers(context, builder, signature, args, (1,))
        width = cgutils.unpack_tuple(builder, array.shape, 2)[1]
        start = builder.gep(array.data, [builder.mul(line, width)])
        prefetch_entries(builder, start, width)
        return context.get_dummy_value()

    return types.void(X, row), codegen


prefetch = usable(_prefetch, _prefetch_in_numpy)
