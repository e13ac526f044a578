"""How much taste counts beside popularity: learned on one worker, from a sample of users."""

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.partitioned.partitions import Partition
from recsys.partitioned.ratings import DistributedRatings
from recsys.partitioned.training import plain_data
from recsys.recommenders.case import Mask
from recsys.recommenders.taste_groups import TasteGroups
from recsys.recommenders.taste_weight import learned_weight

# The weight is learned from at most this many users, drawn at random.
SAMPLE = 20_000


def taste_weight(ratings: DistributedRatings, model: TasteGroups) -> Any:
    """The future of the weight of taste, as a fit on one machine to a sample of users learns it."""
    cluster = ratings.cluster
    if model.taste_weight is not None:
        return cluster.keep(model.taste_weight)
    drawn = ratings.sample(SAMPLE, np.random.default_rng(model.random_state))
    parts = cluster.each(some_users, ratings.partitions, drawn)
    return cluster.submit(weight_of_sample, model, parts)


def some_users(partition: Partition, drawn: Mask) -> Partition:
    """Some users of a partition, on a worker."""
    matrix, rows = partition.matrix, np.flatnonzero(drawn)
    of_cells = np.repeat(drawn, matrix.counts_by_user())
    return Partition(matrix.take(rows, slice(None)), partition.ages[of_cells])


def weight_of_sample(model: TasteGroups, parts: list[Partition]) -> float:
    """Learn the weight from the users of some parts together."""
    values = sp.vstack([part.matrix.values for part in parts], format="csr")
    user_ids = np.concatenate([part.matrix.user_ids for part in parts])
    matrix = replace(parts[0].matrix, values=sp.csr_array(values), user_ids=user_ids)
    data = plain_data(matrix, np.concatenate([part.ages for part in parts]))
    rng = np.random.default_rng(model.random_state)
    return learned_weight(model._with_all_taste(), data, rng)
