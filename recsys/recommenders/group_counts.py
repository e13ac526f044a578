"""The group that a reason counts, for each of many pairs of a user and an item."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from recsys.recommenders.case import Mask
from recsys.recommenders.explanations import N_NAMED, NOT_MOST, apart_if_most, typical_group
from recsys.recommenders.group_tables import GroupTables
from recsys.recommenders.training import TrainingData
from recsys.recommenders.types import Ints, Users


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of a user and an item, as :class:`Case` is one.

    The user's own rating of the item is left out of all counts.
    """

    data: TrainingData
    users: Users
    user: Ints  # (n_pairs,): the number among the users
    item: Ints  # (n_pairs,): a column
    rates: Mask  # (n_pairs,): whether the user rated the item
    likes: Mask  # (n_pairs,): whether the user liked it

    @classmethod
    def of(cls, data: TrainingData, users: Users, user: Ints, item: Ints) -> Self:
        """Look up whether the users rated the items."""
        rated = users.rated
        cell = np.repeat(np.arange(len(users)) * data.n_items, np.diff(rated.indptr))
        cell += rated.indices
        asked = user * data.n_items + item
        place = np.searchsorted(cell, asked)
        rates = np.append(cell, -1)[place] == asked
        likes = rates & np.append(data.liked(rated.data), False)[place]
        return cls(data, users, user, item, rates, likes)

    def __len__(self) -> int:
        return len(self.user)

    def take(self, some: Ints) -> Self:
        """Some of the pairs."""
        return type(self)(
            self.data,
            self.users,
            self.user[some],
            self.item[some],
            self.rates[some],
            self.likes[some],
        )

    @property
    def rows(self) -> Ints:
        """The row of each user, or -1 for a new user."""
        return self.users.rows[self.user]

    @property
    def n_others(self) -> Ints:
        """The number of other users."""
        return self.data.n_users - (self.rows >= 0)

    @property
    def n_likers(self) -> Ints:
        """The number of others who liked the item."""
        return self.data.n_likes[self.item] - (self.likes & (self.rows >= 0))


@dataclass(frozen=True, eq=False)
class TypicalGroups:
    """The typical group of each pair that has a sound one. The user is never counted."""

    pairs: Pairs
    groups: Ints  # (n_pairs,)
    has_user: Mask  # (n_pairs,): whether the user is in the group
    sizes: Ints  # (n_pairs,): the members
    n_ratings: Ints  # (n_pairs,): the members who rated the item
    n_liked: Ints  # (n_pairs,): the members who liked it

    @classmethod
    def of(cls, tables: GroupTables, pairs: Pairs, groups: Ints) -> tuple[Ints, Self]:
        """Find the pairs that have a sound group, and count it.

        ``groups`` is (n_pairs, n_groupings): the user's group in each grouping. The items have
        columns in the tables.
        """
        rows, column = pairs.rows, tables.places[pairs.item][:, None]
        has_user = (groups == tables.labels[:, rows].T) & (rows >= 0)[:, None]
        sizes: Ints = tables.sizes[groups] - has_user
        n_liked: Ints = tables.likes[groups, column].astype(np.int64)
        n_liked -= has_user & pairs.likes[:, None]
        n_ratings: Ints = tables.ratings[groups, column].astype(np.int64)
        n_ratings -= has_user & pairs.rates[:, None]
        n_likers, n_others = pairs.n_likers[:, None], pairs.n_others[:, None]
        typical = typical_group(n_liked, n_ratings, sizes, n_likers, n_others)
        some = np.flatnonzero(typical >= 0)
        at = some, typical[some]
        return some, cls(
            pairs.take(some), groups[at], has_user[at], sizes[at], n_ratings[at], n_liked[at]
        )

    @property
    def counts(self) -> tuple[list[int], ...]:
        """For each pair: the ratings of its group; its likes and members, here and elsewhere."""
        n_elsewhere = self.pairs.n_others - self.sizes
        liked_elsewhere = self.pairs.n_likers - self.n_liked
        columns = (self.n_ratings, self.n_liked, self.sizes, liked_elsewhere, n_elsewhere)
        return tuple(column.tolist() for column in columns)

    def films_too(self, tables: GroupTables) -> tuple[list[Ints], Mask]:
        """The films of each user that a reason names, and whether the tables do not tell them.

        They are those that most of the group liked as the user did, and clearly more of them than
        elsewhere. The tables do not tell if a film that has no column has enough likes for that.
        """
        pairs = self.pairs
        pair, film = self._films_liked()
        known = pairs.rows[pair] >= 0
        n, n_likes = self.sizes[pair], pairs.data.n_likes[film] - known
        column = tables.places[film]
        untold = np.zeros(len(pairs), dtype=np.bool_)
        untold[pair[(column < 0) & (2 * n_likes > n)]] = True
        here = tables.likes[self.groups[pair], column].astype(np.int64) - self.has_user[pair]
        most = np.flatnonzero((column >= 0) & (2 * here > n))
        pair, film, here, n = pair[most], film[most], here[most], n[most]
        apart = apart_if_most(here, n, n_likes[most] - here, pairs.n_others[pair] - n)
        order = np.lexsort((-apart, pair))
        order = order[apart[order] > NOT_MOST]
        starts = np.searchsorted(pair[order], np.arange(len(pairs) + 1))
        films = film[order]
        stops = np.minimum(starts[:-1] + N_NAMED, starts[1:])
        named = [films[start:stop] for start, stop in zip(starts[:-1], stops, strict=True)]
        return named, untold

    def _films_liked(self) -> tuple[Ints, Ints]:
        """Each film that the user of a pair liked besides the item, with the number of the pair."""
        pairs, rated = self.pairs, self.pairs.users.rated
        is_like = pairs.data.liked(rated.data)
        items = rated.indices[is_like]
        starts = np.append(0, np.cumsum(is_like))[rated.indptr]
        n_films = np.diff(starts)[pairs.user]
        pair = np.repeat(np.arange(len(pairs)), n_films)
        skipped = starts[pairs.user] - (np.cumsum(n_films) - n_films)
        film = items[np.arange(len(pair)) + skipped[pair]].astype(np.int64)
        other = film != pairs.item[pair]
        return pair[other], film[other]
