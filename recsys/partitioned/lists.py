"""Lists of all users by partitions: each partition is a TasteGroups that counts all users."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from recsys.partitioned.biases import biases_of, film_biases
from recsys.partitioned.partitions import Partition
from recsys.partitioned.ratings import DistributedRatings
from recsys.partitioned.tables import SummedTables, summed_tables
from recsys.partitioned.taste import DistributedGroupings, learned_groupings
from recsys.partitioned.training import Everybody, PartitionData, count_everybody
from recsys.partitioned.weight import taste_weight
from recsys.recommenders.baselines import BiasBaseline
from recsys.recommenders.biases import Biases
from recsys.recommenders.bulk_lists import blocks_of_lists
from recsys.recommenders.group_tables import OnlyGroups
from recsys.recommenders.taste_groups import USERS_PART, TasteGroups
from recsys.recommenders.types import Ints


class PartitionGroups(TasteGroups):
    """Groups alone, fitted to all users, for the users of one partition."""

    _tables: SummedTables

    def _only_groups(self) -> OnlyGroups:
        groups = self._user_groups
        return OnlyGroups(
            USERS_PART,
            self._tables.group_tables(groups.labels, self.trained_on.matrix.values),
            lambda users: groups.heaviest_of_all(users.placed.shares),
        )


def make_lists(ratings: DistributedRatings, model: TasteGroups, n: int) -> Iterator[pd.DataFrame]:
    """Recommend n films to every user, as ``recommend_all`` does on one machine.

    Given the same groupings and the same weight of taste, the lists are those of one machine.

    Parameters
    ----------
    ratings : DistributedRatings
        The ratings of all users.
    model : TasteGroups
        An unfitted recommender, whose parameters are taken. Groups of users must be all that it
        uses: ``n_item_groupings`` and ``stars_weight`` are 0.
    n : int
        The number of films for each user.

    Yields
    ------
    DataFrame
        The rows of ``recommend_all`` for the users of the next partition.
    """
    groupings = learned_groupings(ratings, model.n_user_groupings, model.random_state)
    yield from lists_of(ratings, model, groupings, taste_weight(ratings, model), n)


def lists_of(
    ratings: DistributedRatings,
    model: TasteGroups,
    groupings: DistributedGroupings,
    weight: Any,
    n: int,
) -> Iterator[pd.DataFrame]:
    """The lists of all users, given the groups and the future of the weight of taste."""
    cluster = ratings.cluster
    everybody = count_everybody(ratings)
    frames = cluster.each(
        lists_of_partition,
        ratings.partitions,
        groupings.labels,
        parameters=model.get_params(deep=False),
        everybody=everybody,
        of_films=film_biases(ratings, everybody),
        tables=summed_tables(ratings, groupings),
        weight=weight,
        n=n,
    )
    yield from cluster.results(frames)


def lists_of_partition(
    partition: Partition,
    labels: Ints,
    parameters: dict[str, Any],
    everybody: Everybody,
    of_films: Biases,
    tables: SummedTables,
    weight: float,
    n: int,
) -> pd.DataFrame:
    """The lists of the users of a partition, on a worker."""
    data = PartitionData.of_partition(partition, everybody)
    of_ratings = BiasBaseline()
    of_ratings.trained_on, of_ratings._biases = data, biases_of(partition, of_films)
    model = PartitionGroups(**parameters)
    model.trained_on, model._ratings, model._taste_weight = data, of_ratings, weight
    model._tables, model._user_groups = tables, tables.user_groups(labels)
    return pd.concat(blocks_of_lists(model, n), ignore_index=True)
