"""The stages of BoostedClusterMeans: each adds means over one clustering of users or items."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core import ConvergenceWarning, KMeans, assign
from recsys.recommenders.embeddings import Floats32, mixed, of_length_one
from recsys.recommenders.forms import Form, flag, natural, real32
from recsys.recommenders.types import Floats, Ints

Groups = npt.NDArray[np.int32]

# k-means stops after this many iterations. Many clusterings are averaged, so no groups need to be
# the best. Stages add up hundreds of them.
MAX_ITER = 10
MAX_ITER_OF_STAGES = 5

# There is at most one group for this many rows.
ROWS_A_GROUP = 5

# The own means of a user with this many ratings count half.
TRUST = 10.0


@dataclass(frozen=True, eq=False)
class Cells:
    """Ratings, sorted by user and item, and their residuals. Each stage reduces the residuals."""

    rated: sp.csr_array  # (n_users, n_items); its values are not used
    user_index: Ints  # (n_ratings,): the row of each rating
    residuals: Floats  # (n_ratings,)
    damping: float  # a mean counts as if it had this many more residuals of 0
    learning_rate: float  # the share of a mean that a stage adds

    @property
    def items(self) -> npt.NDArray[Any]:
        return self.rated.indices

    def residual_matrix(self) -> sp.csr_array:
        """The residuals as a users x items matrix."""
        parts = (self.residuals, self.rated.indices, self.rated.indptr)
        return sp.csr_array(parts, shape=self.rated.shape)

    def shrunk_means(self, place: Ints, n_places: int) -> tuple[Floats, Floats]:
        """The mean residual of each place, and for each rating its place's leave-one-out mean."""
        sums = np.bincount(place, self.residuals, minlength=n_places)
        counts = np.bincount(place, minlength=n_places)
        without = (sums[place] - self.residuals) / (counts[place] - 1.0 + self.damping)
        return sums / (counts + self.damping), without

    def own_means(self, labels: Groups) -> Floats32:
        """(n_users, n_groups + 1): the shrunk mean residual of each user in each group of items.

        The means of a user with n ratings count n / (n + TRUST), because every stage uses the same
        few ratings. The leave-one-out means are subtracted from ``residuals``. The label of items
        outside the training data is n_groups, and the last column of the answer is 0.
        """
        n_users, n_items = self.rated.shape
        n_groups = int(labels[n_items])
        n_ratings = np.diff(self.rated.indptr)
        rate = self.learning_rate * n_ratings / (n_ratings + TRUST)
        place = self.user_index * n_groups + labels[self.items]
        means, without = self.shrunk_means(place, n_users * n_groups)
        self.residuals[:] -= rate[self.user_index] * without
        adds = np.zeros((n_users, n_groups + 1), dtype=np.float32)
        adds[:, :-1] = rate[:, None] * means.reshape(n_users, n_groups)
        return adds


@dataclass(frozen=True, eq=False)
class UserStage:
    """Groups of users. The mean residual of a group for an item counts for all its members.

    ``adds`` is 0 in the last row, for users in no group, and in the last column, for items outside
    the training data.
    """

    labels: Groups  # (n_users,): the group of each training user
    adds: Floats32  # (n_groups + 1, n_items + 1): the part of a group's members for an item
    centers: Floats32  # (n_groups, n_components)
    projection: Floats32  # (n_items, n_components) for residuals, (n_basis, n_components) otherwise
    by_residuals: bool  # whether residuals are projected, or embeddings

    def place(self, cells: Cells, watched: Floats32) -> Groups:
        """The nearest groups of new users; n_groups, which is no group, without ratings."""
        if self.by_residuals:
            features = np.asarray(cells.residual_matrix() @ self.projection, dtype=np.float32)
        else:
            features = of_length_one(mixed(watched, self.projection))
        has_ratings = np.diff(cells.rated.indptr) > 0
        groups = np.where(has_ratings, assign(features, self.centers), len(self.centers))
        cells.residuals[:] -= self.adds[groups[cells.user_index], cells.items]
        return groups.astype(np.int32)

    def of_training(self, rows: Ints) -> Groups:
        return self.labels[rows]

    def part(self, placed: Groups, user_index: Ints, items: Ints) -> Floats32:
        outside = self.adds.shape[1] - 1  # stands for films that nobody rated, too
        return picked(self.adds, placed[user_index], np.minimum(items, outside))

    @staticmethod
    def forms(name: str) -> dict[str, Form]:
        """The forms of the attributes in a file. ``name`` tells the lengths of stages apart."""
        return {
            "labels": natural("n_users", below=f"groups of {name}"),
            "adds": real32(f"groups of {name}+1", "n_items+1"),
            "centers": real32(f"groups of {name}", "n_components"),
            "projection": real32(f"features of {name}", "n_components"),
            "by_residuals": flag(),
        }

    def check(self, n_items: int, n_basis: int) -> None:
        """ValueError if the arrays do not agree."""
        if len(self.projection) != (n_items if self.by_residuals else n_basis):
            raise ValueError(f"a projection has {len(self.projection):,} rows")
        if np.any(self.adds[-1]) or np.any(self.adds[:, -1]):
            raise ValueError("adds of user groups is not 0 in its last row and column")


