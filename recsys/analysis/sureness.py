"""How sure groups of users are: whether they lie apart, and whether other runs find them too."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from kmeans_core import adjusted_rand_score, silhouette_samples
from recsys.analysis.taste import TasteClusters, cluster_users, points_in

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
Rows = npt.NDArray[np.intp]

# The silhouette compares all pairs of users, so it takes a sample of at most this many.
SILHOUETTE_USERS = 2_000

# What mean silhouettes up to a limit say. The limits are those of Kaufman and Rousseeuw, "Finding
# Groups in Data" (1990), chapter 2.
SEPARATION = (
    (
        0.25,
        "Tastes shade into each other: people are hardly nearer to their group than to the next",
    ),
    (0.5, "The groups are apart, but weakly"),
    (0.7, "The groups are clearly apart"),
    (np.inf, "The groups are far apart"),
)

# What adjusted Rand indices below a limit say. The limits are those of Steinley, "Properties of the
# Hubert-Arabie adjusted Rand index", Psychological Methods 9 (2004).
AGREEMENT = (
    (0.65, "agree poorly on who belongs together"),
    (0.8, "agree only in part on who belongs together"),
    (0.9, "agree well on who belongs together"),
    (np.inf, "agree almost fully on who belongs together"),
)

# A group comes back if its mean Jaccard index is at least the first number, and dissolves if it is
# at most the second: Hennig, "Cluster-wise assessment of cluster stability", Computational
# Statistics & Data Analysis 52 (2007).
COMES_BACK, DISSOLVES = 0.75, 0.5


@dataclass(frozen=True, eq=False)
class Sureness:
    r"""How sure groups are. Users without likes are not counted, where groups are made of likes.

    Attributes
    ----------
    activity : float
        The share of the variance of activity, log(1 + number of ratings), that lies between groups:
        0 if groups are equally active on average, 1 if activity alone makes them. NaN if all users
        are equally active.
    silhouette : float
        The mean silhouette: how much nearer users are to their own group than to the next; 1 is
        best. NaN with fewer than two groups.
    agreement : ndarray of shape (n_pairs,)
        The adjusted Rand index of each pair of runs; 1 is full agreement. The groups themselves
        are the first run, and the other runs have other seeds.
    recurrence : ndarray of shape (n_clusters,)
        How well the other runs find each group again: the mean over these runs of the largest
        Jaccard index of the group with any of their groups. NaN for an empty group and for users
        without likes.

    Examples
    --------
    >>> import numpy as np
    >>> from recsys import Sureness
    >>> sure = Sureness(0.33, 0.05, np.array([0.76, 0.89]), np.array([0.9, 0.3]))
    >>> print("\n".join(sure.sentences[2:4]))
    Groups found again in most runs: 0.
    Groups not found again in most runs; do not rely on them: 1.
    """

    activity: float
    silhouette: float
    agreement: Floats
    recurrence: Floats

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the numbers say, in words."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if len(self.agreement) and np.count_nonzero(np.isfinite(self.recurrence)) < 2:
            yield "All people are in one group, so there is nothing to compare."
            return
        if np.isfinite(self.silhouette):
            said = next(words for limit, words in SEPARATION if self.silhouette <= limit)
            yield f"{said} (mean silhouette {self.silhouette:.2f}; 1 is best)."
        if len(self.agreement):
            said = next(words for limit, words in AGREEMENT if self.agreement.mean() < limit)
            span = f"{self.agreement.min():.2f} to {self.agreement.max():.2f}"
            yield (
                f"Runs with other random numbers {said} (adjusted Rand index {span}; 0 is what "
                "chance gives, and 1 is full agreement)."
            )
        for groups, said in (
            (self.recurrence >= COMES_BACK, "found again in most runs"),
            (self.recurrence <= DISSOLVES, "not found again in most runs; do not rely on them"),
        ):
            if groups.any():
                yield f"Groups {said}: {', '.join(map(str, np.flatnonzero(groups)))}."
        if np.isfinite(self.activity):
            so = "they are groups of activity more than of taste"
            if self.activity <= 0.5:
                so = "most of the differences are inside the groups"
            yield (
                f"{100 * self.activity:.0f} % of the differences in how much people rate lie "
                f"between the groups (variance of the logarithm of the number of ratings): {so}."
            )


def sureness(
    clusters: TasteClusters,
    *,
    n_runs: int = 5,
    n_init: int = 10,
    shrinkage: float = 0.0,
    random_state: int = 0,
) -> Sureness:
    """Measure how sure groups are, by their silhouette and by runs with other seeds.

    Parameters
    ----------
    clusters : TasteClusters
        Groups that :func:`cluster_users` made.
    n_runs : int, default 5
        The number of other runs.
    n_init : int, default 10
        The number of restarts, as the groups were made with.
    shrinkage : float, default 0.0
        The shrinkage of centers, as the groups were made with.
    random_state : int, default 0
        The seed that the groups were made with. The other runs have the next seeds.

    Returns
    -------
    Sureness
        The numbers, and sentences that say what they mean.

    Raises
    ------
    ValueError
        If the groups do not say what k-means compared (``clusters.space`` is None).

    References
    ----------
    - Steinley, D. (2004), Properties of the Hubert-Arabie adjusted Rand index. Psychological
      Methods 9, 386-396.
    - Hennig, C. (2007), Cluster-wise assessment of cluster stability. Computational Statistics and
      Data Analysis 52, 258-271. (A group comes back from a mean Jaccard index of 0.75 on.)

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, make_ratings, sureness
    >>> ratings = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
    >>> sureness(clusters).sentences[2]
    'Groups found again in most runs: 0, 1, 2.'
    """
    if clusters.space is None:
        raise ValueError(
            "the groups do not say what k-means compared, so they cannot be made again; make them "
            "with cluster_users"
        )
    users = _grouped(clusters)
    runs = [clusters.labels[users]]
    for i in range(1, n_runs + 1):
        run = cluster_users(
            clusters.matrix,
            clusters.n_clusters - (clusters.leftover is not None),
            space=clusters.space,
            n_init=n_init,
            shrinkage=shrinkage,
            random_state=(random_state + i) % 2**32,
        )
        runs.append(run.labels[users])
    agreement = [adjusted_rand_score(first, second) for first, second in combinations(runs, 2)]
    jaccard = np.array([_largest_jaccard(runs[0], run, clusters.n_clusters) for run in runs[1:]])
    of_users = silhouettes(clusters, random_state)[1]
    return Sureness(
        activity=_activity(clusters, users),
        silhouette=float(of_users.mean()) if len(of_users) else np.nan,
        agreement=np.array(agreement),
        recurrence=jaccard.mean(axis=0),
    )


def _largest_jaccard(labels: Labels, other: Labels, n_clusters: int) -> Floats:
    """The largest Jaccard index of each group of ``labels`` with any group of ``other``."""
    in_both = np.zeros((n_clusters, 1 + other.max()))
    np.add.at(in_both, (labels, other), 1)
    sizes = in_both.sum(axis=1)
    in_either = sizes[:, None] + in_both.sum(axis=0) - in_both
    largest: Floats = (in_both / np.maximum(in_either, 1)).max(axis=1)
    return np.where(sizes > 0, largest, np.nan)


def _activity(clusters: TasteClusters, users: Rows) -> float:
    activity, labels = np.log1p(clusters.matrix.counts_by_user()[users]), clusters.labels[users]
    if len(np.unique(activity)) < 2:
        return np.nan
    deviation = activity - activity.mean()
    between = np.bincount(labels, deviation) ** 2 / np.maximum(np.bincount(labels), 1)
    return float(between.sum() / np.sum(deviation**2))


def silhouettes(clusters: TasteClusters, random_state: int = 0) -> tuple[Rows, Floats]:
    """Measure the silhouette of each user.

    The silhouette says how much nearer a user is to the own group than to the next (Rousseeuw 1987,
    "Silhouettes", J. Comput. Appl. Math. 20). Users without likes do not count.

    Parameters
    ----------
    clusters : TasteClusters
        Groups that :func:`recsys.cluster_users` made.
    random_state : int, default 0
        The seed of the sample. If there are more than 2,000 users, 2,000 are drawn.

    Returns
    -------
    rows : ndarray of int
        The rows of these users in ``clusters.matrix``.
    silhouettes : ndarray of float64
        Empty, as are the rows, if silhouettes are not defined: with fewer than two groups, or with
        as many groups as users.

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, make_ratings
    >>> ratings = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
    >>> rows, values = silhouettes(clusters)
    >>> len(rows), round(float(values.mean()), 2)
    (200, 0.12)
    """
    assert clusters.space is not None
    users = _grouped(clusters)
    if len(users) > SILHOUETTE_USERS:
        chosen = np.random.default_rng(random_state).choice(users, SILHOUETTE_USERS, replace=False)
        users = np.sort(chosen)
    labels = clusters.labels[users]
    if not 2 <= len(np.unique(labels)) < len(users):
        return users[:0], np.empty(0)
    # k-means on vectors of length 1 minimises the sum of their cosine distances to the centers.
    return users, silhouette_samples(
        points_in(clusters.matrix, clusters.space)[users],
        labels,
        metric="cosine" if clusters.space == "likes" else "euclidean",
        missing="ignore" if clusters.space == "known" else "error",
    )


def _grouped(clusters: TasteClusters) -> Rows:
    """The rows of all users but those without likes."""
    without_likes = -1 if clusters.leftover is None else clusters.leftover
    return np.flatnonzero(clusters.labels != without_likes)
