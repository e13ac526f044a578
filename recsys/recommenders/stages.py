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

# Iterations of a stage's k-means: its groups need not be the best, many stages are averaged.
MAX_ITER = 10

# No more groups than one for so many rows.
ROWS_A_GROUP = 5

# Ratings of a person at which the person's own means count half.
TRUST = 10.0


@dataclass(frozen=True, eq=False)
class Cells:
    """Ratings of people, sorted by person and film, and what is unexplained of them yet.

    Attributes
    ----------
    rated : csr_array of shape (n_people, n_films)
        Their values are not looked at.
    persons : ndarray of shape (n_ratings,)
    left : ndarray of shape (n_ratings,)
        Residuals in stars. Stages take away what they explain.
    """

    rated: sp.csr_array
    persons: Ints
    left: Floats

    @property
    def films(self) -> npt.NDArray[Any]:
        return self.rated.indices

    def residuals(self) -> sp.csr_array:
        """People x films."""
        parts = (self.left, self.rated.indices, self.rated.indptr)
        return sp.csr_array(parts, shape=self.rated.shape)


@dataclass(frozen=True, eq=False)
class UserStage:
    """Groups of users: what a group thinks of a film counts for all its members.

    Attributes
    ----------
    labels : ndarray of shape (n_users,), int32
        Group of each training user.
    adds : ndarray of shape (n_groups + 1, n_films + 1), float32
        Stars for a member and a film; 0 in the last row, for people in no group, and in the last
        column, for films that are none of the training films.
    centers : ndarray of shape (n_groups, n_components), float32
    projection : ndarray of shape (n_films or n_basis, n_components), float32
        To components, from a person's residuals or from the features of what the person rated.
    by_residuals : bool
        Which of the two.
    """

    labels: Groups
    adds: Floats32
    centers: Floats32
    projection: Floats32
    by_residuals: bool

    def place(self, cells: Cells, watched: Floats32) -> Groups:
        """Nearest group of new people; n_groups, which is none, for those without ratings."""
        if self.by_residuals:
            features = np.asarray(cells.residuals() @ self.projection, dtype=np.float32)
        else:
            features = of_length_one(mixed(watched, self.projection))
        has_ratings = np.diff(cells.rated.indptr) > 0
        groups = np.where(has_ratings, assign(features, self.centers), len(self.centers))
        cells.left[:] -= self.adds[groups[cells.persons], cells.films]
        return groups.astype(np.int32)

    def of_training(self, rows: Ints) -> Groups:
        return self.labels[rows]

    def stars(self, placed: Groups, persons: Ints, films: Ints) -> Floats32:
        """What the stage adds for people who were placed."""
        found: Floats32 = self.adds[placed[persons], films]
        return found

    @staticmethod
    def forms(name: str) -> dict[str, Form]:
        """What the arrays of a file must be; the name makes lengths the stage's own."""
        return {
            "labels": natural("n_users", below=f"groups of {name}"),
            "adds": real32(f"groups of {name}+1", "n_films+1"),
            "centers": real32(f"groups of {name}", "n_components"),
            "projection": real32(f"features of {name}", "n_components"),
            "by_residuals": flag(),
        }

    def check(self, n_films: int, n_basis: int) -> None:
        """ValueError if the arrays do not agree."""
        if len(self.projection) != (n_films if self.by_residuals else n_basis):
            raise ValueError(f"a projection has {len(self.projection):,} rows")
        if np.any(self.adds[-1]) or np.any(self.adds[:, -1]):
            raise ValueError("a group of users adds stars for nobody or for no film")


