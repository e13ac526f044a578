"""TasteGroups: films by how likely people of the same taste like them, over many groupings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core import assign
from recsys.recommenders import storage
from recsys.recommenders.base import Recommender
from recsys.recommenders.boosted import BoostedClusterMeans
from recsys.recommenders.embeddings import (
    Floats32,
    basis_of,
    by_activity,
    mixed,
    of_length_one,
)
from recsys.recommenders.explanations import by_weight, of_everyone, of_group
from recsys.recommenders.forms import Form, natural, real, real32
from recsys.recommenders.parameters import at_least, unfitted
from recsys.recommenders.stages import clustered, n_groups_of
from recsys.recommenders.types import Evidence, Floats, Ints, Users

# Groups of a grouping, at least and at most.
USER_GROUPS = (8, 128)
ITEM_GROUPS = (32, 256)

# Dimensions of what is clustered, and of the basis they are mixed from.
N_COMPONENTS = 15
N_BASIS = 30

# A person's likes count as if there were this many more, spread as everybody's likes are.
PRIOR_LIKES = 3.0


@dataclass(frozen=True, eq=False)
class Placed:
    """Where people are.

    Attributes
    ----------
    groups : ndarray of shape (n_users, n_user_groupings)
        Groups are numbered through all groupings. The last number stands for everyone.
    ratings : Any
        Where the model of ratings places them.
    """

    groups: Ints
    ratings: Any


@storage.storable
class TasteGroups(Recommender):
    """Ranks films by P(like | group of people), times that of the films like it.

    A user likes a film if they rated it .8 of the largest rating or more. k-means groups users by
    what they like, many times. Each grouping draws its own number of groups and its own mixture of
    directions.

    The users' side of a score: in a group of m people, l of whom liked a film, a person likes it
    with probability (l + p) / (m + 1). p is the film's share of likes among all users, as if one
    more, average person were in the group. The side is the mean over all groupings.

    The films' side: films are grouped in the same way. Group D of film i has L_D likes, which is
    the share q_D of all likes. The film has L_i likes, and the user has l_uD likes in the group.
    The side is the mean of (l_uD + 3 q_D) / L_D L_i over all groupings. The score is

        users' side x films' side ^ ``item_weight`` / p ^ ``popularity_discount``

    Another recommender expects the stars.

    Parameters
    ----------
    n_user_groupings : int, default 60
    n_item_groupings : int, default 40
        0 leaves the films' side out.
    item_weight : float, default 1
    popularity_discount : float, default 0.3
        A larger one recommends films that fewer people know.
    rating_model : Recommender, optional
        It expects the stars. A fit uses an unfitted copy of it. :class:`BoostedClusterMeans` if not
        given.
    random_state : int, default 0

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
        # The caller may use theirs elsewhere, so it stays as it is.
        model = unfitted(self.rating_model or BoostedClusterMeans(random_state=self.random_state))
        self._ratings = model.fit_on(data)
        likes = self._likes_of(data.matrix.values)
        self._counts = np.bincount(likes.indices, minlength=data.n_items).astype(np.float64)
        rng = np.random.default_rng(self.random_state)
        basis = basis_of(by_activity(likes), N_BASIS, rng)
        self._item_directions = basis.item_directions
        self._group_users(likes, basis.users, rng)
        self._group_items(basis.items, rng)

    def _group_users(self, likes: sp.csr_array, whole: Floats32, rng: np.random.Generator) -> None:
        n_users = len(whole)
        labels, centers, mixtures, first = [], [], [], 0
        for _ in range(self.n_user_groupings):
            n_groups = n_groups_of(USER_GROUPS, n_users, rng)
            mixture = rng.normal(size=(whole.shape[1], N_COMPONENTS)).astype(np.float32)
            model = clustered(of_length_one(mixed(whole, mixture)), n_groups, rng)
            labels.append(model.labels_.astype(np.int64) + first)
            centers.append(model.cluster_centers_.astype(np.float32))
            mixtures.append(mixture)
            first += n_groups
        # The last group is everyone, for people who liked nothing.
        self._labels = np.array(labels, dtype=np.int64).reshape(self.n_user_groupings, n_users)
        self._limits = np.cumsum([0, *(len(found) for found in centers)])
        self._centers = np.concatenate([np.empty((0, N_COMPONENTS), np.float32), *centers])
        self._mixtures = np.array(mixtures, dtype=np.float32).reshape(
            self.n_user_groupings, whole.shape[1], N_COMPONENTS
        )
        self._labels[:, np.diff(likes.indptr) == 0] = first
        self._learn_groups(likes)

    def _learn_groups(self, likes: sp.csr_array) -> None:
        """How many of each group liked each film, and how many people it has."""
        n_users = likes.shape[0]
        n_groups = int(self._limits[-1]) + 1
        rows = np.append(self._labels.ravel(), np.full(n_users, n_groups - 1))
        users = np.tile(np.arange(n_users), self.n_user_groupings + 1)
        # Users without likes are in the last group only, and once.
        place = np.unique(np.stack([rows, users]), axis=1)
        ones = np.ones(place.shape[1], dtype=np.float32)
        members = sp.csr_array((ones, (place[0], place[1])), shape=(n_groups, n_users))
        self._group_likes = sp.csr_array(members @ likes)
        self._group_likes.sort_indices()
        self._group_sizes = np.bincount(place[0], minlength=n_groups).astype(np.float64)

    def _group_items(self, whole: Floats32, rng: np.random.Generator) -> None:
        labels = []
        for _ in range(self.n_item_groupings):
            n_groups = n_groups_of(ITEM_GROUPS, len(whole), rng)
            mixture = rng.normal(size=(whole.shape[1], N_COMPONENTS)).astype(np.float32)
            labels.append(clustered(of_length_one(mixed(whole, mixture)), n_groups, rng).labels_)
        self._item_labels = np.array(labels, dtype=np.int32).reshape(
            self.n_item_groupings, len(whole)
        )

    def _likes_of(self, rated: sp.csr_array) -> sp.csr_array:
        is_like = self.trained_on.liked(rated.data)
        starts = np.concatenate([[0], np.cumsum(is_like)])[rated.indptr]
        ones = np.ones(int(np.sum(is_like)), dtype=np.float32)
        return sp.csr_array((ones, rated.indices[is_like], starts), shape=rated.shape)

    # Placing ------------------------------------------------------------------------------------

    def _place_known(self, rows: Ints) -> Placed:
        return Placed(self._labels[:, rows].T, self._ratings._place_known(rows))

    def _place_new(self, rated: sp.csr_array) -> Placed:
        likes = self._likes_of(rated)
        whole = (by_activity(likes) @ self._item_directions).astype(np.float32)
        groups = np.full((rated.shape[0], len(self._mixtures)), self._limits[-1])
        liked_some = np.diff(likes.indptr) > 0
        for number, mixture in enumerate(self._mixtures):
            first, last = self._limits[number : number + 2]
            features = of_length_one(mixed(whole, mixture))
            found = first + assign(features, self._centers[first:last])
            groups[:, number] = np.where(liked_some, found, self._limits[-1])
        return Placed(groups, self._ratings._place_new(rated))

    # Answers ------------------------------------------------------------------------------------

    def _parts(self, placed: Placed, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._ratings._parts(placed.ratings, user_index, items)

    @property
    def _popularity(self) -> Floats:
        """Share of all users who liked each film."""
        share: Floats = self._counts / self.trained_on.n_users
        return share

    def _scores(self, users: Users) -> Floats:
        scores = self._users_side(users.placed)
        if len(self._item_labels) and self.item_weight:
            scores *= self._items_side(self._likes_of(users.rated)) ** self.item_weight
        known = self._popularity > 0
        if self.popularity_discount:
            scores[:, known] /= self._popularity[known] ** self.popularity_discount
        # Films that nobody liked are not recommended.
        scores[:, ~known] = -np.inf
        return scores

    def _users_side(self, placed: Placed) -> Floats:
        """(n_users, n_items): P(like | group), the mean over groupings."""
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
        """(n_users, n_items): likes of the person's like films, the mean over groupings."""
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

    def _evidence(self, users: Users, user: int, item: int) -> Evidence:
        """How one of the person's groups rated the film: the one nearest to the mean of all."""
        groups = users.placed.groups[user]
        everyone = int(self._limits[-1])
        if item == self.trained_on.n_items or groups[0] == everyone:
            return of_everyone(self.trained_on, item)
        likes = self._group_likes[groups][:, [item]].toarray().ravel()
        share = (likes + self._popularity[item]) / (self._group_sizes[groups] + 1.0)
        number = int(np.argmin(np.abs(share - share.mean())))
        group = int(groups[number])
        mine = self._likes_of(users.rated[[user]]).indices
        size = max(1.0, self._group_sizes[group])  # a new person's group may have no members
        among = self._group_likes[[group]][:, mine].toarray().ravel() / size
        distinctive = by_weight(mine, among - self._popularity[mine])
        members = self._labels[number] == group
        return of_group(self.trained_on, item, members, group, distinctive)

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        # Forms without a prefix are of the attributes of their names, with an underscore before.
        own = {name: getattr(self, f"_{name}") for name in self._forms(()) if "/" not in name}
        return own | storage.prefixed("group_likes", storage.csr_arrays(self._group_likes))

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
            "film_labels": natural(self.n_item_groupings, "n_items", below="n_items"),
            "group_sizes": real("n_groups+1", least=0),
        } | storage.prefixed("group_likes", likes)

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        for name, array in arrays.items():
            if "/" not in name:
                setattr(self, f"_{name}", array)
        self._check_groups()
        self._group_likes = storage.csr_of(
            storage.without("group_likes", arrays),
            (len(self._group_sizes), self.trained_on.n_items),
        )

    def _check_groups(self) -> None:
        """ValueError if the groups of users do not agree with each other."""
        everyone = len(self._centers)
        if (
            self._limits[0] != 0
            or self._limits[-1] != everyone
            or np.any(np.diff(self._limits) < 1)
        ):
            raise ValueError(f"limits are not of {everyone:,} groups")
        first, last = self._limits[:-1, None], self._limits[1:, None]
        within = (self._labels >= first) & (self._labels < last)
        if not np.all(within | (self._labels == everyone)):
            raise ValueError("labels are of other groupings than they stand in")
        sizes = np.bincount(self._labels.ravel(), minlength=everyone + 1)
        sizes[everyone] = self._labels.shape[1]
        if not np.array_equal(self._group_sizes, sizes):
            raise ValueError("group_sizes do not count the labels")
