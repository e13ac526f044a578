"""Scatter: dots at two numbers each, with the colors and markers of groups and their centers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from recsys.report.charts.axes import WIDTH, Axis, Tick, widest
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


def _turned(*corners: tuple[float, float], by: float = 0.0) -> tuple[tuple[float, float], ...]:
    return tuple((x * cos(by) - y * sin(by), x * sin(by) + y * cos(by)) for x, y in corners)


_PLUS = [(-1, -0.4), (-0.4, -0.4), (-0.4, -1), (0.4, -1), (0.4, -0.4), (1, -0.4)]
_PLUS += [(-x, -y) for x, y in _PLUS]
_STAR = [(r * sin(i * pi / 5), -r * cos(i * pi / 5)) for i in range(10) for r in [1.2 - i % 2 * 0.7]]

# The corners of the markers of groups 0 to 7, as in kmeans_core.palette; group 0 has a circle.
MARKERS: tuple[Sequence[tuple[float, float]], ...] = (
    (),
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)),
    ((0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
    ((0, 1.1), (1.1, -0.9), (-1.1, -0.9)),
    _turned(*_PLUS),
    _turned(*_PLUS, by=pi / 4),
    _turned(*_STAR),
)


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
            Key(_of_group(group, [(left + 52 + 34 * i, base + BELOW + 12)], [4.0]), left + 60 + 34 * i, str(group))
            for i, group in enumerate(legend)
        ],
    )


def _dots(
    places: list[tuple[float, float]], size: Floats, labels: npt.NDArray[np.integer] | None
) -> list[Dots]:
    if labels is None:
        # A line of length 0 with a round cap is a dot.
        return [Dots("plain", "".join(f"M{_short(x)} {_short(y)}h0" for x, y in places))]
    drawn = []
    for group in np.unique(labels).tolist():
        members = np.flatnonzero(labels == group).tolist()
        drawn.append(_of_group(group, [places[i] for i in members], size[members].tolist()))
    return drawn


def _of_group(group: int, places: list[tuple[float, float]], size: list[float]) -> Dots:
    corners = MARKERS[(group + group // len(MARKERS)) % len(MARKERS)]
    marks = (_marker(x, y, r, corners) for (x, y), r in zip(places, size, strict=True))
    return Dots(f"dot taste-{group % len(MARKERS)}", "".join(marks))


def _marker(x: float, y: float, r: float, corners: Sequence[tuple[float, float]]) -> str:
    if not corners:
        return _circle(x, y, r)
    steps = np.diff(np.array(corners), axis=0) * r
    first = f"M{_short(x + r * corners[0][0])} {_short(y + r * corners[0][1])}l"
    return first + " ".join(f"{_short(a)} {_short(b)}" for a, b in steps.tolist()) + "z"


def _circle(x: float, y: float, r: float) -> str:
    arc = f"a{r:g} {r:g} 0 1 0"
    return f"M{_short(x - r)} {_short(y)}{arc} {2 * r:g} 0{arc}-{2 * r:g} 0z"


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
    return " ".join(f"{_short(across.at(x))},{_short(up.at(y))}" for x, y in corners)


def _short(value: float) -> str:
    """A place with one decimal, in as few letters as possible."""
    return f"{round(value, 1) + 0.0:g}"
