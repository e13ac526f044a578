"""Groups of users by k-means on what they liked, or on their ratings."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from kmeans_core import ConvergenceWarning, IterationEvent, KMeans
from recsys.data.ids import Id
from recsys.data.matrix import RatingMatrix
from recsys.data.scale import liked, no_likes
from recsys.words import counted

# What k-means compares: see `cluster_users`.
Space = Literal["likes", "ratings", "known"]
SPACES: tuple[Space, ...] = get_args(Space)

# The report and the command use this many restarts. On ml-latest-small (2016) with 6 groups by
# likes, runs with other seeds agree at an adjusted Rand index of .67 with 10 restarts, .76 with 20,
# .82 with 50 and .85 with 100.
RESTARTS = 50

# The command makes fewer restarts if this many multiply-adds would not do for one iteration of all
# restarts. 25 million ratings in 100 groups get one restart, which takes some seconds.
MOST_WORK = 2_000_000_000


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
    space : {"likes", "ratings", "known"}, optional
        What k-means compared, as in :func:`cluster_users`. None if the groups were made in another
        way, or loaded with a model.
    leftover : int, optional
        The group of the users without likes. None if there is no such group.

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
    >>> clusters.sizes
    array([15, 17,  8])
    >>> clusters.centers[:, 0].round(2)
    array([3.87, 2.53, 0.  ])
    """

    matrix: RatingMatrix
    labels: npt.NDArray[np.int32]
    n_clusters: int
    inertia: float
    space: Space | None = None
    leftover: int | None = None

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

        Examples
        --------
        >>> from recsys import RatingMatrix, cluster_users, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
        >>> clusters.cluster_of(1), clusters.cluster_of(2)
        (0, 1)
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

        Examples
        --------
        >>> from recsys import RatingMatrix, cluster_users, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
        >>> clusters.members(2)
        RatingMatrix(8 users x 60 movies, 166 ratings)
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

        Examples
        --------
        >>> from recsys import RatingMatrix, cluster_users, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
        >>> clusters.user_labels()["cluster"].value_counts(sort=False).to_dict()
        {0: 15, 1: 17, 2: 8}
        """
        user_ids = pd.Series(self.matrix.user_ids, dtype=self.matrix.user_ids.dtype)
        return pd.DataFrame({"userId": user_ids, "cluster": self.labels})

    def summary(self) -> pd.DataFrame:
        """Make a table of the groups.

        Returns
        -------
        DataFrame
            One row for each group: cluster, users, ratings, mean_rating.

        Examples
        --------
        >>> from recsys import RatingMatrix, cluster_users, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
        >>> print(clusters.summary().round(2))
           cluster  users  ratings  mean_rating
        0        0     15      354         3.60
        1        1     17      380         3.43
        2        2      8      166         3.70
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


