"""The textbook version: k-means++, Lloyd, mini-batches and scores, in plain NumPy.

It is not fast, and it shares no code with the rest of the package. Learners read it, and the tests
compare the fast versions with it. Part 1 is the first reading: all of plain k-means. Part 2 adds
what `KMeans` does beyond it: weights, clusters that lose all their rows, and greedy k-means++.

Notation: X is (n_samples, n_features), and centers is (n_clusters, n_features). labels[i] is the
cluster of row i, and weights[i] is its weight.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

# Part 1: plain k-means ------------------------------------------------------------------------


def squared_distances(X: Floats, centers: Floats) -> Floats:
    """The sum of (x - c)^2 over the features, in their order, for every row and center.

    Returns
    -------
    ndarray of shape (n_samples, n_clusters)

    Examples
    --------
    >>> squared_distances(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0]]))
    array([[ 0.],
           [25.]])
    """
    total = np.zeros((len(X), len(centers)))
    for feature in range(X.shape[1]):
        total += (X[:, [feature]] - centers[:, feature]) ** 2
    return total


def nearest(X: Floats, centers: Floats) -> Ints:
    """Label of the nearest center for each row; the lowest label if centers are equally near."""
    labels: Ints = np.argmin(squared_distances(X, centers), axis=1)
    return labels


def inertia(X: Floats, centers: Floats, labels: Ints) -> float:
    """The objective of k-means: the sum of squared distances from rows to their center."""
    own = squared_distances(X, centers)[np.arange(len(X)), labels]
    return float(np.sum(own))


def means(X: Floats, labels: Ints, centers: Floats) -> Floats:
    """The mean of each cluster's rows. A cluster without rows keeps its center."""
    moved = centers.copy()
    for c in np.unique(labels):
        moved[c] = np.mean(X[labels == c], axis=0)
    return moved


@dataclass(frozen=True, eq=False)
class LloydStep:
    """One iteration: where the centers are, and which rows are assigned to them.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        The centers that the rows were assigned to.
    labels : ndarray of shape (n_samples,)
        The nearest center of each row.
    inertia : float
        Inertia of ``labels`` and ``centers``.
    n_moved : int
        Rows whose label differs from the previous step.
    """

    centers: Floats
    labels: Ints
    inertia: float
    n_moved: int


def lloyd(X: Floats, centers: Floats, max_iter: int = 300) -> Iterator[LloydStep]:
    """Lloyd's algorithm (Lloyd 1982), one step at a time.

    Assign each row to its nearest center, and move each center to the mean of its rows. Repeat
    until no row changes its label, or for ``max_iter`` steps.

    Yields
    ------
    LloydStep

    Examples
    --------
    >>> for step in lloyd(np.array([[0.0], [1.0], [10.0]]), np.array([[0.0], [1.0]])):
    ...     print(step.labels, step.centers.ravel(), step.inertia)
    [0 1 1] [0. 1.] 81.0
    [0 0 1] [0.  5.5] 21.25
    [0 0 1] [ 0.5 10. ] 0.5
    """
    labels = np.full(len(X), -1)
    for _ in range(max_iter):
        previous, labels = labels, nearest(X, centers)
        n_moved = int(np.sum(labels != previous))
        yield LloydStep(centers, labels, inertia(X, centers, labels), n_moved)
        if n_moved == 0:
            return
        centers = means(X, labels, centers)


def kmeans_plusplus(X: Floats, n_clusters: int, random_state: np.random.RandomState) -> Ints:
    """Rows that make good first centers (Arthur and Vassilvitskii 2007, section 2.2).

    Any row may be the first. Each later row is drawn with a probability in proportion to D^2, where
    D is the distance to the nearest row chosen so far.

    Returns
    -------
    ndarray of shape (n_clusters,)
        Row numbers in X, in the order in which they were chosen.

    Raises
    ------
    ValueError
        If X has fewer than ``n_clusters`` distinct rows.
    """
    chosen = [int(random_state.randint(len(X)))]
    while len(chosen) < n_clusters:
        closest = np.min(squared_distances(X, X[chosen]), axis=1)
        if np.sum(closest) == 0:
            raise ValueError(f"X has only {len(chosen)} distinct rows, for {n_clusters} clusters")
        chosen.append(int(random_state.choice(len(X), p=closest / np.sum(closest))))
    return np.array(chosen)


