"""Tells from the first rows of a file, and from the files beside it, which form it has."""

import re
from collections.abc import Callable, Collection, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

import numpy as np

from recsys.data.columns import folded
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.readers.looks import Look

# The names of the files in the folder of a file.
Siblings: TypeAlias = Collection[str]
Match: TypeAlias = Callable[[Look, Siblings], bool]

OF_TEN = RatingScale(1.0, 10.0, 1.0)
TWEETED = RatingScale(0.0, 10.0, 1.0)
JOKES = RatingScale(-10.0, 10.0, 0.0)
FOUR_STARS = RatingScale(0.5, 4.0, 0.5)

# Amazon's ids: those of reviewers begin with A; those of products are ISBNs or begin with B.
_REVIEWER = re.compile(r"A[0-9A-Z]{5,40}")
_PRODUCT = re.compile(r"B[0-9A-Z]{9}|[0-9]{9}[0-9X]")
_IMDB = re.compile(r"[0-9]{7,8}")
_PACKED = re.compile(r"\.(gz|bz2|xz|zst|zip)$")
_RECBOLE = re.compile(r".+:(token|float)(_seq)?")


def is_named(name: str, pattern: str) -> bool:
    """Tell whether a file, packed or not, has a usual name. ``*`` stands for any text.

    Examples
    --------
    >>> is_named("Combined_Data_1.txt.gz", "combined_data_*.txt")
    True
    """
    return fnmatchcase(unpacked_name(name), pattern)


def unpacked_name(name: str) -> str:
    """The name of a file in lower case, without the ending of a packed file."""
    return _PACKED.sub("", name.lower())


def folded_names(look: Look) -> set[str]:
    """The names of the columns without case and marks; none if there is no header."""
    return {folded(name) for name in look.names or ()}


def width(look: Look) -> int:
    """The smallest number of fields in the first rows."""
    return min((len(row) for row in look.rows), default=0)


def has(*names: str) -> Match:
    """Match tables with all these columns, by folded name."""
    return lambda look, siblings: set(names) <= folded_names(look)


def is_movielens(look: Look, siblings: Siblings) -> bool:
    """Match the CSV files of MovieLens."""
    has_columns = {"userId", "movieId", "rating"} <= set(look.names or ())
    return has_columns and _within(look, "rating", HALF_STARS)


def is_movies_dataset(look: Look, siblings: Siblings) -> bool:
    """Match ratings of MovieLens beside the metadata of Kaggle's The Movies Dataset."""
    has_links = _beside(siblings, "links.csv") or _beside(siblings, "links_small.csv")
    has_metadata = has_links and _beside(siblings, "movies_metadata.csv")
    return has_metadata and not _beside(siblings, "movies.csv") and is_movielens(look, siblings)


def is_dat(look: Look, siblings: Siblings) -> bool:
    """Match ratings.dat of MovieLens."""
    return look.sep == "::" and _is_bare(look, 3) and _within(look, 2, HALF_STARS)


def is_u_data(look: Look, siblings: Siblings) -> bool:
    """Match u.data of MovieLens."""
    return (
        is_named(look.path.name, "u.data") and _is_bare(look, 4) and _within(look, 2, WHOLE_STARS)
    )


def is_tweetings(look: Look, siblings: Siblings) -> bool:
    """Match ratings.dat of MovieTweetings: the ids of its films are those of IMDb, as 0114508."""
    if not _is_bare(look, 3):
        return False
    items = _column(look, 1)
    # A spreadsheet may have saved the file with another separator.
    is_imdb = all(map(_IMDB.fullmatch, items)) and (
        look.sep == "::" or any(item.startswith("0") for item in items)
    )
    return is_imdb and _within(look, 2, TWEETED)


def is_book_crossing(look: Look, siblings: Siblings) -> bool:
    """Match the ratings of Book-Crossing: old and new names of columns.

    Other tables of books have these names too, so ``rating`` must have values beyond 1 to 5, or the
    users must be called ``User-ID``.
    """
    names = folded_names(look)
    rating = "bookrating" if "bookrating" in names else "rating"
    if not {"userid", "isbn", rating} <= names or not _within(look, rating, TWEETED):
        return False
    is_named = rating == "bookrating" or "User-ID" in (look.names or ())
    return is_named or not _within(look, rating, HALF_STARS)


def is_goodbooks(look: Look, siblings: Siblings) -> bool:
    """Match the ratings of goodbooks-10k, which lie beside books.csv."""
    has_columns = {"userid", "bookid", "rating"} <= folded_names(look)
    return has_columns and _beside(siblings, "books.csv") and _within(look, "rating", WHOLE_STARS)


def is_amazon(user: int, item: int) -> Match:
    """Match reviews without a header whose ids show which column holds the reviewers."""

    def matches(look: Look, siblings: Siblings) -> bool:
        return (
            _is_bare(look, 3)
            and all(map(_REVIEWER.fullmatch, _column(look, user)))
            and all(map(_PRODUCT.fullmatch, _column(look, item)))
            and _within(look, 2, WHOLE_STARS)
        )

    return matches


def is_recbole(look: Look, siblings: Siblings) -> bool:
    """Match tables whose header gives the type of each column: user_id:token."""
    return bool(look.names) and all(map(_RECBOLE.fullmatch, look.names or ()))


def is_lastfm_360k(look: Look, siblings: Siblings) -> bool:
    """Match Last.fm's 360,000 users: hash of the user, id and name of the artist, plays."""
    if look.sep != "\t" or not _is_bare(look, 4):
        return False
    are_hashes = all(re.fullmatch("[0-9a-f]{40}", user) for user in _column(look, 0))
    return are_hashes and all(plays.isdigit() for plays in _column(look, 3))


def is_filmtrust(look: Look, siblings: Siblings) -> bool:
    """Match ratings.txt of FilmTrust, which lies beside trust.txt."""
    is_usual = is_named(look.path.name, "ratings.txt") and _beside(siblings, "trust.txt")
    return is_usual and _is_bare(look, 3) and _within(look, 2, FOUR_STARS)


def is_long_jester(look: Look, siblings: Siblings) -> bool:
    """Match jester_ratings.dat: two tabs between user, joke and rating."""
    has_two_tabs = bool(look.rows) and all(
        len(row) == 5 and not row[1] and not row[3] for row in look.rows
    )
    return has_two_tabs and look.names is None and _within(look, 4, JOKES)


def is_named_jester(look: Look, siblings: Siblings) -> bool:
    """Match jester_ratings.dat after two tabs became one separator."""
    is_usual = is_named(look.path.name, "jester*")
    return is_usual and _is_bare(look, 3) and width(look) == 3 and _within(look, 2, JOKES)


def _is_bare(look: Look, n_columns: int) -> bool:
    """Tell whether a table has no header and at least so many columns."""
    return look.names is None and width(look) >= n_columns


def _beside(siblings: Siblings, *names: str) -> bool:
    return all(any(is_named(sibling, name) for sibling in siblings) for name in names)


def _column(look: Look, place: str | int) -> list[str]:
    """One column of the first rows, by folded name or by position."""
    if isinstance(place, str):
        place = [folded(name) for name in look.names or ()].index(place)
    return [row[place] for row in look.rows if len(row) > place]


def _within(look: Look, place: str | int, scale: RatingScale) -> bool:
    """Tell whether the first ratings are on a scale."""
    try:
        numbers: Sequence[float] = [
            float(cell.replace(look.decimal, ".")) for cell in _column(look, place)
        ]
    except ValueError:
        return False
    return bool(scale.holds(np.array(numbers)).all())
