"""Groups of users with a common taste, and what tells each group from the rest."""

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
from recsys.data.matrix import RatingMatrix
from recsys.words import counted

# A film's standing in a group counts as if this many more people had found it average.
DAMPING = 5

# A score is a difference of sums that need not be exact in binary: this much is still 0.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class TasteClusters:
    """Users of a matrix in groups.

    Attributes
    ----------
    matrix : RatingMatrix
    labels : ndarray of shape (n_users,)
        Group of each row of the matrix.
    n_clusters : int
    inertia : float
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
        """Users in each group."""
        return np.bincount(self.labels, minlength=self.n_clusters)

    @cached_property
    def centers(self) -> npt.NDArray[np.float64]:
        """(n_clusters, n_items): mean of each group where a film not rated is 0; NaN if empty."""
        n_users = len(self.labels)
        place = (self.labels, np.arange(n_users))
        members = sp.csr_array((np.ones(n_users), place), shape=(self.n_clusters, n_users))
        sums: npt.NDArray[np.float64] = (members @ self.matrix.values).toarray()
        return sums / np.where(self.sizes > 0, self.sizes, np.nan)[:, None]

    def cluster_of(self, user_id: int) -> int:
        """Group of a user; KeyError for one who has none."""
        return int(self.labels[self.matrix.row_of(user_id)])

    def members(self, cluster: int) -> RatingMatrix:
        """The group's users and all films of the matrix.

        Raises
        ------
        ValueError
            If there is no such group.
        """
        if not 0 <= cluster < self.n_clusters:
            raise ValueError(f"no cluster {cluster}; there are 0 to {self.n_clusters - 1}")
        return self.matrix.take(np.flatnonzero(self.labels == cluster), slice(None))

    def user_labels(self) -> pd.DataFrame:
        """One row a user: userId, cluster."""
        return pd.DataFrame({"userId": self.matrix.user_ids, "cluster": self.labels})

    def summary(self) -> pd.DataFrame:
        """One row a group: cluster, users, ratings, mean_rating."""
        counts = self.matrix.counts_by_user()
        sums = np.asarray(self.matrix.values.sum(axis=1))
        ratings = np.bincount(self.labels, counts, minlength=self.n_clusters).astype(np.int64)
        stars = np.bincount(self.labels, sums, minlength=self.n_clusters)
        return pd.DataFrame(
            {
                "cluster": np.arange(self.n_clusters),
                "users": self.sizes,
                "ratings": ratings,
                "mean_rating": np.divide(
                    stars, ratings, out=np.full(self.n_clusters, np.nan), where=ratings > 0
                ),
            }
        )

    def distinctive_movies(self, cluster: int, n: int = 5) -> pd.DataFrame:
        """Films that the group likes better than all users do, most telling first.

        A film's score is the sum over the group's ratings of (rating - mean of all users' ratings
        of the film), divided by the number of the group's ratings + 5, so that one enthusiast
        does not decide. Only films with a score above 0 are told: what nobody else rated, the
        group likes no better than all do.

        Returns
        -------
        DataFrame
            movieId, title, n_ratings and mean in the group, mean_of_all, score; fewer than ``n``
            rows where there are fewer such films.
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
                "movieId": group.movie_ids[best],
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
    n_clusters : int, default 10
    n_init : int, default 10
        Starts, of which the best is kept.
    missing : {"zero", "ignore"}, default "zero"
        What a film without a rating is. With "zero" it counts as 0 stars, and groups differ mostly
        in what their users watched. With "ignore" it is unknown, and groups differ in the stars
        that their users gave.
    shrinkage : float, default 0.0
        With ``missing="ignore"``: each group is drawn to the mean stars of every film, as if users
        of this number had given them (:class:`kmeans_core.KMeans`).
    random_state : int, default 0
    on_iteration : callable, optional
        As in :class:`kmeans_core.KMeans`; for a progress bar.

    Returns
    -------
    TasteClusters
        With fewer distinct users than clusters some groups are empty: ``sizes`` shows it.

    Raises
    ------
    ValueError
        If there are fewer users than clusters, if ``missing`` is something else, or if there is
        shrinkage without ``missing="ignore"``.

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
        warnings.simplefilter("ignore", ConvergenceWarning)  # the sizes tell it
        model.fit(matrix.values)
    return TasteClusters(matrix, model.labels_, n_clusters, model.inertia_)


def by_mean_and_count(region: RatingMatrix) -> RatingMatrix:
    """The same region, films by falling mean rating, users by falling number of ratings.

    Films that nobody in the region rated come last; ties by the lower id.
    """
    means = np.nan_to_num(region.means_by_item(), nan=-np.inf)
    return region.take(
        np.lexsort((region.user_ids, -region.counts_by_user())),
        np.lexsort((region.movie_ids, -means)),
    )
