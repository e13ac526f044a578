"""The age of a rating: how many ratings its user gave later."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import Ratings
from recsys.recommenders.types import Ints

Ages = npt.NDArray[np.int32]


def no_ages(n_ratings: int) -> Ages:
    """The ages of ratings without times: all are as if they were given at once."""
    return np.zeros(n_ratings, dtype=np.int32)


def ages_of(user_index: npt.NDArray[np.integer], times: npt.NDArray[np.number]) -> Ages:
    """Count the later ratings of the same user for each rating. Equal times have equal ages.

    Examples
    --------
    >>> ages_of(np.array([0, 0, 0, 1, 1]), np.array([50, 90, 50, 7, 7]))
    array([1, 0, 1, 0, 0], dtype=int32)
    """
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
    values = matrix.values
    # The CSR matrix of the places in the table has the order of the ratings in its rows.
    users = pd.Index(matrix.user_ids).get_indexer(pd.Index(table["userId"].to_numpy()))
    items = pd.Index(matrix.movie_ids).get_indexer(pd.Index(table["movieId"].to_numpy()))
    place = sp.csr_array((np.arange(len(table)), (users, items)), shape=values.shape)
    place.sort_indices()
    user_index = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    return ages_of(user_index, table["timestamp"].to_numpy()[place.data])
