"""ClusterMeanRecommender: the notebook's own, the mean of what the user's cluster gave a film."""

from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from kmeans_core import IterationEvent, NotFittedError
from recsys.matrix import RatingMatrix
from recsys.ratings import Ratings
from recsys.recommenders.contract import (
    RECOMMENDATION_COLUMNS,
    Prediction,
    Recommender,
    paired_ids,
)
from recsys.taste import TasteClusters, cluster_users
from recsys.words import counted

# The part of a cluster the notebook looks at: films, users.
NOTEBOOK_REGION = (300, 75)


class ClusterMeanRecommender(Recommender):
    """Groups users by k-means and expects of a film what the user's group gave it on average.

    The plain baseline, kept as the notebook has it. What is wrong with it:

    * One five-star rating wins. A film that a single person of the group saw and loved stands
      above one that thirty people gave 4.8, so the list it shows is mostly accidents.
    * A film not rated counts as 0 stars when the groups are made, so they tell rather how much
      people rated than what they liked.
    * It ignores that some people are generous and some strict.
    * What a user gave a film is part of what the group gave it, so a film the user rated is
      predicted from the answer.

    Parameters
    ----------
    n_clusters : int, default 10
    n_movies : int, default 1000
        Groups are made on this many most-rated films, and only these are recommended.
    region : (int, int), optional
        Take the means over the group's densest region of so many films and users only; the
        notebook has (300, 75). The whole group if not given.
    n_init : int, default 10
    random_state : int, default 0

    Attributes
    ----------
    clusters : TasteClusters

    Examples
    --------
    >>> from recsys import ClusterMeanRecommender, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = ClusterMeanRecommender(n_clusters=3).fit(ratings)
    >>> len(model.recommend(1, n=5))
    5
    >>> bool(0.5 <= model.predict([1], [1])[0] <= 5)
    True
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
        """Group the users by their ratings of the most-rated films.

        Parameters
        ----------
        ratings : Ratings
        on_iteration : callable, optional
            As in :class:`kmeans_core.KMeans`; for a progress bar.

        Returns
        -------
        ClusterMeanRecommender
            Itself, fitted.
        """
        everyone = RatingMatrix.from_ratings(ratings)
        clusters = cluster_users(
            everyone.most_rated(self.n_movies),
            self.n_clusters,
            n_init=self.n_init,
            random_state=self.random_state,
            on_iteration=on_iteration,
        )
        return self._use(clusters, everyone)

    def fit_clusters(self, clusters: TasteClusters, ratings: Ratings) -> Self:
        """Use groups that are there already.

        Parameters
        ----------
        clusters : TasteClusters
        ratings : Ratings
            For the means over everyone, where a group knows nothing of a film.

        Returns
        -------
        ClusterMeanRecommender
        """
        return self._use(clusters, RatingMatrix.from_ratings(ratings))

    def _use(self, clusters: TasteClusters, everyone: RatingMatrix) -> Self:
        n_films = clusters.matrix.shape[1]
        self._groups = [self._seen_part(clusters, c) for c in range(clusters.n_clusters)]
        self._counts = np.zeros((clusters.n_clusters, n_films), dtype=np.intp)
        self._means = np.full((clusters.n_clusters, n_films), np.nan)
        column = pd.Index(clusters.matrix.movie_ids)
        for cluster, group in enumerate(self._groups):
            films = column.get_indexer(pd.Index(group.movie_ids))
            self._counts[cluster, films] = group.counts_by_film()
            self._means[cluster, films] = group.means_by_film()
        self._everyone = everyone
        self._means_of_everyone = everyone.means_by_film()
        self._mean_of_all = float(everyone.values.data.mean())
        self.clusters = clusters
        return self

    def _seen_part(self, clusters: TasteClusters, cluster: int) -> RatingMatrix:
        group = clusters.members(cluster)
        return group if self.region is None else group.densest_region(*self.region)

    def predict(self, user_ids: npt.ArrayLike, movie_ids: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Mean of what each user's group gave each film.

        It is the film's mean over everyone where the group (or the region of it that is looked
        at) has no rating of the film, where the film is none of those that the groups are made
        on, and where the user has no group; for a film that nobody rated, the mean of all ratings.

        Parameters
        ----------
        user_ids, movie_ids : array-like of shape (n_pairs,), int

        Returns
        -------
        ndarray of shape (n_pairs,)
            Stars.

        Raises
        ------
        ValueError
            If the two are not whole numbers or not of one length.
        """
        users, movies = paired_ids(user_ids, movie_ids)
        self._check_fitted()
        matrix = self.clusters.matrix
        rows = pd.Index(matrix.user_ids).get_indexer(pd.Index(users))
        films = pd.Index(matrix.movie_ids).get_indexer(pd.Index(movies))
        of_group = np.where(
            (rows >= 0) & (films >= 0), self._means[self.clusters.labels[rows], films], np.nan
        )
        columns = pd.Index(self._everyone.movie_ids).get_indexer(pd.Index(movies))
        of_all = np.where(columns >= 0, self._means_of_everyone[columns], self._mean_of_all)
        return np.where(np.isnan(of_group), of_all, of_group)

    def recommend(
        self,
        user_id: int,
        n: int = 20,
        *,
        exclude_rated: bool = True,
        among: Iterable[int] | None = None,
    ) -> pd.DataFrame:
        """Films of the user's group by mean rating, best first.

        Parameters
        ----------
        user_id : int
        n : int, default 20
        exclude_rated : bool, default True
            Leave out what the user rated.
        among : iterable of int, optional
            Movie ids to choose from.

        Returns
        -------
        DataFrame
            movieId, title, score and expected_rating (both the mean), n_ratings in the group
            (or the region of it that is looked at) and
            reason; fewer than ``n`` rows where the group rated fewer films. Equal means stand by
            falling number of ratings, then by movieId.

        Raises
        ------
        ValueError
            If ``n`` is negative.
        KeyError
            If the user was not among the training users.
        """
        if n < 0:
            raise ValueError(f"n must not be negative, but is {n}")
        self._check_fitted()
        matrix = self.clusters.matrix
        cluster = self.clusters.cluster_of(user_id)
        means, counts = self._means[cluster], self._counts[cluster]
        eligible = counts > 0
        if exclude_rated:
            eligible[self._rated(user_id)] = False
        if among is not None:
            eligible &= np.isin(matrix.movie_ids, list(among))
        order = np.lexsort((matrix.movie_ids, -counts, -np.nan_to_num(means)))
        films = order[eligible[order]][:n]
        reasons = [self._reason(cluster, int(counts[f]), float(means[f])) for f in films]
        return pd.DataFrame(
            {
                "movieId": matrix.movie_ids[films],
                "title": matrix.titles[films],
                "score": means[films],
                "expected_rating": means[films],
                "n_ratings": counts[films],
                "reason": np.array(reasons, dtype=object),
            },
            columns=RECOMMENDATION_COLUMNS,
        )

    def explain(self, user_id: int, movie_id: int) -> Prediction:
        """What :meth:`predict` says of one pair, and from whose ratings.

        Parameters
        ----------
        user_id, movie_id : int

        Returns
        -------
        Prediction
        """
        rating = float(self.predict([user_id], [movie_id])[0])
        matrix = self.clusters.matrix
        cluster = self.clusters.cluster_of(user_id) if user_id in matrix.user_ids else None
        if cluster is not None and movie_id in matrix.movie_ids:
            film = matrix.column_of(movie_id)
            n_ratings = int(self._counts[cluster, film])
            if n_ratings:
                n_users = len(self._groups[cluster].user_ids)
                reason = self._reason(cluster, n_ratings, rating)
                title = str(matrix.titles[film])
                return Prediction(
                    user_id, movie_id, title, rating, cluster, n_users, n_ratings, reason
                )
        return self._explain_by_everyone(user_id, movie_id, rating, cluster)

    def _explain_by_everyone(
        self, user_id: int, movie_id: int, rating: float, cluster: int | None
    ) -> Prediction:
        n_users = len(self._everyone.user_ids)
        if cluster is None:
            why = "the user is in no group"
        elif movie_id in self.clusters.matrix.movie_ids:
            why = f"{self._who(cluster)} has no rating"
        else:
            n_films = self.clusters.matrix.shape[1]
            why = f"it is not one of the {counted(n_films, 'film')} the groups are made on"
        if movie_id in self._everyone.movie_ids:
            film = self._everyone.column_of(movie_id)
            n_ratings = int(self._everyone.counts_by_film()[film])
            title = str(self._everyone.titles[film])
            users = counted(n_users, "user")
            reason = f"{why}; {n_ratings:,} of all {users} {_gave(n_ratings, rating)}"
        else:
            n_ratings, title = 0, ""
            reason = f"nobody rated it; the mean of all ratings is {rating:.2f}"
        return Prediction(user_id, movie_id, title, rating, cluster, n_users, n_ratings, reason)

    def _rated(self, user_id: int) -> npt.NDArray[np.int32]:
        """Columns of the films that a user rated."""
        values = self.clusters.matrix.values
        row = self.clusters.matrix.row_of(user_id)
        rated: npt.NDArray[np.int32] = values.indices[values.indptr[row] : values.indptr[row + 1]]
        return rated

    def unrated_in_region(self, user_id: int) -> int:
        """How many films of the part of the group that is looked at the user has not rated.

        Raises
        ------
        KeyError
            If the user was not among the training users.
        """
        self._check_fitted()
        group = self._groups[self.clusters.cluster_of(user_id)]
        rated = self.clusters.matrix.movie_ids[self._rated(user_id)]
        return int(np.sum(~np.isin(group.movie_ids, rated)))

    def _check_fitted(self) -> None:
        if not hasattr(self, "clusters"):
            raise NotFittedError("This ClusterMeanRecommender is not fitted yet: call fit first.")

    def _reason(self, cluster: int, n_ratings: int, mean: float) -> str:
        users = counted(len(self._groups[cluster].user_ids), "user")
        return f"{n_ratings:,} of the {users} of {self._who(cluster)} {_gave(n_ratings, mean)}"

    def _who(self, cluster: int) -> str:
        """Whose ratings count, in words."""
        group = f"group {cluster}"
        return group if self.region is None else f"the densest region of {group}"


def _gave(n_ratings: int, mean: float) -> str:
    return f"gave it {mean:.2f}" + (" on average" if n_ratings > 1 else "")
