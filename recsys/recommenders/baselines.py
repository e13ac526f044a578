"""The simplest recommenders: how generous people are and how good films are; what most liked."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import biases, storage
from recsys.recommenders.base import Recommender
from recsys.recommenders.biases import FILM_SHRINKAGE, N_SWEEPS, USER_SHRINKAGE, Biases
from recsys.recommenders.explanations import of_everyone
from recsys.recommenders.forms import Form, natural
from recsys.recommenders.parameters import at_least
from recsys.recommenders.types import Evidence, Floats, Ints, People


class _ByBiases(Recommender):
    """Expects the stars that biases say."""

    _biases: Biases

    def _place_known(self, rows: Ints) -> Floats:
        return self._biases.of_users[rows]

    def _place_new(self, rated: sp.csr_array) -> Floats:
        return self._biases.generosity(rated)

    def _parts(self, placed: Any, persons: Ints, films: Ints) -> dict[str, Floats]:
        return self._biases.parts(placed, persons, films)

    def _evidence(self, people: People, person: int, film: int) -> Evidence:
        return of_everyone(self.trained_on, film)


@storage.storable
class BiasBaseline(_ByBiases):
    """Expects the mean rating, more from a generous user, more for a good film.

    The rating of film i by user u is expected to be mu + b_u + b_i, where mu is the mean of all
    ratings. Both b are shrunk towards 0, as if every film had ``film_shrinkage`` more ratings that
    are average, and every user ``user_shrinkage``. After ``n_sweeps`` rounds each b is the best for
    the other (Koren 2010, Factor in the Neighbors, section 2.1, by alternating means).

    Parameters
    ----------
    film_shrinkage : float, default 3
    user_shrinkage : float, default 5
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
    >>> abs(sum(part.stars for part in prediction.parts) - prediction.rating) < 1e-9
    True
    """

    def __init__(
        self,
        *,
        film_shrinkage: float = FILM_SHRINKAGE,
        user_shrinkage: float = USER_SHRINKAGE,
        n_sweeps: int = N_SWEEPS,
    ) -> None:
        self.film_shrinkage = film_shrinkage
        self.user_shrinkage = user_shrinkage
        self.n_sweeps = n_sweeps

    def _check_parameters(self) -> None:
        least = np.finfo(np.float64).tiny  # without any, a mean over nobody would be 0 / 0
        at_least(least, film_shrinkage=self.film_shrinkage, user_shrinkage=self.user_shrinkage)
        at_least(0, n_sweeps=self.n_sweeps)

    def _learn(self) -> None:
        self._biases = Biases.learned(
            self.trained_on.matrix.values, self.film_shrinkage, self.user_shrinkage, self.n_sweeps
        )

    def _scores(self, people: People) -> Floats:
        # Unclipped: films that all reach the largest rating would tie.
        of_films = self._biases.of_films[None, :-1]
        scores: Floats = self._biases.mean + people.placed[:, None] + of_films
        return scores

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._biases.arrays()

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return biases.FORMS

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._biases = Biases.of_arrays(arrays, self.user_shrinkage)


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
        self._likes = np.bincount(values.indices[data.liked(values.data)], minlength=data.n_films)

    def _scores(self, people: People) -> Floats:
        return np.tile(self._likes.astype(np.float64), (len(people), 1))

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"likes": self._likes} | self._biases.arrays()

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return {"likes": natural("n_films")} | biases.FORMS

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._likes = arrays["likes"]
        self._biases = Biases.of_arrays(arrays)
