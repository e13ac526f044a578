"""First centers from k-means++, k-means||, random rows, given centers or a callable."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core.arrays import Floats
from kmeans_core.fit.problem import Problem
from kmeans_core.fit.scalable import PointPasses, scalable_centers
from kmeans_core.fit.seeding import plusplus_rows, random_rows
from kmeans_core.points.checks import RandomStream, as_points
from kmeans_core.points.interface import Points
from kmeans_core.points.tables import as_array, as_floats


def first_centers(problem: Problem, stream: RandomStream) -> Floats:
    """First centers as ``init`` says.

    ValueError if given centers are not finite or not of shape (n_clusters, n_features), or if fewer
    rows than clusters can be drawn.
    """
    init, points, n_clusters = problem.init, problem.points, problem.n_clusters
    if isinstance(init, str) and init == "k-means||":
        return scalable_centers(PointPasses(points, problem.weights), n_clusters, stream)
    if isinstance(init, str):
        choose = {"k-means++": plusplus_rows, "random": random_rows}[init]
        return points.take(choose(points, n_clusters, problem.weights, stream))
    if callable(init):
        return _from_callable(init, problem.X, points, n_clusters, stream)
    return _checked(init, points, n_clusters, "init")


def _from_callable(
    init: Callable[..., Any], X: Any, points: Points, n_clusters: int, stream: RandomStream
) -> Floats:
    """The centers that ``init`` returns for X. As in scikit-learn, it gets dense X centered.

    A feature with unknown cells is not centered.
    """
    name = "init(X)"
    if sp.issparse(X):
        return _checked(init(X, n_clusters, random_state=stream), points, n_clusters, name)
    array = as_floats(as_array(X)).astype(points.dtype, copy=False)
    mean = np.nan_to_num(array.mean(axis=0))
    returned = init(array - mean, n_clusters, random_state=stream)
    centers = _checked(returned, points, n_clusters, name)
    uncentered: Floats = centers + mean.astype(np.float64)
    return uncentered


def _checked(init: Any, points: Points, n_clusters: int, name: str) -> Floats:
    """The centers as float64, rounded to the dtype of the points; errors call them ``name``."""
    given = as_points(init, n_threads=points.n_threads, compress=False, name=name)
    for found, wanted, meaning in zip(
        given.shape,
        (n_clusters, points.shape[1]),
        ("number of clusters", "number of features of the data"),
        strict=True,
    ):
        if found != wanted:
            raise ValueError(
                f"The shape of the initial centers {given.shape} does not match the {meaning} "
                f"{wanted} ({name})."
            )
    centers = given.take(np.arange(n_clusters))
    with np.errstate(over="ignore"):
        rounded = centers.astype(points.dtype, copy=False).astype(np.float64, copy=False)
    if not np.all(np.isfinite(rounded)):
        row, column = np.argwhere(~np.isfinite(rounded))[0]
        raise ValueError(
            f"Input {name} contains {centers[row, column]} at row {row}, column {column}, which "
            f"{points.dtype}, the dtype of the data, cannot hold."
        )
    return rounded
