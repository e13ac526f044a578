"""Item weights: how much each rated item speaks for each other item to come next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.ages import Ages
from recsys.recommenders.products import inverse_of, product
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Floats, Ints, Profiles

# This many items have weights: those with the most ratings.
MOST_ITEMS = 1_000

# What an item that the user liked counts in a profile, and another item that they rated.
LIKED, RATED = 1.0, 0.5

# A rating with age a counts e^(-a / RECENT) + LEAST when a profile is read.
RECENT, LEAST = 8.0, 0.1

# A history is cut into stretches of STRETCH ratings. Each is predicted from REACH stretches before.
STRETCH, REACH = 10, 5

# The weight of predicting what comes next, beside predicting a profile from itself.
NEXT_WEIGHT = 3.0

# Scores are measured on this many training users, evenly spaced.
N_MEASURED = 500

# Scores of a smaller size are rounding errors of 0, and are not made larger.
LEAST_SIZE = 1e-9

# Training users are taken in blocks of this many, so that memory does not grow with their number.
BLOCK = 1_000


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each item of a profile adds to the score of one item."""

    items: Ints  # columns, ascending
    added: Floats


@dataclass(frozen=True, eq=False)
class ItemWeights:
    """Weights B_ji of the linear score of item i: the sum of x_j B_ji over the items of a profile.

    B minimises ``|X - X B|^2 + 3 |T - S B|^2 + damping |B|^2``, and its diagonal is 0. Rows of X
    are profiles of training users. Rows of T are stretches of ten ratings of a user, and rows of S
    are the profiles as they are read before each stretch. So B predicts what people like together,
    and what comes next. If no rating is older than another there is no S, and this is EASE (Steck
    2019, Embarrassingly Shallow Autoencoders for Sparse Data). The second term is the transition
    model of SLIST (Choi et al. 2021, Session-aware Linear Item-Item Models). With

        P = (X^T X + 3 S^T S + damping I)^-1 and Z = X^T X + 3 S^T T

    the solution is B = P Z - P diag(m) with m_i = (P Z)_ii / P_ii. In the end B is divided by the
    root mean square of the scores of training users for weighted items that they did not rate.
    """

    items: Ints  # (n_weighted,): the columns of the items that have weights, ascending
    weights: Floats  # (n_weighted, n_weighted): B

    @classmethod
    def learned(cls, training: Profiles, is_like: npt.NDArray[np.bool_], damping: float) -> Self:
        """Learn the weights from the profiles of all training users."""
        n_items = training.rated.shape[1]
        n_ratings = np.bincount(training.rated.indices, minlength=n_items)
        items = np.sort(np.argsort(-n_ratings, kind="stable")[:MOST_ITEMS])
        gram, target = damping * np.eye(len(items)), np.zeros((len(items), len(items)))
        for profiles, ages in _blocks(training, is_like, items):
            together = (profiles.T @ profiles).toarray()
            earlier, later = _earlier_and_later(profiles, ages)
            gram += together + NEXT_WEIGHT * (earlier.T @ earlier).toarray()
            target += together + NEXT_WEIGHT * (earlier.T @ later).toarray()
        inverse = inverse_of(gram)
        if np.any(training.ages):
            weights = product(inverse, target.T)
            weights -= inverse * (np.diagonal(weights) / np.diagonal(inverse))
        else:  # P Z is the identity less damping P
            weights = -inverse / np.diagonal(inverse)
        np.fill_diagonal(weights, 0.0)
        found = cls(items, weights)
        return replace(found, weights=weights / found._size(training, is_like))

    def _size(self, training: Profiles, is_like: npt.NDArray[np.bool_]) -> float:
        """The root mean square of scores, over weighted items that users did not rate."""
        n_users = training.rated.shape[0]
        rows = np.linspace(0, n_users - 1, min(N_MEASURED, n_users)).astype(np.int64)
        mine = read_profiles(training, is_like)[rows][:, self.items]
        scores = mine @ self.weights
        scores[user_index_of(mine), mine.indices] = 0.0
        n_unrated = max(1, scores.size - mine.nnz)
        size = float(np.sqrt(np.sum(scores**2) / n_unrated))
        return size if size >= LEAST_SIZE else 1.0

    def scores(self, read: sp.csr_array) -> Floats:
        """(n_users, n_items): the linear scores, given :func:`read_profiles`.

        Items without weights have the score 0.
        """
        scores = np.zeros(read.shape)
        scores[:, self.items] = read[:, self.items] @ self.weights
        return scores

    def contributions(self, read: sp.csr_array, item: int) -> Contributions:
        """What each weighted item of one user adds to the score of an item.

        ``read`` are the :func:`read_profiles` of one user.
        """
        columns = np.append(read.indices, item)
        places = np.minimum(np.searchsorted(self.items, columns), len(self.items) - 1)
        has_weights = self.items[places] == columns
        mine = has_weights[:-1] & has_weights[-1]
        added = read.data[mine] * self.weights[places[:-1][mine], places[-1]]
        return Contributions(columns[:-1][mine].astype(np.int64), added)


