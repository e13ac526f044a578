"""The group that a reason counts, for each of many pairs of a user and an item."""

from dataclasses import dataclass, replace
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
    liked: Ints  # (n_likes,): the items that each user liked, user by user
    starts: Ints  # (n_users + 1,): where the items of each user start
    user: Ints  # (n_pairs,): the number among the users
    item: Ints  # (n_pairs,): a column
    rates: Mask  # (n_pairs,): whether the user rated the item
    likes: Mask  # (n_pairs,): whether the user liked it

    @classmethod
    def of(cls, data: TrainingData, users: Users, user: Ints, item: Ints) -> Self:
        """Look up whether the users rated the items."""
        rated, is_like = users.rated, data.liked(users.rated.data)
        liked = rated.indices[is_like].astype(np.int64)
        starts = np.append(0, np.cumsum(is_like))[rated.indptr]
        cell = np.repeat(np.arange(len(users)) * data.n_items, np.diff(rated.indptr))
        cell += rated.indices
        asked = user * data.n_items + item
        place = np.searchsorted(cell, asked)
        rates = np.append(cell, -1)[place] == asked
        likes = rates & np.append(is_like, False)[place]
        return cls(data, users, liked, starts, user, item, rates, likes)

    def __len__(self) -> int:
        return len(self.user)

    def take(self, some: Ints | slice) -> Self:
        """Some of the pairs."""
        each = {name: getattr(self, name)[some] for name in ("user", "item", "rates", "likes")}
        return replace(self, **each)

    @property
    def rows(self) -> Ints:
        """The row of each user, or -1 for a new user."""
        return self.users.rows[self.user]

    @property
    def n_others(self) -> Ints:
        """The number of other users."""
        return self.data.n_people - (self.rows >= 0)

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

        ``groups`` is (n_pairs, n_groupings): the user's group in each grouping.
        """
        rows, item = pairs.rows, pairs.item[:, None]
        has_user = (groups == tables.labels[:, rows].T) & (rows >= 0)[:, None]
        sizes: Ints = tables.sizes[groups] - has_user
        n_liked = tables.likes_of(groups, item) - (has_user & pairs.likes[:, None])
        n_ratings = tables.ratings_of(groups, item) - (has_user & pairs.rates[:, None])
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

    def films_too(self, tables: GroupTables) -> list[Ints]:
        """The films of each user that a reason names.

        They are those that most of the group liked as the user did, and clearly more of them than
        elsewhere.
        """
        pairs = self.pairs
        pair, film = self._films_liked()
        here = tables.likes_of(self.groups[pair], film) - self.has_user[pair]
        most = np.flatnonzero(2 * here > self.sizes[pair])
        pair, film, here = pair[most], film[most], here[most]
        n, known = self.sizes[pair], pairs.rows[pair] >= 0
        elsewhere = pairs.data.n_likes[film] - here - known
        apart = apart_if_most(here, n, elsewhere, pairs.n_others[pair] - n)
        order = np.lexsort((-apart, pair))
        order = order[apart[order] > NOT_MOST]
        starts = np.searchsorted(pair[order], np.arange(len(pairs) + 1))
        stops = np.minimum(starts[:-1] + N_NAMED, starts[1:])
        films = film[order]
        return [films[start:stop] for start, stop in zip(starts[:-1], stops, strict=True)]

    def _films_liked(self) -> tuple[Ints, Ints]:
        """Each film that the user of a pair liked besides the item, with the number of the pair."""
        pairs = self.pairs
        n_films = np.diff(pairs.starts)[pairs.user]
        pair = np.repeat(np.arange(len(pairs)), n_films)
        skipped = pairs.starts[pairs.user] - (np.cumsum(n_films) - n_films)
        film = pairs.liked[np.arange(len(pair)) + skipped[pair]]
        other = film != pairs.item[pair]
        return pair[other], film[other]
