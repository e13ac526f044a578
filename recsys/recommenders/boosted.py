"""BoostedClusterMeans: adds up small parts of a predicted rating from many clusterings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain as chained
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import biases, npz, storage
from recsys.recommenders.ages import Ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.biases import FILM_PART, Biases
from recsys.recommenders.case import Case
from recsys.recommenders.embeddings import (
    Basis,
    Floats32,
    basis_of,
    by_activity_and_popularity,
    of_length_one,
    random_mixture,
)
from recsys.recommenders.explanations import of_means, of_own_ratings, of_quality
from recsys.recommenders.forms import Form, natural, real32
from recsys.recommenders.parameters import at_least
from recsys.recommenders.stages import (
    Cells,
    ItemStage,
    Stage,
    UserStage,
    item_stage,
    n_groups_of,
    user_stage,
)
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Evidence, Floats, Ints, Users

# The least and the greatest number of groups of a stage.
USER_GROUPS = (2, 64)
ITEM_GROUPS = (4, 256)

# k-means clusters this many random mixtures of the directions of a basis.
N_COMPONENTS = 20
N_BASIS = 32

# One stage in five groups users. The others group items.
STAGES_A_CYCLE = 5

# This share of the stages groups by who rated what. The others group by residuals.
WATCHED_SHARE = 0.6

# This share of the item stages groups by genres and by who rated what.
GENRES_SHARE = 0.5

# The names of parts of a predicted rating.
USERS_PART = "what people like the user think of it"
ITEMS_PART = "what the user thinks of films like it"

# A kind of stages.
S = TypeVar("S", UserStage, ItemStage)

# A file holds no arrays of chains without stages. It may name at most this many of them.
SPARE_STAGES = 10_000


@dataclass(frozen=True, eq=False)
class Placed:
    """The places of some users."""

    user_biases: Floats  # (n_users,)
    stages: tuple[npt.NDArray[Any], ...]  # of each stage of each chain, from its `place`


@storage.storable
class BoostedClusterMeans(Recommender):
    """Predicts biases plus small parts of the means of many groups of users and of items.

    Each stage groups users or items by k-means. It then adds damped means of the residuals, times a
    learning rate. One stage in five groups users and adds the mean of the group for an item (users
    like you rate it higher). The other stages group items and add the mean of the user for the
    group (you rate items like it higher). Groups come from who rated what, from the residuals, or,
    in half of the item stages, from who rated what and from genres. Each stage draws its number of
    groups and a random mixture of directions. One clustering is rough, but their sum is not. The
    predictions of several chains are averaged.

    It is gradient boosting (Friedman 2001, Greedy Function Approximation, algorithm 1) with
    clusters as base learners. The difference is that each mean leaves out the rating that it
    explains. Items are ranked by predicted rating.

    Parameters
    ----------
    n_chains : int, default 2
        The number of chains that are averaged.
    n_stages : int, default 100
        The number of stages of each chain.
    learning_rate : float, default 0.15
        The share of a mean that a stage adds.
    damping : float, default 20
        A mean counts as if it had this many more residuals of 0.
    random_state : int, default 0
        The seed of all random draws.

    Attributes
    ----------
    trained_on : TrainingData
        The ratings of the last fit.

    Notes
    -----
    A fitted model keeps about 220 bytes for each user and stage, and 25 for each item and stage.
    With 200 stages this is 70 MB for 671 users and 9,000 items, and 7 GB for 162,000 users. Fewer
    chains or stages take less.

    Examples
    --------
    >>> from recsys import BoostedClusterMeans, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = BoostedClusterMeans(n_chains=1, n_stages=6).fit(ratings)
    >>> prediction = model.explain(1, 2)
    >>> abs(sum(part.value for part in prediction.parts) - prediction.rating) < 1e-9
    True
    >>> model.predict(movie_ids=[2, 3], ratings={1: 5.0}).shape
    (2,)
    """

    def __init__(
        self,
        *,
        n_chains: int = 2,
        n_stages: int = 100,
        learning_rate: float = 0.15,
        damping: float = 20.0,
        random_state: int = 0,
    ) -> None:
        self.n_chains = n_chains
        self.n_stages = n_stages
        self.learning_rate = learning_rate
        self.damping = damping
        self.random_state = random_state

    # Learning -----------------------------------------------------------------------------------

    def _check_parameters(self) -> None:
        at_least(1, n_chains=self.n_chains)
        at_least(0, n_stages=self.n_stages, learning_rate=self.learning_rate)
        at_least(1e-6, damping=self.damping)

    def _learn(self) -> None:
        rated = self.trained_on.matrix.values
        self._biases = Biases.learned(rated)
        watched = by_activity_and_popularity(rated, self.trained_on.n_ratings)
        rng = np.random.default_rng(self.random_state)
        basis = basis_of(watched, N_BASIS, rng)
        self._item_directions = basis.item_directions
        self._chains = tuple(
            self._chain(basis, np.random.default_rng([self.random_state, chain]))
            for chain in range(self.n_chains)
        )

    def _chain(self, basis: Basis, rng: np.random.Generator) -> tuple[Stage, ...]:
        cells = self._cells(self.trained_on.matrix.values, self._biases.user_biases)
        return tuple(self._stage(cells, basis, rng, number) for number in range(self.n_stages))

    def _cells(self, rated: sp.csr_array, user_biases: Floats) -> Cells:
        residuals = self._biases.residuals(rated, user_biases)
        return Cells(rated, user_index_of(rated), residuals, self.damping, self.learning_rate)

    def _stage(self, cells: Cells, basis: Basis, rng: np.random.Generator, number: int) -> Stage:
        of_users = number % STAGES_A_CYCLE == 0
        by_residuals = bool(rng.random() >= WATCHED_SHARE)
        n_rows = cells.rated.shape[0 if of_users else 1]
        n_groups = n_groups_of(USER_GROUPS if of_users else ITEM_GROUPS, n_rows, rng)
        if not of_users and rng.random() < GENRES_SHARE and np.any(self.trained_on.genres):
            return item_stage(cells, self._by_genre(basis, rng), n_groups, rng)
        if by_residuals:
            # The features are random projections of the rows, with one power iteration.
            matrix: Any = cells.residual_matrix()
            matrix = matrix if of_users else matrix.T.tocsr()
            projection = matrix @ rng.normal(size=(matrix.shape[1], N_COMPONENTS))
            projection = matrix.T @ projection
            projection = (projection / max(1e-300, np.max(np.abs(projection)))).astype(np.float32)
            features = (matrix @ projection).astype(np.float32)
        else:
            whole = basis.users if of_users else basis.items
            features, projection = random_mixture(whole, N_COMPONENTS, rng)
        if not of_users:
            return item_stage(cells, features, n_groups, rng)
        return user_stage(cells, features, projection, n_groups, rng, by_residuals=by_residuals)

    def _by_genre(self, basis: Basis, rng: np.random.Generator) -> Floats32:
        """Features of items: one half from who rated them, the other half from their genres."""
        sides = (basis.items, of_length_one(self.trained_on.genres))
        return np.hstack([random_mixture(side, N_COMPONENTS, rng)[0] for side in sides])

    @property
    def _stages(self) -> tuple[Stage, ...]:
        """The stages of all chains."""
        return tuple(chained.from_iterable(self._chains))

    # Placing ------------------------------------------------------------------------------------

    def _place_known(self, rows: Ints) -> Placed:
        return Placed(
            self._biases.user_biases[rows],
            tuple(stage.of_training(rows) for stage in self._stages),
        )

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Placed:
        user_biases = self._biases.biases_of_users(rated)
        weights = by_activity_and_popularity(rated, self.trained_on.n_ratings)
        watched = (weights @ self._item_directions).astype(np.float32)
        stages: list[npt.NDArray[Any]] = []
        for chain in self._chains:
            cells = self._cells(rated, user_biases)
            stages += [stage.place(cells, watched) for stage in chain]
        return Placed(user_biases, tuple(stages))

    # Answers ------------------------------------------------------------------------------------

    def _parts(self, placed: Placed, user_index: Ints, items: Ints) -> dict[str, Floats]:
        shape = np.broadcast(user_index, items).shape
        of_users, of_items = np.zeros(shape), np.zeros(shape)
        for stage, known in zip(self._stages, placed.stages, strict=True):
            total = of_users if isinstance(stage, UserStage) else of_items
            total += stage.part(known, user_index, items)
        return self._biases.parts(placed.user_biases, user_index, items) | {
            USERS_PART: of_users / len(self._chains),
            ITEMS_PART: of_items / len(self._chains),
        }

    def _evidence(self, part: str, case: Case, users: Users, user: int) -> Evidence | None:
        placed = users.placed.stages
        if part == FILM_PART:
            return of_quality(case)
        if part == USERS_PART:
            of_users = self._strongest(UserStage, placed, user, case.item)
            return of_means(case, (s.labels == placed[n][user] for n, s in of_users))
        if part == ITEMS_PART:
            of_items = self._strongest(ItemStage, placed, user, case.item)
            like_it = (s.labels[case.mine] == s.labels[case.item] for _, s in of_items)
            return of_own_ratings(case, like_it)
        return None

    def _strongest(
        self, kind: type[S], placed: Sequence[Any], user: int, item: int
    ) -> list[tuple[int, S]]:
        """The stages of a kind that lift an item, with their numbers; the strongest first."""
        stages = [(n, stage) for n, stage in enumerate(self._stages) if isinstance(stage, kind)]
        pair = np.array([user]), np.array([item])
        adds = [float(stage.part(placed[n], *pair)[0]) for n, stage in stages]
        order = sorted(range(len(stages)), key=lambda place: -adds[place])
        return [stages[place] for place in order if adds[place] > 0]

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        arrays: dict[str, npt.NDArray[Any]] = {
            "item_directions": self._item_directions,
            "shape": np.array([len(self._chains), len(self._chains[0])]),
        }
        arrays |= npz.prefixed("biases", self._biases.arrays())
        for c, chain in enumerate(self._chains):
            for s, stage in enumerate(chain):
                stored = {name: np.asarray(value) for name, value in vars(stage).items()}
                arrays |= npz.prefixed(f"{c}/{s}", stored)
        return arrays

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        if self.n_chains * max(1, self.n_stages) > len(names) + SPARE_STAGES:
            raise ValueError(f"it does not hold {self.n_chains:,} x {self.n_stages:,} stages")
        forms = {"item_directions": real32("n_items", "n_basis"), "shape": natural(2)}
        forms |= npz.prefixed("biases", biases.FORMS)
        for c in range(self.n_chains):
            for s in range(self.n_stages):
                start = f"{c}/{s}"
                forms |= npz.prefixed(start, _kind(start, names).forms(start))
        return forms

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        if arrays["shape"].tolist() != [self.n_chains, self.n_stages]:
            raise ValueError(f"shape is not {self.n_chains} chains of {self.n_stages} stages")
        self._item_directions = arrays["item_directions"]
        self._biases = Biases.of_arrays(npz.without("biases", arrays))
        self._chains = tuple(
            tuple(self._stage_of(arrays, f"{c}/{s}") for s in range(self.n_stages))
            for c in range(self.n_chains)
        )

    def _stage_of(self, arrays: Mapping[str, Any], start: str) -> Stage:
        kind = _kind(start, arrays)
        stage = kind(**{name: arrays[f"{start}/{name}"] for name in kind.forms(start)})
        stage.check(self.trained_on.n_items, self._item_directions.shape[1])
        return stage


def _kind(start: str, names: Collection[str]) -> type[Stage]:
    return UserStage if f"{start}/centers" in names else ItemStage