@dataclass(frozen=True, eq=False)
class ItemStage:
    """Groups of films. The mean residual of a user in a group counts for all its films."""

    # (n_films + 1,): of items, then n_groups, for items outside the training data, then of films
    # that nobody rated
    labels: Groups
    adds: Floats32  # (n_users, n_groups + 1): the part of a training user; 0 in the last column

    def place(self, cells: Cells, watched: Floats32) -> Floats32:
        """The own means of new users."""
        return cells.own_means(self.labels)

    def of_training(self, rows: Ints) -> Floats32:
        return self.adds[rows]

    def part(self, placed: Floats32, user_index: Ints, items: Ints) -> Floats32:
        return picked(placed, user_index, self.labels[items])

    @staticmethod
    def forms(name: str) -> dict[str, Form]:
        """The forms of the attributes in a file. ``name`` tells the lengths of stages apart."""
        return {"labels": natural("n_films+1"), "adds": real32("n_users", f"groups of {name}+1")}

    def check(self, n_items: int, n_basis: int) -> None:
        """ValueError if the arrays do not agree."""
        n_groups = self.adds.shape[1] - 1
        if self.labels[n_items] != n_groups or np.delete(self.labels, n_items).max() >= n_groups:
            raise ValueError(f"labels of items are not of {n_groups:,} groups")
        if np.any(self.adds[:, -1]):
            raise ValueError("adds of item groups is not 0 in its last column")


Stage = UserStage | ItemStage


def picked(table: Floats32, rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> Floats32:
    """``table[rows, columns]``, four times as fast if they are a column and a row of indices."""
    if rows.shape[1:] == (1,) and columns.shape[:-1] == (1,):
        found: Floats32 = np.take(table[rows[:, 0]], columns[0], axis=1)
    else:
        found = table[rows, columns]
    return found


def user_stage(
    cells: Cells,
    features: Floats32,
    projection: Floats32,
    n_groups: int,
    rng: np.random.Generator,
    *,
    by_residuals: bool,
) -> UserStage:
    """Group users by features, and subtract the groups' leave-one-out means from the residuals.

    The mean leaves out the rating that it explains, because a new rating is in no mean either.
    """
    n_items = cells.rated.shape[1]
    model = clustered(features, n_groups, rng, MAX_ITER_OF_STAGES)
    place = model.labels_[cells.user_index].astype(np.int64) * n_items + cells.items
    means, without = cells.shrunk_means(place, n_groups * n_items)
    cells.residuals[:] -= cells.learning_rate * without
    adds = np.zeros((n_groups + 1, n_items + 1), dtype=np.float32)
    adds[:-1, :-1] = cells.learning_rate * means.reshape(n_groups, n_items)
    centers = model.cluster_centers_.astype(np.float32)
    return UserStage(model.labels_, adds, centers, projection, by_residuals)


def item_stage(
    cells: Cells, features: Floats32, n_groups: int, rng: np.random.Generator
) -> ItemStage:
    """Group films by features, and subtract each user's leave-one-out means from the residuals.

    The first rows of ``features`` are items. More rows are films that nobody rated.
    """
    model = clustered(features, n_groups, rng, MAX_ITER_OF_STAGES)
    labels = np.insert(model.labels_, cells.rated.shape[1], n_groups).astype(np.int32)
    return ItemStage(labels, cells.own_means(labels))


def n_groups_of(limits: tuple[int, int], n_rows: int, rng: np.random.Generator) -> int:
    """Draw a number of groups within the limits, log-uniformly."""
    least, most = limits
    most = max(1, min(most, n_rows // ROWS_A_GROUP))
    return round(float(np.exp(rng.uniform(np.log(min(least, most)), np.log(most)))))


def clustered(
    features: Floats32, n_groups: int, rng: np.random.Generator, max_iter: int = MAX_ITER
) -> KMeans:
    """Run k-means once from random rows. Some groups stay empty if few rows differ.

    The tolerance is 0, because it takes longer to measure the variance of the features than it
    saves: none of 1,341 runs for a Hybrid and PocketGroups moved so little in ``max_iter``.
    """
    seed = int(rng.integers(2**31))
    model = KMeans(n_groups, init="random", n_init=1, max_iter=max_iter, tol=0.0, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features)
