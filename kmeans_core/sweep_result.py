"""SweepResult: what a sweep measured at each k, and the k that it suggests."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels

if TYPE_CHECKING:
    import pandas as pd

# Silhouettes that differ by this much are equally good, since another seed changes them as much.
SAME_SILHOUETTE = 0.02

# An adjusted Rand index from .8 is good, and one below .65 is poor (Steinley 2004).
STABLE = 0.8

# Mean silhouettes up to these, with two decimals, are no sign of clusters, and a weak one that may
# be artificial (Kaufman and Rousseeuw 1990, chapter 2).
NO_STRUCTURE, WEAK_STRUCTURE = 0.25, 0.5

Rule = Literal["silhouette", "stable", "most stable"]


@dataclass(frozen=True)
class Suggestion:
    """A number of clusters, and why it is suggested.

    Attributes
    ----------
    k : int
        The number of clusters.
    rule : {"silhouette", "stable", "most stable"}
        The rule that chose k: see :attr:`SweepResult.suggestion`. "most stable" means that no
        good k was stable.
    reason : str
        The rule in words, with the numbers that it used. If the mean silhouette of k is at most
        0.5, a last sentence warns that data without clusters may have such a silhouette.

    Examples
    --------
    >>> from kmeans_core import sweep_k
    >>> found = sweep_k([[0.0], [0.1], [5.0], [5.1]], [2, 3], random_state=0).suggestion
    >>> found.k, found.rule
    (2, 'silhouette')
    """

    k: int
    rule: Rule
    reason: str


@dataclass(frozen=True, eq=False)
class SweepResult:
    """K-means at several k on one data set.

    Attributes
    ----------
    ks : ndarray of shape (n_ks,)
        The numbers of clusters, as they were given.
    inertia : ndarray of shape (n_ks,)
        Inertia of the best fit, in squared units of X.
    silhouette : ndarray of shape (n_ks,)
        Mean silhouette. NaN with fewer than 2 clusters, or if each row is a cluster.
    calinski_harabasz : ndarray of shape (n_ks,)
        As in :func:`calinski_harabasz_score`: larger is better. NaN where the silhouette is NaN,
        and if X has unknown cells, because squared distances over some of the cells do not add up
        to a part within the clusters and a part between them.
    davies_bouldin : ndarray of shape (n_ks,)
        As in :func:`davies_bouldin_score`: smaller is better. NaN in the same cases.
    n_found : ndarray of shape (n_ks,)
        The number of clusters that have rows. It is less than k if there are fewer distinct rows.
    labels : ndarray of shape (n_ks, n_samples)
        The clusters of the rows.
    seed_agreement : ndarray of shape (n_ks, n_stability)
        Adjusted Rand index of the labels with those of fits from other seeds.
    bootstrap_agreement : ndarray of shape (n_ks, n_stability)
        The same with fits of bootstraps: as many rows, drawn with replacement. The centers of such
        a fit label all rows. NaN if fewer than k different rows were drawn.

    Examples
    --------
    >>> from kmeans_core import sweep_k
    >>> X = [[0.0], [1.0], [10.0], [11.0], [30.0], [31.0]]
    >>> result = sweep_k(X, [2, 3, 4], n_stability=3, random_state=0)
    >>> result.inertia
    array([101.5,   1.5,   1. ])
    >>> result.best_k, result.suggested_k, result.suggestion.rule
    (3, 3, 'stable')
    >>> low, high = result.stability_interval[1]
    >>> bool(low <= result.stability[1] <= high)
    True
    """

    ks: npt.NDArray[np.intp]
    inertia: Floats
    silhouette: Floats
    calinski_harabasz: Floats
    davies_bouldin: Floats
    n_found: npt.NDArray[np.intp]
    labels: Labels
    seed_agreement: Floats
    bootstrap_agreement: Floats

    @property
    def best_k(self) -> int:
        """The k with the largest silhouette; the least k if several are equal.

        Raises
        ------
        ValueError
            If no k has a silhouette.
        """
        return int(np.min(self.ks[self._near_best_silhouette(0.0)]))

    @property
    def suggested_k(self) -> int:
        """The k of :attr:`suggestion`.

        Raises
        ------
        ValueError
            If no k has a silhouette.
        """
        return self.suggestion.k

    @property
    def suggestion(self) -> Suggestion:
        """The suggested k, and why.

        Only those k are considered whose silhouette is within 0.02 of the best, because another
        seed changes silhouettes as much. Of these, the suggestion is

        - "silhouette": the least k if stability was not measured, or is NaN for all of them. Fewer
          clusters are easier to understand.
        - "stable": the largest k with a stability of at least 0.8. If neither other seeds nor other
          rows change the clusters much, more clusters tell more.
        - "most stable": the k with the largest stability if all are below 0.8. Then the clusters
          depend on chance, and the rows may have no clusters at all.

        The rules choose among the k of the sweep. They do not ask whether there are clusters. So
        the reason says if the mean silhouette of the suggested k is weak, which is 0.26 to 0.5, or
        no sign of clusters, which is less.

        Raises
        ------
        ValueError
            If no k has a silhouette.

        References
        ----------
        - Kaufman, L. and Rousseeuw, P. J. (1990), Finding Groups in Data. Wiley. (Chapter 2 says
          what mean silhouettes tell.)
        - Tibshirani, R. and Walther, G. (2005), Cluster validation by prediction strength. J.
          Comput. Graph. Stat. 14, 511-528. (They too take the largest k that is stable.)
        - Steinley, D. (2004), Properties of the Hubert-Arabie adjusted Rand index. Psychological
          Methods 9, 386-396.
        """
        k, rule, reason = self._chosen()
        return Suggestion(k, rule, reason + self._warning(k))

    @property
    def stability(self) -> Floats:
        """Mean of ``seed_agreement`` and ``bootstrap_agreement``, of shape (n_ks,).

        It is 1 if all fits found the same clusters. NaN if it was not measured, or if a bootstrap
        had fewer different rows than k.
        """
        return _means(self._agreement)

    @property
    def stability_interval(self) -> Floats:
        """95 % confidence interval of the stability, of shape (n_ks, 2).

        It is a t interval over the means of one agreement of each kind, and it ends at 1 at the
        latest. It tells how much the stability would change with more fits of the same rows. Where
        nearly all fits agree and a few differ much, it is too short.
        """
        from scipy.special import stdtrit  # takes long to import

        n_stability = self._agreement.shape[1]
        if n_stability == 0:
            return np.full((len(self.ks), 2), np.nan)
        errors = np.std(self._agreement, axis=1, ddof=1) / np.sqrt(n_stability)
        half = stdtrit(n_stability - 1, 0.975) * errors
        ends: Floats = self.stability[:, None] + half[:, None] * [-1, 1]
        return np.minimum(1.0, ends)

    def to_frame(self) -> "pd.DataFrame":
        """Make a table with one row for each k. It needs pandas.

        The columns are k, inertia, silhouette, calinski_harabasz, davies_bouldin and n_found. If
        stability was measured, seed_stability, bootstrap_stability, stability, stability_low and
        stability_high follow: the means of both kinds of agreement, their mean and its interval.

        Returns
        -------
        pandas.DataFrame
            Of shape (n_ks, 6), or (n_ks, 11) with stability.

        Examples
        --------
        >>> from kmeans_core import sweep_k
        >>> result = sweep_k([[0.0], [1.0], [10.0], [11.0]], [2, 3], random_state=0)
        >>> print(result.to_frame()[["k", "inertia", "silhouette"]].round(2))
           k  inertia  silhouette
        0  2      1.0        0.90
        1  3      0.5        0.45
        """
        import pandas as pd

        columns = {
            "k": self.ks,
            "inertia": self.inertia,
            "silhouette": self.silhouette,
            "calinski_harabasz": self.calinski_harabasz,
            "davies_bouldin": self.davies_bouldin,
            "n_found": self.n_found,
        }
        if self._agreement.shape[1] > 0:
            low, high = self.stability_interval.T
            columns |= {
                "seed_stability": _means(self.seed_agreement),
                "bootstrap_stability": _means(self.bootstrap_agreement),
                "stability": self.stability,
                "stability_low": low,
                "stability_high": high,
            }
        return pd.DataFrame(columns)

    @property
    def _agreement(self) -> Floats:
        """(n_ks, n_stability): the means of one agreement of each kind, which are independent."""
        return (self.seed_agreement + self.bootstrap_agreement) / 2

    def _chosen(self) -> tuple[int, Rule, str]:
        """The suggested k, the rule that chose it, and the rule in words."""
        good = self._near_best_silhouette(SAME_SILHOUETTE)
        stability = np.where(good, self.stability, np.nan)
        stable = stability >= STABLE
        best = f"within {SAME_SILHOUETTE} of the best, {np.nanmax(self.silhouette):z.2f}"
        if np.any(stable):
            k = int(np.max(self.ks[stable]))
            reason = (
                f"k = {k} is the largest k with a stability of at least {STABLE} and a silhouette "
                f"{best}. Its stability is {self._stability_in_words(k)}."
            )
            return k, "stable", reason
        if np.any(np.isfinite(stability)):
            k = int(np.min(self.ks[stability == np.nanmax(stability)]))
            reason = (
                f"No k with a silhouette {best}, has a stability of at least {STABLE}. The most "
                f"stable is k = {k}, with {self._stability_in_words(k)}."
            )
            return k, "most stable", reason
        k = int(np.min(self.ks[good]))
        return k, "silhouette", f"k = {k} is the least k with a silhouette {best}."

    def _warning(self, k: int) -> str:
        """A sentence if the silhouette of k is no good sign of clusters, otherwise nothing."""
        silhouette = round(float(self.silhouette[np.argmax(self.ks == k)]), 2)
        if silhouette > WEAK_STRUCTURE:
            return ""
        means = (
            "is no sign of clusters"
            if silhouette <= NO_STRUCTURE
            else "is weak, and the clusters may be artificial"
        )
        return (
            f" Its mean silhouette, {silhouette:z.2f}, {means} (Kaufman and Rousseeuw 1990): "
            "compare it with that of data without groups."
        )

    def _stability_in_words(self, k: int) -> str:
        place = int(np.argmax(self.ks == k))
        low, high = self.stability_interval[place]
        return f"{self.stability[place]:.2f} (95 % interval {low:.2f} to {high:.2f})"

    def _near_best_silhouette(self, slack: float) -> npt.NDArray[np.bool_]:
        if not np.any(np.isfinite(self.silhouette)):
            raise ValueError(
                f"No k among {self.ks.tolist()} has a silhouette. A silhouette needs at least 2 "
                "clusters with rows, and fewer clusters than rows."
            )
        near: npt.NDArray[np.bool_] = self.silhouette >= np.nanmax(self.silhouette) - slack
        return near


def _means(agreement: Floats) -> Floats:
    """Means of the rows (n_ks, n_stability); NaN without columns."""
    if agreement.shape[1] == 0:
        return np.full(len(agreement), np.nan)
    means: Floats = np.mean(agreement, axis=1)
    return means
