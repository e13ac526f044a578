"""Names of the arrays that are everywhere, and memory that vectors can be loaded from in one go."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
Ints = npt.NDArray[np.intp]

# A cache line, and the longest vector: one that straddles two lines takes twice as long.
LINE_BYTES = 64


def aligned_zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros that start on a cache line."""
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + LINE_BYTES, dtype=np.uint8)
    first = -memory.ctypes.data % LINE_BYTES
    return memory[first : first + n_bytes].view(dtype).reshape(shape)
