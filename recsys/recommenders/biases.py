"""Biases: how generous people are and how good films are, each the best for the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.forms import Form, real
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Floats, Ints

ITEM_DAMPING = 3.0
USER_DAMPING = 5.0
N_SWEEPS = 10


@dataclass(frozen=True, eq=False)
class Biases:
    """The rating of film i by user u is expected to be mean + user_biases[u] + item_biases[i].

    Attributes
    ----------
    user_damping : float
        A person's mean counts as if the person had this many more ratings that are average.
    mean : float
        Of all ratings.
    user_biases : ndarray of shape (n_users,)
        How much more than others each training user gives to the same films.
    item_biases : ndarray of shape (n_items + 1,)
        The same of films; the last one stands for films that were not trained on.
    """

    user_damping: float
    mean: float
    user_biases: Floats
    item_biases: Floats

    @classmethod
    def learned(
        cls,
        rated: sp.csr_array,
        item_damping: float = ITEM_DAMPING,
        user_damping: float = USER_DAMPING,
        n_sweeps: int = N_SWEEPS,
    ) -> Self:
        """Alternate between the means of films and those of users.

        Koren 2010, Factor in the Neighbors, section 2.1, by alternating means.
        """
        user_index, n_items = user_index_of(rated), rated.shape[1]
        n_of_items = np.bincount(rated.indices, minlength=n_items)
        mean = float(rated.data.mean())
        found = cls(user_damping, mean, np.zeros(rated.shape[0]), np.zeros(n_items + 1))
        for _ in range(n_sweeps):
            residuals = rated.data - mean - found.user_biases[user_index]
            sums = np.bincount(rated.indices, residuals, minlength=n_items)
            found = replace(found, item_biases=np.append(sums / (item_damping + n_of_items), 0.0))
            found = replace(found, user_biases=found.biases_of_users(rated))
        return found

    def biases_of_users(self, rated: sp.csr_array) -> Floats:
        """How much more than others each row gives to the same films."""
        residuals = rated.data - self.mean - self.item_biases[rated.indices]
        sums = np.bincount(user_index_of(rated), residuals, minlength=rated.shape[0])
        user_biases: Floats = sums / (self.user_damping + np.diff(rated.indptr))
        return user_biases

    def residuals(self, rated: sp.csr_array, user_biases: Floats) -> Floats:
        """Ratings minus their expected stars, in the order of ``rated.data``."""
        residuals: Floats = rated.data - self.mean - user_biases[user_index_of(rated)]
        residuals -= self.item_biases[rated.indices]
        return residuals

    def parts(self, user_biases: Floats, user_index: Ints, items: Ints) -> dict[str, Floats]:
        """Addends of the expected stars."""
        return {
            "mean of all ratings": np.full(np.broadcast(user_index, items).shape, self.mean),
            "how generous the user is": user_biases[user_index] + np.zeros_like(items, np.float64),
            "how good the film is": self.item_biases[items] + np.zeros_like(user_index, np.float64),
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        return {
            "mean": np.array(self.mean),
            "user_biases": self.user_biases,
            "item_biases": self.item_biases,
        }

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], user_damping: float = USER_DAMPING
    ) -> Self:
        """What :meth:`arrays` gave, back."""
        mean = float(arrays["mean"])
        return cls(user_damping, mean, arrays["user_biases"], arrays["item_biases"])


# What the arrays of a file must be.
FORMS: dict[str, Form] = {
    "mean": real(),
    "user_biases": real("n_users"),
    "item_biases": real("n_items+1"),
}
