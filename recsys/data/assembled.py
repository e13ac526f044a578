"""Puts the columns of a caller's tables together, and checks them by the same rules as files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.columns import SPELLINGS, Roles, find_roles, folded
from recsys.data.errors import RatingsError
from recsys.data.frames import Floats, Frame
from recsys.data.genre_lists import NO_GENRES
from recsys.data.ids import Ids, as_ids, same_kind
from recsys.data.item_columns import find_item_columns
from recsys.data.repeats import repeats
from recsys.data.scale import COUNTS, HALF_STARS, LIKES, RatingScale, as_scale
from recsys.data.scale_of_values import inferred_scale, outliers

Ints = npt.NDArray[np.int64]
# The names of columns that the caller gives.
Named: TypeAlias = Mapping[str, Any]

NO_TIMES = "none"
CANONICAL = {"user": "userId", "item": "movieId", "rating": "rating", "time": "timestamp"}


@dataclass(frozen=True, eq=False)
class Items:
    """The table of items: ids, and titles and genres if there are any."""

    ids: Ids
    titles: list[str] | None = None
    genres: list[str] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Rows:
    """Checked ratings: each user and item once, and every rating on the scale.

    `ratings` is None for likes. `item` is the name of the column of items. `notes` say what was
    worked out, in a few words each.
    """

    table: Frame = field(repr=False)
    users: Ids
    items: Ids
    ratings: Floats | None
    is_count: bool
    times: Ints | None
    scale: RatingScale
    item: str
    notes: tuple[str, ...]


def checked_rows(table: Frame, named: Named, scale: Any, *, counts: bool) -> Rows:
    """Find and check the columns of ratings.

    Parameters
    ----------
    table : Frame
        The caller's table.
    named : mapping
        The columns that the caller names: user, item, rating, time. Those that are missing or None
        are found by their names.
    scale : RatingScale, str, tuple or None
        A scale, "infer", or None for half stars.
    counts : bool
        Whether the ratings are counts in any case.

    Returns
    -------
    Rows

    Raises
    ------
    RatingsError
        If a column is missing or not clear, or for the first bad value.
    ValueError
        If `scale` is none.
    """
    roles, notes = _roles(table, named)
    columns = (roles.user, roles.item, roles.rating, roles.time)
    table.read([name for name in columns if name is not None])
    users, items = table.ids(roles.user), table.ids(roles.item)
    values = None if roles.rating is None else table.numbers(roles.rating)
    times = None if roles.time is None else table.times(roles.time)
    if times is not None and times.note:
        notes.append(times.note)
    is_count = counts or (roles.is_count and scale is None)
    known, note = _scale(table, roles.rating, values, scale, is_count=is_count)
    later, first = repeats(users, items)
    if later.size:
        pair = f"user {users[later[0]]}, movie {items[later[0]]}"
        raise table.error(later[0], f"same user and movie as {table.place(first[0])}", pair)
    return Rows(
        table=table,
        users=users,
        items=items,
        ratings=values,
        is_count=is_count,
        times=None if times is None else times.seconds.copy(),
        scale=known,
        item=roles.item,
        notes=(*notes, note) if note else tuple(notes),
    )


def listed_items(rows: Rows, table: Frame | None) -> tuple[Ids, Items]:
    """The ids of rated items in the kind of the table of items, and this table.

    Without a table, the items are those that are rated.
    """
    if table is None:
        return rows.items, Items(np.unique(rows.items))
    columns = find_item_columns(table.names, rows.item, table.where)
    table.read(name for name in (columns.ids, columns.titles, columns.genres) if name is not None)
    rated, ids = same_kind(rows.items, table.ids(columns.ids))
    _check_once(table, columns.ids, ids)
    unknown = np.flatnonzero(~pd.Series(rated).isin(ids))
    if unknown.size:
        reason = f"{rows.item} is not in the {table.where} (without movies, ids stand as titles)"
        raise rows.table.error(unknown[0], reason, rated[unknown[0]])
    titles = None if columns.titles is None else table.texts(columns.titles)
    genres = None if columns.genres is None else table.genres(columns.genres)
    return rated, Items(ids, titles, genres)


def mapped_items(rows: Rows, titles: Any, genres: Any) -> tuple[Ids, Items]:
    """The ids of rated items, and the items with the titles and genres of two mappings.

    An item may be missing in a mapping, and a mapping may hold items that nobody rated.
    """
    titled, named_titles = _mapping("titles", titles)
    listed, named_genres = _mapping("genres", genres)
    distinct = pd.unique(rows.items)
    parts = [distinct, titled, listed]
    together = as_ids([each for part in parts for each in part.tolist()])
    rated, _ = same_kind(rows.items, together)
    ends = np.cumsum([len(part) for part in parts])
    title_of = dict(zip(together[ends[0] : ends[1]].tolist(), named_titles, strict=True))
    genres_of = dict(zip(together[ends[1] :].tolist(), named_genres, strict=True))
    ids = np.unique(together)
    untitled = sum(each not in title_of for each in pd.unique(rated).tolist())
    note = f"{untitled:,} of {len(distinct):,} items have no title"
    found = Items(
        ids=ids,
        titles=[title_of.get(each, str(each)) for each in ids.tolist()],
        genres=[genres_of.get(each, NO_GENRES) for each in ids.tolist()],
        notes=(note,) if titles is not None and untitled else (),
    )
    return rated, found


def _roles(table: Frame, named: Named) -> tuple[Roles, list[str]]:
    """The columns, and a note if some are known by their spelling alone."""
    names = table.names
    if named.get("time") == NO_TIMES:
        names = [name for name in names if folded(name) not in SPELLINGS["time"]]
        named = {**named, "time": None}
    given = {
        role: str(name) if name is not None else usual if usual in names else None
        for role, name, usual in ((each, named.get(each), CANONICAL[each]) for each in CANONICAL)
    }
    roles = find_roles(names, where=table.where, **given)
    found = {role: getattr(roles, role) for role in CANONICAL}
    listed = ", ".join(name for name in found.values() if name is not None)
    return roles, [f"columns {listed}"] if found != given else []


def _scale(
    table: Frame, name: str | None, values: Floats | None, given: Any, *, is_count: bool
) -> tuple[RatingScale, str]:
    """The scale on which all ratings are, and a note if it was not given."""
    infers = isinstance(given, str) and given == "infer"
    scale = HALF_STARS if given is None or infers else as_scale(given)
    if is_count and given is not None:
        raise RatingsError(f"{table.where}: counts have no scale: leave scale= or counts= out")
    if values is None and (is_count or (given is not None and scale.kind != "likes")):
        raise RatingsError(
            f"{table.where}: no column of {'counts' if is_count else 'ratings'} among "
            f"{', '.join(map(repr, table.names[:20]))}; name it with rating="
        )
    if is_count:
        return COUNTS, "counts: liked means above the user's own median"
    if values is None:
        return LIKES, "no ratings: all are likes"
    if infers:
        found = _inferred(table, str(name), values)
        return found, "all ratings are 1: likes" if found == LIKES else f"scale {found}"
    off = np.flatnonzero(~scale.holds(values))
    if off.size:
        hint = " (for another scale, pass scale=)" if given is None else ""
        raise table.error(off[0], f"{name} is off the scale {scale}{hint}", values[off[0]])
    return scale, ""


def _inferred(table: Frame, name: str, values: Floats) -> RatingScale:
    far = outliers(values)
    if far.any():
        row, others = np.flatnonzero(far)[0], values[~far]
        reason = (
            f"{name} lies far from the others, which are {others.min():g} to {others.max():g} "
            "(if it is right, pass scale=)"
        )
        raise table.error(row, reason, values[row])
    return inferred_scale(values)


def _check_once(table: Frame, name: str, ids: Ids) -> None:
    later, first = repeats(ids)
    if later.size:
        reason = f"{name} is in {table.place(first[0])} already"
        raise table.error(later[0], reason, ids[later[0]])


def _mapping(name: str, given: Any) -> tuple[Ids, list[str]]:
    """The ids and the texts of a mapping or a Series."""
    if given is None:
        return np.empty(0, np.int64), []
    if not hasattr(given, "items"):
        kind = type(given).__name__
        raise RatingsError(f"{name}: a {kind} is no mapping; pass a dict of item id to text")
    if not len(given):
        return np.empty(0, np.int64), []
    ids, texts = zip(*given.items(), strict=True)
    table = Frame(name, {"id": list(ids), "value": list(texts)})
    table.read(table.names)
    keys = table.ids("id")
    _check_once(table, "id", keys)
    return keys, table.texts("value") if name == "titles" else table.genres("value")
