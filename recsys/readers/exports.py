"""Reads the ratings of one person: exports of Letterboxd, IMDb and Goodreads, and any table."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.columns import folded
from recsys.data.ratings import RatingsError
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.data.scale_of_values import inferred_scale
from recsys.data.times import read_times
from recsys.printable import shortened
from recsys.readers.archives import ArchiveError, open_zip
from recsys.readers.formats import Folder
from recsys.readers.looks import Look, look
from recsys.readers.tables import read_table

# Spellings of columns, as ``folded`` writes them. Those in front win.
_TITLES = ("title", "name", "movie", "film", "book", "movietitle", "filmtitle", "booktitle")
_IDS = ("const", "imdbid", "movieid", "filmid", "itemid", "bookid", "id", "item", "isbn", "asin")
_YEARS = ("year", "originalpublicationyear", "yearpublished", "releaseyear")
_RATINGS = ("yourrating", "yourated", "myrating", "rating", "stars", "score", "value")
_DATES = ("daterated", "watcheddate", "date", "dateread", "created", "dateadded", "timestamp")

# The films that a person likes, in an export of Letterboxd.
_LIKES = Path("likes", "films.csv")


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
    Export("Letterboxd", frozenset({"name", "letterboxduri"}), HALF_STARS),
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
        The title. It is empty if the table has no titles.
    year : int or None
        The year of the film, or None if the table has no years.
    film_id : str
        An id of the site, such as tt0114709. It is empty if there is none.
    rating : float
        The rating on the scale of the site.
    time : int or None
        When the rating was given, in seconds since 1970, or None if it is not known.
    original_name : str
        The title in the language of the film. It is empty if it is not known.

    Examples
    --------
    >>> from recsys import OwnRating
    >>> film = OwnRating("Heat", 1995, "tt0113277", rating=8.0, time=None)
    >>> film.name, film.rating
    ('Heat', 8.0)
    """

    name: str
    year: int | None
    film_id: str
    rating: float
    time: int | None
    original_name: str = ""


@dataclass(frozen=True)
class ExportedRatings:
    """The ratings of one person, as a file holds them.

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
    n_liked : int
        The number of films in ``rated`` that are liked and have no rating. They have the largest.
    """

    file: str
    form: str
    scale: RatingScale | None
    rated: tuple[OwnRating, ...]
    n_unrated: int
    n_liked: int = 0

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


def read_export(path: Path) -> ExportedRatings:
    """Read the ratings of one person.

    Parameters
    ----------
    path : Path
        The zip, its folder, ``ratings.csv`` or ``likes/films.csv`` of Letterboxd, ``ratings.csv``
        of IMDb, the CSV file of Goodreads, or a table with titles or ids and ratings. Without a
        header its columns are title or id, rating and perhaps time.

    Returns
    -------
    ExportedRatings

    Raises
    ------
    RatingsError
        If the file cannot be read, has no column of titles or ids or none of ratings, or holds no
        rating; or if a rating is not a number. The message names the file.
    """
    with _table_files(path) as (file, likes):
        own = _read(file)
        if likes is not None and own.form == "Letterboxd" and likes.is_file():
            own = _with_likes(own, _read(likes))
    if not own.rated:
        raise RatingsError(f"{own.file}: no rating among {own.n_unrated} rows")
    return own


@contextmanager
def _table_files(path: Path) -> Iterator[tuple[Folder, Folder | None]]:
    """The table itself: a file, or ratings.csv in a folder or a zip; and where likes may be."""
    if path.suffix.lower() != ".zip" or not path.is_file():
        file, likes = path, None
        if path.is_dir():
            file, likes = path / "ratings.csv", path / _LIKES
        if not file.is_file():
            raise RatingsError(f"{file}: no such file")
        yield file, likes
        return
    try:
        with open_zip(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".csv")]
            named = [name for name in members if Path(name).name == "ratings.csv"]
            # Folders below it may hold others, for example of ratings that were deleted.
            top = min((name.count("/") for name in named), default=0)
            found = [name for name in named if name.count("/") == top] or members
            if len(found) != 1:
                listed = ", ".join(shortened(name) for name in members[:10]) or "no CSV file"
                raise RatingsError(f"{path}: needs one ratings.csv; it holds {listed}")
            likes_member = (Path(found[0]).parent / _LIKES).as_posix()
            yield zipfile.Path(archive, found[0]), zipfile.Path(archive, likes_member)
    except ArchiveError as error:
        raise RatingsError(f"{path}: {error}") from error


