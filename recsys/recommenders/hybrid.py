"""Hybrid: ranks items by groups of users and by the items that are liked together."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import storage
from recsys.recommenders.ages import Ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.case import Case, Mask
from recsys.recommenders.forms import Form, natural, real
from recsys.recommenders.item_weights import Contributions, ItemWeights, read_profiles
from recsys.recommenders.model import LEVEL
from recsys.recommenders.parameters import at_least, unfitted
from recsys.recommenders.taste_groups import ITEMS_PART, RIDGE_PART, TasteGroups
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Evidence, Floats, Ints, Profiles, Users

# The spread of the scores is measured on at most this many training users.
MOST_MEASURED = 500

# The spread if all scores are 0.
LEAST_SPREAD = 1e-9

LIKED_TOGETHER = "films that are liked together with the user's"


@storage.storable
class Hybrid(Recommender):
    """Adds to the scores of groups what the user's own films say, film by film.

    A linear model (:class:`recsys.recommenders.item_weights.ItemWeights`) learns from the training
    users which films are liked together, and which films come next. Each film that a user rated
    adds its own amount to the linear score of another film. A film that the user liked counts 1,
    and another film that they rated counts .5. Recent ratings count more: a rating with n later
    ratings of the same user counts e^(-n / 8) + .1 as much. Without times all count the same. The
    score of a film is

        score of the groups + ``item_weight`` x linear score / spread

    The spread is the root mean square of linear scores, over films that training users did not
    rate. The groups predict the ratings.

    Parameters
    ----------
    groups : Recommender, optional
        It gives the first part of the score, and predicts the ratings. A fit uses an unfitted copy
        of it. The default is :class:`TasteGroups`.
    item_weight : float, default 0.5
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
    rank all other films. So time and memory of the linear model do not grow with the number of
    films: the weights take 8 MB.

    Examples
    --------
    >>> from recsys import BiasBaseline, Hybrid, TasteGroups, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> groups = TasteGroups(n_user_groupings=5, rating_model=BiasBaseline())
    >>> model = Hybrid(groups=groups).fit(ratings)
    >>> len(model.recommend(1, n=5)), len(model.recommend(ratings={1: 5.0, 2: 1.0}))
    (5, 10)
    """

    def __init__(
        self,
        *,
        groups: Recommender | None = None,
        item_weight: float = 0.5,
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
        training = Profiles(data.matrix.values, data.ages)
        is_like = data.liked(data.matrix.values.data)
        self._weights = ItemWeights.learned(training, is_like, self.damping)
        self._spread = self._measured_spread()

    def _measured_spread(self) -> float:
        """The root mean square of linear scores, over the unrated items of training users."""
        data = self.trained_on
        n_measured = min(MOST_MEASURED, data.n_users)
        total, n_unrated = 0.0, 0
        for rows in data.blocks(np.linspace(0, data.n_users - 1, n_measured).astype(np.int64)):
            users = data.profiles(rows)
            linear = self._weights.scores(self._read(users))
            linear[user_index_of(users.rated), users.rated.indices] = 0.0
            total += float(np.sum(linear**2))
            n_unrated += linear.size - users.rated.nnz
        return max(float(np.sqrt(total / max(1, n_unrated))), LEAST_SPREAD)

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
        return self._weights.scores(self._read(users)) * (self.item_weight / self._spread)

    def _liked_together(self, users: Profiles, user: int, item: int) -> Contributions:
        """What each item of the user adds to the part of the linear model for an item."""
        found = self._weights.contributions(self._read(users)[[user]], item)
        return Contributions(found.items, found.added * (self.item_weight / self._spread))

    def _standing(self, users: Users, user: int) -> npt.NDArray[Any]:
        return self._groups._standing(users, user)

    def _evidence(self, part: str, case: Case, users: Users, user: int) -> Evidence | None:
        if part in (ITEMS_PART, RIDGE_PART, LIKED_TOGETHER):
            return super()._evidence(part, case, users, user)
        return self._groups._evidence(part, case, users, user)

    def _lifts_of_films(self, case: Case) -> dict[str, Floats]:
        found = self._liked_together(case.profile, 0, case.item)
        added = np.zeros(self.trained_on.n_items)
        added[found.items] = found.added
        return self._groups._lifts_of_films(case) | {LIKED_TOGETHER: added[case.my_likes]}

    def _plain_evidence(self, case: Case, users: Users, user: int) -> Evidence:
        return self._groups._plain_evidence(case, users, user)

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        of_items = {"items": self._weights.items, "weights": self._weights.weights}
        return {**of_items, "spread": np.array(self._spread)}

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return {
            "items": natural("n_weighted", below="n_items"),
            "weights": real("n_weighted", "n_weighted"),
            "spread": real(least=LEAST_SPREAD),
        }

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        if np.any(np.diff(arrays["items"]) <= 0):
            raise ValueError("items do not ascend")
        self._weights = ItemWeights(arrays["items"], arrays["weights"])
        self._spread = float(arrays["spread"])
