"""Finds the columns of ids, titles and genres in a table of items by their usual names."""

from collections.abc import Sequence
from dataclasses import dataclass

from recsys.data.columns import SPELLINGS, folded
from recsys.data.columns import TITLES as TITLE_NAMES
from recsys.data.errors import RatingsError
from recsys.printable import shortened

# Names as `folded` writes them. Names in front win over names behind.
TITLES = (
    "title", "movietitle", "booktitle", "filmtitle", "animetitle", "itemtitle", "name",
    *sorted(TITLE_NAMES), "originaltitle",
)  # fmt: skip
GENRES = ("genres", "genre", "class", "categories", "category")
# movieId is the id even if there is a column movie. A film's ids at other places come last.
_NAMED = [name for name in SPELLINGS["item"] if name not in TITLE_NAMES]
IDS = (
    *(name for name in _NAMED if name.endswith(("id", "isbn", "asin"))),
    *(*_NAMED, "id", "uid", "malid", "tconst", "imdbid", "tmdbid"),
)


@dataclass(frozen=True)
class ItemColumns:
    """The names of the columns of ids, titles and genres; None for a column that is not there."""

    ids: str
    titles: str | None
    genres: str | None


def find_item_columns(names: Sequence[str], item: str, where: str) -> ItemColumns:
    """Find the columns of ids, titles and genres.

    Parameters
    ----------
    names : sequence of str
        The names of all columns. `title` and `genres` win over other names of these columns.
    item : str
        The name of the column of items in the ratings. A column of this name holds the ids. The
        next to try is `movieId`.
    where : str
        The name of the table in errors.

    Returns
    -------
    ItemColumns

    Raises
    ------
    RatingsError
        If there is no column of ids, or if two columns differ only in case and marks.

    Examples
    --------
    >>> find_item_columns(["book_id", "Title", "authors"], "book_id", "books")
    ItemColumns(ids='book_id', titles='Title', genres=None)
    """
    ids = _first(names, item if item in names else "movieId", (folded(item), *IDS), where)
    if ids is None:
        raise RatingsError(
            f"{where}: no column of ids among {_listed(names)}; name it {item!r}, as the column "
            "of the ratings"
        )
    others = [name for name in names if name != ids]
    return ItemColumns(
        ids=ids,
        titles=_first(others, "title", TITLES, where),
        genres=_first(others, "genres", GENRES, where),
    )


def _first(
    names: Sequence[str], canonical: str, spellings: Sequence[str], where: str
) -> str | None:
    found = [name for name in names if name == canonical]
    for spelling in spellings:
        found = found or [name for name in names if folded(name) == spelling]
    if len(found) > 1:
        raise RatingsError(
            f"{where}: {_listed(found)} may all be the column {canonical!r}; keep one of them"
        )
    return found[0] if found else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(shortened(name)) for name in names[:20])
