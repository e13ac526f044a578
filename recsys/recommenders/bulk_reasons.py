"""The reasons of many users' lists at once, the same as :class:`Reasons` finds one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from recsys.recommenders.case import Case, Mask
from recsys.recommenders.explanations import NOTHING, like_you, sentence_of_likes
from recsys.recommenders.group_counts import Pairs, TypicalGroups
from recsys.recommenders.model import Model
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.types import Evidence, Ints, Users
from recsys.titles.names import spoken

# This many pairs are counted at once, so that memory does not grow with the number of lists.
N_AT_ONCE = 5_000

# The kind, the number of ratings, and the reason.
Line = tuple[str, int, str]


class Listed(Protocol):
    """The list of one user."""

    @property
    def items(self) -> Ints:
        """The columns of items, best first."""


@dataclass(frozen=True, eq=False)
class Told:
    """What a frame of lists shows of the evidence, list after list.

    Attributes
    ----------
    kinds, reasons : ndarray of shape (n_listed,), str objects
        As in :class:`Evidence`.
    n_ratings : ndarray of shape (n_listed,), int64
        As in :class:`Evidence`.
    """

    kinds: npt.NDArray[np.object_]
    n_ratings: Ints
    reasons: npt.NDArray[np.object_]

    @classmethod
    def of(cls, told: Sequence[Line]) -> Self:
        """Put kinds, numbers of ratings and reasons in columns."""
        columns = np.array(told, dtype=object).reshape(-1, 3)
        return cls(columns[:, 0], columns[:, 1].astype(np.int64), columns[:, 2])


class BulkReasons:
    """The evidence for lists of many users, which is the same as that of :class:`Reasons`.

    It is fast if groups of users are the only evidence that parts of the score have, as in
    ``TasteGroups(n_item_groupings=0, rating_model=BiasBaseline())``. Then a reason needs counts of
    groups alone, and whether the groups' part lifts an item: the other parts have no evidence, so
    it does not matter which of them lift the item, or how far. It is also fast if no part has
    evidence. The reasons of all other recommenders are made one by one.

    Parameters
    ----------
    model : Model
        A fitted recommender. Its groups are counted once, so one object should serve all users.

    Examples
    --------
    >>> from recsys import BiasBaseline, TasteGroups, make_ratings
    >>> from recsys.recommenders import ranking
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> groups_alone = {"n_item_groupings": 0, "rating_model": BiasBaseline()}
    >>> model = TasteGroups(n_user_groupings=5, **groups_alone).fit(ratings)
    >>> reasons = Reasons(model, ranking.known_users(model, np.array([0, 1])))
    >>> every_film = model.trained_on.eligible(None)
    >>> best = [*ranking.best_items(model, reasons.users, reasons.scores, 3, True, every_film)]
    >>> told = BulkReasons(model).of_scored(reasons, best)
    >>> told.reasons.tolist() == [
    ...     *model.recommend(1, n=3)["reason"], *model.recommend(2, n=3)["reason"]
    ... ]
    True
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._groups = model._only_groups()
        self._everyone: dict[tuple[int, bool], Line] = {}
        self._names: dict[int, str] = {}

    def of_scored(self, reasons: Reasons, best: Sequence[Listed]) -> Told:
        """The evidence for one list of each user, given the scores of the users."""
        if self._groups is not None:
            part = self._groups.part
            lifted = [reasons.lifted(part, user, one.items) for user, one in enumerate(best)]
            return self.of_lifted(reasons.users, best, lifted)
        if self._model._tells_nothing:
            return self.of_lifted(reasons.users, best, [one.items < 0 for one in best])
        return Told.of(
            [
                _line(reasons.evidence(user, item))
                for user, one in enumerate(best)
                for item in one.items.tolist()
            ]
        )

    def of_lifted(self, users: Users, best: Sequence[Listed], lifted: Sequence[Mask]) -> Told:
        """The evidence for one list of each user, given which items the groups' part lifts.

        A part lifts an item if it is above the median of the part over the items that a list may
        show to the user, as :meth:`Reasons.lifted` tells.
        """
        n_items = np.array([len(one.items) for one in best], dtype=np.int64)
        user = np.repeat(np.arange(len(best)), n_items)
        items = np.concatenate([NOTHING, *(one.items for one in best)])
        are_lifted = np.concatenate([NOTHING, *lifted]) > 0
        pairs = Pairs.of(self._model.trained_on, users, user, items)
        found = dict(self._of_groups(pairs, np.flatnonzero(are_lifted)))
        return Told.of(
            [found.get(place) or self._plain(pairs, place) for place in range(len(pairs))]
        )

    def _of_groups(self, pairs: Pairs, lifted: Ints) -> Iterator[tuple[int, Line]]:
        """The places of the lifted pairs that have evidence of a group, and this evidence."""
        if self._groups is None or len(lifted) == 0:
            return
        tables, groups = self._groups.tables, self._groups.heaviest(pairs.users)
        lifted = lifted[groups[pairs.user[lifted], 0] < len(tables.sizes)]
        for first in range(0, len(lifted), N_AT_ONCE):
            some = lifted[first : first + N_AT_ONCE]
            sound, typical = TypicalGroups.of(tables, pairs.take(some), groups[pairs.user[some]])
            yield from self._sentences(some[sound], typical, typical.films_too(tables))

    def _sentences(
        self, places: Ints, typical: TypicalGroups, films: list[Ints]
    ) -> Iterator[tuple[int, Line]]:
        """The evidence of typical groups, given the films of the user that the reasons name."""
        rows = zip(places.tolist(), films, *typical.counts, strict=True)
        for place, too, n_ratings, *counts in rows:
            reason = sentence_of_likes(*counts)
            if len(too):
                reason += like_you(map(self._name, too.tolist()))
            yield place, ("group", n_ratings, reason)

    def _name(self, film: int) -> str:
        """The title of a film as people say it."""
        if film not in self._names:
            self._names[film] = spoken(str(self._model.trained_on.matrix.titles[film]))
        return self._names[film]

    def _plain(self, pairs: Pairs, place: int) -> Line:
        """The plain evidence of a pair. It is the same for all users who did not rate the item."""
        user, item = int(pairs.user[place]), int(pairs.item[place])
        is_new = bool(pairs.users.rows[user] < 0)
        shared = is_new or not pairs.rates[place]
        if shared and (item, is_new) in self._everyone:
            return self._everyone[item, is_new]
        case = Case.of(pairs.data, pairs.users, user, item)
        line = _line(self._model._plain_evidence(case, pairs.users, user))
        if shared:
            self._everyone[item, is_new] = line
        return line


def _line(told: Evidence) -> Line:
    return told.kind, told.n_ratings, told.reason