def read_profiles(users: Profiles, is_like: npt.NDArray[np.bool_]) -> sp.csr_array:
    """The profiles of users as they are read to make a list: recent ratings count more."""
    values = np.where(is_like, LIKED, RATED) * _recency(users.ages)
    return sp.csr_array((values, users.rated.indices, users.rated.indptr), shape=users.rated.shape)


def is_ordered(users: Profiles) -> npt.NDArray[np.bool_]:
    """(n_users,): whether some rating of the user is known to be older than another."""
    ordered = np.zeros(len(users), dtype=np.bool_)
    ordered[user_index_of(users.rated)[users.ages > 0]] = True
    return ordered


def _recency(ages: npt.NDArray[np.integer]) -> Floats:
    weights: Floats = np.exp(-ages / RECENT) + LEAST
    return weights


def _blocks(
    training: Profiles, is_like: npt.NDArray[np.bool_], items: Ints
) -> Iterator[tuple[sp.csr_array, Ages]]:
    """The profiles and ages of some users after the other, with the columns of ``items`` only."""
    n_users, n_items = training.rated.shape
    place = np.full(n_items, -1)
    place[items] = np.arange(len(items))
    columns = place[training.rated.indices]
    kept = columns >= 0
    values = np.where(is_like, LIKED, RATED)[kept]
    columns, ages = columns[kept], training.ages[kept]
    starts = np.append(0, np.cumsum(kept))[training.rated.indptr]
    for first in range(0, n_users, BLOCK):
        ends = starts[first : first + BLOCK + 1]
        some = slice(ends[0], ends[-1])
        shape = (len(ends) - 1, len(items))
        yield sp.csr_array((values[some], columns[some], ends - ends[0]), shape=shape), ages[some]


def _earlier_and_later(profiles: sp.csr_array, ages: Ages) -> tuple[sp.csr_array, sp.csr_array]:
    """S and T: the profiles as they were read before each stretch, and the stretches."""
    stretch = ages // STRETCH
    n_stretches = int(np.max(stretch, initial=0)) + 1
    row = user_index_of(profiles) * n_stretches + stretch
    shape = (profiles.shape[0] * n_stretches, profiles.shape[1])
    later = sp.csr_array((profiles.data, (row, profiles.indices)), shape=shape)
    earlier = sp.csr_array(shape)
    for distance in range(1, REACH + 1):
        some = stretch >= distance
        # The age that a rating had when the stretch began.
        then = ages[some] - STRETCH * (stretch[some] - distance + 1)
        values = profiles.data[some] * _recency(then)
        place = (row[some] - distance, profiles.indices[some])
        earlier = earlier + sp.csr_array((values, place), shape=shape)
    return earlier, later
