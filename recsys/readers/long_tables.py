"""Reads a table that has one row for each rating."""

from dataclasses import dataclass

from recsys.data.columns import OPTIONS, find_roles, is_known
from recsys.data.ratings import RatingsError
from recsys.readers.forms import Form, Places
from recsys.readers.looks import Look, is_number, look_notes
from recsys.readers.raw import RawRatings
from recsys.readers.tables import read_table

NO_TIMES = "none"

_ROLES = ("user", "item", "rating", "time")
# A rating is never so large, but a time in seconds is.
_ERA = 100_000_000.0


@dataclass(frozen=True)
class Columns:
    """The columns that the caller names: by name, or by number counted from 1 without a header.

    Attributes
    ----------
    user, item, rating, time : str, int or None
        ``"none"`` as ``time`` leaves times out.
    """

    user: str | int | None = None
    item: str | int | None = None
    rating: str | int | None = None
    time: str | int | None = None


def read_long(look: Look, form: Form | None, given: Columns) -> RawRatings:
    """Read the columns of users, items, ratings and times.

    Parameters
    ----------
    look : Look
        The look of the file.
    form : Form or None
        Its form.
    given : Columns
        The columns that the caller names. They win over those of the form.

    Returns
    -------
    RawRatings

    Raises
    ------
    RatingsError
        If a column is not there, or is not clear from the names or the first rows.
    """
    if look.names is None:
        places = _bare_places(look, form, given)
        is_count = False
    else:
        places, is_count = _named_places(look, form, given)
    if given.time == NO_TIMES:
        places = Places(places.user, places.item, places.rating)
    chosen = [place for place in _as_row(places) if place is not None]
    numbers = [place for place in (places.rating, places.time) if place is not None]
    table = read_table(look, chosen, whole=[places.user, places.item], numbers=numbers)
    frame = table.frame
    return RawRatings(
        users=frame[places.user],
        items=frame[places.item],
        ratings=None if places.rating is None else frame[places.rating],
        times=None if places.time is None else frame[places.time],
        file=str(look.path),
        lines=table.lines,
        bad_rows=table.bad_rows,
        notes=_notes(look, form, places),
        decimal=look.decimal,
        is_count=is_count or bool(form and form.counts),
        scale=look.scale,
    )


def _as_row(places: Places) -> tuple[str | int | None, ...]:
    return places.user, places.item, places.rating, places.time


def _named_places(look: Look, form: Form | None, given: Columns) -> tuple[Places, bool]:
    assert look.names is not None
    named = {role: getattr(given, role) for role in _ROLES}
    if form and form.roles:
        named = {role: named[role] or getattr(form.roles, role) for role in _ROLES}
    if named["time"] == NO_TIMES:
        named["time"] = None
    try:
        roles = find_roles(look.names, where=str(look.path), **named)
    except RatingsError as error:
        if any(map(is_known, look.names)):
            raise
        raise RatingsError(
            f"{error}; --no-header (header=False) if the first row is data"
        ) from None
    return Places(roles.user, roles.item, roles.rating, roles.time), roles.is_count


def _bare_places(look: Look, form: Form | None, given: Columns) -> Places:
    """Columns of a table without a header: user, item, rating, time unless others are given."""
    named = {role: _place(look, role, getattr(given, role)) for role in _ROLES}
    if form and form.roles:
        usual = dict(zip(_ROLES, _as_row(form.roles), strict=True))
    else:
        usual = _usual_places(look, has_given=any(place is not None for place in named.values()))
    found = {role: usual.get(role) if named[role] is None else named[role] for role in _ROLES}
    if found["user"] is None or found["item"] is None:
        raise _unclear(look)
    return Places(found["user"], found["item"], found["rating"], found["time"])


def _usual_places(look: Look, *, has_given: bool) -> dict[str, str | int | None]:
    filled = [at for at in range(look.width) if any(_column(look, at))]
    if has_given:
        return {}
    if not 2 <= len(filled) <= 4:
        raise _unclear(look)
    usual: dict[str, str | int | None] = dict(zip(_ROLES, filled, strict=False))
    if len(filled) >= 3 and all(_is_time(cell) for cell in _column(look, filled[2])):
        usual |= {"rating": filled[3] if len(filled) == 4 else None, "time": filled[2]}
    rating = usual.get("rating")
    if isinstance(rating, int) and not any(map(is_number, _column(look, rating))):
        raise _unclear(look)
    return usual


def _column(look: Look, place: int) -> list[str]:
    return [row[place] for row in look.rows if len(row) > place and row[place]]


def _is_time(cell: str) -> bool:
    return is_number(cell) and float(cell.replace(",", ".")) >= _ERA


def _place(look: Look, role: str, given: str | int | None) -> int | None:
    if given is None or given == NO_TIMES:
        return None
    if not str(given).isdecimal() or not 1 <= int(given) <= look.width:
        raise RatingsError(
            f"{look.path}: no column {given!r}: the file has no header, so its columns are 1 to "
            f"{look.width}; {OPTIONS[role].replace('NAME', 'NUMBER')}"
        )
    return int(given) - 1


def _unclear(look: Look) -> RatingsError:
    first = ", ".join(repr(cell) for cell in (look.rows[0] if look.rows else ())[:10])
    return RatingsError(
        f"{look.path}: the file has no header, and its {look.width} columns ({first}) are not "
        "user, item, rating and time; number them by --user-column, --item-column, "
        "--rating-column and --time-column (user=, item=, rating=, time=), or give the separator "
        "by --sep (sep=)"
    )


def _notes(look: Look, form: Form | None, places: Places) -> tuple[str, ...]:
    columns = [place for place in _as_row(places) if place is not None]
    if look.names is None:
        roles = [role for role in _ROLES if getattr(places, role) is not None]
        numbers = ", ".join(str(int(place) + 1) for place in columns)
        notes = [f"no header: columns {numbers} are {', '.join(roles)}"]
    else:
        notes = [f"columns {', '.join(map(str, columns))}"]
    if form:
        notes.append(f"as {form.name}")
    return (*notes, *look_notes(look))
