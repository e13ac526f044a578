"""Groups of all users by k-means on Dask, as `recsys clusters` makes them on one machine."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from kmeans_core import ConvergenceWarning, IterationEvent
from recsys.analysis.likings import FEWEST_RATINGS, LEAST_SHARE_OF_USERS, Tally
from recsys.analysis.taste import Space, check_n_clusters, likes_of, rows_of_points
from recsys.data.matrix import RatingMatrix
from recsys.data.scale import no_likes
from recsys.partitioned.client import clear_errors
from recsys.partitioned.partitions import Films, Partition
from recsys.partitioned.ratings import DistributedRatings
from recsys.titles.names import spoken

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# k-means starts this often. On ml-latest-small (2016) with 6 groups by likes, one start by
# k-means++ has an inertia of 556.3 to 560.5 (six seeds), and one by k-means|| 558.3 to 567.2, with
# groups of one user. The best of 50 starts has 554.5.
STARTS = 10


@dataclass(frozen=True, eq=False)
class GroupCounts:
    """What the members of each group rated and liked."""

    n_ratings: Ints  # (n_groups,): of all films
    totals: Floats  # (n_groups,): the sums of these ratings
    rated: Ints  # (n_groups, n_movies): of the films that users are grouped by
    likes: Ints  # (n_groups, n_movies)

    def __add__(self, other: "GroupCounts") -> "GroupCounts":
        sums = {name: mine + getattr(other, name) for name, mine in vars(self).items()}
        return GroupCounts(**sums)


@dataclass(frozen=True, eq=False)
class DistributedGroups:
    """The users of all partitions in groups.

    Attributes
    ----------
    ratings : DistributedRatings
        The ratings of the users.
    labels : ndarray of shape (n_users,)
        The group of each user, in the order of the ids.
    n_clusters : int
        The number of groups, with the leftover.
    inertia : float
        The inertia of the clustering.
    counts : GroupCounts
        What the members of each group rated and liked.
    movie_ids, titles : ndarray of shape (n_movies,)
        The films that users are grouped by.
    leftover : int, optional
        The group of the users without likes. None if there is no such group.
    """

    ratings: DistributedRatings
    labels: npt.NDArray[np.int32]
    n_clusters: int
    inertia: float
    counts: GroupCounts
    movie_ids: npt.NDArray[Any]
    titles: npt.NDArray[np.object_]
    leftover: int | None

    def user_labels(self) -> pd.DataFrame:
        """Make a table of the users: userId, cluster."""
        ids = self.ratings.survey.users.values
        return pd.DataFrame({"userId": pd.Series(ids, dtype=ids.dtype), "cluster": self.labels})

    def table(self, n_films: int) -> pd.DataFrame:
        """Make a table of the groups: sizes, activity, ratings, and films liked more and less."""
        counts, n_groups = self.counts, self.n_clusters
        sizes = np.bincount(self.labels, minlength=n_groups)
        activity = pd.Series(self.ratings.survey.users.counts).groupby(self.labels).median()
        names = [spoken(str(title)) for title in self.titles]
        ids = self.movie_ids.tolist()
        tally = Tally(names, ids, counts.likes, counts.rated, LEAST_SHARE_OF_USERS)
        n_likes = counts.likes.sum(axis=1)
        films: dict[str, list[str]] = {"likes_more": [], "likes_less": []}
        for group in range(n_groups):
            here = np.arange(n_groups) == group
            likes, users = ((int(n[here].sum()), int(n[~here].sum())) for n in (n_likes, sizes))
            told = users[0] >= FEWEST_RATINGS and min(likes) > 0
            found = tally.more_and_less(here, likes, users, n_films) if told else ((), ())
            for name, likings in zip(films, found, strict=True):
                films[name].append("; ".join(liking.name for liking in likings))
        frame = pd.DataFrame(
            {
                "cluster": np.arange(n_groups),
                "users": sizes,
                "median_ratings": activity.reindex(range(n_groups)).to_numpy(),
                "mean_rating": counts.totals / np.where(counts.n_ratings, counts.n_ratings, np.nan),
                **films,
            }
        )
        predicts = self.ratings.films.scale.predicts
        return frame if predicts else frame.drop(columns="mean_rating")


def group_users(
    ratings: DistributedRatings,
    n_clusters: int,
    *,
    n_movies: int,
    space: Literal["likes", "ratings"] = "likes",
    init: Any = "k-means++",
    n_init: int = STARTS,
    random_state: int = 0,
    on_iteration: Callable[[IterationEvent], Any] | None = None,
) -> DistributedGroups:
    """Group the users of all partitions by k-means on the films with the most ratings.

    From the same starting centers the groups are those of :func:`recsys.cluster_users`.

    Parameters
    ----------
    ratings : DistributedRatings
        The ratings of all users.
    n_clusters : int
        The number of groups.
    n_movies : int
        The number of most-rated films to use.
    space : {"likes", "ratings"}, default "likes"
        What k-means compares, as in :func:`recsys.cluster_users`.
    init : {"k-means++", "k-means||", "random"} or array, default "k-means++"
        The start, as in :class:`kmeans_core.dask.KMeans`. k-means++ sees a sample of the users.
    n_init : int, default 10
        The number of restarts. The best one is kept.
    random_state : int, default 0
        The seed of k-means.
    on_iteration : callable, optional
        k-means calls it after each iteration.

    Returns
    -------
    DistributedGroups

    Raises
    ------
    ValueError
        If there are fewer users (with likes, for "likes") than groups, or no likes.
    """
    from dask import delayed

    from kmeans_core.dask import KMeans

    cluster, partitions, films = ratings.cluster, ratings.partitions, ratings.films
    n_ratings = cluster.result(cluster.total(cluster.each(counts_by_title, partitions)))
    titled = no_users(films)._by_title()
    chosen = RatingMatrix._busiest(n_ratings, titled.movie_ids, n_movies)
    shared = cluster.keep(chosen)
    points = cluster.each(points_of, partitions, chosen=shared, space=space)
    grouped = np.concatenate(list(cluster.results(cluster.each(has_points, points, space=space))))
    n_grouped = int(np.sum(grouped))
    if n_grouped == 0:
        raise ValueError(f"{no_likes(films.scale)}, or group by --space ratings")
    check_n_clusters(n_clusters, n_grouped, len(grouped))
    rows = cluster.each(grouped_rows, points, ratings.split(grouped))
    blocks = [delayed(each) for each in rows]
    seeds = np.random.default_rng(random_state).integers(2**31, size=n_init).tolist()
    fits = (
        KMeans(n_clusters, init=init, random_state=seed, on_iteration=on_iteration).fit(blocks)
        for seed in seeds
    )
    labels = np.full(len(grouped), n_clusters, dtype=np.int32)
    with clear_errors(), cluster.client.as_current(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the sizes show empty groups
        best = min(fits, key=lambda fit: fit.inertia_)
        labels[grouped] = best.labels_.compute()
    leftover = n_clusters if n_grouped < len(grouped) else None
    n_found = n_clusters + (leftover is not None)
    counts = cluster.each(
        counts_of_groups, partitions, ratings.split(labels), n_groups=n_found, chosen=shared
    )
    return DistributedGroups(
        ratings,
        labels,
        n_found,
        float(best.inertia_),
        cluster.result(cluster.total(counts)),
        titled.movie_ids[chosen],
        titled.titles[chosen],
        leftover,
    )


def no_users(films: Films) -> RatingMatrix:
    """The columns of all partitions, without rows."""
    values = sp.csr_array((0, len(films.ids)))
    ids = np.empty(0, dtype=np.int64)
    return RatingMatrix(values, ids, films.ids, films.titles, "movieId", films.scale)


def counts_by_title(partition: Partition) -> Ints:
    """(n_titles,): the number of ratings of each title, on a worker."""
    return partition.matrix._by_title().counts_by_item().astype(np.int64)


def points_of(partition: Partition, chosen: Ints, space: Space) -> sp.csr_array:
    """The rows that k-means compares, on a worker: all users of the partition."""
    matrix = partition.matrix._by_title().take(slice(None), chosen)
    return rows_of_points(matrix, space)


def has_points(points: sp.csr_array, space: Space) -> npt.NDArray[np.bool_]:
    """(n_users,): which users k-means groups."""
    return np.diff(points.indptr) > 0 if space == "likes" else np.ones(points.shape[0], np.bool_)


def grouped_rows(points: sp.csr_array, grouped: npt.NDArray[np.bool_]) -> sp.csr_array:
    """The rows of the users that k-means groups."""
    return points if np.all(grouped) else sp.csr_array(points[grouped])


def counts_of_groups(
    partition: Partition, labels: npt.NDArray[np.int32], n_groups: int, chosen: Ints
) -> GroupCounts:
    """What the members of each group in one partition rated and liked, on a worker."""
    matrix = partition.matrix
    sums = np.asarray(matrix.values.sum(axis=1))
    n_ratings = np.bincount(labels, matrix.counts_by_user(), minlength=n_groups).astype(np.int64)
    totals = np.bincount(labels, sums, minlength=n_groups).astype(np.float64)
    n_users = len(labels)
    place = (labels, np.arange(n_users))
    members = sp.csr_array((np.ones(n_users, np.int64), place), shape=(n_groups, n_users))
    some = matrix._by_title().take(slice(None), chosen)
    rated = sp.csr_array(some.values, copy=True)
    rated.data = np.ones(rated.nnz)
    of_rated, of_likes = (
        (members @ cells).toarray().astype(np.int64) for cells in (rated, likes_of(some))
    )
    return GroupCounts(n_ratings, totals, of_rated, of_likes)
