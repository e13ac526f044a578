"""Many k on one data set: the inertia and silhouette of each, and a suggested k."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels
from kmeans_core.estimator import RULES, checked_parameters, n_restarts_of
from kmeans_core.fit.compiled import is_small
from kmeans_core.fit.known_rows import known_rows
from kmeans_core.fit.lloyd import LloydResult, allowed_shift
from kmeans_core.fit.problem import Problem, StopRule
from kmeans_core.fit.restarts import best_of_restarts
from kmeans_core.interface.choices import InitForAnyK, Missing, NInit, RandomState
from kmeans_core.interface.parameters import CALLABLE, NONE, as_iterable, check_parameters, one_of
from kmeans_core.pairwise.observed_silhouette import observed_silhouettes
from kmeans_core.pairwise.pairs import euclidean
from kmeans_core.pairwise.silhouette import samples_of_labelings
from kmeans_core.points.checks import as_points, as_random_stream, as_weights, check_n_clusters
from kmeans_core.points.interface import KnownPoints, Points
from kmeans_core.points.observed import ObservedPoints
from kmeans_core.threads import chunks

if TYPE_CHECKING:
    import pandas as pd

_ONE_K = "(an array of centers fits only one k: give it to KMeans)"
_NAMES = ("n_init", "max_iter", "tol", "random_state", "n_threads", "missing", "shrinkage")
_RULES = {
    "init": (one_of("k-means++", "random"), replace(CALLABLE, words=f"a callable {_ONE_K}")),
    **{name: RULES[name] for name in _NAMES},
    "on_k": (CALLABLE, NONE),
}
_K_RULES = {"n_clusters": RULES["n_clusters"]}

# Silhouettes that differ by this much are equally good, since another seed changes them as much.
SAME_SILHOUETTE = 0.02


@dataclass(frozen=True, eq=False)
class SweepResult:
    """K-means at several k on one data set.

    Attributes
    ----------
    ks : ndarray of shape (n_ks,)
    inertia : ndarray of shape (n_ks,)
    silhouette : ndarray of shape (n_ks,)
        Mean silhouette. NaN with fewer than 2 clusters, or if each row is a cluster.
    n_found : ndarray of shape (n_ks,)
        The number of clusters that have rows. It is less than k if there are fewer distinct rows.
    labels : ndarray of shape (n_ks, n_samples)
    """

    ks: npt.NDArray[np.intp]
    inertia: Floats
    silhouette: Floats
    n_found: npt.NDArray[np.intp]
    labels: Labels

    @property
    def best_k(self) -> int:
        """The k with the largest silhouette; the least k if several are equal.

        Raises
        ------
        ValueError
            If no k has a silhouette.
        """
        return self._least_k_within(0.0)

    @property
    def suggested_k(self) -> int:
        """The least k whose silhouette is within 0.02 of the best.

        Fewer clusters are easier to understand, and another seed changes silhouettes as much.

        Raises
        ------
        ValueError
            If no k has a silhouette.
        """
        return self._least_k_within(SAME_SILHOUETTE)

    def _least_k_within(self, slack: float) -> int:
        defined = np.isfinite(self.silhouette)
        if not np.any(defined):
            raise ValueError(
                f"No k among {self.ks.tolist()} has a silhouette. A silhouette needs at least 2 "
                "clusters with rows, and fewer clusters than rows."
            )
        least = np.max(self.silhouette[defined]) - slack
        return int(np.min(self.ks[defined][self.silhouette[defined] >= least]))

    def to_frame(self) -> "pd.DataFrame":
        """A table with one row for each k: k, inertia, silhouette, n_found. It needs pandas.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "k": self.ks,
                "inertia": self.inertia,
                "silhouette": self.silhouette,
                "n_found": self.n_found,
            }
        )


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
    on_k: Callable[[int], Any] | None = None,
) -> SweepResult:
    """Cluster X at every k and measure inertia and silhouette.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
    ks : iterable of int, or int
        Each k is from 1 to the number of rows. One int is one k.
    sample_weight : array-like of shape (n_samples,), optional
        As in :meth:`KMeans.fit`. Silhouettes do not depend on weights.
    init : {"k-means++", "random"} or callable
        As in :class:`KMeans`. A callable is called only from the calling thread.
    n_init, max_iter, tol, random_state, n_threads
        As in :class:`KMeans`. An integer ``random_state`` is used again for every k, so the result
        for k equals the result of ``KMeans(k, ...)``.
    missing, shrinkage
        As in :class:`KMeans`. With ``missing="ignore"`` the silhouettes ignore unknown cells too,
        as in ``silhouette_samples(..., missing="ignore")``.
    on_k : callable, optional
        Called with each k after its fit, for example to move a progress bar. There is one call at a
        time, from any thread and in any order.

    Returns
    -------
    SweepResult

    Raises
    ------
    ValueError
        If ``ks`` is empty, a k is larger than the number of rows, or X, the weights or a parameter
        cannot be used.

    Warns
    -----
    UserWarning
        If there are rows without known cells.

    Examples
    --------
    >>> from kmeans_core import sweep_k
    >>> X = [[0.0], [0.1], [5.0], [5.1], [9.0], [9.1]]
    >>> result = sweep_k(X, [2, 3, 4], random_state=0)
    >>> result.best_k, result.suggested_k
    (3, 3)
    """
    plain = checked_parameters("sweep_k", locals(), _RULES)
    points = as_points(X, n_threads=plain["n_threads"], missing=missing, compress=False)
    ks = _checked_ks(ks, points)
    known = known_rows(points, as_weights(sample_weight, points), max(ks), plain["shrinkage"])
    rule = StopRule(plain["max_iter"], allowed_shift(known.points, plain["tol"]))
    n_restarts = n_restarts_of(init, plain["n_init"])
    results: dict[int, LloydResult] = {}
    progress = threading.Lock()

    def fit(position: int) -> None:
        problem = Problem(known.points, X, known.weights, init, ks[position], rule)
        results[position] = best_of_restarts(problem, n_restarts, as_random_stream(random_state))
        if on_k is not None:
            with progress:
                on_k(ks[position])

    # A stream must be drawn from in the order of ks. An integer starts the same stream for each k.
    in_order = isinstance(random_state, np.random.RandomState | np.random.Generator)
    if in_order or callable(init) or not is_small(known.points, max(ks), n_restarts):
        for position in range(len(ks)):
            fit(position)
    else:
        # The largest k comes first, so that threads end at about the same time.
        order = np.argsort([-k for k in ks], kind="stable").tolist()

        def fit_some(start: int, stop: int) -> None:
            for position in order[start:stop]:
                fit(position)

        chunks.run(len(ks), 10 * known.points.n_stored * sum(ks), points.n_threads, fit_some)

    labels = np.array([known.all_labels(results[p].labels) for p in range(len(ks))])
    n_found = np.array([len(np.unique(row)) for row in labels])
    silhouette = np.full(len(ks), np.nan)
    defined = np.flatnonzero((n_found >= 2) & (n_found < points.shape[0]))
    # The fit has turned rows that are mostly zero into CSR. Silhouettes need all rows, and with
    # shrinkage the points of the fit are observed points.
    compared = points if points.known is None else known.points.known or points
    samples = _silhouettes(compared, [labels[position] for position in defined])
    silhouette[defined] = [np.mean(sample) for sample in samples]
    return SweepResult(
        ks=np.array(ks),
        inertia=np.array([results[position].inertia for position in range(len(ks))]),
        silhouette=silhouette,
        n_found=n_found,
        labels=labels,
    )


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
