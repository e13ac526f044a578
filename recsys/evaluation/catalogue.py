"""Measures of lists beyond accuracy: coverage, diversity and novelty."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.data.ids import Ids
from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import Floats, Ints, Ratings
from recsys.data.scale import liked
from recsys.evaluation.metrics import coverage_at_k

# Lists are taken in blocks with at most so many different items, because the cosines of all pairs
# of these items lie in memory.
MOST_ITEMS = 2_000


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The items of the training part, with who rated and who liked them.

    Lists of shape (n_lists, k) hold movie ids, and -1 or None where they have no item. Items
    outside the training part do not count.

    Examples
    --------
    Users 1 and 2 both like items 10 and 20. User 3 likes item 30, and user 4 only rates item 20.

    >>> from recsys import Ratings
    >>> rated = Ratings.from_columns(
    ...     [1, 1, 2, 2, 3, 4], [10, 20, 10, 20, 30, 20], [5, 5, 4, 4, 5, 1])
    >>> known = Catalogue.of(rated)
    >>> lists = np.array([[10, 20], [10, 30]])  # nobody liked both 10 and 30
    >>> known.coverage(lists), round(known.diversity(lists), 12)
    (1.0, 0.5)
    >>> known.novelty(np.array([[10, 30]]))  # rated by 2 and by 1 of the 4 users
    1.5
    """

    movie_ids: Ids
    n_users: int
    n_raters: Ints
    # (n_items, n_users): who liked each item, scaled to length 1.
    likers: sp.csr_array

    @classmethod
    def of(cls, train: Ratings) -> Self:
        """The items of a training part."""
        matrix = RatingMatrix.from_ratings(train)
        values = matrix.values
        likes = sp.csr_array(
            (liked(values.data, train.scale).astype(np.float64), values.indices, values.indptr),
            shape=values.shape,
        )
        lengths = np.sqrt(np.maximum(likes.sum(axis=0), 1))
        likers = sp.csr_array((likes / lengths).T)
        likers.eliminate_zeros()
        return cls(matrix.movie_ids, len(matrix.user_ids), matrix.counts_by_item(), likers)

    def coverage(self, lists: Ids) -> float:
        """The share of the items that are in at least one list."""
        return coverage_at_k(lists, self.movie_ids)

    def novelty(self, lists: Ids) -> float:
        """The mean self-information of the listed items (Zhou et al. 2010), in bits.

        The self-information of an item is -log2(p). Here p is the share of the users who rated the
        item: an item that half of the users rated has 1 bit. The mean is over the items of each
        list, then over the lists that have items. It is NaN if no list has any.
        """
        places = self._places(lists)
        bits = -np.log2(self.n_raters / self.n_users)[places] * (places >= 0)
        n_items = (places >= 0).sum(axis=1)
        return _mean_ratio(bits.sum(axis=1), n_items)

    def diversity(self, lists: Ids) -> float:
        """How much the items of a list differ (intra-list distance: Vargas and Castells 2011).

        Two items differ by 1 - c. Here c is the cosine of the sets of users who liked them: 0 if
        nobody liked both. The mean is over the pairs of items of each list, then over the lists
        that have two items. It is NaN if no list has two.
        """
        places = self._places(lists)
        n_items = (places >= 0).sum(axis=1)
        n_pairs = n_items * (n_items - 1) / 2
        alike = self._alike(places)
        return _mean_ratio(n_pairs - alike, n_pairs)

    def _alike(self, places: npt.NDArray[np.intp]) -> Floats:
        """The sum of the cosines of all pairs of items of each list."""
        items, places = np.unique(places, return_inverse=True)
        if len(items) > MOST_ITEMS and len(places) > 1:
            halves = np.array_split(items[places], 2)
            return np.concatenate([self._alike(half) for half in halves])
        likers = self.likers[np.maximum(items, 0)]
        cosines = (likers @ likers.T).toarray()
        cosines[:, items < 0] = cosines[items < 0] = 0.0  # no item
        alike = np.zeros(len(places))
        for one, other in combinations(range(places.shape[1]), 2):
            alike += cosines[places[:, one], places[:, other]]
        return alike

    def _places(self, lists: Ids) -> npt.NDArray[np.intp]:
        found = pd.Index(self.movie_ids).get_indexer(pd.Index(lists.ravel()))
        return found.reshape(lists.shape)


def _mean_ratio(sums: Floats, counts: npt.NDArray[Any]) -> float:
    """The mean of sums divided by their counts, where these are not 0; NaN if all are."""
    some = counts > 0
    return float(np.mean(sums[some] / counts[some])) if some.any() else float("nan")
