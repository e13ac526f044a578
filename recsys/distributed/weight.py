"""How much taste counts beside popularity: learned on one worker, from a sample of users."""

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.distributed.partitions import Partition
from recsys.distributed.ratings import DistributedRatings
from recsys.distributed.training import plain_data
from recsys.recommenders.baselines import BiasBaseline
from recsys.recommenders.case import Mask
from recsys.recommenders.taste_groups import TasteGroups
from recsys.recommenders.taste_weight import learned_weight

# The weight is learned from at most this many users, drawn at random.
SAMPLE = 20_000


def taste_weight(ratings: DistributedRatings, n_groupings: int, seed: int) -> Any:
    """The future of the weight of taste, as a fit on one machine to a sample of users learns it."""
    cluster, n_users = ratings.cluster, len(ratings.survey.users.values)
    rng = np.random.default_rng(seed)
    drawn = np.zeros(n_users, dtype=np.bool_)
    drawn[rng.choice(n_users, min(n_users, SAMPLE), replace=False)] = True
    parts = cluster.each(some_users, ratings.partitions, ratings.split(drawn))
    return cluster.submit(weight_of_sample, n_groupings, seed, parts)


def some_users(partition: Partition, drawn: Mask) -> Partition:
    matrix, rows = partition.matrix, np.flatnonzero(drawn)
    of_cells = np.repeat(drawn, matrix.counts_by_user())
    return Partition(matrix.take(rows, slice(None)), partition.ages[of_cells])


def weight_of_sample(n_groupings: int, seed: int, parts: list[Partition]) -> float:
    """Learn the weight from the users of some parts together."""
    first = parts[0].matrix
    values = sp.vstack([part.matrix.values for part in parts], format="csr")
    user_ids = np.concatenate([part.matrix.user_ids for part in parts])
    matrix = replace(first, values=sp.csr_array(values), user_ids=user_ids)
    ages = np.concatenate([part.ages for part in parts])
    model = groups_alone(n_groupings, seed)._with_all_taste()
    return learned_weight(model, plain_data(matrix, ages), np.random.default_rng(seed))


def groups_alone(n_groupings: int, seed: int) -> TasteGroups:
    """The recommender of the method groups-alone, unfitted."""
    return TasteGroups(
        n_user_groupings=n_groupings,
        n_item_groupings=0,
        stars_weight=0.0,
        rating_model=BiasBaseline(),
        random_state=seed,
    )
