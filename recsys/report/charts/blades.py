"""Blades: the silhouette of each person, sorted within each group (Rousseeuw 1987)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from recsys.report.charts.axes import WIDTH, Axis, widest
from recsys.report.render import render

Floats = npt.NDArray[np.float64]

# All people together are about this high. A group of few still gets room for its number.
PEOPLE_HEIGHT, LEAST_ROOM = 260.0, 15.0
BELOW, ABOVE, BETWEEN = 38.0, 18.0, 4.0

# A blade has at most this many steps; of more people, neighbours share a step at their mean.
N_STEPS = 60


@dataclass(frozen=True)
class Blade:
    """A group of the drawing: its outline, the place of its number, and what a pointer shows."""

    css: str
    path: str
    at: float
    text: str
    tip: str


def blades(silhouettes: Sequence[tuple[int, Floats]]) -> Markup:
    """Draw the silhouettes of the people of each group, by the number of the group.

    Each person is equally high. So the area of a blade is the sum of its silhouettes.
    """
    everybody = np.concatenate([values for _, values in silhouettes])
    low, high = min(0.0, float(everybody.min())), max(0.0, float(everybody.max()))
    left = 26.0 + widest([str(group) for group, _ in silhouettes])
    across = Axis(low, high if high > low else 1.0, left, WIDTH - 8.0)
    person = PEOPLE_HEIGHT / len(everybody)
    drawn, top = [], ABOVE
    for group, values in silhouettes:
        room = max(LEAST_ROOM, person * len(values))
        start = top + (room - person * len(values)) / 2
        drawn.append(
            Blade(
                css=f"taste-{group % 8}",
                path=_outline(values, across, start, person),
                at=round(top + room / 2 + 4, 1),
                text=str(group),
                tip=f"group {group}: mean silhouette {values.mean():.2f}",
            )
        )
        top += room + BETWEEN
    return render(
        "charts/blades.svg",
        width=WIDTH,
        height=round(top + BELOW, 1),
        left=left,
        top=ABOVE,
        base=round(top, 1),
        zero=across.at(0.0),
        ticks=across.ticks(5),
        blades=drawn,
    )


def _outline(values: Floats, across: Axis, start: float, person: float) -> str:
    """Steps from the largest silhouette down to the smallest, back along the line at 0."""
    steps = np.array_split(np.sort(values)[::-1], min(len(values), N_STEPS))
    path, y = f"M{across.at(0.0):.1f} {start:.2f}", start
    for step in steps:
        y += person * len(step)
        path += f"H{across.at(float(step.mean())):.1f}V{y:.2f}"
    return f"{path}H{across.at(0.0):.1f}Z"
