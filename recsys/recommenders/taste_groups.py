"""TasteGroups: ranks items by how likely users of the same taste like them, over many groupings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core import KMeans, assign
from recsys.recommenders import npz, storage
from recsys.recommenders.ages import Ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.boosted import BoostedClusterMeans
from recsys.recommenders.case import Case, Mask
from recsys.recommenders.embeddings import (
    Floats32,
    basis_of,
    by_activity,
    mixed,
    of_length_one,
    random_mixture,
)
from recsys.recommenders.explanations import of_film, of_likes
from recsys.recommenders.forms import Form, natural, real, real32
from recsys.recommenders.parameters import at_least, unfitted
from recsys.recommenders.stages import clustered, n_groups_of
from recsys.recommenders.types import Evidence, Floats, Ints, Users

# The least and the greatest number of groups of a grouping.
USER_GROUPS = (8, 128)
ITEM_GROUPS = (32, 256)

# k-means clusters this many random mixtures of the directions of a basis.
N_COMPONENTS = 15
N_BASIS = 30

# A user's likes count as if there were this many more, spread as the likes of all users are.
PRIOR_LIKES = 3.0


# The names of parts of a score.
USERS_SIDE = "people of the same taste like it"
ITEMS_SIDE = "it is liked together with films that the user likes"


@dataclass(frozen=True, eq=False)
class Placed:
    """The places of some users."""

    # (n_users, n_user_groupings): numbered through all groupings; the last number means all users
    groups: Ints
    ratings: Any  # the places in the rating model


@storage.storable
class TasteGroups(Recommender):
    """Ranks items by the likes of similar users, and by the user's likes of similar items.

    A user likes an item if their rating is in the upper fifth of the scale
    (:attr:`recsys.RatingScale.likes_from`). k-means groups users by their likes, many times. Each
    grouping draws its own number of groups and its own mixture of directions.

    The score of an item has two sides. For the users' side, take a group of m users, of whom l like
    the item. A member likes it with probability (l + p) / (m + 1). p is the share of all users who
    like the item, so the group counts as if it had one more, average member. The users' side is the
    mean over all groupings.

    For the items' side, items are grouped in the same way. Group D of item i has L_D likes, which
    is the share q_D of all likes. The item has L_i likes, and the user has l_uD likes in the group.
    The items' side is the mean of (l_uD + 3 q_D) / L_D L_i over all groupings. The score is

        users' side x items' side ^ ``item_weight`` / p ^ ``popularity_discount``

    Another recommender predicts the ratings.

    Parameters
    ----------
    n_user_groupings : int, default 60
        The number of groupings of users.
    n_item_groupings : int, default 40
        The number of groupings of items. With 0 the score has no items' side.
    item_weight : float, default 1
        The weight of the items' side.
    popularity_discount : float, default 0.3
        A larger one recommends items that fewer users know.
    rating_model : Recommender, optional
        It predicts the ratings. A fit uses an unfitted copy of it. The default is
        :class:`BoostedClusterMeans`.
    random_state : int, default 0
        The seed of all random draws.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Examples
    --------
    >>> from recsys import BiasBaseline, TasteGroups, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = TasteGroups(n_user_groupings=5, rating_model=BiasBaseline()).fit(ratings)
    >>> len(model.recommend(1, n=5)), len(model.recommend(ratings={1: 5.0, 2: 1.0}))
    (5, 10)
    """

    def __init__(
        self,
        *,
        n_user_groupings: int = 60,
        n_item_groupings: int = 40,
        item_weight: float = 1.0,
        popularity_discount: float = 0.3,
        rating_model: Recommender | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_user_groupings = n_user_groupings
        self.n_item_groupings = n_item_groupings
        self.item_weight = item_weight
        self.popularity_discount = popularity_discount
        self.rating_model = rating_model
        self.random_state = random_state

    # Learning -----------------------------------------------------------------------------------

    _inner = "ratings"

    def _check_parameters(self) -> None:
        at_least(1, n_user_groupings=self.n_user_groupings)
        at_least(0, n_item_groupings=self.n_item_groupings, item_weight=self.item_weight)
        at_least(0, popularity_discount=self.popularity_discount)

    def _learn(self) -> None:
        data = self.trained_on
        # The caller's recommender is not changed, because they may use it elsewhere.
        model = unfitted(self.rating_model or BoostedClusterMeans(random_state=self.random_state))
        self._ratings = model.fit_on(data)
        likes = self._likes_of(data.matrix.values)
        self._counts = np.bincount(likes.indices, minlength=data.n_items).astype(np.float64)
        rng = np.random.default_rng(self.random_state)
        basis = basis_of(by_activity(likes), N_BASIS, rng)
        self._item_directions = basis.item_directions
        of_users = groupings(self.n_user_groupings, USER_GROUPS, basis.users, rng)
        of_items = groupings(self.n_item_groupings, ITEM_GROUPS, basis.items, rng)
        labels = np.array([model.labels_ for model, _ in of_items], dtype=np.int32)
        self._item_labels = labels.reshape(self.n_item_groupings, data.n_items)
        self._mixtures = np.array([mixture for _, mixture in of_users])
        self._centers = np.concatenate([model.cluster_centers_ for model, _ in of_users])
        self._limits = np.cumsum([0, *(model.n_clusters for model, _ in of_users)])
        self._labels = np.array([model.labels_ for model, _ in of_users]) + self._limits[:-1, None]
        # The last group holds all users. It serves users without likes.
        self._labels[:, np.diff(likes.indptr) == 0] = self._limits[-1]
        self._learn_groups(likes)

    def _learn_groups(self, likes: sp.csr_array) -> None:
        """Count the members of each group, and their likes of each item."""
        n_users = likes.shape[0]
        n_groups = int(self._limits[-1]) + 1
        rows = np.append(self._labels.ravel(), np.full(n_users, n_groups - 1))
        users = np.tile(np.arange(n_users), self.n_user_groupings + 1)
        # Users without likes are in the last group only, and only once.
        place = np.unique(np.stack([rows, users]), axis=1)
        ones = np.ones(place.shape[1], dtype=np.float32)
        members = sp.csr_array((ones, (place[0], place[1])), shape=(n_groups, n_users))
        self._group_likes = sp.csr_array(members @ likes)
        self._group_likes.sort_indices()
        self._group_sizes = np.bincount(place[0], minlength=n_groups).astype(np.float64)

    def _likes_of(self, rated: sp.csr_array) -> sp.csr_array:
        is_like = self.trained_on.liked(rated.data)
        starts = np.concatenate([[0], np.cumsum(is_like)])[rated.indptr]
        ones = np.ones(int(np.sum(is_like)), dtype=np.float32)
        return sp.csr_array((ones, rated.indices[is_like], starts), shape=rated.shape)

    # Placing ------------------------------------------------------------------------------------

    def _place_known(self, rows: Ints) -> Placed:
        return Placed(self._labels[:, rows].T, self._ratings._place_known(rows))

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Placed:
        likes = self._likes_of(rated)
        whole = (by_activity(likes) @ self._item_directions).astype(np.float32)
        groups = np.full((rated.shape[0], len(self._mixtures)), self._limits[-1])
        liked_some = np.diff(likes.indptr) > 0
        for number, mixture in enumerate(self._mixtures):
            first, last = self._limits[number : number + 2]
            features = of_length_one(mixed(whole, mixture))
            found = first + assign(features, self._centers[first:last])
            groups[:, number] = np.where(liked_some, found, self._limits[-1])
        return Placed(groups, self._ratings._place_new(rated, ages))

    # Answers ------------------------------------------------------------------------------------

    def _parts(self, placed: Placed, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._ratings._parts(placed.ratings, user_index, items)

    @property
    def _popularity(self) -> Floats:
        """(n_items,): the share of all users who like each item."""
        share: Floats = self._counts / self.trained_on.n_users
        return share

    def _score_parts(self, users: Users) -> dict[str, Floats]:
        known = self._popularity > 0
        parts = {USERS_SIDE: self._users_side(users.placed)}
        if len(self._item_labels) and self.item_weight:
            parts[ITEMS_SIDE] = self._items_side(self._likes_of(users.rated))
        logs = {name: np.log(np.where(known, part, 1.0)) for name, part in parts.items()}
        if ITEMS_SIDE in logs:
            logs[ITEMS_SIDE] *= self.item_weight
        discount = self.popularity_discount * np.log(np.where(known, self._popularity, 1.0))
        logs["few people know it"] = np.tile(-discount, (len(users), 1))
        return logs

    def _recommendable(self, users: Users) -> Mask:
        # Items without likes are not recommended.
        return self._popularity[None, :] > 0

    def _evidence(self, part: str, case: Case, users: Users, user: int) -> Evidence | None:
        groups = users.placed.groups[user]
        if part == USERS_SIDE and groups[0] != self._limits[-1]:
            return of_likes(case, self._labels, groups)
        if part == ITEMS_SIDE:
            of_item = np.zeros(len(case.my_likes))
            for labels in self._item_labels:
                alike = labels[case.my_likes] == labels[case.item]
                of_item += alike / max(1.0, self._counts[labels == labels[case.item]].sum())
            order = np.argsort(-of_item, kind="stable")
            return of_film(case, case.my_likes[order[of_item[order] > 0]])
        return None

    def _users_side(self, placed: Placed) -> Floats:
        """(n_users, n_items): P(like | group), averaged over groupings."""
        n_users, n_groupings = placed.groups.shape
        weights = 1.0 / (self._group_sizes[placed.groups] + 1.0) / n_groupings
        user_index = np.repeat(np.arange(n_users), n_groupings)
        shape = (n_users, len(self._group_sizes))
        of_groups = sp.csr_array(
            (weights.ravel(), (user_index, placed.groups.ravel())), shape=shape
        )
        side: Floats = (of_groups @ self._group_likes).toarray().astype(np.float64)
        side += np.sum(weights, axis=1)[:, None] * self._popularity[None, :]
        return side

    def _items_side(self, likes: sp.csr_array) -> Floats:
        """(n_users, n_items): the user's likes of similar items, averaged over groupings."""
        total = max(1.0, float(np.sum(self._counts)))
        side = np.zeros(likes.shape)
        for labels in self._item_labels:
            n_groups = int(labels.max()) + 1
            place = (np.arange(len(labels)), labels)
            members = sp.csr_array((np.ones(len(labels)), place), shape=(len(labels), n_groups))
            of_group = np.bincount(labels, self._counts, minlength=n_groups)
            mine = (likes @ members).toarray() + PRIOR_LIKES * of_group / total
            side += (mine / np.maximum(of_group, 1.0))[:, labels]
        side *= self._counts / len(self._item_labels)
        return side

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        # A form without a slash describes the attribute of its name after an underscore.
        own = {name: getattr(self, f"_{name}") for name in self._forms(()) if "/" not in name}
        return own | npz.prefixed("group_likes", storage.csr_arrays(self._group_likes))

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        likes = {"data": real32("n_likes", least=0)}
        likes |= storage.csr_forms("everyone", "n_items", "n_likes")
        return {
            "counts": real("n_items", least=0),
            "item_directions": real32("n_items", "n_basis"),
            "labels": natural(self.n_user_groupings, "n_users"),
            "limits": natural(self.n_user_groupings + 1),
            "centers": real32("n_groups", "n_components"),
            "mixtures": real32(self.n_user_groupings, "n_basis", "n_components"),
            "item_labels": natural(self.n_item_groupings, "n_items", below="n_items"),
            "group_sizes": real("n_groups+1", least=0),
        } | npz.prefixed("group_likes", likes)

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        for name, array in arrays.items():
            if "/" not in name:
                setattr(self, f"_{name}", array)
        self._check_groups()
        self._group_likes = storage.csr_of(
            npz.without("group_likes", arrays),
            (len(self._group_sizes), self.trained_on.n_items),
        )

    def _check_groups(self) -> None:
        """ValueError if the arrays of the user groups contradict each other."""
        everyone, limits = len(self._centers), self._limits
        if limits[0] != 0 or limits[-1] != everyone or np.any(np.diff(limits) < 1):
            raise ValueError(f"limits are not of {everyone:,} groups")
        within = (self._labels >= limits[:-1, None]) & (self._labels < limits[1:, None])
        if not np.all(within | (self._labels == everyone)):
            raise ValueError("labels belong to other groupings")
        sizes = np.bincount(self._labels.ravel(), minlength=everyone + 1)
        sizes[everyone] = self._labels.shape[1]
        if not np.array_equal(self._group_sizes, sizes):
            raise ValueError("group_sizes do not count the labels")


def groupings(
    n: int, limits: tuple[int, int], embeddings: Floats32, rng: np.random.Generator
) -> list[tuple[KMeans, Floats32]]:
    """Cluster n random mixtures of embeddings, and return each model with its mixture."""
    found = []
    for _ in range(n):
        n_groups = n_groups_of(limits, len(embeddings), rng)
        features, mixture = random_mixture(embeddings, N_COMPONENTS, rng)
        found.append((clustered(features, n_groups, rng), mixture))
    return found
