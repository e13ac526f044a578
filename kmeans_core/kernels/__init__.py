"""Kernels: compiled functions that take arrays and write arrays, without classes and threads."""
