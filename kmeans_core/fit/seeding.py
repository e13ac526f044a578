"""First centers: greedy k-means++ and random rows."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints
from kmeans_core.interface.choices import RandomState
from kmeans_core.interface.parameters import NONE, RANDOM_STATE, check_parameters, int_from
from kmeans_core.points.checks import (
    RandomStream,
    as_points,
    as_random_stream,
    as_weights,
    check_n_clusters,
)
from kmeans_core.points.interface import InexactError, Points, Trials

# A kernel is compiled for the number of vectors that the trials fill. This many trials take 2 s.
MOST_TRIALS = 4096

_RULES = {
    "n_clusters": (int_from(1),),
    "random_state": (RANDOM_STATE, NONE),
    "n_local_trials": (int_from(1, MOST_TRIALS), NONE),
}


class Draws(NamedTuple):
    """The random numbers of several restarts of k-means++."""

    firsts: Ints  # (n_restarts,): the first row of each restart
    uniforms: Floats  # (n_restarts, n_clusters - 1, n_trials): for the trials, from 0 to 1


def draw_restarts(
    weights: Floats,
    n_clusters: int,
    n_restarts: int,
    stream: RandomStream,
    n_trials: int | None = None,
) -> Draws:
    """Draw in scikit-learn's order: for each restart its first row, and then the trials.

    The first row is the one that ``stream.choice`` draws if the weights are its probabilities.
    """
    if n_trials is None:
        n_trials = 2 + int(np.log(n_clusters))
    drawn = stream.random((n_restarts, 1 + (n_clusters - 1) * n_trials))
    cumulative = np.cumsum(weights / weights.sum())
    cumulative /= cumulative[-1]
    firsts = np.searchsorted(cumulative, drawn[:, 0], side="right")
    uniforms = np.ascontiguousarray(drawn[:, 1:]).reshape(n_restarts, n_clusters - 1, n_trials)
    return Draws(firsts.astype(np.intp), uniforms)


def plusplus_rows(
    points: Points,
    n_clusters: int,
    weights: Floats,
    stream: RandomStream,
    n_trials: int | None = None,
) -> Ints:
    """Rows chosen by greedy k-means++, in the order in which they were chosen."""
    (first,), (uniforms,) = draw_restarts(weights, n_clusters, 1, stream, n_trials)
    n_trials = uniforms.shape[1]
    try:
        return _chosen_rows(points.trials(weights, n_trials, exact=False), int(first), uniforms)
    except InexactError:
        return _chosen_rows(points.trials(weights, n_trials, exact=True), int(first), uniforms)


def _chosen_rows(trials: Trials, first: int, uniforms: Floats) -> Ints:
    """The first row, and one row for each row of ``uniforms``."""
    chosen = np.empty(len(uniforms) + 1, dtype=np.intp)
    chosen[0] = first
    if len(uniforms) > 0:
        trials.begin(first)
    for step, numbers in enumerate(uniforms, start=1):
        chosen[step] = trials.keep_best(numbers)
    return chosen


def random_rows(points: Points, n_clusters: int, weights: Floats, stream: RandomStream) -> Ints:
    """Different rows, drawn with probability in proportion to their weights.

    ValueError if fewer rows than clusters have a positive weight.
    """
    shares = weights / weights.sum()
    n_drawable = int(np.count_nonzero(shares))
    if n_drawable < n_clusters:
        raise ValueError(
            f"init='random' draws n_clusters={n_clusters} different rows, but only {n_drawable} "
            "rows have a positive weight: ask for fewer clusters or use init='k-means++'."
        )
    return stream.choice(points.shape[0], size=n_clusters, replace=False, p=shares)


def kmeans_plusplus(
    X: Any,
    n_clusters: int,
    *,
    sample_weight: Any = None,
    x_squared_norms: Any = None,
    random_state: RandomState = None,
    n_local_trials: int | None = None,
) -> tuple[npt.NDArray[Any], Ints]:
    """Choose first centers by greedy k-means++ (Arthur and Vassilvitskii 2007).

    Rows are drawn in proportion to weight * D^2, where D is the distance of a row to the nearest
    center chosen so far. Each center is the best of several draws: the row that leaves the least
    sum of weight * D^2.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The rows to choose from.
    n_clusters : int
        The number of centers to choose.
    sample_weight : array-like of shape (n_samples,), optional
        The weights of the rows, at least 0. By default each row weighs 1.
    x_squared_norms : array-like of shape (n_samples,), optional
        Accepted because scikit-learn accepts it. Its length is checked; its values are not used.
    random_state : int, RandomState, Generator or None
        Draws the rows. With None each call draws different numbers.
    n_local_trials : int, optional
        The number of draws for each center, at most 4096. The default is
        ``2 + int(log(n_clusters))``.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features)
        Dense, of X's float dtype.
    indices : ndarray of shape (n_clusters,)
        The row number in X of each center.

    Raises
    ------
    ValueError
        If X is not a matrix of finite numbers, or has fewer than ``n_clusters`` rows.

    References
    ----------
    Arthur, D. and Vassilvitskii, S. (2007), k-means++: the advantages of careful seeding. SODA.
    (Section 5 has the greedy form.)

    Examples
    --------
    >>> import numpy as np
    >>> from kmeans_core import kmeans_plusplus
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [9.0, 9.0]])
    >>> centers, indices = kmeans_plusplus(X, 2, random_state=0)
    >>> bool((X[indices] == centers).all())
    True
    """
    plain = check_parameters("kmeans_plusplus", locals(), _RULES)
    n_clusters, n_local_trials = plain["n_clusters"], plain["n_local_trials"]
    points = as_points(X)
    check_n_clusters(points, n_clusters)
    if x_squared_norms is not None and np.shape(x_squared_norms) != (points.shape[0],):
        raise ValueError(
            f"The length of x_squared_norms {np.size(x_squared_norms)} should be equal to the "
            f"length of n_samples {points.shape[0]}."
        )
    weights = as_weights(sample_weight, points)
    rows = plusplus_rows(
        points, n_clusters, weights, as_random_stream(random_state), n_local_trials
    )
    return points.take(rows).astype(points.dtype), rows
