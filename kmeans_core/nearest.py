"""The nearest center of each row: what ``assign`` and ``KMeans.predict`` share."""

from typing import Any

import numpy as np

from kmeans_core.arrays import Floats, Labels
from kmeans_core.interface.parameters import NONE, check_parameters, count_from, one_of
from kmeans_core.points.checks import as_points
from kmeans_core.points.compressed import compressed
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.observed import ObservedPoints

_RULES = {"n_threads": (count_from(1), NONE), "missing": (one_of("error", "ignore"),)}

# With this many centers one assignment takes longer than to make mostly zero rows CSR first: .4 to
# .85 of the time at 100 centers, 1 to 2.3 of it at 10.
COMPRESS_FROM = 64


def assign(X: Any, centers: Any, *, n_threads: int | None = None, missing: str = "error") -> Labels:
    """Label of the nearest center for each row.

    The distance that decides is the sum of (x - c)^2 in float64, added feature after feature. If
    several centers are equally near, the row goes to the first of them.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
    centers : array-like of shape (n_clusters, n_features)
    n_threads : int, optional
        Threads to use at most. By default all that this process may use. The labels are the same
        for every number.
    missing : {"error", "ignore"}, default "error"
        With "error" NaN is an error, and absent cells of a sparse X are 0. With "ignore" both are
        unknown, and a distance is the sum over the cells that are known.

    Returns
    -------
    ndarray of shape (n_samples,), int32

    Raises
    ------
    ValueError
        If X or the centers are no matrix of finite numbers, or have different numbers of features,
        or if no cell of some row is known.

    See Also
    --------
    KMeans.predict : The same for the centers of a fitted model.

    Examples
    --------
    >>> from kmeans_core import assign
    >>> assign([[0.0, 1.0], [4.0, 5.0], [2.0, 2.0]], [[0.0, 0.0], [4.0, 4.0]])
    array([0, 1, 0], dtype=int32)
    """
    check_parameters("assign", {"n_threads": n_threads, "missing": missing}, _RULES)
    checked = as_centers(centers, "centers")
    points = as_points(X, n_threads=n_threads, missing=missing, compress=False)
    if points.shape[1] != checked.shape[1]:
        raise ValueError(
            f"X has {points.shape[1]} features, but centers has {checked.shape[1]} features."
        )
    if len(points.unknown_rows):
        raise ValueError(
            f"Nothing is known of row {points.unknown_rows[0]} of X, so no center is nearest to "
            "it: leave such rows out."
        )
    return nearest_centers(points, checked)


def nearest_centers(points: KnownPoints | ObservedPoints, centers: Floats) -> Labels:
    """The same for points and centers that are known to be sound.

    Rows of which nothing is known get label 0.
    """
    if points.known is not None and len(centers) >= COMPRESS_FROM:
        points = compressed(points)
    labels = np.full(points.shape[0], -1, dtype=np.int32)
    points.assigner(len(centers), n_calls=1).assign(centers, labels)
    return labels


def as_centers(given: Any, name: str = "cluster_centers_") -> Floats:
    """Centers as kernels want them: float64, contiguous, writable (read-only is another type).

    Parameters
    ----------
    given : array-like of shape (n_clusters, n_features)
    name : str
        What errors call them.

    Returns
    -------
    ndarray of shape (n_clusters, n_features)

    Raises
    ------
    ValueError
        If these are not one finite number for each cluster and feature.
    """
    ready = type(given) is np.ndarray and given.dtype == np.float64 and given.flags.carray
    centers: Floats = given if ready else _converted(given, name)
    if centers.ndim != 2 or 0 in centers.shape:
        raise ValueError(
            f"{name} must be a 2-D array of shape (n_clusters, n_features), got shape "
            f"{centers.shape}."
        )
    finite = np.isfinite(centers)
    if not finite.all():
        cluster, feature = np.argwhere(~finite)[0]
        raise ValueError(
            f"{name} contains NaN or infinity: the first in cluster {cluster}, feature {feature}."
        )
    return centers


def _converted(given: Any, name: str) -> Floats:
    try:
        array = np.asarray(given)
        if np.ma.is_masked(given) or array.dtype.kind not in "biufO":
            raise TypeError(f"got {type(given).__name__} of {array.dtype}")
        with np.errstate(over="ignore"):  # a long double; infinity is refused afterwards
            return np.require(array, dtype=np.float64, requirements=["C", "A", "W"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a 2-D array of numbers: {error}") from error
