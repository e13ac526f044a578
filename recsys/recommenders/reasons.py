"""Chooses the evidence of a reason: that of the part of the score that lifts the item most."""

from collections.abc import Mapping

import numpy as np

from recsys.recommenders.case import Case
from recsys.recommenders.model import Model
from recsys.recommenders.types import Evidence, Floats, Users, total_of


class Reasons:
    """The scores of some users, and the evidence for them, which is the same wherever it is shown.

    Attributes
    ----------
    parts : dict of ndarray of shape (n_users, n_items)
        The named parts of the scores.
    scores : ndarray of shape (n_users, n_items)
        Items are ranked by score, and never recommended if it is -inf.
    """

    def __init__(self, model: Model, users: Users) -> None:
        self._model = model
        self._users = users
        self.parts = model._score_parts(users)
        self.scores = scores_of(model, users, self.parts)
        self._medians = self._medians_of_users()

    def evidence(self, user: int, item: int) -> Evidence:
        """The evidence of the strongest part that has some, or the plain evidence."""
        case = Case.of(self._model.trained_on, self._users, user, item)
        for part in self._strongest(user, item) if item < self._model.trained_on.n_items else ():
            found = self._model._evidence(part, case, self._users, user)
            if found is not None:
                return found
        return self._model._plain_evidence(case, self._users, user)

    def _strongest(self, user: int, item: int) -> list[str]:
        """The parts that lift the item above the user's median item, the strongest first."""
        medians = self._medians[user]
        lifts = {name: part[user, item] - medians[name] for name, part in self.parts.items()}
        return sorted((name for name in lifts if lifts[name] > 0), key=lambda name: -lifts[name])

    def _medians_of_users(self) -> list[dict[str, float]]:
        """The median of each part over the items that a list may show to a user."""
        found = []
        for user, scores in enumerate(self.scores):
            may = scores > -np.inf
            may[self._users.rated_items(user)] = False
            shown = {name: part[user, may] for name, part in self.parts.items()}
            found.append({n: float(np.median(x)) if len(x) else 0.0 for n, x in shown.items()})
        return found


def scores_of(model: Model, users: Users, parts: Mapping[str, Floats]) -> Floats:
    """(n_users, n_items): the total of the parts, and -inf for items that lists may not show."""
    return np.where(model._recommendable(users), total_of(parts), -np.inf)
