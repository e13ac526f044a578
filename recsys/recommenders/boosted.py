"""BoostedClusterMeans: adds up small parts of a predicted rating from many clusterings."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders import biases, npz, ranking, storage, uncertainty
from recsys.recommenders.ages import Ages
from recsys.recommenders.base import Recommender
from recsys.recommenders.biases import FILM_PART, Biases
from recsys.recommenders.case import Case
from recsys.recommenders.chains import ITEMS_PART, USERS_PART, ChainMaker, Chains
from recsys.recommenders.embeddings import Basis, basis_of, by_activity_and_popularity
from recsys.recommenders.explanations import of_means, of_own_ratings, of_quality
from recsys.recommenders.film_features import FilmFeatures
from recsys.recommenders.film_prior import biases_with_prior, grouped_films
from recsys.recommenders.forms import Form, natural, real32
from recsys.recommenders.model import LEVEL
from recsys.recommenders.parameters import at_least
from recsys.recommenders.stages import Cells, Groups, ItemStage, Stage, UserStage
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Evidence, Floats, Ints, Users, total_of
from recsys.recommenders.uncertainty import ErrorSizes, Uncertainty, features

# The main directions of who rated what.
N_BASIS = 32

# A chain without one of so many ratings tells how sure predictions are. It has fewer stages.
HELD_OUT = 5
HELD_OUT_STAGES = 40

# A kind of stages.
S = TypeVar("S", UserStage, ItemStage)

# A file holds no arrays of chains without stages. It may name at most this many of them.
SPARE_STAGES = 10_000


@dataclass(frozen=True, eq=False)
class Placed:
    """The places of some users."""

    user_biases: Floats  # (n_users,)
    stages: tuple[npt.NDArray[Any], ...]  # of each stage of each chain, from its `place`
    n_ratings: Ints  # (n_users,)
    error_sizes: Floats  # (n_users,), as `ErrorSizes` has them


@storage.storable
class BoostedClusterMeans(Recommender):
    """Predicts biases plus small parts of the means of many groups of users and of items.

    The bias of an item is damped toward the biases of items like it: items that the same users
    rated, of the same genres and years. Films that nobody rated are predicted in the same way if
    the table of movies names them.

    Each stage groups users or items by k-means. It then adds damped means of the residuals, times a
    learning rate. One stage in five groups users and adds the mean of the group for an item (users
    like you rate it higher). The other stages group items and add the mean of the user for the
    group (you rate items like it higher). Users are grouped by what they rated or by residuals.
    Items are also grouped by genres and by how good, how well known and how old they are. Each
    stage draws its number of groups and a random mixture of directions. One clustering is rough,
    but their sum is not. The predictions of several chains are averaged.

    It is gradient boosting (Friedman 2001, Greedy Function Approximation, algorithm 1) with
    clusters as base learners. The difference is that each mean leaves out the rating that it
    explains. Items are ranked by predicted rating. A short chain without a fifth of the ratings
    learns how sure predictions are (:meth:`predict_interval`).

    Parameters
    ----------
    n_chains : int, default 4
        The number of chains that are averaged.
    n_stages : int, default 75
        The number of stages of each chain. With 0 the prediction is the sum of the biases.
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
    A fitted model keeps about 42 bytes for each item and stage, and 1 for each user and stage. With
    300 stages this is 100 MB for 671 users and 9,000 items, and .8 GB for 162,000 users and 59,000
    items. The model keeps no means of single users. It computes them again from the ratings of the
    users that it is asked about.

    A long chain needs a small learning rate. On ml-latest-small (2016), one chain of 200 stages has
    a root mean squared error of .834 with a rate of .075, and of .852 with a rate of .2.

    Examples
    --------
    >>> from recsys import BoostedClusterMeans, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = BoostedClusterMeans(n_chains=1, n_stages=6).fit(ratings)
    >>> prediction = model.explain(1, 2)
    >>> abs(sum(part.value for part in prediction.parts) - prediction.rating) < 1e-9
    True
    >>> prediction.parts[-1].name
    'what the user thinks of films like it'
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
        groupings = grouped_films(films, rng)
        biases = biases_with_prior(rated, groupings)
        chains, errors = [], np.zeros(rated.nnz)
        for number in range(self.n_chains):
            seeded = np.random.default_rng([self.random_state, number])
            cells = self._cells(biases, rated, biases.user_biases)
            maker = ChainMaker(cells, basis.users, films, biases.item_biases)
            chains.append(maker.stages(self.n_stages, seeded))
            errors += cells.residuals / self.n_chains
        self._learned = Chains(biases, tuple(chains))
        self._sizes = ErrorSizes.of(rated, errors)
        self._uncertainty = self._held_out(basis, films, groupings, rng)

    def _cells(self, biases: Biases, rated: sp.csr_array, user_biases: Floats) -> Cells:
        residuals = biases.residuals(rated, user_biases)
        return Cells(rated, residuals, float(self.damping), float(self.learning_rate))

    def _held_out(
        self, basis: Basis, films: FilmFeatures, groupings: list[Groups], rng: np.random.Generator
    ) -> Uncertainty:
        """Learn how sure predictions are from a fifth of the ratings and a chain without them."""
        rated, n_items = self.trained_on.matrix.values, self.trained_on.n_items
        is_held = rng.permutation(rated.nnz) < rated.nnz // HELD_OUT
        part = without(rated, is_held)
        if not np.any(is_held):  # a handful of ratings: their own errors must do
            is_held[:] = True
        users, items = user_index_of(rated)[is_held], rated.indices[is_held].astype(np.int64)
        biases = biases_with_prior(part, groupings)
        cells = self._cells(biases, part, biases.user_biases)
        maker = ChainMaker(cells, basis.users, films, biases.item_biases)
        learned = Chains(biases, (maker.stages(min(self.n_stages, HELD_OUT_STAGES), rng),))
        predicted = np.empty(len(users))
        for rows, some, user_index in ranking.blocks_of_pairs(users):
            user_biases = biases.user_biases[rows]
            again = self._cells(biases, sp.csr_array(part[rows]), user_biases)
            placed = [stage.replay(again, rows) for stage in learned.stages]
            found = learned.parts(user_biases, placed, user_index, items[some])
            predicted[some] = self.trained_on.clipped(total_of(found))
        sizes = ErrorSizes.of(part, cells.residuals)
        known = features(
            np.diff(part.indptr)[users],
            np.bincount(part.indices, minlength=n_items)[items],
            sizes.of_users(part, cells.residuals)[users],
            sizes.item_sizes[items],
        )
        return Uncertainty.learned(known, rated.data[is_held] - predicted, predicted)

    def _films(self, movie_ids: Any) -> Ints:
        return self.trained_on.films(movie_ids)

    # Placing ------------------------------------------------------------------------------------

    def _place_known(self, rows: Ints) -> Placed:
        rated = sp.csr_array(self.trained_on.matrix.values[rows])
        user_biases = self._learned.biases.user_biases[rows]
        return self._placed(rated, user_biases, lambda stage, cells: stage.replay(cells, rows))

    def _place_new(self, rated: sp.csr_array, ages: Ages) -> Placed:
        user_biases = self._learned.biases.biases_of_users(rated)
        weights = by_activity_and_popularity(rated, self.trained_on.n_ratings)
        watched = (weights @ self._item_directions).astype(np.float32)
        return self._placed(rated, user_biases, lambda stage, cells: stage.place(cells, watched))

    def _placed(
        self, rated: sp.csr_array, user_biases: Floats, place: Callable[[Stage, Cells], Any]
    ) -> Placed:
        """Place users by their ratings: each stage takes its part off the residuals."""
        biases, chains = self._learned.biases, self._learned.chains
        stages: list[npt.NDArray[Any]] = []
        errors = np.zeros(rated.nnz)
        for chain in chains:
            cells = self._cells(biases, rated, user_biases)
            stages += [place(stage, cells) for stage in chain]
            errors += cells.residuals / len(chains)
        sizes = self._sizes.of_users(rated, errors)
        return Placed(user_biases, tuple(stages), np.diff(rated.indptr), sizes)

    # Answers ------------------------------------------------------------------------------------

    def _parts(self, placed: Placed, user_index: Ints, items: Ints) -> dict[str, Floats]:
        return self._learned.parts(placed.user_biases, placed.stages, user_index, items)

    def _interval(
        self, placed: Placed, user_index: Ints, items: Ints, level: float = LEVEL
    ) -> tuple[Floats, Floats]:
        data = self.trained_on
        predicted = data.clipped(total_of(self._parts(placed, user_index, items)))
        columns = np.minimum(items, data.n_items)
        known = features(
            placed.n_ratings[user_index],
            np.append(data.n_ratings, 0)[columns],
            placed.error_sizes[user_index],
            self._sizes.item_sizes[columns],
        )
        low, high = self._uncertainty.interval(known, predicted, level)
        return data.clipped(low), data.clipped(high)

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
        stages = [
            (n, stage) for n, stage in enumerate(self._learned.stages) if isinstance(stage, kind)
        ]
        pair = np.array([user]), np.array([item])
        adds = [float(stage.part(placed[n], *pair)[0]) for n, stage in stages]
        order = sorted(range(len(stages)), key=lambda place: -adds[place])
        return [stages[place] for place in order if adds[place] > 0]

    # A file -------------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        arrays: dict[str, npt.NDArray[Any]] = {
            "item_directions": self._item_directions,
            "shape": np.array([len(self._learned.chains), len(self._learned.chains[0])]),
        }
        arrays |= npz.prefixed("biases", self._learned.biases.arrays())
        arrays |= npz.prefixed("errors", uncertainty.arrays_of(self._sizes, self._uncertainty))
        for c, chain in enumerate(self._learned.chains):
            for s, stage in enumerate(chain):
                stored = {name: np.asarray(value) for name, value in vars(stage).items()}
                arrays |= npz.prefixed(f"{c}/{s}", stored)
        return arrays

    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        if self.n_chains * max(1, self.n_stages) > len(names) + SPARE_STAGES:
            raise ValueError(f"it does not hold {self.n_chains:,} x {self.n_stages:,} stages")
        forms = {"item_directions": real32("n_items", "n_basis"), "shape": natural(2)}
        forms |= npz.prefixed("biases", biases.FORMS_OF_FILMS)
        forms |= npz.prefixed("errors", uncertainty.FORMS)
        for c in range(self.n_chains):
            for s in range(self.n_stages):
                start = f"{c}/{s}"
                forms |= npz.prefixed(start, _kind(start, names).forms(start))
        return forms

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        if arrays["shape"].tolist() != [self.n_chains, self.n_stages]:
            raise ValueError(f"shape is not {self.n_chains} chains of {self.n_stages} stages")
        self._item_directions = arrays["item_directions"]
        learned = Biases.of_arrays(npz.without("biases", arrays))
        n_films = self.trained_on.n_items + len(self.trained_on.unrated)
        if len(learned.item_biases) != n_films + 1:
            raise ValueError(f"biases of items are not of {n_films:,} films")
        self._sizes, self._uncertainty = uncertainty.of_arrays(npz.without("errors", arrays))
        chains = [
            tuple(self._stage_of(arrays, f"{c}/{s}") for s in range(self.n_stages))
            for c in range(self.n_chains)
        ]
        self._learned = Chains(learned, tuple(chains))

    def _stage_of(self, arrays: Mapping[str, Any], start: str) -> Stage:
        kind = _kind(start, arrays)
        stage = kind(**{name: arrays[f"{start}/{name}"] for name in kind.forms(start)})
        stage.check(self.trained_on.n_items, self._item_directions.shape[1])
        return stage


def without(rated: sp.csr_array, left_out: npt.NDArray[np.bool_]) -> sp.csr_array:
    """The matrix without some of its stored values."""
    starts = np.concatenate([[0], np.cumsum(~left_out)])[rated.indptr]
    return sp.csr_array((rated.data[~left_out], rated.indices[~left_out], starts), rated.shape)


def _kind(start: str, names: Collection[str]) -> type[Stage]:
    return UserStage if f"{start}/centers" in names else ItemStage