def silhouette_samples(X: Floats, labels: Ints) -> Floats:
    """How much nearer each row is to its own cluster than to the next one (Rousseeuw 1987).

    The value is (b - a) / max(a, b). Here a is the mean distance to the other rows of the same
    cluster, and b is the least mean distance to the rows of another cluster. The value is 0 for a
    row that is alone in its cluster.

    Returns
    -------
    ndarray of shape (n_samples,)
        Between -1 and 1.

    Examples
    --------
    >>> silhouette_samples(np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1]))
    array([0.8 , 0.75, 0.  ])
    """
    distances = np.sqrt(squared_distances(X, X))
    scores = np.zeros(len(X))
    for i, own in enumerate(labels):
        same = labels == own
        if np.sum(same) == 1:
            continue
        a = np.sum(distances[i, same]) / (np.sum(same) - 1)
        b = min(np.mean(distances[i, labels == c]) for c in np.unique(labels) if c != own)
        scores[i] = (b - a) / max(a, b) if max(a, b) > 0 else 0.0
    return scores


# Part 2: weights and clusters without rows ------------------------------------------------------


def weighted_inertia(X: Floats, centers: Floats, labels: Ints, weights: Floats) -> float:
    """The weighted sum of squared distances from rows to their center."""
    own = squared_distances(X, centers)[np.arange(len(X)), labels]
    return float(np.sum(weights * own))


@dataclass(frozen=True, eq=False)
class WeightedStep(LloydStep):
    """One iteration of :func:`weighted_lloyd`: a step, and where the centers go next.

    Attributes
    ----------
    relocated : ndarray of shape (n_relocated,)
        Clusters that were empty and were moved to the rows farthest from their centers.
    next_centers : ndarray of shape (n_clusters, n_features)
        The weighted mean of each cluster.
    """

    relocated: Ints
    next_centers: Floats


def weighted_lloyd(
    X: Floats, centers: Floats, weights: Floats, *, max_iter: int = 300, tol: float = 0.0
) -> Iterator[WeightedStep]:
    """:func:`lloyd` with weights and with relocation of empty clusters, as ``KMeans`` does it.

    It also stops if the summed squared shift of the centers is at most ``tol``.

    Yields
    ------
    WeightedStep
    """
    labels = np.full(len(X), -1)
    for _ in range(max_iter):
        previous, labels = labels, nearest(X, centers)
        n_moved = int(np.sum(labels != previous))
        objective = weighted_inertia(X, centers, labels, weights)
        next_centers, relocated = update(X, centers, labels, weights)
        yield WeightedStep(centers, labels, objective, n_moved, relocated, next_centers)
        shift = float(np.sum((next_centers - centers) ** 2))
        if n_moved == 0 or shift <= tol:
            return
        centers = next_centers


def update(X: Floats, centers: Floats, labels: Ints, weights: Floats) -> tuple[Floats, Ints]:
    """The weighted mean of each cluster's rows, and the clusters that were relocated.

    A cluster without weight takes the row that is farthest from its own center (the lowest row
    number if rows are equally far). Rows that lie on their center are not taken. So if there are
    more clusters than distinct rows, a cluster stays empty, and its center is that of the heaviest
    cluster.
    """
    clusters = np.arange(len(centers))
    weight_in_clusters = np.array([np.sum(weights[labels == c]) for c in clusters])
    empty = np.flatnonzero(weight_in_clusters == 0)

    own = squared_distances(X, centers)[np.arange(len(X)), labels]
    farthest_first = np.argsort(-own, kind="stable")
    donors = farthest_first[(own * weights)[farthest_first] > 0][: len(empty)]
    relocated = empty[: len(donors)]
    labels = labels.copy()
    labels[donors] = relocated

    weight_in_clusters = np.array([np.sum(weights[labels == c]) for c in clusters])
    sums = np.array([np.sum(weights[labels == c, None] * X[labels == c], axis=0) for c in clusters])
    moved = sums / np.where(weight_in_clusters > 0, weight_in_clusters, 1.0)[:, None]
    moved[weight_in_clusters == 0] = moved[np.argmax(weight_in_clusters)]
    return moved, relocated


