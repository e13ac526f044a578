"""What evaluation asks of a recommender, and what an answer must be to be judged."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from recsys.data.ratings import Ratings
from recsys.data.scale import RatingScale
from recsys.recommenders.types import NO_FILM

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
OnStep = Callable[[str], Any]
T = TypeVar("T")


@runtime_checkable
class PredictsRatings(Protocol):
    """Tells the stars that users it knows will give."""

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def predict(self, user_ids: Ints, movie_ids: Ints, /) -> Floats:
        """Expected stars of each (user, film) pair."""


@runtime_checkable
class RanksFilms(Protocol):
    """Lists films for users it knows."""

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def top(self, user_ids: Ints, n: int, /) -> Ints:
        """Ids of the ``n`` films to show each user, best first, none that the user rated.

        One row a user; -1 at the end of a row where there are fewer films.
        """


@runtime_checkable
class TakesNewPeople(Protocol):
    """Does both for people who were not there when it was fitted, from ratings they bring."""

    def fit(self, ratings: Ratings, /) -> Any:
        """Learn from ratings."""

    def predict(self, *, movie_ids: Ints, ratings: Mapping[int, float]) -> Floats:
        """Expected stars of each film for a person who rated others, {movieId: stars}."""

    def top_new(self, ratings: Sequence[Mapping[int, float]], n: int, /) -> Ints:
        """As ``top``, for people given by their ratings."""


def checked_stars(name: str, answer: Any, n_rows: int, scale: RatingScale) -> Floats:
    """Predicted stars, clipped to the scale.

    Parameters
    ----------
    name : str
        Whose answer it is.
    answer : array-like
    n_rows : int
        How many predictions were asked for.
    scale : RatingScale

    Returns
    -------
    ndarray of shape (n_rows,), float64

    Raises
    ------
    ValueError
        If there are more or fewer predictions, or one is not a finite number.
    """
    stars = np.asarray(answer, dtype=np.float64)
    if stars.shape != (n_rows,):
        raise ValueError(f"{name}: {n_rows} predictions asked for, answer of shape {stars.shape}")
    if not np.isfinite(stars).all():
        raise ValueError(f"{name}: {int((~np.isfinite(stars)).sum())} predictions are not numbers")
    return np.clip(stars, scale.smallest, scale.largest)


def checked_lists(name: str, answer: Any, n_users: int, n: int) -> Ints:
    """Lists of films, one a user.

    Parameters
    ----------
    name : str
        Whose answer it is.
    answer : array-like of int
    n_users, n : int
        How many lists of how many films were asked for.

    Returns
    -------
    ndarray of shape (n_users, n), int64

    Raises
    ------
    ValueError
        If the shape is another, the ids are not whole numbers, or a list has a film twice.
    """
    lists = np.asarray(answer)
    if lists.shape != (n_users, n) or lists.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: {n_users} lists of {n} movie ids asked for, answer of shape {lists.shape}"
            f" and type {lists.dtype}"
        )
    in_order = np.sort(lists, axis=1)
    if ((in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] != NO_FILM)).any():
        raise ValueError(f"{name}: a list has a film twice")
    return lists.astype(np.int64)


@dataclass(frozen=True)
class Timed(Generic[T]):
    """An answer and the CPU seconds it took, of all threads together."""

    answer: T
    seconds: float


def timed(call: Callable[..., T], *arguments: Any, **named: Any) -> Timed[T]:
    """Call, and time the call."""
    begun = time.process_time()
    answer = call(*arguments, **named)
    return Timed(answer, time.process_time() - begun)
