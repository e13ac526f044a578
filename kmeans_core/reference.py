"""Plain k-means in NumPy: assign rows to centers, move the centers, choose the first centers.

This file is the first reading. It is not fast, and it shares no code with the fast versions: the
tests compare them with it. `reference_weighted.py` is the second reading: weights, clusters that
lose all their rows, greedy k-means++ and mini-batches. `reference_scores.py` has more scores.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def squared_distances(X: Floats, centers: Floats) -> Floats:
    """Add up (x - c)^2 over the features, in their order, for every row and center.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    centers : ndarray of shape (n_clusters, n_features)
        The centers.

    Returns
    -------
    ndarray of shape (n_samples, n_clusters)
        In squared units of X.

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
    """Find the nearest center of each row.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    centers : ndarray of shape (n_clusters, n_features)
        The centers.

    Returns
    -------
    ndarray of shape (n_samples,)
        The number of the nearest center, and the lowest number of equally near ones.

    Examples
    --------
    >>> nearest(np.array([[1.0], [2.0], [4.0]]), np.array([[0.0], [4.0]]))
    array([0, 0, 1])
    """
    labels: Ints = np.argmin(squared_distances(X, centers), axis=1)
    return labels


def inertia(X: Floats, centers: Floats, labels: Ints) -> float:
    """Compute the objective of k-means: the sum of squared distances from rows to their center.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    centers : ndarray of shape (n_clusters, n_features)
        The centers.
    labels : ndarray of shape (n_samples,)
        The cluster of each row.

    Returns
    -------
    float
        In squared units of X.

    Examples
    --------
    >>> inertia(np.array([[1.0], [2.0], [7.0]]), np.array([[0.0], [4.0]]), np.array([0, 0, 1]))
    14.0
    """
    own = squared_distances(X, centers)[np.arange(len(X)), labels]
    return float(np.sum(own))


def means(X: Floats, labels: Ints, centers: Floats) -> Floats:
    """Move each center to the mean of its rows. A cluster without rows keeps its center.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    labels : ndarray of shape (n_samples,)
        The cluster of each row.
    centers : ndarray of shape (n_clusters, n_features)
        The centers so far.

    Returns
    -------
    ndarray of shape (n_clusters, n_features)
        The next centers.

    Examples
    --------
    >>> means(np.array([[1.0], [3.0]]), np.array([0, 0]), np.array([[0.0], [4.0]]))
    array([[2.],
           [4.]])
    """
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
        Inertia of ``labels`` and ``centers``, in squared units of X.
    n_moved : int
        The number of rows whose label differs from the previous step. In the first step it is the
        number of all rows.

    Examples
    --------
    >>> first = next(lloyd(np.array([[0.0], [1.0], [10.0]]), np.array([[0.0], [1.0]])))
    >>> first.labels, first.n_moved
    (array([0, 1, 1]), 3)
    """

    centers: Floats
    labels: Ints
    inertia: float
    n_moved: int


def lloyd(X: Floats, centers: Floats, max_iter: int = 300) -> Iterator[LloydStep]:
    """Run Lloyd's algorithm (Lloyd 1982), one step at a time.

    Assign each row to its nearest center, and move each center to the mean of its rows. Repeat
    until no row changes its label, or for ``max_iter`` steps.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    centers : ndarray of shape (n_clusters, n_features)
        The first centers.
    max_iter : int, default 300
        The largest number of steps.

    Yields
    ------
    LloydStep
        The centers of the step, and the rows that are assigned to them.

    References
    ----------
    Lloyd, S. (1982), Least squares quantization in PCM. IEEE Trans. Inf. Theory 28, 129-137.

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
    """Draw rows that make good first centers, by plain k-means++.

    Any row may be the first. Each later row is drawn with a probability in proportion to D^2, where
    D is the distance to the nearest row chosen so far.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    n_clusters : int
        The number of rows to draw.
    random_state : RandomState
        Draws the rows.

    Returns
    -------
    ndarray of shape (n_clusters,)
        Row numbers in X, in the order in which they were chosen.

    Raises
    ------
    ValueError
        If X has fewer than ``n_clusters`` distinct rows.

    References
    ----------
    Arthur, D. and Vassilvitskii, S. (2007), k-means++: the advantages of careful seeding. SODA.
    Section 2.2.

    Examples
    --------
    Equal rows are never drawn twice:

    >>> X = np.array([[0.0], [0.0], [0.0], [9.0]])
    >>> sorted(X[kmeans_plusplus(X, 2, np.random.RandomState(0))].ravel().tolist())
    [0.0, 9.0]
    """
    chosen = [int(random_state.randint(len(X)))]
    while len(chosen) < n_clusters:
        closest = np.min(squared_distances(X, X[chosen]), axis=1)
        if np.sum(closest) == 0:
            raise ValueError(f"X has only {len(chosen)} distinct rows, for {n_clusters} clusters")
        chosen.append(int(random_state.choice(len(X), p=closest / np.sum(closest))))
    return np.array(chosen)


def silhouette_samples(X: Floats, labels: Ints) -> Floats:
    """Measure how much nearer each row is to its own cluster than to the next one.

    The value is (b - a) / max(a, b). Here a is the mean distance to the other rows of the same
    cluster, and b is the least mean distance to the rows of another cluster. The value is 0 for a
    row that is alone in its cluster.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    labels : ndarray of shape (n_samples,)
        The cluster of each row. There are at least two clusters.

    Returns
    -------
    ndarray of shape (n_samples,)
        Between -1 and 1.

    References
    ----------
    Rousseeuw, P. (1987), Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis. J. Comput. Appl. Math. 20, 53-65.

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
