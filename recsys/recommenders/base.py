"""The methods of every recommender: fit, predict, recommend, explain, save and load."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Id
from recsys.data.ratings import Ratings
from recsys.recommenders import ranking, storage
from recsys.recommenders.given_ratings import GivenRatings, GivenTimes, given_profile
from recsys.recommenders.ids import asked_id, check_n, one_of_two
from recsys.recommenders.many_users import RecommendsToMany
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.training import TrainingData, check_predicts
from recsys.recommenders.types import Floats, Ints, Prediction, Users


class Recommender(RecommendsToMany):
    """The base class of all recommenders. Only a fit changes a recommender.

    Examples
    --------
    >>> from recsys import BiasBaseline, MostLiked, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> for model in (BiasBaseline(item_damping=9.0), MostLiked()):
    ...     print(model, model.fit(ratings).top([1], n=2))
    BiasBaseline(item_damping=9.0) [[292 142]]
    MostLiked() [[292 142]]
    """

    def fit(self, ratings: Ratings) -> Self:
        """Learn from ratings.

        Parameters
        ----------
        ratings : Ratings
            The training data.

        Returns
        -------
        Recommender
            The same recommender, fitted.

        Raises
        ------
        ValueError
            If a parameter or the ratings cannot be used. The recommender does not change.

        Examples
        --------
        >>> from recsys import BiasBaseline, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> BiasBaseline().fit(ratings).trained_on.n_users
        40
        """
        return self.fit_on(TrainingData.of(ratings))

    def fit_on(self, data: TrainingData) -> Self:
        """Learn from the training data of another recommender.

        Parameters
        ----------
        data : TrainingData
            ``trained_on`` of the other recommender. Both share its arrays.

        Returns
        -------
        Recommender
            The same recommender, fitted.

        Examples
        --------
        >>> from recsys import BiasBaseline, MostLiked, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> first = MostLiked().fit(ratings)
        >>> second = BiasBaseline().fit_on(first.trained_on)
        >>> second.trained_on is first.trained_on
        True
        """
        return self._fit(data, self._learn)

    def _fit(self, data: TrainingData, learn: Callable[[], None]) -> Self:
        self._check_parameters()
        before = self.__dict__.copy()
        try:
            self.trained_on = data
            learn()
        except BaseException:
            # A fit that fails does not change the recommender.
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def predict(
        self,
        user_ids: npt.ArrayLike | None = None,
        movie_ids: npt.ArrayLike | None = None,
        *,
        ratings: "GivenRatings | None" = None,
        times: "GivenTimes | None" = None,
    ) -> Floats:
        """Predict the rating of each (user, item) pair.

        Users and items outside the training data have predicted ratings too, so no answer is NaN.

        Parameters
        ----------
        user_ids : array-like of shape (n_pairs,), int or str, optional
            Give either these or ``ratings``.
        movie_ids : array-like of shape (n_pairs,), int or str
            The ids of the items.
        ratings : mapping, Series, DataFrame or iterable of pairs, optional
            The ratings of a new user: a mapping of movieId to rating, a Series of ratings by
            movieId, a frame with the columns movieId and rating, or pairs (movieId, rating).
            Ratings of items outside the training data are ignored. :func:`own_ratings` reads them
            from an export of Letterboxd, IMDb or Goodreads.
        times : mapping, Series or array-like, optional
            When ``ratings`` were given: a mapping or Series of times by movieId, or times in the
            order of the ratings. The default is the column timestamp of a frame. If an item is
            rated twice, its latest rating counts. Some recommenders let recent ratings count more.

        Returns
        -------
        ndarray of shape (n_pairs,)
            Predicted ratings, within the scale of the training ratings.

        Raises
        ------
        ValueError
            If an id has not the kind of the training ids, if there are not as many movie ids as
            user ids, if both or neither of ``user_ids`` and ``ratings`` are given, if a rating is
            off the scale or not a number, if an item is rated twice without times, if times do not
            fit the ratings, or if the training ratings are likes or counts.

        Examples
        --------
        >>> from recsys import BiasBaseline, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> model = BiasBaseline().fit(ratings)
        >>> model.predict([1, 1], [1, 2]).round(2)
        array([3.86, 3.12])

        A new user brings ratings:

        >>> model.predict(movie_ids=[1, 2], ratings={3: 5.0, 4: 4.0}).round(2)
        array([4.24, 3.5 ])
        """
        self._check_fitted()
        data = self.trained_on
        check_predicts(data.scale)
        if movie_ids is None:
            raise ValueError("predict needs movie_ids")
        one_of_two("user_ids", user_ids, ratings)
        if ratings is not None:
            return self._predict_new_user(ratings, times, self._films(movie_ids))
        rows, items = data.rows(user_ids), self._films(movie_ids)
        if len(rows) != len(items):
            raise ValueError(f"{len(rows)} user_ids but {len(items)} movie_ids")
        predicted = np.empty(len(rows))
        new = rows < 0
        if np.any(new):
            predicted[new] = self._predict_new_user({}, None, items[new])
        predicted[~new] = ranking.predicted_pairs(self, rows[~new], items[~new])
        return predicted

    def _predict_new_user(
        self, ratings: "GivenRatings", times: "GivenTimes | None", items: Ints
    ) -> Floats:
        users = self._fold_in(ratings, times)
        return ranking.predicted_ratings(self, users, np.zeros(len(items), np.int64), items)

    def recommend(
        self,
        user_id: Id | None = None,
        n: int = 10,
        *,
        ratings: "GivenRatings | None" = None,
        times: "GivenTimes | None" = None,
        exclude_rated: bool = True,
        among: Iterable[Id] | None = None,
    ) -> pd.DataFrame:
        """Recommend the best ``n`` items to a user, with the reason for each.

        Parameters
        ----------
        user_id : int or str, optional
            A training user. Give either this or ``ratings``.
        n : int, default 10
            The number of items.
        ratings : mapping, Series, DataFrame or iterable of pairs, optional
            The ratings of a new user, as in :meth:`predict`.
        times : mapping, Series or array-like, optional
            When ``ratings`` were given, as in :meth:`predict`.
        exclude_rated : bool, default True
            Leave out items that the user rated.
        among : iterable of int or str, optional
            The movie ids to choose from. The default is all items.

        Returns
        -------
        DataFrame
            The columns movieId, title, score (items are ranked by it), predicted_rating (NaN if the
            training ratings are likes or counts), n_ratings (the number of ratings that the reason
            counts) and reason. There are fewer than ``n`` rows if fewer items can be recommended.
            Items with equal scores are sorted by falling number of ratings, then by movieId.

        Raises
        ------
        ValueError
            If ``n`` is negative, if both or neither of ``user_id`` and ``ratings`` are given, if an
            id has not the kind of the training ids, or if :meth:`predict` would refuse the ratings.
        KeyError
            If the user is not a training user.

        Examples
        --------
        >>> from recsys import MostLiked, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> best = MostLiked().fit(ratings).recommend(1, n=2)
        >>> print(best[["title", "score"]])
                                          title  score
        0  Gideon and the Ivory Scarecrow (2003)   22.0
        1     Idle Gramophone of Briarwick (2007)   14.0
        >>> best["reason"][0]
        '25 of the 39 others rated it, 4.42 on average; 22 liked it'
        """
        self._check_fitted()
        check_n(n)
        one_of_two("user_id", user_id, ratings)
        if user_id is not None:
            asked = asked_id("user", user_id, self.trained_on.matrix.user_ids)
            row = self.trained_on.matrix.row_of(asked)
            users = ranking.known_users(self, row)
        else:
            users = self._fold_in(ratings, times)
        eligible = self.trained_on.eligible(among)
        reasons = Reasons(self, users)
        (best,) = ranking.best_items(self, users, reasons.scores, n, exclude_rated, eligible)
        return ranking.ranking_frame(self, users, 0, best, reasons)

    def _fold_in(self, ratings: "GivenRatings | None", times: "GivenTimes | None") -> Users:
        given = given_profile({} if ratings is None else ratings, times)
        return ranking.folded_in(self, [given])

    def explain(
        self,
        user_id: Id | None = None,
        movie_id: Id | None = None,
        *,
        ratings: "GivenRatings | None" = None,
        times: "GivenTimes | None" = None,
    ) -> Prediction:
        """Explain the predicted rating and the score of one pair by their parts and the evidence.

        Parameters
        ----------
        user_id : int or str, optional
            Give either this or ``ratings``.
        movie_id : int or str
            The id of the item.
        ratings : mapping, Series, DataFrame or iterable of pairs, optional
            The ratings of a new user, as in :meth:`predict`.
        times : mapping, Series or array-like, optional
            When ``ratings`` were given, as in :meth:`predict`.

        Returns
        -------
        Prediction
            The rating that :meth:`predict` returns, the score that ranks lists, the parts of both,
            and the evidence that :meth:`recommend` shows as the reason. The rating is NaN if the
            training ratings are likes or counts.

        Raises
        ------
        ValueError
            If ``movie_id`` is not given, or if the user or the item is refused by :meth:`predict`.

        Examples
        --------
        >>> from recsys import BiasBaseline, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> for part in BiasBaseline().fit(ratings).explain(1, 1).parts:
        ...     print(part.name, round(part.value, 2))
        mean of all ratings 3.54
        how generous the user is -0.19
        how good the film is 0.5
        """
        self._check_fitted()
        data = self.trained_on
        if movie_id is None:
            raise ValueError("explain needs a movie_id")
        one_of_two("user_id", user_id, ratings)
        row = -1 if user_id is None else data.row(user_id)
        users = self._fold_in(ratings, times) if row < 0 else ranking.known_users(self, row)
        movie_id = asked_id("movie", movie_id, data.matrix.movie_ids)
        item = int(self._films([movie_id])[0])
        return ranking.explained(self, users, 0, item, Reasons(self, users), user_id, movie_id)

    def save(self, path: str | Path) -> None:
        """Write the fitted recommender to a file that :meth:`load` reads.

        Parameters
        ----------
        path : str or Path
            The npz file. It holds no pickles. A file of this name is replaced when the new one is
            complete. Links are followed.

        Raises
        ------
        ValueError
            If :meth:`load` would refuse the file.
        OSError
            If the file cannot be written. The message names it.

        Examples
        --------
        >>> import tempfile
        >>> from recsys import BiasBaseline, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     BiasBaseline(user_damping=2.0).fit(ratings).save(f"{folder}/model.npz")
        ...     print(BiasBaseline.load(f"{folder}/model.npz"))
        BiasBaseline(user_damping=2.0)
        """
        self._check_fitted()
        storage.save(Path(path), self)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read the recommender that :meth:`save` wrote. Its answers have the same bits.

        Every array is checked, so a damaged or edited file cannot crash the process, even later.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Recommender
            The fitted recommender.

        Raises
        ------
        ValueError
            If the file is not a recommender's file, is damaged, or holds a recommender of another
            class.
        OSError
            If the file cannot be opened.

        Examples
        --------
        >>> import tempfile
        >>> from recsys import MostLiked, make_ratings
        >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
        >>> model = MostLiked().fit(ratings)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/model.npz")
        ...     loaded = MostLiked.load(f"{folder}/model.npz")
        >>> loaded.recommend(1).equals(model.recommend(1))
        True
        """
        return storage.load(Path(path), cls)
