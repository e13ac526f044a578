"""The best items of users if groups alone rank them, found without the scores of all items."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.threads import chunks
from kmeans_core.threads.processors import available_threads
from recsys.recommenders import list_kernels
from recsys.recommenders.case import Mask
from recsys.recommenders.training import S
from recsys.recommenders.types import Floats, Profiles, Ranking
from recsys.recommenders.user_groups import TINY, UserGroups, Weights, log_of

# The likes of a user's groups are added up for more items than this. The number makes chunks of
# some hundred users, for whom the counts of a tile stay in the cache.
ITEMS_SEEN = 500

# The lists of this many users are made together.
USERS_TOGETHER = 4_096


def ranked(
    groups: UserGroups,
    weights: Weights,
    profiles: Profiles,
    taste: float,
    popular: Floats,
    may: Mask,
    standing: npt.NDArray[np.intp],
    exclude_rated: bool,
    n: int,
) -> list[Ranking]:
    """Find the items with the best scores of each user.

    The score of an item is ``taste`` log u + ``popular`` log p, for the probability u that the user
    likes it and the share p of all users who do. Items that nobody likes are in no list.

    Parameters
    ----------
    groups : UserGroups
    weights : Weights
        From ``groups.weights``.
    profiles : Profiles
        The ratings of the users.
    taste : float
    popular : ndarray of shape (n_users,)
    may : ndarray of shape (n_items,), bool
        The items that lists may show.
    standing : ndarray of shape (n_items,)
        If scores are equal, the item with the larger standing comes first, and then the first one.
    exclude_rated : bool
        Whether lists leave out what the user rated.
    n : int
        The number of items for each user.

    Returns
    -------
    list of Ranking
        One for each user.
    """
    order = groups.liked
    popularity = groups.popularity[order]
    ranks = np.empty(len(standing), dtype=np.int64)
    ranks[np.argsort(-standing, kind="stable")] = np.arange(len(standing))
    rated = sp.csr_array(profiles.rated[:, order])
    rated.sort_indices()
    best = np.empty((len(weights), min(n, len(order))), dtype=np.int64)
    likely, are_lifted = np.ones(best.shape), np.zeros(len(weights), dtype=np.bool_)
    of_users = weights.groups, weights.values, weights.starts
    of_places = popularity, log_of(popularity), groups.of_everyone[order], may[order], ranks[order]
    of_rated = rated.indices, rated.indptr, exclude_rated
    arrays = groups.tiles, groups.most, *of_users, *of_places, *of_rated, taste, popular, TINY

    def find(start: int, stop: int) -> None:
        list_kernels.best_places(*arrays, start, stop, best, likely, are_lifted)

    work = (len(weights.groups) + len(weights)) * ITEMS_SEEN
    chunks.run(len(weights), work, available_threads(), find)
    items = np.append(order, -1)[best]
    # The operations of `TasteGroups._score_parts`, so that a score has the same bits everywhere.
    scores = taste * log_of(likely) + popular[:, None] * log_of(groups.popularity[items])
    # The last bits of the kernel's logarithms may differ from those of NumPy.
    in_order = np.lexsort((items, -standing[items], np.where(items < 0, np.inf, -scores)), axis=1)
    items, scores = (np.take_along_axis(each, in_order, axis=1) for each in (items, scores))
    n_items = np.sum(items >= 0, axis=1).tolist()
    return [
        Ranking(items[user, :found], scores[user, :found], bool(are_lifted[user]))
        for user, found in enumerate(n_items)
    ]


def together(users: S) -> Iterator[S]:
    """Cut users into blocks whose lists are made together."""
    return (users[i : i + USERS_TOGETHER] for i in range(0, len(users), USERS_TOGETHER))
