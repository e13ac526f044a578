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
    """The ratings that some users gave an item, counted.

    Attributes
    ----------
    cluster : int or None
        The group of the user, or None if the user is in no group.
    n_users : int
        The number of users in the group, or of all users if the group has no rating of the item.
    n_ratings : int
        The number of these users who rated the item.
    n_liked : int
        The number of these users who liked it. A rating is a like if it is in the upper fifth of
        the scale, which is at least 4 of 5 stars (:attr:`recsys.RatingScale.likes_from`).
    mean : float
        Their mean rating of the item, or NaN if they did not rate it.
    because : tuple of str
        Titles of items that the user liked and that place the user in the group.
    reason : str
        The evidence in one sentence.
    """

    cluster: int | None
    n_users: int
    n_ratings: int
    n_liked: int
    mean: float
    because: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Prediction(Evidence):
    """A predicted rating, its parts, and the attributes of :class:`Evidence`.

    Attributes
    ----------
    user_id : int, str or None
        None for a new user who brings ratings.
    movie_id : int or str
    title : str
        The title of the item. It is empty for an item outside the training data.
    rating : float
        The predicted rating.
    parts : tuple of Part
        The parts add up to ``rating``.
    score : float
        Lists are ranked by it. It is NaN for an item outside the training data.
    score_parts : tuple of Part
        The parts add up to ``score``. They are not in stars.
    """

    user_id: Id | None
    movie_id: Id
    title: str
    rating: float
    parts: tuple[Part, ...]
    score: float
    score_parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class Profiles:
    """The ratings of some users, and how old each rating is."""

    rated: sp.csr_array  # (n_users, n_items): their ratings of the training items
    ages: npt.NDArray[np.int32]  # (n_ratings,): later ratings of the user, as `rated.data` stands

    def __len__(self) -> int:
        return int(self.rated.shape[0])


@dataclass(frozen=True, eq=False)
class Users(Profiles):
    """Some users, with their ratings and their places in a recommender."""

    placed: Any  # from `_place_known` or `_place_new` of the recommender
