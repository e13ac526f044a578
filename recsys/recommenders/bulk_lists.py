"""The lists of all training users, made and handed over block by block."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from recsys.data.ids import Id
from recsys.recommenders import ranking
from recsys.recommenders.bulk_reasons import BulkReasons, Told
from recsys.recommenders.case import Mask
from recsys.recommenders.ids import check_n
from recsys.recommenders.model import Model
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.types import Ints, Ranking, Users


def blocks_of_lists(
    model: Model, n: int = 10, *, exclude_rated: bool = True, among: Iterable[Id] | None = None
) -> Iterator[pd.DataFrame]:
    """Recommend items to every training user, some users at a time.

    The lists of millions of users can be written to a file in this way, without holding them all.

    Parameters
    ----------
    model : Recommender
        A fitted recommender.
    n : int, default 10
        The number of items for each user.
    exclude_rated : bool, default True
        Leave out items that the user rated.
    among : iterable of int or str, optional
        The movie ids to choose from. The default is all items.

    Yields
    ------
    DataFrame
        The lists of the next users. Together they are the rows of ``recommend_all``.

    Raises
    ------
    ValueError
        If ``n`` is negative.

    Examples
    --------
    >>> from recsys import MostLiked, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> model = MostLiked().fit(ratings)
    >>> sum(len(block) for block in blocks_of_lists(model, 5))
    200
    """
    check_n(n)
    data = model.trained_on
    eligible, reasons = data.eligible(among), BulkReasons(model)
    for rows in model._blocks(np.arange(data.n_users)):
        users = ranking.known_users(model, rows)
        yield _frame(model, users, *_lists(model, users, n, exclude_rated, eligible, reasons))


def _lists(
    model: Model,
    users: Users,
    n: int,
    exclude_rated: bool,
    eligible: Mask,
    reasons: BulkReasons,
) -> tuple[list[Ranking], Told]:
    """The lists of some users, and the evidence for them."""
    best = model._best(users, n, exclude_rated, eligible)
    if best is not None:
        return best, reasons.of_lifted(users, best, _lifted(model, users, best))
    scored = Reasons(model, users)
    found = ranking.best_items(model, users, scored.scores, n, exclude_rated, eligible)
    best = list(found)
    return best, reasons.of_scored(scored, best)


def _lifted(model: Model, users: Users, best: Sequence[Ranking]) -> list[Mask]:
    """Tell which items the groups lift. Scores of all items tell it where it is not known yet."""
    lifted = [np.full(len(one.items), one.are_lifted) for one in best]
    unsure = np.flatnonzero([not one.are_lifted for one in best])
    for some in model.trained_on.blocks(unsure):
        reasons = Reasons(model, ranking.known_users(model, users.rows[some]))
        for place, user in enumerate(some.tolist()):
            lifted[user] = reasons.lifted(model._groups_part, place, best[user].items)
    return lifted


def _frame(model: Model, users: Users, best: Sequence[Ranking], told: Told) -> pd.DataFrame:
    """The lists of users, one below the other."""
    user_index: Ints = np.repeat(np.arange(len(best)), [len(one.items) for one in best])
    items = np.concatenate([one.items for one in best])
    together = Ranking(items, np.concatenate([one.scores for one in best]))
    frame = ranking.frame_of(model, users, user_index, together, told.n_ratings, told.reasons)
    user_ids = model.trained_on.matrix.user_ids[users.rows[user_index]]
    frame.insert(0, "userId", pd.Series(user_ids, dtype=user_ids.dtype))
    return frame
