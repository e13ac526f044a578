"""Silhouettes, exact, a block of rows at a time; many labelings from one pass over the pairs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core import chunks
from kmeans_core.checks import as_points
from kmeans_core.kernels.labels import silhouettes
from kmeans_core.points import Floats, Labels, Points

# Distances held at a time: a block of rows against all rows.
BLOCK_BYTES = 16 * 2**20


def silhouette_samples(X: Any, labels: Any) -> Floats:
    """Silhouette of every row: how much nearer it is to its own cluster than to the next one.

    (b - a) / max(a, b), where a is the mean Euclidean distance to the other rows of its cluster
    and b the least mean distance to the rows of another; 0 for a row alone in its cluster.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
    labels : array-like of shape (n_samples,)
        Any names of clusters.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        Within -1..1.

    Raises
    ------
    ValueError
        If X is no matrix of finite numbers, labels have another length or hold NaN, or name fewer
        than 2 or more than n_samples - 1 clusters.

    Notes
    -----
    Memory beyond X is about 16 MB, or one row of distances where that is more; the distance
    matrix never exists as a whole.

    References
    ----------
    Rousseeuw, P. (1987), Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis. J. Comput. Appl. Math. 20, 53-65.

    Examples
    --------
    >>> from kmeans_core import silhouette_samples
    >>> silhouette_samples([[0.0], [1.0], [5.0]], [0, 0, 1])
    array([0.8 , 0.75, 0.  ])
    """
    points = as_points(X)
    labels = _checked_labels(labels, points.shape[0])
    return samples_of_labelings(points, [labels])[0]


def silhouette_score(X: Any, labels: Any) -> float:
    """Mean silhouette of the rows; see :func:`silhouette_samples` for arguments and errors.

    Returns
    -------
    float

    Examples
    --------
    >>> from kmeans_core import silhouette_score
    >>> round(silhouette_score([[0.0], [1.0], [5.0]], ["a", "a", "b"]), 4)
    0.5167
    """
    return float(np.mean(silhouette_samples(X, labels)))


def samples_of_labelings(points: Points, labelings: Sequence[npt.NDArray[Any]]) -> list[Floats]:
    """Silhouettes under each of several labelings; every distance is computed once.

    Parameters
    ----------
    points : Points
    labelings : sequence of ndarray of shape (n_samples,)

    Returns
    -------
    list of ndarray of shape (n_samples,)
    """
    n_samples = points.shape[0]
    numbered: list[Labels] = []
    sizes: list[npt.NDArray[np.intp]] = []
    for labels in labelings:
        _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
        numbered.append(inverse.astype(np.int32))
        sizes.append(counts)
    scores = [np.empty(n_samples) for _ in labelings]

    n_block = max(1, BLOCK_BYTES // (8 * n_samples))
    for first in range(0, n_samples, n_block):
        stop = min(first + n_block, n_samples)
        distances = points.pair_distances(first, stop)

        def task(begin: int, end: int, first: int = first, distances: Floats = distances) -> None:
            for labels, counts, out in zip(numbered, sizes, scores, strict=True):
                silhouettes(distances, first, labels, counts, begin, end, out)

        chunks.run(stop - first, distances.size * len(labelings), points.n_threads, task)
    return scores


def _checked_labels(labels: Any, n_samples: int) -> npt.NDArray[Any]:
    names: npt.NDArray[Any] = np.asarray(labels)
    if names.ndim != 1:
        raise ValueError(f"labels should be a 1d array, got an array of shape {names.shape}.")
    if len(names) != n_samples:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: {[n_samples, len(names)]}"
        )
    if names.dtype.kind == "f" and not np.all(np.isfinite(names)):
        row = int(np.argmin(np.isfinite(names)))
        kind = "NaN" if np.isnan(names[row]) else "infinity"
        raise ValueError(f"Input labels contains {kind}: the first at row {row}.")
    n_labels = len(np.unique(names))
    if not 2 <= n_labels <= n_samples - 1:
        raise ValueError(
            f"Number of labels is {n_labels}. Valid values are 2 to n_samples - 1 (inclusive)."
        )
    return names
