"""TasteGroups: ranks items by how likely users of the same taste like them, over many groupings."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import log_ndtr

from recsys.data.scale import RatingScale
from recsys.recommenders import npz, storage
from recsys.recommenders.ages import Ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.baselines import BiasBaseline
from recsys.recommenders.boosted import BoostedClusterMeans
from recsys.recommenders.case import Case, Mask
from recsys.recommenders.embeddings import basis_of, by_activity, of_length_one
from recsys.recommenders.explanations import of_likes
from recsys.recommenders.forms import Form, natural, real
from recsys.recommenders.group_lists import ranked, together
from recsys.recommenders.group_ridge import LIKED, GroupRidge, weights_of
from recsys.recommenders.group_tables import GroupTables, OnlyGroups
from recsys.recommenders.item_groups import ItemGroups
from recsys.recommenders.model import LEVEL
from recsys.recommenders.parameters import at_least, unfitted
from recsys.recommenders.reasons import evidence_of_rating
from recsys.recommenders.taste_weight import learned_weight
from recsys.recommenders.training import S
from recsys.recommenders.types import (
    Evidence,
    Floats,
    Ints,
    Profiles,
    Ranking,
    Users,
    total_of,
)
from recsys.recommenders.user_groups import UserGroups, log_of

# The names of parts of a score.
USERS_PART = "what people who share the user's taste like"
ITEMS_PART = "what the user likes of films like it"
RIDGE_PART = "what goes with the films that the user rated"
STARS_PART = "how many stars the user may give it"
POPULARITY_PART = "how many people like it"

# The numbers of directions of likes, and of ratings for the regression.
N_LIKED = 30
N_RATED = 60

# The weight of the regression in scores.
RIDGE_WEIGHT = 0.5

# The parts that come from a user's own ratings count half at this many ratings.
TRUST = 10.0

# A rating counts e^(-age / 5) + .05, in proportion. The age is the number of later ratings.
AGE_SCALE, AGE_LEAST = 5.0, 0.05

# The standard deviation of ratings around predicted ratings, as a share of the scale's range. It is
# .85 of the range from .5 to 5.
DEVIATION = 0.85 / 4.5


@dataclass(frozen=True, eq=False)
class Placed:
    """The places of some users."""

    shares: sp.csr_array  # from `UserGroups.shares`
    ratings: Any  # the places in the rating model


@storage.storable
class TasteGroups(Recommender):
    """Ranks items by what users of the same taste like, and by what goes with the user's ratings.

    A user likes an item if their rating is in the upper fifth of the scale
    (:attr:`recsys.RatingScale.likes_from`). k-means groups users by their likes, and items by who
    likes or rated them, many times. Each grouping draws its own number of groups and its own
    mixture of directions. The score of an item is a sum of five parts, each times the weight w, and
    of (1 - w) log p:

    - log u. In a group of m users, of whom l like the item, a member likes it with probability
      (l + p) / (m + 1). p is the share of all users who like the item. u is the mean over all
      groupings. In each grouping the user is shared between the groups, by how probable the user's
      likes are there.
    - t log f, times ``item_weight``. Items are grouped by who likes them. Group D of item i has L_D
      likes, which is the share q_D of all likes. The item has L_i likes, and the user has l_D in
      the group. f is the mean of (l_D + 3 q_D) / L_D L_i over all groupings.
    - t r / 2. r is the standardized prediction of a ridge regression of what users rated on the
      groups of what else they rated. Items are grouped by who rated them and by genres.
    - t log P(like | predicted rating), times ``stars_weight``. Another recommender predicts the
      rating. This part is absent if the ratings are likes or counts.
    - -t log p, times ``popularity_discount``.

    Recent ratings count more: a rating after which the user gave a more counts e^(-a / 5) + .05, in
    proportion. Without times all count the same. t is n / (n + 10) for a user with n ratings,
    because few ratings tell little. Users without ratings get the items that most users like.

    The weight w, from 0 to 1, says how much taste counts beside popularity. A fit holds out likes
    of some users and finds the w that foretells them best. If users differ only by chance, w is
    about 0 and all lists show the most liked items.

    Parameters
    ----------
    n_user_groupings : int, default 60
        The number of groupings of users.
    n_item_groupings : int, default 40
        The number of groupings of items, for f and for r. With 0 the score has neither.
    item_weight : float, default 1
        The weight of log f.
    stars_weight : float, default 0.75
        The weight of log P(like | predicted rating).
    popularity_discount : float, default 0.3
        A larger one recommends items that fewer users know.
    taste_weight : float, optional
        The weight w. The default is to learn it, which takes about as long as the rest of the fit.
    rating_model : Recommender, optional
        It predicts the ratings. A fit uses an unfitted copy of it. The default is
        :class:`BoostedClusterMeans`.
    random_state : int, default 0
        The seed of all random draws.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Notes
    -----
    The regression learns from at most 1,500 users, drawn at random, because its cost grows with
    their cube. All training users are in groups and get lists.

    With ``n_item_groupings=0`` and ``stars_weight=0`` the score has two parts, log u and log p. The
    best items of a user can then be found without the scores of all items, so that lists of
    millions of users are quick.

    Examples
    --------
    >>> from recsys import BiasBaseline, TasteGroups, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = TasteGroups(n_user_groupings=5, rating_model=BiasBaseline()).fit(ratings)
    >>> model.explain(1, 2).score_parts[0].name
    "what people who share the user's taste like"
    """

    def __init__(
        self,
        *,
        n_user_groupings: int = 60,
        n_item_groupings: int = 40,
        item_weight: float = 1.0,
        stars_weight: float = 0.75,
        popularity_discount: float = 0.3,
        taste_weight: float | None = None,
        rating_model: Recommender | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_user_groupings = n_user_groupings
        self.n_item_groupings = n_item_groupings
        self.item_weight = item_weight
        self.stars_weight = stars_weight
        self.popularity_discount = popularity_discount
        self.taste_weight = taste_weight
        self.rating_model = rating_model
        self.random_state = random_state

    # Learning -----------------------------------------------------------------------------------

    _inner = "ratings"
    _groups_part = USERS_PART

    def _check_parameters(self) -> None:
        at_least(1, n_user_groupings=self.n_user_groupings)
        at_least(0, n_item_groupings=self.n_item_groupings, item_weight=self.item_weight)
        at_least(0, stars_weight=self.stars_weight, popularity_discount=self.popularity_discount)
        if self.taste_weight is not None and not 0 <= self.taste_weight <= 1:
            raise ValueError(f"taste_weight must be from 0 to 1, not {self.taste_weight!r}")

    def _learn(self) -> None:
        data = self.trained_on
        # The caller's recommender is not changed, because they may use it elsewhere.
        model = unfitted(self.rating_model or BoostedClusterMeans(random_state=self.random_state))
        self._ratings = model.fit_on(data)
        rated = data.matrix.values
        likes = self._likes_of(rated)
        rng = np.random.default_rng(self.random_state)
        by_likes = basis_of(by_activity(likes), N_LIKED, rng)
        self._user_groups = UserGroups.learned(likes, by_likes.users, self.n_user_groupings, rng)
        if self.n_item_groupings:
            n = self.n_item_groupings
            self._item_groups = ItemGroups.learned(likes, by_likes.items, n, rng)
            by_rated = basis_of(by_activity(rated), N_RATED, rng)
            weights = self._weights_of(rated)
            recent = _times(weights, _by_age(data.ages))
            genres = of_length_one(data.genres)
            self._ridge = GroupRidge.learned(weights, recent, by_rated.items, genres, n, rng)
        if self.taste_weight is None:
            self._taste_weight = learned_weight(self._with_all_taste(), data, rng)
        else:
            self._taste_weight = float(self.taste_weight)

    def _with_all_taste(self) -> "TasteGroups":
        """The same model with the weight 1 and quick predicted ratings, to learn the weight by."""
        # The learned weight must not undo the discount that a caller wants.
        plain = {"popularity_discount": 0.0, "taste_weight": 1.0, "rating_model": BiasBaseline()}
        return unfitted(self).set_params(**plain)

    def _likes_of(self, rated: sp.csr_array, by_age: Floats | None = None) -> sp.csr_array:
        """The likes among ratings, each of the weight 1 or ``by_age``."""
        is_like = self.trained_on.liked(rated.data)
        starts = np.concatenate([[0], np.cumsum(is_like)])[rated.indptr]
        values = np.ones(int(np.sum(is_like))) if by_age is None else by_age[is_like]
        return sp.csr_array((values, rated.indices[is_like], starts), shape=rated.shape)

    def _weights_of(self, rated: sp.csr_array) -> sp.csr_array:
        return weights_of(rated, self.trained_on.liked(rated.data))

    # Placing ------------------------------------------------------------------------------------

    def _place_known(self, rows: Ints) -> Placed:
        profiles = self.trained_on.profiles(rows)
        return Placed(self._shares(profiles), self._ratings._place_known(rows))

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Placed:
        shares = self._shares(Profiles(rated, ages))
        return Placed(shares, self._ratings._place_new(rated, ages))

    def _shares(self, profiles: Profiles) -> sp.csr_array:
        return self._user_groups.shares(self._likes_of(profiles.rated, _by_age(profiles.ages)))

    # Answers ------------------------------------------------------------------------------------

    def _parts(self, placed: Placed, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._ratings._parts(placed.ratings, user_index, items)

    def _interval(
        self, placed: Placed, user_index: Ints, items: Ints, level: float = LEVEL
    ) -> tuple[Floats, Floats] | None:
        return self._ratings._interval(placed.ratings, user_index, items, level)

    def _score_parts(self, users: Users) -> dict[str, Floats]:
        groups, taste = self._user_groups, self._taste_weight
        trust = self._trust(users)[:, None]
        parts = {USERS_PART: taste * log_of(groups.probabilities(users.placed.shares))}
        if self.n_item_groupings:
            by_age = _by_age(users.ages)
            likes = self._likes_of(users.rated, by_age)
            liked = log_of(self._item_groups.expected_likes(likes))
            parts[ITEMS_PART] = self.item_weight * trust * liked
            recent = _times(self._weights_of(users.rated), by_age)
            parts[RIDGE_PART] = RIDGE_WEIGHT * trust * self._ridge.scores(recent)
        if self._uses_stars:
            parts[STARS_PART] = self.stars_weight * trust * self._log_probability(users)
        popular = self._popularity_weights(users)[:, None]
        parts[POPULARITY_PART] = popular * log_of(groups.popularity)
        return parts

    @property
    def _uses_stars(self) -> bool:
        return self.stars_weight > 0 and self.trained_on.scale.predicts

    def _trust(self, users: Users) -> Floats:
        """(n_users,): how much the parts that come from a user's own ratings count."""
        n_ratings = np.diff(users.rated.indptr)
        return self._taste_weight * n_ratings / (n_ratings + TRUST)

    def _popularity_weights(self, users: Users) -> Floats:
        """(n_users,): the weight of log p."""
        return 1.0 - self._taste_weight - self.popularity_discount * self._trust(users)

    @property
    def _is_of_groups_alone(self) -> bool:
        """Whether the parts of the score are log u and log p."""
        return not self.n_item_groupings and not self._uses_stars

    def _best(
        self, users: Users, n: int, exclude_rated: bool, eligible: Mask
    ) -> list[Ranking] | None:
        if not self._is_of_groups_alone:
            return None
        return ranked(
            self._user_groups,
            self._user_groups.weights(users.placed.shares),
            users,
            self._taste_weight,
            self._popularity_weights(users),
            eligible,
            self.trained_on.n_ratings,
            exclude_rated,
            n,
        )

    def _blocks(self, users: S) -> Iterator[S]:
        return together(users) if self._is_of_groups_alone else super()._blocks(users)

    def _log_probability(self, users: Users) -> Floats:
        """(n_users, n_items): log P(like | rated), given the predicted rating."""
        user_index, items = np.arange(len(users))[:, None], np.arange(self.trained_on.n_items)[None]
        scale = self.trained_on.scale
        stars = total_of(self._parts(users.placed, user_index, items))
        deviation = DEVIATION * (scale.largest - scale.smallest)
        found: Floats = log_ndtr((stars - _between(scale)) / deviation)
        return found

    def _recommendable(self, users: Users) -> Mask:
        # Items without likes are not recommended.
        return self._user_groups.popularity[None, :] > 0

    def _evidence(self, part: str, case: Case, users: Users, user: int) -> Evidence | None:
        if part == USERS_PART:
            groups = self._user_groups.heaviest(users.placed.shares, user)
            return of_likes(case, self._user_groups.labels, groups)
        if part == STARS_PART:
            of_ratings = replace(users, placed=users.placed.ratings)
            return evidence_of_rating(self._ratings, case, of_ratings, user)
        return super()._evidence(part, case, users, user)

    def _only_groups(self) -> OnlyGroups | None:
        data, groups = self.trained_on, self._user_groups
        stars_tell = self._uses_stars and not self._ratings._tells_nothing
        if self.n_item_groupings or stars_tell:
            return None
        sizes, rated = groups.sizes[:-1].astype(np.int64), data.matrix.values
        tables = GroupTables(groups.labels, rated, sizes, groups.places, groups.tiles)
        return OnlyGroups(
            USERS_PART, tables, lambda users: groups.heaviest_of_all(users.placed.shares)
        )

    def _lifts_of_films(self, case: Case) -> dict[str, Floats]:
        if not (self.n_item_groupings and len(case.mine)):
            return {}
        weights = _by_age(case.my_like_ages)
        of_items = self._item_groups.contributions(case.item, case.my_likes, weights)
        of_ridge = LIKED * weights * self._ridge.contributions(case.item, case.my_likes)
        trust = self._taste_weight * len(case.mine) / (len(case.mine) + TRUST)
        return {
            ITEMS_PART: self.item_weight * trust * of_items,
            RIDGE_PART: RIDGE_WEIGHT * trust * of_ridge,
        }

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        arrays = npz.prefixed("users", self._user_groups.arrays())
        arrays["taste_weight"] = np.array(self._taste_weight)
        if self.n_item_groupings:
            arrays["items"] = self._item_groups.labels
            arrays |= npz.prefixed("ridge", self._ridge.arrays())
        return arrays

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        n = self.n_item_groupings
        forms = npz.prefixed("users", UserGroups.forms(self.n_user_groupings))
        forms["taste_weight"] = real(least=0.0, most=1.0)
        if n:
            forms["items"] = natural(n, "n_items", below="n_items")
            forms |= npz.prefixed("ridge", GroupRidge.forms(n))
        return forms

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        rated = self.trained_on.matrix.values
        self._taste_weight = float(arrays["taste_weight"])
        of_users = npz.without("users", arrays)
        self._user_groups = UserGroups.of_arrays(of_users, self._likes_of(rated))
        if self.n_item_groupings:
            self._item_groups = ItemGroups.of(self._likes_of(rated), arrays["items"])
            of_ridge = npz.without("ridge", arrays)
            self._ridge = GroupRidge.of_arrays(of_ridge, self._weights_of(rated))


def _by_age(ages: Ages) -> Floats:
    """What ratings count by their ages: 1 at the age 0, and less if the user rated more later.

    Examples
    --------
    >>> _by_age(np.array([0, 5, 100])).round(3).tolist()
    [1.0, 0.398, 0.048]
    """
    weights: Floats = (np.exp(-ages / AGE_SCALE) + AGE_LEAST) / (1.0 + AGE_LEAST)
    return weights


def _times(weights: sp.csr_array, factors: Floats) -> sp.csr_array:
    """Multiply the stored values by factors."""
    product = (weights.data * factors, weights.indices, weights.indptr)
    return sp.csr_array(product, shape=weights.shape)


def _between(scale: RatingScale) -> float:
    """The number halfway between the largest rating that is no like and the smallest like."""
    if scale.step == 0:
        return scale.likes_from
    steps = np.ceil((scale.likes_from - scale.smallest) / scale.step - 1e-9)
    return float(scale.smallest + (steps - 0.5) * scale.step)
