"""Reads titles and genres from a file of movies, books or other items."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.columns import SPELLINGS, find_roles, folded
from recsys.data.genre_lists import joined_genres
from recsys.data.item_columns import GENRES, IDS, TITLES
from recsys.data.ratings import NO_GENRES, RatingsError
from recsys.printable import shortened
from recsys.readers.formats import Folder
from recsys.readers.forms import Form
from recsys.readers.looks import Look, look
from recsys.readers.movie_files import genre_names
from recsys.readers.opened import opened_text
from recsys.readers.recognised import folded_names, is_named, unpacked_name
from recsys.readers.tables import read_table
from recsys.words import counted

# The usual names of the files of items beside a table that has no form, in the order to try.
MOVIE_FILES = (
    "movies.csv", "movie.csv", "movies.dat", "u.item", "items.csv", "item.csv",
    "movies_metadata.csv", "books.csv", "anime.csv", "artists.dat",
)  # fmt: skip

_YEARS = ("releaseyear", "year", "releasedate")
# A table of items is searched by its columns among so many files.
_MOST_FILES = 30
_TABLES = (".csv", ".tsv", ".txt", ".dat", ".json", ".jsonl", ".parquet", ".feather")

_NETFLIX_TITLE = re.compile(r"\s*([0-9]+)[,;\t]([0-9]{4}|NULL)[,;\t](.*)")
_WITH_YEAR = re.compile(r"\([0-9]{4}\)\s*$")
_YEAR = re.compile(r"\b[12][0-9]{3}\b")
_WHOLE = re.compile(r"[0-9]+(\.0)?")


@dataclass(frozen=True, eq=False)
class Items:
    """The items of a file, each once, in the order of the file.

    Attributes
    ----------
    file : str
        The path of the file in messages.
    ids : ndarray of shape (n_items,), object
        The ids as text.
    titles : list of str
        The id stands for a title that is missing.
    genres : list of str
        Joined by ``|``, or ``(no genres listed)``.
    notes : tuple of str
        What was left out, in a few words each.
    """

    file: str
    ids: Any
    titles: list[str]
    genres: list[str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Columns:
    """The columns of a file of items, by name or by position."""

    ids: str | int
    titles: str | int | None
    genres: str | int | None
    years: str | int | None = None


def movies_beside(ratings: Folder, form: Form | None) -> Folder | None:
    """Find the file of titles and genres beside a file of ratings.

    Parameters
    ----------
    ratings : Path or zipfile.Path
        The file of ratings.
    form : Form or None
        Its form.

    Returns
    -------
    Path or zipfile.Path, or None
    """
    folder = _folder(ratings)
    patterns = form.movies if form else MOVIE_FILES
    if ratings.name.lower().endswith(".parquet"):
        patterns = ("movies.parquet", *patterns)
    # The original Netflix Prize keeps its titles beside the folder of its ratings.
    folders = [folder, _folder(folder)] if folder.name == "training_set" else [folder]
    for place in folders:
        files = sorted((each for each in place.iterdir() if each.is_file()), key=lambda f: f.name)
        for pattern in patterns:
            for file in files:
                if is_named(file.name, pattern) and file.name != ratings.name:
                    return file
    return _by_columns(ratings)


def _by_columns(ratings: Folder) -> Folder | None:
    """The one table in the folder with titles and the ids of the items, but without users."""
    try:
        item = folded(find_roles(look(ratings).names or ()).item)
    except RatingsError:
        return None
    files = [each for each in _folder(ratings).iterdir() if each.is_file()]
    tables = [
        file
        for file in files
        if file.name != ratings.name and unpacked_name(file.name).endswith(_TABLES)
    ]
    found = [file for file in tables if _has_titles(file, item)] if len(files) < _MOST_FILES else []
    return found[0] if len(found) == 1 else None


def _has_titles(file: Folder, item: str) -> bool:
    try:
        names = folded_names(look(file))
    except RatingsError:
        return False
    has_title = any(name in names and name != item for name in TITLES)
    return item in names and has_title and names.isdisjoint(SPELLINGS["user"])


def _folder(path: Folder) -> Folder:
    parent: Any = path.parent
    folder: Folder = parent
    return folder


def read_items(path: Folder, form: Form | None = None, *, item: str | None = None) -> Items:
    """Read the titles and genres of items.

    Parameters
    ----------
    path : Path or zipfile.Path
        A table with a column of ids and, optionally, of titles and genres; or one of the files of
        the forms that docs/formats.md lists.
    form : Form, optional
        The form of the ratings.
    item : str, optional
        The name of the column of items in the ratings. A column of this name holds the ids.

    Returns
    -------
    Items

    Raises
    ------
    RatingsError
        If the file has no column of ids, or no item.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "anime.csv")
    ...     _ = path.write_text('anime_id,name,genre\\n20,Comet,"Action, Comedy"\\n')
    ...     found = read_items(path)
    >>> found.ids, found.titles, found.genres
    (array(['20'], dtype=object), ['Comet'], ['Action|Comedy'])
    """
    seen = look(path)
    if path.name.lower().startswith("movie_titles") and _NETFLIX_TITLE.fullmatch(
        (seen.sep or " ").join(seen.names or seen.rows[0])
    ):
        return _netflix_titles(path)
    if seen.names is None and seen.sep == "|" and seen.width >= 24:
        return _flagged(seen)
    columns = _columns(seen, item)
    if seen.scale is not None:
        return _saved(seen, columns)
    wanted = dict.fromkeys(name for name in vars(columns).values() if name is not None)
    table = read_table(seen, list(wanted))
    cells = {name: _texts(table.frame[name]) for name in wanted}
    nothing = [""] * len(table.frame)
    titles = [_title(str(text)) for text in cells.get(columns.titles, nothing)]
    if columns.years is not None:
        titles = [_with_year(*pair) for pair in zip(titles, cells[columns.years], strict=True)]
    by_blanks = str(columns.genres).endswith(":token_seq")
    genres = joined_genres(cells.get(columns.genres, nothing), blanks=by_blanks)
    rows = pd.DataFrame({"id": cells[columns.ids], "title": titles, "genres": genres}, dtype=object)
    n_broken = len(table.bad_rows)
    if {"id", "title", "genres", "imdbid"} <= folded_names(seen):
        is_whole = rows["id"].str.fullmatch(_WHOLE)
        n_broken += int((~is_whole).sum())
        rows = _linked(path, rows[is_whole])
    return _once(path, rows, n_broken)


def _saved(seen: Look, columns: _Columns) -> Items:
    """Read a file of `recsys.save_ratings`, whose texts are kept as they are."""
    named = [columns.ids, columns.titles, columns.genres]
    frame = read_table(seen, [name for name in named if name is not None]).frame.astype(str)
    if len(frame.columns) < len(named):
        raise RatingsError(f"{seen.path}: the file is damaged: it lacks titles or genres")
    rows = frame.set_axis(["id", "title", "genres"], axis=1).astype(object)
    return _once(seen.path, rows)


def _columns(seen: Look, item: str | None) -> _Columns:
    if seen.names is None:
        return _Columns(0, 1 if seen.width > 1 else None, 2 if seen.width > 2 else None)
    name_of = {folded(name): name for name in reversed(seen.names)}

    def first(spellings: Sequence[str]) -> str | None:
        return next((name_of[name] for name in spellings if name in name_of), None)

    ids = first([*([folded(item)] if item else []), *IDS])
    # In the first edition of goodbooks-10k, book_id is the id at Goodreads, and id that of ratings.
    if {"id", "bookid", "bestbookid"} <= set(name_of):
        ids = name_of["id"]
    if ids is None:
        listed = ", ".join(repr(shortened(name)) for name in seen.names[:20])
        raise RatingsError(
            f"{seen.path}: no column of ids among {listed}; name it as the items of the ratings "
            "are named, or leave the file out"
        )
    titles = first(TITLES)
    # Films of one title are told apart by their years. Other items keep their titles.
    is_films = "movie" in folded(f"{ids} {titles} {seen.path.name}")
    return _Columns(ids, titles, first(GENRES), first(_YEARS) if is_films else None)


def _texts(cells: pd.Series) -> list[Any]:
    """The cells as text; lists of JSON stay lists, and missing values become empty."""
    return [
        cell if isinstance(cell, list) else "" if pd.isna(cell) else str(cell).strip()
        for cell in cells
    ]


def _title(text: str) -> str:
    """A title on one line; sites write & as &amp; in their exports."""
    return " ".join(html.unescape(text).split())


def _with_year(title: str, date: str) -> str:
    year = _YEAR.search(date)
    return f"{title} ({year[0]})" if title and year and not _WITH_YEAR.search(title) else title


def _once(path: Folder, rows: pd.DataFrame, n_broken: int = 0) -> Items:
    """Keep the first row of each id, and count what is left out."""
    with_ids = rows[rows["id"] != ""]
    kept = with_ids.drop_duplicates("id")
    if not len(kept):
        raise RatingsError(f"{path}: no items; each row needs an id")
    # In a table of ratings with titles, each item has many equal rows.
    different = with_ids.drop_duplicates(["id", "title", "genres"])
    left_out = {
        "broken": n_broken,
        "no id": len(rows) - len(with_ids),
        "an id that came before": len(different) - len(kept),
    }
    return Items(
        file=str(path),
        ids=kept["id"].to_numpy(dtype=object),
        titles=kept["title"].where(kept["title"] != "", kept["id"]).tolist(),
        genres=kept["genres"].tolist(),
        notes=tuple(
            f"{counted(n, 'row')} of {path.name} left out ({why})"
            for why, n in left_out.items()
            if n
        ),
    )


def _linked(path: Folder, rows: pd.DataFrame) -> pd.DataFrame:
    """Give the films of movies_metadata.csv, known by TMDB's ids, the ids of links.csv."""
    beside = (_folder(path) / name for name in ("links.csv", "links_small.csv"))
    links = next((file for file in beside if file.is_file()), None)
    if links is None:
        return rows
    seen = look(links)
    name_of = {folded(name): name for name in seen.names or ()}
    if not {"movieid", "tmdbid"} <= set(name_of):
        raise RatingsError(f"{links}: the columns movieId and tmdbId are needed")
    table = read_table(seen, [name_of["movieid"], name_of["tmdbid"]]).frame
    movies, tmdb_ids = (_texts(table[name]) for name in table)
    linked = pd.DataFrame({"movie": movies, "id": [_without_zero(text) for text in tmdb_ids]})
    known = rows.assign(id=rows["id"].map(_without_zero)).drop_duplicates("id")
    found = linked.merge(known, on="id")
    return found.assign(id=found["movie"])


