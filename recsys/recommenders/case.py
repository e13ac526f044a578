"""One user and one item, and the ratings that a reason may count."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.recommenders.ages import Ages
from recsys.recommenders.training import TrainingData
from recsys.recommenders.types import Floats, Ints, Profiles, Users

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Case:
    """The user's other ratings, and what all other users did with the item.

    The user's own rating of the item is left out, so that no reason rests on it.
    """

    data: TrainingData
    row: int  # the row of a training user, or -1
    item: int  # a column, or n_items
    mine: Ints  # the other items that the user rated, ascending
    my_ratings: Floats  # the user's ratings of them
    my_ages: Ages  # the ages of these ratings
    raters: Ints  # the rows of the others who rated the item
    ratings: Floats  # their ratings

    @classmethod
    def of(cls, data: TrainingData, users: Users, user: int, item: int) -> Self:
        """The case of one of the users."""
        start, stop = users.rated.indptr[user : user + 2]
        mine, my_ratings = users.rated.indices[start:stop], users.rated.data[start:stop]
        others = mine != item
        row = int(users.rows[user])
        rows, ratings = data.raters(item)
        not_user = rows != row
        return cls(
            data,
            row,
            item,
            mine[others].astype(np.int64),
            my_ratings[others],
            users.ages[start:stop][others],
            rows[not_user],
            ratings[not_user],
        )

    @property
    def n_others(self) -> int:
        """The number of other users."""
        return self.data.n_people - (self.row >= 0)

    @cached_property
    def likers(self) -> Ints:
        """The rows of the others who liked the item."""
        return self.raters[self.data.liked(self.ratings)]

    @cached_property
    def my_likes(self) -> Ints:
        """The other items that the user liked, ascending."""
        return self.mine[self.data.liked(self.my_ratings)]

    @cached_property
    def my_like_ages(self) -> Ages:
        """The ages of the ratings of these items."""
        return self.my_ages[self.data.liked(self.my_ratings)]

    @property
    def profile(self) -> Profiles:
        """The user's other ratings."""
        ends = np.array([0, len(self.mine)])
        shape = (1, self.data.n_items)
        return Profiles(sp.csr_array((self.my_ratings, self.mine, ends), shape=shape), self.my_ages)

    def likers_of(self, item: int) -> Ints:
        """The rows of the others who liked another item."""
        rows, ratings = self.data.raters(item)
        likers: Ints = rows[self.data.liked(ratings) & (rows != self.row)]
        return likers
