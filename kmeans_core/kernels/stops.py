"""Codes of kernels for the reasons why Lloyd's algorithm stopped."""

MAX_ITER, TOLERANCE, STRICT, RAN_EMPTY, UNFINISHED = 0, 1, 2, 3, 4
