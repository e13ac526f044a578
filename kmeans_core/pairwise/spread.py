"""Calinski-Harabasz and Davies-Bouldin scores: clusters judged by their centers and spreads."""

from typing import Any, NamedTuple

import numpy as np

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.interface.parameters import N_THREADS, check_parameters
from kmeans_core.kernels.centers import largest_overlaps, squared_lengths, weighted_total
from kmeans_core.pairwise.given_labels import checked_labels
from kmeans_core.points.checks import as_points
from kmeans_core.points.interface import KnownPoints
from kmeans_core.threads import chunks

_RULES = {"n_threads": N_THREADS}


class SpreadScores(NamedTuple):
    """Two scores of one clustering."""

    calinski_harabasz: float
    davies_bouldin: float


def calinski_harabasz_score(X: Any, labels: Any, *, n_threads: int | None = None) -> float:
    """Measure how far the clusters lie apart, in proportion to their spread; larger is better.

    The score is (B / (k - 1)) / (W / (n - k)). Here n is the number of rows, and k is the number of
    clusters. W is the sum of the squared distances of the rows to the mean of their cluster. B is
    the same sum for the means of the clusters and the mean of all rows, where each mean counts once
    for each row of its cluster. The score is 1 if W is 0, as in scikit-learn.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        An absent cell of a sparse matrix is 0.
    labels : array-like of shape (n_samples,)
        The clusters of the rows: all numbers or all strings, without missing values.
    n_threads : int, optional
        The largest number of threads to use. By default it is the number of processors that this
        process may use. The result is the same, to the bit, for every number.

    Returns
    -------
    float
        At least 0. NaN if squared distances are more than float64 can hold.

    Raises
    ------
    ValueError
        If X is not a matrix of finite numbers. Also if labels have another length than X, have
        missing values or mixed types, or name fewer than 2 or more than n_samples - 1 clusters.

    References
    ----------
    Calinski, T. and Harabasz, J. (1974), A dendrite method for cluster analysis. Communications in
    Statistics 3, 1-27.

    Examples
    --------
    >>> from kmeans_core import calinski_harabasz_score
    >>> calinski_harabasz_score([[0.0], [2.0], [6.0], [8.0]], [0, 0, 1, 1])
    18.0
    """
    return _checked_scores("calinski_harabasz_score", X, labels, n_threads).calinski_harabasz


def davies_bouldin_score(X: Any, labels: Any, *, n_threads: int | None = None) -> float:
    """Measure how much the clusters overlap with their worst neighbors; smaller is better.

    The spread s_i of a cluster is the mean distance of its rows to their mean. Two clusters overlap
    by (s_i + s_j) / d_ij, where d_ij is the distance between their means. The score is the mean,
    over the clusters, of the largest overlap with another cluster. Clusters with the same mean are
    not compared with each other, as in scikit-learn.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The rows, as in :func:`calinski_harabasz_score`.
    labels : array-like of shape (n_samples,)
        The clusters of the rows, as in :func:`calinski_harabasz_score`.
    n_threads : int, optional
        The largest number of threads to use, as in :func:`calinski_harabasz_score`.

    Returns
    -------
    float
        At least 0. NaN if squared distances are more than float64 can hold.

    Raises
    ------
    ValueError
        As in :func:`calinski_harabasz_score`.

    References
    ----------
    Davies, D. L. and Bouldin, D. W. (1979), A cluster separation measure. IEEE Transactions on
    Pattern Analysis and Machine Intelligence 1, 224-227.

    Examples
    --------
    >>> from kmeans_core import davies_bouldin_score
    >>> round(davies_bouldin_score([[0.0], [2.0], [6.0], [8.0]], [0, 0, 1, 1]), 4)
    0.3333
    """
    return _checked_scores("davies_bouldin_score", X, labels, n_threads).davies_bouldin


def _checked_scores(owner: str, X: Any, labels: Any, n_threads: int | None) -> SpreadScores:
    threads = check_parameters(owner, {"n_threads": n_threads}, _RULES)["n_threads"]
    points = as_points(X, n_threads=threads, compress=False)
    numbers = checked_labels(labels, points.shape[0]).astype(np.int32)
    return spread_scores(points, numbers, np.bincount(numbers))


def spread_scores(points: KnownPoints, labels: Labels, sizes: Ints) -> SpreadScores:
    """Both scores of a clustering whose clusters have ``sizes`` rows, from 1.

    The rows are read as k-means reads them, so CSR stays CSR. Squared distances that overflow give
    NaN.
    """
    n_samples, n_clusters = points.shape[0], len(sizes)
    sums = points.cluster_sums(np.ones(n_samples), n_clusters)
    sums.refresh(labels)
    centers = np.zeros((n_clusters, points.shape[1]))
    sums.move(centers)
    squared = points.own_distances(centers, labels)
    within = float(np.sum(squared))
    if not np.isfinite(within):
        return SpreadScores(np.nan, np.nan)
    between = _between(centers, sizes)
    ratio = between * (n_samples - n_clusters) / (within * (n_clusters - 1)) if within > 0 else 1.0
    spreads = np.bincount(labels, np.sqrt(squared)) / sizes
    return SpreadScores(ratio, _mean_overlap(spreads, centers, points.n_threads))


def _between(centers: Floats, sizes: Ints) -> float:
    """The sum of the squared distances of the centers to the mean of all rows, by ``sizes``."""
    mean = (sizes[:, None] * centers).sum(axis=0) / sizes.sum()
    squared = np.empty(len(sizes))
    squared_lengths(centers - mean, squared)
    return float(weighted_total(sizes.astype(np.float64), squared))


def _mean_overlap(spreads: Floats, centers: Floats, n_threads: int) -> float:
    overlaps = np.empty(len(spreads))
    chunks.run(
        len(spreads),
        centers.size * len(spreads),
        n_threads,
        lambda start, stop: largest_overlaps(spreads, centers, start, stop, overlaps),
    )
    return float(np.mean(overlaps))
