"""Other scores of clusterings: how clusters lie apart, overlap, and agree with other clusters."""

import numpy as np

from kmeans_core.reference import Floats, Ints, squared_distances


def calinski_harabasz_score(X: Floats, labels: Ints) -> float:
    """Measure how far clusters lie apart, in proportion to their spread.

    It is (between / (k - 1)) / (within / (n - k)) for n rows and k clusters. Both are sums of
    squared distances: from rows to the mean of their cluster, and, once for each row, from this
    mean to the mean of all rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    labels : ndarray of shape (n_samples,)
        The cluster of each row, from 0 to k - 1.

    Returns
    -------
    float
        At least 0. Larger is better.

    References
    ----------
    Calinski, T. and Harabasz, J. (1974), A dendrite method for cluster analysis. Communications in
    Statistics 3, 1-27.

    Examples
    --------
    Between is 4 * 9, and within is 4 * 1:

    >>> X = np.array([[0.0], [2.0], [6.0], [8.0]])
    >>> calinski_harabasz_score(X, np.array([0, 0, 1, 1]))
    18.0
    """
    n_samples, n_clusters = len(X), len(np.unique(labels))
    means = _means(X, labels)
    within = np.sum((X - means[labels]) ** 2)
    between = np.sum((means[labels] - np.mean(X, axis=0)) ** 2)
    return float((between / (n_clusters - 1)) / (within / (n_samples - n_clusters)))


def davies_bouldin_score(X: Floats, labels: Ints) -> float:
    """Measure how much clusters overlap with their worst neighbors.

    It is the mean over clusters of the largest (s_i + s_j) / d_ij. Here s is the mean distance of
    the rows of a cluster to their mean, and d_ij is the distance between two means.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    labels : ndarray of shape (n_samples,)
        The cluster of each row, from 0 to k - 1.

    Returns
    -------
    float
        At least 0. Smaller is better.

    References
    ----------
    Davies, D. L. and Bouldin, D. W. (1979), A cluster separation measure. IEEE Transactions on
    Pattern Analysis and Machine Intelligence 1, 224-227.

    Examples
    --------
    Both clusters have s = 1, and d is 8:

    >>> X = np.array([[0.0], [2.0], [8.0], [10.0]])
    >>> davies_bouldin_score(X, np.array([0, 0, 1, 1]))
    0.25
    """
    means = _means(X, labels)
    to_mean = np.sqrt(np.sum((X - means[labels]) ** 2, axis=1))
    clusters = range(len(means))
    s = [np.mean(to_mean[labels == c]) for c in clusters]
    d = np.sqrt(squared_distances(means, means))
    worst = [max((s[i] + s[j]) / d[i, j] for j in clusters if j != i) for i in clusters]
    return float(np.mean(worst))


def _means(X: Floats, labels: Ints) -> Floats:
    return np.array([np.mean(X[labels == c], axis=0) for c in np.unique(labels)])


def adjusted_rand_score(a: Ints, b: Ints) -> float:
    """Measure how much two clusterings agree, corrected for chance.

    It is (pairs - expected) / (largest - expected). Here pairs is the number of pairs of rows that
    are together in both clusterings. Random clusterings with the same sizes would have the expected
    number. The largest possible number is taken as the mean of the numbers of the two clusterings.

    Parameters
    ----------
    a, b : ndarray of shape (n_samples,)
        The cluster of each row in the two clusterings.

    Returns
    -------
    float
        1 if the clusterings are the same, and about 0 for random ones.

    References
    ----------
    Hubert, L. and Arabie, P. (1985), Comparing partitions. Journal of Classification 2, 193-218.
    Equation 5.

    Examples
    --------
    >>> round(adjusted_rand_score(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])), 4)
    0.5714
    """
    first, second = np.triu_indices(len(a), k=1)
    in_a, in_b = a[first] == a[second], b[first] == b[second]
    expected = np.sum(in_a) * np.sum(in_b) / len(first)
    largest = (np.sum(in_a) + np.sum(in_b)) / 2
    return float((np.sum(in_a & in_b) - expected) / (largest - expected))
