"""Finds the columns of users, items, ratings and times among the names that people give them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recsys.data.errors import RatingsError
from recsys.printable import shortened

_USERS = "user users userid reviewer reviewerid customer customerid member memberid person people"
_ITEMS = (
    "item items itemid movie movieid film filmid book bookid anime animeid product productid isbn "
    "asin parentasin track trackid song songid artist artistid album albumid joke jokeid game "
    "gameid show showid recipe recipeid business businessid restaurant restaurantid title"
)
_RATINGS = "rating ratings score scores stars star value overall yourrating bookrating rate"
_COUNTS = "count counts plays playcount listens listencount weight views clicks purchases"
_TIMES = (
    "time times timestamp date datetime unixtime unixreviewtime reviewtime ratedat ratingdate "
    "daterated createdat created reviewdate"
)

# Names of each role as ``folded`` writes them. Names in front win over names behind.
SPELLINGS = {
    "user": _USERS.split(),
    "item": _ITEMS.split(),
    "rating": _RATINGS.split(),
    "time": _TIMES.split(),
}
COUNTS = frozenset(_COUNTS.split())

OPTIONS = {
    "user": "--user-column NAME (user=)",
    "item": "--item-column NAME (item=)",
    "rating": "--rating-column NAME (rating=)",
    "time": "--time-column NAME (time=)",
}


@dataclass(frozen=True)
class Roles:
    """The names of the columns of users, items, ratings and times.

    ``rating`` is None if there are only pairs of users and items, and ``time`` is None if there
    are no times. ``is_count`` says that the ratings are counts, by the name of their column.
    """

    user: str
    item: str
    rating: str | None
    time: str | None
    is_count: bool = False


def folded(name: str) -> str:
    """A name without case, blanks and marks, and without a type such as RecBole's ``:token``.

    Examples
    --------
    >>> folded("User-ID"), folded("movie_id"), folded("rating:float")
    ('userid', 'movieid', 'rating')
    """
    return re.sub(r"[\W_]+", "", name.rpartition(":")[0].lower() or name.lower())


def find_roles(
    names: Sequence[str],
    *,
    user: str | None = None,
    item: str | None = None,
    rating: str | None = None,
    time: str | None = None,
    where: str = "the table",
) -> Roles:
    """Find the columns of users, items, ratings and times by common spellings.

    Parameters
    ----------
    names : sequence of str
        The names of all columns.
    user, item, rating, time : str, optional
        The names that the caller gives.
    where : str
        The name of the table in errors.

    Returns
    -------
    Roles

    Raises
    ------
    RatingsError
        If no column or several columns can have a role. The message lists the columns and names
        the option to use.

    Examples
    --------
    >>> find_roles(["", "userId", "book_id", "Stars", "review"])
    Roles(user='userId', item='book_id', rating='Stars', time=None, is_count=False)
    """
    given = {"user": user, "item": item, "rating": rating, "time": time}
    found = {role: _column(role, names, named, where) for role, named in given.items()}
    is_count = False
    if found["rating"] is None:
        counts = [name for name in names if folded(name) in COUNTS]
        if len(counts) > 1:
            raise _ambiguous("rating", counts, names, where)
        is_count = bool(counts)
        found["rating"] = counts[0] if counts else None
    for role in ("user", "item"):
        if found[role] is None:
            raise RatingsError(
                f"{where}: no column of {role}s among {_listed(names)}; name it with "
                f"{OPTIONS[role]}"
            )
    return Roles(
        str(found["user"]), str(found["item"]), found["rating"], found["time"], is_count=is_count
    )


def _column(role: str, names: Sequence[str], named: str | None, where: str) -> str | None:
    if named is not None:
        if list(names).count(named) != 1:
            problem = "two columns" if named in names else "no column"
            raise RatingsError(f"{where}: {problem} {named!r}; its columns are {_listed(names)}")
        return named
    spellings = SPELLINGS[role]
    found = [name for name in names if folded(name) in spellings]
    # An id is meant if there is a name beside it: movieId and movie.
    with_id = [name for name in found if folded(name).endswith(("id", "isbn", "asin"))]
    found = with_id if len(found) > 1 and with_id else found
    if len(found) > 1:
        raise _ambiguous(role, found, names, where)
    return found[0] if found else None


def _ambiguous(role: str, found: Sequence[str], names: Sequence[str], where: str) -> RatingsError:
    return RatingsError(
        f"{where}: {_listed(found)} may all be the column of {role}s; its columns are "
        f"{_listed(names)}; choose with {OPTIONS[role]}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(shortened(str(name))) for name in names[:20])
