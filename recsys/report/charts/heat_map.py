"""Heat map: ratings as colors, with a row for each person and a column for each film."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from recsys.data.scale import RatingScale
from recsys.report.charts.axes import WIDTH, Tick, short, widest
from recsys.report.render import render

Floats = npt.NDArray[np.float64]

# The colors heat-0 to heat-9 of the ramp, from the smallest rating of the scale to the largest.
N_LEVELS = 10

ABOVE, LEGEND = 32.0, 66.0
# Cells of a table with many rows are lower than those of a small one.
ROWS, HIGH, LOW = 20, 10.0, 6.0
WIDEST_CELL = 24.0
# Every fifth row and column has its number written.
EVERY = 5


@dataclass(frozen=True)
class Level:
    """The cells of one color as one path."""

    css: str
    path: str


@dataclass(frozen=True)
class Key:
    """A color in the legend: its place, and the rating that it stands for (or no text)."""

    css: str
    x: float
    text: str


def heat_map(cells: Floats, scale: RatingScale) -> Markup:
    """Draw ratings as colors. A cell with NaN has no rating and shows the paper."""
    n_rows, n_columns = cells.shape
    left = 22.0 + widest([str(n_rows)])
    width = min(WIDEST_CELL, (WIDTH - left - 2.0) / n_columns)
    height = HIGH if n_rows <= ROWS else LOW
    below = ABOVE + height * n_rows
    return render(
        "charts/heat_map.svg",
        width=WIDTH,
        height=below + LEGEND,
        left=left,
        top=ABOVE,
        below=below,
        middle=left + width * n_columns / 2,
        cell_width=round(width, 3),
        cell_height=height,
        n_rows=n_rows,
        n_columns=n_columns,
        levels=_levels(level_of(cells, scale)),
        columns=[Tick(round(left + width * (i + 0.5), 1), str(i + 1)) for i in _named(n_columns)],
        rows=[Tick(ABOVE + height * (i + 0.5), str(i + 1)) for i in _named(n_rows)],
        keys=_keys(scale, left),
        key_width=_KEY,
    )


def level_of(cells: Floats, scale: RatingScale) -> npt.NDArray[np.intp]:
    """The level of each rating, from 0 for the scale's smallest to 9; -1 for NaN.

    Examples
    --------
    >>> level_of(np.array([[0.5, 1.0, 5.0, np.nan]]), RatingScale(0.5, 5, 0.5)).tolist()
    [[0, 1, 9, -1]]
    """
    shares = (cells - scale.smallest) / (scale.largest - scale.smallest)
    levels = np.floor((N_LEVELS - 1) * np.clip(shares, 0.0, 1.0) + 0.5)
    return np.where(np.isnan(levels), -1, levels).astype(np.intp)


def _levels(levels: npt.NDArray[np.intp]) -> list[Level]:
    found = [level for level in np.unique(levels).tolist() if level >= 0]
    return [Level(f"heat-{level}", _path(levels == level)) for level in found]


def _path(is_level: npt.NDArray[np.bool_]) -> str:
    """Lines of width 1 over the runs of cells in each row, in units of cells."""
    path = []
    for row, cells in enumerate(is_level):
        ends = np.flatnonzero(np.diff(np.concatenate([[0], cells, [0]]))).tolist()
        at = None
        for start, stop in zip(ends[::2], ends[1::2], strict=True):
            path.append(f"M{start} {row}" if at is None else f"m{start - at} 0")
            path.append(f"h{stop - start}")
            at = stop
    return "".join(path)


def _named(n: int) -> list[int]:
    """The positions whose numbers are written: 1, 5, 10 and so on, which are one behind these."""
    return [0, *range(EVERY - 1, n, EVERY)]


# The width of a color in the legend.
_KEY = 26.0


def _keys(scale: RatingScale, left: float) -> list[Key]:
    """The legend: every rating of the scale if it has a color of its own, otherwise every color."""
    span = scale.largest - scale.smallest
    n_steps = round(span / scale.step) if scale.step else N_LEVELS
    is_each = n_steps < N_LEVELS
    shares = np.arange(n_steps + 1) / n_steps if is_each else np.arange(N_LEVELS) / (N_LEVELS - 1)
    values = scale.smallest + shares * span
    levels = level_of(values, scale).tolist()
    return [
        # A text for every third color leaves room for texts such as -3.3.
        Key(
            f"heat-{level}",
            round(left + _KEY * i, 1),
            short(round(value, 1)) if is_each or i % 3 == 0 else "",
        )
        for i, (level, value) in enumerate(zip(levels, values.tolist(), strict=True))
    ]
