"""Reads wide tables: one row for each user and one column for each item, or the other way round."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.columns import COUNTS, SPELLINGS, folded
from recsys.data.ratings import BadRow, Floats, Ints, RatingsError
from recsys.data.scale import RatingScale
from recsys.data.scale_of_values import not_rated
from recsys.printable import shortened
from recsys.readers.looks import Look, look_notes
from recsys.readers.raw import Column, RawRatings
from recsys.readers.tables import Table, read_table

BLANKS = frozenset(("", "-", "?", ".", "na", "n/a", "nan", "<na>", "null", "none", "#n/a"))

# Columns beside the ids that hold no ratings.
_DESCRIPTIONS = frozenset(
    (
        *("title", "movietitle", "booktitle", "name", "genre", "genres", "year", "author"),
        *("director", "average", "mean", "total", "sum"),
    )
)
_PEOPLE = frozenset((*SPELLINGS["user"], "viewer", "critic", "reader", "rater"))
_THINGS = frozenset((*SPELLINGS["item"], "titles", "items", "movies", "films", "books", "jokes"))
# A number beyond this is no rating but an id or a time.
_LARGEST = 100.0
# A few bad cells are no sign of another form.
_MOST_ODD = 0.02
# A table without blanks and without a name of users or items needs this many columns. Below, it may
# be a table of users, items and ratings, or of anything.
_FEWEST_COLUMNS = 6

_JESTER_ABSENT = 99.0
_JESTER_ENDS = (-10.0, 10.0)
_YEAR = re.compile(r"\([0-9]{4}\)\s*$")


@dataclass(frozen=True)
class _Layout:
    """Where a wide table has what: the column of the rows' ids, and the columns of ratings."""

    label: int | None
    columns: tuple[int, ...]
    ids: tuple[str, ...]
    rows_are_users: bool
    note: str


def is_wide(look: Look) -> bool:
    """Tell whether a table has ratings in all columns but the first, and no column has a role."""
    look = _with_header(look)
    if look.kind != "text" or not look.rows:
        return False
    if look.names is None:
        cells = [_numbers(row[1:], look.decimal) for row in look.rows]
        return len(look.rows[0]) >= _FEWEST_COLUMNS and _are_ratings(cells)
    roles = {name for role in SPELLINGS.values() for name in role} | COUNTS
    rated = _rated_columns(look)
    if len(rated) < 2 or any(folded(look.names[place]) in roles for place in rated):
        return False
    cells = [_numbers([row[place] for place in rated], look.decimal) for row in _full(look)]
    labels = [row[0] for row in look.rows]
    has_role = _is_item(look.names[0]) is not None
    has_blanks = any(np.isnan(row).any() for row in cells)
    return (
        _are_ratings(cells)
        and len(set(labels)) == len(labels)
        and (has_role or has_blanks or len(rated) >= _FEWEST_COLUMNS - 1)
    )


def is_jester(look: Look) -> bool:
    """Tell whether a table has numbers from -10 to 10 in all columns, and 99 for "not rated"."""
    rows = [_numbers(row, look.decimal) for row in look.rows]
    if look.kind != "text" or not rows or len(rows[0]) < 3 or any(np.isnan(r).any() for r in rows):
        return False
    ratings = np.concatenate([row[1:] for row in rows])
    rated = ratings[ratings != _JESTER_ABSENT]
    is_continuous = bool((rated < 0).any() and (rated != np.floor(rated)).any())
    has_absent = len(rated) < len(ratings)
    # Two signs of three are enough: some parts are dense, and some copies lack the counts.
    return _are_jokes(ratings) and is_continuous + has_absent + _has_counts(rows) >= 2


def read_wide(
    look: Look,
    *,
    user: str | None = None,
    item: str | None = None,
    absent: Sequence[float | str] = (),
    scale: RatingScale | None = None,
) -> RawRatings:
    """Read a wide table.

    Parameters
    ----------
    look : Look
        The look of the file.
    user, item : str, optional
        The name of the first column. ``user`` says that each row is a user, and ``item`` says that
        each row is an item. The default goes by the names.
    absent : sequence of float or str
        The cells that mean "not rated". Blanks always do.
    scale : RatingScale, optional
        The scale, if the caller knows it. Then the most frequent number is not questioned.

    Returns
    -------
    RawRatings

    Raises
    ------
    RatingsError
        If a number may mean "not rated": it is in more than half of the cells, or it is 99 or -1
        and lies beyond all others.
    """
    look = _with_header(look)
    table = read_table(look, range(_width(look)))
    layout = _layout(look, table, user, item)
    raw = _ratings(look, table, layout, absent)
    if scale is None:
        _check_not_rated(raw, len(table.frame) * len(layout.columns))
    return raw


