"""Intervals that hold most ratings: how sure a recommender is of the ratings that it predicts."""

from abc import abstractmethod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.recommenders.given_ratings import GivenRatings, GivenTimes
from recsys.recommenders.ids import one_of_two
from recsys.recommenders.model import LEVEL, Model
from recsys.recommenders.ranking import blocks_of_pairs, known_users
from recsys.recommenders.training import check_predicts
from recsys.recommenders.types import Floats, Ints, Users


class Intervals(NamedTuple):
    """The ends of one interval for each pair of a user and an item.

    Attributes
    ----------
    low, high : ndarray of shape (n_pairs,)
        Within the scale of the training ratings. An interval holds both of its ends.
    """

    low: Floats
    high: Floats


class PredictsIntervals(Model):
    """The method `predict_interval` of recommenders."""

    @abstractmethod
    def _fold_in(self, ratings: "GivenRatings | None", times: "GivenTimes | None") -> Users:
        """Place one new user."""

    def predict_interval(
        self,
        user_ids: npt.ArrayLike | None = None,
        movie_ids: npt.ArrayLike | None = None,
        *,
        ratings: "GivenRatings | None" = None,
        times: "GivenTimes | None" = None,
        level: float = LEVEL,
    ) -> Intervals:
        """Predict an interval for the rating of each (user, item) pair.

        A share ``level`` of all ratings lies within their intervals. An interval is narrow if
        the errors of the user's other ratings and of the item's other ratings are small, and if
        both have many ratings.

        Parameters
        ----------
        user_ids : array-like of shape (n_pairs,), int or str, optional
            Give either these or ``ratings``.
        movie_ids : array-like of shape (n_pairs,), int or str
            The ids of the items.
        ratings : mapping, Series, DataFrame or iterable of pairs, optional
            The ratings of a new user, as in :meth:`predict`.
        times : mapping, Series or array-like, optional
            When ``ratings`` were given, as in :meth:`predict`.
        level : float, default 0.8
            The share of ratings that the intervals hold, above 0 and below 1.

        Returns
        -------
        Intervals
            The arrays ``low`` and ``high``, in the order of the pairs.

        Raises
        ------
        ValueError
            If :meth:`predict` would refuse the pairs, if ``level`` is out of its range, or if the
            recommender does not know how sure it is. ``BoostedClusterMeans`` knows it, and so does
            every recommender that takes its predicted ratings.

        Examples
        --------
        >>> from recsys import BoostedClusterMeans, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> model = BoostedClusterMeans(n_chains=1, n_stages=6).fit(ratings)
        >>> sure, surer = (model.predict_interval([1], [2], level=level) for level in (0.9, 0.5))
        >>> bool(sure.low <= surer.low <= surer.high <= sure.high)
        True
        """
        self._check_fitted()
        data = self.trained_on
        check_predicts(data.scale)
        if not 0 < level < 1:
            raise ValueError(f"level must be above 0 and below 1, not {level!r}")
        if movie_ids is None:
            raise ValueError("predict_interval needs movie_ids")
        one_of_two("user_ids", user_ids, ratings)
        items = self._films(movie_ids)
        low, high = np.empty(len(items)), np.empty(len(items))
        if ratings is not None:
            return self._within(self._fold_in(ratings, times), np.zeros_like(items), items, level)
        rows = data.rows(user_ids)
        if len(rows) != len(items):
            raise ValueError(f"{len(rows)} user_ids but {len(items)} movie_ids")
        new, known = rows < 0, np.flatnonzero(rows >= 0)
        for block, places, user_index in blocks_of_pairs(rows[known]):
            users, some = known_users(self, block), known[places]
            low[some], high[some] = self._within(users, user_index, items[some], level)
        if np.any(new):
            users, user_index = self._fold_in({}, None), np.zeros(int(np.sum(new)), np.int64)
            low[new], high[new] = self._within(users, user_index, items[new], level)
        return Intervals(low, high)

    def _within(self, users: Users, user_index: Ints, items: Ints, level: float) -> Intervals:
        found = self._interval(users.placed, user_index, items, level)
        if found is None:
            raise ValueError(
                f"{type(self).__name__} does not know how sure it is; BoostedClusterMeans does, "
                "alone or as the rating_model of another recommender"
            )
        return Intervals(*found)
