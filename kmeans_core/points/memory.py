"""The available memory, and an error for matrices with a shape that needs more."""

import os
from contextlib import suppress

Shape = tuple[int, int]

# The least bytes that any use of a matrix needs for each row and for each column.
ROW_BYTES = 32
COLUMN_BYTES = 8


def refuse_huge(shape: Shape, name: str, n_dense: int = 0) -> None:
    """Raise ValueError if a result of this shape needs more memory than there is.

    The shape of a sparse matrix is only two numbers, so it can be far larger than the memory. A fit
    also holds four copies of ``n_dense`` dense rows, such as centers.
    """
    needed = ROW_BYTES * shape[0] + COLUMN_BYTES * shape[1] * max(1, 4 * n_dense)
    # Small needs are not checked: looking up the memory takes longer than a small fit.
    if needed < 2**30 or needed <= (available := available_memory()):
        return
    centers = f" and {n_dense} centers" if n_dense else ""
    raise ValueError(
        f"{name} has {shape[0]} rows and {shape[1]} columns: a result for each row{centers} with a "
        f"number for each column need {needed / 2**30:.3g} GB, but there are only "
        f"{available / 2**30:.3g} GB. Leave out rows and columns that store nothing."
    )


def available_memory() -> int:
    """Bytes of memory that this machine or its container has; 2**63 if unknown."""
    limits = [2**63]
    with suppress(AttributeError, OSError, ValueError):  # not on Windows
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        # There is no such file, or it says "max".
        with suppress(OSError, ValueError), open(path, encoding="ascii") as file:
            limits.append(int(file.read()))
    return min(limit for limit in limits if limit > 0)
