"""Who runs kernels: how many threads, which chunks, and how they stop."""
