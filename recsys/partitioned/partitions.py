"""A partition on a worker: the ratings of some users, with columns for the films of all users."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.data.ids import Ids
from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import RatingsError
from recsys.data.repeats import repeats
from recsys.data.scale import RatingScale, liked_counts
from recsys.partitioned.files import COUNT, Columns
from recsys.partitioned.rows import Rows, read_rows
from recsys.partitioned.survey import UserRange
from recsys.recommenders.ages import Ages, ages_of, no_ages


@dataclass(frozen=True, eq=False)
class Films:
    """All films with ratings, by ascending id: the columns of every partition."""

    ids: Ids
    titles: npt.NDArray[np.object_]
    scale: RatingScale


@dataclass(frozen=True, eq=False)
class Partition:
    """The ratings of some users, and for each rating how many its user gave later."""

    matrix: RatingMatrix  # one row for each user of the partition, one column for each film
    ages: Ages  # (n_ratings,): as `matrix.values.data` stands


def read_partition(users: UserRange, films: Films, columns: Columns) -> Partition:
    """Read the users of a range, one row group after another.

    RatingsError if a user rated a film twice.
    """
    parts = []
    for group in users.row_groups:
        rows = read_rows(group, columns)
        mine = (rows.users >= users.first) & (rows.users <= users.last)
        times = None if rows.times is None else rows.times[mine]
        parts.append(Rows(rows.users[mine], rows.items[mine], rows.ratings[mine], times))
    user = np.concatenate([part.users for part in parts])
    item = np.concatenate([part.items for part in parts])
    later, _ = repeats(user, item)
    if len(later):
        raise RatingsError(
            f"{users.row_groups[0].file}: user {user[later[0]]} rated film {item[later[0]]} twice; "
            "`recsys convert` with --duplicates first, last or mean decides"
        )
    user_ids, rows_of = np.unique(user, return_inverse=True)
    place = rows_of, np.searchsorted(films.ids, item)
    shape = len(user_ids), len(films.ids)
    ratings = np.concatenate([part.ratings for part in parts])
    if columns.values == COUNT:
        ratings = liked_counts(rows_of, ratings)
    values = _sorted_cells(ratings, place, shape)
    ages = no_ages(values.nnz)
    if columns.has_times:
        times = np.concatenate([part.times for part in parts if part.times is not None])
        # The places of the ratings in the files, in the order of the cells.
        order = _sorted_cells(np.arange(len(times)), place, shape).data
        ages = ages_of(values.indptr, times[order])
    matrix = RatingMatrix(values, user_ids, films.ids, films.titles, "movieId", films.scale)
    return Partition(matrix, ages)


def _sorted_cells(
    cells: npt.NDArray[np.number[Any]],
    place: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    shape: tuple[int, int],
) -> sp.csr_array:
    values = sp.csr_array((cells, place), shape=shape)
    values.sort_indices()
    return values
