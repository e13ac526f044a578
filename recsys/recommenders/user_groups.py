"""Groups of users who like the same items, and how likely a member likes each item."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.embeddings import Floats32
from recsys.recommenders.forms import Form, natural
from recsys.recommenders.groupings import groupings
from recsys.recommenders.types import Floats, Ints

# The least and the greatest number of groups of a grouping.
USER_GROUPS = (16, 256)

# A like counts as this much of an independent observation. The likes of one user depend on each
# other, so the whole count would make a user too sure of one group.
LIKE_COUNTS = 0.5

# A user has no share in groups that hold less of them than this.
LEAST_SHARE = 1e-3

# In place of log 0, for groups without members.
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class UserGroups:
    """Groupings of training users by their likes.

    Groups are numbered through all groupings. The last number is the group of all users, which
    serves users without likes.
    """

    labels: Ints  # (n_groupings, n_users)
    limits: Ints  # (n_groupings + 1,): the first group of each grouping, and the number of groups
    sizes: Floats  # (n_groups + 1,): the members of each group
    likes: sp.csr_array  # (n_items, n_groups + 1), float32: the likes of the members

    @classmethod
    def learned(
        cls, likes: sp.csr_array, embeddings: Floats32, n: int, rng: np.random.Generator
    ) -> Self:
        """Group users n times by their embeddings."""
        labels = groupings(n, USER_GROUPS, embeddings, rng).astype(np.int64)
        limits = np.cumsum([0, *(np.max(labels, axis=1) + 1)])
        labels += limits[:-1, None]
        labels[:, np.diff(likes.indptr) == 0] = limits[-1]
        return cls.of(labels, limits, likes)

    @classmethod
    def of(cls, labels: Ints, limits: Ints, likes: sp.csr_array) -> Self:
        """Count the members of each group, and their likes of each item."""
        n_users = labels.shape[1]
        everyone = int(limits[-1])
        grouped = labels < everyone
        rows = np.append(labels[grouped], np.full(n_users, everyone))
        users = np.append(np.nonzero(grouped)[1], np.arange(n_users))
        place, shape = (users, rows), (n_users, everyone + 1)
        members = sp.csr_array((np.ones(len(rows), dtype=np.float32), place), shape=shape)
        of_groups = sp.csr_array(likes.astype(np.float32).T.tocsr() @ members)
        of_groups.sort_indices()
        sizes = np.bincount(rows, minlength=everyone + 1).astype(np.float64)
        return cls(labels, limits, sizes, of_groups)

    @cached_property
    def popularity(self) -> Floats:
        """(n_items,): the share of all users who like each item."""
        share: Floats = self.likes[:, [-1]].toarray().ravel() / self.sizes[-1]
        return share

    def shares(self, likes: sp.csr_array) -> sp.csr_array:
        """(n_users, n_groups + 1): how much of each user is in each group, given weighted likes.

        The shares of a user in the groups of one grouping add up to 1. Each is in proportion to

            m product over liked items of ((l + p) / (m + 1)) ^ ``LIKE_COUNTS``

        for m members, of whom l like the item. This is the probability of the group in a naive
        Bayes classifier (Hand, Yu 2001, Idiot's Bayes) with tempered likelihoods.
        """
        logits = LIKE_COUNTS * self._log_likelihoods(likes)
        logits += np.log(np.maximum(self.sizes[:-1], TINY))
        first, widths = self.limits[:-1], np.diff(self.limits)
        most = np.maximum.reduceat(logits, first, axis=1)
        shares = np.exp(logits - np.repeat(most, widths, axis=1))
        total = np.add.reduceat(shares, first, axis=1)
        shares[shares < LEAST_SHARE * np.repeat(total, widths, axis=1)] = 0.0
        shares /= np.repeat(np.add.reduceat(shares, first, axis=1), widths, axis=1)
        none = np.diff(likes.indptr) == 0
        shares[none] = 0.0
        return sp.csr_array(np.hstack([shares, none[:, None]]))

    def _log_likelihoods(self, likes: sp.csr_array) -> Floats:
        """(n_users, n_groups): of the likes, less those among all users, which no share needs."""
        liked, places = np.unique(likes.indices, return_inverse=True)
        surprise = self.likes[liked]
        popularity = np.repeat(self.popularity[liked], np.diff(surprise.indptr))
        surprise.data = np.log1p(surprise.data / popularity).astype(np.float32)
        weights = sp.csr_array(
            (likes.data.astype(np.float32), places, likes.indptr),
            shape=(likes.shape[0], len(liked)),
        )
        found: Floats = (weights @ surprise).toarray()[:, :-1].astype(np.float64)
        found -= likes.sum(axis=1)[:, None] * np.log(self.sizes[:-1] + 1.0)
        return found

    def heaviest(self, shares: sp.csr_array, user: int) -> Ints:
        """(n_groupings,): the group of each grouping that holds most of a user.

        It is the group of all users if the user has no likes.
        """
        start, stop = shares.indptr[user : user + 2]
        groups, share = shares.indices[start:stop], shares.data[start:stop]
        if groups[0] == self.limits[-1]:
            return np.full(len(self.labels), self.limits[-1])
        grouping = np.searchsorted(self.limits, groups, side="right")
        order = np.lexsort((groups, -share, grouping))
        first = np.unique(grouping[order], return_index=True)[1]
        return groups[order[first]].astype(np.int64)

    def heaviest_of_all(self, shares: sp.csr_array) -> Ints:
        """(n_users, n_groupings): :meth:`heaviest` of each user, at once."""
        found = np.full((shares.shape[0], len(self.labels)), self.limits[-1])
        user = np.repeat(np.arange(shares.shape[0]), np.diff(shares.indptr))
        has_likes = shares.indices < self.limits[-1]
        user, groups, share = user[has_likes], shares.indices[has_likes], shares.data[has_likes]
        grouping = np.repeat(np.arange(len(self.labels)), np.diff(self.limits))[groups]
        # The groups of a user ascend, so those of one grouping stand together.
        starts = np.flatnonzero(np.diff(user * len(self.labels) + grouping, prepend=-1))
        if len(starts) == 0:
            return found
        most = np.repeat(np.maximum.reduceat(share, starts), np.diff(starts, append=len(share)))
        largest = np.flatnonzero(share == most)[::-1]
        # Of equal shares the first group is written last.
        found[user[largest], grouping[largest]] = groups[largest]
        return found

    def probabilities(self, shares: sp.csr_array) -> Floats:
        """(n_users, n_items): P(like | groups), averaged over the groupings.

        A member of a group of m users, of whom l like the item, likes it with probability
        (l + p) / (m + 1).
        """
        n_shares = np.diff(shares.indptr)
        weights = shares.copy()
        weights.data /= np.repeat(shares.sum(axis=1), n_shares) * (self.sizes[shares.indices] + 1.0)
        found = np.ascontiguousarray((self.likes @ np.ascontiguousarray(weights.toarray().T)).T)
        found += weights.sum(axis=1)[:, None] * self.popularity
        return found

    # A file -------------------------------------------------------------------------------------

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"labels": self.labels, "limits": self.limits}

    @staticmethod
    def forms(n_groupings: int, n_users: str = "n_users") -> dict[str, Form]:
        """The forms of :meth:`arrays` in a file, given the name of the number of users."""
        return {"labels": natural(n_groupings, n_users), "limits": natural(n_groupings + 1)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], likes: sp.csr_array) -> Self:
        """Take back :meth:`arrays`. ValueError if they contradict each other or the likes."""
        labels, limits = arrays["labels"], arrays["limits"]
        first, last = limits[:-1, None], limits[1:, None]
        most = len(labels) * labels.shape[1]
        if limits[0] != 0 or np.any(np.diff(limits) < 1) or limits[-1] > most:
            raise ValueError("limits are not those of groupings of the users")
        in_none = np.diff(likes.indptr) == 0
        within = (labels >= first) & (labels < last)
        if not np.array_equal(within, np.broadcast_to(~in_none, labels.shape)):
            raise ValueError("labels belong to other groupings")
        if np.any(labels[:, in_none] != limits[-1]):
            raise ValueError("labels put a user without likes in a group")
        return cls.of(labels, limits, likes)
