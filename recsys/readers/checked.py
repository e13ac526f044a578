"""Turns what readers found into sound rows: ids, numbers and seconds; bad rows are kept apart."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Ids, as_ids
from recsys.data.ratings import BadRow, Floats, Ints, RatingsError
from recsys.data.times import read_times
from recsys.printable import shortened, shown
from recsys.readers.raw import BAD_TIME, EMPTY_RATING, NO_NUMBER, Column, RawRatings, bad_row_error

Mask = npt.NDArray[np.bool_]
# Codes and the distinct values that they stand for. Whole numbers stand for themselves (None).
Coded: TypeAlias = tuple[Ints, Sequence[Any] | None]

# More bad rows than this mean that the file was misunderstood.
MOST_SKIPPED = 0.05


@dataclass(frozen=True, eq=False)
class Rows:
    """Sound rows of one or more files.

    Attributes
    ----------
    users, items : ndarray of shape (n_rows,)
    ratings : ndarray of shape (n_rows,), float64, or None
        None if the files only say who liked what.
    times : ndarray of shape (n_rows,), int64, or None
    line_of : callable
        Turns positions of rows into pairs of file and line.
    bad_rows : tuple of BadRow
    notes : tuple of str
    """

    users: Ids
    items: Ids
    ratings: Floats | None
    times: Ints | None
    line_of: Callable[[Ints], list[tuple[str, int]]]
    bad_rows: tuple[BadRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Part:
    """Sound rows of one file; ids are codes of distinct values."""

    raw: RawRatings
    kept: Ints
    users: Coded
    items: Coded
    ratings: Floats | None
    times: Ints | None
    bad_rows: list[BadRow]
    notes: list[str]


def checked_rows(
    raws: Sequence[RawRatings], absent: Sequence[Sequence[float | str]], *, skip_bad_rows: bool
) -> Rows:
    """Check the rows of files, and join them.

    Parameters
    ----------
    raws : sequence of RawRatings
        What the readers found, one for each file.
    absent : sequence of sequence of float or str
        For each file the ratings that mean "not rated".
    skip_bad_rows : bool
        Whether bad rows are collected. Otherwise the first one is an error.

    Returns
    -------
    Rows

    Raises
    ------
    RatingsError
        For a bad row, unless they are skipped, and if no row is good.
    """
    parts = [
        _part(raw, values, skip_bad_rows=skip_bad_rows)
        for raw, values in zip(raws, absent, strict=True)
    ]
    bad_rows = [bad_row for part in parts for bad_row in part.bad_rows]
    if not any(len(part.kept) for part in parts):
        first = f"; the first bad row: {bad_rows[0]}" if bad_rows else ""
        raise RatingsError(f"{', '.join(raw.file for raw in raws)}: no ratings{first}")
    has_ratings = [part.ratings is not None for part in parts]
    if any(has_ratings) and not all(has_ratings):
        without = parts[has_ratings.index(False)].raw.file
        raise RatingsError(f"{without}: no ratings, while other files have some; load it alone")
    times = [part.times for part in parts if part.times is not None]
    notes = list(dict.fromkeys(note for part in parts for note in part.notes))
    if 0 < len(times) < len(parts):
        notes.append("times are left out, as not all files have them")
    users = _joined_ids([part.users for part in parts])
    items = _joined_ids([part.items for part in parts])
    notes += [*_odd_ids("users", users), *_odd_ids("items", items)]
    return Rows(
        users=users,
        items=items,
        ratings=_joined([part.ratings for part in parts]) if all(has_ratings) else None,
        times=_joined(times) if len(times) == len(parts) else None,
        line_of=lambda rows: _lines_in(parts, rows),
        bad_rows=tuple(bad_rows),
        notes=tuple(notes),
    )


def check_share(n_good: int, bad_rows: Sequence[BadRow]) -> str:
    """A note that counts the skipped rows by kind; an error if they are too many.

    Examples
    --------
    >>> check_share(99, [BadRow("a.csv", 7, "x", "rating is not a number")])
    '1 bad row skipped (rating is not a number: 1)'
    """
    kinds = Counter(row.reason.partition(" as on line")[0] for row in bad_rows)
    counted = ", ".join(f"{kind}: {n:,}" for kind, n in kinds.most_common())
    n_rows = n_good + len(bad_rows)
    if len(bad_rows) > MOST_SKIPPED * n_rows:
        raise RatingsError(
            f"{bad_rows[0].file}: {len(bad_rows):,} of {n_rows:,} rows are bad, more than 5 % "
            f"({counted}); the first is {bad_rows[0]}; correct the file, or name its columns, "
            "separator or scale"
        )
    plural = "" if len(bad_rows) == 1 else "s"
    return f"{len(bad_rows):,} bad row{plural} skipped ({counted})"


def _part(raw: RawRatings, absent: Sequence[float | str], *, skip_bad_rows: bool) -> _Part:
    users, items = _factorized(raw.users), _factorized(raw.items)
    numbers = None if raw.ratings is None else _numbers(raw.ratings, raw.decimal)
    times = None if raw.times is None else read_times(raw.times, raw.file)
    nowhere = np.zeros(len(users[0]), np.bool_)
    no_number = nowhere if numbers is None else ~np.isfinite(numbers.values)
    is_blank = nowhere if numbers is None else no_number & numbers.among([""])
    no_user, no_item = _blank(users), _blank(items)
    # Spreadsheets write rows without any value below a table.
    is_empty = no_user & no_item & (is_blank if numbers else ~nowhere)
    is_absent = nowhere if numbers is None or not absent else numbers.among(absent) & ~is_empty
    left_out = is_empty | is_absent
    problems: list[tuple[str, Mask, Column | None]] = [
        ("user is empty", no_user, raw.users),
        ("item is empty", no_item, raw.items),
        (EMPTY_RATING, is_blank, raw.ratings),
        (NO_NUMBER, no_number, raw.ratings),
        (BAD_TIME, times.is_bad if times else nowhere, raw.times),
    ]
    bad_rows = list(raw.bad_rows)
    is_good = ~left_out
    for reason, mask, column in problems:
        found = np.flatnonzero(mask & is_good)
        is_good[found] = False
        if column is not None and len(found):
            shown_rows = found if skip_bad_rows else found[:1]
            bad_rows += [
                BadRow(raw.file, int(line), shortened(_text(column, row)), reason)
                for row, line in zip(shown_rows, raw.lines(shown_rows), strict=True)
            ]
    bad_rows.sort(key=lambda row: row.line)
    if bad_rows and not skip_bad_rows:
        raise bad_row_error(bad_rows[0])
    kept = np.flatnonzero(is_good)
    notes = [*raw.notes, *([times.note] if times and times.note else [])]
    if n_absent := raw.n_absent + int(is_absent.sum()):
        values = ", ".join(repr(each) if isinstance(each, str) else f"{each:g}" for each in absent)
        notes.append(f"{n_absent:,} not rated ({values or 'blank'})")
    if n_empty := int(is_empty.sum()):
        notes.append(f"empty rows: {n_empty:,}")
    return _Part(
        raw=raw,
        kept=kept,
        users=_taken(users, kept),
        items=_taken(items, kept),
        ratings=None if numbers is None else _at(numbers.values, kept),
        times=None if times is None else _at(times.seconds, kept),
        bad_rows=bad_rows,
        notes=notes,
    )


def _at(values: npt.NDArray[Any], rows: Ints) -> npt.NDArray[Any]:
    """The values of ascending rows; 25 million are copied only if some are left out."""
    return values if len(rows) == len(values) else values[rows]


def _factorized(column: Column) -> Coded:
    """A column as codes and distinct values. The code of a missing value is -1."""
    values: Any = column.array if isinstance(column, pd.Series) else column
    if isinstance(values, pd.Categorical):
        return values.codes.astype(np.int64), list(values.categories)
    values = np.asarray(values)
    if values.dtype.kind in "iu" and (not values.size or values.max() < 2**63):
        return values.astype(np.int64, copy=False), None
    try:
        codes, distinct = pd.factorize(values)
    except TypeError:  # lists and the like, from JSON or Parquet
        codes, distinct = pd.factorize(np.array([str(value) for value in values], dtype=object))
    return codes, list(distinct)


def _blank(column: Coded) -> Mask:
    """The rows without an id."""
    codes, distinct = column
    if distinct is None:
        return np.zeros(len(codes), np.bool_)
    # The last one is for the code -1 of a missing value.
    return np.array([not str(value).strip() for value in distinct] + [True])[codes]


def _taken(column: Coded, rows: Ints) -> Coded:
    """The rows of a column, and only those distinct values that they have."""
    codes, distinct = column
    if distinct is None:
        return _at(codes, rows), None
    used = np.unique(codes[rows])
    place = np.zeros(len(distinct), np.int64)
    place[used] = np.arange(len(used))
    return place[codes[rows]], [distinct[code] for code in used]


def _joined_ids(parts: Sequence[Coded]) -> Ids:
    """The ids of all files as whole numbers, or as text."""
    if all(distinct is None for _, distinct in parts):
        return _joined([codes for codes, _ in parts])
    coded = [
        pd.factorize(codes) if distinct is None else (codes, distinct) for codes, distinct in parts
    ]
    ids = as_ids([value for _, distinct in coded for value in distinct])
    starts = np.cumsum([0, *(len(distinct) for _, distinct in coded)])
    return np.concatenate(
        [ids[start + codes] for start, (codes, _) in zip(starts, coded, strict=False)]
    )


def _joined(columns: Sequence[Any]) -> npt.NDArray[Any]:
    return np.concatenate(columns) if len(columns) > 1 else columns[0]


def _odd_ids(name: str, ids: Ids) -> list[str]:
    """A note if ids are text although most of them are whole numbers."""
    if ids.dtype.kind == "i":
        return []
    distinct = pd.Series(pd.unique(ids))
    is_number = distinct.str.fullmatch(r"(?:0|-?[1-9][0-9]{0,17})(?:\.0+)?").to_numpy(np.bool_)
    if 2 * is_number.sum() <= len(distinct):
        return []
    return [f"ids of {name} are text, such as {shown(distinct[~is_number].iloc[0])}"]


@dataclass(frozen=True, eq=False)
class _Numbers:
    """A column as float64, NaN where it is no number; and its distinct texts and their codes."""

    values: Floats
    codes: Ints
    texts: Sequence[str]

    def among(self, wanted: Sequence[float | str]) -> Mask:
        """The rows that are one of some numbers or texts."""
        numbers = [each for each in wanted if not isinstance(each, str)]
        texts = {each for each in wanted if isinstance(each, str)}
        found: Mask = np.isin(self.values, numbers)
        if texts and self.texts:
            found |= np.array([text in texts for text in self.texts])[self.codes]
        elif any(text.lower() in ("", "nan") for text in texts):
            found |= np.isnan(self.values)
        return found


def _numbers(column: Column, decimal: str) -> _Numbers:
    values: Any = column.array if isinstance(column, pd.Series) else column
    if getattr(values.dtype, "kind", "O") in "iuf":
        return _Numbers(np.asarray(values, dtype=np.float64), np.empty(0, np.int64), ())
    codes, coded = _factorized(values)
    distinct: Sequence[Any] = coded or ()
    # The last text is for the code -1 of a missing value.
    texts = ["" if pd.isna(value) else str(value).strip() for value in distinct] + [""]
    return _Numbers(np.array([_number(text, decimal) for text in texts])[codes], codes, texts)


def _number(text: str, decimal: str) -> float:
    if decimal != ".":
        text = text.replace(decimal, ".")
    if text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    try:
        # float() reads 4_0 as 40.
        return float(text) if "_" not in text and text.isascii() else np.nan
    except ValueError:
        return np.nan


def _text(column: Column, row: np.int64) -> str:
    value: Any = column.iloc[row] if isinstance(column, pd.Series) else column[row]
    return "" if pd.api.types.is_scalar(value) and pd.isna(value) else str(value)


def _lines_in(parts: Sequence[_Part], rows: Ints) -> list[tuple[str, int]]:
    """The files and lines of rows. Lines of one file are read together, as that takes a while."""
    starts = np.cumsum([0, *(len(part.kept) for part in parts)])
    place = np.searchsorted(starts, rows, side="right") - 1
    found: list[tuple[str, int]] = [("", 0)] * len(rows)
    for at, part in enumerate(parts):
        mine = np.flatnonzero(place == at)
        if len(mine):
            lines = part.raw.lines(part.kept[rows[mine] - starts[at]])
            for target, line in zip(mine, lines, strict=True):
                found[target] = (part.raw.file, int(line))
    return found