def read_jester(
    look: Look, *, absent: Sequence[float | str] = (_JESTER_ABSENT,), **_options: object
) -> RawRatings:
    """Read a table of Jester: one row for each user, 99 for a joke that the user did not rate.

    The users have the numbers of their rows, and the jokes those of their columns. The first column
    is left out if it says how many jokes a user rated.
    """
    table = read_table(look, range(_width(look)))
    note = "Jester: rows are users, columns are jokes"
    label, n_first = None, 0
    rows = [_numbers(row, look.decimal) for row in look.rows]
    if folded((look.names or ("",))[0]) in _PEOPLE or _are_labels(table.frame[0], look.decimal):
        label, n_first = 0, 1
    if _has_counts(rows) or (label is None and not _are_jokes(np.array([row[0] for row in rows]))):
        label, n_first = None, 1
        note = f"{note}, the first column counts them"
    columns = range(n_first, _width(look))
    names = look.names or tuple(str(place - n_first + 1) for place in range(_width(look)))
    layout = _Layout(label, tuple(columns), tuple(names[at] for at in columns), True, note)
    return _ratings(look, table, layout, absent)


def _with_header(look: Look) -> Look:
    """Take the first row for the header if only its first field is blank, as frames are saved."""
    first, *others = look.rows or ((),)
    if look.names is None and others and not first[0] and all(row[0] for row in others):
        return replace(look, names=first, rows=tuple(others))
    return look


def _width(look: Look) -> int:
    return len(look.names or look.rows[0])


def _full(look: Look) -> list[tuple[str, ...]]:
    return [row for row in look.rows if len(row) == _width(look)]


def _rated_columns(look: Look) -> list[int]:
    """The places of all columns but the first and those that describe its items."""
    names = look.names or ()
    return [at for at, name in enumerate(names) if at and folded(name) not in _DESCRIPTIONS]


def _numbers(cells: Sequence[str], decimal: str) -> Floats:
    """The numbers of some cells; NaN is a blank, and infinity is no number."""
    found = np.empty(len(cells))
    for place, cell in enumerate(cells):
        try:
            found[place] = float(cell.replace(decimal, ".") if decimal != "." else cell)
        except ValueError:
            found[place] = np.nan if cell.strip().lower() in BLANKS else np.inf
    return found


def _are_ratings(rows: Sequence[Floats]) -> bool:
    cells = np.concatenate(rows) if rows else np.empty(0)
    is_odd = ~(np.isnan(cells) | (np.abs(cells) <= _LARGEST))
    return bool(cells.size) and int(is_odd.sum()) <= _MOST_ODD * cells.size


def _are_jokes(cells: Floats) -> bool:
    smallest, largest = _JESTER_ENDS
    is_within = (cells >= smallest) & (cells <= largest)
    return bool((is_within | (cells == _JESTER_ABSENT)).all())


def _has_counts(rows: Sequence[Floats]) -> bool:
    return all(row[0] == np.count_nonzero(row[1:] != _JESTER_ABSENT) for row in rows)


def _layout(look: Look, table: Table, user: str | None, item: str | None) -> _Layout:
    names = look.names
    if names is None:
        label = 0 if _are_labels(table.frame[0], look.decimal) else None
        columns = tuple(range(0 if label is None else 1, _width(look)))
        ids = tuple(str(number) for number in range(1, len(columns) + 1))
        return _Layout(label, columns, ids, True, "wide table: rows are users, columns are items")
    columns = tuple(_rated_columns(look))
    ids = tuple(names[place] for place in columns)
    for given in (user, item):
        if given not in (None, names[0]):
            raise RatingsError(
                f"{look.path}: the rows of this wide table are named by its first column, "
                f"{shortened(names[0])!r}, not {shortened(str(given))!r}; give its name"
            )
    labels = [row[0] for row in look.rows]
    is_users = item is None and (user is not None or _rows_are_users(names[0], labels, ids))
    sides = ("users", "items") if is_users else ("items", "users")
    option = "--item-column" if is_users else "--user-column"
    first = shortened(names[0])
    note = f"wide table: rows are {sides[0]}, columns are {sides[1]}"
    if user is None and item is None:
        note += f" (for the other way round, {option} {first!r})"
    left_out = [name for at, name in enumerate(names) if at and at not in columns]
    if left_out:
        note += f", left out {', '.join(shortened(name) for name in left_out)}"
    return _Layout(0, columns, ids, is_users, note)


