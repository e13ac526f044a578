"""Writes labels beside the dots of a map, so that they do not cover each other."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kmeans_core.drawing import Axes, halo, palette_of

Floats = npt.NDArray[np.float64]

# A label is tried in these directions from its dot, and in each at these distances in points.
DIRECTIONS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)])
DISTANCES = (7.0, 14.0, 24.0, 36.0, 50.0, 70.0)

# The half width in points of what a labelled dot takes.
DOT = 4.0


def write_labels(ax: Axes, places: Floats, texts: Sequence[str]) -> None:
    """Write a text beside each place (n, 2); a line leads to its place if it is not near.

    The first texts choose first. Each takes the place where it covers the least of other labels, of
    dots with labels, and of what lies outside the axes; of equal places the nearest.
    """
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()  # lays out the axes, so that places in pixels are known
    points = 72 / figure.dpi
    dots = ax.transData.transform(places) * points
    frame = np.array(ax.get_window_extent().extents) * points
    palette = palette_of(ax)
    taken = [np.concatenate([dot - DOT, dot + DOT]) for dot in dots]
    for place, dot, text in zip(places, dots, texts, strict=True):
        label = ax.annotate(
            text,
            (place[0], place[1]),
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=8,
            color=palette.ink,
            path_effects=[halo(palette)],
            zorder=5,
            parse_math=False,
            usetex=False,
        )
        # The layout of the figure must not follow the labels, whose places follow from it.
        label.set_in_layout(False)
        bounds = label.get_window_extent()
        half = np.array([bounds.width, bounds.height]) * points / 2
        shifts = np.concatenate([DIRECTIONS * (half + distance) for distance in DISTANCES])
        boxes = np.concatenate([dot + shifts - half, dot + shifts + half], axis=1)
        covered = np.sum([_overlap(boxes, other) for other in taken], axis=0)
        outside = 4 * half[0] * half[1] - _overlap(boxes, frame)
        best = int(np.argmin(np.round(covered + outside, 6)))
        label.set_position((shifts[best, 0], shifts[best, 1]))
        taken.append(boxes[best])
        if best >= len(DIRECTIONS):
            end = np.clip(dot, boxes[best, :2], boxes[best, 2:]) - dot
            ax.annotate(
                "",
                (place[0], place[1]),
                xytext=(end[0], end[1]),
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "linewidth": 0.6, "color": palette.ink},
            )


def _overlap(boxes: Floats, other: Floats) -> Floats:
    """The area that each box (n, 4: left, bottom, right, top) shares with another."""
    sides = np.minimum(boxes[:, 2:], other[2:]) - np.maximum(boxes[:, :2], other[:2])
    area: Floats = np.prod(np.maximum(sides, 0.0), axis=1)
    return area
