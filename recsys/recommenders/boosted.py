"""BoostedClusterMeans: adds up small parts of a predicted rating from many clusterings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain as chained
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import biases, film_prior, npz, storage
from recsys.recommenders.base import Recommender
from recsys.recommenders.biases import Biases
from recsys.recommenders.embeddings import (
    Basis,
    Floats32,
    basis_of,
    by_activity_and_popularity,
    of_length_one,
    random_mixture,
)
from recsys.recommenders.explanations import by_weight, of_everyone, of_group
from recsys.recommenders.forms import Form, natural, real32
from recsys.recommenders.parameters import at_least
from recsys.recommenders.stages import (
    Cells,
    ItemStage,
    Stage,
    UserStage,
    item_stage,
    item_stage_labels,
    n_groups_of,
    user_stage,
)
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Evidence, Floats, Ints, Users, total_of

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

BLOCK_SHARE = 0.
USER_CYCLE = 1
BLOCK_GROUPS = (4,256)
RES=0; RP=.5; RQ=.5; RL=0; RIT=0; RW=0
USER_WATCHED = .6
LOO_U = LOO_I = 0
STATS_SHARE = 0.25
STATS_WEIGHT = np.float32(1.0)

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
    >>> abs(sum(part.rating for part in prediction.parts) - prediction.rating) < 1e-9
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
        watched = by_activity_and_popularity(rated, self.trained_on.n_ratings)
        rng = np.random.default_rng(self.random_state)
        basis = basis_of(watched, N_BASIS, rng)
        self._item_directions = basis.item_directions
        self._years = film_prior.years_of(self.trained_on)
        groupings = film_prior.grouped_films(self.trained_on, basis, self._years, rng)
        self._biases = film_prior.biases_with_prior(rated, groupings)
        self._chains = tuple(
            self._chain(basis, np.random.default_rng([self.random_state, chain]))
            for chain in range(self.n_chains)
        )

    def _chain(self, basis: Basis, rng: np.random.Generator) -> tuple[Stage, ...]:
        cells = self._cells(self.trained_on.matrix.values, self._biases.user_biases)
        return tuple(self._stage(cells, basis, rng, number) for number in range(self.n_stages))

    def _cells(self, rated: sp.csr_array, user_biases: Floats) -> Cells:
        residuals = self._biases.residuals(rated, user_biases)
        if LOO_U:
            n = np.diff(rated.indptr)
            f = (n+LOO_U)/(n-1+LOO_U)
            residuals *= f[user_index_of(rated)]
        if LOO_I and rated is self.trained_on.matrix.values:
            n = self.trained_on.n_ratings
            f = (n+LOO_I)/(n-1+LOO_I)
            residuals *= f[rated.indices]
        return Cells(rated, user_index_of(rated), residuals, self.damping, self.learning_rate)

    def _stage(self, cells: Cells, basis: Basis, rng: np.random.Generator, number: int) -> Stage:
        of_users = number % STAGES_A_CYCLE < USER_CYCLE
        by_residuals = bool(rng.random() >= (WATCHED_SHARE if not of_users else USER_WATCHED))
        n_rows = cells.rated.shape[0 if of_users else 1]
        n_groups = n_groups_of(USER_GROUPS if of_users else ITEM_GROUPS, n_rows, rng)
        if not of_users and rng.random() < STATS_SHARE:
            return item_stage(cells, self._by_stats(basis, rng), n_groups, rng)
        if not of_users and rng.random() < GENRES_SHARE and np.any(self.trained_on.genres):
            return item_stage(cells, self._by_genre(basis, rng), n_groups, rng)
        if by_residuals:
            if RES and not of_users:
                nu = np.diff(cells.rated.indptr); ni = self.trained_on.n_ratings
                m = sp.csr_array((cells.residuals / ((nu[cells.user_index]+RES)**RP * (ni[cells.items]+RES)**RQ), cells.rated.indices, cells.rated.indptr), shape=cells.rated.shape)
                proj = m @ (m.T @ rng.normal(size=(m.shape[0], N_COMPONENTS)))
                for _ in range(RIT): proj = m @ (m.T @ np.linalg.qr(proj)[0])
                proj = np.linalg.qr(proj)[0]
                features = (m.T @ proj)
                features = (features / features.std()).astype(np.float32)
                if RL: features = of_length_one(features)
                if RW: features = np.hstack([RW*features, random_mixture(basis.items, N_COMPONENTS, rng)[0]])
                return item_stage(cells, features, n_groups, rng)
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
        fl = None
        if rng.random() < BLOCK_SHARE:
            fl = item_stage_labels(random_mixture(basis.items, N_COMPONENTS, rng)[0] if rng.random()<.5 else self._by_stats(basis, rng), n_groups_of(BLOCK_GROUPS, cells.rated.shape[1], rng), rng)
        return user_stage(cells, features, projection, n_groups, rng, by_residuals=by_residuals, fl=fl)

    def _by_genre(self, basis: Basis, rng: np.random.Generator) -> Floats32:
        """Features of items: one half from who rated them, the other half from their genres."""
        sides = (basis.items, of_length_one(self.trained_on.genres))
        return np.hstack([random_mixture(side, N_COMPONENTS, rng)[0] for side in sides])

    def _by_stats(self, basis: Basis, rng: np.random.Generator) -> Floats32:
        popularity = np.log1p(self.trained_on.n_ratings.astype(np.float64))
        stats = [film_prior.standardized(x) for x in (self._biases.item_biases[:-1], popularity)]
        return np.hstack([STATS_WEIGHT * np.hstack([*stats, self._years]), random_mixture(basis.items, N_COMPONENTS, rng)[0]])

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

    def _place_new(self, rated: sp.csr_array) -> Placed:
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
            "what people like the user think of it": of_users / len(self._chains),
            "what the user thinks of films like it": of_items / len(self._chains),
        }

    def _scores(self, users: Users) -> Floats:
        user_index = np.arange(len(users))[:, None]
        items = np.arange(self.trained_on.n_items)[None, :]
        return total_of(self._parts(users.placed, user_index, items))

    def _evidence(self, users: Users, user: int, item: int) -> Evidence:
        """The evidence of the group that adds most to the item, over all user stages."""
        # Groups are numbered through all stages.
        voices, first = [], 0
        for stage, known in zip(self._stages, users.placed.stages, strict=True):
            if isinstance(stage, UserStage):
                group = int(known[user])
                if adds := float(stage.adds[group, item]):
                    voices.append((adds, stage, group, first + group))
                first += len(stage.centers)
        if not voices:
            return of_everyone(self.trained_on, item)
        _, stage, group, cluster = max(voices, key=lambda voice: voice[0])
        rated = users.rated[[user]]
        mine = rated.indices[self.trained_on.liked(rated.data)]
        distinctive = by_weight(mine, stage.adds[group, mine])
        return of_group(self.trained_on, item, stage.labels == group, cluster, distinctive)

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
