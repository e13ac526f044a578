"""Ridge regression of what people like on what else they rated, over users."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.products import inverse_of
from recsys.recommenders.types import Floats, Ints

# The penalty, as a multiple of the mean of the diagonal of the kernel matrix.
PENALTY = 6.0

# Predictions with a smaller spread are equal up to rounding, and are not spread out.
LEAST_SPREAD = 1e-9


@dataclass(frozen=True, eq=False)
class LikeRidge:
    """Predicts what a user likes from what training users like.

    Row u of the matrix L has a 1 for each item that training user u likes. D is diagonal: an item
    with m likes has 1 / sqrt(m), so that popular items do not outweigh all others. The weights x of
    the items that a user rated predict

        x D L^T (L D L^T + penalty)^-1 L

    This is kernel ridge regression (Saunders, Gammerman, Vovk 1998, Ridge Regression Learning
    Algorithm in Dual Variables). It is also a linear model of items, as EASE is (Steck 2019,
    Embarrassingly Shallow Autoencoders), but its matrices grow with the users, not the items.
    """

    likes: sp.csr_array  # (n_users, n_items): L
    inverse: Floats  # (n_users, n_users): (L D L^T + penalty)^-1

    @classmethod
    def learned(cls, likes: sp.csr_array) -> Self:
        """Invert the kernel matrix of training users."""
        kernel = (_times_columns(likes, _item_weights(likes)) @ likes.T).toarray()
        mean = float(np.trace(kernel)) / len(kernel)
        kernel[np.diag_indices(len(kernel))] += PENALTY * (mean or 1.0)
        return cls(likes, inverse_of(kernel))

    def scores(self, given: sp.csr_array) -> Floats:
        """(n_users, n_items): predictions, less each user's mean, over each user's spread.

        ``given`` has the weights of the items that the users rated. Mean and spread are over the
        items that training users like.
        """
        similar = (_times_columns(given, self._item_weights) @ self.likes.T).toarray()
        # Not a product of BLAS: a user has the same bits alone and with others.
        votes: Floats = np.einsum("ij,kj->ik", similar, self.inverse)
        found: Floats = np.ascontiguousarray((self.likes.T @ votes.T).T)
        among = found[:, self._is_liked]
        if among.size:
            spread = np.std(among, axis=1, keepdims=True)
            found -= np.mean(among, axis=1, keepdims=True)
            found /= np.where(spread >= LEAST_SPREAD, spread, 1.0)
        return found

    def contributions(self, item: int, items: Ints) -> Floats:
        """(len(items),): what a weight of 1 of each item adds to an item, less to the mean item."""
        votes = self._votes(item) - self._mean_votes
        found: Floats = (self.likes.T @ votes)[items] * self._item_weights[items]
        return found

    def _votes(self, item: int) -> Floats:
        """(n_users,): what a unit of similarity to each training user adds to an item."""
        start, stop = self._by_item.indptr[item : item + 2]
        likers = self._by_item.indices[start:stop]
        votes: Floats = np.sum(self.inverse[likers], axis=0)
        return votes

    @cached_property
    def _mean_votes(self) -> Floats:
        """(n_users,): the mean of the votes for the items that training users like."""
        n_likes = np.diff(self.likes.indptr).astype(np.float64)
        votes: Floats = np.einsum("ij,i->j", self.inverse, n_likes)
        return votes / max(1, int(np.sum(self._is_liked)))

    @cached_property
    def _by_item(self) -> sp.csc_array:
        return self.likes.tocsc()

    @cached_property
    def _item_weights(self) -> Floats:
        return _item_weights(self.likes)

    @cached_property
    def _is_liked(self) -> npt.NDArray[np.bool_]:
        return np.bincount(self.likes.indices, minlength=self.likes.shape[1]) > 0


def _item_weights(likes: sp.csr_array) -> Floats:
    """(n_items,): the diagonal of D."""
    n_likes = np.bincount(likes.indices, minlength=likes.shape[1])
    weights: Floats = 1.0 / np.sqrt(np.maximum(n_likes, 1))
    return weights


def _times_columns(rows: sp.csr_array, weights: Floats) -> sp.csr_array:
    """Multiply each column by its weight."""
    values = rows.data * weights[rows.indices]
    return sp.csr_array((values, rows.indices, rows.indptr), shape=rows.shape)
