"""What the peers that list items share: they score items by which ones a user liked."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp

from recsys.data.ids import Id, Ids
from recsys.data.ratings import Floats, Ratings
from recsys.recommenders.given_ratings import given_profile
from recsys.recommenders.training import TrainingData, user_index_of
from recsys.recommenders.types import no_item


class FromLikes(ABC):
    """Lists items by scores that depend only on which items the user rated and liked.

    So a new user is scored as a training user is. Items with equal scores are sorted by falling
    number of likes: users without likes get the most-liked items.
    """

    # What a rating that is no like counts; a like counts 1.
    rated_weight = 0.0

    def fit(self, ratings: Ratings) -> Self:
        """Learn from ratings, and return the fitted object itself."""
        self._data = TrainingData.of(ratings)
        values = self._data.matrix.values
        liked = values.indices[self._data.liked(values.data)]
        n_likes = np.bincount(liked, minlength=self._data.n_items)
        self._most_liked_first = np.argsort(-n_likes, kind="stable")
        self._learn(self._profiles(values))
        return self

    def top(self, user_ids: Ids, n: int) -> Ids:
        """List the ``n`` best items that each training user has not rated, best first."""
        data = self._data
        blocks = data.blocks(data.rows(user_ids))
        return self._lists((data.profiles(rows).rated for rows in blocks), n)

    def top_new(self, ratings: Sequence[Mapping[Id, float]], n: int) -> Ids:
        """Do the same as :meth:`top` for new users, given the ratings of each."""
        data = self._data
        given = [given_profile(of_one) for of_one in ratings]
        return self._lists((data.brought(some).rated for some in data.blocks(given)), n)

    @abstractmethod
    def _learn(self, profiles: sp.csr_array) -> None:
        """Learn from the profiles of all training users, of shape (n_users, n_items)."""

    @abstractmethod
    def _scores(self, profiles: sp.csr_array) -> Floats:
        """Score all items for users, given their profiles."""

    def _profiles(self, rated: sp.csr_array) -> sp.csr_array:
        """The ratings of users as 1 for a like and ``rated_weight`` for another rating."""
        data = np.where(self._data.liked(rated.data), 1.0, self.rated_weight)
        profiles = sp.csr_array((data, rated.indices, rated.indptr), shape=rated.shape, copy=True)
        profiles.eliminate_zeros()
        return profiles

    def _lists(self, blocks: Iterable[sp.csr_array], n: int) -> Ids:
        ids = self._data.matrix.movie_ids
        lists = [np.empty((0, n), ids.dtype)]
        for rated in blocks:
            scores = self._scores(self._profiles(rated))
            scores[user_index_of(rated), rated.indices] = -np.inf
            first = self._most_liked_first
            best = first[np.argsort(-scores[:, first], axis=1, kind="stable")[:, :n]]
            found = np.full((len(scores), n), no_item(ids), ids.dtype)
            users, places = np.nonzero(np.take_along_axis(scores, best, axis=1) > -np.inf)
            found[users, places] = ids[best[users, places]]
            lists.append(found)
        return np.concatenate(lists)
