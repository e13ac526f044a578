"""Biases: how generous people are and how good films are, each the best for the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.forms import Form, real
from recsys.recommenders.training import persons_of
from recsys.recommenders.types import Floats, Ints

FILM_SHRINKAGE = 3.0
USER_SHRINKAGE = 5.0
N_SWEEPS = 10


@dataclass(frozen=True, eq=False)
class Biases:
    """The rating of film i by user u is expected to be mean + of_users[u] + of_films[i].

    Attributes
    ----------
    user_shrinkage : float
        A person's mean counts as if the person had this many more ratings that are average.
    mean : float
        Of all ratings.
    of_users : ndarray of shape (n_users,)
        How much more than others each training user gives to the same films.
    of_films : ndarray of shape (n_films + 1,)
        The same of films; the last one stands for films that were not trained on.
    """

    user_shrinkage: float
    mean: float
    of_users: Floats
    of_films: Floats

    @classmethod
    def learned(
        cls,
        rated: sp.csr_array,
        film_shrinkage: float = FILM_SHRINKAGE,
        user_shrinkage: float = USER_SHRINKAGE,
        n_sweeps: int = N_SWEEPS,
    ) -> Self:
        """Alternate between the means of films and those of users.

        Koren 2010, Factor in the Neighbors, section 2.1, by alternating means.
        """
        persons, n_films = persons_of(rated), rated.shape[1]
        n_of_films = np.bincount(rated.indices, minlength=n_films)
        mean = float(rated.data.mean())
        found = cls(user_shrinkage, mean, np.zeros(rated.shape[0]), np.zeros(n_films + 1))
        for _ in range(n_sweeps):
            left = rated.data - mean - found.of_users[persons]
            sums = np.bincount(rated.indices, left, minlength=n_films)
            found = replace(found, of_films=np.append(sums / (film_shrinkage + n_of_films), 0.0))
            found = replace(found, of_users=found.generosity(rated))
        return found

    def generosity(self, rated: sp.csr_array) -> Floats:
        """How much more than others each row gives to the same films."""
        left = rated.data - self.mean - self.of_films[rated.indices]
        sums = np.bincount(persons_of(rated), left, minlength=rated.shape[0])
        generosity: Floats = sums / (self.user_shrinkage + np.diff(rated.indptr))
        return generosity

    def residuals(self, rated: sp.csr_array, generosity: Floats) -> Floats:
        """Ratings minus their expected stars, in the order of ``rated.data``."""
        left: Floats = rated.data - self.mean - generosity[persons_of(rated)]
        left -= self.of_films[rated.indices]
        return left

    def parts(self, generosity: Floats, persons: Ints, films: Ints) -> dict[str, Floats]:
        """Addends of the expected stars."""
        return {
            "mean of all ratings": np.full(np.broadcast(persons, films).shape, self.mean),
            "how generous the user is": generosity[persons] + np.zeros_like(films, np.float64),
            "how good the film is": self.of_films[films] + np.zeros_like(persons, np.float64),
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        return {
            "mean": np.array(self.mean),
            "of_users": self.of_users,
            "of_films": self.of_films,
        }

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], user_shrinkage: float = USER_SHRINKAGE
    ) -> Self:
        """What :meth:`arrays` gave, back."""
        mean = float(arrays["mean"])
        return cls(user_shrinkage, mean, arrays["of_users"], arrays["of_films"])


# What the arrays of a file must be.
FORMS: dict[str, Form] = {
    "mean": real(),
    "of_users": real("n_users"),
    "of_films": real("n_films+1"),
}
