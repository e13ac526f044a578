"""Helpers of all kernels: division that rounds up, memory on a cache line, rounding bounds."""

import numpy as np

from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.ir import VECTOR_BYTES

# Unit roundoffs U: one operation loses at most this share of its result. EPS is twice as much.
U64, EPS = 2.0**-53, 2.0**-52
U32, EPS32 = 2.0**-24, np.float32(2.0**-23)

# The smallest normal numbers: no operation loses more by underflow, even if subnormal numbers
# count as zero. This loss may be any share of the result.
UNDERFLOW, UNDERFLOW32 = 2.0**-1022, 2.0**-126


@kernel
def ceil_div(
    n,  # IN
    size,  # IN
):
    """The number of pieces of this size that hold ``n``."""
    return (n + size - 1) // size


@kernel
def round_up(
    n,  # IN
    step,  # IN
):
    """The least multiple of the step that is not below ``n``."""
    return ceil_div(n, step) * step


@kernel
def aligned_empty(
    n,  # IN
    like,  # IN: an array of the dtype
):
    """Memory for ``n`` numbers from a cache line on, because vectors across two lines are slow."""
    memory = np.empty(n + VECTOR_BYTES // like.itemsize, dtype=like.dtype)
    first = -memory.ctypes.data % VECTOR_BYTES // like.itemsize
    return memory[first : first + n]