def _without_zero(text: str) -> str:
    """A whole number that a frame with gaps wrote as 862.0."""
    return text.removesuffix(".0")


def _flagged(seen: Look) -> Items:
    """Read u.item: id, title, two dates, an address, and a 0 or 1 for each genre."""
    names = genre_names(_folder(seen.path) / "u.genre")
    places = range(5, 5 + len(names))
    table = read_table(seen, [0, 1, *places])
    flags = np.stack([table.frame[at].astype(str).to_numpy() == "1" for at in places], axis=1)
    genres = [
        "|".join(name for name, flag in zip(names, row, strict=True) if flag) or NO_GENRES
        for row in flags.tolist()
    ]
    titles = [_title(text) for text in _texts(table.frame[1])]
    rows = pd.DataFrame({"id": _texts(table.frame[0]), "title": titles, "genres": genres})
    return _once(seen.path, rows, len(table.bad_rows))


def _netflix_titles(path: Folder) -> Items:
    """Read movie_titles.csv: id, year and title. Titles hold commas, and years may be NULL."""
    with opened_text(path) as text:
        lines = [line for line in text.stream.read().split("\n") if line.strip()]
    found = [row for row in map(_NETFLIX_TITLE.fullmatch, lines) if row]
    titles = [_with_year(_title(row[3].strip('" ')), row[2]) for row in found]
    rows = pd.DataFrame({"id": [row[1] for row in found], "title": titles, "genres": NO_GENRES})
    return _once(path, rows, len(lines) - len(found))
