"""Stages of BoostedClusterMeans: one clustering of users or films each, and what its means add."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core import ConvergenceWarning, KMeans, assign
from recsys.recommenders.embeddings import Floats32, log_uniform, mixed, of_length_one
from recsys.recommenders.forms import Form, flag, natural, real32
from recsys.recommenders.types import Floats, Ints

Groups = npt.NDArray[np.int32]

# Iterations of a stage's k-means. Its groups need not be the best: many stages are averaged.
MAX_ITER = 10

# There is at most one group for this many rows.
ROWS_A_GROUP = 5

# The own means of a person with this many ratings count half.
TRUST = 10.0


@dataclass(frozen=True, eq=False)
class Cells:
    """Ratings of people, sorted by person and film, and what is not explained of them yet.

    Attributes
    ----------
    rated : csr_array of shape (n_users, n_items)
        Its values are not used.
    user_index : ndarray of shape (n_ratings,)
        The row of each rating.
    residuals : ndarray of shape (n_ratings,)
        Residuals in stars. Each stage subtracts what it explains.
    damping : float
        A mean counts as if it had this many more residuals of 0.
    learning_rate : float
        The share of a mean that a stage adds.
    """

    rated: sp.csr_array
    user_index: Ints
    residuals: Floats
    damping: float
    learning_rate: float

    @property
    def items(self) -> npt.NDArray[Any]:
        return self.rated.indices

    def residual_matrix(self) -> sp.csr_array:
        """The residuals as users x items."""
        parts = (self.residuals, self.rated.indices, self.rated.indptr)
        return sp.csr_array(parts, shape=self.rated.shape)

    def shrunk_means(self, place: Ints, n_places: int) -> tuple[Floats, Floats]:
        """Mean residual of each place; and for each rating the mean of its place without it."""
        sums = np.bincount(place, self.residuals, minlength=n_places)
        counts = np.bincount(place, minlength=n_places)
        without = (sums[place] - self.residuals) / (counts[place] - 1.0 + self.damping)
        return sums / (counts + self.damping), without

    def own_means(self, labels: Groups) -> Floats32:
        """What each person's own means over groups of films add; subtracted from ``residuals``.

        The means of a person with n ratings count n / (n + TRUST), because the same few ratings
        speak in every stage.

        Parameters
        ----------
        labels : ndarray of shape (n_items + 1,), int32
            The last one is the number of groups.

        Returns
        -------
        ndarray of shape (n_users, n_groups + 1), float32
            0 in the last column.
        """
        n_users, n_groups = self.rated.shape[0], int(labels[-1])
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
    """Groups of users: what a group thinks of a film counts for all its members.

    Attributes
    ----------
    labels : ndarray of shape (n_users,), int32
        Group of each training user.
    adds : ndarray of shape (n_groups + 1, n_items + 1), float32
        Stars for a member and a film. They are 0 in the last row, which is for people in no group,
        and in the last column, which is for films that were not trained on.
    centers : ndarray of shape (n_groups, n_components), float32
    projection : ndarray of shape (n_items or n_basis, n_components), float32
        To components: from a person's residuals, or from the features of the films they rated.
    by_residuals : bool
        Which of the two.
    """

    labels: Groups
    adds: Floats32
    centers: Floats32
    projection: Floats32
    by_residuals: bool

    def place(self, cells: Cells, watched: Floats32) -> Groups:
        """Nearest group of new people. People without ratings get n_groups, which is no group."""
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
        """What the stage adds for people who were placed."""
        found: Floats32 = self.adds[placed[user_index], items]
        return found

    @staticmethod
    def forms(name: str) -> dict[str, Form]:
        """What the attributes must be in a file; the name makes lengths the stage's own."""
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
            raise ValueError("a group of users adds stars for nobody or for no film")


@dataclass(frozen=True, eq=False)
class ItemStage:
    """Groups of films: what a person thinks of a group counts for all its films.

    Attributes
    ----------
    labels : ndarray of shape (n_items + 1,), int32
        Group of each training film. The last one is n_groups, for films that were not trained on.
    adds : ndarray of shape (n_users, n_groups + 1), float32
        Stars for a training user and a film of the group; 0 in the last column.
    """

    labels: Groups
    adds: Floats32

    def place(self, cells: Cells, watched: Floats32) -> Floats32:
        """What the own means of new people add."""
        return cells.own_means(self.labels)

    def of_training(self, rows: Ints) -> Floats32:
        return self.adds[rows]

    def part(self, placed: Floats32, user_index: Ints, items: Ints) -> Floats32:
        """What the stage adds for people who were placed."""
        found: Floats32 = placed[user_index, self.labels[items]]
        return found

    @staticmethod
    def forms(name: str) -> dict[str, Form]:
        """What the attributes must be in a file; the name makes lengths the stage's own."""
        return {
            "labels": natural("n_items+1"),
            "adds": real32("n_users", f"groups of {name}+1"),
        }

    def check(self, n_items: int, n_basis: int) -> None:
        """ValueError if the arrays do not agree."""
        n_groups = self.adds.shape[1] - 1
        if self.labels[-1] != n_groups or self.labels[:-1].max() >= n_groups:
            raise ValueError(f"labels of films are not of {n_groups:,} groups")
        if np.any(self.adds[:, -1]):
            raise ValueError("a group of films adds stars for no film")


Stage = UserStage | ItemStage


def user_stage(
    cells: Cells,
    features: Floats32,
    projection: Floats32,
    n_groups: int,
    rng: np.random.Generator,
    *,
    by_residuals: bool,
) -> UserStage:
    """Group users by features; subtract from ``cells.residuals`` what the groups' means explain.

    The mean that explains a rating leaves the rating itself out, because a new rating is not part
    of any mean either.
    """
    n_items = cells.rated.shape[1]
    model = clustered(features, n_groups, rng)
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
    """Group films by features; subtract from ``cells.residuals`` what each user's means explain."""
    model = clustered(features, n_groups, rng)
    labels = np.append(model.labels_, n_groups).astype(np.int32)
    return ItemStage(labels, cells.own_means(labels))


def n_groups_of(limits: tuple[int, int], n_rows: int, rng: np.random.Generator) -> int:
    """How many groups to make of the rows: drawn within the limits, evenly in the logarithm."""
    least, most = limits
    most = max(1, min(most, n_rows // ROWS_A_GROUP))
    return log_uniform(min(least, most), most, rng)


def clustered(features: Floats32, n_groups: int, rng: np.random.Generator) -> KMeans:
    """K-means from one random start; some groups are empty where few rows differ."""
    seed = int(rng.integers(2**31))
    model = KMeans(n_groups, init="random", n_init=1, max_iter=MAX_ITER, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features)
