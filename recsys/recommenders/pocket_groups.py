"""PocketGroups: ranks items by likes alone, and is so small that a page can carry it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.data.ids import Ids
from recsys.recommenders import biases, npz, packing, storage
from recsys.recommenders.ages import Ages, no_ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.biases import Biases
from recsys.recommenders.case import Case, Mask
from recsys.recommenders.embeddings import basis_of, by_activity
from recsys.recommenders.explanations import FEWEST_RATINGS, of_everyone, of_film, of_likes
from recsys.recommenders.forms import Form, natural, real
from recsys.recommenders.like_ridge import LikeRidge
from recsys.recommenders.parameters import at_least, unfitted
from recsys.recommenders.taste_groups import (
    N_LIKED,
    POPULARITY_PART,
    RIDGE_PART,
    TRUST,
    USERS_PART,
)
from recsys.recommenders.taste_weight import learned_weight
from recsys.recommenders.types import Evidence, Floats, Ints, Users
from recsys.recommenders.user_groups import UserGroups, log_of

# The weight of the regression in scores.
RIDGE_WEIGHT = 0.4

# Parts of scores are rounded to this many decimals, so that the script of a page, whose logarithms
# may have other last bits, decides ties in the same way.
DECIMALS = 9


@dataclass(frozen=True, eq=False)
class Placed:
    """The places of some users."""

    shares: sp.csr_array  # from `UserGroups.shares`
    given: sp.csr_array  # (n_users, n_kept_items): the weights of the items that they rated
    biases: Floats  # (n_users,)


@storage.storable
class PocketGroups(Recommender):
    """Ranks items by likes alone, and is so small that a page can carry it.

    A user likes an item if their rating is in the upper fifth of the scale
    (:attr:`recsys.RatingScale.likes_from`). The model keeps who likes what, and which group each
    user is in. It counts everything else again. The score of an item is a sum of three parts:

    - w log u. u is the probability that users of the user's groups like the item, as in
      :class:`TasteGroups`. There are fewer groupings.
    - 0.4 w t r. r is the prediction of a ridge regression of what people like on what they rated,
      less the user's mean over all items, over the user's spread. A rating counts 0 at the lower
      end of the scale and 1 at the upper end. t is n / (n + 10) for a user with n ratings.
    - (1 - w) log p. p is the share of all users who like the item.

    The weight w, from 0 to 1, says how much taste counts beside popularity. A fit learns it, as
    that of :class:`TasteGroups`. It is 0 unless held-out likes show clearly that taste counts, and
    then all lists show the items that most users like. So do those of users without ratings. The
    order of ratings in time does not matter. Ratings are predicted as :class:`BiasBaseline` does.

    Parameters
    ----------
    n_groupings : int, default 12
        The number of groupings of users.
    taste_weight : float, optional
        The weight w. The default is to learn it.
    max_users : int, default 2000
        Keep at most this many users, drawn at random. The others have lists too, but nothing is
        learned from them, and reasons do not count them.
    max_items : int, default 10000
        Keep at most this many items, those that most of the kept users like. The others are not
        recommended.
    random_state : int, default 0
        The seed of all random draws.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Examples
    --------
    >>> from recsys import PocketGroups, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = PocketGroups(n_groupings=5).fit(ratings)
    >>> for part in model.explain(1, 2).score_parts:
    ...     print(part.name)
    what people who share the user's taste like
    what goes with the films that the user rated
    how many people like it
    >>> packed = model.packed()
    >>> packed["n_users"], len(packed["titles"]) == len(model.packed_ids)
    (40, True)
    """

    def __init__(
        self,
        *,
        n_groupings: int = 12,
        taste_weight: float | None = None,
        max_users: int = 2000,
        max_items: int = 10000,
        random_state: int = 0,
    ) -> None:
        self.n_groupings = n_groupings
        self.taste_weight = taste_weight
        self.max_users = max_users
        self.max_items = max_items
        self.random_state = random_state

    # A page -------------------------------------------------------------------------------------

    def packed(self) -> dict[str, Any]:
        """Pack the model into numbers and text for a page, which ``pocket.js`` reads.

        Returns
        -------
        dict
            Its values are numbers, text, lists and dicts, so ``json.dumps`` writes it. It holds no
            ids: it has rows of likes of nameless users. Films that no kept user likes are left
            out, because they are never recommended. ``recsys.recommenders.packing`` describes each
            field.
        """
        self._check_fitted()
        return packing.packed(self._kept, self._user_groups, self._taste_weight, self.trained_on)

    @property
    def packed_ids(self) -> Ids:
        """(n_packed,): the ids of the films of :meth:`packed`, in the order of their titles."""
        self._check_fitted()
        return self._kept.matrix.movie_ids[packing.packed_columns(self._kept)]

    # Learning -----------------------------------------------------------------------------------

    def _check_parameters(self) -> None:
        at_least(1, n_groupings=self.n_groupings)
        # A reason would call one of two kept users the only other user.
        at_least(3, max_users=self.max_users)
        at_least(1, max_items=self.max_items)
        if self.taste_weight is not None and not 0 <= self.taste_weight <= 1:
            raise ValueError(f"taste_weight must be from 0 to 1, not {self.taste_weight!r}")

    def _learn(self) -> None:
        data, rng = self.trained_on, np.random.default_rng(self.random_state)
        self._biases = Biases.learned(data.matrix.values)
        rows = np.sort(rng.permutation(data.n_users)[: self.max_users])
        of_rows = data if len(rows) == data.n_users else data.among(rows, np.arange(data.n_items))
        most_liked = np.argsort(-of_rows.n_likes, kind="stable")[: self.max_items]
        self._keep(rows, np.sort(most_liked))
        likes = self._likes_of(self._kept.matrix.values)
        users = basis_of(by_activity(likes), N_LIKED, rng).users
        self._user_groups = UserGroups.learned(likes, users, self.n_groupings, rng)
        self._ridge = LikeRidge.learned(likes)
        if self.taste_weight is None:
            with_all_taste = unfitted(self).set_params(taste_weight=1.0)
            self._taste_weight = learned_weight(with_all_taste, self._kept, rng, unless_clear=0.0)
        else:
            self._taste_weight = float(self.taste_weight)

    def _keep(self, rows: Ints, columns: Ints) -> None:
        """Keep users and items, given their rows and columns, which ascend."""
        data = self.trained_on
        self._rows, self._columns = rows, columns
        everything = (len(rows), len(columns)) == (data.n_users, data.n_items)
        self._kept = data if everything else data.among(rows, columns)
        self._n_ratings, self._n_likes = np.zeros((2, data.n_items), dtype=np.int64)
        self._n_ratings[columns], self._n_likes[columns] = self._kept.n_ratings, self._kept.n_likes

    def _likes_of(self, rated: sp.csr_array) -> sp.csr_array:
        """The likes among ratings, each with the value 1."""
        is_like = self.trained_on.liked(rated.data)
        starts = np.concatenate([[0], np.cumsum(is_like)])[rated.indptr]
        ones = np.ones(int(np.sum(is_like)))
        return sp.csr_array((ones, rated.indices[is_like], starts), shape=rated.shape)

    # Placing ------------------------------------------------------------------------------------

    def _place_known(self, rows: Ints) -> Placed:
        rated = self.trained_on.matrix.values[rows]
        return self._placed(sp.csr_array(rated), self._biases.user_biases[rows])

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Placed:
        return self._placed(rated, self._biases.biases_of_users(rated))

    def _placed(self, rated: sp.csr_array, user_biases: Floats) -> Placed:
        kept = self._of_kept(rated)
        weights = self._weights_of(kept.data)
        given = sp.csr_array((weights, kept.indices, kept.indptr), shape=kept.shape)
        return Placed(self._user_groups.shares(self._likes_of(kept)), given, user_biases)

    def _weights_of(self, ratings: Floats) -> Floats:
        """What ratings count in the regression: 0 at the lower end of the scale, 1 at the upper."""
        scale = self.trained_on.scale
        return (ratings - scale.smallest) / (scale.largest - scale.smallest)

    def _of_kept(self, rated: sp.csr_array) -> sp.csr_array:
        """The ratings of kept items, with the columns of ``self._kept``."""
        if self._kept is self.trained_on:
            return rated
        kept = sp.csr_array(rated[:, self._columns])
        kept.sort_indices()
        return kept

    # Answers ------------------------------------------------------------------------------------

    def _parts(self, placed: Placed, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._biases.parts(placed.biases, user_index, items)

    def _score_parts(self, users: Users) -> dict[str, Floats]:
        groups, taste = self._user_groups, self._taste_weight
        n_ratings = np.diff(users.rated.indptr)[:, None]
        trust = n_ratings / (n_ratings + TRUST)
        popular = np.broadcast_to(log_of(groups.popularity), users.placed.given.shape)
        parts = {
            USERS_PART: taste * log_of(groups.probabilities(users.placed.shares)),
            RIDGE_PART: RIDGE_WEIGHT * taste * trust * self._ridge.scores(users.placed.given),
            POPULARITY_PART: (1.0 - taste) * popular,
        }
        return {name: self._of_all_items(part) for name, part in parts.items()}

    def _of_all_items(self, of_kept: Floats) -> Floats:
        """(n_users, n_items): rounded numbers of kept items, and 0 for the others."""
        found = np.zeros((len(of_kept), self.trained_on.n_items))
        found[:, self._columns] = np.round(of_kept, DECIMALS)
        return found

    def _recommendable(self, users: Users) -> Mask:
        # Items without likes are not recommended.
        return self._n_likes[None, :] > 0

    def _standing(self, users: Users, user: int) -> npt.NDArray[Any]:
        return self._n_ratings

    # Reasons ------------------------------------------------------------------------------------

    def _evidence(self, part: str, case: Case, users: Users, user: int) -> Evidence | None:
        kept = self._kept_case(case, users, user)
        found = None
        if kept is not None and part == USERS_PART:
            groups = self._user_groups.heaviest(users.placed.shares, user)
            labels = self._user_groups.labels
            found = of_likes(kept, labels, groups, fewest_likes=FEWEST_RATINGS)
        elif kept is not None and part == RIDGE_PART:
            found = of_film(kept, self._lifting(kept), fewest_likes=FEWEST_RATINGS)
        return None if found is None else self._among_how_many(found)

    def _lifting(self, case: Case) -> Ints:
        """The user's likes that lift the item, the one that adds most first."""
        weights = self._weights_of(case.my_ratings[case.data.liked(case.my_ratings)])
        adds = np.round(weights * self._ridge.contributions(case.item, case.my_likes), DECIMALS)
        order = np.argsort(-adds, kind="stable")
        return case.my_likes[order[adds[order] > 0]]

    def _plain_evidence(self, case: Case, users: Users, user: int) -> Evidence:
        kept = self._kept_case(case, users, user)
        return of_everyone(case) if kept is None else self._among_how_many(of_everyone(kept))

    def _kept_case(self, case: Case, users: Users, user: int) -> Case | None:
        """The case among the kept users and items, or None if the item is not kept."""
        if self._kept is self.trained_on:
            return case
        column = int(np.searchsorted(self._columns, case.item))
        if column == len(self._columns) or self._columns[column] != case.item:
            return None
        rated = self._of_kept(sp.csr_array(users.rated[[user]]))
        place = np.flatnonzero(self._rows == case.row)
        row = place if len(place) else np.array([-1])
        return Case.of(self._kept, Users(rated, no_ages(rated.nnz), None, row), 0, column)

    def _among_how_many(self, evidence: Evidence) -> Evidence:
        """Say among how many users the reason counts, if not among all of them."""
        counted = packing.among_how_many(self._kept.n_users, self.trained_on.n_users)
        return replace(evidence, reason=evidence.reason + counted)

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "rows": self._rows,
            "columns": self._columns,
            "taste_weight": np.array(self._taste_weight),
            "inverse": self._ridge.inverse,
            **npz.prefixed("groups", self._user_groups.arrays()),
            **npz.prefixed("biases", self._biases.arrays()),
        }

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        return {
            "rows": natural("n_kept_users", below="n_users"),
            "columns": natural("n_kept_items", below="n_items"),
            "taste_weight": real(least=0.0, most=1.0),
            "inverse": real("n_kept_users", "n_kept_users"),
            **npz.prefixed("groups", UserGroups.forms(self.n_groupings, "n_kept_users")),
            **npz.prefixed("biases", biases.FORMS),
        }

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        for name in ("rows", "columns"):
            if np.any(np.diff(arrays[name]) <= 0):
                raise ValueError(f"{name} do not ascend")
        self._keep(arrays["rows"], arrays["columns"])
        likes = self._likes_of(self._kept.matrix.values)
        self._user_groups = UserGroups.of_arrays(npz.without("groups", arrays), likes)
        self._ridge = LikeRidge(likes, arrays["inverse"])
        self._taste_weight = float(arrays["taste_weight"])
        self._biases = Biases.of_arrays(npz.without("biases", arrays))
