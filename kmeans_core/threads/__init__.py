"""How kernels are run: on how many threads, in which chunks, and how they stop."""
