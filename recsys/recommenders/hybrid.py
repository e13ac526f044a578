"""Hybrid: ranks items by groups of users, and by which items go with and after the user's own."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import storage
from recsys.recommenders.ages import Ages, no_ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.case import Case, Mask
from recsys.recommenders.forms import Form, natural, real
from recsys.recommenders.item_weights import Contributions, ItemWeights, is_ordered, read_profiles
from recsys.recommenders.model import LEVEL
from recsys.recommenders.parameters import at_least, unfitted
from recsys.recommenders.taste_groups import ITEMS_PART, RIDGE_PART, TasteGroups
from recsys.recommenders.types import Evidence, Floats, Ints, Profiles, Users

LIKED_TOGETHER = "what people like with and after the user's films"


@storage.storable
class Hybrid(Recommender):
    """Adds to the scores of groups what the user's own films say, film by film.

    A linear model (``recsys.recommenders.item_weights``) learns from the training users which films
    are liked together, and which films come next. Each film that a user rated adds its own amount
    to the linear score of another film. A film that the user liked counts 1, and another film that
    they rated counts .5. Recent ratings count more: a rating with n later ratings of the same user
    counts e^(-n / 8) + .1 as much. The score of a film is

        score of the groups + ``item_weight`` x w x linear score

    where w is the weight of taste that :class:`TasteGroups` learned, and 1 for other groups.
    A user whose ratings have no times, or all the same, gets linear scores from a second model of
    what is liked together alone, because nobody knows what came last. The size of linear scores is
    1 on average, for films that training users did not rate. The groups predict the ratings.

    Parameters
    ----------
    groups : Recommender, optional
        It gives the first part of the score, and predicts the ratings. A fit uses an unfitted copy
        of it. The default is :class:`TasteGroups`.
    item_weight : float, default 1
        The weight of the linear model.
    damping : float, default 200
        A larger one pulls the weights between films more strongly toward 0.
    random_state : int, default 0
        The seed of all random draws, if ``groups`` is not given.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Notes
    -----
    The linear model has weights between the 1,000 films with the most ratings. The groups alone
    rank all other films. So the cost of the linear model does not grow with the number of films:
    its weights take 8 MB, twice if the ratings have times.

    Examples
    --------
    >>> from recsys import BiasBaseline, Hybrid, TasteGroups, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> groups = TasteGroups(n_user_groupings=5, rating_model=BiasBaseline())
    >>> model = Hybrid(groups=groups).fit(ratings)
    >>> model.explain(1, 2).score_parts[-1].name
    "what people like with and after the user's films"
    >>> len(model.recommend(ratings={1: 5.0, 2: 1.0}))
    10
    """

    def __init__(
        self,
        *,
        groups: Recommender | None = None,
        item_weight: float = 1.0,
        damping: float = 200.0,
        random_state: int = 0,
    ) -> None:
        self.groups = groups
        self.item_weight = item_weight
        self.damping = damping
        self.random_state = random_state

    # Learning -----------------------------------------------------------------------------------

    _inner = "groups"

    def _check_parameters(self) -> None:
        at_least(0, item_weight=self.item_weight)
        at_least(1e-3, damping=self.damping)

    def _learn(self) -> None:
        data = self.trained_on
        # The caller's recommender is not changed, because they may use it elsewhere.
        groups = unfitted(self.groups or TasteGroups(random_state=self.random_state))
        self._groups = groups.fit_on(data)
        rated = data.matrix.values
        is_like, unordered = data.liked(rated.data), no_ages(rated.nnz)
        self._together = ItemWeights.learned(Profiles(rated, unordered), is_like, self.damping)
        self._next = self._together
        if np.any(data.ages):
            self._next = ItemWeights.learned(Profiles(rated, data.ages), is_like, self.damping)

    # Placing ------------------------------------------------------------------------------------

    def _place_known(self, rows: Ints) -> Any:
        return self._groups._place_known(rows)

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Any:
        return self._groups._place_new(rated, ages)

    # Answers ------------------------------------------------------------------------------------

    def _parts(self, placed: Any, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._groups._parts(placed, user_index, items)

    def _interval(
        self, placed: Any, user_index: Ints, items: Ints, level: float = LEVEL
    ) -> tuple[Floats, Floats] | None:
        return self._groups._interval(placed, user_index, items, level)

    def _score_parts(self, users: Users) -> dict[str, Floats]:
        return self._groups._score_parts(users) | {LIKED_TOGETHER: self._linear(users)}

    def _recommendable(self, users: Users) -> Mask:
        return self._groups._recommendable(users)

    def _read(self, users: Profiles) -> sp.csr_array:
        return read_profiles(users, self.trained_on.liked(users.rated.data))

    def _linear(self, users: Users) -> Floats:
        """(n_users, n_items): the part of the linear model."""
        read, ordered = self._read(users), is_ordered(users)
        scores = np.empty(read.shape)
        scores[ordered] = self._next.scores(read[ordered])
        scores[~ordered] = self._together.scores(read[~ordered])
        return self._weight * scores

    def _liked_together(self, profile: Profiles, item: int) -> Contributions:
        """What each film of one user adds to the part of the linear model for an item."""
        weights = self._next if is_ordered(profile)[0] else self._together
        found = weights.contributions(self._read(profile), item)
        return Contributions(found.items, self._weight * found.added)

    @property
    def _weight(self) -> float:
        """The weight of linear scores. It falls with that of the groups' parts."""
        return self.item_weight * self._groups._taste_weight

    def _standing(self, users: Users, user: int) -> npt.NDArray[Any]:
        return self._groups._standing(users, user)

    def _evidence(self, part: str, case: Case, users: Users, user: int) -> Evidence | None:
        if part in (ITEMS_PART, RIDGE_PART, LIKED_TOGETHER):
            return super()._evidence(part, case, users, user)
        return self._groups._evidence(part, case, users, user)

    def _lifts_of_films(self, case: Case) -> dict[str, Floats]:
        found = self._liked_together(case.profile, case.item)
        added = np.zeros(self.trained_on.n_items)
        added[found.items] = found.added
        return self._groups._lifts_of_films(case) | {LIKED_TOGETHER: added[case.my_likes]}

    def _plain_evidence(self, case: Case, users: Users, user: int) -> Evidence:
        return self._groups._plain_evidence(case, users, user)

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        arrays = {"items": self._together.items, "together": self._together.weights}
        return arrays if self._next is self._together else arrays | {"next": self._next.weights}

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        weights = {"together": real("n_weighted", "n_weighted")}
        if "next" in names:
            weights["next"] = weights["together"]
        return {"items": natural("n_weighted", below="n_items"), **weights}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        items = arrays["items"]
        if np.any(np.diff(items) <= 0):
            raise ValueError("items do not ascend")
        if ("next" in arrays) != bool(np.any(self.trained_on.ages)):
            raise ValueError("it has either next or the ages of ratings, but not both")
        self._together = ItemWeights(items, arrays["together"])
        self._next = ItemWeights(items, arrays["next"]) if "next" in arrays else self._together
