"""Bars: upright bars over an axis of numbers or of names, as in a histogram."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from recsys.report.charts.axes import WIDTH, Axis, Tick, round_values, short, widest
from recsys.report.render import render

HEIGHT = 170.0
BELOW, ABOVE = 38.0, 10.0

# A bar leaves this share of its place empty.
GAP = 0.12


@dataclass(frozen=True)
class Bar:
    """A bar: its left end, width, top and height in the drawing, and what a pointer shows."""

    x: float
    width: float
    y: float
    height: float
    tip: str
    css: str = "mark"


def bars(
    names: Sequence[str],
    values: Sequence[float],
    *,
    x_label: str,
    y_label: str,
    tips: Sequence[str] | None = None,
    n_names: int = 8,
) -> Markup:
    """Draw one bar for each name, side by side; only every few names are written if many."""
    top = max([*values, 0.0]) or 1.0
    labels = [short(value) for value in round_values(0.0, top, 4)]
    left = 20.0 + widest(labels)
    heights = Axis(0.0, top, HEIGHT - BELOW, ABOVE)
    place = (WIDTH - left - 4.0) / max(len(names), 1)
    drawn = [
        Bar(
            x=round(left + place * (i + GAP / 2), 2),
            width=round(place * (1 - GAP), 2),
            y=heights.at(value),
            height=round(HEIGHT - BELOW - heights.at(value), 2),
            tip=tips[i] if tips else f"{names[i]}: {value:,g}",
        )
        for i, value in enumerate(values)
    ]
    every = max(1, -(-len(names) // n_names))
    x_ticks = [
        Tick(round(left + place * (i + 0.5), 2), names[i]) for i in range(0, len(names), every)
    ]
    return render(
        "charts/bars.svg",
        width=WIDTH,
        height=HEIGHT,
        left=left,
        base=HEIGHT - BELOW,
        bars=drawn,
        x_ticks=x_ticks,
        y_ticks=heights.ticks(4),
        x_label=x_label,
        y_label=y_label,
    )
