"""Exact k-means and silhouette: numba kernels under scikit-learn's own interface."""
