"""The simplest recommenders: how generous people are and how good films are; what most liked."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.base import Recommender
from recsys.recommenders.forms import Form, natural, real
from recsys.recommenders.training import at_least
from recsys.recommenders.types import Evidence, Floats, Ints, People
from recsys.words import counted

# Films named as those that place a user in a group.
N_BECAUSE = 3


class BiasBaseline(Recommender):
    """Expects the mean rating, more from a generous user, more for a good film.

    The rating of film i by user u is expected to be mu + b_u + b_i, where mu is the mean of all
    ratings. Both b are shrunk towards 0, as if every film had ``film_shrinkage`` more ratings that
    are average, and every user ``user_shrinkage``; each is the best for the other after
    ``n_sweeps`` rounds (Koren 2010, Factor in the Neighbors, section 2.1, by alternating means).

    Parameters
    ----------
    film_shrinkage : float, default 3
    user_shrinkage : float, default 5
    n_sweeps : int, default 10

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
        self, *, film_shrinkage: float = 3.0, user_shrinkage: float = 5.0, n_sweeps: int = 10
    ) -> None:
        self.film_shrinkage = film_shrinkage
        self.user_shrinkage = user_shrinkage
        self.n_sweeps = n_sweeps

    def _check_parameters(self) -> None:
        least = np.finfo(np.float64).tiny  # without any, a mean over nobody would be 0 / 0
        at_least(least, film_shrinkage=self.film_shrinkage, user_shrinkage=self.user_shrinkage)
        at_least(0, n_sweeps=self.n_sweeps)

    def _learn(self) -> None:
        self._check_parameters()
        values = self._matrix.values
        users = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
        self._mean = float(values.data.mean())
        self._of_users = np.zeros(values.shape[0])
        # One more than there are films, for those that are not among them.
        self._of_films = np.zeros(self._n_films + 1)
        n_of_films = np.bincount(values.indices, minlength=self._n_films)
        for _ in range(self.n_sweeps):
            left = values.data - self._mean - self._of_users[users]
            sums = np.bincount(values.indices, left, minlength=self._n_films)
            self._of_films[:-1] = sums / (self.film_shrinkage + n_of_films)
            self._of_users = self._generosity(values)

    def _generosity(self, rated: sp.csr_array) -> Floats:
        """How much more than others each row gives to the same films."""
        persons = np.repeat(np.arange(rated.shape[0]), np.diff(rated.indptr))
        left = rated.data - self._mean - self._of_films[rated.indices]
        sums = np.bincount(persons, left, minlength=rated.shape[0])
        generosity: Floats = sums / (self.user_shrinkage + np.diff(rated.indptr))
        return generosity

    def _place_known(self, rows: Ints) -> Floats:
        return self._of_users[rows]

    def _place_new(self, rated: sp.csr_array) -> Floats:
        return self._generosity(rated)

    def _parts(self, placed: Any, persons: Ints, films: Ints) -> dict[str, Floats]:
        return {
            "mean of all ratings": np.full(np.broadcast(persons, films).shape, self._mean),
            "how generous the user is": placed[persons] + np.zeros_like(films, dtype=np.float64),
            "how good the film is": self._of_films[films] + np.zeros_like(persons, np.float64),
        }

    def residuals(self, rated: sp.csr_array, generosity: Floats) -> Floats:
        """What is left of ratings, in the order of ``rated.data``, stars."""
        persons = np.repeat(np.arange(rated.shape[0]), np.diff(rated.indptr))
        left: Floats = rated.data - self._mean - generosity[persons] - self._of_films[rated.indices]
        return left

    def _scores(self, people: People) -> Floats:
        # Unclipped: films that all reach the largest rating would tie.
        scores: Floats = self._mean + people.placed[:, None] + self._of_films[None, :-1]
        return scores

    def _evidence(self, people: People, person: int, film: int) -> Evidence:
        return of_everyone(self, film)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "mean": np.array(self._mean),
            "of_users": self._of_users,
            "of_films": self._of_films,
        }

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return {"mean": real(), "of_users": real("n_users"), "of_films": real("n_films+1")}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._mean = float(arrays["mean"])
        self._of_users = arrays["of_users"]
        self._of_films = arrays["of_films"]


class MostLiked(Recommender):
    """Recommends to everybody what most people liked; expects what :class:`BiasBaseline` does.

    Examples
    --------
    >>> from recsys import MostLiked, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> MostLiked().fit(ratings).recommend(1, 3)["score"].is_monotonic_decreasing
    True
    """

    def _learn(self) -> None:
        self._biases = BiasBaseline().fit_beside(self)
        values = self._matrix.values
        liked_cells = self._liked(values.data)
        self._likes = np.bincount(values.indices[liked_cells], minlength=self._n_films)

    def _place_known(self, rows: Ints) -> Floats:
        return self._biases._place_known(rows)

    def _place_new(self, rated: sp.csr_array) -> Floats:
        return self._biases._place_new(rated)

    def _parts(self, placed: Any, persons: Ints, films: Ints) -> dict[str, Floats]:
        return self._biases._parts(placed, persons, films)

    def _scores(self, people: People) -> Floats:
        return np.tile(self._likes.astype(np.float64), (len(people), 1))

    def _evidence(self, people: People, person: int, film: int) -> Evidence:
        return of_everyone(self, film)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"likes": self._likes} | self._biases._arrays()

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return {"likes": natural("n_films")} | BiasBaseline()._forms(names)

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._likes = arrays["likes"]
        self._biases = BiasBaseline()
        self._biases._train_on(self._matrix, self._scale, self._genres)
        self._biases._restore(arrays)


def of_everyone(model: Recommender, film: int) -> Evidence:
    """How all training users rated a film."""
    everyone = np.ones(len(model._matrix.user_ids), dtype=np.bool_)
    return of_group(model, film, everyone, None, np.empty(0, np.int64))


def of_group(
    model: Recommender,
    film: int,
    members: npt.NDArray[np.bool_],
    cluster: int | None,
    telling: Ints,
) -> Evidence:
    """How some training users rated a film.

    ``cluster`` is their group, None for everyone; ``telling`` the columns of the user's own films
    that place the user there, most telling first.
    """
    because = tuple(str(title) for title in model._matrix.titles[telling[:N_BECAUSE]])
    rows, stars = model._raters(film)
    stars = stars[members[rows]]
    n_users, n_ratings = int(np.sum(members)), len(stars)
    n_liked = int(np.sum(model._liked(stars)))
    mean = float(stars.mean()) if n_ratings else float("nan")
    if cluster is None:
        who = counted(n_users, "user")
    else:
        who = f"{counted(n_users, 'person who shares', 'people who share')} your taste"
    if n_ratings == 0:
        reason = f"none of the {who} rated it"
    else:
        reason = f"{n_ratings:,} of the {who} rated it, {mean:.2f} on average; {n_liked:,} liked it"
    if because:
        reason += f"; like you, they liked {'; '.join(because)}"
    return Evidence(cluster, n_users, n_ratings, n_liked, mean, because, reason)


def by_weight(films: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Ints:
    """The films whose weight is above 0, heaviest first."""
    order = np.argsort(-weights, kind="stable")
    return films[order][: int(np.sum(weights > 0))].astype(np.int64)
