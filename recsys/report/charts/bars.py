"""Bars: upright over names or over an axis of numbers, or lying beside their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

from recsys.report.charts.axes import (
    WIDTH,
    Axis,
    Tick,
    fitted,
    round_values,
    short,
    widest,
)
from recsys.report.render import render

# The place of the axis under upright bars and of the highest bar. The label of heights is above.
HEIGHT, BASE, TOP = 176.0, 138.0, 24.0

# A bar leaves this share of its place empty.
GAP = 0.12

# A bar of a few among very many is still seen.
LEAST = 1.0

# The height of a lying bar with its gap, and the greatest width of its name.
ROW, WIDEST_NAME = 22.0, 124.0


@dataclass(frozen=True)
class Bar:
    """A bar: its left end, width, top and height in the drawing, and what a pointer shows."""

    x: float
    width: float
    y: float
    height: float
    tip: str


@dataclass(frozen=True)
class Row:
    """A lying bar: its top, its length, the name before it, and what stands behind it."""

    y: float
    length: float
    name: str
    note: str
    tip: str


def bars(names: Sequence[str], values: Sequence[float], *, x_label: str, y_label: str) -> Markup:
    """Draw one bar for each name, side by side. The last name is written, and others if they fit.

    Examples
    --------
    >>> print(bars(["3", "4"], [10, 20], x_label="stars", y_label="ratings")[:53])
    <svg class="chart" viewBox="0 0 328.0 176.0" aria-hid
    """
    left = _left(values)
    place = (WIDTH - left) / max(len(names), 1)
    ends = [left + place * i for i in range(len(names) + 1)]
    # A name that is wider than its place is moved to the left at the end of the axis.
    widest_name = widest(names)
    moved = max(0.0, (widest_name - place) / 2)
    every = max(1, ceil((widest_name + moved + 4) / place))
    shown = range((len(names) - 1) % every, len(names), every)
    last = WIDTH - widest_name / 2
    ticks = [Tick(round(min((ends[i] + ends[i + 1]) / 2, last), 1), names[i]) for i in shown]
    return _upright(ends, names, values, ticks, x_label, y_label)


def histogram(
    edges: Sequence[float],
    names: Sequence[str],
    values: Sequence[float],
    *,
    x_label: str,
    y_label: str,
    is_log: bool = False,
) -> Markup:
    """Draw a bar from each edge to the next one over an axis of numbers.

    Examples
    --------
    >>> drawn = histogram([1, 10, 100], ["1 to 9", "10 to 99"], [4, 7], x_label="ratings",
    ...                   y_label="people", is_log=True)
    >>> drawn.count("<rect")
    2
    """
    axis = Axis(edges[0], edges[-1], _left(values), WIDTH - 16, is_log)
    ends = [axis.at(edge) for edge in edges]
    return _upright(ends, names, values, axis.ticks(), x_label, y_label)


def lying_bars(
    names: Sequence[str], values: Sequence[float], notes: Sequence[str], *, x_label: str
) -> Markup:
    """Draw a lying bar for each name, from top to bottom, and write a note behind it.

    Examples
    --------
    >>> print(lying_bars(["War"], [7], ["7 ratings"], x_label="ratings")[:52])
    <svg class="chart" viewBox="0 0 328.0 48.0" aria-hid
    """
    left = round(min(widest(names), WIDEST_NAME) + 6, 1)
    longest = WIDTH - left - widest(notes) - 6
    axis = Axis(0.0, _highest(values), 0.0, longest)
    rows = [
        Row(
            y=ROW * i,
            length=max(axis.at(value), LEAST if value else 0.0),
            name=fitted(name, WIDEST_NAME),
            note=note,
            tip=f"{name}: {note}",
        )
        for i, (name, value, note) in enumerate(zip(names, values, notes, strict=True))
    ]
    height = ROW * len(rows) + 26
    return render(
        "charts/lying_bars.svg", width=WIDTH, height=height, left=left, rows=rows, x_label=x_label
    )


def _left(values: Sequence[float]) -> float:
    """Where the bars begin, behind the labels of their heights."""
    labels = [short(value) for value in round_values(0.0, _highest(values), 4)]
    return round(widest(labels) + 6, 1)


def _highest(values: Sequence[float]) -> float:
    return max([*values, 0.0]) or 1.0


def _upright(
    ends: Sequence[float],
    names: Sequence[str],
    values: Sequence[float],
    x_ticks: Sequence[Tick],
    x_label: str,
    y_label: str,
) -> Markup:
    heights = Axis(0.0, _highest(values), BASE, TOP)
    drawn = []
    for i, value in enumerate(values):
        width = ends[i + 1] - ends[i]
        height = max(BASE - heights.at(value), LEAST if value else 0.0)
        drawn.append(
            Bar(
                x=round(ends[i] + width * GAP / 2, 1),
                width=round(width * (1 - GAP), 1),
                y=round(BASE - height, 1),
                height=round(height, 1),
                tip=f"{names[i]}: {value:,.12g}",
            )
        )
    return render(
        "charts/bars.svg",
        width=WIDTH,
        height=HEIGHT,
        left=_left(values),
        base=BASE,
        bars=drawn,
        x_ticks=x_ticks,
        y_ticks=heights.ticks(4),
        x_label=x_label,
        y_label=y_label,
    )