def _read(file: Folder) -> ExportedRatings:
    seen = look(file)
    columns = _columns_without_header(seen) if seen.names is None else _columns(seen, file)
    table = read_table(seen, list(dict.fromkeys(columns.values())))
    if table.bad_rows:
        raise RatingsError(str(table.bad_rows[0]))
    export = export_of(seen.names)
    frame = pd.DataFrame({role: _text(table.frame[name]) for role, name in columns.items()})
    are_likes = "rating" not in columns
    if are_likes:
        frame["rating"] = str(HALF_STARS.largest)
    own = tuple(_rated(frame, export, str(file), table.lines, seen.decimal))
    return ExportedRatings(
        str(file),
        export.name if export else "table",
        export.scale if export else None,
        own,
        len(frame) - len(own),
        len(own) if are_likes else 0,
    )


def _columns(seen: Look, file: Folder) -> dict[str, str | int]:
    """The column of each role. There is none of ratings if the file lists what is liked."""
    assert seen.names is not None
    known = {folded(name): name for name in reversed(seen.names)}
    spellings = {
        "title": _TITLES, "id": _IDS, "year": _YEARS, "rating": _RATINGS, "time": _DATES,
        "original": ("originaltitle",),
    }  # fmt: skip
    found = {role: _first(known, some) for role, some in spellings.items()}
    columns: dict[str, str | int] = {role: name for role, name in found.items() if name is not None}
    if "rating" not in columns and export_of(seen.names) == EXPORTS[0]:
        # watched.csv and watchlist.csv have the columns of likes/films.csv.
        if "like" not in "/".join(Path(str(file)).parts[-2:]).lower():
            raise RatingsError(
                f"{file}: no ratings; give the ratings.csv, likes/films.csv or whole zip of "
                "Letterboxd"
            )
    elif "rating" not in columns or not columns.keys() & {"title", "id"}:
        listed = ", ".join(repr(shortened(name)) for name in seen.names[:20])
        wanted, names = ("titles or ids", "title or id")
        if "rating" not in columns:
            wanted, names = "ratings", "rating"
        raise RatingsError(f"{file}: no column of {wanted} among {listed}; name it {names}")
    return columns


def _columns_without_header(seen: Look) -> dict[str, str | int]:
    """Titles or ids, then ratings, then times if there are any."""
    widths = set(map(len, seen.rows))
    if not widths <= {2, 3} or len(widths) != 1:
        raise RatingsError(
            f"{seen.path}: no header, and not two or three columns: title or id, rating, time; add "
            "a line such as title,rating"
        )
    columns: dict[str, str | int] = {"id": 0, "rating": 1}
    if not all(row[0].isdecimal() for row in seen.rows):
        columns["title"] = 0
    return columns | ({"time": 2} if widths == {3} else {})


def _with_likes(own: ExportedRatings, likes: ExportedRatings) -> ExportedRatings:
    """Add the films that are liked and not rated."""
    rated = {(each.name, each.year) for each in own.rated}
    more = tuple(each for each in likes.rated if (each.name, each.year) not in rated)
    return replace(own, rated=own.rated + more, n_liked=len(more))


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
    times = _times(frame, file)
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
        found.append(
            OwnRating(
                frame["title"][row] if "title" in frame else "",
                int(year[0]) if year else None,
                frame["id"][row] if "id" in frame else "",
                value,
                times[row],
                frame["original"][row] if "original" in frame else "",
            )
        )
    return found


def _times(frame: pd.DataFrame, file: str) -> list[int | None]:
    times: list[int | None] = [None] * len(frame)
    texts = frame["time"] if "time" in frame else pd.Series(dtype=object)
    texts = texts[texts != ""]
    try:
        found = read_times(texts.to_numpy(object), file)
    except RatingsError:
        # Times only tell which of two ratings of a film is the later one. Without them it is the
        # one in the last row.
        found = None
    if found is not None:
        for place, seconds, is_bad in zip(texts.index, found.seconds, found.is_bad, strict=True):
            times[place] = None if is_bad else int(seconds)
    return times
