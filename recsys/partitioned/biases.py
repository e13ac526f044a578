"""The biases of films and users, swept over partitions: sums of films add up, users stay apart."""

from typing import Any

import numpy as np

from recsys.partitioned.partitions import Partition
from recsys.partitioned.ratings import DistributedRatings
from recsys.partitioned.training import Everybody
from recsys.recommenders.biases import ITEM_DAMPING, N_SWEEPS, USER_DAMPING, Biases
from recsys.recommenders.types import Floats, Ints


def film_biases(ratings: DistributedRatings, everybody: Any) -> Any:
    """The future of the biases of films, as :meth:`Biases.learned` finds them on one machine.

    The users' biases are not kept: :func:`biases_of` makes those of a partition from the films'.
    """
    cluster = ratings.cluster
    found = cluster.submit(no_biases, everybody)
    n_ratings = cluster.keep(ratings.survey.items.counts)
    for sweep in range(N_SWEEPS):
        sums = [
            cluster.submit(sums_of_films, partition, found, is_first=sweep == 0)
            for partition in ratings.partitions
        ]
        found = cluster.submit(with_films, found, cluster.total(sums), n_ratings)
    return found


def no_biases(everybody: Everybody) -> Biases:
    """The mean of all ratings, before the first sweep."""
    n_of_each = np.asarray(everybody.given.sum(axis=0))
    mean = float(everybody.values @ n_of_each) / float(np.sum(n_of_each))
    return Biases(USER_DAMPING, mean, np.zeros(0), np.zeros(everybody.given.shape[0] + 1))


def biases_of(partition: Partition, of_films: Biases) -> Biases:
    """The biases of films and of the users of a partition."""
    rated = partition.matrix.values
    users = of_films.biases_of_users(rated)
    return Biases(of_films.user_damping, of_films.mean, users, of_films.item_biases)


def sums_of_films(partition: Partition, found: Biases, is_first: bool) -> Floats:
    """The residuals of each film in a partition, added up. In the first sweep no user is biased."""
    rated = partition.matrix.values
    if is_first:
        users = Biases(found.user_damping, found.mean, np.zeros(rated.shape[0]), found.item_biases)
        return users.sums_of_items(rated, rated.shape[1])
    return biases_of(partition, found).sums_of_items(rated, rated.shape[1])


def with_films(found: Biases, sums: Floats, n_ratings: Ints) -> Biases:
    return found.with_items(sums, n_ratings, np.zeros(len(sums)), ITEM_DAMPING, len(sums))
