"""Benchmarks: the same work for kmeans_core and its peers, side by side; see docs/benchmarks.md."""
