"""How far off stars are and how good lists are, user by user."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.recommenders.types import NO_FILM

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ErrorsByUser:
    """Errors of predicted stars, added up for each user.

    Attributes
    ----------
    n_rows : ndarray of shape (n_users,), int64
        Ratings that were predicted.
    absolute, squared : ndarray of shape (n_users,), float64
        Sums of the absolute and of the squared errors, in stars and stars squared.
    """

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
    """How far predictions are from ratings.

    Parameters
    ----------
    users : ndarray of shape (n_rows,), int
        Whose rating each is, as a number from 0 to ``n_users`` - 1.
    ratings, predictions : ndarray of shape (n_rows,), float64
        Stars.
    n_users : int

    Returns
    -------
    ErrorsByUser

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


def hits_at_k(lists: Ints, rows: npt.NDArray[np.intp], movie_ids: Ints) -> Mask:
    """Which listed films are relevant to the user they are listed for.

    Parameters
    ----------
    lists : ndarray of shape (n_users, k), int64
        Movie ids, best first; -1 where there is none.
    rows : ndarray of shape (n_relevant,), int
        Row of ``lists`` of each pair of a user and a film relevant to that user.
    movie_ids : ndarray of shape (n_relevant,), int64
        The film of the pair.

    Returns
    -------
    ndarray of shape (n_users, k), bool

    Examples
    --------
    >>> lists = np.array([[7, 8], [8, -1]])
    >>> hits_at_k(lists, np.array([0, 1]), np.array([8, 7])).tolist()
    [[False, True], [False, False]]
    """
    films, distinct = pd.factorize(movie_ids)
    listed = pd.Index(distinct).get_indexer(pd.Index(lists.ravel())).reshape(lists.shape)
    pairs = rows * len(distinct) + films
    listed_pairs = np.arange(len(lists))[:, None] * len(distinct) + listed
    hits: Mask = (listed >= 0) & (lists != NO_FILM) & np.isin(listed_pairs, pairs)
    return hits


def ndcg_at_k(hits: Mask, n_relevant: Ints) -> Floats:
    """Normalised discounted cumulative gain of each user's list, relevance being yes or no.

    A hit at rank r (from 1) gains 1 / log2(r + 1); the sum is divided by that of the best list,
    which has min(n_relevant, k) hits at its head (Järvelin and Kekäläinen 2002, with the discount
    of Burges et al. 2005).

    Parameters
    ----------
    hits : ndarray of shape (n_users, k), bool
        As from :func:`hits_at_k`.
    n_relevant : ndarray of shape (n_users,), int
        Relevant films of each user, listed or not; at least 1.

    Returns
    -------
    ndarray of shape (n_users,), 0 to 1

    Raises
    ------
    ValueError
        If a user has no relevant film.

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
    """Share of each user's relevant films that is in the list.

    Parameters
    ----------
    hits : ndarray of shape (n_users, k), bool
    n_relevant : ndarray of shape (n_users,), int
        At least 1; with more than k of them the share cannot reach 1.

    Returns
    -------
    ndarray of shape (n_users,), 0 to 1

    Raises
    ------
    ValueError
        If a user has no relevant film.

    Examples
    --------
    >>> recall_at_k(np.array([[True, False], [True, True]]), np.array([1, 4])).tolist()
    [1.0, 0.5]
    """
    _check_relevant(n_relevant)
    shares: Floats = hits.sum(axis=1) / n_relevant
    return shares


def coverage_at_k(lists: Ints, movie_ids: Ints) -> float:
    """Share of the films that appear in anybody's list.

    Parameters
    ----------
    lists : ndarray of shape (n_users, k), int64
    movie_ids : ndarray of shape (n_films,), int64
        The films, each once; what is listed beside them does not count.

    Returns
    -------
    float

    Examples
    --------
    >>> coverage_at_k(np.array([[7, 8], [8, -1]]), np.array([6, 7, 8, 9]))
    0.5
    """
    return float(np.isin(movie_ids, lists).mean())


def _check_relevant(n_relevant: Ints) -> None:
    if (n_relevant < 1).any():
        raise ValueError("every user needs a relevant film; leave out those who have none")
