"""What every recommender can do: fit, predict, recommend and say why."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.ratings import Ratings

# Columns of what ``recommend`` returns.
RECOMMENDATION_COLUMNS = ["movieId", "title", "score", "expected_rating", "n_ratings", "reason"]


@dataclass(frozen=True)
class Prediction:
    """An expected rating and the evidence for it.

    Attributes
    ----------
    user_id, movie_id : int
    title : str
        Empty for a film that is not among the training films.
    rating : float
        Expected rating in stars.
    cluster : int or None
        Group of the user; None for a user who is in none.
    n_users : int
        Users whose ratings could count: the group, or everyone where the group knows nothing.
    n_ratings : int
        How many of them rated the film.
    reason : str
        The same in words.
    """

    user_id: int
    movie_id: int
    title: str
    rating: float
    cluster: int | None
    n_users: int
    n_ratings: int
    reason: str


class Recommender(ABC):
    """The contract. A recommender is fitted once and then only read."""

    @abstractmethod
    def fit(self, ratings: Ratings) -> Self:
        """Learn from ratings; returns itself."""

    @abstractmethod
    def predict(self, user_ids: npt.ArrayLike, movie_ids: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Expected stars of each (user, film) pair; never NaN, unknown ones included."""

    @abstractmethod
    def recommend(
        self,
        user_id: int,
        n: int = 20,
        *,
        exclude_rated: bool = True,
        among: Iterable[int] | None = None,
    ) -> pd.DataFrame:
        """The ``n`` films to show a user, best first, with the reason for each."""

    @abstractmethod
    def explain(self, user_id: int, movie_id: int) -> Prediction:
        """What ``predict`` says of one pair, with the evidence."""


def paired_ids(
    user_ids: npt.ArrayLike, movie_ids: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Two id arrays of one length, for ``predict``.

    Raises
    ------
    ValueError
        If they are not 1-D, not whole numbers or not of one length.
    """
    users, movies = (_ids(name, ids) for name, ids in (("user", user_ids), ("movie", movie_ids)))
    if len(users) != len(movies):
        raise ValueError(f"{len(users)} user_ids but {len(movies)} movie_ids")
    return users, movies


def _ids(name: str, ids: Any) -> npt.NDArray[np.int64]:
    array = np.asarray(ids)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(
            f"{name}_ids must be a 1-D array of whole numbers, not {array.dtype} {array.shape}"
        )
    return array.astype(np.int64)
