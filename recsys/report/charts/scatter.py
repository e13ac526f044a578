"""Scatter: dots at two numbers each, with the colors and markers of groups and their centers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from recsys.report.charts.axes import WIDTH, Axis, widest
from recsys.report.render import render

Floats = npt.NDArray[np.float64]
Ends = tuple[float, float]

# A dot's half width, that of a large dot, and the radius of a numbered center.
SMALL, LARGE, CENTER = 3.0, 5.5, 9.0

ABOVE, BELOW, LEGEND = 8.0, 38.0, 24.0
# A dot at an end of an axis lies this far inside.
INSIDE = 6.0
# The height of a plot whose axes differ.
HEIGHT = 200.0


# The markers of groups 0 to 7, those of kmeans_core.palette: commands of an SVG path around (0, 0),
# in half widths. Group 0 has a circle. Those from the sixth on are strokes.
MARKERS: tuple[tuple[tuple[str, list[float]], ...], ...] = (
    (),
    (("M", [-0.9, -0.9]), ("h", [1.8]), ("v", [1.8]), ("h", [-1.8]), ("z", [])),
    (("M", [0, -1.2]), ("l", [1.2, 1.2, -1.2, 1.2, -1.2, -1.2]), ("z", [])),
    (("M", [0, -1.2]), ("l", [1.2, 2.1, -2.4, 0]), ("z", [])),
    (("M", [0, 1.2]), ("l", [1.2, -2.1, -2.4, 0]), ("z", [])),
    (("M", [-1.1, 0]), ("h", [2.2]), ("m", [-1.1, -1.1]), ("v", [2.2])),
    (("M", [-0.8, -0.8]), ("l", [1.6, 1.6]), ("m", [0, -1.6]), ("l", [-1.6, 1.6])),
    (
        ("M", [0, -1.1]),
        ("v", [2.2]),
        ("m", [-1, -1.6]),
        ("l", [2, 1]),
        ("m", [0, -1]),
        ("l", [-2, 1]),
    ),
)
FILLED = 5


@dataclass(frozen=True)
class Dots:
    """The dots of one color and one marker, as one path."""

    css: str
    path: str


@dataclass(frozen=True)
class Center:
    """The place of a group's center and the group's number."""

    x: float
    y: float
    text: str
    css: str


@dataclass(frozen=True)
class Key:
    """A group in the legend: its marker, and its number at ``x``."""

    dots: Dots
    x: float
    text: str


def scatter(
    x: Floats,
    y: Floats,
    *,
    x_ends: Ends,
    y_ends: Ends,
    x_label: str,
    y_label: str,
    labels: npt.NDArray[np.integer] | None = None,
    centers: Floats | None = None,
    is_large: npt.NDArray[np.bool_] | None = None,
    band: float = 0.0,
    x_is_log: bool = False,
) -> Markup:
    """Draw a dot for each pair of numbers, and a ring where several dots lie at one place.

    ``labels`` gives each dot the color and marker of its group. ``centers`` has a row (x, y) for
    each group. ``band`` marks where x and y differ by less than this. Axes with equal ends have
    equal lengths.
    """
    is_square = x_ends == y_ends
    y_texts = [tick.text for tick in Axis(*y_ends, 0, 1).ticks()]
    left = 20.0 + widest(y_texts)
    across = Axis(*x_ends, left + INSIDE, WIDTH - INSIDE, x_is_log)
    base = ABOVE + WIDTH - left if is_square else HEIGHT - BELOW
    up = Axis(*y_ends, base - INSIDE, ABOVE + INSIDE)
    places = [(across.at(a), up.at(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    size = np.full(len(places), SMALL) if is_large is None else np.where(is_large, LARGE, SMALL)
    legend = [] if labels is None else np.unique(labels).tolist()
    return render(
        "charts/scatter.svg",
        width=WIDTH,
        height=base + BELOW + (LEGEND if legend else 0.0),
        left=left,
        top=ABOVE,
        base=base,
        x_ticks=across.ticks(),
        y_ticks=up.ticks(),
        x_label=x_label,
        y_label=y_label,
        band=_band(band, x_ends, across, up) if band else "",
        dots=_dots(places, size, labels),
        rings=_rings(places, size),
        centers=[] if centers is None else _centers(centers, across, up),
        keys=[
            Key(
                _of_group(group, [(left + 52 + 34 * i, base + BELOW + 12)], [4.0]),
                left + 60 + 34 * i,
                str(group),
            )
            for i, group in enumerate(legend)
        ],
    )


def _dots(
    places: list[tuple[float, float]], size: Floats, labels: npt.NDArray[np.integer] | None
) -> list[Dots]:
    if labels is None:
        # A line of length 0 with a round cap is a dot.
        return [Dots("plain", "".join(f"M{_joined(place)}h0" for place in places))]
    drawn = []
    for group in np.unique(labels).tolist():
        members = np.flatnonzero(labels == group).tolist()
        drawn.append(_of_group(group, [places[i] for i in members], size[members].tolist()))
    return drawn


def _of_group(group: int, places: list[tuple[float, float]], size: list[float]) -> Dots:
    marker = (group + group // len(MARKERS)) % len(MARKERS)
    marks = (_mark(x, y, r, marker) for (x, y), r in zip(places, size, strict=True))
    kind = "dot" if marker < FILLED else "dot open"
    return Dots(f"{kind} taste-{group % len(MARKERS)}", "".join(marks))


def _mark(x: float, y: float, r: float, marker: int) -> str:
    if not MARKERS[marker]:
        return _circle(x, y, r)
    path = ""
    for letter, numbers in MARKERS[marker]:
        start = (x, y) if letter == "M" else (0.0, 0.0)
        scaled = [r * number + start[i % 2] for i, number in enumerate(numbers)]
        path += letter + _joined(scaled)
    return path


def _circle(x: float, y: float, r: float) -> str:
    # An arc to a point that lies .1 beside its start, and back.
    return f"M{_joined([x, y - r])}a{r:g} {r:g} 0 1 0 .1 0z"


def _rings(places: list[tuple[float, float]], size: Floats) -> str:
    """A ring around each place that has several dots."""
    largest: dict[tuple[float, float], float] = {}
    several = set()
    for place, r in zip(places, size.tolist(), strict=True):
        if place in largest:
            several.add(place)
        largest[place] = max(r, largest.get(place, 0.0))
    return "".join(_circle(*place, largest[place] + 2.0) for place in sorted(several))


def _centers(centers: Floats, across: Axis, up: Axis) -> list[Center]:
    return [
        Center(across.at(x), up.at(y), str(group), f"taste-{group % len(MARKERS)}")
        for group, (x, y) in enumerate(centers.tolist())
    ]


def _band(width: float, ends: Ends, across: Axis, up: Axis) -> str:
    """The corners of the part of a square where x and y differ by less than a width."""
    low, high = ends
    width = min(width, high - low)
    corners = [(low, low), (low, low + width), (high - width, high)]
    corners += [(high, high), (high, high - width), (low + width, low)]
    return " ".join(f"{across.at(x)},{up.at(y)}" for x, y in corners)


def _joined(numbers: Sequence[float]) -> str:
    """Numbers of a path with one decimal, in as few letters as possible."""
    texts = (f"{round(number, 1) + 0.0:g}" for number in numbers)
    return " ".join(re.sub(r"^(-?)0\.", r"\1.", text) for text in texts).replace(" -", "-")
