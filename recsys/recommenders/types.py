"""The immutable types of answers and questions: predictions with their evidence, and users."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.data.ids import Id, Ids

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# This id fills a list that has fewer items than places, if ids are whole numbers.
NO_ITEM = -1


def no_item(movie_ids: Ids) -> int | None:
    """What fills a list that has fewer items than places: -1, or None if ids are text."""
    return NO_ITEM if movie_ids.dtype.kind == "i" else None


@dataclass(frozen=True)
class Part:
    """One of the numbers that add up to a predicted rating or to a score, and its meaning."""

    name: str
    value: float


def total_of(parts: Mapping[str, Floats]) -> Floats:
    """Add up the parts of predicted ratings or of scores, first part first.

    Every caller adds in this order and gets the same bits. Python's ``sum`` gives other bits: since
    3.12 it compensates for rounding when it adds Python floats.
    """
    return reduce(np.add, parts.values())


@dataclass(frozen=True)
class Evidence:
    """The ratings that a reason counts, and the reason. The user is never counted.

    A rating is a like if it is in the upper fifth of the scale, which is at least 4 of 5 stars
    (:attr:`recsys.RatingScale.likes_from`).

    Attributes
    ----------
    kind : str
        ``"group"``: people who share the user's taste. ``"cluster"``: the others in the user's
        group of :class:`ClusterMeanRecommender`. ``"film"``: the others who liked a film that
        the user liked. ``"own"``: the user's ratings of films like the item. ``"everyone"``: all
        other users. ``"thin"``: all other users, fewer than ten of whom rated the item.
    reason : str
        The evidence in one sentence.
    n_users : int
        The number of people that the reason counts, or 0 if it counts the user's own ratings.
    n_ratings : int
        The number of these people who rated the item, or the number of the user's own ratings.
    n_liked : int
        The number of these ratings that are likes.
    mean : float
        The mean of these ratings, or NaN if there are none.
    cluster : int or None
        The user's group in :class:`ClusterMeanRecommender`, or None. Other groups have no numbers.
    user_ids : tuple of int or str
        The people that the reason counts. It is empty if they are all other users.
    movie_ids : tuple of int or str
        The films of the user that the reason names or counts.

    Examples
    --------
    >>> from recsys import MostLiked, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> evidence = MostLiked().fit(ratings).explain(1, 1)
    >>> evidence.kind, evidence.n_users, evidence.n_ratings, evidence.n_liked, evidence.mean
    ('everyone', 39, 24, 17, 4.0)
    >>> evidence.reason
    '24 of the 39 others rated it, 4.00 on average; 17 liked it'
    """

    kind: str
    reason: str
    n_users: int
    n_ratings: int
    n_liked: int
    mean: float
    cluster: int | None
    user_ids: tuple[Id, ...]
    movie_ids: tuple[Id, ...]


@dataclass(frozen=True)
class Prediction(Evidence):
    """A predicted rating with its parts, and the evidence that the reason counts.

    The evidence is in ``kind``, ``reason``, ``n_users``, ``n_ratings``, ``n_liked``, ``mean``,
    ``cluster``, ``user_ids`` and ``movie_ids``: see :class:`Evidence`.

    Attributes
    ----------
    user_id : int, str or None
        The user. None for a new user who brings ratings.
    movie_id : int or str
        The item.
    title : str
        The title of the item. It is empty for an item outside the training data.
    rating : float
        The predicted rating, for example in stars. It is NaN if the training ratings are likes or
        counts.
    parts : tuple of Part
        The parts add up to ``rating``.
    low, high : float
        80 % of the ratings for which such intervals are predicted lie within them. They are NaN if
        the recommender does not know how sure it is.
    score : float
        Lists are ranked by it. It is NaN for an item outside the training data.
    score_parts : tuple of Part
        The parts add up to ``score``. They are not in stars.

    Examples
    --------
    >>> from recsys import BiasBaseline, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> prediction = BiasBaseline().fit(ratings).explain(1, 1)
    >>> prediction.title, round(prediction.rating, 2)
    ('Moonless Meridian, The (1981)', 3.86)
    >>> [round(part.value, 2) for part in prediction.parts]
    [3.54, -0.19, 0.5]
    """

    user_id: Id | None
    movie_id: Id
    title: str
    rating: float
    parts: tuple[Part, ...]
    low: float
    high: float
    score: float
    score_parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class Profiles:
    """The ratings of some users, and how old each rating is."""

    rated: sp.csr_array  # (n_users, n_items): their ratings of the training items
    ages: npt.NDArray[np.int32]  # (n_ratings,): later ratings of the user, as `rated.data` stands

    def __len__(self) -> int:
        return int(self.rated.shape[0])

    def rated_items(self, user: int) -> npt.NDArray[Any]:
        """The items that a user rated."""
        start, stop = self.rated.indptr[user : user + 2]
        items: npt.NDArray[Any] = self.rated.indices[start:stop]
        return items


@dataclass(frozen=True, eq=False)
class Users(Profiles):
    """Some users, with their ratings and their places in a recommender."""

    placed: Any  # from `_place_known` or `_place_new` of the recommender
    rows: Ints  # (n_users,): the rows of training users, and -1 for new users


@dataclass(frozen=True, eq=False)
class Ranking:
    """The columns of items, best first, and their scores."""

    items: Ints
    scores: Floats
    # Whether it is known, without the scores of all items, that the groups of the user lift each of
    # these (`recsys.recommenders.reasons.Reasons.lifted`).
    are_lifted: bool = False
