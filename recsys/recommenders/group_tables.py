"""Tables that say how many members of each group of users rated each film, or liked it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.threads import chunks
from kmeans_core.threads.processors import available_threads
from recsys.recommenders.case import Mask
from recsys.recommenders.group_kernels import count_films_of_groups
from recsys.recommenders.types import Ints, Users

Counts = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, eq=False)
class GroupTables:
    """Counts of each group of users for each film, as dense tables.

    Groups are numbered through all groupings. A label from n_groups on means that the user is in
    no group of that grouping.

    Attributes
    ----------
    labels : ndarray of shape (n_groupings, n_users), int
        The group of each user in each grouping.
    rated : csr_array of shape (n_users, n_items)
        The ratings that the tables count.
    sizes : ndarray of shape (n_groups,), int64
        The members of each group.
    places : ndarray of shape (n_items,), int32
        The column of each film in the tables. It is -1 for a film without a column.
    likes : ndarray of shape (n_groups, n_films), uint16 or uint32
        The number of members of each group who like each film. It is uint16 if that can hold the
        size of the largest group.
    """

    labels: npt.NDArray[np.integer[Any]]
    rated: sp.csr_array
    sizes: Ints
    places: npt.NDArray[np.int32]
    likes: Counts

    @classmethod
    def counted(
        cls,
        labels: npt.NDArray[np.integer[Any]],
        n_groups: int,
        rated: sp.csr_array,
        is_like: Mask,
        films: Ints | None = None,
    ) -> Self:
        """Count the members of each group and their likes.

        Parameters
        ----------
        labels : ndarray of shape (n_groupings, n_users), int
            The group of each user in each grouping.
        n_groups : int
            The number of groups of all groupings.
        rated : csr_array of shape (n_users, n_items)
            The ratings.
        is_like : ndarray of shape (n_ratings,), bool
            Which stored ratings are likes.
        films : ndarray of shape (n_films,), int, optional
            The items that get a column, in the order of the columns. The default is all items.

        Returns
        -------
        GroupTables

        Examples
        --------
        Users 0 and 1 are in group 0, and user 2 is in group 1. All three like film 0. User 1 likes
        film 1, and user 2 rates it.

        >>> rated = sp.csr_array(np.array([[5.0, 0.0], [4.0, 4.0], [5.0, 1.0]]))
        >>> tables = GroupTables.counted(np.array([[0, 0, 1]]), 2, rated, rated.data >= 4)
        >>> tables.sizes.tolist(), tables.likes.tolist(), tables.ratings.tolist()
        ([2, 1], [[2, 1], [1, 0]], [[2, 1], [1, 1]])
        """
        films = np.arange(rated.shape[1]) if films is None else films
        places = np.full(rated.shape[1], -1, dtype=np.int32)
        places[films] = np.arange(len(films))
        sizes = np.zeros(n_groups, dtype=np.int64)
        for of_grouping in labels:
            sizes += np.bincount(of_grouping[of_grouping < n_groups], minlength=n_groups)
        likes = _table(labels, rated, is_like, places, sizes)
        return cls(labels, rated, sizes, places, likes)

    @cached_property
    def ratings(self) -> Counts:
        """(n_groups, n_films): the number of members of each group who rated each film.

        It is counted when it is first asked for, because only reasons need it.
        """
        every_rating = np.ones(self.rated.nnz, dtype=np.bool_)
        return _table(self.labels, self.rated, every_rating, self.places, self.sizes)


@dataclass(frozen=True, eq=False)
class OnlyGroups:
    """Groups of users whose taste is the only evidence that parts of a recommender's scores have.

    Attributes
    ----------
    part : str
        The part of the score that comes from the groups.
    tables : GroupTables
        What their members rated and liked.
    heaviest : callable
        It maps users to the group of each grouping that holds most of them: an array of shape
        (n_users, n_groupings). A user whose groups are n_groups is in none.
    """

    part: str
    tables: GroupTables
    heaviest: Callable[[Users], Ints]


def _table(
    labels: npt.NDArray[np.integer[Any]],
    rated: sp.csr_array,
    counted: Mask,
    places: npt.NDArray[np.int32],
    sizes: Ints,
) -> Counts:
    """(n_groups, n_films): the number of members of each group whose rating of a film counts."""
    dtype = np.uint16 if np.max(sizes, initial=0) <= np.iinfo(np.uint16).max else np.uint32
    table: Counts = np.zeros((len(sizes), int(np.max(places, initial=-1)) + 1), dtype=dtype)

    def count(first: int, stop: int) -> None:
        count_films_of_groups(
            labels, first, stop, rated.indptr, rated.indices, counted, places, table
        )

    chunks.run(len(labels), len(labels) * rated.nnz, available_threads(), count)
    return table
