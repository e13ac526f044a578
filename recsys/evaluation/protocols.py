"""What evaluation asks of a recommender, and the checks that each answer must pass."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import pandas as pd

from recsys.data.ids import Id, Ids
from recsys.data.ratings import Floats, Ratings
from recsys.data.scale import RatingScale
from recsys.recommenders.types import NO_ITEM

OnStep = Callable[[str], Any]
T = TypeVar("T")


@runtime_checkable
class PredictsRatings(Protocol):
    """Predicts the ratings of users who were in training."""

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def predict(self, user_ids: Ids, movie_ids: Ids, /) -> Floats:
        """Predict the rating of each (user, item) pair."""


@runtime_checkable
class RanksItems(Protocol):
    """Lists items for users who were in training."""

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def top(self, user_ids: Ids, n: int, /) -> Ids:
        """Ids of the ``n`` best items that each user has not rated, best first.

        The answer has one row per user. A row with fewer items ends in -1, or in None if ids are
        text.
        """


@runtime_checkable
class SupportsColdStart(Protocol):
    """Lists items for cold-start users, who bring ratings but were not in training.

    It predicts their ratings too if it is a :class:`PredictsForColdStart`.
    """

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def top_new(self, ratings: Sequence[Mapping[Id, float]], n: int, /) -> Ids:
        """Do the same as ``top`` for users who are given by their ratings."""


@runtime_checkable
class PredictsForColdStart(Protocol):
    """Predicts the ratings of cold-start users."""

    def predict(self, *, movie_ids: Ids, ratings: Mapping[Id, float]) -> Floats:
        """Predict one user's rating of each item from other ratings, {movieId: rating}."""


def reference_of(makers: Mapping[str, Any], against: str | None) -> str:
    """The recommender that others are compared with: the first one if nobody named one.

    ValueError if it is not among the recommenders.
    """
    if against is None:
        return next(iter(makers), "")
    if against not in makers:
        raise ValueError(f"against={against!r} is not one of the recommenders {', '.join(makers)}")
    return against


def checked_predictions(name: str, answer: Any, n_rows: int, scale: RatingScale) -> Floats:
    """Check predicted ratings, and clip them to the scale.

    A wrong number of predictions, or one that is not a finite number, is a ValueError that names
    the recommender.
    """
    predictions = np.asarray(answer, dtype=np.float64)
    if predictions.shape != (n_rows,):
        raise ValueError(
            f"{name}: must predict {n_rows} ratings in an array of shape ({n_rows},), "
            f"not of shape {predictions.shape}"
        )
    n_bad = int((~np.isfinite(predictions)).sum())
    if n_bad:
        raise ValueError(
            f"{name}: must predict finite numbers; {n_bad} of {n_rows} are NaN or infinite"
        )
    return np.clip(predictions, scale.smallest, scale.largest)


def checked_lists(name: str, answer: Any, n_users: int, n: int) -> Ids:
    """Check lists of items, of shape (n_users, n): int64, or objects that are str or None.

    A wrong shape, an id that is neither a whole number nor text, or a list that holds an item twice
    is a ValueError that names the recommender.
    """
    lists = np.asarray(answer)
    lists = lists.astype(object) if lists.dtype.kind == "U" else lists
    is_text = lists.dtype == object and all(isinstance(one, str | None) for one in lists.flat)
    if lists.shape != (n_users, n) or not (is_text or lists.dtype.kind in "iu"):
        raise ValueError(
            f"{name}: must list movie ids as integers in an array of shape ({n_users}, {n}), "
            f"not of shape {lists.shape} and type {lists.dtype}; text ids are str or None"
        )
    # Missing values have the code -1.
    codes = pd.factorize(lists.ravel())[0].reshape(lists.shape)
    in_order = np.sort(np.where(lists == NO_ITEM, -1, codes), axis=1)
    if ((in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)).any():
        raise ValueError(f"{name}: a list holds an item twice; the items of a list must differ")
    return lists if is_text else lists.astype(np.int64)


@dataclass(frozen=True)
class Timed(Generic[T]):
    """An answer, and the CPU seconds that all threads together spent on it."""

    answer: T
    seconds: float


def timed(call: Callable[..., T], *arguments: Any, **named: Any) -> Timed[T]:
    """Call a function and time it."""
    start = time.process_time()
    answer = call(*arguments, **named)
    return Timed(answer, time.process_time() - start)
