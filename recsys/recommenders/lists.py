"""Lists of users with all that a page shows of them: intervals, and the first film explained."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.data.ids import Id
from recsys.recommenders import ranking
from recsys.recommenders.given_ratings import GivenRatings, given_profile
from recsys.recommenders.ids import check_n
from recsys.recommenders.model import Model
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.types import Prediction, Users


@dataclass(frozen=True, eq=False)
class ExplainedList:
    """The list of one user.

    Attributes
    ----------
    user_id : int, str or None
        None for a new user.
    films : DataFrame
        The rows of ``recommend``, and the columns low and high: the ends of the interval of each
        predicted rating. They are NaN if there are none.
    best : Prediction or None
        What ``explain`` says of the first film. None if the list is empty.
    """

    user_id: Id | None
    films: pd.DataFrame
    best: Prediction | None


def explained_lists(model: Model, user_ids: list[Id], n: int = 10) -> Iterator[ExplainedList]:
    """Make the lists of training users. It costs little more than the lists alone.

    Parameters
    ----------
    model : Model
        A fitted recommender.
    user_ids : list of int or str
        Training users.
    n : int, default 10
        The number of films for each user.

    Yields
    ------
    ExplainedList
        One for each user, in their order.

    Raises
    ------
    ValueError
        If ``n`` is negative.
    KeyError
        If a user is not a training user.

    Examples
    --------
    >>> from recsys import Hybrid, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = Hybrid().fit(ratings)
    >>> first, second = explained_lists(model, [1, 2])
    >>> first.films.drop(columns=["low", "high"]).equals(model.recommend(1))
    True
    >>> second.best == model.explain(2, second.films["movieId"][0])
    True
    """
    check_n(n)
    matrix = model.trained_on.matrix
    rows = np.array([matrix.row_of(user_id) for user_id in user_ids], dtype=np.int64)
    for block in model.trained_on.blocks(rows):
        yield from _lists(model, ranking.known_users(model, block), n)


def explained_list(model: Model, ratings: GivenRatings, n: int = 10) -> ExplainedList:
    """Make the list of a new user who brings ratings.

    Parameters
    ----------
    model : Model
        A fitted recommender.
    ratings : mapping, Series, DataFrame or iterable of pairs
        The ratings, as in ``recommend``.
    n : int, default 10
        The number of films.

    Returns
    -------
    ExplainedList

    Raises
    ------
    ValueError
        If ``n`` is negative, or if ``recommend`` would refuse the ratings.

    Examples
    --------
    >>> from recsys import Hybrid, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = Hybrid().fit(ratings)
    >>> own = {1: 5.0, 2: 2.0}
    >>> found = explained_list(model, own, n=3)
    >>> found.best == model.explain(ratings=own, movie_id=found.films["movieId"][0])
    True
    """
    check_n(n)
    (found,) = _lists(model, ranking.folded_in(model, [given_profile(ratings)]), n)
    return found


def _lists(model: Model, users: Users, n: int) -> Iterator[ExplainedList]:
    data, reasons = model.trained_on, Reasons(model, users)
    best = ranking.best_items(model, users, reasons.scores, n, True, data.eligible(None))
    for user, best_of_user in enumerate(best):
        items, row = best_of_user.items, users.rows[user]
        films = ranking.ranking_frame(model, users, user, best_of_user, reasons)
        low, high = np.full((2, len(items)), np.nan)
        if data.scale.predicts and len(items):
            pairs = users.placed, np.full(len(items), user), items
            low, high = model._interval(*pairs) or (low, high)
        user_id = None if row < 0 else data.matrix.user_ids[[row]].tolist()[0]
        first = None
        if len(items):
            movie_id = data.matrix.movie_ids[items[:1]].tolist()[0]
            first = ranking.explained(model, users, user, int(items[0]), reasons, user_id, movie_id)
        yield ExplainedList(user_id, films.assign(low=low, high=high), first)
