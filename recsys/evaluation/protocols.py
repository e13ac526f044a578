"""What evaluation asks of a recommender, and the checks that each answer must pass."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from recsys.data.ratings import Floats, Ints, Ratings
from recsys.data.scale import RatingScale
from recsys.recommenders.types import NO_ITEM

OnStep = Callable[[str], Any]
T = TypeVar("T")


@runtime_checkable
class PredictsRatings(Protocol):
    """Predicts the ratings of users who were in training."""

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def predict(self, user_ids: Ints, movie_ids: Ints, /) -> Floats:
        """Predict the rating of each (user, item) pair."""


@runtime_checkable
class RanksItems(Protocol):
    """Lists items for users who were in training."""

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def top(self, user_ids: Ints, n: int, /) -> Ints:
        """Ids of the ``n`` best items that each user has not rated, best first.

        The answer has one row per user. A row with fewer items ends in -1.
        """


@runtime_checkable
class SupportsColdStart(Protocol):
    """Predicts and lists for cold-start users, who bring ratings but were not in training."""

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def predict(self, *, movie_ids: Ints, ratings: Mapping[int, float]) -> Floats:
        """Predict one user's rating of each item from other ratings, {movieId: rating}."""

    def top_new(self, ratings: Sequence[Mapping[int, float]], n: int, /) -> Ints:
        """Do the same as ``top`` for users who are given by their ratings."""


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


def checked_lists(name: str, answer: Any, n_users: int, n: int) -> Ints:
    """Check lists of items, of shape (n_users, n).

    A wrong shape, an id that is not a whole number, or a list that holds an item twice is a
    ValueError that names the recommender.
    """
    lists = np.asarray(answer)
    if lists.shape != (n_users, n) or lists.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: must list movie ids as integers in an array of shape ({n_users}, {n}), "
            f"not of shape {lists.shape} and type {lists.dtype}"
        )
    in_order = np.sort(lists, axis=1)
    if ((in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] != NO_ITEM)).any():
        raise ValueError(f"{name}: a list holds an item twice; the items of a list must differ")
    return lists.astype(np.int64)


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
