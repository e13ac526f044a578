"""Tables that say how many members of each group of users rated each film, or liked it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import ceil_div
from kmeans_core.threads import chunks
from kmeans_core.threads.processors import available_threads
from recsys.recommenders.case import Mask
from recsys.recommenders.group_kernels import count_items
from recsys.recommenders.types import Ints, Users

# The counts of all groups for this many films stand together, because a reason needs many groups of
# one film.
TILE = 64

# (n_tiles, n_groups, TILE): counts of groups and films.
Tiles = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, eq=False)
class GroupTables:
    """How many members of each group rated each film, and how many liked it.

    Groups are numbered through all groupings. The label n_groups means that a user is in no group.

    Attributes
    ----------
    labels : ndarray of shape (n_groupings, n_users), int
        The group of each user in each grouping.
    rated : csr_array of shape (n_users, n_items)
        The ratings that are counted.
    sizes : ndarray of shape (n_groups,), int64
        The members of each group.
    places : ndarray of shape (n_items,), int64
        Where each film stands in the tables.
    likes : ndarray of shape (n_tiles, n_groups, TILE), uint16 or uint32
        The members who like each film. The numbers have two bytes if these can hold the size of
        the largest group.
    """

    labels: npt.NDArray[np.integer[Any]]
    rated: sp.csr_array
    sizes: Ints
    places: Ints
    likes: Tiles

    @classmethod
    def counted(
        cls,
        labels: npt.NDArray[np.integer[Any]],
        n_groups: int,
        rated: sp.csr_array,
        is_like: Mask,
    ) -> Self:
        """Count the members of each group, and their likes.

        Parameters
        ----------
        labels : ndarray of shape (n_groupings, n_users), int
            The group of each user in each grouping.
        n_groups : int
            The number of groups of all groupings.
        rated : csr_array of shape (n_users, n_items)
            The ratings.
        is_like : ndarray of shape (n_ratings,), bool
            Which stored ratings are likes.

        Returns
        -------
        GroupTables

        Examples
        --------
        Users 0 and 1 are in group 0, and user 2 is in group 1. All three like film 0. User 1 likes
        film 1, and user 2 rates it.

        >>> rated = sp.csr_array(np.array([[5.0, 0.0], [4.0, 4.0], [5.0, 1.0]]))
        >>> tables = GroupTables.counted(np.array([[0, 0, 1]]), 2, rated, rated.data >= 4)
        >>> groups, films = np.array([[0], [1]]), np.array([0, 1])
        >>> tables.likes_of(groups, films).tolist(), tables.ratings_of(groups, films).tolist()
        ([[2, 1], [1, 0]], [[2, 1], [1, 1]])
        """
        sizes = np.bincount(labels.ravel(), minlength=n_groups + 1)[:n_groups].astype(np.int64)
        places = np.arange(rated.shape[1])
        starts = np.append(0, np.cumsum(is_like))[rated.indptr]
        likes = counts_of(labels, sizes, rated.indices[is_like], starts, places)
        return cls(labels, rated, sizes, places, likes)

    @cached_property
    def ratings(self) -> Tiles:
        """The members who rated each film. Only reasons need them."""
        return counts_of(
            self.labels, self.sizes, self.rated.indices, self.rated.indptr, self.places
        )

    def likes_of(self, groups: Ints, films: Ints) -> Ints:
        """How many members of each group like each film. Groups and films broadcast."""
        return self._numbers(self.likes, groups, films)

    def ratings_of(self, groups: Ints, films: Ints) -> Ints:
        """How many members of each group rated each film. Groups and films broadcast."""
        return self._numbers(self.ratings, groups, films)

    def _numbers(self, tiles: Tiles, groups: Ints, films: Ints) -> Ints:
        tile, column = np.divmod(self.places[films], tiles.shape[2])
        return tiles[tile, groups, column].astype(np.int64)


@dataclass(frozen=True, eq=False)
class OnlyGroups:
    """Groups of users whose taste is the only evidence that parts of a recommender's scores have.

    Attributes
    ----------
    part : str
        The part of the score that comes from the groups.
    tables : GroupTables
        What their members rated and liked.
    heaviest : callable
        It maps users to the group of each grouping that holds most of them: an array of shape
        (n_users, n_groupings). It is n_groups in all groupings for a user who is in no group.
    """

    part: str
    tables: GroupTables
    heaviest: Callable[[Users], Ints]


def counts_of(
    labels: npt.NDArray[np.integer[Any]],
    sizes: npt.NDArray[Any],
    items: npt.NDArray[Any],
    starts: npt.NDArray[Any],
    places: Ints,
) -> Tiles:
    """Count, for each group and item, the members who have the item among theirs."""
    fits = np.max(sizes, initial=0) <= np.iinfo(np.uint16).max
    shape = ceil_div(len(places), TILE), len(sizes), TILE
    tiles: Tiles = np.zeros(shape, dtype=np.uint16 if fits else np.uint32)

    def count(start: int, stop: int) -> None:
        counts = np.zeros(len(tiles) * TILE, dtype=tiles.dtype)
        for of_users in labels[start:stop]:
            users = np.argsort(of_users, kind="stable")
            count_items(items, starts, places, of_users, users, counts, tiles)

    chunks.run(len(labels), len(labels) * len(items), available_threads(), count)
    return tiles
