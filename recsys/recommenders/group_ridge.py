"""Ridge regression of what people rated on the groups of what else they rated."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.embeddings import Floats32
from recsys.recommenders.forms import Form, natural, real
from recsys.recommenders.groupings import groupings
from recsys.recommenders.item_groups import sums_of_groups
from recsys.recommenders.products import gram_of, inverse_of
from recsys.recommenders.types import Floats, Ints

# The least and the greatest number of groups of a grouping.
RIDGE_GROUPS = (64, 1024)

# The embeddings of genres have this length beside embeddings of length 1.
GENRES_LENGTH = 0.7

# The weights of a liked item and of another rated item.
LIKED, RATED = 10.0, 3.0

# The penalty of the regression, for weights 1 and .3.
PENALTY = 200.0

# The regression learns from at most this many users, drawn at random: its cost grows with their
# cube.
MOST_USERS = 1_500

# The spread of scores is measured over this many users.
N_MEASURED = 200

# Effects on items are kept until they have this many numbers.
MOST_KEPT = 4_000_000

# Scores with a smaller spread are equal up to rounding, and are not spread out.
LEAST_SPREAD = 1e-9


@dataclass(frozen=True, eq=False)
class GroupRidge:
    """Predicts a user's weights of items from those of a sample of training users.

    Two items are as similar as the share of the groupings in which they are in one group. This is
    a kernel K, because it is Z Z^T for the groups Z of items. X has the weights of the sample. The
    weights x of a user predict

        x K X^T (X K X^T + penalty)^-1 X

    This is kernel ridge regression (Saunders, Gammerman, Vovk 1998), and also a linear model of
    groups: x Z has the weight of each group, and every group adds its part. EASE (Steck 2019,
    Embarrassingly Shallow Autoencoders) is similar for K = 1, but keeps items from predicting
    themselves. That lowered the accuracy here.
    """

    labels: npt.NDArray[np.int32]  # (n_groupings, n_items)
    sample: Ints  # (n_sample,): the rows of the users it learns from, ascending
    inverse: Floats  # (n_sample, n_sample): (X K X^T + penalty)^-1
    spread: Floats  # (): the standard deviation of scores
    weights: sp.csr_array  # (n_sample, n_items): X

    @classmethod
    def learned(
        cls,
        weights: sp.csr_array,
        recent: sp.csr_array,
        embeddings: Floats32,
        genres: Floats32,
        n: int,
        rng: np.random.Generator,
    ) -> Self:
        """Group items n times by embeddings and genres, and regress the weights of users.

        ``weights`` are :func:`weights_of` of all users, and ``recent`` are the same times what each
        rating counts by its age.
        """
        beside = GENRES_LENGTH * genres if np.any(genres) else None
        labels = groupings(n, RIDGE_GROUPS, embeddings, rng, beside=beside)
        sample = np.sort(rng.permutation(weights.shape[0])[:MOST_USERS])
        of_sample = sp.csr_array(weights[sample])
        gram = np.zeros((len(sample), len(sample)))
        for of_items in labels:
            gram += gram_of(sums_of_groups(of_sample, of_items))
        gram[np.diag_indices(len(sample))] += PENALTY * LIKED**2 * n
        found = cls(labels, sample, inverse_of(gram), np.array(1.0), of_sample)
        scores = found.scores(sp.csr_array(recent[sample[:N_MEASURED]]))
        spread = float(np.std(scores))
        return replace(found, spread=np.array(spread if spread >= LEAST_SPREAD else 1.0))

    def scores(self, recent: sp.csr_array) -> Floats:
        """(n_users, n_items): predicted weights, less each user's mean, over their spread."""
        similar = np.zeros(recent.shape, dtype=np.float32)
        for of_items in self.labels:
            sums = sums_of_groups(recent, of_items).astype(np.float32)
            similar += np.take(sums, of_items, axis=1)
        of_sample = np.ascontiguousarray((self.weights @ similar.T).T, dtype=np.float64)
        # Not a product of BLAS: a user has the same bits alone and with others.
        votes: Floats = np.einsum("ij,kj->ik", of_sample, self.inverse)
        found: Floats = np.ascontiguousarray((self.weights.T @ votes.T).T)
        found -= np.mean(found, axis=1, keepdims=True)
        found /= self.spread
        return found

    def contributions(self, item: int, items: Ints) -> Floats:
        """(len(items),): what a weight of 1 of each item adds to the score of an item."""
        if item not in self._kept:
            if len(self._kept) * self.labels.shape[1] >= MOST_KEPT:
                self._kept.clear()
            self._kept[item] = self._effects(self.weights[:, [item]].toarray().ravel())
        found: Floats = (self._kept[item][items] - self._mean_effects[items]) / self.spread
        return found

    def _effects(self, of_sample: Floats) -> Floats:
        """(n_items,): what a weight of 1 of each item adds to an item with these weights."""
        predicted = self.weights.T @ np.einsum("ij,j->i", self.inverse, of_sample)
        effects = np.zeros(len(predicted))
        for labels in self.labels:
            effects += np.bincount(labels, predicted)[labels]
        return effects

    @cached_property
    def _mean_effects(self) -> Floats:
        """(n_items,): what a weight of 1 of each item adds to the mean score."""
        return self._effects(np.asarray(self.weights.mean(axis=1)).ravel())

    @cached_property
    def _kept(self) -> dict[int, Floats]:
        """Effects on items. The lists of many users show the same items."""
        return {}

    # A file -------------------------------------------------------------------------------------

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {name: getattr(self, name) for name in ("labels", "sample", "inverse", "spread")}

    @staticmethod
    def forms(n_groupings: int) -> dict[str, Form]:
        """The forms of :meth:`arrays` in a file."""
        return {
            "labels": natural(n_groupings, "n_items", below="n_items"),
            "sample": natural("n_sample", below="n_users"),
            "inverse": real("n_sample", "n_sample"),
            "spread": real(least=LEAST_SPREAD),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], weights: sp.csr_array) -> Self:
        """Take back :meth:`arrays`. ``weights`` are :func:`weights_of` of all training users.

        ValueError if the sample is not ascending.
        """
        if np.any(np.diff(arrays["sample"]) < 1):
            raise ValueError("sample does not ascend")
        return cls(**arrays, weights=sp.csr_array(weights[arrays["sample"]]))


def weights_of(rated: sp.csr_array, likes: npt.NDArray[np.bool_]) -> sp.csr_array:
    """The weights of rated items: 10 if the user likes the item, otherwise 3."""
    weights = np.where(likes, LIKED, RATED)
    return sp.csr_array((weights, rated.indices, rated.indptr), shape=rated.shape)
