"""The simplest recommenders: how generous people are and how good films are; what most liked."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import biases, storage
from recsys.recommenders.base import Recommender
from recsys.recommenders.biases import ITEM_DAMPING, N_SWEEPS, USER_DAMPING, Biases
from recsys.recommenders.explanations import of_everyone
from recsys.recommenders.forms import Form, natural
from recsys.recommenders.parameters import at_least
from recsys.recommenders.types import Evidence, Floats, Ints, Users


class _ByBiases(Recommender):
    """Expects the stars that biases say."""

    _biases: Biases

    def _place_known(self, rows: Ints) -> Floats:
        return self._biases.user_biases[rows]

    def _place_new(self, rated: sp.csr_array) -> Floats:
        return self._biases.biases_of_users(rated)

    def _parts(self, placed: Any, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._biases.parts(placed, user_index, items)

    def _evidence(self, users: Users, user: int, item: int) -> Evidence:
        return of_everyone(self.trained_on, item)


@storage.storable
class BiasBaseline(_ByBiases):
    """Expects the mean rating, more from a generous user, more for a good film.

    The rating of film i by user u is expected to be mu + b_u + b_i, where mu is the mean of all
    ratings. Both b are shrunk towards 0, as if every film had ``item_damping`` more ratings that
    are average, and every user ``user_damping``. After ``n_sweeps`` rounds each b is the best for
    the other (Koren 2010, Factor in the Neighbors, section 2.1, by alternating means).

    Parameters
    ----------
    item_damping : float, default 3
    user_damping : float, default 5
    n_sweeps : int, default 10

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Examples
    --------
    >>> from recsys import BiasBaseline, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = BiasBaseline().fit(ratings)
    >>> prediction = model.explain(1, 1)
    >>> abs(sum(part.rating for part in prediction.parts) - prediction.rating) < 1e-9
    True
    """

    def __init__(
        self,
        *,
        item_damping: float = ITEM_DAMPING,
        user_damping: float = USER_DAMPING,
        n_sweeps: int = N_SWEEPS,
    ) -> None:
        self.item_damping = item_damping
        self.user_damping = user_damping
        self.n_sweeps = n_sweeps

    def _check_parameters(self) -> None:
        least = np.finfo(np.float64).tiny  # without any, a mean over nobody would be 0 / 0
        at_least(least, item_damping=self.item_damping, user_damping=self.user_damping)
        at_least(0, n_sweeps=self.n_sweeps)

    def _learn(self) -> None:
        self._biases = Biases.learned(
            self.trained_on.matrix.values, self.item_damping, self.user_damping, self.n_sweeps
        )

    def _scores(self, users: Users) -> Floats:
        # Unclipped: films that all reach the largest rating would tie.
        item_directions = self._biases.item_biases[None, :-1]
        scores: Floats = self._biases.mean + users.placed[:, None] + item_directions
        return scores

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._biases.arrays()

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return biases.FORMS

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._biases = Biases.of_arrays(arrays, self.user_damping)


@storage.storable
class MostLiked(_ByBiases):
    """Recommends to everybody what most people liked; expects what :class:`BiasBaseline` does.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Examples
    --------
    >>> from recsys import MostLiked, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> MostLiked().fit(ratings).recommend(1, 3)["score"].is_monotonic_decreasing
    True
    """

    def _learn(self) -> None:
        data = self.trained_on
        values = data.matrix.values
        self._biases = Biases.learned(values)
        self._likes = np.bincount(values.indices[data.liked(values.data)], minlength=data.n_items)

    def _scores(self, users: Users) -> Floats:
        return np.tile(self._likes.astype(np.float64), (len(users), 1))

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"likes": self._likes} | self._biases.arrays()

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return {"likes": natural("n_items")} | biases.FORMS

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._likes = arrays["likes"]
        self._biases = Biases.of_arrays(arrays)
