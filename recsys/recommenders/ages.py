"""The age of a rating: how many ratings its user gave later."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import Ratings
from recsys.recommenders.types import Ints

Ages = npt.NDArray[np.int32]

# Ages are counted in blocks of users with about so many ratings.
_RATINGS = 1 << 16


def no_ages(n_ratings: int) -> Ages:
    """The ages of ratings without times: all are as if they were given at once."""
    return np.zeros(n_ratings, dtype=np.int32)


def ages_of(starts: npt.NDArray[np.integer], times: npt.NDArray[Any]) -> Ages:
    """Count the later ratings of the same user for each rating. Equal times have equal ages.

    Parameters
    ----------
    starts : ndarray of shape (n_users + 1,), int
        The place of the first rating of each user, and the number of ratings: an ``indptr``.
    times : ndarray of shape (n_ratings,)
        The times of the ratings, user by user.

    Returns
    -------
    ndarray of shape (n_ratings,), int32

    Examples
    --------
    >>> ages_of(np.array([0, 3, 5]), np.array([50, 90, 50, 7, 7]))
    array([1, 0, 1, 0, 0], dtype=int32)
    """
    ages = np.empty(len(times), dtype=np.int32)
    user = 0
    while user < len(starts) - 1:
        # Blocks of users sort faster than all ratings at once, and take little memory.
        after = max(user + 1, int(np.searchsorted(starts, starts[user] + _RATINGS, "right")) - 1)
        user_index = np.repeat(np.arange(user, after), np.diff(starts[user : after + 1]))
        cells = slice(starts[user], starts[after])
        ages[cells] = _ages_of_block(user_index, times[cells])
        user = after
    return ages


def _ages_of_block(user_index: Ints, times: npt.NDArray[Any]) -> Ages:
    n_ratings = len(times)
    order = np.lexsort((times, user_index))
    users, in_order = user_index[order], times[order]
    new_user = users[1:] != users[:-1]
    end_of_user = _ends(new_user, n_ratings)
    end_of_time = _ends(new_user | (in_order[1:] != in_order[:-1]), n_ratings)
    ages = np.empty(n_ratings, dtype=np.int32)
    ages[order] = end_of_user - end_of_time
    return ages


def _ends(is_new: npt.NDArray[np.bool_], n: int) -> Ints:
    """Where the run of each place ends, given which places but the first begin a new run."""
    ends = np.append(np.flatnonzero(is_new) + 1, n)
    return np.repeat(ends, np.diff(ends, prepend=0))


def ages_of_cells(ratings: Ratings, matrix: RatingMatrix) -> Ages:
    """The ages of all ratings, in the order of ``matrix.values.data``; 0 if there are no times."""
    table = ratings.ratings
    if not ratings.has_times:
        return no_ages(len(table))
    times, starts = table["timestamp"].to_numpy(), matrix.values.indptr
    if not _is_in_order(table, matrix):
        # The CSR matrix of the places in the table has the order of the ratings in its rows.
        users, items = (
            pd.Index(ids).get_indexer(pd.Index(table[name].to_numpy())).astype(np.int32)
            for ids, name in ((matrix.user_ids, "userId"), (matrix.movie_ids, "movieId"))
        )
        place = sp.csr_array((np.arange(len(table)), (users, items)), shape=matrix.shape)
        place.sort_indices()
        times = times[place.data]
    return ages_of(starts, times)


def _is_in_order(table: pd.DataFrame, matrix: RatingMatrix) -> bool:
    """Whether the ratings stand in the table as they do in the matrix, as in most releases."""
    values = matrix.values
    users = np.repeat(matrix.user_ids, np.diff(values.indptr))
    return np.array_equal(users, table["userId"]) and np.array_equal(
        matrix.movie_ids[values.indices], table["movieId"]
    )