def _are_labels(column: pd.Series, decimal: str) -> bool:
    """Tell whether the first column names the rows: by text, or by 1, 2, 3 and so on."""
    numbers = _numbers([str(cell) for cell in column], decimal)
    counted = np.arange(len(numbers))
    return bool(np.isinf(numbers).any()) or any(
        np.array_equal(numbers, counted + start) for start in (0, 1)
    )


def _rows_are_users(first: str, labels: Sequence[str], ids: Sequence[str]) -> bool:
    """Tell whether rows are users: by the first name of the header, then by the ids."""
    is_item = _is_item(first)
    if is_item is not None:
        return not is_item
    if _stem(labels) in _THINGS or _stem(ids) in _PEOPLE:
        return False
    has_years = sum(bool(_YEAR.search(label)) for label in labels)
    return 2 * has_years <= len(labels)


def _is_item(name: str) -> bool | None:
    """Tell whether a name in the header, or the first word of it, means items; None if neither."""
    words = [folded(word) for word in re.split(r"[\W_\d]+", name) if word]
    for word in (folded(name), *words):
        if word in _THINGS | _PEOPLE:
            return word in _THINGS
    return None


def _stem(ids: Sequence[str]) -> str:
    """The word that all ids share in front of their numbers, such as user of user1 and user2."""
    stems = {re.sub(r"\d+$", "", folded(name)) for name in ids}
    return stems.pop() if len(stems) == 1 else ""


def _ratings(
    look: Look, table: Table, layout: _Layout, absent: Sequence[float | str]
) -> RawRatings:
    numbers_absent = [value for value in absent if not isinstance(value, str)]
    texts_absent = frozenset(value for value in absent if isinstance(value, str))
    rows: list[Ints] = []
    values: list[Floats] = []
    bad_rows: list[BadRow] = []
    n_absent = 0
    for place in layout.columns:
        numbers = _column(table.frame[place], look.decimal)
        is_absent = np.isin(numbers, numbers_absent) | table.frame[place].isin(texts_absent)
        n_absent += int(is_absent.sum())
        bad = np.flatnonzero(np.isinf(numbers) & ~is_absent)
        if bad.size:
            cells = table.frame[place].iloc[bad]
            for cell, line in zip(cells, table.lines(bad).tolist(), strict=True):
                value = shortened(str(cell))
                bad_rows.append(BadRow(str(look.path), line, value, "rating is not a number"))
        found = np.flatnonzero(np.isfinite(numbers) & ~is_absent)
        rows.append(found)
        values.append(numbers[found])
    at = np.concatenate(rows)
    if not at.size:
        raise RatingsError(f"{look.path}: no ratings; {layout.note}")
    labels: Column = np.arange(1, len(table.frame) + 1)
    if layout.label is not None:
        labels = table.frame[layout.label].astype(str).to_numpy(dtype=object)
    on_rows = labels[at]
    on_columns = np.repeat(np.array(layout.ids, dtype=object), [len(found) for found in rows])
    users, items = (on_rows, on_columns) if layout.rows_are_users else (on_columns, on_rows)
    return RawRatings(
        users=users,
        items=items,
        ratings=np.concatenate(values),
        times=None,
        file=str(look.path),
        lines=lambda found: table.lines(at[found]),
        bad_rows=(*table.bad_rows, *bad_rows),
        notes=(layout.note, *look_notes(look)),
        n_absent=n_absent,
        has_row_numbers=layout.label is None,
    )


def _column(cells: pd.Series, decimal: str) -> Floats:
    """The numbers of one column; every distinct text is read once."""
    codes, distinct = pd.factorize(cells)
    numbers = _numbers([str(cell) for cell in distinct], decimal)
    found: npt.NDArray[np.float64] = np.append(numbers, np.nan)[codes]
    return found


def _check_not_rated(raw: RawRatings, n_cells: int) -> None:
    """Refuse a number that may mean "not rated": one in most cells, or 99 or -1 beyond all others.

    The caller knows what it means: a scale, or a number that is absent, settles it.
    """
    ratings = np.asarray(raw.ratings)
    counts = Counter(ratings.tolist())
    frequent, count = counts.most_common(1)[0]
    asked = frequent if 2 * count > n_cells else not_rated(ratings)
    if len(counts) == 1 or asked is None:
        return
    raise RatingsError(
        f"{raw.file}: {counts[asked]:,} of {n_cells:,} cells are {asked:g}; if this means that "
        f"there is no rating, say --absent {asked:g} (absent={asked:g}); if it is a rating, give "
        "the scale: --scale SMALLEST:LARGEST (scale=)"
    )
