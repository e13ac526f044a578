"""Waterfall: parts that are added one after the other, from a first number to their total."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Self

from markupsafe import Markup

from recsys.recommenders.types import Part
from recsys.report.charts.axes import LETTER, WIDTH, Axis, Tick
from recsys.report.render import render

# Heights of a line of text, of a bar, and of the room below it.
LINE, BAR, GAP = 15.0, 14.0, 5.0

# Room beside the axis for half of a label, and between a bar and its number.
EDGE, BESIDE = 12.0, 9.0

# The letters that fit into a line.
LETTERS = int(WIDTH / LETTER)


@dataclass(frozen=True)
class Row:
    """One number: the lines of its name, its bar from ``start`` to ``end``, and its text.

    ``css`` is ``more`` or ``less`` for a part, whose number stands beside the bar. It is ``point``
    for the first number and the total, whose numbers stand behind their names.
    """

    lines: tuple[str, ...]
    y: float
    start: float
    end: float
    number: str
    number_at: float
    css: str

    @property
    def bar(self) -> float:
        """The top of the bar."""
        return self.y + LINE * (len(self.lines) - 1) + 4.0

    @property
    def arrow(self) -> str:
        """The corners of the bar, which ends in a point in the direction of the change."""
        low, high = self.bar, self.bar + BAR
        point = min(BAR / 2, abs(self.end - self.start))
        neck = round(self.end - point if self.css == "more" else self.end + point, 2)
        return (
            f"{self.start},{low} {neck},{low} {self.end},{low + BAR / 2} {neck},{high} "
            f"{self.start},{high}"
        )


@dataclass(frozen=True)
class Waterfall:
    """The places of all that a waterfall shows: the template and a script draw the same ones.

    ``low`` and ``high`` are the ends of the interval around the total, or None.
    """

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    low: float | None
    high: float | None
    width = WIDTH

    @classmethod
    def of(
        cls,
        first: Part,
        parts: Sequence[Part],
        total: Part,
        interval: tuple[float, float] | None = None,
    ) -> Self:
        """Place the parts that lead from the first number to the total."""
        ends = list(accumulate((part.value for part in parts), initial=first.value))
        seen = [*ends, total.value, *(interval or ())]
        room = 0.04 * (max(seen) - min(seen)) or 0.5
        axis = Axis(min(seen) - room, max(seen) + room, EDGE, WIDTH - EDGE)
        bars = [
            (first, first.value, first.value, "point"),
            *(
                (part, start, end, "more" if part.value >= 0 else "less")
                for part, (start, end) in zip(parts, pairwise(ends), strict=True)
            ),
            (total, total.value, total.value, "point"),
        ]
        rows: list[Row] = []
        y = LINE
        for part, start, end, css in bars:
            lines = tuple(textwrap.wrap(part.name, LETTERS)) or ("",)
            sign = "" if css == "point" else "+"
            number = f"{part.value:{sign}.2f}"
            at = _number_at(axis.at(start), axis.at(end), number)
            rows.append(Row(lines, y, axis.at(start), axis.at(end), number, at, css))
            y = rows[-1].bar + BAR + GAP + LINE
        low, high = (None, None) if interval is None else map(axis.at, interval)
        return cls(tuple(rows), tuple(axis.ticks(4)), low, high)

    @property
    def base(self) -> float:
        """The height of the axis."""
        return self.rows[-1].bar + BAR + GAP

    def svg(self) -> Markup:
        """Draw it."""
        return render("charts/waterfall.svg", chart=self)


def _number_at(start: float, end: float, number: str) -> float:
    """Where a number begins: behind its bar, or before it at the edge of the drawing."""
    behind, wide = max(start, end) + BESIDE, LETTER * len(number)
    before = max(min(start, end) - BESIDE - wide, 0.0)
    return round(behind if behind + wide <= WIDTH else before, 2)
