"""The simplest recommenders: predictions from biases, and the items that most users like."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import biases, storage
from recsys.recommenders.ages import Ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.biases import ITEM_DAMPING, N_SWEEPS, USER_DAMPING, Biases
from recsys.recommenders.forms import Form, natural
from recsys.recommenders.parameters import at_least
from recsys.recommenders.types import Floats, Ints, Users


class _ByBiases(Recommender):
    """Predicts baselines: the global mean plus the biases of the user and the item."""

    _biases: Biases
    _tells_nothing = True

    def _place_known(self, rows: Ints) -> Floats:
        return self._biases.user_biases[rows]

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Floats:
        return self._biases.biases_of_users(rated)

    def _parts(self, placed: Any, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._biases.parts(placed, user_index, items)


@storage.storable
class BiasBaseline(_ByBiases):
    """Predicts the mean rating, plus a bias of the user and a bias of the item.

    The predicted rating of item i by user u is mu + b_u + b_i. mu is the mean of all ratings. b_u
    says how generous the user is, and b_i says how good the item is. They are computed in turn,
    each from the other. Items are ranked by predicted rating.

    Parameters
    ----------
    item_damping : float, default 3
        Each item counts as if it had this many more ratings that are average.
    user_damping : float, default 5
        Each user counts as if they had given this many more ratings that are average.
    n_sweeps : int, default 10
        The number of times that all biases are computed.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    References
    ----------
    Koren, Y. (2010), Factor in the neighbors: scalable and accurate collaborative filtering. ACM
    Transactions on Knowledge Discovery from Data 4, 1. (Section 2.1, here by alternating means.)

    Examples
    --------
    >>> from recsys import BiasBaseline, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = BiasBaseline().fit(ratings)
    >>> prediction = model.explain(1, 1)
    >>> abs(sum(part.value for part in prediction.parts) - prediction.rating) < 1e-9
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
        least = np.finfo(np.float64).tiny  # without damping, a mean of no ratings would be 0 / 0
        at_least(least, item_damping=self.item_damping, user_damping=self.user_damping)
        at_least(0, n_sweeps=self.n_sweeps)

    def _learn(self) -> None:
        self._biases = Biases.learned(
            self.trained_on.matrix.values, self.item_damping, self.user_damping, self.n_sweeps
        )

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._biases.arrays()

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return biases.FORMS

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._biases = Biases.of_arrays(arrays, self.user_damping)


@storage.storable
class MostLiked(_ByBiases):
    """Recommends the items that most users like. It predicts ratings as :class:`BiasBaseline` does.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Examples
    --------
    >>> from recsys import MostLiked, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> MostLiked().fit(ratings).recommend(1, 3)["score"].tolist()
    [22.0, 14.0, 9.0]
    """

    def _learn(self) -> None:
        data = self.trained_on
        values = data.matrix.values
        self._biases = Biases.learned(values)
        self._likes = np.bincount(values.indices[data.liked(values.data)], minlength=data.n_items)

    def _score_parts(self, users: Users) -> dict[str, Floats]:
        return {"users who like it": np.tile(self._likes.astype(np.float64), (len(users), 1))}

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"likes": self._likes} | self._biases.arrays()

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return {"likes": natural("n_items")} | biases.FORMS

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._likes = arrays["likes"]
        self._biases = Biases.of_arrays(arrays)
