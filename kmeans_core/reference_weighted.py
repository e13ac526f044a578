"""K-means with weights, with relocated clusters, with greedy k-means++, and with mini-batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kmeans_core.reference import Floats, Ints, LloydStep, nearest, squared_distances


def weighted_inertia(X: Floats, centers: Floats, labels: Ints, weights: Floats) -> float:
    """Compute the weighted sum of squared distances from rows to their center.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    centers : ndarray of shape (n_clusters, n_features)
        The centers.
    labels : ndarray of shape (n_samples,)
        The cluster of each row.
    weights : ndarray of shape (n_samples,)
        The weight of each row, at least 0.

    Returns
    -------
    float
        In squared units of X, times the unit of the weights.

    Examples
    --------
    >>> X, centers, labels = np.array([[1.0], [2.0]]), np.array([[0.0]]), np.array([0, 0])
    >>> weighted_inertia(X, centers, labels, np.array([3.0, 1.0]))
    7.0
    """
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

    Examples
    --------
    >>> X, centers = np.array([[1.0], [3.0]]), np.array([[0.0], [9.0]])
    >>> step = next(weighted_lloyd(X, centers, np.ones(2)))
    >>> step.relocated, step.next_centers.ravel()
    (array([1]), array([1., 3.]))
    """

    relocated: Ints
    next_centers: Floats


def weighted_lloyd(
    X: Floats, centers: Floats, weights: Floats, *, max_iter: int = 300, tol: float = 0.0
) -> Iterator[WeightedStep]:
    """Run :func:`lloyd` with weights and with relocation of empty clusters, as ``KMeans`` does.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    centers : ndarray of shape (n_clusters, n_features)
        The first centers.
    weights : ndarray of shape (n_samples,)
        The weight of each row, at least 0.
    max_iter : int, default 300
        The largest number of steps.
    tol : float, default 0.0
        It also stops if the summed squared shift of the centers is at most this number.

    Yields
    ------
    WeightedStep
        The centers of the step, the rows that are assigned to them, and the next centers.

    Examples
    --------
    >>> X, weights = np.array([[0.0], [4.0]]), np.array([1.0, 3.0])
    >>> [step.inertia for step in weighted_lloyd(X, np.array([[0.0]]), weights)]
    [48.0, 12.0]
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
    """Move each center to the weighted mean of its rows, and relocate empty clusters.

    A cluster without weight takes the row that is farthest from its own center (the lowest row
    number if rows are equally far). Rows that lie on their center are not taken. So a cluster
    can stay empty, if there are more clusters than distinct rows. It then gets the center of the
    heaviest cluster.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    centers : ndarray of shape (n_clusters, n_features)
        The centers so far.
    labels : ndarray of shape (n_samples,)
        The cluster of each row.
    weights : ndarray of shape (n_samples,)
        The weight of each row, at least 0.

    Returns
    -------
    moved : ndarray of shape (n_clusters, n_features)
        The next centers.
    relocated : ndarray of shape (n_relocated,)
        The clusters that took a row.

    Examples
    --------
    >>> X, centers = np.array([[1.0], [2.0], [9.0]]), np.array([[0.0], [50.0]])
    >>> moved, relocated = update(X, centers, np.array([0, 0, 0]), np.ones(3))
    >>> moved.ravel(), relocated
    (array([1.5, 9. ]), array([1]))
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
    """Choose first centers as :func:`kmeans_plusplus` does, but each from several candidates.

    Rows are drawn in proportion to weight * D^2. Greedy k-means++ draws 2 + log(k) candidates and
    keeps the one that leaves the least sum of weight * D^2. The random numbers are those that
    scikit-learn draws.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    n_clusters : int
        The number of rows to choose.
    random_state : RandomState
        Draws the candidates.
    weights : ndarray of shape (n_samples,)
        The weight of each row, at least 0.

    Returns
    -------
    ndarray of shape (n_clusters,)
        Row numbers in X, in the order in which they were chosen.

    References
    ----------
    Arthur, D. and Vassilvitskii, S. (2007), k-means++: the advantages of careful seeding. SODA.
    Section 5.

    Examples
    --------
    A row of weight 0 is never chosen:

    >>> X, weights = np.array([[0.0], [5.0], [9.0]]), np.array([1.0, 0.0, 1.0])
    >>> sorted(greedy_kmeans_plusplus(X, 2, np.random.RandomState(0), weights).tolist())
    [0, 2]
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
    """Make one step of mini-batch k-means (Sculley 2010, algorithm 1).

    The whole batch is assigned first. Then each row pulls its center with a rate that falls as the
    center's count grows. So a center is the weighted mean of all rows that it has got so far.

    Parameters
    ----------
    batch : ndarray of shape (n_rows, n_features)
        The rows of the batch.
    weights : ndarray of shape (n_rows,)
        The weight of each row, at least 0.
    centers : ndarray of shape (n_clusters, n_features)
        The centers so far.
    counts : ndarray of shape (n_clusters,)
        The weight of the rows that each center has got so far.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features)
        The next centers.
    counts : ndarray of shape (n_clusters,)
        The weight of the rows that each center has got by now.

    References
    ----------
    Sculley, D. (2010), Web-scale k-means clustering. WWW, 1177-1178.

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
