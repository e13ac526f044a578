"""Biases: the amounts by which the ratings of each user and of each item differ from the mean."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.forms import Form, real
from recsys.recommenders.types import Floats, Ints

ITEM_DAMPING = 3.0
USER_DAMPING = 5.0
N_SWEEPS = 10

# The name of a part of a predicted rating.
FILM_PART = "how good the film is"

# The forms of the arrays in a file.
FORMS: dict[str, Form] = {
    "mean": real(),
    "user_biases": real("n_users"),
    "item_biases": real("n_items+1"),
}

# The same, if unrated films have biases too.
FORMS_OF_FILMS = FORMS | {"item_biases": real("n_films+1")}


@dataclass(frozen=True, eq=False)
class Biases:
    """The baseline prediction for user u and item i is mean + user_biases[u] + item_biases[i]."""

    user_damping: float
    mean: float  # the global mean
    user_biases: Floats  # (n_users,)
    # (n_items + 1,): the last one is 0, for items outside the training data. If unrated films have
    # biases, these come after it.
    item_biases: Floats

    @classmethod
    def learned(
        cls,
        rated: sp.csr_array,
        item_damping: float = ITEM_DAMPING,
        user_damping: float = USER_DAMPING,
        n_sweeps: int = N_SWEEPS,
    ) -> Self:
        """Compute the biases of items and of users in turn, each as damped means of residuals.

        Koren 2010, Factor in the Neighbors, section 2.1, by alternating means.
        """
        n_items, mean = rated.shape[1], float(rated.data.mean())
        nothing = cls(user_damping, mean, np.zeros(rated.shape[0]), np.zeros(n_items + 1))
        return nothing.swept(rated, np.zeros(n_items), item_damping, n_sweeps)

    def swept(
        self, rated: sp.csr_array, priors: Floats, item_damping: float, n_sweeps: int
    ) -> Self:
        """Compute the biases of films and of users in turn. ``priors`` are what to damp toward.

        There are as many films as priors: the items of ``rated``, then films that nobody rated.
        """
        n_films = len(priors)
        n_ratings = np.bincount(rated.indices, minlength=n_films)
        found = self
        for _ in range(n_sweeps):
            sums = found.sums_of_items(rated, n_films)
            found = found.with_items(sums, n_ratings, priors, item_damping, rated.shape[1])
            found = replace(found, user_biases=found.biases_of_users(rated))
        return found

    def with_items(
        self, sums: Floats, n_ratings: Ints, priors: Floats, item_damping: float, n_items: int
    ) -> Self:
        """The same biases of users, with those of films from :meth:`sums_of_items`."""
        of_films = (sums + item_damping * priors) / (item_damping + n_ratings)
        return replace(self, item_biases=np.insert(of_films, n_items, 0.0))

    def sums_of_items(self, rated: sp.csr_array, n_films: int) -> Floats:
        """(n_films,): for each film, the sum of its ratings minus the mean and users' biases."""
        residuals = rated.data - self.mean
        residuals -= np.repeat(self.user_biases, np.diff(rated.indptr))
        n_users, n_items = rated.shape
        sums = np.zeros(n_films)
        sums[:n_items] = _matrix_of(residuals, rated).T @ np.ones(n_users)
        return sums

    def biases_of_users(self, rated: sp.csr_array) -> Floats:
        """The bias of the user of each row, given the biases of the items."""
        residuals = rated.data - self.mean
        residuals -= self.item_biases[rated.indices]
        sums = _matrix_of(residuals, rated) @ np.ones(rated.shape[1])
        user_biases: Floats = sums / (self.user_damping + np.diff(rated.indptr))
        return user_biases

    def residuals(self, rated: sp.csr_array, user_biases: Floats) -> Floats:
        """Ratings minus their baseline predictions, in the order of ``rated.data``."""
        residuals: Floats = rated.data - self.mean
        residuals -= np.repeat(user_biases, np.diff(rated.indptr))
        residuals -= self.item_biases[rated.indices]
        return residuals

    def parts(self, user_biases: Floats, user_index: Ints, items: Ints) -> dict[str, Floats]:
        """The parts of baseline predictions."""
        return {
            "mean of all ratings": np.full(np.broadcast(user_index, items).shape, self.mean),
            "how generous the user is": user_biases[user_index] + np.zeros_like(items, np.float64),
            FILM_PART: self.item_biases[items] + np.zeros_like(user_index, np.float64),
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays for a file, as `FORMS` declares them."""
        return {name: np.asarray(getattr(self, name)) for name in FORMS}

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], user_damping: float = USER_DAMPING
    ) -> Self:
        """Restore the biases from :meth:`arrays`."""
        mean = float(arrays["mean"])
        return cls(user_damping, mean, arrays["user_biases"], arrays["item_biases"])


def _matrix_of(residuals: Floats, rated: sp.csr_array) -> Any:
    """The residuals of ratings as a matrix. A product with ones adds up its rows.

    It needs no index of all ratings beside the matrix, as np.bincount does.
    """
    return sp.csr_array((residuals, rated.indices, rated.indptr), shape=rated.shape)
