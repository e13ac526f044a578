"""Reasons: evidence from the ratings that a group of training users gave an item."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.recommenders.training import TrainingData
from recsys.recommenders.types import Evidence, Ints
from recsys.titles.names import spoken
from recsys.words import counted

# A reason names at most this many of the items that place a user in a group.
N_BECAUSE = 3


def of_everyone(trained_on: TrainingData, item: int) -> Evidence:
    """The evidence of all training users for an item."""
    everyone = np.ones(trained_on.n_users, dtype=np.bool_)
    return of_group(trained_on, item, everyone, None, np.empty(0, np.int64))


def of_group(
    trained_on: TrainingData,
    item: int,
    members: npt.NDArray[np.bool_],
    cluster: int | None,
    distinctive: Ints,
) -> Evidence:
    """The evidence of the ``members`` for an item; ``cluster`` is None for all users.

    ``distinctive`` has the items of the user that place the user in the group, strongest first.
    """
    because = tuple(str(title) for title in trained_on.matrix.titles[distinctive[:N_BECAUSE]])
    rows, ratings = trained_on.raters(item)
    ratings = ratings[members[rows]]
    n_users, n_ratings = int(np.sum(members)), len(ratings)
    n_liked = int(np.sum(trained_on.liked(ratings)))
    mean = float(ratings.mean()) if n_ratings else float("nan")
    if cluster is None:
        who = counted(n_users, "user")
    else:
        who = f"{counted(n_users, 'user who shares', 'users who share')} your taste"
    if not trained_on.scale.predicts:
        reason = f"{f'{n_liked:,}' if n_liked else 'none'} of the {who} liked it"
    elif n_ratings == 0:
        reason = f"none of the {who} rated it"
    else:
        reason = f"{n_ratings:,} of the {who} rated it, {mean:.2f} on average; {n_liked:,} liked it"
    if because:
        reason += f"; like you, they liked {'; '.join(map(spoken, because))}"
    return Evidence(cluster, n_users, n_ratings, n_liked, mean, because, reason)


def by_weight(items: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Ints:
    """The items with a weight above 0, heaviest first."""
    order = np.argsort(-weights, kind="stable")
    return items[order][: int(np.sum(weights > 0))].astype(np.int64)
