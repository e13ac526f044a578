"""Finds the columns of users, items, ratings and times among the names that people give them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recsys.data.errors import RatingsError
from recsys.printable import shortened

_USERS = (
    "user users userid username uid reviewer reviewerid reviewername reviewprofilename customer "
    "customerid member memberid person personid people rater raterid critic criticid client "
    "clientid visitor visitorid account accountid profile profileid profilename listener "
    "listenerid viewer viewerid reader readerid"
)
_ITEMS = (
    "item items itemid iid movie movieid film filmid book bookid anime animeid manga mangaid "
    "product productid isbn asin parentasin track trackid song songid artist artistid album "
    "albumid joke jokeid game gameid app appid show showid series seriesid video videoid recipe "
    "recipeid business businessid restaurant restaurantid hotel hotelid place placeid venue "
    "venueid beer beerid wine wineid course courseid article articleid"
)
_TITLES = (
    "title itemname moviename movietitle filmname bookname booktitle productname trackname "
    "songname artistname gamename beername"
)
_RATINGS = (
    "rating ratings score scores stars star value overall yourrating userrating itemrating "
    "movierating bookrating animerating rate grade points preference liked reviewoverall "
    "reviewscore reviewrating userscore starrating"
)
_COUNTS = (
    "count counts plays playcount nplays timesplayed listens listencount weight views viewcount "
    "clicks purchases quantity"
)
_TIMES = (
    "time times timestamp ts date datetime unixtime unixtimestamp unixreviewtime reviewtime "
    "reviewdate ratedat ratingdate ratingtime ratingtimestamp daterated createdat created dateadded"
)

# Names of each role as ``folded`` writes them.
SPELLINGS = {
    "user": _USERS.split(),
    "item": [*_ITEMS.split(), *_TITLES.split()],
    "rating": _RATINGS.split(),
    "time": _TIMES.split(),
}
COUNTS = frozenset(_COUNTS.split())
# Of the names of items, those that stand for a title beside an id.
TITLES = frozenset(_TITLES.split())

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


def is_known(name: str) -> bool:
    """Whether a name is a common name of a column of users, items, ratings, counts or times."""
    return folded(name) in COUNTS or any(folded(name) in names for names in SPELLINGS.values())


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
    found = with_id or found
    if len(found) > 1:
        # A name beside another column is a title: movie and movie_title, user and username.
        found = [name for name in found if not _is_title(name)] or found
    if len(found) > 1:
        raise _ambiguous(role, found, names, where)
    return found[0] if found else None


def _is_title(name: str) -> bool:
    return folded(name) in TITLES or folded(name).endswith("name")


def _ambiguous(role: str, found: Sequence[str], names: Sequence[str], where: str) -> RatingsError:
    return RatingsError(
        f"{where}: {_listed(found)} may all be the column of {role}s; its columns are "
        f"{_listed(names)}; choose with {OPTIONS[role]}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(shortened(str(name))) for name in names[:20])
