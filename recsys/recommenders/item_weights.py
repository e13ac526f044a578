"""Item weights: how much each item in a profile speaks for each other item (EASE)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from recsys.recommenders.types import Floats, Ints

# The inverse of a matrix of 4,000 rows takes 128 MB, and 12 s of one core.
MOST_ROWS = 4_000

# Diagonals are computed in blocks of at most this many cells.
MOST_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each item of a profile adds to the score of one item."""

    items: Ints  # columns, ascending
    added: Floats


@dataclass(frozen=True, eq=False)
class ItemWeights:
    """Weights B_ji for the score of item i, which is the sum of x_j B_ji over a profile x.

    They are those of the linear model that predicts each item of a training profile best from the
    others: the weights W without a diagonal that minimise ``|X - X W|^2 + damping |W|^2``. With
    ``P = (X^T X + damping I)^-1`` they are B_ji = -P_ji / P_ii, and B_ii = 0 (Steck 2019,
    Embarrassingly Shallow Autoencoders for Sparse Data, equation 8).

    The inverse is computed on the smaller side. If there are fewer users than items,
    ``P = (I - X^T A X) / damping`` with ``A = (X X^T + damping I)^-1`` (the Woodbury identity).
    """

    columns: sp.csr_array  # (n_items, n_users): the columns of X, as rows
    damping: float
    by_users: bool  # whether `inverse` is A, and not P
    inverse: Floats  # (n_users, n_users) or (n_items, n_items)
    diagonal: Floats  # (n_items,): P_ii

    @classmethod
    def learned(cls, profiles: sp.csr_array, damping: float) -> Self:
        """Learn the weights from training profiles."""
        n_users, n_items = profiles.shape
        columns = sp.csr_array(profiles.T)
        by_users = n_users <= n_items
        gram = (profiles @ columns if by_users else columns @ profiles).toarray()
        gram[np.diag_indices(len(gram))] += damping
        inverse = inverse_of(gram)
        if by_users:
            diagonal = (1.0 - _squares(columns, inverse)) / damping
        else:
            diagonal = np.diagonal(inverse).copy()
        return cls(columns, damping, by_users, inverse, diagonal)

    def scores(self, profiles: sp.csr_array) -> Floats:
        """(n_profiles, n_items): the sum of x_j B_ji over each profile x."""
        dense = profiles.toarray()
        if self.by_users:
            alike = product((profiles @ self.columns).toarray(), self.inverse)
            through = (dense - (self.columns @ alike.T).T) / self.damping
        else:
            through = profiles @ self.inverse
        scores: Floats = dense - through / self.diagonal
        return scores

    def contributions(self, profile: sp.csr_array, item: int) -> Contributions:
        """The addends x_j B_ji of one item's score, for a profile of one row."""
        others = profile.indices != item
        items = profile.indices[others].astype(np.int64)
        if self.by_users:
            alike = (self.columns[[item]] @ self.inverse).ravel()
            through = -(self.columns[items] @ alike) / self.damping
        else:
            through = self.inverse[item, items]
        return Contributions(items, -profile.data[others] * through / self.diagonal[item])


def is_within_limit(n_users: int, n_items: int) -> bool:
    """Whether the smaller side has few enough rows to be inverted."""
    return min(n_users, n_items) <= MOST_ROWS


def product(left: Floats, right: Floats) -> Floats:
    """``left @ right.T`` without BLAS, whose last bits depend on the number of threads."""
    rows: Floats = np.einsum(
        "ij,kj->ik", np.ascontiguousarray(left), np.ascontiguousarray(right), optimize=False
    )
    return rows


def inverse_of(matrix: Floats) -> Floats:
    """Invert a symmetric positive definite matrix, one half after the other, without BLAS.

    Each half is inverted by the same function (the Schur complement; Golub and Van Loan 2013,
    Matrix Computations, section 3.2.11).
    """
    if len(matrix) == 1:
        return 1.0 / matrix
    half = len(matrix) // 2
    first, side = inverse_of(matrix[:half, :half]), matrix[half:, :half]
    moved = product(side, first)
    second = inverse_of(matrix[half:, half:] - product(moved, side))
    corner = product(second, moved.T)
    return np.block([[first + product(moved.T, corner.T), -corner.T], [-corner, second]])


def _squares(rows: sp.csr_array, inverse: Floats) -> Floats:
    """(n_rows,): ``r A r`` of each row r, given a symmetric A."""
    size = max(1, MOST_CELLS // len(inverse))
    starts = range(0, rows.shape[0], size)
    blocks = (rows[first : first + size] for first in starts)
    return np.concatenate([some.multiply(some @ inverse).sum(axis=1) for some in blocks])
