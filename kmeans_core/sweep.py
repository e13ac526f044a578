"""Many k on one data set: a fit, scores and the stability of each."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kmeans_core.arrays import Floats, Labels
from kmeans_core.estimator import RULES, checked_parameters
from kmeans_core.fit.compiled import is_small
from kmeans_core.fit.known_rows import KnownRows, known_rows
from kmeans_core.fit.lloyd import LloydResult, allowed_shift
from kmeans_core.fit.problem import Problem, StopRule
from kmeans_core.fit.restarts import best_of_restarts
from kmeans_core.fitting import n_restarts_of
from kmeans_core.interface.choices import InitForAnyK, Missing, NInit, RandomState
from kmeans_core.interface.parameters import (
    CALLABLE,
    NONE,
    as_iterable,
    check_parameters,
    int_from,
    one_of,
)
from kmeans_core.pairwise.observed_silhouette import observed_silhouettes
from kmeans_core.pairwise.pairs import euclidean
from kmeans_core.pairwise.silhouette import samples_of_labelings
from kmeans_core.pairwise.spread import spread_scores
from kmeans_core.points.checks import as_points, as_random_stream, as_weights, check_n_clusters
from kmeans_core.points.interface import KnownPoints, Points
from kmeans_core.points.observed import ObservedPoints
from kmeans_core.stability import agreements, drawn_seeds
from kmeans_core.sweep_result import SweepResult
from kmeans_core.threads import chunks

_ONE_K = "(an array of centers fits only one k: give it to KMeans)"
_NAMES = ("n_init", "max_iter", "tol", "random_state", "n_threads", "missing", "shrinkage")
_RULES = {
    "init": (
        one_of("k-means++", "k-means||", "random"),
        replace(CALLABLE, words=f"a callable {_ONE_K}"),
    ),
    **{name: RULES[name] for name in _NAMES},
    # An interval needs two fits. With a thousand it is narrow enough for every purpose.
    "n_stability": (replace(int_from(0, 0), words="0"), int_from(2, 1000)),
    "on_k": (CALLABLE, NONE),
}
_K_RULES = {"n_clusters": RULES["n_clusters"]}


def sweep_k(
    X: Any,
    ks: Iterable[int] | int,
    *,
    sample_weight: Any = None,
    init: InitForAnyK = "k-means++",
    n_init: NInit = 10,
    max_iter: int = 300,
    tol: float = 1e-4,
    random_state: RandomState = None,
    n_threads: int | None = None,
    missing: Missing = "error",
    shrinkage: float = 0.0,
    n_stability: int = 0,
    on_k: Callable[[int], Any] | None = None,
) -> SweepResult:
    """Cluster X at every k and score the clusters: inertia, silhouette, spread, stability.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The rows to cluster.
    ks : iterable of int, or int
        Each k is from 1 to the number of rows. One int is one k.
    sample_weight : array-like of shape (n_samples,), optional
        As in :meth:`KMeans.fit`. The fits and inertia use the weights. In all other scores each row
        counts once. Rows of weight 0 are in no bootstrap.
    init : {"k-means++", "k-means||", "random"} or callable
        As in :class:`KMeans`. A callable is called only from the calling thread. It gets all rows,
        also for a bootstrap.
    n_init : "auto" or int, default 10
        The number of restarts for each k, as in :class:`KMeans`.
    max_iter : int, default 300
        The largest number of iterations of one restart.
    tol : float, default 1e-4
        The tolerance for the shifts of the centers, as in :class:`KMeans`.
    random_state : int, RandomState, Generator or None
        Draws the first centers. An int is used again for every k, so the result for k equals the
        result of ``KMeans(k, ...)``.
    n_threads : int, optional
        The largest number of threads to use, as in :class:`KMeans`.
    missing : {"error", "ignore"}, default "error"
        As in :class:`KMeans`. With "ignore" the silhouettes ignore unknown cells too, as in
        ``silhouette_samples(..., missing="ignore")``. If there are unknown cells, Calinski-Harabasz
        and Davies-Bouldin are NaN. Rows without known cells do not count in the stability.
    shrinkage : float, default 0.0
        Pulls centers toward the means of the features, as in :class:`KMeans`.
    n_stability : int, default 0
        Measure stability from this number of fits with other seeds and the same number of fits of
        bootstraps, for each k: 0, or from 2 to 1000. So a sweep takes 1 + 2 * n_stability times as
        long. The fits have the other parameters of the sweep. Every k gets the same seeds, and so
        the same bootstraps.
    on_k : callable, optional
        Called with each k after its last fit, for example to move a progress bar. There is one call
        at a time, from any thread and in any order.

    Returns
    -------
    SweepResult
        The scores and labels for each k, and a suggested k.

    Raises
    ------
    ValueError
        If ``ks`` is empty, a k is larger than the number of rows, or X, the weights or a parameter
        cannot be used.

    Warns
    -----
    UserWarning
        If there are rows without known cells.

    Notes
    -----
    Stability is the mean adjusted Rand index of the labels with those of the other fits. Other
    seeds show whether the restarts find the same clusters again. Bootstraps show whether other rows
    of the same kind would have the same clusters: as many rows are drawn with replacement, and the
    centers of their clusters label all rows. With ``missing="ignore"`` feature means fill unknown
    cells. They are the means over all rows, also for a bootstrap.

    A stable k is no proof of clusters. Few clusters are often stable where there are none, because
    k-means cuts a long cloud of rows at the same place each time (Ben-David, von Luxburg and Pal
    2006). So :attr:`SweepResult.suggestion` looks at silhouettes first.

    References
    ----------
    - Ben-Hur, A., Elisseeff, A. and Guyon, I. (2002), A stability based method for discovering
      structure in clustered data. Pacific Symposium on Biocomputing 7, 6-17.
    - Ben-David, S., von Luxburg, U. and Pal, D. (2006), A sober look at clustering stability. COLT.
    - Hennig, C. (2007), Cluster-wise assessment of cluster stability. Computational Statistics and
      Data Analysis 52, 258-271.
    - von Luxburg, U. (2010), Clustering stability: an overview. Foundations and Trends in Machine
      Learning 2, 235-274.

    Examples
    --------
    >>> from kmeans_core import sweep_k
    >>> X = [[0.0], [0.1], [5.0], [5.1], [9.0], [9.1]]
    >>> result = sweep_k(X, [2, 3, 4], random_state=0)
    >>> result.best_k, result.suggested_k
    (3, 3)
    >>> print(result.suggestion.reason)
    k = 3 is the least k with a silhouette within 0.02 of the best, 0.98.
    """
    plain = checked_parameters("sweep_k", locals(), _RULES)
    points = as_points(X, n_threads=plain["n_threads"], missing=missing, compress=False)
    ks = _checked_ks(ks, points)
    known = known_rows(points, as_weights(sample_weight, points), max(ks), plain["shrinkage"])
    rule = StopRule(plain["max_iter"], allowed_shift(known.points, plain["tol"]))
    sweep = _Sweep(known, X, ks, init, n_restarts_of(init, plain["n_init"]), rule, random_state)
    n_stability = plain["n_stability"]
    # The fit has turned rows that are mostly zero into CSR. Silhouettes need all rows, and with
    # shrinkage the points of the fit are observed points.
    compared = points if points.known is None else known.points.known or points
    results: dict[int, LloydResult] = {}
    spread = np.full((len(ks), 2), np.nan)
    agreement = np.empty((2, len(ks), n_stability))
    progress = threading.Lock()

    def tell(position: int) -> None:
        if on_k is not None:
            with progress:
                on_k(ks[position])

    def fit(position: int) -> None:
        stream = as_random_stream(random_state)
        found = best_of_restarts(sweep.problem(position), sweep.n_restarts, stream)
        results[position] = found
        spread[position] = _spread_scores(compared, found.labels)
        if n_stability == 0:
            tell(position)

    def fit_again(position: int) -> None:
        problem, kept = sweep.problem(position), results[position].labels
        agreement[:, position] = agreements(problem, sweep.n_restarts, kept, seeds)
        tell(position)

    sweep.for_each_k(fit, n_fits=1)
    if n_stability > 0:
        seeds = drawn_seeds(n_stability, as_random_stream(random_state))
        sweep.for_each_k(fit_again, n_fits=2 * n_stability)

    labels = np.array([known.all_labels(results[p].labels) for p in range(len(ks))])
    n_found = np.array([np.count_nonzero(np.bincount(row)) for row in labels])
    silhouette = np.full(len(ks), np.nan)
    defined = np.flatnonzero((n_found >= 2) & (n_found < points.shape[0]))
    samples = _silhouettes(compared, [labels[position] for position in defined])
    silhouette[defined] = [np.mean(sample) for sample in samples]
    return SweepResult(
        ks=np.array(ks),
        inertia=np.array([results[position].inertia for position in range(len(ks))]),
        silhouette=silhouette,
        calinski_harabasz=spread[:, 0],
        davies_bouldin=spread[:, 1],
        n_found=n_found,
        labels=labels,
        seed_agreement=agreement[0],
        bootstrap_agreement=agreement[1],
    )


@dataclass(frozen=True, eq=False)
class _Sweep:
    """The input of the fits for every k."""

    known: KnownRows
    X: Any
    ks: list[int]
    init: InitForAnyK
    n_restarts: int
    rule: StopRule
    random_state: RandomState

    def problem(self, position: int) -> Problem:
        """The problem for the k at this position."""
        return Problem(
            self.known.points, self.X, self.known.weights, self.init, self.ks[position], self.rule
        )

    def for_each_k(self, task: Callable[[int], None], n_fits: int) -> None:
        """Call the task, which makes ``n_fits`` fits, with each position; threads share small fits.

        A stream must be drawn from in the order of ks. An integer starts the same stream for each
        k, so that the order does not matter.
        """
        points, ks = self.known.points, self.ks
        in_order = isinstance(self.random_state, np.random.RandomState | np.random.Generator)
        if in_order or callable(self.init) or not is_small(points, max(ks), self.n_restarts):
            for position in range(len(ks)):
                task(position)
            return
        # The largest k comes first, so that threads end at about the same time.
        order = np.argsort([-k for k in ks], kind="stable").tolist()

        def some(start: int, stop: int) -> None:
            for position in order[start:stop]:
                task(position)

        chunks.run(len(ks), 10 * points.n_stored * sum(ks) * n_fits, points.n_threads, some)


def _spread_scores(points: KnownPoints | ObservedPoints, labels: Labels) -> tuple[float, float]:
    """Calinski-Harabasz and Davies-Bouldin; NaN where ``SweepResult`` says so."""
    sizes = np.bincount(labels)
    has_rows = sizes > 0
    n_found = np.count_nonzero(has_rows)
    if points.known is None or not 2 <= n_found < len(labels):
        return np.nan, np.nan
    if n_found < len(sizes):
        labels = (np.cumsum(has_rows, dtype=np.int32) - 1)[labels]
    return spread_scores(points.known, labels, sizes[has_rows])


def _silhouettes(points: KnownPoints | ObservedPoints, labelings: list[Labels]) -> list[Floats]:
    if points.known is None:
        return [observed_silhouettes(points, labels) for labels in labelings]
    return samples_of_labelings(euclidean(points), labelings)


def _checked_ks(ks: Any, points: Points) -> list[int]:
    """Every k as a plain int. Each k is checked before the next is read, as ks may be endless."""
    # A range may go far beyond the number of rows, so its largest number is checked first.
    if isinstance(ks, range) and ks:
        check_n_clusters(points, max(ks[0], ks[-1]))
    plain: list[int] = []
    for k in as_iterable(ks, "ks"):
        plain.append(check_parameters("KMeans", {"n_clusters": k}, _K_RULES)["n_clusters"])
        check_n_clusters(points, plain[-1])
    if not plain:
        raise ValueError("ks is empty: give at least one number of clusters.")
    return plain
