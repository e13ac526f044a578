"""ClusterMeanRecommender of the notebook: the mean rating of an item in the user's cluster."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from kmeans_core import IterationEvent, assign
from recsys.analysis.taste import TasteClusters, cluster_users
from recsys.data.ids import Id
from recsys.data.ratings import Ratings
from recsys.recommenders import npz, storage, stored_data
from recsys.recommenders.ages import Ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.case import Case, Mask
from recsys.recommenders.explanations import of_cluster, of_everyone
from recsys.recommenders.forms import Form, natural, real
from recsys.recommenders.training import TrainingData, user_index_of
from recsys.recommenders.types import Evidence, Floats, Ints, Users
from recsys.words import counted

# The region of a cluster in the notebook: items, users.
NOTEBOOK_REGION = (300, 75)

# The tables of groups x items of a file may have one cell for each byte of its arrays, plus these.
SPARE_CELLS = 2_000_000


@storage.storable
class ClusterMeanRecommender(Recommender):
    """Groups users by k-means and predicts the mean rating of an item in the user's group.

    This is the plain baseline of the notebook. It has these faults:

    * One five-star rating wins. If one user of the group rated an item 5, it comes before an item
      that thirty users rated 4.8. So the lists are mostly accidents.
    * An item without a rating counts as 0 when users are grouped. So groups tell how much users
      rated rather than what they like.
    * It ignores that some users are generous and some are strict.
    * A user's own rating of an item is part of the group's mean. So the prediction for a rated item
      contains the answer.

    It predicts the mean over all users if the group, or its region, has no rating of the item, if
    the item was not used to make the groups, or if the user has no group. It predicts the mean of
    all ratings if no user rated the item.

    It recommends only items that the group rated. Items with equal means are sorted by falling
    number of the group's ratings, then by movieId. New users join the group with the nearest
    center, where an item without a rating is 0.

    Parameters
    ----------
    n_clusters : int, default 10
        The number of groups. It is reduced to the number of users if that is less.
    n_movies : int, default 1000
        The number of most-rated items that make the groups. Only these are recommended.
    region : (int, int), optional
        Take the means over the group's densest region of this many items and users. The notebook
        uses (300, 75). The default is the whole group.
    n_init : int, default 10
        The number of restarts of k-means.
    random_state : int, default 0
        The seed of k-means.

    Attributes
    ----------
    clusters : TasteClusters
        The groups.
    trained_on : TrainingData
        The ratings of the last fit.

    Examples
    --------
    >>> from recsys import ClusterMeanRecommender, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = ClusterMeanRecommender(n_clusters=3).fit(ratings)
    >>> len(model.recommend(1, n=5))
    5
    >>> model.explain(1, 1).reason
    'the evidence is thin: 10 of the 13 others in group 0 rated it, 4.00 on average; 7 liked it'
    """

    clusters: TasteClusters

    def __init__(
        self,
        n_clusters: int = 10,
        *,
        n_movies: int = 1000,
        region: tuple[int, int] | None = None,
        n_init: int = 10,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.n_movies = n_movies
        self.region = region
        self.n_init = n_init
        self.random_state = random_state

    def fit(
        self, ratings: Ratings, *, on_iteration: Callable[[IterationEvent], Any] | None = None
    ) -> Self:
        """Group the users by their ratings of the most-rated items.

        Parameters
        ----------
        ratings : Ratings
            The training data.
        on_iteration : callable, optional
            A function that k-means calls after each iteration, as in :class:`kmeans_core.KMeans`.

        Returns
        -------
        ClusterMeanRecommender
            The same recommender, fitted.
        """
        return self._fit(TrainingData.of(ratings), lambda: self._learn(on_iteration))

    def fit_clusters(self, clusters: TasteClusters, ratings: Ratings) -> Self:
        """Use existing groups.

        Parameters
        ----------
        clusters : TasteClusters
            The groups.
        ratings : Ratings
            The training data. Its means are predicted if a group has no rating of an item.

        Returns
        -------
        ClusterMeanRecommender
            The same recommender, fitted.

        Examples
        --------
        >>> from recsys import ClusterMeanRecommender, RatingMatrix, cluster_users, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> groups = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=3)
        >>> model = ClusterMeanRecommender().fit_clusters(groups, ratings)
        >>> model.clusters is groups
        True
        """
        return self._fit(TrainingData.of(ratings), lambda: self._use(clusters))

    def _learn(self, on_iteration: Callable[[IterationEvent], Any] | None = None) -> None:
        clusters = cluster_users(
            self.trained_on.matrix.most_rated(self.n_movies),
            min(self.n_clusters, self.trained_on.n_users),
            space="ratings",
            n_init=self.n_init,
            random_state=self.random_state,
            on_iteration=on_iteration,
        )
        self._use(clusters)

    def _use(self, clusters: TasteClusters) -> None:
        matrix, n_items = self.trained_on.matrix, clusters.matrix.shape[1]
        self._groups = [clusters.members(cluster) for cluster in range(clusters.n_clusters)]
        if self.region is not None:
            self._groups = [group.densest_region(*self.region) for group in self._groups]
        self._members = [np.isin(matrix.user_ids, group.user_ids) for group in self._groups]
        # The last row is for users in no group, and the last column for items outside the groups.
        self._counts = np.zeros((clusters.n_clusters + 1, n_items + 1), dtype=np.intp)
        self._means = np.full(self._counts.shape, np.nan)
        column = pd.Index(clusters.matrix.movie_ids)
        for cluster, group in enumerate(self._groups):
            items = column.get_indexer(pd.Index(group.movie_ids))
            self._counts[cluster, items] = group.counts_by_item()
            self._means[cluster, items] = group.means_by_item()
        # The column of each training item in the groups' matrix, or -1 if it has none.
        place = column.get_indexer(pd.Index(matrix.movie_ids))
        self._item_in_groups = np.append(place, -1)
        row = pd.Index(clusters.matrix.user_ids).get_indexer(pd.Index(matrix.user_ids))
        self._group_of = np.where(row >= 0, clusters.labels[row], -1)
        self._means_of_everyone = np.append(matrix.means_by_item(), np.nan)
        self._mean_of_all = float(matrix.values.data.mean())
        self.clusters = clusters

    def _place_known(self, rows: Ints) -> npt.NDArray[np.intp]:
        return self._group_of[rows]

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> npt.NDArray[np.intp]:
        places = self._item_in_groups[rated.indices]
        known = places >= 0
        cells = (rated.data[known], (user_index_of(rated)[known], places[known]))
        seen = sp.csr_array(cells, shape=(rated.shape[0], self.clusters.matrix.shape[1]))
        groups = np.flatnonzero(self.clusters.sizes)
        nearest = groups[assign(seen, self.clusters.centers[groups])]
        # Users without ratings have no group. A rating of 0 is stored, so it counts.
        return np.where(np.diff(seen.indptr) > 0, nearest, -1)

    def _parts(self, placed: Any, user_index: Ints, items: Ints) -> dict[str, Floats]:
        of_all = self._means_of_everyone[items]
        of_all = np.where(np.isnan(of_all), self._mean_of_all, of_all)
        of_group = self._means[placed[user_index], self._item_in_groups[items]]
        return {"mean of those who rated it": np.where(np.isnan(of_group), of_all, of_group)}

    def _recommendable(self, users: Users) -> Mask:
        has_mean: Mask = self._counts[users.placed][:, self._item_in_groups[:-1]] > 0
        return has_mean

    def _standing(self, users: Users, user: int) -> npt.NDArray[Any]:
        counts: npt.NDArray[Any] = self._counts[users.placed[user], self._item_in_groups[:-1]]
        return counts

    def _plain_evidence(self, case: Case, users: Users, user: int) -> Evidence:
        """The ratings of the others in the group, or why they do not count and those of all."""
        cluster, place = int(users.placed[user]), int(self._item_in_groups[case.item])
        if cluster < 0:
            return of_everyone(case, "you are in no group; ")
        whose = f"{'' if self.region is None else 'the densest region of '}group {cluster}"
        found = None
        if self._counts[cluster, place]:
            found = of_cluster(case, self._members[cluster], whose)
        if found is None:
            made_on = counted(self.clusters.matrix.shape[1], "film")
            why = f"it is not one of the {made_on} the groups are made on"
            why = why if place < 0 else f"nobody else in {whose} rated it"
            found = of_everyone(case, f"{why}; ")
        return replace(found, cluster=cluster)

    def unrated_in_region(self, user_id: Id) -> int:
        """Count the items of the group's region that the user has not rated.

        Parameters
        ----------
        user_id : int or str
            A user of the groups.

        Returns
        -------
        int
            The number of items.

        Raises
        ------
        KeyError
            If the user is not in the groups.

        Examples
        --------
        >>> from recsys import ClusterMeanRecommender, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> ClusterMeanRecommender(n_clusters=3).fit(ratings).unrated_in_region(1)
        36
        """
        self._check_fitted()
        matrix = self.clusters.matrix
        group = self._groups[self.clusters.cluster_of(user_id)]
        rated = matrix.movie_ids[matrix.values[[matrix.row_of(user_id)]].indices]
        return int(np.sum(~pd.Index(group.movie_ids).isin(rated)))

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return npz.prefixed("clusters", stored_data.matrix_arrays(self.clusters.matrix)) | {
            "labels": self.clusters.labels,
            "n_clusters": np.array(self.clusters.n_clusters),
            "inertia": np.array(self.clusters.inertia),
        }

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        matrix = stored_data.matrix_forms("n_grouped", "n_columns", "n_seen")
        return npz.prefixed("clusters", matrix) | {
            "labels": natural("n_grouped"),
            "n_clusters": natural(),
            "inertia": real(least=0, most=np.finfo(np.float64).max),
        }

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        matrix = stored_data.matrix_of(npz.without("clusters", arrays))
        labels, n_clusters = arrays["labels"], int(arrays["n_clusters"])
        if not labels.max() < n_clusters <= len(labels):
            raise ValueError(f"labels up to {labels.max()} are not of {n_clusters:,} groups")
        held = sum(array.nbytes for array in arrays.values())
        if n_clusters * matrix.shape[1] > held + SPARE_CELLS:
            raise ValueError(f"the tables of {n_clusters:,} groups are too large for its data")
        self._use(TasteClusters(matrix, labels, n_clusters, float(arrays["inertia"])))
