"""Training data of one partition with counts of all users, so that a model answers as one whole."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.data.matrix import RatingMatrix
from recsys.data.scale import liked
from recsys.partitioned.partitions import Partition
from recsys.partitioned.ratings import DistributedRatings
from recsys.recommenders.ages import Ages
from recsys.recommenders.training import TrainingData, UnratedFilms
from recsys.recommenders.types import Floats, Ints

# The row of a user of an unknown partition.
ELSEWHERE = -2


@dataclass(frozen=True, eq=False)
class Everybody:
    """What all users did with each film."""

    n_users: int
    values: Floats  # (n_values,): the ratings that exist, ascending
    given: sp.csr_array  # (n_items, n_values): how many users gave each rating


@dataclass(frozen=True, eq=False)
class PartitionData(TrainingData):
    """The ratings of the users of a partition, and counts of all users.

    The arrays are those of the partition. The numbers of people, ratings and likes are those of all
    partitions.
    """

    everybody: Everybody

    @classmethod
    def of_partition(cls, partition: Partition, everybody: Everybody) -> "PartitionData":
        """The training data of a partition."""
        return cls(**vars(plain_data(partition.matrix, partition.ages)), everybody=everybody)

    @property
    def n_people(self) -> int:
        return self.everybody.n_users

    @cached_property
    def n_ratings(self) -> npt.NDArray[np.intp]:
        return np.asarray(self.everybody.given.sum(axis=1))

    @cached_property
    def n_likes(self) -> npt.NDArray[np.intp]:
        is_like = liked(self.everybody.values, self.scale)
        return np.asarray(self.everybody.given[:, is_like].sum(axis=1))

    def raters(self, item: int) -> tuple[Ints, Floats]:
        """The ratings of an item by all users, ascending. The rows of the users are unknown."""
        everybody = self.everybody
        start, stop = everybody.given.indptr[item : item + 2]
        values = everybody.values[everybody.given.indices[start:stop]]
        ratings = np.repeat(values, everybody.given.data[start:stop])
        return np.full(len(ratings), ELSEWHERE), ratings


def plain_data(matrix: RatingMatrix, ages: Ages) -> TrainingData:
    """Training data of a matrix, without genres and without films that nobody rated."""
    assert matrix.scale is not None
    genres = np.zeros((matrix.shape[1], 0), np.float32)
    unrated = UnratedFilms(matrix.movie_ids[:0], matrix.titles[:0], genres[:0])
    return TrainingData(matrix, ages, matrix.scale, genres, unrated)


def count_everybody(ratings: DistributedRatings) -> Any:
    """The future of what all users did with each film."""
    cluster, values = ratings.cluster, ratings.values
    given = cluster.total(cluster.each(given_ratings, ratings.partitions, values=values))
    return cluster.submit(Everybody, ratings.n_users, values, given)


def given_ratings(partition: Partition, values: Floats) -> sp.csr_array:
    """(n_items, n_values): how many users of a partition gave each rating to each film."""
    rated = partition.matrix.values
    place = rated.indices, np.searchsorted(values, rated.data)
    shape = rated.shape[1], len(values)
    found = sp.csr_array((np.ones(rated.nnz, dtype=np.int64), place), shape=shape)
    found.sort_indices()
    return found
