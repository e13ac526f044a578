"""The chains of BoostedClusterMeans: how their stages are made, and how their parts add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain as chained
from typing import Any

import numpy as np

from recsys.recommenders.biases import Biases
from recsys.recommenders.embeddings import Floats32, random_mixture
from recsys.recommenders.film_features import N_COMPONENTS, FilmFeatures
from recsys.recommenders.stages import (
    ITEM_GROUPS,
    USER_GROUPS,
    Cells,
    ItemStage,
    Stage,
    UserStage,
    item_stage,
    n_groups_of,
    user_stage,
)
from recsys.recommenders.types import Floats, Ints

# The names of parts of a predicted rating.
USERS_PART = "what people like the user think of it"
ITEMS_PART = "what the user thinks of films like it"

# One stage in five groups users. The others group films.
STAGES_A_CYCLE = 5

# This share of the stages of films groups by how good, how well known and how old films are.
STANDING_SHARE = 0.25

# This share of the others groups by who rated a film and by its genres.
GENRES_SHARE = 0.5

# All other stages group by who rated what in this share, else by residuals.
RATERS_SHARE = 0.6


@dataclass(frozen=True, eq=False)
class Chains:
    """Biases, and chains of stages that explain what the biases leave over."""

    biases: Biases
    chains: tuple[tuple[Stage, ...], ...]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of all chains."""
        return tuple(chained.from_iterable(self.chains))

    def parts(
        self, user_biases: Floats, placed: Sequence[Any], user_index: Ints, items: Ints
    ) -> dict[str, Floats]:
        """The parts of predicted ratings. ``placed`` has the users' places in each stage."""
        shape, n_chains = np.broadcast(user_index, items).shape, len(self.chains)
        # Single precision is 2.5 times as fast where all items are scored.
        of_users, of_items = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for stage, known in zip(self.stages, placed, strict=True):
            total = of_users if isinstance(stage, UserStage) else of_items
            total += stage.part(known, user_index, items)
        return self.biases.parts(user_biases, user_index, items) | {
            USERS_PART: of_users.astype(np.float64) / n_chains,
            ITEMS_PART: of_items.astype(np.float64) / n_chains,
        }


@dataclass(frozen=True, eq=False)
class ChainMaker:
    """What the stages of a chain have in common."""

    cells: Cells
    users: Floats32  # (n_users, n_basis): an embedding of what each user rated
    films: FilmFeatures
    item_biases: Floats  # (n_films + 1,), as `Biases` has them

    def stages(self, n_stages: int, rng: np.random.Generator) -> tuple[Stage, ...]:
        """Make the stages. Each of them reduces the residuals of the cells."""
        kinds = (number % STAGES_A_CYCLE == 0 for number in range(n_stages))
        return tuple(self._of_users(rng) if users else self._of_films(rng) for users in kinds)

    def _of_users(self, rng: np.random.Generator) -> UserStage:
        n_groups = n_groups_of(USER_GROUPS, len(self.users), rng)
        by_residuals = bool(rng.random() >= RATERS_SHARE)
        if by_residuals:
            features, projection = projected(self.cells.residual_matrix(), rng)
        else:
            features, projection = random_mixture(self.users, N_COMPONENTS, rng)
        return user_stage(
            self.cells, features, projection, n_groups, rng, by_residuals=by_residuals
        )

    def _of_films(self, rng: np.random.Generator) -> ItemStage:
        n_groups = n_groups_of(ITEM_GROUPS, len(self.films), rng)
        return item_stage(self.cells, self._features_of_films(rng), n_groups, rng)

    def _features_of_films(self, rng: np.random.Generator) -> Floats32:
        if rng.random() < STANDING_SHARE:
            n_items = self.cells.rated.shape[1]
            return self.films.by_standing(np.delete(self.item_biases, n_items), rng)
        if rng.random() < GENRES_SHARE:
            return self.films.by_genres(rng)
        if rng.random() < RATERS_SHARE:
            return self.films.by_raters(rng)
        features = projected(self.cells.residual_matrix().T, rng)[0]
        return np.pad(features, ((0, len(self.films) - len(features)), (0, 0)))


def projected(matrix: Any, rng: np.random.Generator) -> tuple[Floats32, Floats32]:
    """Project rows at random, with one power iteration. Return the features and the projection."""
    projection = matrix.T @ (matrix @ rng.normal(size=(matrix.shape[1], N_COMPONENTS)))
    projection = (projection / max(1e-300, np.max(np.abs(projection)))).astype(np.float32)
    return (matrix @ projection).astype(np.float32), projection
