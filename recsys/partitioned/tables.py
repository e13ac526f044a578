"""How many members of each group like or rated each film, added up over partitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.partitioned.partitions import Partition
from recsys.partitioned.ratings import DistributedRatings
from recsys.partitioned.taste import DistributedGroupings
from recsys.recommenders.group_tables import GroupTables, Tiles, counts_of
from recsys.recommenders.types import Floats, Ints
from recsys.recommenders.user_groups import UserGroups, by_likes

# One task counts so many groupings in so many partitions. So a worker holds a part of the tables
# and of the ratings at a time.
N_GROUPINGS, N_PARTITIONS = 10, 4


@dataclass(frozen=True, eq=False)
class PartitionTables(GroupTables):
    """The labels of the users of a partition, and the counts of all users."""

    summed: Tiles

    @property
    def ratings(self) -> Tiles:
        return self.summed


@dataclass(frozen=True, eq=False)
class SummedTables:
    """Counts of the groups of all users.

    Attributes
    ----------
    limits, sizes, n_likes, order, places
        As in :class:`UserGroups`.
    likes, ratings : ndarray of shape (n_tiles, n_groups, TILE)
        How many members like each film, and how many rated it.
    """

    limits: Ints
    sizes: Floats
    n_likes: Ints
    order: Ints
    places: Ints
    likes: Tiles
    ratings: Tiles

    def user_groups(self, labels: Ints) -> UserGroups:
        """The groups as the users of a partition see them, given their labels."""
        of_films = self.n_likes, self.order, self.places
        return UserGroups(labels, self.limits, self.sizes, *of_films, self.likes)

    def group_tables(self, labels: Ints, rated: sp.csr_array) -> PartitionTables:
        """The counts for reasons, given the labels and the ratings of the users of a partition."""
        sizes = self.sizes[:-1].astype(np.int64)
        return PartitionTables(labels, rated, sizes, self.places, self.likes, self.ratings)


def summed_tables(ratings: DistributedRatings, groupings: DistributedGroupings) -> Any:
    """The future of the counts of all groups."""
    cluster, limits = ratings.cluster, groupings.limits
    n_groups = int(limits[-1])
    of_groups = cluster.each(sizes_of, groupings.labels, n_groups=n_groups)
    sizes = cluster.result(cluster.total(of_groups))
    n_likes = cluster.result(cluster.total(cluster.each(items_of, groupings.likes)))
    order, places = by_likes(n_likes)
    shared = cluster.keep(places)
    tables = []
    for cells in (groupings.likes, cluster.each(rated_in, ratings.partitions)):
        runs = list(zip(_runs(groupings.labels), _runs(cells), strict=True))
        blocks = []
        for first in range(0, len(limits) - 1, N_GROUPINGS):
            of_block = limits[first : first + N_GROUPINGS + 1], sizes, shared
            counts = [cluster.submit(counted, first, *of_block, *run) for run in runs]
            blocks.append(cluster.total(counts))
        tables.append(cluster.submit(side_by_side, blocks))
    return cluster.submit(SummedTables, limits, sizes, n_likes, order, shared, *tables)


def _runs(futures: Sequence[Any]) -> list[Sequence[Any]]:
    """Neighbouring partitions that one task counts."""
    return [futures[at : at + N_PARTITIONS] for at in range(0, len(futures), N_PARTITIONS)]


def sizes_of(labels: Ints, n_groups: int) -> Floats:
    """(n_groups + 1,): the members of each group in a partition, and all its users."""
    sizes = np.bincount(labels.ravel(), minlength=n_groups + 1).astype(np.float64)
    sizes[-1] = labels.shape[1]
    return sizes


def items_of(likes: sp.csr_array) -> Ints:
    """(n_items,): the likes of each film in a partition."""
    return np.bincount(likes.indices, minlength=likes.shape[1])


def rated_in(partition: Partition) -> sp.csr_array:
    return partition.matrix.values


def counted(
    first: int,
    limits: Ints,
    sizes: Floats,
    places: Ints,
    labels: Sequence[Ints],
    cells: Sequence[sp.csr_array],
) -> Tiles:
    """Count the cells of the groupings from ``first`` on, whose groups are within ``limits``."""
    of_groups = sizes[limits[0] : limits[-1]].astype(np.int64)
    numbers = slice(first, first + len(limits) - 1)
    parts = (
        counts_of(of_users[numbers] - limits[0], of_groups, rows.indices, rows.indptr, places)
        for of_users, rows in zip(labels, cells, strict=True)
    )
    total = next(parts)
    for part in parts:
        total += part
    return total


def side_by_side(blocks: Sequence[Tiles]) -> Tiles:
    """The tables of all groups from those of some groupings each."""
    found: Tiles = np.concatenate(blocks, axis=1, dtype=np.result_type(*blocks))
    return found
