"""Groups of users who like the same items, and how likely a member likes each item."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import ceil_div
from kmeans_core.threads import chunks
from kmeans_core.threads.processors import available_threads
from recsys.recommenders import list_kernels
from recsys.recommenders.embeddings import Floats32
from recsys.recommenders.forms import Form, natural
from recsys.recommenders.group_tables import TILE, Tiles, counts_of
from recsys.recommenders.groupings import groupings
from recsys.recommenders.types import Floats, Ints

# The least and the greatest number of groups of a grouping.
USER_GROUPS = (16, 256)

# A like counts as this much of an independent observation. The likes of one user depend on each
# other, so the whole count would make a user too sure of one group.
LIKE_COUNTS = 0.5

# A user has no share in groups that hold less of them than this.
LEAST_SHARE = 1e-3

# In place of smaller numbers in logarithms, for groups without members and items without likes.
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Weights:
    """What the groups of some users count when their likes are added up."""

    groups: Ints  # (n_shares,): the groups of each user, user by user; not that of all users
    values: Floats  # (n_shares,)
    starts: Ints  # (n_users + 1,): where the groups of each user start

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, eq=False)
class UserGroups:
    """Groupings of training users by their likes.

    Groups are numbered through all groupings. The last number is the group of all users, which
    serves users without likes.

    The likes of all groups for ``TILE`` items stand together. Each item has a place in the tiles,
    by falling number of likes.
    """

    labels: Ints  # (n_groupings, n_users)
    limits: Ints  # (n_groupings + 1,): the first group of each grouping, and the number of groups
    sizes: Floats  # (n_groups + 1,): the members of each group
    n_likes: Ints  # (n_items,): the users who like each item
    order: Ints  # (n_items,): the item of each place
    places: Ints  # (n_items,): the place of each item
    tiles: Tiles  # (n_tiles, n_groups, TILE): the likes of the members for the items of a tile

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
        (n_users, n_items), everyone = likes.shape, int(limits[-1])
        sizes = np.bincount(labels.ravel(), minlength=everyone + 1).astype(np.float64)
        sizes[-1] = n_users
        n_likes = np.bincount(likes.indices, minlength=n_items)
        order, places = by_likes(n_likes)
        tiles = counts_of(labels, sizes[:-1], likes.indices, likes.indptr, places)
        return cls(labels, limits, sizes, n_likes, order, places, tiles)

    @cached_property
    def popularity(self) -> Floats:
        """(n_items,): the share of all users who like each item."""
        share: Floats = self.n_likes / self.sizes[-1]
        return share

    # Shares of users ----------------------------------------------------------------------------

    def shares(self, likes: sp.csr_array) -> sp.csr_array:
        """(n_users, n_groups + 1): how much of each user is in each group, given weighted likes.

        The shares of a user in the groups of one grouping add up to 1. Each is in proportion to

            m product over liked items of ((l + p) / (m + 1)) ^ ``LIKE_COUNTS``

        for m members, of whom l like the item. This is the probability of the group in a naive
        Bayes classifier (Hand, Yu 2001, Idiot's Bayes) with tempered likelihoods. A user without
        likes has the share 1 in the group of all users.
        """
        n_users, n_groups = likes.shape[0], int(self.limits[-1])
        # In the order of places, a tile of counts stays in the cache.
        places, items = np.unique(self.places[likes.indices], return_inverse=True)
        surprise = self._surprise(places)
        sizes = self.sizes[:-1]
        log_sizes, log_more = log_of(sizes), np.log(sizes + 1.0)
        shares = np.zeros((n_users, n_groups + 1))
        counts = np.zeros(n_users, dtype=np.int64)
        n_threads = available_threads()

        def share(start: int, stop: int) -> None:
            list_kernels.share_users(
                items,
                likes.data,
                likes.indptr,
                surprise,
                LIKE_COUNTS,
                log_sizes,
                log_more,
                self.limits,
                LEAST_SHARE,
                start,
                stop,
                shares,
                counts,
            )

        chunks.run(n_users, (likes.nnz + n_users) * n_groups, n_threads, share)
        in_none = np.diff(likes.indptr) == 0
        shares[in_none, -1] = 1.0
        starts = np.append(0, np.cumsum(counts + in_none))
        groups, values = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1])

        def pack(start: int, stop: int) -> None:
            list_kernels.pack_shares(shares, starts, start, stop, groups, values)

        chunks.run(n_users, shares.size, n_threads, pack)
        return sp.csr_array((values, groups, starts), shape=shares.shape)

    def _surprise(self, places: Ints) -> Floats32:
        """(n_places, n_groups): log((l + p) / p) for groups of which l members like an item."""
        n_groups, popularity = int(self.limits[-1]), self.popularity[self.order[places]]
        found = np.zeros((len(places), n_groups), dtype=np.float32)

        def surprise(start: int, stop: int) -> None:
            list_kernels.surprises(self.tiles, places, popularity, start, stop, found)

        chunks.run(len(places), len(places) * n_groups, available_threads(), surprise)
        return found

    def heaviest(self, shares: sp.csr_array, user: int) -> Ints:
        """(n_groupings,): the group of each grouping that holds most of a user.

        It is the group of all users if the user has no likes.
        """
        (found,) = self.heaviest_of_all(sp.csr_array(shares[[user]]))
        return np.asarray(found)

    def heaviest_of_all(self, shares: sp.csr_array) -> Ints:
        """(n_users, n_groupings): :meth:`heaviest` of each user, at once."""
        found = np.empty((shares.shape[0], len(self.labels)), dtype=np.int64)
        list_kernels.find_heaviest(shares.indices, shares.data, shares.indptr, self.limits, found)
        return found

    # How likely users are to like items ---------------------------------------------------------

    def probabilities(self, shares: sp.csr_array) -> Floats:
        """(n_users, n_items): P(like | groups), averaged over the groupings.

        A member of a group of m users, of whom l like the item, likes it with probability
        (l + p) / (m + 1).
        """
        weights, order = self.weights(shares), self.liked
        popularity, of_everyone = self.popularity[order], self.of_everyone[order]
        found = np.zeros((len(weights), len(self.order)))

        def add(start: int, stop: int) -> None:
            list_kernels.add_all(
                self.tiles,
                weights.groups,
                weights.values,
                weights.starts,
                popularity,
                of_everyone,
                start,
                stop,
                found,
            )

        work = len(weights.groups) * len(order)
        chunks.run(len(weights), work, available_threads(), add)
        return np.take(found, self.places, axis=1)

    def weights(self, shares: sp.csr_array) -> Weights:
        """What the likes of each group count in the mean over a user's groupings."""
        in_group = shares.indices < self.limits[-1]
        starts = np.append(0, np.cumsum(in_group))[shares.indptr]
        groups = shares.indices[in_group].astype(np.int64)
        values = shares.data[in_group] / (len(self.labels) * (self.sizes[groups] + 1.0))
        return Weights(groups, values, starts)

    @cached_property
    def liked(self) -> Ints:
        """The items that somebody likes, in the order of their places."""
        return self.order[: np.count_nonzero(self.n_likes)]

    @cached_property
    def of_everyone(self) -> Floats:
        """(n_items,): how likely a user without likes is to like each item."""
        found: Floats = (self.n_likes + self.popularity) / (self.sizes[-1] + 1.0)
        return found

    @cached_property
    def most(self) -> Tiles:
        """(n_tiles of tiles, n_groups, TILE): the most likes of an item in each tile."""
        n_tiles, n_groups, _ = self.tiles.shape
        found = np.zeros((ceil_div(n_tiles, TILE), n_groups, TILE), dtype=self.tiles.dtype)
        for tile, of_items in enumerate(self.tiles):
            np.max(of_items, axis=1, out=found[tile // TILE, :, tile % TILE])
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
        n_groups, most = np.diff(limits), len(labels) * labels.shape[1]
        are_counts = np.all((n_groups >= 1) & (n_groups <= USER_GROUPS[1]))
        if limits[0] != 0 or not are_counts or limits[-1] > most:
            raise ValueError("limits are not those of groupings of the users")
        in_none = np.diff(likes.indptr) == 0
        within = (labels >= first) & (labels < last)
        if not np.array_equal(within, np.broadcast_to(~in_none, labels.shape)):
            raise ValueError("labels belong to other groupings")
        if np.any(labels[:, in_none] != limits[-1]):
            raise ValueError("labels put a user without likes in a group")
        return cls.of(labels, limits, likes)


def by_likes(n_likes: Ints) -> tuple[Ints, Ints]:
    """The item of each place, by falling number of likes, and the place of each item.

    Examples
    --------
    >>> order, places = by_likes(np.array([3, 7, 5]))
    >>> order.tolist(), places.tolist()
    ([1, 2, 0], [2, 0, 1])
    """
    order = np.argsort(-n_likes, kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return order, places


def log_of(numbers: Floats) -> Floats:
    """The logarithms of numbers that are at least ``TINY``, or of ``TINY``."""
    found: Floats = np.log(np.maximum(numbers, TINY))
    return found
