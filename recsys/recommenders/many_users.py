"""Lists for many users at once: for all training users, for some of them, and for new users."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Id, Ids
from recsys.printable import printable
from recsys.recommenders import ranking
from recsys.recommenders.bulk_lists import blocks_of_lists
from recsys.recommenders.given_ratings import GivenRatings, given_profile
from recsys.recommenders.ids import asked_ids, check_n
from recsys.recommenders.intervals import PredictsIntervals
from recsys.recommenders.types import NO_ITEM, Users


class RecommendsToMany(PredictsIntervals):
    """The methods of recommenders that make many lists."""

    def recommend_all(
        self, n: int = 10, *, exclude_rated: bool = True, among: Iterable[Id] | None = None
    ) -> pd.DataFrame:
        """Recommend items to every training user.

        Parameters
        ----------
        n : int, default 10
            The number of items for each user.
        exclude_rated : bool, default True
            Leave out items that the user rated.
        among : iterable of int or str, optional
            The movie ids to choose from. The default is all items.

        Returns
        -------
        DataFrame
            The rows of :meth:`recommend` for each user, with userId as the first column.

        Raises
        ------
        ValueError
            If ``n`` is negative.

        Examples
        --------
        >>> from recsys import MostLiked, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> lists = MostLiked().fit(ratings).recommend_all(n=2)
        >>> print(lists[["userId", "movieId", "score"]].head(3))
           userId  movieId  score
        0       1      292   22.0
        1       1      142   14.0
        2       2       26   23.0
        """
        self._check_fitted()
        blocks = blocks_of_lists(self, n, exclude_rated=exclude_rated, among=among)
        return pd.concat(blocks, ignore_index=True)

    def top(self, user_ids: npt.ArrayLike, n: int = 10, *, exclude_rated: bool = True) -> Ids:
        """List the movie ids of the best items for training users, without reasons.

        Parameters
        ----------
        user_ids : array-like of shape (n_users,), int or str
            The training users.
        n : int, default 10
            The number of items for each user.
        exclude_rated : bool, default True
            Leave out items that the user rated.

        Returns
        -------
        ndarray of shape (n_users, n), int64 or str objects
            Movie ids, best first. If a user has fewer items, the rest of the row is -1, or None if
            ids are text.

        Raises
        ------
        ValueError
            If ``n`` is negative, if an id has not the kind of the training ids, or if a training
            item has the id -1.
        KeyError
            If a user is not a training user.

        Examples
        --------
        >>> from recsys import MostLiked, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> MostLiked().fit(ratings).top([1, 2], n=3)
        array([[292, 142,  20],
               [ 26,   1,   3]])
        """
        self._check_lists(n)
        data = self.trained_on
        users_asked = asked_ids("user", user_ids, data.matrix.user_ids)
        rows = data.rows(users_asked)
        if np.any(rows < 0):
            unknown = printable(str(users_asked[rows < 0][0]))
            raise KeyError(f"no user {unknown} among the {data.n_users}")
        blocks = (ranking.known_users(self, some) for some in self._blocks(rows))
        return self._ids(blocks, n, exclude_rated)

    def top_new(
        self, ratings: "Sequence[GivenRatings]", n: int = 10, *, exclude_rated: bool = True
    ) -> Ids:
        """List the movie ids of the best items for new users, without reasons.

        Parameters
        ----------
        ratings : sequence
            The ratings of each user, as in :meth:`predict`.
        n : int, default 10
            The number of items for each user.
        exclude_rated : bool, default True
            Leave out items that the user rated.

        Returns
        -------
        ndarray of shape (n_users, n), int64 or str objects
            Movie ids, best first. If a user has fewer items, the rest of the row is -1, or None if
            ids are text.

        Raises
        ------
        ValueError
            If ``n`` is negative, if a training item has the id -1, if ``ratings`` are those of a
            single user, or if :meth:`predict` would refuse the ratings of a user.

        Examples
        --------
        The second user has rated nothing:

        >>> from recsys import MostLiked, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> MostLiked().fit(ratings).top_new([{21: 5.0, 5: 2.0}, {}], n=2)
        array([[131,  14],
               [ 21,   5]])
        """
        self._check_lists(n)
        if isinstance(ratings, Mapping | pd.Series | pd.DataFrame):
            raise ValueError("top_new takes a list of users; for one user, pass [ratings]")
        users = [given_profile(of_one) for of_one in ratings]
        blocks = (ranking.folded_in(self, some) for some in self._blocks(users))
        return self._ids(blocks, n, exclude_rated)

    def _check_lists(self, n: int) -> None:
        self._check_fitted()
        check_n(n)
        if np.any(self.trained_on.matrix.movie_ids == NO_ITEM):
            raise ValueError(f"a film has the id {NO_ITEM}, which marks empty places in lists")

    def _ids(self, blocks: Iterable[Users], n: int, exclude_rated: bool) -> Ids:
        found = [ranking.best_ids(self, users, n, exclude_rated) for users in blocks]
        return np.concatenate([np.empty((0, n), self.trained_on.matrix.movie_ids.dtype), *found])
