"""BoostedClusterMeans: adds up small parts of a predicted rating from many clusterings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain as chained
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import biases, npz, storage
from recsys.recommenders.base import Recommender
from recsys.recommenders.biases import Biases
from recsys.recommenders.chains import Chain
from recsys.recommenders.embeddings import basis_of, by_activity_and_popularity
from recsys.recommenders.explanations import by_weight, of_everyone, of_group
from recsys.recommenders.film_features import FilmFeatures
from recsys.recommenders.film_prior import biases_with_prior, grouped_films
from recsys.recommenders.forms import Form, natural, real32
from recsys.recommenders.parameters import at_least
from recsys.recommenders.stages import Cells, ItemStage, Stage, UserStage
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Evidence, Floats, Ints, Users, total_of

# The main directions of who rated what.
N_BASIS = 32

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
    n_chains : int, default 4
        The number of chains that are averaged.
    n_stages : int, default 75
        The number of stages of each chain.
    learning_rate : float, default 0.2
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
        n_chains: int = 4,
        n_stages: int = 75,
        learning_rate: float = 0.2,
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
        data = self.trained_on
        rated = data.matrix.values
        rng = np.random.default_rng(self.random_state)
        basis = basis_of(by_activity_and_popularity(rated, data.n_ratings), N_BASIS, rng)
        self._item_directions = basis.item_directions
        films = FilmFeatures.of(data, basis)
        self._biases = biases_with_prior(rated, grouped_films(films, rng))
        film_biases = np.delete(self._biases.item_biases, data.n_items)
        chains = []
        for number in range(self.n_chains):
            cells = self._cells(rated, self._biases.user_biases)
            chain = Chain(cells, basis.users, films, film_biases)
            seeded = np.random.default_rng([self.random_state, number])
            chains.append(chain.stages(self.n_stages, seeded))
        self._chains = tuple(chains)

    def _cells(self, rated: sp.csr_array, user_biases: Floats) -> Cells:
        residuals = self._biases.residuals(rated, user_biases)
        return Cells(rated, user_index_of(rated), residuals, self.damping, self.learning_rate)

    def _films(self, movie_ids: Any) -> Ints:
        return self.trained_on.films(movie_ids)

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
        forms |= npz.prefixed("biases", biases.FORMS_OF_FILMS)
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
        n_films = self.trained_on.n_items + len(self.trained_on.unrated)
        if len(self._biases.item_biases) != n_films + 1:
            raise ValueError(f"biases of items are not of {n_films:,} films")
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
