"""Loads ratings from files of any form, and says in one line what it worked out itself."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from recsys.data.ids import Ids, as_ids, same_kind
from recsys.data.ratings import (
    NO_GENRES,
    Ratings,
    RatingsError,
    movies_frame,
    ratings_frame,
)
from recsys.data.scale import RatingScale, as_scale
from recsys.printable import shown
from recsys.readers.checked import check_share, checked_rows
from recsys.readers.formats import Folder
from recsys.readers.forms import Form, find_form
from recsys.readers.items import movies_beside, read_items
from recsys.readers.long_tables import Columns, read_long
from recsys.readers.looks import look
from recsys.readers.movielens import is_release, load_release
from recsys.readers.places import rating_files, siblings
from recsys.readers.raw import RawRatings, numbered_on
from recsys.readers.recognised import Siblings
from recsys.readers.rules import DUPLICATES, Duplicates, as_one_table

AnyPath: TypeAlias = str | os.PathLike[str]
Absent: TypeAlias = float | str | Sequence[float | str]


@dataclass(frozen=True)
class _Options:
    """The options of `load_ratings` that change how a file is understood."""

    columns: Columns
    sep: str | None
    header: bool | None
    scale: RatingScale | None
    movies: Path | None
    duplicates: Duplicates
    counts: bool
    absent: tuple[float | str, ...] | None


_NO_OPTIONS = _Options(Columns(), None, None, None, None, "error", False, None)


def load_ratings(
    path_or_paths: AnyPath | Sequence[AnyPath],
    *,
    user: str | int | None = None,
    item: str | int | None = None,
    rating: str | int | None = None,
    time: str | int | None = None,
    sep: str | None = None,
    header: bool | None = None,
    scale: RatingScale | str | Sequence[float] | None = None,
    movies: AnyPath | None = None,
    duplicates: Duplicates = "error",
    counts: bool = False,
    absent: Absent | None = None,
    skip_bad_rows: bool = False,
    like_threshold: float | None = None,
) -> Ratings:
    """Read ratings from a file of any name and form.

    Tables of text, JSON lines, Parquet, Feather and Arrow are read, packed (.gz, .bz2, .xz, .zst,
    .zip) or not. Columns are found by common names, or by their order if there is no header.
    Separators, encodings, decimal commas, the scale and the unit of times are worked out from the
    file. ``Ratings.reading`` says what was worked out. docs/formats.md lists the forms that are
    known by name or by look, such as the releases of MovieLens.

    Parameters
    ----------
    path_or_paths : str, path, or sequence of these
        A file; a folder or a zip with one file of ratings; or several files of one form, which are
        joined.
    user, item, rating, time : str or int, optional
        The names of the columns. If there is no header, they are numbers, counted from 1. The time
        ``"none"`` leaves times out.
    sep : str, optional
        The text between fields. ``" "`` means any number of blanks.
    header : bool, optional
        Whether the first row names the columns.
    scale : RatingScale, str or tuple, optional
        The scale of the ratings, such as ``"1:10"`` or ``(1, 10, 0.5)``. The default is the scale
        of the form, or else a scale that is worked out from all ratings.
    movies : str or path, optional
        A file with titles and genres. The default is the usual file of the form, if it lies beside
        the ratings.
    duplicates : {"error", "first", "last", "mean"}
        What to do if a user rates an item twice: refuse the file, keep the first or the last
        rating, or take the mean of them.
    counts : bool
        Whether the ratings count plays, purchases and the like. A count above the median of its
        user becomes a like. Columns named plays, count and the like are counts in any case.
    absent : float, str or sequence of these, optional
        The values of ratings that mean "not rated", such as 99. The default is those of the form.
    skip_bad_rows : bool
        Leave bad rows out and list them in the result instead of raising an error at the first one.
        A file is refused if more than 5 % of its rows are bad.
    like_threshold : float, optional
        The smallest rating that is a like. The default is the start of the upper fifth of the
        scale's range.

    Returns
    -------
    Ratings
        The ratings, the items with their titles and genres (an id stands for a missing title), and
        the bad rows that were skipped.

    Raises
    ------
    RatingsError
        If the file is missing, damaged or empty; if its columns or its separator are not clear; for
        a bad row, unless bad rows are skipped; for a rating that lies far from all others or is not
        on a scale that is known; and for a second rating of an item by one user. The message names
        the file, the line and the value, and ends with the option that helps.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from recsys import load_ratings
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "books.csv")
    ...     _ = path.write_text("user_id;isbn;stars\\nanna;000X;4,5\\nben;000X;3\\n")
    ...     ratings = load_ratings(path)
    >>> ratings.reading
    'read books.csv: columns user_id, isbn, stars; separated by semicolons; decimal commas; scale
    0.5 to 5 by 0.5; no times; no titles'
    >>> ratings.ratings
      userId movieId  rating
    0   anna    000X     4.5
    1    ben    000X     3.0
    """
    if duplicates not in DUPLICATES:
        raise ValueError(f"duplicates must be one of {', '.join(DUPLICATES)}, not {duplicates!r}")
    paths = _paths(path_or_paths)
    options = _Options(
        columns=Columns(user, item, rating, time),
        sep=_separator(sep),
        header=header,
        scale=None if scale is None else as_scale(scale),
        movies=None if movies is None else Path(movies),
        duplicates=duplicates,
        counts=counts,
        absent=_values(absent),
    )
    if options == _NO_OPTIONS and len(paths) == 1 and is_release(paths[0]):
        loaded = load_release(paths[0], skip_bad_rows=skip_bad_rows)
        if loaded.skipped:
            note = check_share(len(loaded.ratings), loaded.skipped)
            loaded = replace(loaded, reading=f"{loaded.reading}; {note}")
    else:
        loaded = _load_any(paths, options, skip_bad_rows=skip_bad_rows)
    if like_threshold is not None:
        loaded = replace(loaded, scale=replace(loaded.scale, like_threshold=like_threshold))
    return loaded


def _paths(given: AnyPath | Sequence[AnyPath]) -> list[Path]:
    paths = [given] if isinstance(given, str | os.PathLike) else list(given)
    if not paths:
        raise RatingsError("no file of ratings is named")
    return [Path(path) for path in paths]


def _separator(sep: str | None) -> str | None:
    """The separator that the caller gives. A shell hands on ``\\t`` as two letters."""
    sep = "\t" if sep == "\\t" else sep
    is_one = sep is not None and len(sep) == 1 and sep.isascii() and sep not in '"\r\n'
    if sep is None or is_one or sep == "::":
        return sep
    raise RatingsError(
        f"{shown(sep)} is no separator; --sep (sep=) takes one ASCII character such as ';', or "
        "'::', or '\\t' for tabs"
    )


def _values(absent: Absent | None) -> tuple[float | str, ...] | None:
    """The values that mean "not rated"; those of the command are text."""
    if absent is None:
        return None
    values = [absent] if isinstance(absent, str | float | int) else list(absent)
    found: list[float | str] = []
    for value in values:
        try:
            number = float(value)
        except ValueError:
            number = np.nan
        # NaN is no number that a rating can equal, so it is compared as text.
        found.append(str(value) if np.isnan(number) else number)
    return tuple(found)


def _load_any(paths: list[Path], options: _Options, *, skip_bad_rows: bool) -> Ratings:
    with ExitStack() as stack:
        files_of = [stack.enter_context(rating_files(path)) for path in paths]
        files = [file for joined in files_of for file in joined]
        found = []
        for joined in files_of:
            # The Netflix Prize has 17,770 files in one folder, so the folder is listed once.
            beside = siblings(joined[0])
            found += [_read(file, beside, options) for file in joined]
        raws = numbered_on([raw for raw, _ in found])
        form = found[0][1]
        absent = [
            options.absent if options.absent is not None else (each.absent if each else ())
            for _, each in found
        ]
        rows = checked_rows(raws, absent, skip_bad_rows=skip_bad_rows)
        movies_file = options.movies or movies_beside(files[0], form)
        is_count = options.counts or (
            raws[0].is_count and options.scale is None and rows.ratings is not None
        )
        told = raws[0].scale if len({raw.scale for raw in raws}) == 1 else None
        fixed = options.scale or (None if is_count else told or (form.scale if form else None))
        rows, scale = as_one_table(
            rows, fixed, options.duplicates, is_count=is_count, skip_bad_rows=skip_bad_rows
        )
        items, movies, movie_notes = _movies(rows.items, movies_file, form, options)
    if told is not None:
        scale = replace(scale, like_threshold=(options.scale or told).like_threshold)
    notes = [*rows.notes, *movie_notes]
    if rows.bad_rows:
        notes.append(check_share(len(rows.users), rows.bad_rows))
    frame = ratings_frame(rows.users, items, rows.ratings, rows.times, is_count=is_count)
    first_names = [file.name for file in files[:3]] + (["..."] if len(files) > 3 else [])
    return Ratings(
        ratings=frame,
        movies=movies,
        scale=scale,
        source=", ".join(map(str, paths)),
        skipped=rows.bad_rows,
        reading=f"read {', '.join(first_names)}: {'; '.join(notes)}",
    )


def _read(file: Folder, beside: Siblings, options: _Options) -> tuple[RawRatings, Form | None]:
    seen = look(file, sep=options.sep, header=options.header)
    form = find_form(seen, beside)
    columns = options.columns
    is_long = columns.rating is not None or (columns.user is not None and columns.item is not None)
    if form and form.read and not is_long:
        # Only columns of a long table may have numbers.
        names: dict[str, Any] = {"user": columns.user, "item": columns.item}
        absent: Any = form.absent if options.absent is None else options.absent
        return form.read(seen, **names, absent=absent, scale=options.scale), form
    form = None if form and form.read else form
    return read_long(seen, form, columns), form


def _movies(
    rated: Ids, file: Folder | None, form: Form | None, options: _Options
) -> tuple[Ids, pd.DataFrame, tuple[str, ...]]:
    """The ids of rated items in the kind of the table of items, this table, and notes."""
    distinct = pd.unique(rated)
    if file is None:
        return rated, movies_frame(np.sort(distinct)), ("no titles",)
    item = options.columns.item
    try:
        items = read_items(file, form, item=item if isinstance(item, str) else None)
    except RatingsError as error:
        if options.movies is not None:
            raise
        return rated, movies_frame(np.sort(distinct)), (f"no titles ({error})",)
    rated, ids = same_kind(rated, as_ids(items.ids))
    distinct = pd.unique(rated)
    unlisted = distinct[~pd.Series(distinct).isin(ids).to_numpy()]
    table = movies_frame(
        np.concatenate([ids, unlisted]),
        [*items.titles, *map(str, unlisted.tolist())],
        [*items.genres, *[NO_GENRES] * len(unlisted)],
    )
    missing = f" ({len(unlisted):,} of {len(distinct):,} items have none)" if len(unlisted) else ""
    return rated, table, (f"titles from {file.name}{missing}", *items.notes)