@dataclass(frozen=True, eq=False)
class FilmStage:
    """Groups of films: what a person thinks of a group counts for all its films.

    Attributes
    ----------
    labels : ndarray of shape (n_films + 1,), int32
        Group of each training film; n_groups for a film that is none.
    adds : ndarray of shape (n_users, n_groups + 1), float32
        Stars for a training user and a film of the group; 0 in the last column.
    shrinkage, learning_rate : float
    """

    labels: Groups
    adds: Floats32
    shrinkage: float
    learning_rate: float

    def place(self, cells: Cells, watched: Floats32) -> Floats32:
        """Means of new people's own residuals over the groups of films."""
        return _own_means(cells, self.labels, self.shrinkage, self.learning_rate)

    def of_training(self, rows: Ints) -> Floats32:
        return self.adds[rows]

    def stars(self, placed: Floats32, persons: Ints, films: Ints) -> Floats32:
        """What the stage adds for people who were placed."""
        found: Floats32 = placed[persons, self.labels[films]]
        return found

    @staticmethod
    def forms(name: str) -> dict[str, Form]:
        """What the arrays of a file must be; the name makes lengths the stage's own."""
        return {
            "adds": real32("n_users", f"groups of {name}+1"),
            "labels": natural("n_films+1"),
        }

    def check(self) -> None:
        """ValueError if the arrays do not agree."""
        n_groups = self.adds.shape[1] - 1
        if self.labels[-1] != n_groups or self.labels[:-1].max() >= n_groups:
            raise ValueError(f"labels of films are not of {n_groups:,} groups")
        if np.any(self.adds[:, -1]):
            raise ValueError("a group of films adds stars for no film")


Stage = UserStage | FilmStage


def user_stage(
    cells: Cells,
    features: Floats32,
    projection: Floats32,
    n_groups: int,
    *,
    by_residuals: bool,
    shrinkage: float,
    learning_rate: float,
    rng: np.random.Generator,
) -> UserStage:
    """Group users by features; take from ``cells.left`` what the groups' means explain.

    The mean of a group for a film is shrunk: the residuals' sum over their number + ``shrinkage``.
    What a rating is explained by leaves the rating itself out, as it would be in no new one.
    """
    n_films = cells.rated.shape[1]
    model = clustered(features, n_groups, rng)
    place = model.labels_[cells.persons].astype(np.int64) * n_films + cells.films
    means, without = _shrunk_means(place, cells.left, n_groups * n_films, shrinkage)
    cells.left[:] -= learning_rate * without
    adds = np.zeros((n_groups + 1, n_films + 1), dtype=np.float32)
    adds[:-1, :-1] = learning_rate * means.reshape(n_groups, n_films)
    centers = model.cluster_centers_.astype(np.float32)
    return UserStage(model.labels_, adds, centers, projection, by_residuals)


def film_stage(
    cells: Cells,
    features: Floats32,
    n_groups: int,
    *,
    shrinkage: float,
    learning_rate: float,
    rng: np.random.Generator,
) -> FilmStage:
    """Group films by features; take from ``cells.left`` what each user's means explain."""
    model = clustered(features, n_groups, rng)
    labels = np.append(model.labels_, n_groups).astype(np.int32)
    adds = _own_means(cells, labels, shrinkage, learning_rate)
    return FilmStage(labels, adds, shrinkage, learning_rate)


def n_groups_of(limits: tuple[int, int], n_rows: int, rng: np.random.Generator) -> int:
    """How many groups to make of so many rows: drawn within the limits, evenly in the logarithm."""
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


def _own_means(cells: Cells, labels: Groups, shrinkage: float, learning_rate: float) -> Floats32:
    """Each person's shrunk means over groups of films, times the rate; taken from ``cells.left``.

    Of a person with n ratings they count n / (n + TRUST): the same few speak in every stage.
    """
    n_people, n_groups = cells.rated.shape[0], int(labels[-1])
    n_ratings = np.diff(cells.rated.indptr)
    rate = learning_rate * n_ratings / (n_ratings + TRUST)
    place = cells.persons * n_groups + labels[cells.films]
    means, without = _shrunk_means(place, cells.left, n_people * n_groups, shrinkage)
    cells.left[:] -= rate[cells.persons] * without
    adds = np.zeros((n_people, n_groups + 1), dtype=np.float32)
    adds[:, :-1] = rate[:, None] * means.reshape(n_people, n_groups)
    return adds


def _shrunk_means(
    place: Ints, left: Floats, n_places: int, shrinkage: float
) -> tuple[Floats, Floats]:
    """Shrunk mean of each place; and for each residual that of its place without itself."""
    sums = np.bincount(place, left, minlength=n_places)
    counts = np.bincount(place, minlength=n_places)
    others = counts[place] - 1.0
    without = (sums[place] - left) / (others + shrinkage)
    return sums / (counts + shrinkage), without
