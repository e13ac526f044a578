"""The stages of BoostedClusterMeans: each adds means over one clustering of users or items."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core import ConvergenceWarning, KMeans, assign
from kmeans_core.threads import chunks
from kmeans_core.threads.processors import available_threads
from recsys.recommenders.embeddings import Floats32, mixed, of_length_one
from recsys.recommenders.forms import Form, flag, natural, real32
from recsys.recommenders.stage_kernels import (
    add_up_groups,
    subtract_means_of_groups,
    subtract_own_means,
)
from recsys.recommenders.types import Floats, Ints

Groups = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int32]

# k-means stops after this many iterations. Many clusterings are averaged, so no groups need to be
# the best. Stages add up hundreds of them.
MAX_ITER = 10
MAX_ITER_OF_STAGES = 5

# There is at most one group for this many rows.
ROWS_A_GROUP = 5

# The least and the greatest number of groups of a stage.
USER_GROUPS = (2, 64)
ITEM_GROUPS = (4, 256)

# The own means of a user with this many ratings count half.
TRUST = 10.0

# A kernel takes about as long for one rating as for this many multiply-adds.
WORK_A_RATING = 4


@dataclass(frozen=True, eq=False)
class Cells:
    """Ratings, sorted by user and item, and their residuals. Each stage reduces the residuals."""

    rated: sp.csr_array  # (n_users, n_items); its values are not used
    residuals: Floats  # (n_ratings,)
    damping: float  # a mean counts as if it had this many more residuals of 0
    learning_rate: float  # the share of a mean that a stage adds

    @property
    def items(self) -> npt.NDArray[Any]:
        return self.rated.indices

    @cached_property
    def n_ratings(self) -> npt.NDArray[Any]:
        """(n_users,): the number of ratings of each user."""
        return np.diff(self.rated.indptr)

    @cached_property
    def own_rates(self) -> Floats:
        """(n_users,): the share of the own means of each user that a stage adds.

        It is less for users with few ratings, because every stage uses the same ratings.
        """
        return self.learning_rate * self.n_ratings / (self.n_ratings + TRUST)

    @cached_property
    def n_threads(self) -> int:
        return available_threads()

    def residual_matrix(self) -> sp.csr_array:
        """The residuals as a users x items matrix."""
        parts = (self.residuals, self.rated.indices, self.rated.indptr)
        return sp.csr_array(parts, shape=self.rated.shape)

    def subtract_own_means(self, labels: Groups, *, keep: bool) -> Floats32:
        """Subtract the leave-one-out mean residual of each user in each group of items.

        The means are damped. The answer has the means of all ratings, times the rate of the user:
        (n_users, n_groups + 1), or no rows unless they are kept. The label of items outside the
        training data is n_groups, and the last column of the answer is 0.
        """
        n_users, n_items = self.rated.shape
        means = np.zeros((n_users if keep else 0, labels[n_items] + 1), dtype=np.float32)

        def task(start: int, stop: int) -> None:
            subtract_own_means(
                self.rated.indptr,
                self.items,
                labels,
                self.own_rates,
                self.damping,
                start,
                stop,
                self.residuals,
                means,
            )

        self._run(n_users, task)
        return means

    def means_of_groups(self, labels: Groups, n_groups: int) -> tuple[Floats32, Counts]:
        """The damped mean residual of each group of users for each item, times the learning rate.

        They have one more row and column of 0. The second answer has the number of residuals.
        """
        n_items = self.rated.shape[1]
        sums = np.zeros((n_groups, n_items))
        counts = np.zeros((n_groups, n_items), dtype=np.int32)
        members = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[members], np.arange(n_groups + 1))

        def task(start: int, stop: int) -> None:
            add_up_groups(
                self.rated.indptr,
                self.items,
                self.residuals,
                members,
                starts,
                start,
                stop,
                sums,
                counts,
            )

        self._run(n_groups, task)
        sums *= self.learning_rate
        sums /= counts + self.damping
        return np.pad(sums.astype(np.float32), ((0, 1), (0, 1))), counts

    def subtract_means_of_groups(self, groups: Groups, adds: Floats32, counts: Counts) -> None:
        """Subtract the leave-one-out means of the groups of training users."""

        def task(start: int, stop: int) -> None:
            subtract_means_of_groups(
                self.rated.indptr,
                self.items,
                groups,
                adds,
                counts,
                self.learning_rate,
                self.damping,
                start,
                stop,
                self.residuals,
            )

        self._run(len(groups), task)

    def _run(self, n: int, task: chunks.Task) -> None:
        chunks.run(n, WORK_A_RATING * len(self.residuals), self.n_threads, task)


@dataclass(frozen=True, eq=False)
class UserStage:
    """Groups of users. The mean residual of a group for an item counts for all its members.

    ``adds`` is 0 in the last row, for users in no group, and in the last column, for items outside
    the training data.
    """

    labels: Groups  # (n_users,): the group of each training user
    adds: Floats32  # (n_groups + 1, n_items + 1): the part of a group's members for an item
    counts: Counts  # (n_groups, n_items): the ratings of an item by training users of a group
    centers: Floats32  # (n_groups, n_components)
    projection: Floats32  # (n_items, n_components) for residuals, (n_basis, n_components) otherwise
    by_residuals: bool  # whether residuals are projected, or embeddings

    def place(self, cells: Cells, watched: Floats32) -> Groups:
        """The nearest groups of new users; n_groups, which is no group, without ratings."""
        if self.by_residuals:
            features = np.asarray(cells.residual_matrix() @ self.projection, dtype=np.float32)
        else:
            features = of_length_one(mixed(watched, self.projection))
        has_ratings = cells.n_ratings > 0
        groups = np.where(has_ratings, assign(features, self.centers), len(self.centers))
        cells.residuals[:] -= self.adds[np.repeat(groups, cells.n_ratings), cells.items]
        return groups.astype(np.int32)

    def replay(self, cells: Cells, rows: Ints) -> Groups:
        """The groups of training users, given their rows and residuals before the stage."""
        groups = self.labels[rows]
        cells.subtract_means_of_groups(groups, self.adds, self.counts)
        return groups

    def part(self, placed: Groups, user_index: Ints, items: Ints) -> Floats32:
        outside = self.adds.shape[1] - 1  # stands for films that nobody rated, too
        return picked(self.adds, placed[user_index], np.minimum(items, outside))

    @staticmethod
    def forms(name: str) -> dict[str, Form]:
        """The forms of the attributes in a file. ``name`` tells the lengths of stages apart."""
        return {
            "labels": natural("n_users", below=f"groups of {name}"),
            "adds": real32(f"groups of {name}+1", "n_items+1"),
            "counts": natural(f"groups of {name}", "n_items"),
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
    """Groups of films. The mean residual of a user in a group counts for all its films.

    The means are not kept. Those of any user come from the user's ratings.
    """

    # (n_films + 1,): of items, then n_groups, for items outside the training data, then of films
    # that nobody rated
    labels: Groups

    def place(self, cells: Cells, watched: Floats32) -> Floats32:
        """The own means of new users: (n_users, n_groups + 1)."""
        return cells.subtract_own_means(self.labels, keep=True)

    def replay(self, cells: Cells, rows: Ints) -> Floats32:
        """The own means of training users, given their residuals before the stage."""
        return cells.subtract_own_means(self.labels, keep=True)

    def part(self, placed: Floats32, user_index: Ints, items: Ints) -> Floats32:
        return picked(placed, user_index, self.labels[items])

    @staticmethod
    def forms(name: str) -> dict[str, Form]:
        """The forms of the attributes in a file."""
        return {"labels": natural("n_films+1")}

    def check(self, n_items: int, n_basis: int) -> None:
        """ValueError if the labels cannot be those of groups."""
        n_groups = self.labels[n_items]
        if not np.delete(self.labels, n_items).max() < n_groups <= ITEM_GROUPS[1]:
            raise ValueError(f"labels of items are not of {n_groups:,} groups")


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
    model = clustered(features, n_groups, rng, MAX_ITER_OF_STAGES)
    adds, counts = cells.means_of_groups(model.labels_, n_groups)
    cells.subtract_means_of_groups(model.labels_, adds, counts)
    centers = model.cluster_centers_.astype(np.float32)
    return UserStage(model.labels_, adds, counts, centers, projection, by_residuals)


def item_stage(
    cells: Cells, features: Floats32, n_groups: int, rng: np.random.Generator
) -> ItemStage:
    """Group films by features, and subtract each user's leave-one-out means from the residuals.

    The first rows of ``features`` are items. More rows are films that nobody rated.
    """
    model = clustered(features, n_groups, rng, MAX_ITER_OF_STAGES)
    labels = np.insert(model.labels_, cells.rated.shape[1], n_groups).astype(np.int32)
    cells.subtract_own_means(labels, keep=False)
    return ItemStage(labels)


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
