"""The rules of a table of ratings as a whole: one scale, and one rating of a user for an item."""

from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from recsys.data.ratings import BadRow, Floats, RatingsError
from recsys.data.repeats import repeats
from recsys.data.scale import COUNTS, LIKES, RatingScale
from recsys.data.scale_of_values import inferred_scale, not_rated, outliers
from recsys.readers.checked import Rows

Duplicates: TypeAlias = Literal["error", "first", "last", "mean"]

# Larger ratings are rare. Mostly, they are counts.
LARGEST_STARS = 100.0

DUPLICATES = ("error", "first", "last", "mean")


def as_one_table(
    rows: Rows,
    fixed: RatingScale | None,
    duplicates: Duplicates,
    *,
    is_count: bool,
    skip_bad_rows: bool,
) -> tuple[Rows, RatingScale]:
    """Check sound rows as a whole: their scale, and second ratings of an item by one user.

    Parameters
    ----------
    rows : Rows
        Sound rows.
    fixed : RatingScale or None
        The scale that is known.
    duplicates : {"error", "first", "last", "mean"}
        What to do if a user rates an item twice.
    is_count : bool
        Whether the ratings are counts.
    skip_bad_rows : bool
        Whether second ratings are bad rows to leave out, if ``duplicates`` is "error".

    Returns
    -------
    Rows
        Each user and item once. The notes say what was found.
    RatingScale

    Raises
    ------
    RatingsError
        If a rating is off the known scale or far from all others, or for a second rating.
    """
    if rows.ratings is not None and not is_count:
        if fixed:
            _check_fixed(rows, rows.ratings, fixed)
        else:
            _check_not_rated(rows, rows.ratings)
            _check_outliers(rows, rows.ratings)
    rows, repeated = _once(rows, duplicates)
    if repeated and not skip_bad_rows:
        raise RatingsError(f"{repeated[0]}; --duplicates first, last or mean (duplicates=) decides")
    times = () if rows.times is not None else ("no times",)
    if is_count:
        scale, note = COUNTS, "counts: liked means above the user's own median"
    elif rows.ratings is None:
        scale, note = LIKES, "no ratings: all are likes"
    else:
        scale = fixed or inferred_scale(rows.ratings)
        if duplicates == "mean" and not scale.holds(rows.ratings).all():
            scale = replace(scale, step=0.0)  # the mean of 4 and 5
        note = "all ratings are 1: likes" if scale == LIKES else f"scale {scale}"
        if not fixed and scale.largest > LARGEST_STARS:
            note += " (if they count plays or the like: --counts)"
    notes = (*rows.notes, note, *times)
    return replace(rows, notes=notes, bad_rows=(*rows.bad_rows, *repeated)), scale


def _check_fixed(rows: Rows, ratings: Floats, scale: RatingScale) -> None:
    off = np.flatnonzero(~scale.holds(ratings))
    if len(off):
        ((file, line),) = rows.line_of(off[:1])
        value = f"{ratings[off[0]]:.15g}"
        bad_row = BadRow(file, line, value, f"rating is off the scale {scale}")
        raise off_scale_error(bad_row, ratings, scale)


def off_scale_error(bad_row: BadRow, ratings: Floats, scale: RatingScale) -> RatingsError:
    """The error for ratings that leave a scale that is known."""
    far = outliers(ratings)
    if (far & ~scale.holds(ratings)).any():
        return RatingsError(f"{bad_row}; correct it, or give the scale by --scale (scale=)")
    found = inferred_scale(ratings)
    step = "" if found.step == 1 else f":{found.step:g}"
    reach = [f"reach {ratings.max():g}"] if ratings.max() > scale.largest else []
    reach += [f"go down to {ratings.min():g}"] if ratings.min() < scale.smallest else []
    return RatingsError(
        f"{bad_row}; ratings {' and '.join(reach) or 'have other steps'}: "
        f"--scale {found.smallest:g}:{found.largest:g}{step} (scale=)"
    )


def _check_not_rated(rows: Rows, ratings: Floats) -> None:
    asked = not_rated(ratings)
    if asked is not None:
        found = np.flatnonzero(ratings == asked)
        ((file, line),) = rows.line_of(found[:1])
        bad_row = BadRow(file, line, f"{asked:g}", "rating may mean 'not rated'")
        raise RatingsError(
            f"{bad_row}, {len(found):,} of {len(ratings):,}; if it does, say --absent {asked:g} "
            f"(absent={asked:g}); if it is a rating, give the scale: --scale SMALLEST:LARGEST "
            "(scale=)"
        )


def _check_outliers(rows: Rows, ratings: Floats) -> None:
    far = outliers(ratings)
    if far.any():
        first = np.flatnonzero(far)[:1]
        ((file, line),) = rows.line_of(first)
        others = ratings[~far]
        reason = f"rating lies far from the others, which are {others.min():g} to {others.max():g}"
        counts = ", or --counts (counts=True) if it counts plays or the like"
        raise RatingsError(
            f"{BadRow(file, line, f'{ratings[first[0]]:.15g}', reason)}; correct it, or give the "
            "scale by --scale SMALLEST:LARGEST (scale=)"
            f"{counts if ratings.max() > LARGEST_STARS else ''}"
        )


def _once(rows: Rows, duplicates: Duplicates) -> tuple[Rows, list[BadRow]]:
    """Keep one rating of each user and item."""
    later, first = repeats(rows.users, rows.items)
    if not len(later):
        return rows, []
    if duplicates == "error":
        places = rows.line_of(np.concatenate([later, first]))
        bad_rows = [
            BadRow(
                file,
                line,
                f"user {rows.users[row]}, item {rows.items[row]}",
                f"same user and item as on line {earlier}{'' if other == file else f' of {other}'}",
            )
            for row, (file, line), (other, earlier) in zip(
                later, places, places[len(later) :], strict=False
            )
        ]
        return _kept(rows, np.delete(np.arange(len(rows.users)), later)), bad_rows
    group = np.arange(len(rows.users))
    group[later] = first
    kept = np.flatnonzero(group == np.arange(len(group)))
    if duplicates == "last":
        last = pd.Series(np.arange(len(group))).groupby(group).last().to_numpy()
        kept = np.sort(last)
    note = {"first": "the first is kept", "last": "the last is kept", "mean": "their mean is taken"}
    once = _kept(rows, kept)
    if duplicates == "mean":
        if rows.ratings is not None:
            means: Any = pd.Series(rows.ratings).groupby(group).mean().to_numpy()
            once = replace(once, ratings=means)
        if rows.times is not None:
            latest = pd.Series(rows.times).groupby(group).max().to_numpy()
            once = replace(once, times=latest)
    counted = f"{len(later):,} repeated: {note[duplicates]}"
    return replace(once, notes=(*once.notes, counted)), []


def _kept(rows: Rows, kept: Any) -> Rows:
    line_of = rows.line_of
    return replace(
        rows,
        users=rows.users[kept],
        items=rows.items[kept],
        ratings=None if rows.ratings is None else rows.ratings[kept],
        times=None if rows.times is None else rows.times[kept],
        line_of=lambda found: line_of(kept[found]),
    )
