"""Distances between the rows of a matrix, as silhouettes ask for them."""

import numpy as np
import scipy.sparse as sp

from kmeans_core.pairwise.pairs import named_metric, pairs_of_points
from kmeans_core.points.checks import as_points

ROW_METRICS = ["euclidean", "manhattan", "cosine"]


def pairs_of(X, metric, n_threads=None):
    """Distances between the rows of any input, made by the same steps as in silhouettes."""
    named = named_metric(metric)
    points = as_points(X, n_threads=n_threads, compress=named != "precomputed")
    return pairs_of_points(points, named, X)


def all_pairs(X, metric):
    """The whole matrix of distances."""
    pairs = pairs_of(X, metric)
    return distances_of(pairs, 0, pairs.n_samples, 0, pairs.n_samples)


def distances_of(pairs, start, end, first, stop):
    """From rows start..end to rows first..stop, without the columns beyond."""
    distances = pairs.to(first, stop)(start, end)
    assert distances.shape[0] == end - start
    assert distances.shape[1] >= stop - first
    return distances[:, : stop - first]


def int64_csr(X):
    """CSR whose indices and indptr are int64."""
    matrix = sp.csr_array(X)
    matrix.indices = matrix.indices.astype(np.int64)
    matrix.indptr = matrix.indptr.astype(np.int64)
    return matrix