def greedy_kmeans_plusplus(
    X: Floats, n_clusters: int, random_state: np.random.RandomState, weights: Floats
) -> Ints:
    """:func:`kmeans_plusplus` with weights, and with several candidates for each row.

    Rows are drawn in proportion to weight * D^2. Greedy k-means++ (Arthur and Vassilvitskii 2007,
    section 5) draws 2 + log(k) candidates and keeps the one that leaves the least sum of
    weight * D^2. The random numbers are those that scikit-learn draws.

    Returns
    -------
    ndarray of shape (n_clusters,)
        Row numbers in X, in the order in which they were chosen.
    """
    n_trials = 2 + int(np.log(n_clusters))
    chosen = [int(random_state.choice(len(X), p=weights / weights.sum()))]
    closest = squared_distances(X, X[chosen])[:, 0]
    while len(chosen) < n_clusters:
        cumulative = np.cumsum(weights * closest)
        draws = random_state.uniform(size=n_trials) * cumulative[-1]
        candidates = np.minimum(np.searchsorted(cumulative, draws), len(X) - 1)
        closest_if = np.minimum(closest[:, None], squared_distances(X, X[candidates]))
        best = int(np.argmin(weights @ closest_if))
        chosen.append(int(candidates[best]))
        closest = closest_if[:, best]
    return np.array(chosen)


# Mini-batches ---------------------------------------------------------------------------------


def minibatch_step(
    batch: Floats, weights: Floats, centers: Floats, counts: Floats
) -> tuple[Floats, Floats]:
    """One step of mini-batch k-means (Sculley 2010, algorithm 1): the next centers and counts.

    The whole batch is assigned first. Then each row pulls its center with a rate that falls as the
    center's count grows. So a center is the weighted mean of all rows that it has got so far.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features)
    counts : ndarray of shape (n_clusters,)
        The weight of the rows that each center has got.

    Examples
    --------
    >>> batch, centers = np.array([[4.0], [1.0]]), np.array([[0.0], [8.0]])
    >>> centers, counts = minibatch_step(batch, np.ones(2), centers, np.array([3.0, 1.0]))
    >>> centers.ravel(), counts
    (array([1., 8.]), array([5., 1.]))
    """
    labels = nearest(batch, centers)
    centers, counts = centers.copy(), counts.copy()
    for row, weight, c in zip(batch, weights, labels, strict=True):
        if weight > 0:
            counts[c] += weight
            rate = weight / counts[c]
            centers[c] = (1 - rate) * centers[c] + rate * row
    return centers, counts


# Other scores ---------------------------------------------------------------------------------


def calinski_harabasz_score(X: Floats, labels: Ints) -> float:
    """How far clusters lie apart, in proportion to their spread (Calinski and Harabasz 1974).

    It is (between / (k - 1)) / (within / (n - k)) for n rows and k clusters. Both are sums of
    squared distances: from rows to the mean of their cluster, and, once for each row, from this
    mean to the mean of all rows. The labels are 0 to k - 1.
    """
    n_samples, n_clusters = len(X), len(np.unique(labels))
    means = _means(X, labels)
    within = np.sum((X - means[labels]) ** 2)
    between = np.sum((means[labels] - np.mean(X, axis=0)) ** 2)
    return float((between / (n_clusters - 1)) / (within / (n_samples - n_clusters)))


def davies_bouldin_score(X: Floats, labels: Ints) -> float:
    """How much clusters overlap with their worst neighbors (Davies and Bouldin 1979).

    It is the mean over clusters of the largest (s_i + s_j) / d_ij. Here s is the mean distance of
    the rows of a cluster to their mean, and d_ij is the distance between two means. The labels are
    0 to k - 1.
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
    """How much two clusterings agree, corrected for chance (Hubert and Arabie 1985, equation 5).

    It is (pairs - expected) / (largest - expected). Here pairs is the number of pairs of rows that
    are together in both clusterings. Random clusterings with the same sizes would have the expected
    number. The largest possible number is taken as the mean of the numbers of the two clusterings.

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
