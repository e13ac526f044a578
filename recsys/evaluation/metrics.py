"""Measures of predicted ratings and of lists, user by user."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Ids
from recsys.data.ratings import Floats, Ints
from recsys.data.scale import Mask
from recsys.recommenders.types import NO_ITEM


@dataclass(frozen=True, eq=False)
class ErrorsByUser:
    """The number of predicted ratings, and sums of their errors, of shape (n_users,)."""

    n_rows: Ints
    absolute: Floats
    squared: Floats

    def __add__(self, other: "ErrorsByUser") -> "ErrorsByUser":
        return ErrorsByUser(
            self.n_rows + other.n_rows,
            self.absolute + other.absolute,
            self.squared + other.squared,
        )

    @property
    def rmse(self) -> float:
        """Root of the mean squared error over all rows."""
        return float(np.sqrt(self.squared.sum() / self.n_rows.sum()))

    @property
    def mae(self) -> float:
        """Mean absolute error over all rows."""
        return float(self.absolute.sum() / self.n_rows.sum())


def errors_by_user(
    users: npt.NDArray[np.intp], ratings: Floats, predictions: Floats, n_users: int
) -> ErrorsByUser:
    """Add up the errors of predicted ratings for each user.

    ``users`` holds the user of each rating, as a number from 0 to ``n_users`` - 1.

    Examples
    --------
    >>> errors = errors_by_user(
    ...     np.array([0, 0, 2]), np.array([4.0, 2.0, 5.0]), np.array([3.0, 3.0, 3.0]), 3)
    >>> errors.squared.tolist(), round(errors.mae, 4), round(errors.rmse, 4)
    ([2.0, 0.0, 4.0], 1.3333, 1.4142)
    """
    errors = predictions - ratings
    n_rows = np.bincount(users, minlength=n_users).astype(np.int64)
    absolute, squared = (
        np.bincount(users, sizes, minlength=n_users).astype(np.float64)
        for sizes in (np.abs(errors), errors**2)
    )
    return ErrorsByUser(n_rows, absolute, squared)


def hits_at_k(lists: Ids, rows: npt.NDArray[np.intp], movie_ids: Ids) -> Mask:
    """Which listed items are relevant to the user of the list, of shape (n_users, k).

    A row of ``lists`` holds movie ids, best first, and -1 (None if ids are text) where it has no
    item. ``rows`` and ``movie_ids`` hold the (user, relevant item) pairs; the user is a row of
    ``lists``.

    Examples
    --------
    >>> lists = np.array([[7, 8], [8, -1]])
    >>> hits_at_k(lists, np.array([0, 1]), np.array([8, 7])).tolist()
    [[False, True], [False, False]]
    """
    items, distinct = pd.factorize(movie_ids)
    listed = pd.Index(distinct).get_indexer(pd.Index(lists.ravel())).reshape(lists.shape)
    pairs = rows * len(distinct) + items
    listed_pairs = np.arange(len(lists))[:, None] * len(distinct) + listed
    hits: Mask = (listed >= 0) & (lists != NO_ITEM) & np.isin(listed_pairs, pairs)
    return hits


def ndcg_at_k(hits: Mask, n_relevant: Ints) -> Floats:
    """Normalised discounted cumulative gain of each user's list; an item is relevant or not.

    A hit at rank r (from 1) gains 1 / log2(r + 1). The sum of a list's gains is divided by that of
    the best list, which starts with min(n_relevant, k) hits (Järvelin and Kekäläinen 2002, with
    the discount of Burges et al. 2005). ``n_relevant`` counts each user's relevant items, listed or
    not; a user without relevant items is a ValueError.

    Examples
    --------
    >>> ndcg_at_k(np.array([[True, False], [False, True]]), np.array([1, 1])).round(4).tolist()
    [1.0, 0.6309]
    """
    _check_relevant(n_relevant)
    k = hits.shape[1]
    gains = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(gains)[np.minimum(n_relevant, k) - 1]
    scores: Floats = hits @ gains / ideal
    return scores


def recall_at_k(hits: Mask, n_relevant: Ints) -> Floats:
    """Share of each user's relevant items that the list holds.

    ``n_relevant`` counts each user's relevant items, listed or not; a user without relevant items
    is a ValueError. With more than k relevant items the share cannot reach 1.

    Examples
    --------
    >>> recall_at_k(np.array([[True, False], [True, True]]), np.array([1, 4])).tolist()
    [1.0, 0.5]
    """
    _check_relevant(n_relevant)
    shares: Floats = hits.sum(axis=1) / n_relevant
    return shares


def coverage_at_k(lists: Ids, movie_ids: Ids) -> float:
    """Share of the items that are in at least one list.

    ``movie_ids`` holds each item once. Listed items that are not among them do not count.

    Examples
    --------
    >>> coverage_at_k(np.array([[7, 8], [8, -1]]), np.array([6, 7, 8, 9]))
    0.5
    """
    return float(pd.Index(movie_ids).isin(lists.ravel()).mean())


def _check_relevant(n_relevant: Ints) -> None:
    if (n_relevant < 1).any():
        raise ValueError("every user needs a relevant item; leave out users without relevant items")
