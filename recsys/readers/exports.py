"""Reads the ratings of one person: exports of Letterboxd, IMDb and Goodreads, and any table."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.columns import folded
from recsys.data.ratings import RatingsError
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.data.scale_of_values import inferred_scale
from recsys.printable import shortened
from recsys.readers.archives import ArchiveError, open_zip
from recsys.readers.formats import Folder
from recsys.readers.looks import look
from recsys.readers.tables import read_table

# Spellings of columns, as ``folded`` writes them. Those in front win.
_TITLES = ("title", "name", "movie", "film", "book", "movietitle", "filmtitle", "booktitle")
_IDS = ("const", "imdbid", "movieid", "filmid", "itemid", "bookid", "id", "item", "isbn", "asin")
_YEARS = ("year", "originalpublicationyear", "yearpublished", "releaseyear")
_RATINGS = ("yourrating", "yourated", "myrating", "rating", "stars", "score", "value")
_DATES = ("daterated", "watcheddate", "date", "dateread", "created", "dateadded", "timestamp")


@dataclass(frozen=True)
class Export:
    """A site whose exports are known.

    Attributes
    ----------
    name : str
    columns : frozenset of str
        The columns by which its table is recognised, as ``folded`` writes them.
    scale : RatingScale
    absent : float or None
        The value that means "not rated".
    """

    name: str
    columns: frozenset[str]
    scale: RatingScale
    absent: float | None = None


EXPORTS = (
    Export("Letterboxd", frozenset({"name", "letterboxduri", "rating"}), HALF_STARS),
    Export("IMDb", frozenset({"const", "yourrating"}), RatingScale(1, 10, 1)),
    Export("IMDb", frozenset({"const", "yourated"}), RatingScale(1, 10, 1)),
    Export("Goodreads", frozenset({"bookid", "title", "myrating"}), WHOLE_STARS, absent=0.0),
)


@dataclass(frozen=True)
class OwnRating:
    """The rating that a person gave a film or book.

    Attributes
    ----------
    name : str
        The title, or "" if the table has no titles.
    year : int or None
    film_id : str
        An id of the site, such as tt0114709, or "" if there is none.
    rating : float
    time : int or None
        Seconds since 1970.
    """

    name: str
    year: int | None
    film_id: str
    rating: float
    time: int | None


@dataclass(frozen=True)
class OwnRatings:
    """The ratings of one person.

    Attributes
    ----------
    file : str
    form : str
        The site, or "table".
    scale : RatingScale or None
        The scale of the site. None for another table: its scale is that of the data, if all its
        ratings are on it.
    rated : tuple of OwnRating
    n_unrated : int
        The number of rows without a rating.
    """

    file: str
    form: str
    scale: RatingScale | None
    rated: tuple[OwnRating, ...]
    n_unrated: int

    def scale_beside(self, scale: RatingScale) -> RatingScale:
        """The scale of these ratings, for a person who rates on ``scale`` by default."""
        if self.scale is not None:
            return self.scale
        values = np.array([own.rating for own in self.rated], np.float64)
        return scale if scale.holds(values).all() else inferred_scale(values)


def export_of(names: Sequence[str] | None) -> Export | None:
    """The site that exports a table with these columns, or None."""
    known = {folded(name) for name in names or ()}
    return next((export for export in EXPORTS if export.columns <= known), None)


def read_export(path: Path) -> OwnRatings:
    """Read the ratings of one person.

    Parameters
    ----------
    path : Path
        The zip or ``ratings.csv`` of Letterboxd, ``ratings.csv`` of IMDb, the CSV file of
        Goodreads, or a table with titles or ids and ratings.

    Returns
    -------
    OwnRatings

    Raises
    ------
    RatingsError
        If the file cannot be read, has no column of titles or ids or none of ratings, or holds no
        rating; or if a rating is not a number. The message names the file.
    """
    with _table_file(path) as file:
        seen = look(file)
        if seen.names is None:
            raise RatingsError(
                f"{file}: no header; a table of own ratings needs columns such as title and rating"
            )
        columns = {folded(name): name for name in reversed(seen.names)}
        title, film_id = _first(columns, _TITLES), _first(columns, _IDS)
        rating = _first(columns, _RATINGS)
        if rating is None or (title is None and film_id is None):
            listed = ", ".join(repr(shortened(name)) for name in seen.names[:20])
            wanted = "ratings" if rating is None else "titles or ids"
            raise RatingsError(
                f"{file}: no column of {wanted} among {listed}; name it title, id or rating"
            )
        named = {
            "title": title,
            "id": film_id,
            "year": _first(columns, _YEARS),
            "rating": rating,
            "time": _first(columns, _DATES),
        }
        table = read_table(seen, [name for name in named.values() if name is not None])
        if table.bad_rows:
            raise RatingsError(str(table.bad_rows[0]))
        export = export_of(seen.names)
        frame = pd.DataFrame(
            {role: _text(table.frame[name]) for role, name in named.items() if name is not None}
        )
        own = _rated(frame, export, str(file), table.lines, seen.decimal)
    if not own:
        raise RatingsError(f"{file}: no rating among {len(frame)} rows")
    return OwnRatings(
        str(file),
        export.name if export else "table",
        export.scale if export else None,
        tuple(own),
        len(frame) - len(own),
    )


@contextmanager
def _table_file(path: Path) -> Iterator[Folder]:
    """The table itself: a file, or ratings.csv in a zip."""
    if path.suffix.lower() != ".zip":
        if not path.is_file():
            raise RatingsError(f"{path}: no such file")
        yield path
        return
    try:
        with open_zip(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".csv")]
            named = [name for name in members if Path(name).name == "ratings.csv"]
            found = named if named else members
            if len(found) != 1:
                listed = ", ".join(shortened(name) for name in members[:10]) or "no CSV file"
                raise RatingsError(f"{path}: needs one ratings.csv; it holds {listed}")
            yield zipfile.Path(archive, found[0])
    except ArchiveError as error:
        raise RatingsError(f"{path}: {error}") from error


def _first(columns: Mapping[str, str], spellings: Sequence[str]) -> str | None:
    return next((columns[name] for name in spellings if name in columns), None)


def _text(column: Any) -> list[str]:
    values = pd.Series(column).astype(object)
    # Goodreads writes ISBNs as ="0439023483", so that spreadsheets keep their zeros.
    return [
        "" if pd.isna(value) else re.sub(r'^="(.*)"$', r"\1", str(value).strip())
        for value in values
    ]


def _rated(
    frame: pd.DataFrame, export: Export | None, file: str, lines: Any, decimal: str
) -> list[OwnRating]:
    times = pd.to_datetime(frame.get("time", pd.Series(dtype=object)), errors="coerce", utc=True)
    found = []
    for row, rating in enumerate(frame["rating"]):
        if not rating:
            continue
        try:
            value = float(rating.replace(decimal, "."))
        except ValueError:
            value = np.nan
        if export is not None and value == export.absent:
            continue
        line = int(lines(np.array([row]))[0])
        if not np.isfinite(value):
            raise RatingsError(f"{file}, line {line}: rating is not a number: {rating!r}")
        if export is not None and not export.scale.holds(np.array([value])).all():
            raise RatingsError(
                f"{file}, line {line}: rating is off the scale {export.scale} of {export.name}: "
                f"{rating!r}"
            )
        year = re.match(r"\d{4}", frame["year"][row]) if "year" in frame else None
        time = times[row] if "time" in frame else pd.NaT
        found.append(
            OwnRating(
                frame["title"][row] if "title" in frame else "",
                int(year[0]) if year else None,
                frame["id"][row] if "id" in frame else "",
                value,
                None if pd.isna(time) else int(time.timestamp()),
            )
        )
    return found
