"""Many groupings of all users by their likes: learned from a sample, and applied by partitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core import assign
from recsys.analysis.taste import likes_of
from recsys.partitioned.directions import directions_of, embedded
from recsys.partitioned.partitions import Partition
from recsys.partitioned.ratings import DistributedRatings
from recsys.recommenders.case import Mask
from recsys.recommenders.embeddings import (
    Floats32,
    by_activity,
    mixed,
    of_length_one,
)
from recsys.recommenders.groupings import grouping
from recsys.recommenders.taste_groups import N_LIKED
from recsys.recommenders.types import Floats, Ints
from recsys.recommenders.user_groups import USER_GROUPS

# The centers of a grouping are learned from at most this many users, drawn at random.
SAMPLE = 100_000


@dataclass(frozen=True, eq=False)
class Grouping:
    """One grouping: a random mixture of the directions of likes, and the centers in it."""

    mixture: Floats32  # (n_basis, n_components)
    centers: Floats  # (n_groups, n_components)


@dataclass(frozen=True, eq=False)
class DistributedGroupings:
    """The groups of all users in each grouping, numbered through all groupings.

    Attributes
    ----------
    likes : sequence of Future
        The likes of each partition, as csr_array of ones.
    labels : sequence of Future
        (n_groupings, n_users of the partition): the groups. Users without likes are in the group
        behind the last one.
    limits : ndarray of shape (n_groupings + 1,)
        The first group of each grouping, and the number of groups.
    """

    likes: Sequence[Any]
    labels: Sequence[Any]
    limits: Ints


def learned_groupings(ratings: DistributedRatings, n: int, seed: int) -> DistributedGroupings:
    """Group all users n times, as :class:`UserGroups` does on one machine.

    One machine learns the centers from all users. Here they are learned from ``SAMPLE`` of them,
    and the directions of likes come from sums over partitions.
    """
    cluster = ratings.cluster
    likes = cluster.each(likes_of_partition, ratings.partitions)
    weighted = cluster.each(by_activity, likes)
    shape = ratings.n_users, len(ratings.films.ids)
    directions = directions_of(cluster, weighted, shape, N_LIKED, seed)
    embeddings = [cluster.submit(embedded, rows, directions) for rows in weighted]
    rng = np.random.default_rng(seed)
    drawn = ratings.sample(SAMPLE, rng)
    sample = cluster.submit(stacked, *cluster.each(taken, embeddings, drawn))
    groupings = [
        cluster.submit(learned_grouping, sample, int(rng.integers(2**31))) for _ in range(n)
    ]
    n_groups = cluster.results([cluster.submit(number_of_groups, each) for each in groupings])
    limits = np.cumsum([0, *n_groups])
    labels = [
        cluster.submit(labels_of, of_partition, rows, limits, *groupings)
        for of_partition, rows in zip(embeddings, likes, strict=True)
    ]
    return DistributedGroupings(likes, labels, limits)


def likes_of_partition(partition: Partition) -> sp.csr_array:
    """A 1 for each like of the users of a partition, on a worker."""
    return likes_of(partition.matrix)


def taken(embeddings: Floats32, drawn: Mask) -> Floats32:
    found: Floats32 = embeddings[drawn]
    return found


def stacked(*embeddings: Floats32) -> Floats32:
    return np.concatenate(embeddings)


def learned_grouping(sample: Floats32, seed: int) -> Grouping:
    """Learn one grouping from a sample of embeddings, on a worker."""
    mixture, found = grouping(USER_GROUPS, sample, np.random.default_rng(seed))
    return Grouping(mixture, found.cluster_centers_)


def number_of_groups(grouping: Grouping) -> int:
    return len(grouping.centers)


def labels_of(
    embeddings: Floats32, likes: sp.csr_array, limits: Ints, *groupings: Grouping
) -> Ints:
    """(n_groupings, n_users): the groups of the users of a partition in all groupings."""
    labels = np.empty((len(groupings), len(embeddings)), dtype=np.int64)
    for number, each in enumerate(groupings):
        features = of_length_one(mixed(embeddings, each.mixture))
        labels[number] = limits[number] + assign(features, each.centers)
    labels[:, np.diff(likes.indptr) == 0] = limits[-1]
    return labels
