"""The textbook: k-means++, Lloyd and silhouette straight from their definitions, in plain NumPy.

Nothing here is fast, and nothing here shares code with the rest of the package: learners read it,
and the tests hold the fast versions against it.

Notation: X is (n_samples, n_features), centers is (n_clusters, n_features), labels[i] is the
cluster of row i, weights[i] how often row i counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def squared_distances(X: Floats, centers: Floats) -> Floats:
    """Sum of (x - c)^2 over the features, in their order, for every row and centre.

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
    """Label of the nearest centre for each row; of equally near ones, the lowest."""
    labels: Ints = np.argmin(squared_distances(X, centers), axis=1)
    return labels


def inertia(X: Floats, centers: Floats, labels: Ints, weights: Floats) -> float:
    """What k-means makes small: the weighted sum of squared distances to the own centre."""
    own = squared_distances(X, centers)[np.arange(len(X)), labels]
    return float(np.sum(weights * own))


# k-means++ ------------------------------------------------------------------------------------


def kmeans_plusplus(
    X: Floats, n_clusters: int, random_state: np.random.RandomState, weights: Floats
) -> Ints:
    """Rows that make good first centres (Arthur and Vassilvitskii 2007, section 2.2).

    The first row is drawn in proportion to its weight, each later one in proportion to
    weight * D^2, D being the distance to the nearest row chosen so far. Of 2 + log(k) draws
    (greedy k-means++, ibid. section 5) the one that leaves the least sum of weight * D^2 is kept.

    Returns
    -------
    ndarray of shape (n_clusters,)
        Row numbers in X, in the order of choice.
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


# Lloyd ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LloydStep:
    """One iteration: what was assigned to which centres, and where the centres go next.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        The centres the rows were assigned to.
    labels : ndarray of shape (n_samples,)
        The nearest centre of each row.
    inertia : float
        Of ``labels`` to ``centers``.
    n_moved : int
        Rows whose label is not that of the step before.
    refilled : ndarray of shape (n_refilled,)
        Clusters nobody was in, which start anew at the rows farthest from their centres.
    next_centers : ndarray of shape (n_clusters, n_features)
        The mean of each cluster.
    """

    centers: Floats
    labels: Ints
    inertia: float
    n_moved: int
    refilled: Ints
    next_centers: Floats


def lloyd(
    X: Floats, centers: Floats, weights: Floats, *, max_iter: int = 300, tol: float = 0.0
) -> Iterator[LloydStep]:
    """Lloyd's algorithm (Lloyd 1982), a step at a time.

    Assign each row to its nearest centre; move each centre to the mean of its rows; again, until
    no row moves, or the summed squared shift of the centres is at most ``tol``, or ``max_iter``.

    Yields
    ------
    LloydStep
    """
    labels = np.full(len(X), -1)
    for _ in range(max_iter):
        previous, labels = labels, nearest(X, centers)
        n_moved = int(np.sum(labels != previous))
        next_centers, refilled = update(X, centers, labels, weights)
        yield LloydStep(
            centers, labels, inertia(X, centers, labels, weights), n_moved, refilled, next_centers
        )
        if n_moved == 0:
            return
        shift = float(np.sum((next_centers - centers) ** 2))
        centers = next_centers
        if shift <= tol:
            return


def update(X: Floats, centers: Floats, labels: Ints, weights: Floats) -> tuple[Floats, Ints]:
    """The weighted mean of each cluster's rows, and the clusters that had to be refilled.

    A cluster without weight takes the row farthest from its own centre (the lowest of equally far
    ones) out of the cluster it is in. Rows that lie on their centre are not taken: where there
    are more clusters than distinct rows, a cluster stays empty and lies where the heaviest does.
    """
    clusters = np.arange(len(centers))
    mass = np.array([np.sum(weights[labels == c]) for c in clusters])
    empty = np.flatnonzero(mass == 0)

    own = squared_distances(X, centers)[np.arange(len(X)), labels]
    farthest_first = np.argsort(-own, kind="stable")
    donors = farthest_first[(own * weights)[farthest_first] > 0][: len(empty)]
    refilled = empty[: len(donors)]
    labels = labels.copy()
    labels[donors] = refilled

    mass = np.array([np.sum(weights[labels == c]) for c in clusters])
    sums = np.array([np.sum(weights[labels == c, None] * X[labels == c], axis=0) for c in clusters])
    means = sums / np.where(mass > 0, mass, 1.0)[:, None]
    means[mass == 0] = means[np.argmax(mass)]
    return means, refilled


# Silhouette -----------------------------------------------------------------------------------


def silhouette_samples(X: Floats, labels: Ints) -> Floats:
    """How much nearer each row is to its own cluster than to the next one (Rousseeuw 1987).

    (b - a) / max(a, b) with a the mean distance to the other rows of the own cluster and b the
    least mean distance to the rows of another; 0 for a row alone in its cluster.

    Returns
    -------
    ndarray of shape (n_samples,)
        Each within -1..1.

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
