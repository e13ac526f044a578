"""Lines: values over numbers such as k, with bands, a marked number and a level."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from recsys.report.charts.axes import LETTER, WIDTH, Axis, Tick, round_values, short, widest
from recsys.report.render import render

HEIGHT = 190.0
BELOW, ABOVE = 38.0, 10.0

# Room above the lines for their names, if there are several lines.
NAMES = 20.0

# The dashes of the first line, the second, and so on. They tell lines apart without colors.
DASHES = ("", "7 4", "2 3")


@dataclass(frozen=True)
class Line:
    """A value for each x; NaN where there is none.

    ``low`` and ``high`` are the ends of a band around the line. ``css`` is ``mark``, ``other`` or
    the class of a group.
    """

    name: str
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    css: str = "mark"


@dataclass(frozen=True)
class Dot:
    """A point of a line, and what a pointer shows."""

    x: float
    y: float
    tip: str


@dataclass(frozen=True)
class Drawn:
    """A line in the drawing: its paths, dots, and where its name begins."""

    name: str
    css: str
    dashes: str
    path: str
    band: str
    dots: Sequence[Dot]
    name_at: float


def lines(
    x: Sequence[float],
    some: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    marked: float | None = None,
    level: float | None = None,
) -> Markup:
    """Draw lines over the same rising x, from 0 or the least value to the greatest.

    An upright dashed line stands at ``marked``, if it is one of x, and a level one at ``level``.
    """
    values = [
        value for line in some for part in (line.y, line.low, line.high) for value in part or ()
    ]
    inside = [0.0, *filter(isfinite, values), *([] if level is None else [level])]
    low, high = min(inside), max(inside)
    high = high if high > low else low + 1.0
    top = ABOVE + (NAMES if len(some) > 1 else 0.0)
    left = 20.0 + widest([short(value) for value in round_values(low, high)])
    across = Axis(x[0], x[-1], left + 8.0, WIDTH - 8.0)
    up = Axis(low, high, HEIGHT - BELOW, top)
    x_texts = [short(value) for value in x]
    n_fit = max(1, int((WIDTH - left) / (widest(x_texts) + LETTER)))
    every = -(-len(x) // n_fit)
    return render(
        "charts/lines.svg",
        width=WIDTH,
        height=HEIGHT,
        left=left,
        top=top,
        base=HEIGHT - BELOW,
        y_ticks=up.ticks(),
        x_ticks=[Tick(across.at(x[i]), x_texts[i]) for i in range(0, len(x), every)],
        lines=_drawn(x, some, across, up),
        marked=None if marked is None or marked not in x else across.at(marked),
        level=None if level is None else up.at(level),
        x_label=x_label,
        y_label=y_label,
    )


def _drawn(x: Sequence[float], some: Sequence[Line], across: Axis, up: Axis) -> list[Drawn]:
    drawn = []
    name_at = across.start
    for position, line in enumerate(some):
        dots = [
            Dot(across.at(at), up.at(value), f"{line.name}, {short(at)}: {value:.3g}")
            for at, value in zip(x, line.y, strict=True)
            if isfinite(value)
        ]
        drawn.append(
            Drawn(
                name=line.name if len(some) > 1 else "",
                css=line.css,
                dashes=DASHES[position % len(DASHES)],
                path=_path([(dot.x, dot.y) for dot in dots]),
                band=_band(x, line, across, up),
                dots=dots,
                name_at=name_at,
            )
        )
        name_at += 24.0 + widest([line.name]) + 2 * LETTER
    return drawn


def _band(x: Sequence[float], line: Line, across: Axis, up: Axis) -> str:
    """The outline of a band: along its low ends, and back along its high ends."""
    if line.low is None or line.high is None:
        return ""
    ends = [
        (across.at(at), up.at(low), up.at(high))
        for at, low, high in zip(x, line.low, line.high, strict=True)
        if isfinite(low) and isfinite(high)
    ]
    there = [(at, low) for at, low, _ in ends]
    back = [(at, high) for at, _, high in reversed(ends)]
    return _path(there + back) + "Z" if ends else ""


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""
