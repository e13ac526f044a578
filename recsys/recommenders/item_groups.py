"""Groups of items that the same users like, and how much of each group a user likes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.embeddings import Floats32
from recsys.recommenders.groupings import groupings
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Floats, Ints

# The least and the greatest number of groups of a grouping.
ITEM_GROUPS = (32, 256)

# A user's likes count as if there were this many more, spread as the likes of all users are.
PRIOR_LIKES = 3.0


@dataclass(frozen=True, eq=False)
class ItemGroups:
    """Groupings of the training items."""

    labels: npt.NDArray[np.int32]  # (n_groupings, n_items)
    counts: Floats  # (n_items,): the likes of each item

    @classmethod
    def learned(
        cls, likes: sp.csr_array, embeddings: Floats32, n: int, rng: np.random.Generator
    ) -> Self:
        """Group items n times by their embeddings."""
        return cls.of(likes, groupings(n, ITEM_GROUPS, embeddings, rng))

    @classmethod
    def of(cls, likes: sp.csr_array, labels: npt.NDArray[np.int32]) -> Self:
        counts = np.bincount(likes.indices, minlength=likes.shape[1]).astype(np.float64)
        return cls(labels, counts)

    def expected_likes(self, likes: sp.csr_array) -> Floats:
        """(n_users, n_items): the likes of each item that the likes of its group suggest.

        Group D of item i has L_D likes, which is the share q_D of all likes. The item has L_i, and
        the user has l_D weighted likes in the group. The answer is the mean of
        (l_D + 3 q_D) / L_D L_i over the groupings.
        """
        total = max(1.0, float(np.sum(self.counts)))
        found = np.zeros(likes.shape, dtype=np.float32)
        for labels, of_group in zip(self.labels, self._likes_of_groups, strict=True):
            mine = sums_of_groups(likes, labels) + PRIOR_LIKES * of_group / total
            likely = (mine / np.maximum(of_group, 1.0)).astype(np.float32)
            found += np.take(likely, labels, axis=1)
        return found * (self.counts / len(self.labels))

    def contributions(self, item: int, liked: Ints, weights: Floats) -> Floats:
        """(n_liked,): what each like of a user adds to the log of the expected likes of an item."""
        adds = np.zeros(len(liked))
        for labels, of_groups in zip(self.labels, self._likes_of_groups, strict=True):
            adds += (labels[liked] == labels[item]) / max(of_groups[labels[item]], 1.0)
        adds *= weights / len(self.labels)
        expected = np.sum(adds) + PRIOR_LIKES / max(1.0, float(np.sum(self.counts)))
        found: Floats = -np.log1p(-adds / expected)
        return found

    @cached_property
    def _likes_of_groups(self) -> tuple[npt.NDArray[Any], ...]:
        """The likes of each group of each grouping."""
        return tuple(np.bincount(labels, self.counts) for labels in self.labels)


def sums_of_groups(rows: sp.csr_array, labels: npt.NDArray[np.int32]) -> Floats:
    """(n_rows, n_groups): the sum of each row over the items of each group."""
    n_rows, n_groups = rows.shape[0], int(labels.max()) + 1
    place = user_index_of(rows) * n_groups + labels[rows.indices]
    sums = np.bincount(place, rows.data, minlength=n_rows * n_groups)
    return sums.astype(np.float64, copy=False).reshape(n_rows, n_groups)
