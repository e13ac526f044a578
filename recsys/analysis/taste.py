"""Groups of users with a common taste, and the movies that set each group apart."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from kmeans_core import ConvergenceWarning, IterationEvent, KMeans
from recsys.data.ids import Id
from recsys.data.matrix import RatingMatrix
from recsys.words import counted

# The score of a movie in a group counts as if this many more users had rated it average.
DAMPING = 5

# A score is a difference of sums with rounding errors. Up to this amount it counts as 0.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class TasteClusters:
    """The users of a matrix in groups.

    Attributes
    ----------
    matrix : RatingMatrix
        The ratings of the users.
    labels : ndarray of shape (n_users,)
        The group of each row of the matrix.
    n_clusters : int
        The number of groups.
    inertia : float
        The inertia of the clustering.
    """

    matrix: RatingMatrix
    labels: npt.NDArray[np.int32]
    n_clusters: int
    inertia: float

    def __repr__(self) -> str:
        n_users, n_items = self.matrix.shape
        groups = counted(self.n_clusters, "group")
        return f"TasteClusters({groups}, {n_users} users x {n_items} movies)"

    @property
    def sizes(self) -> npt.NDArray[np.intp]:
        """The number of users in each group."""
        return np.bincount(self.labels, minlength=self.n_clusters)

    @cached_property
    def centers(self) -> npt.NDArray[np.float64]:
        """(n_clusters, n_items): means of each group, with 0 for a missing rating; NaN if empty."""
        n_users = len(self.labels)
        place = (self.labels, np.arange(n_users))
        members = sp.csr_array((np.ones(n_users), place), shape=(self.n_clusters, n_users))
        sums: npt.NDArray[np.float64] = (members @ self.matrix.values).toarray()
        return sums / np.where(self.sizes > 0, self.sizes, np.nan)[:, None]

    def cluster_of(self, user_id: Id) -> int:
        """Return the group of a user.

        Parameters
        ----------
        user_id : int or str
            A user of the matrix.

        Returns
        -------
        int
            The number of the group.

        Raises
        ------
        KeyError
            If the user is not in the matrix.
        """
        return int(self.labels[self.matrix.row_of(user_id)])

    def members(self, cluster: int) -> RatingMatrix:
        """Return the users of a group.

        Parameters
        ----------
        cluster : int
            The number of the group.

        Returns
        -------
        RatingMatrix
            The ratings of the group's users for all movies of the matrix.

        Raises
        ------
        ValueError
            If there is no such group.
        """
        if not 0 <= cluster < self.n_clusters:
            raise ValueError(f"no cluster {cluster}; there are 0 to {self.n_clusters - 1}")
        return self.matrix.take(np.flatnonzero(self.labels == cluster), slice(None))

    def user_labels(self) -> pd.DataFrame:
        """Make a table of the users.

        Returns
        -------
        DataFrame
            One row for each user: userId, cluster.
        """
        user_ids = pd.Series(self.matrix.user_ids, dtype=self.matrix.user_ids.dtype)
        return pd.DataFrame({"userId": user_ids, "cluster": self.labels})

    def summary(self) -> pd.DataFrame:
        """Make a table of the groups.

        Returns
        -------
        DataFrame
            One row for each group: cluster, users, ratings, mean_rating.
        """
        counts = self.matrix.counts_by_user()
        sums = np.asarray(self.matrix.values.sum(axis=1))
        ratings = np.bincount(self.labels, counts, minlength=self.n_clusters).astype(np.int64)
        totals = np.bincount(self.labels, sums, minlength=self.n_clusters)
        means = totals / np.where(ratings > 0, ratings, np.nan)
        return pd.DataFrame(
            {
                "cluster": np.arange(self.n_clusters),
                "users": self.sizes,
                "ratings": ratings,
                "mean_rating": means,
            }
        )

    def distinctive_movies(self, cluster: int, n: int = 5) -> pd.DataFrame:
        """List the movies that the group likes more than all users do, highest score first.

        The score of a movie is the sum over the group's ratings of (rating - mean rating of all
        users), divided by the number of the group's ratings + 5. So a single enthusiast does not
        decide. Only movies with a score above 0 are listed. If only the group rated a movie, its
        score is 0.

        Parameters
        ----------
        cluster : int
            The group.
        n : int, default 5
            The number of movies.

        Returns
        -------
        DataFrame
            movieId, title, n_ratings and mean in the group, mean_of_all, score. It has fewer than
            ``n`` rows if there are fewer such movies.

        Raises
        ------
        ValueError
            If there is no such group.
        """
        group = self.members(cluster)
        counts = group.counts_by_item()
        mean_of_all = self.matrix.means_by_item()
        sums = np.asarray(group.values.sum(axis=0))
        with np.errstate(invalid="ignore"):
            score = np.where(counts > 0, (sums - counts * mean_of_all) / (counts + DAMPING), 0.0)
        best = np.lexsort((group.movie_ids, -score))
        best = best[score[best] > ROUNDING][:n]
        return pd.DataFrame(
            {
                "movieId": pd.Series(group.movie_ids[best], dtype=group.movie_ids.dtype),
                "title": group.titles[best],
                "n_ratings": counts[best],
                "mean": group.means_by_item()[best],
                "mean_of_all": mean_of_all[best],
                "score": score[best],
            }
        )


def cluster_users(
    matrix: RatingMatrix,
    n_clusters: int = 10,
    *,
    n_init: int = 10,
    missing: Literal["zero", "ignore"] = "zero",
    shrinkage: float = 0.0,
    random_state: int = 0,
    on_iteration: Callable[[IterationEvent], Any] | None = None,
) -> TasteClusters:
    """Group the users of a matrix by k-means.

    Parameters
    ----------
    matrix : RatingMatrix
        The ratings of the users.
    n_clusters : int, default 10
        The number of groups.
    n_init : int, default 10
        The number of restarts. The best one is kept.
    missing : {"zero", "ignore"}, default "zero"
        The meaning of a missing rating. With "zero" it counts as 0, and groups differ mostly in the
        movies that their users watched. With "ignore" it is unknown, and groups differ in the
        ratings that their users gave.
    shrinkage : float, default 0.0
        With ``missing="ignore"``, each center is pulled toward the mean rating of every movie, as
        if this many more users of the group had given it (:class:`kmeans_core.KMeans`).
    random_state : int, default 0
        The seed of k-means.
    on_iteration : callable, optional
        k-means calls it after each iteration, as in :class:`kmeans_core.KMeans`.

    Returns
    -------
    TasteClusters
        Some groups are empty if there are fewer distinct users than groups. ``sizes`` shows it.

    Raises
    ------
    ValueError
        If there are fewer users than clusters, if ``missing`` is another value, or if shrinkage is
        given without ``missing="ignore"``.

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
    >>> int(clusters.sizes.sum())
    40
    """
    n_users = matrix.shape[0]
    if n_clusters > n_users:
        raise ValueError(f"{counted(n_users, 'user')} cannot make {n_clusters:,} groups")
    if missing not in ("zero", "ignore"):
        raise ValueError(f"missing must be 'zero' or 'ignore', not {missing!r}")
    model = KMeans(
        n_clusters,
        n_init=n_init,
        random_state=random_state,
        on_iteration=on_iteration,
        missing="ignore" if missing == "ignore" else "error",
        shrinkage=shrinkage,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `sizes` shows empty groups
        model.fit(matrix.values)
    return TasteClusters(matrix, model.labels_, n_clusters, model.inertia_)


def by_mean_and_count(region: RatingMatrix) -> RatingMatrix:
    """Sort the movies of a region by falling mean, and its users by falling number of ratings.

    Movies without a rating come last. Ties are sorted by id.
    """
    means = np.nan_to_num(region.means_by_item(), nan=-np.inf)
    return region.take(
        np.lexsort((region.user_ids, -region.counts_by_user())),
        np.lexsort((region.movie_ids, -means)),
    )
