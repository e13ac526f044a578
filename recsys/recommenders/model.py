"""The methods that differ between recommenders. All other code is the same for all of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core import NotFittedError
from recsys.recommenders.ages import Ages
from recsys.recommenders.case import Case, Mask
from recsys.recommenders.explanations import of_everyone, of_film
from recsys.recommenders.forms import Form
from recsys.recommenders.group_tables import OnlyGroups
from recsys.recommenders.parameters import Parameterized
from recsys.recommenders.training import S, TrainingData
from recsys.recommenders.types import Evidence, Floats, Ints, Ranking, Users, total_of

# An interval holds this share of the ratings.
LEVEL = 0.8


class Model(Parameterized, ABC):
    """A recommender learns, places users, predicts ratings and ranks items by these methods.

    The modules of this folder call the methods whose names begin with an underscore. An item
    outside the training data has the column number n_items. A user outside the training data is a
    new user, with or without ratings.
    """

    trained_on: TrainingData  # set by a fit

    # The name of the attribute that holds another recommender, without the underscore, or "".
    _inner: ClassVar[str] = ""

    # The name of the part of a score that comes from groups of users, or "".
    _groups_part: ClassVar[str] = ""

    # Whether no part of a score or of a predicted rating has evidence.
    _tells_nothing: ClassVar[bool] = False

    # How much a user's taste counts in scores, beside popularity.
    _taste_weight: float = 1.0

    def _check_parameters(self) -> None:
        """ValueError if a parameter is out of its range."""

    def _check_fitted(self) -> None:
        if not hasattr(self, "trained_on"):
            name = type(self).__name__
            raise NotFittedError(f"This {name} is not fitted yet: call fit first.")

    @abstractmethod
    def _learn(self) -> None:
        """Learn from ``self.trained_on``."""

    def _films(self, movie_ids: Any) -> Ints:
        """The numbers of films for :meth:`_parts`: columns, and n_items for all other films.

        A recommender that predicts ratings of films that nobody rated numbers them from
        n_items + 1, as :meth:`TrainingData.films` does.
        """
        if self._inner:
            inner: Model = getattr(self, f"_{self._inner}")
            return inner._films(movie_ids)
        return self.trained_on.columns(movie_ids)

    @abstractmethod
    def _place_known(self, rows: Ints) -> Any:
        """The clusters, biases or embeddings of training users."""

    @abstractmethod
    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Any:
        """Fold in new users by their ratings of the training items and the ages of these."""

    @abstractmethod
    def _parts(self, placed: Any, user_index: Ints, items: Ints) -> dict[str, Floats]:
        """The named parts of predicted ratings.

        ``user_index`` has rows of ``placed`` and ``items`` has numbers from :meth:`_films`. They
        broadcast to the shape of each part.
        """

    def _interval(
        self, placed: Any, user_index: Ints, items: Ints, level: float = LEVEL
    ) -> tuple[Floats, Floats] | None:
        """The ends of the intervals that hold ratings at this level, or None if it is unknown."""
        return None

    def _score_parts(self, users: Users) -> dict[str, Floats]:
        """The named parts of scores, each of shape (n_users, n_items). All are finite."""
        user_index = np.arange(len(users))[:, None]
        items = np.arange(self.trained_on.n_items)[None, :]
        return self._parts(users.placed, user_index, items)

    def _scores(self, users: Users, parts: Mapping[str, Floats] | None = None) -> Floats:
        """(n_users, n_items): items are ranked by score, and never recommended if it is -inf.

        It is the total of the ``parts``, which are :meth:`_score_parts` unless they are given.
        """
        total = total_of(self._score_parts(users) if parts is None else parts)
        return np.where(self._recommendable(users), total, -np.inf)

    def _recommendable(self, users: Users) -> Mask:
        """(n_users or 1, n_items): the items that lists may show."""
        return np.ones((1, self.trained_on.n_items), dtype=np.bool_)

    def _best(
        self, users: Users, n: int, exclude_rated: bool, eligible: Mask
    ) -> list[Ranking] | None:
        """The best items of each user, if they can be found without the scores of all items."""
        return None

    def _blocks(self, users: S) -> Iterator[S]:
        """Cut users into blocks whose lists are made together."""
        return self.trained_on.blocks(users)

    def _standing(self, users: Users, user: int) -> npt.NDArray[Any]:
        """(n_items,): if scores are equal, the item with the larger standing comes first."""
        return self.trained_on.n_ratings

    def _evidence(self, part: str, case: Case, users: Users, user: int) -> Evidence | None:
        """The evidence of a part of the score, or None if nothing sound can be said of it."""
        lifts = self._lifts_of_films(case)
        if part not in lifts:
            return None
        # A film that lifts the part may lower another one. It must lift the score too.
        lift = np.where(total_of(lifts) > 0, lifts[part], 0.0)
        order = np.argsort(-lift, kind="stable")
        return of_film(case, case.my_likes[order[lift[order] > 0]])

    def _lifts_of_films(self, case: Case) -> dict[str, Floats]:
        """(n_my_likes,) for parts of the score: what each film that the user liked adds."""
        return {}

    def _only_groups(self) -> OnlyGroups | None:
        """The groups of users whose taste is evidence, if no part but theirs has some."""
        return None

    def _plain_evidence(self, case: Case, users: Users, user: int) -> Evidence:
        """The evidence if no part of the score has some."""
        return of_everyone(case)

    @abstractmethod
    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The learned arrays, for a file."""

    @abstractmethod
    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        """The forms of the arrays in a file that has arrays of these names."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take back arrays that match :meth:`_forms`. ValueError if they contradict each other."""