def restarts_for(n_ratings: int, n_clusters: int) -> int:
    """Return the number of restarts of the command: 50, but fewer for large data.

    Examples
    --------
    >>> restarts_for(100_000, 6), restarts_for(1_000_000, 100), restarts_for(25_000_000, 100)
    (50, 20, 1)
    """
    return int(np.clip(MOST_WORK // max(n_ratings * n_clusters, 1), 1, RESTARTS))


def cluster_users(
    matrix: RatingMatrix,
    n_clusters: int = 10,
    *,
    space: Space = "likes",
    n_init: int = 10,
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
    space : {"likes", "ratings", "known"}, default "likes"
        What k-means compares.

        - "likes": the items that a user liked, as a vector of length 1. Groups differ in taste.
          Users who liked nothing form one more group, the leftover.
        - "ratings": the ratings, with 0 for a missing one, as in the original notebook. Groups
          differ mostly in what and how much their users watched.
        - "known": the ratings, with a missing one unknown. Groups differ mostly in how high their
          users rate.
    n_init : int, default 10
        The number of restarts. The best one is kept.
    shrinkage : float, default 0.0
        With ``space="known"``, each center is pulled toward the mean rating of every movie, as if
        this many more users of the group had given it (:class:`kmeans_core.KMeans`).
    random_state : int, default 0
        The seed of k-means.
    on_iteration : callable, optional
        A function that k-means calls after each iteration, as in :class:`kmeans_core.KMeans`.

    Returns
    -------
    TasteClusters
        Some groups are empty if there are fewer distinct users than groups. ``sizes`` shows it.
        With a leftover group, ``n_clusters`` is one more than asked for.

    Raises
    ------
    ValueError
        If there are fewer users (with likes, for "likes") than groups, if ``space`` is another
        value, if shrinkage is given without ``space="known"``, or if likes are asked of a matrix
        that has none or has no scale.

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
    >>> clusters.sizes
    array([15, 17,  8])
    """
    if space not in SPACES:
        raise ValueError(f"space must be one of {SPACES}, not {space!r}")
    if shrinkage and space != "known":
        raise ValueError(f"shrinkage={shrinkage!r} needs space='known', not {space!r}")
    n_users, points = matrix.shape[0], points_in(matrix, space)
    grouped = np.flatnonzero(np.diff(points.indptr) > 0) if space == "likes" else np.arange(n_users)
    check_n_clusters(n_clusters, len(grouped), n_users)
    model = KMeans(
        n_clusters,
        n_init=n_init,
        random_state=random_state,
        on_iteration=on_iteration,
        missing="ignore" if space == "known" else "error",
        shrinkage=shrinkage,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `sizes` shows empty groups
        model.fit(points if len(grouped) == n_users else points[grouped])
    labels = np.full(n_users, n_clusters, dtype=np.int32)
    labels[grouped] = model.labels_
    leftover = n_clusters if len(grouped) < n_users else None
    n_found = n_clusters + (leftover is not None)
    return TasteClusters(matrix, labels, n_found, model.inertia_, space, leftover)


def check_n_clusters(n_clusters: int, n_grouped: int, n_users: int) -> None:
    """ValueError if there are more groups than users that k-means groups."""
    if n_clusters > n_grouped:
        who = counted(n_grouped, "user") + (" with likes" if n_grouped < n_users else "")
        raise ValueError(
            f"{who} cannot make {n_clusters:,} groups; ask for fewer groups (n_clusters=, "
            "--n-clusters)"
        )


def points_in(matrix: RatingMatrix, space: Space) -> sp.csr_array:
    """Return the rows that k-means compares in a space, one for each user.

    ValueError if there are no likes to compare, or if the matrix has no scale.
    """
    points = rows_of_points(matrix, space)
    if space == "likes" and points.nnz == 0 and matrix.scale is not None:
        raise ValueError(f"{no_likes(matrix.scale)}, or group by space='ratings' (--space ratings)")
    return points


def rows_of_points(matrix: RatingMatrix, space: Space) -> sp.csr_array:
    """Return the rows of :func:`points_in`, even if there are no likes.

    ValueError if the matrix has no scale.
    """
    if space != "likes":
        return matrix.values
    likes = likes_of(matrix)
    n_likes = np.diff(likes.indptr)
    likes.data /= np.sqrt(np.repeat(n_likes, n_likes))
    return likes


def likes_of(matrix: RatingMatrix) -> sp.csr_array:
    """Return a matrix of users x items that stores a 1 for each like, and nothing else.

    ValueError if the matrix has no scale.
    """
    if matrix.scale is None:
        raise ValueError(
            "the matrix does not say which ratings are likes; make it with "
            "RatingMatrix.from_ratings, or group by space='ratings'"
        )
    likes = matrix.values.copy()
    likes.data = liked(likes.data, matrix.scale).astype(np.float64)
    likes.eliminate_zeros()
    return likes


def by_mean_and_count(region: RatingMatrix) -> RatingMatrix:
    """Sort the movies of a region by falling mean, and its users by falling number of ratings.

    Movies without a rating come last. Ties are sorted by id.
    """
    means = np.nan_to_num(region.means_by_item(), nan=-np.inf)
    return region.take(
        np.lexsort((region.user_ids, -region.counts_by_user())),
        np.lexsort((region.movie_ids, -means)),
    )
