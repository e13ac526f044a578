"""Chooses the evidence of a reason: that of the part of the score that lifts the item most."""

from collections.abc import Mapping

import numpy as np

from recsys.recommenders.case import Case, Mask
from recsys.recommenders.model import Model
from recsys.recommenders.types import Evidence, Floats, Ints, Users


class Reasons:
    """The scores of some users, and the evidence for them, which is the same wherever it is shown.

    Attributes
    ----------
    users : Users
    parts : dict of ndarray of shape (n_users, n_items)
        The named parts of the scores.
    scores : ndarray of shape (n_users, n_items)
        Items are ranked by score, and never recommended if it is -inf.
    """

    def __init__(self, model: Model, users: Users) -> None:
        self._model = model
        self.users = users
        self.parts = model._score_parts(users)
        self.scores = model._scores(users, self.parts)
        self._medians = self._medians_of_users()

    def evidence(self, user: int, item: int) -> Evidence:
        """The evidence of the strongest part that has some, or the plain evidence."""
        case = Case.of(self._model.trained_on, self.users, user, item)
        if item < case.data.n_items:
            medians = self._medians[user]
            lifts = {name: part[user, item] - medians[name] for name, part in self.parts.items()}
            for part in strongest_first(lifts):
                found = self._model._evidence(part, case, self.users, user)
                if found is not None:
                    return found
        return self._model._plain_evidence(case, self.users, user)

    def lifted(self, part: str, user: int, items: Ints) -> Mask:
        """Tell which items a part of the score lifts."""
        above: Mask = self.parts[part][user, items] - self._medians[user][part] > 0
        return above

    def _medians_of_users(self) -> list[dict[str, float]]:
        """The median of each part over the items that a list may show to a user."""
        found = []
        for user, scores in enumerate(self.scores):
            may = scores > -np.inf
            may[self.users.rated_items(user)] = False
            found.append({name: _median(part[user, may]) for name, part in self.parts.items()})
        return found


def evidence_of_rating(model: Model, case: Case, users: Users, user: int) -> Evidence | None:
    """The evidence of the strongest part of a predicted rating."""
    items = np.arange(case.data.n_items)
    parts = model._parts(users.placed, np.array([user]), items)
    unrated = np.ones(len(items), dtype=np.bool_)
    unrated[users.rated_items(user)] = False
    lifts = {name: part[case.item] - _median(part[unrated]) for name, part in parts.items()}
    evidence = (model._evidence(part, case, users, user) for part in strongest_first(lifts))
    return next((found for found in evidence if found is not None), None)


def strongest_first(lifts: Mapping[str, float]) -> list[str]:
    """The parts that lift an item, the strongest first."""
    return sorted((name for name in lifts if lifts[name] > 0), key=lambda name: -lifts[name])


def _median(numbers: Floats) -> float:
    return float(np.median(numbers)) if len(numbers) else 0.0
