"""Intervals: a value for each name with its interval, and how it differs from a reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from recsys.report.charts.axes import WIDTH, Axis
from recsys.report.render import render

# The height of a row: a line of text over a line with a marker.
ROW, MARK = 36.0, 24.0
BELOW, KEY = 34.0, 18.0

# The corners of the markers around 0, 0. Shapes tell them apart, without colors.
MARKERS: Mapping[str, str] = {
    "reference": "0,-6 6,0 0,6 -6,0",
    "better": "0,-6 6,5 -6,5",
    "worse": "0,6 6,-5 -6,-5",
    "unclear": "-4.5,-4.5 4.5,-4.5 4.5,4.5 -4.5,4.5",
}


@dataclass(frozen=True)
class Estimated:
    """A value with its interval, which is NaN if there is none.

    ``verdict`` is one of `MARKERS`.
    """

    name: str
    value: float
    low: float
    high: float
    verdict: str

    @property
    def text(self) -> str:
        """The value and its interval."""
        if not isfinite(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Row:
    """A row of the drawing: texts and places."""

    name: str
    text: str
    y: float
    at: float
    ends: tuple[float, float] | None
    verdict: str


def intervals(some: Sequence[Estimated], key: Mapping[str, str], *, x_label: str) -> Markup:
    """Draw a row for each value.

    A dashed line marks the value of the reference. ``key`` has the meaning of each verdict; only
    those that are drawn are told.
    """
    seen = [end for one in some for end in (one.value, one.low, one.high) if isfinite(end)]
    room = 0.03 * (max(seen) - min(seen)) or 0.01
    axis = Axis(min(seen) - room, max(seen) + room, 6.0, WIDTH - 6.0)
    rows = [
        Row(
            name=one.name,
            text=one.text,
            y=i * ROW,
            at=axis.at(one.value),
            ends=(axis.at(one.low), axis.at(one.high)) if isfinite(one.low) else None,
            verdict=one.verdict,
        )
        for i, one in enumerate(some)
    ]
    base = len(rows) * ROW + 4.0
    verdicts = [one for one in MARKERS if any(row.verdict == one for row in rows)]
    return render(
        "charts/intervals.svg",
        width=WIDTH,
        height=base + BELOW + KEY * len(verdicts),
        base=base,
        mark=MARK,
        rows=rows,
        markers=MARKERS,
        reference=next((row.at for row in rows if row.verdict == "reference"), None),
        ticks=axis.ticks(4),
        x_label=x_label,
        key=[(one, key[one], base + BELOW + KEY * (i + 1) - 4.0) for i, one in enumerate(verdicts)],
    )
