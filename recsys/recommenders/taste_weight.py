"""How much a user's taste counts beside popularity: learned from likes that are held out."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize

from recsys.recommenders import ranking
from recsys.recommenders.base import Recommender
from recsys.recommenders.case import Mask
from recsys.recommenders.training import TrainingData, user_index_of
from recsys.recommenders.types import Floats, Ints

# Ratings are held out from 100 to 500 users, as many as have this many scores together.
FEWEST_USERS, MOST_USERS, MOST_SCORES = 100, 500, 1_200_000

# The last fifth of a user's ratings is held out, if they have as many as this.
SHARE, FEWEST_RATINGS = 5, 5

# Likes show that taste counts if twice the gain in log-likelihood is this much, which is two
# standard errors (Wilks 1938, The Large-Sample Distribution of the Likelihood Ratio).
CLEAR_GAIN = 4.0

# Both lists of a user have this many items. Likes of other items do not count.
LENGTH = 30


def learned_weight(
    model: Recommender, data: TrainingData, rng: np.random.Generator, *, unless_clear: float = 1.0
) -> float:
    """The weight of a model's scores, from 0 to 1, beside the log of the popularity.

    The last fifth of the ratings of some users is held out, and the model is fitted to all other
    ratings. The weight is ``unless_clear`` if none of the held-out ratings is a like.
    :func:`weight_of` says more.
    """
    values = data.matrix.values
    user_index, n_ratings = user_index_of(values), np.diff(values.indptr)
    n_users = min(max(MOST_SCORES // data.n_items, FEWEST_USERS), MOST_USERS)
    drawn = rng.permutation(np.flatnonzero(n_ratings >= FEWEST_RATINGS))[:n_users]
    held_out = _last_fifths(data, drawn, rng)
    likes = held_out & data.liked(values.data)
    rows = np.unique(user_index[likes])
    if not len(rows):
        return unless_clear
    model.fit_on(data.without(held_out))
    users = ranking.known_users(model, rows)
    may = model._recommendable(users) & (users.rated.toarray() == 0)
    popularity = np.log(np.maximum(model.trained_on.n_likes, 1.0))
    liked = sp.csr_array((likes, values.indices, values.indptr), shape=values.shape)
    likes_of_rows = liked[rows].toarray()
    return weight_of(popularity, model._scores(users), may, likes_of_rows, unless_clear)


def _last_fifths(data: TrainingData, rows: Ints, rng: np.random.Generator) -> Mask:
    """(n_ratings,): the last fifth of some users' ratings. A draw decides between equal times."""
    values, draws = data.matrix.values, rng.random(data.matrix.values.nnz)
    found: Mask = np.zeros(values.nnz, dtype=np.bool_)
    for row in rows:
        first, stop = values.indptr[row : row + 2]
        latest = np.lexsort((draws[first:stop], data.ages[first:stop]))
        found[first + latest[: -(-(stop - first) // SHARE)]] = True
    return found


def weight_of(
    popularity: Floats, scores: Floats, may: Mask, liked: Mask, unless_clear: float = 1.0
) -> float:
    """The weight w for which w x scores + (1 - w) x popularity foretells likes best.

    Each like is a choice among the items of two lists of the user, the items with the best scores
    and the most popular ones. The probability of a choice is in proportion to

        exp(a popularity + b score)

    This is a conditional logit model (McFadden 1974, Conditional Logit Analysis of Qualitative
    Choice Behavior). a and b are at least 0 and make the likes most probable, and w = b / (a + b).
    A model for all items would serve items that no list shows.

    Parameters
    ----------
    popularity : ndarray of shape (n_items,)
    scores : ndarray of shape (n_users, n_items)
    may : ndarray of shape (n_users, n_items), bool
        The items that lists may show.
    liked : ndarray of shape (n_users, n_items), bool
        The likes.
    unless_clear : {1, 0}, default 1
        The weight if there are no likes. If it is 0, the weight is also 0 if the likes do not show
        that the scores foretell them better than popularity alone.

    Returns
    -------
    float
        The weight in steps of .01.

    Examples
    --------
    >>> popularity, scores = np.array([3.0, 2.0, 1.0]), np.array([[1.0, 2.0, 3.0]])
    >>> may = np.ones((1, 3), dtype=bool)
    >>> [weight_of(popularity, scores, may, np.array([liked])) for liked in np.eye(3, dtype=bool)]
    [0.0, 0.5, 1.0]
    """
    listed = _best(np.broadcast_to(popularity, scores.shape), may) | _best(scores, may)
    user, item = np.nonzero(listed)
    chosen = liked[user, item]
    if not np.any(chosen):
        return unless_clear
    first = np.flatnonzero(np.diff(user, prepend=-1))
    n_items = np.diff(first, append=len(user))
    n_likes = np.add.reduceat(chosen.astype(np.float64), first)
    features = [
        values - np.repeat(np.maximum.reduceat(values, first), n_items)
        for values in (popularity[item], scores[user, item])
    ]
    of_likes = np.array([np.sum(values[chosen]) for values in features])

    def surprise(weights: Floats) -> tuple[float, Floats]:
        """The mean negative log-likelihood of a like, and its gradient."""
        odds = np.exp(weights[0] * features[0] + weights[1] * features[1])
        total = np.add.reduceat(odds, first)
        expected = [np.sum(n_likes * np.add.reduceat(odds * x, first) / total) for x in features]
        loss = np.sum(n_likes * np.log(total)) - np.sum(weights * of_likes)
        return loss / np.sum(n_likes), (expected - of_likes) / np.sum(n_likes)

    def best(largest: float | None) -> Any:
        """The best a and b with b at most ``largest``. It is convex: the start does not matter."""
        start = np.array([0.5, 0.5 if largest is None else largest])
        bounds = [(0.0, None), (0.0, largest)]
        return minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=bounds)

    found = best(None)
    if not unless_clear:
        gain = 2.0 * np.sum(n_likes) * (best(0.0).fun - found.fun)
        if gain < CLEAR_GAIN:
            return 0.0
    total = float(np.sum(found.x))
    return round(float(found.x[1]) / total, 2) if total > 0 else 0.0


def _best(scores: Floats, may: Mask) -> Mask:
    """(n_users, n_items): the items of each user's list."""
    allowed = np.where(may, scores, -np.inf)
    n = min(LENGTH, allowed.shape[1])
    best = np.argpartition(-allowed, n - 1, axis=1)[:, :n]
    listed = np.zeros(allowed.shape, dtype=np.bool_)
    np.put_along_axis(listed, best, True, axis=1)
    found: Mask = listed & may
    return found
