"""Hybrid: ranks items by groups of users and by the items that are liked together."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import storage
from recsys.recommenders.ages import Ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.forms import Form, real
from recsys.recommenders.item_weights import MOST_ROWS, Contributions, ItemWeights, is_within_limit
from recsys.recommenders.parameters import at_least, unfitted
from recsys.recommenders.taste_groups import TasteGroups
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Evidence, Floats, Ints, Profiles, Users

# An item that was rated but not liked counts this much of a like.
RATED = 0.3

# A rating with age a counts e^(-a / RECENT) + LEAST when a profile is read.
RECENT = 5.0
LEAST = 0.1

# The spread of the scores is measured on at most this many training users.
MOST_MEASURED = 500

LIKED_TOGETHER = "films that are liked together with the user's"


@storage.storable
class Hybrid(Recommender):
    """Adds to the scores of groups how often an item is liked together with the user's own items.

    A linear model predicts each item of a profile from the other items of the profile
    (:class:`recsys.recommenders.item_weights.ItemWeights`; Steck 2019). A profile holds 1 for each
    item that the user liked, and .3 for each other item that they rated. When a list is made,
    recent ratings count more: a rating with n later ratings of the same user counts
    e^(-n / 5) + .1. The score of an item is

        score of the groups + ``item_weight`` x linear score / spread

    The spread is the root mean square of linear scores, over items that training users did not
    rate. Each item of the user adds its own amount to the linear score. The groups predict the
    ratings.

    Parameters
    ----------
    groups : Recommender, optional
        It gives the first part of the score, and predicts the ratings. A fit uses an unfitted copy
        of it. The default is :class:`TasteGroups`.
    item_weight : float, default 1
        The weight of the linear model.
    damping : float, default 200
        A larger one pulls the weights between items more strongly toward 0.
    random_state : int, default 0
        The seed of all random draws, if ``groups`` is not given.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Notes
    -----
    The smaller number of users and items may be at most 4,000. A fit inverts a matrix with this
    number of rows and columns: 0.1 s and 4 MB for 671 users, 12 s and 128 MB for 4,000.

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
        if not is_within_limit(data.n_users, data.n_items):
            raise ValueError(
                f"Hybrid takes up to {MOST_ROWS:,} users or {MOST_ROWS:,} films, not "
                f"{data.n_users:,} users and {data.n_items:,} films; TasteGroups takes any number"
            )
        # The caller's recommender is not changed, because they may use it elsewhere.
        groups = unfitted(self.groups or TasteGroups(random_state=self.random_state))
        self._groups = groups.fit_on(data)
        self._weights = ItemWeights.learned(self._profiles(data.matrix.values), self.damping)
        self._spread = self._measured_spread()

    def _profiles(self, rated: sp.csr_array) -> sp.csr_array:
        values = np.where(self.trained_on.liked(rated.data), 1.0, RATED)
        return sp.csr_array((values, rated.indices, rated.indptr), shape=rated.shape)

    def _recent(self, users: Profiles) -> sp.csr_array:
        """Profiles in which recent ratings count more."""
        profiles = self._profiles(users.rated)
        profiles.data *= np.exp(-users.ages / RECENT) + LEAST
        return profiles

    def _measured_spread(self) -> float:
        """The root mean square of linear scores, over the unrated items of training users."""
        data = self.trained_on
        n_measured = min(MOST_MEASURED, data.n_users)
        total, n_unrated = 0.0, 0
        for rows in data.blocks(np.linspace(0, data.n_users - 1, n_measured).astype(np.int64)):
            users = data.profiles(rows)
            linear = self._weights.scores(self._recent(users))
            linear[user_index_of(users.rated), users.rated.indices] = 0.0
            total += float(np.sum(linear**2))
            n_unrated += linear.size - users.rated.nnz
        # If all users rated all items, there is nothing to recommend.
        return float(np.sqrt(total / max(1, n_unrated))) or 1.0

    # Placing ------------------------------------------------------------------------------------

    def _place_known(self, rows: Ints) -> Any:
        return self._groups._place_known(rows)

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Any:
        return self._groups._place_new(rated, ages)

    # Answers ------------------------------------------------------------------------------------

    def _parts(self, placed: Any, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._groups._parts(placed, user_index, items)

    def _score_parts(self, users: Users) -> dict[str, Floats]:
        return self._groups._score_parts(users) | {LIKED_TOGETHER: self._linear(users)}

    def _scores(self, users: Users) -> Floats:
        # The groups say which items cannot be recommended.
        return self._groups._scores(users) + self._linear(users)

    def _linear(self, users: Users) -> Floats:
        """(n_users, n_items): the part of the linear model."""
        return self._weights.scores(self._recent(users)) * (self.item_weight / self._spread)

    def _liked_together(self, users: Users, user: int, item: int) -> Contributions:
        """What each item of the user adds to the part of the linear model for an item."""
        found = self._weights.contributions(self._recent(users)[[user]], item)
        return Contributions(found.items, found.added * (self.item_weight / self._spread))

    def _standing(self, users: Users, user: int) -> npt.NDArray[Any]:
        return self._groups._standing(users, user)

    def _evidence(self, users: Users, user: int, item: int) -> Evidence:
        return self._groups._evidence(users, user, item)

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        weights = self._weights
        return {
            "by_users" if weights.by_users else "by_items": weights.inverse,
            "diagonal": weights.diagonal,
            "spread": np.array(self._spread),
        }

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        # These hold for every inverse, and keep the scores of other arrays finite.
        most = 1.001 / self.damping
        by_users = "by_users" in names
        side = "n_users" if by_users else "n_items"
        return {
            "by_users" if by_users else "by_items": real(side, side, least=-most, most=most),
            "diagonal": real("n_items", least=1e-13 * most, most=most),
            "spread": real(least=1e-30),
        }

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        by_users = "by_users" in arrays
        inverse = arrays["by_users" if by_users else "by_items"]
        columns = sp.csr_array(self._profiles(self.trained_on.matrix.values).T)
        diagonal, self._spread = arrays["diagonal"], float(arrays["spread"])
        self._weights = ItemWeights(columns, self.damping, by_users, inverse, diagonal)
