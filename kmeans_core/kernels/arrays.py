"""What kernels need everywhere: parts of a size, memory on a cache line, bounds of rounding."""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.ir import VECTOR_BYTES

# Unit roundoffs: one operation loses at most this share of its result. EPS is twice as much.
U64, EPS = 2.0**-53, 2.0**-52
U32, EPS32 = 2.0**-24, np.float32(2.0**-23)

# The smallest normal numbers: no operation loses more by underflow, even where subnormal numbers
# are taken for zero. No share of the result bounds that loss.
UNDERFLOW, UNDERFLOW32 = 2.0**-1022, 2.0**-126


@kernel
def ceil_div(
    n,  # IN
    size,  # IN
):
    """How many parts of a size hold ``n``."""
    return (n + size - 1) // size


@kernel
def round_up(
    n,  # IN
    step,  # IN
):
    """The least multiple of a step that is not below ``n``."""
    return ceil_div(n, step) * step


@kernel
def aligned_empty(
    n,  # IN
    like,  # IN: an array of the dtype
):
    """Room for ``n`` numbers that starts on a cache line: a vector across two pages is slow."""
    memory = np.empty(n + VECTOR_BYTES // like.itemsize, dtype=like.dtype)
    first = -memory.ctypes.data % VECTOR_BYTES // like.itemsize
    return memory[first : first + n]
