"""What one recommender does in its own way; all else is the same for all recommenders."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core import NotFittedError
from recsys.recommenders.forms import Form
from recsys.recommenders.parameters import Parameterized
from recsys.recommenders.training import TrainingData
from recsys.recommenders.types import Evidence, Floats, Ints, Users


class Model(Parameterized, ABC):
    """How a recommender learns, where it places people, what it expects and how it ranks.

    The modules of this folder call the methods whose names begin with an underscore. A film that is
    not among the training films has the column number n_items. A person without ratings is a new
    person.

    Attributes
    ----------
    trained_on : TrainingData
        Known after a fit.
    """

    trained_on: TrainingData

    # The attribute that holds another recommender, without the underscore; "" if there is none.
    _inner: ClassVar[str] = ""

    def _check_parameters(self) -> None:
        """ValueError if a parameter is out of its range."""

    def _check_fitted(self) -> None:
        if not hasattr(self, "trained_on"):
            name = type(self).__name__
            raise NotFittedError(f"This {name} is not fitted yet: call fit first.")

    @abstractmethod
    def _learn(self) -> None:
        """Learn from ``self.trained_on``."""

    @abstractmethod
    def _place_known(self, rows: Ints) -> Any:
        """Where training users are."""

    @abstractmethod
    def _place_new(self, rated: sp.csr_array) -> Any:
        """Where new people are, by their ratings of the training films."""

    @abstractmethod
    def _parts(self, placed: Any, user_index: Ints, items: Ints) -> dict[str, Floats]:
        """Addends of the expected stars, by what they stand for.

        ``user_index`` and ``items`` are row and column numbers that broadcast; so do the answers.
        """

    @abstractmethod
    def _scores(self, users: Users) -> Floats:
        """(n_users, n_items): films are ranked by this; -inf for a film not to recommend."""

    def _standing(self, users: Users, user: int) -> npt.NDArray[Any]:
        """(n_items,): of films with equal scores, the film with more of this comes first."""
        return self.trained_on.n_ratings

    @abstractmethod
    def _evidence(self, users: Users, user: int, item: int) -> Evidence:
        """The reason for one pair."""

    @abstractmethod
    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What was learned, for a file."""

    @abstractmethod
    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        """What the arrays of a file must be, if these are their names."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take back what :meth:`_arrays` gave: each array is as declared.

        Raises
        ------
        ValueError
            If the arrays do not agree with each other.
        """
