"""Silhouettes, exact, a block of rows at a time; many labelings from one pass over the pairs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core import chunks
from kmeans_core.arrays import Floats, Labels
from kmeans_core.checks import as_random_stream
from kmeans_core.errors import InvalidParameterError
from kmeans_core.kernels.labels import silhouettes
from kmeans_core.pairs import Pairs, pairs_of
from kmeans_core.parameters import is_int

# Distances held at a time: a block of rows against all rows.
BLOCK_BYTES = 16 * 2**20


def silhouette_samples(X: Any, labels: Any, *, metric: str = "euclidean") -> Floats:
    """Silhouette of every row: how much nearer it is to its own cluster than to the next one.

    (b - a) / max(a, b), where a is the mean distance to the other rows of its cluster
    and b the least mean distance to the rows of another; 0 for a row alone in its cluster.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        For "precomputed": distances, of shape (n_samples, n_samples), with 0 on the diagonal; an
        absent entry of a sparse matrix is distance 0.
    labels : array-like of shape (n_samples,)
        Any names of clusters.
    metric : {"euclidean", "manhattan", "cosine", "precomputed"}

    Returns
    -------
    ndarray of shape (n_samples,), float64
        Within -1..1.

    Raises
    ------
    ValueError
        If X is no matrix of finite numbers, there is no such metric, precomputed distances are
        not square, not 0 on the diagonal or negative, labels have another length or hold NaN, or
        name fewer than 2 or more than n_samples - 1 clusters.

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
    pairs = pairs_of(X, metric)
    labels = _checked_labels(labels, pairs.n_samples)
    return samples_of_labelings(pairs, [labels])[0]


def silhouette_score(
    X: Any,
    labels: Any,
    *,
    metric: str = "euclidean",
    sample_size: int | None = None,
    random_state: Any = None,
) -> float:
    """Mean silhouette of the rows; see :func:`silhouette_samples`.

    Parameters
    ----------
    X, labels, metric
        As in :func:`silhouette_samples`.
    sample_size : int, optional
        Take the mean over so many rows, drawn without replacement, with silhouettes among these;
        over all rows if there are no more.
    random_state : int, RandomState, Generator or None
        Draws the sample.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As :func:`silhouette_samples`, for rows that are not drawn too, or if ``sample_size`` is
        less than 1.

    Examples
    --------
    >>> from kmeans_core import silhouette_score
    >>> round(silhouette_score([[0.0], [1.0], [5.0]], ["a", "a", "b"]), 4)
    0.5167
    """
    if sample_size is None:
        return float(np.mean(silhouette_samples(X, labels, metric=metric)))
    if not is_int(sample_size) or sample_size < 1:
        raise InvalidParameterError(
            f"sample_size must be None or an int in the range [1, inf), not {sample_size!r}"
        )
    # All of it is checked, drawn or not, and an error names a row of X.
    n_samples = pairs_of(X, metric).n_samples
    names = _checked_names(labels, n_samples)
    chosen = as_random_stream(random_state).permutation(n_samples)[:sample_size]
    given: Any = X
    rows = given.tocsr() if sp.issparse(X) else np.asarray(X)
    part = rows[chosen]
    if metric == "precomputed":
        part = part[:, chosen]
    return float(np.mean(silhouette_samples(part, names[chosen], metric=metric)))


def samples_of_labelings(pairs: Pairs, labelings: Sequence[npt.NDArray[Any]]) -> list[Floats]:
    """Silhouettes under each of several labelings; every distance is computed once.

    Parameters
    ----------
    pairs : Pairs
    labelings : sequence of ndarray of shape (n_samples,)

    Returns
    -------
    list of ndarray of shape (n_samples,)
    """
    n_samples = pairs.n_samples
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
        distances = pairs.block(first, stop)

        def task(begin: int, end: int, first: int = first, distances: Floats = distances) -> None:
            for labels, counts, out in zip(numbered, sizes, scores, strict=True):
                silhouettes(distances, first, labels, counts, begin, end, out)

        chunks.run(stop - first, distances.size * len(labelings), pairs.n_threads, task)
    return scores


def _checked_labels(labels: Any, n_samples: int) -> npt.NDArray[Any]:
    names = _checked_names(labels, n_samples)
    n_labels = len(np.unique(names))
    if not 2 <= n_labels <= n_samples - 1:
        raise ValueError(
            f"Number of labels is {n_labels}. Valid values are 2 to n_samples - 1 (inclusive)."
        )
    return names


def _checked_names(labels: Any, n_samples: int) -> npt.NDArray[Any]:
    names: npt.NDArray[Any] = np.asarray(labels)
    if names.ndim != 1:
        raise ValueError(f"labels should be a 1d array, got an array of shape {names.shape}.")
    if len(names) != n_samples:
        lengths = [n_samples, len(names)]
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {lengths}")
    faults = {"NaN": names != names}  # which only NaN is, among objects too
    if names.dtype.kind == "f":
        faults["infinity"] = np.isinf(names)
    for kind, found in faults.items():
        if np.any(found):
            row = int(np.argmax(found))
            raise ValueError(f"Input labels contains {kind}: the first at row {row}.")
    return names
