"""Waterfall: parts that are added one after the other, from a first number to their total."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from recsys.recommenders.types import Part
from recsys.report.charts.axes import LETTER, WIDTH, Axis, Tick
from recsys.report.render import render

# Heights of a line of text, of a bar, and of the room between two rows.
LINE, BAR, GAP = 15.0, 14.0, 7.0
BELOW = 22.0

# A number stands behind its bar, or before it where it would leave the drawing.
NUMBER = 44.0

# A smaller change is drawn this wide, so that it is seen.
LEAST = 1.5


@dataclass(frozen=True)
class Row:
    """One part: the lines of its name, and the places of its bar from ``start`` to ``end``.

    ``css`` is ``from`` for the first number, ``more`` or ``less`` for a part, and ``total``.
    """

    lines: tuple[str, ...]
    y: float
    bar: float
    start: float
    end: float
    number: str
    number_at: float
    css: str


@dataclass(frozen=True)
class Waterfall:
    """The places of all that a waterfall shows. The template and the script draw the same places.

    ``low`` and ``high`` are the ends of the interval around the total, or None.
    """

    height: float
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    low: float | None
    high: float | None

    @classmethod
    def of(
        cls,
        parts: Sequence[Part],
        total: Part,
        *,
        interval: tuple[float, float] | None = None,
        from_zero: bool = False,
    ) -> "Waterfall":
        """Place the parts of a total.

        The first part is where the others start. With ``from_zero`` they start at 0, and the first
        part is a change too.
        """
        steps = [Part("", 0.0), *parts] if from_zero else list(parts)
        ends = [steps[0].value]
        for part in steps[1:]:
            ends.append(ends[-1] + part.value)
        seen = [*ends, total.value, *(interval or ())]
        low, high = min(seen), max(seen)
        room = 0.04 * (high - low or 1.0)
        axis = Axis(low - room, high + room, 2.0, WIDTH - 2.0)
        numbers = [
            (part, start, end, "more" if part.value >= 0 else "less")
            for part, start, end in zip(steps[1:], ends, ends[1:], strict=False)
        ]
        if not from_zero:
            numbers.insert(0, (steps[0], ends[0], ends[0], "from"))
        numbers.append((total, total.value, total.value, "total"))
        rows, y = [], LINE
        for part, start, end, css in numbers:
            lines = tuple(textwrap.wrap(part.name, int(WIDTH / LETTER)))
            sign = "+" if css in ("more", "less") else ""
            places = axis.at(start), axis.at(end)
            behind = max(places) + 8.0
            fits = behind + NUMBER <= WIDTH
            rows.append(
                Row(
                    lines=lines,
                    y=y,
                    bar=y + LINE * (len(lines) - 1) + 4.0,
                    start=places[0],
                    end=places[1],
                    number=f"{part.value:{sign}.2f}",
                    number_at=round(behind if fits else min(places) - NUMBER, 2),
                    css=css,
                )
            )
            y += LINE * len(lines) + 4.0 + BAR + GAP
        height = y - LINE + BELOW
        within = None if interval is None else tuple(map(axis.at, interval))
        return cls(
            height=height,
            rows=tuple(rows),
            ticks=tuple(axis.ticks(4)),
            low=within and within[0],
            high=within and within[1],
        )
