"""Labels: names beside dots, placed so that no two of them overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

import numpy as np
import numpy.typing as npt

from recsys.printable import printable

Floats = npt.NDArray[np.float64]

# The widths of a letter and of a capital, as shares of the size of a text.
LETTER, CAPITAL = 0.55, 0.72

# A label leaves this share of its size free between itself and its dot, and around itself.
GAP, AROUND = 0.2, 0.1

# The share of a text's size that lies above the baseline, and below it.
ASCENT, DESCENT = 0.8, 0.25

LONGEST_NAME = 22


@dataclass(frozen=True)
class Label:
    """A text: where it starts, is centered or ends (``css``), and the box that it fills."""

    dot: int
    text: str
    x: float
    y: float
    css: str
    box: tuple[float, float, float, float]


def placed_labels(
    texts: Sequence[str],
    places: Floats,
    radii: Floats,
    *,
    size: float,
    area: tuple[float, float],
    order: Sequence[int],
) -> tuple[Label, ...]:
    """Label dots, in this order, where a place is left at the right, the left, above or below.

    A label stays inside the area and covers no other label. Of the places that are left, it takes
    the one where it covers fewest dots. A dot without a place has no label.
    """
    taken: list[Label] = []
    for dot in order:
        free = [
            label
            for label in _choices(dot, texts[dot], places[dot], radii[dot], size)
            if _is_inside(label.box, area)
            and not any(overlap(label.box, other.box) for other in taken)
        ]
        if free:
            taken.append(min(free, key=lambda label: _n_covered(label, places)))
    return tuple(taken)


def short_name(name: str) -> str:
    """A name on one line, cut after 22 letters; an ellipsis marks the cut.

    Examples
    --------
    >>> short_name("Up"), short_name("The Adventures of Priscilla, Queen of the Desert")
    ('Up', 'The Adventures of Pri…')
    """
    name = printable(" ".join(name.split()))
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def width_of(text: str, size: float) -> float:
    """About the width of a text. Letters of East Asia and emoji are as wide as they are high."""
    n_wide = sum(east_asian_width(letter) in "WF" for letter in text)
    n_capitals = sum(letter.isupper() for letter in text)
    return size * (n_wide + CAPITAL * n_capitals + LETTER * (len(text) - n_wide - n_capitals))


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether two boxes (left, top, right, bottom) share more than an edge."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _choices(dot: int, text: str, place: Floats, radius: float, size: float) -> list[Label]:
    x, y = place.tolist()
    width, away = width_of(text, size), radius + GAP * size
    middle = y + (ASCENT - DESCENT) / 2 * size
    return [
        _label(dot, text, left, base, css, width, size)
        for left, base, css in (
            (x + away, middle, "start"),
            (x - away - width, middle, "end"),
            (x - width / 2, y - away - DESCENT * size, "middle"),
            (x - width / 2, y + away + ASCENT * size, "middle"),
        )
    ]


def _label(
    dot: int, text: str, left: float, base: float, css: str, width: float, size: float
) -> Label:
    x = left + {"start": 0.0, "middle": 0.5, "end": 1.0}[css] * width
    around = AROUND * size
    top, bottom = base - ASCENT * size - around, base + DESCENT * size + around
    box = (left - around, top, left + width + around, bottom)
    return Label(dot, text, round(x, 1), round(base, 1), css, box)


def _is_inside(box: tuple[float, float, float, float], area: tuple[float, float]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= area[0] and box[3] <= area[1]


def _n_covered(label: Label, places: Floats) -> int:
    left, top, right, bottom = label.box
    x, y = places.T
    inside = (x > left) & (x < right) & (y > top) & (y < bottom)
    return int(inside.sum())
