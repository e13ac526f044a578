"""Many k on one data set: inertia and silhouette of each, and the k they suggest."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels
from kmeans_core.estimator import RULES
from kmeans_core.fit.compiled import is_small
from kmeans_core.fit.lloyd import LloydResult, allowed_shift
from kmeans_core.fit.problem import Problem, StopRule
from kmeans_core.fit.restarts import best_of_starts
from kmeans_core.interface.parameters import CALLABLE, NONE, as_iterable, check_parameters
from kmeans_core.pairwise.pairs import euclidean
from kmeans_core.pairwise.silhouette import samples_of_labelings
from kmeans_core.points.checks import as_points, as_random_stream, check_n_clusters
from kmeans_core.points.compressed import compressed
from kmeans_core.points.interface import KnownPoints
from kmeans_core.threads import chunks

if TYPE_CHECKING:
    import pandas as pd

_NAMES = ("n_init", "max_iter", "tol", "random_state", "n_threads")
_RULES = {name: RULES[name] for name in _NAMES} | {"on_k": (CALLABLE, NONE)}
_K_RULES = {"n_clusters": RULES["n_clusters"]}

# A silhouette this much below the best is as good: it varies about that much with the seed.
SAME_SILHOUETTE = 0.02


@dataclass(frozen=True, eq=False)
class SweepResult:
    """K-means at several k on one data set.

    Attributes
    ----------
    ks : ndarray of shape (n_ks,)
    inertia : ndarray of shape (n_ks,)
    silhouette : ndarray of shape (n_ks,)
        Mean silhouette; NaN where it has no meaning (fewer than 2 clusters, or one a row).
    n_found : ndarray of shape (n_ks,)
        Clusters that hold rows; fewer than k where there are fewer distinct rows.
    labels : ndarray of shape (n_ks, n_samples)
    """

    ks: npt.NDArray[np.intp]
    inertia: Floats
    silhouette: Floats
    n_found: npt.NDArray[np.intp]
    labels: Labels

    @property
    def best_k(self) -> int:
        """The k with the largest silhouette; the least such k.

        Raises
        ------
        ValueError
            If no k has a silhouette.
        """
        return self._least_k_within(0.0)

    @property
    def suggested_k(self) -> int:
        """The least k whose silhouette is within 0.02 of the best.

        Fewer clusters are easier to understand, and the difference is what another seed makes.

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
                f"No k among {self.ks.tolist()} has a silhouette, which needs at least 2 clusters "
                "that hold rows, and fewer than there are rows."
            )
        least = np.max(self.silhouette[defined]) - slack
        return int(np.min(self.ks[defined][self.silhouette[defined] >= least]))

    def to_frame(self) -> "pd.DataFrame":
        """One row a k: k, inertia, silhouette, n_found. Needs pandas."""
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
    n_init: Any = 10,
    max_iter: int = 300,
    tol: float = 1e-4,
    random_state: Any = None,
    n_threads: int | None = None,
    on_k: Callable[[int], Any] | None = None,
) -> SweepResult:
    """Cluster X at every k and measure inertia and silhouette.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
    ks : iterable of int, or int
        Each from 1 to the number of rows; one int is one k.
    n_init, max_iter, tol, random_state, n_threads
        As in :class:`KMeans`; an integer ``random_state`` is used anew for each k, so that each
        row of the result is what ``KMeans(k, ...)`` alone gives.
    on_k : callable, optional
        Called with each k once it is clustered, one call at a time, from any thread and in any
        order; for a progress bar.

    Returns
    -------
    SweepResult

    Raises
    ------
    ValueError
        If ``ks`` is empty, a k is larger than the number of rows, or X or a parameter cannot be
        used.

    Examples
    --------
    >>> from kmeans_core import sweep_k
    >>> X = [[0.0], [0.1], [5.0], [5.1], [9.0], [9.1]]
    >>> result = sweep_k(X, [2, 3, 4], random_state=0)
    >>> result.best_k, result.suggested_k
    (3, 3)
    """
    plain = check_parameters("sweep_k", locals(), _RULES)
    points = as_points(X, n_threads=plain["n_threads"])
    ks = _checked_ks(ks, points)
    points = compressed(points)
    n_samples = points.shape[0]

    rule = StopRule(plain["max_iter"], allowed_shift(points, plain["tol"]))
    weights = np.ones(n_samples)
    n_starts = 1 if isinstance(n_init, str) else plain["n_init"]
    results: dict[int, LloydResult] = {}
    progress = threading.Lock()

    def fit(position: int) -> None:
        problem = Problem(points, X, weights, "k-means++", ks[position], rule)
        results[position] = best_of_starts(problem, n_starts, as_random_stream(random_state))
        if on_k is not None:
            with progress:
                on_k(ks[position])

    # A stream is drawn from in the order of ks; an integer is used anew for each, in any order.
    in_order = isinstance(random_state, np.random.RandomState | np.random.Generator)
    if in_order or not is_small(points, max(ks), n_starts):
        for position in range(len(ks)):
            fit(position)
    else:
        # The largest first: what is left at the end is small, and threads end together.
        order = np.argsort([-k for k in ks], kind="stable").tolist()

        def fit_some(start: int, stop: int) -> None:
            for position in order[start:stop]:
                fit(position)

        chunks.run(len(ks), 10 * points.n_stored * sum(ks), points.n_threads, fit_some)

    labels = np.array([results[position].labels for position in range(len(ks))])
    n_found = np.array([len(np.unique(row)) for row in labels])
    silhouette = np.full(len(ks), np.nan)
    defined = np.flatnonzero((n_found >= 2) & (n_found < n_samples))
    samples = samples_of_labelings(euclidean(points), [labels[position] for position in defined])
    silhouette[defined] = [np.mean(sample) for sample in samples]
    return SweepResult(
        ks=np.array(ks),
        inertia=np.array([results[position].inertia for position in range(len(ks))]),
        silhouette=silhouette,
        n_found=n_found,
        labels=labels,
    )


def _checked_ks(ks: Any, points: KnownPoints) -> list[int]:
    """Every k as a plain int, each checked before the next is asked for: ks may have no end."""
    # A range may go far beyond the rows: its largest number is refused before all others are read.
    if isinstance(ks, range) and ks:
        check_n_clusters(points, max(ks[0], ks[-1]))
    checked: list[int] = []
    for k in as_iterable(ks, "ks"):
        checked.append(check_parameters("KMeans", {"n_clusters": k}, _K_RULES)["n_clusters"])
        check_n_clusters(points, checked[-1])
    if not checked:
        raise ValueError("ks is empty: name at least one number of clusters.")
    return checked
