"""The nearest center of each row, for ``assign`` and ``KMeans.predict``."""

from typing import Any

import numpy as np

from kmeans_core.arrays import Floats, Labels
from kmeans_core.interface.choices import Missing
from kmeans_core.interface.parameters import MISSING, N_THREADS, check_parameters
from kmeans_core.points.assign_boxes import pays as boxes_pay
from kmeans_core.points.chunked import ChunkedPoints, points_of
from kmeans_core.points.compressed import compressed
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.observed import ObservedPoints
from kmeans_core.points.sparse import SparsePoints

_RULES = {"n_threads": N_THREADS, "missing": MISSING}

# From this many centers on, one assignment is faster if rows that are mostly zero become CSR first.
# It takes .3 to 1.4 times as long at 256 centers, and .7 to 3.7 times as long at 64.
COMPRESS_FROM = 128


def assign(
    X: Any, centers: Any, *, n_threads: int | None = None, missing: Missing = "error"
) -> Labels:
    """Find the nearest center of each row.

    The exact distance decides: the sum of (x - c)^2 in float64, added feature by feature. If
    several centers are equally near, the row goes to the first of them.

    Parameters
    ----------
    X : array-like, sparse matrix or ChunkedRows of shape (n_samples, n_features)
        The rows.
    centers : array-like of shape (n_clusters, n_features)
        The centers, of any origin.
    n_threads : int, optional
        The largest number of threads to use. By default it is the number of processors that this
        process may use. The labels are the same for every number.
    missing : {"error", "ignore"}, default "error"
        With "error" NaN is an error, and absent cells of a sparse X are 0. With "ignore" both are
        unknown, and a distance is the sum over the known cells.

    Returns
    -------
    ndarray of shape (n_samples,), int32
        The number of the nearest center of each row.

    Raises
    ------
    ValueError
        If X or the centers are not a matrix of finite numbers, if they have different numbers of
        features, or if a row has no known cell.

    See Also
    --------
    KMeans.predict : Uses the centers of a fitted model.

    Examples
    --------
    >>> from kmeans_core import assign
    >>> assign([[0.0, 1.0], [4.0, 5.0], [2.0, 2.0]], [[0.0, 0.0], [4.0, 4.0]])
    array([0, 1, 0], dtype=int32)
    """
    check_parameters("assign", {"n_threads": n_threads, "missing": missing}, _RULES)
    checked = as_centers(centers, "centers")
    points = points_of(X, n_threads=n_threads, missing=missing, checked_later=checked.shape[1])
    if points.shape[1] != checked.shape[1]:
        raise ValueError(
            f"X has {points.shape[1]} features, but centers has {checked.shape[1]} features."
        )
    if len(points.unknown_rows):
        raise ValueError(
            f"Row {points.unknown_rows[0]} of X has no known cell, so no center is nearest to it. "
            "Leave such rows out."
        )
    return nearest_centers(points, checked)


def nearest_centers(
    points: KnownPoints | ObservedPoints, centers: Floats, own: Floats | None = None
) -> Labels:
    """The label of the nearest center for each row; 0 for rows without known cells.

    The distances to these centers are written to ``own``, if it is given. Points that are not
    observed may be unchecked: ValueError for what ``as_points`` refuses.
    """
    labels = np.full(points.shape[0], -1, dtype=np.int32)
    if isinstance(points, SparsePoints | ChunkedPoints):
        points.assign_once(centers, labels, own)
        return labels
    few = len(centers) < COMPRESS_FROM
    fast = points if few or points.known is None else compressed(points, len(centers))
    # CSR and boxes are made from all rows, which must be finite then.
    reads_all = fast is not points or boxes_pay(*points.shape, len(centers), 1)
    if isinstance(points, DensePoints):
        if not reads_all:
            points.assign_once(centers, labels, own)
            return labels
        points.check_finite()
    fast.assigner(len(centers), n_calls=1).assign(centers, labels)
    if own is not None:
        own[:] = points.own_distances(centers, labels)
    return labels


def as_centers(given: Any, name: str = "cluster_centers_") -> Floats:
    """Centers for kernels: float64, contiguous and writable (numba has another type for read-only).

    ValueError, with the name, unless there is a finite number for each cluster and feature.
    """
    ready = type(given) is np.ndarray and given.dtype == np.float64 and given.flags.carray
    centers: Floats = given if ready else _converted(given, name)
    if centers.ndim != 2 or 0 in centers.shape:
        raise ValueError(
            f"{name} must be a 2-D array of shape (n_clusters, n_features), got shape "
            f"{centers.shape}."
        )
    with np.errstate(all="ignore"):
        is_suspicious = not np.isfinite(np.sum(centers))
    if is_suspicious and not np.isfinite(centers).all():
        cluster, feature = np.argwhere(~np.isfinite(centers))[0]
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
