"""Places users in a model, predicts their ratings, and ranks the best items for each of them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Id, Ids
from recsys.recommenders.given_ratings import GivenProfile
from recsys.recommenders.model import Model
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.types import (
    Floats,
    Ints,
    Part,
    Prediction,
    Ranking,
    Users,
    no_item,
    total_of,
)

# The columns of the frame that ``recommend`` returns.
RECOMMENDATION_COLUMNS = ["movieId", "title", "score", "predicted_rating", "n_ratings", "reason"]


def known_users(model: Model, rows: Ints | int) -> Users:
    """Place training users, given their rows, or one user, given its row."""
    rows = np.atleast_1d(rows)
    profiles = model.trained_on.profiles(rows)
    return Users(profiles.rated, profiles.ages, model._place_known(rows), rows)


def folded_in(model: Model, given: Sequence[GivenProfile]) -> Users:
    """Place new users by the ratings that each of them brings."""
    brought = model.trained_on.brought(given)
    placed = model._place_new(brought.rated, brought.ages)
    return Users(brought.rated, brought.ages, placed, np.full(len(brought), -1))


def predicted_ratings(model: Model, users: Users, user_index: Ints, items: Ints) -> Floats:
    """Predict ratings, clipped to the scale."""
    return model.trained_on.clipped(total_of(model._parts(users.placed, user_index, items)))


def predicted_pairs(model: Model, rows: Ints, items: Ints) -> Floats:
    """Predict ratings of training users, given their rows.

    Users are placed in blocks, because their places may take much memory.
    """
    predicted = np.empty(len(rows))
    order = np.argsort(rows, kind="stable")
    for block in model.trained_on.blocks(np.unique(rows)):
        first, last = np.searchsorted(rows, [block[0], block[-1] + 1], sorter=order)
        some = order[first:last]
        user_index = np.searchsorted(block, rows[some])
        users = known_users(model, block)
        predicted[some] = predicted_ratings(model, users, user_index, items[some])
    return predicted


def best_items(
    model: Model,
    users: Users,
    scores: Floats | None,
    n: int,
    exclude_rated: bool,
    eligible: npt.NDArray[np.bool_],
) -> Iterator[Ranking]:
    """Rank the eligible items for each user. ``scores`` are those of all items, if they are known.

    If the recommender can find the best items without these scores, it always does.
    """
    best = model._best(users, n, exclude_rated, eligible)
    if best is not None:
        yield from best
        return
    scores = model._scores(users) if scores is None else scores
    for user in range(len(users)):
        of_user = np.where(eligible, scores[user], -np.inf)
        if exclude_rated:
            of_user[users.rated_items(user)] = -np.inf
        least = np.partition(of_user, -n)[-n] if 0 < n < len(of_user) else -np.inf
        some = np.flatnonzero((of_user >= least) & (of_user > -np.inf))
        standing = model._standing(users, user)[some]
        # Columns ascend by id, and a sort keeps their order where all else is equal.
        items = some[np.lexsort((-standing, -of_user[some]))[:n]]
        yield Ranking(items, of_user[items])


def best_ids(model: Model, users: Users, n: int, exclude_rated: bool) -> Ids:
    """(n_users, n): movie ids, best first, then `no_item` if there are fewer items."""
    ids = model.trained_on.matrix.movie_ids
    found = np.full((len(users), n), no_item(ids), dtype=ids.dtype)
    every_item = model.trained_on.eligible(None)
    for user, ranking in enumerate(best_items(model, users, None, n, exclude_rated, every_item)):
        found[user, : len(ranking.items)] = ids[ranking.items]
    return found


def ranking_frame(
    model: Model, users: Users, user: int, ranking: Ranking, reasons: Reasons
) -> pd.DataFrame:
    """The items of one user with reasons and predicted ratings, which are NaN for likes."""
    evidence = [reasons.evidence(user, int(item)) for item in ranking.items]
    return frame_of(
        model,
        users,
        np.full(len(ranking.items), user, dtype=np.int64),
        ranking,
        np.array([each.n_ratings for each in evidence], dtype=np.int64),
        [each.reason for each in evidence],
    )


def frame_of(
    model: Model,
    users: Users,
    user_index: Ints,
    ranking: Ranking,
    n_ratings: Ints,
    reasons: Sequence[str] | npt.NDArray[np.object_],
) -> pd.DataFrame:
    """The items of users with predicted ratings, given the user of each item and the reasons."""
    items, matrix = ranking.items, model.trained_on.matrix
    predicted = np.full(len(items), np.nan)
    if model.trained_on.scale.predicts:
        predicted = predicted_ratings(model, users, user_index, items)
    return pd.DataFrame(
        {
            # Text has dtype object, the same in pandas 2 and 3 and for a frame without rows.
            "movieId": pd.Series(matrix.movie_ids[items], dtype=matrix.movie_ids.dtype),
            "title": pd.Series(matrix.titles[items], dtype=object),
            "score": ranking.scores,
            "predicted_rating": predicted,
            "n_ratings": n_ratings,
            "reason": pd.Series(reasons, dtype=object),
        },
        columns=RECOMMENDATION_COLUMNS,
    )


def explained(
    model: Model,
    users: Users,
    user: int,
    item: int,
    reasons: Reasons,
    user_id: Id | None,
    movie_id: Id,
) -> Prediction:
    """The answers for one user and an item, their parts and evidence."""
    data = model.trained_on
    score, score_parts = np.nan, {}
    if item < data.n_items:
        score_parts = {name: added[[user], item] for name, added in reasons.parts.items()}
        score = float(total_of(score_parts)[0])
    rating, parts, (low, high) = np.nan, {}, (np.nan, np.nan)
    if data.scale.predicts:
        pair = users.placed, np.array([user]), np.array([item])
        parts = model._parts(*pair)
        total = total_of(parts)
        rating = float(data.clipped(total)[0])
        if rating != total[0]:
            parts = parts | {"kept within the scale": rating - total}
        low, high = (float(end[0]) for end in model._interval(*pair) or ([low], [high]))
    return Prediction(
        **vars(reasons.evidence(user, min(item, data.n_items))),
        user_id=user_id,
        movie_id=movie_id,
        title=data.title(item),
        rating=rating,
        parts=_parts_of(parts),
        low=low,
        high=high,
        score=score,
        score_parts=_parts_of(score_parts),
    )


def _parts_of(parts: Mapping[str, Floats]) -> tuple[Part, ...]:
    return tuple(Part(name, float(added[0])) for name, added in parts.items())
