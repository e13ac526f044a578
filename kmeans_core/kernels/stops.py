"""Why a run of Lloyd's algorithm stopped, as kernels say it."""

MAX_ITER, TOLERANCE, STRICT, RAN_EMPTY, UNFINISHED = 0, 1, 2, 3, 4
