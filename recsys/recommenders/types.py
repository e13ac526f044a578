"""What recommenders answer with, and what they are asked about: immutable, with names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# In a list of movie ids: there is no film at this place.
NO_ITEM = -1


@dataclass(frozen=True)
class Part:
    """One addend of an expected rating: what it stands for, and stars."""

    name: str
    rating: float


def total_of(parts: Mapping[str, Floats]) -> Floats:
    """Add up the parts of expected ratings, one after another.

    Every caller adds in this order, so that all of them get the same bits. Python's own ``sum``
    does not: since 3.12 it compensates for rounding where it adds Python floats.
    """
    return reduce(np.add, parts.values())


@dataclass(frozen=True)
class Evidence:
    """Who of some users rated a film, and how.

    Attributes
    ----------
    cluster : int or None
        Group of the user; None for a user who is in none.
    n_users : int
        Users whose ratings could count: the group, or everyone where the group knows nothing.
    n_ratings : int
        How many of them rated the film.
    n_liked : int
        How many of them liked it: at least .8 of the largest rating, which is 4 of 5 stars.
    mean : float
        Their mean rating of it; NaN where nobody rated it.
    because : tuple of str
        Titles among the user's own films that place the user in the group.
    reason : str
        The same in words.
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
    """An expected rating, its parts and, as in :class:`Evidence`, what speaks for it.

    Attributes
    ----------
    user_id : int or None
        None for a person who is known by their ratings alone.
    movie_id : int
    title : str
        Empty for a film that is not among the training films.
    rating : float
        Expected rating in stars.
    parts : tuple of Part
        Add up to ``rating``.
    """

    user_id: int | None
    movie_id: int
    title: str
    rating: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class Users:
    """Some people as a recommender sees them.

    Attributes
    ----------
    rated : csr_array of shape (n_users, n_items)
        Their ratings of the training films.
    placed : Any
        Where the recommender puts them; what that is, it knows itself.
    """

    rated: sp.csr_array
    placed: Any

    def __len__(self) -> int:
        return int(self.rated.shape[0])
