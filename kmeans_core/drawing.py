"""The parts of pictures: axes, their colors, dots, and checks of what is drawn.

matplotlib is imported in this file only, so that one error can say what to install.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats
from kmeans_core.extras import install
from kmeans_core.palette import DARK, LIGHT, MARKERS, Palette, place_of
from kmeans_core.points.tables import as_array, as_floats

try:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgba
    from matplotlib.figure import Figure
    from matplotlib.patheffects import AbstractPathEffect, withStroke
    from matplotlib.ticker import MaxNLocator
except ModuleNotFoundError as error:
    raise ImportError(f"pictures need matplotlib: {install('plots')}") from error

__all__ = [
    "DOT",
    "Axes",
    "Cluster",
    "Figure",
    "FuncAnimation",
    "MaxNLocator",
    "PathCollection",
    "axes_or_new",
    "center_marker",
    "clusters_of",
    "colormap",
    "dots",
    "finite",
    "halo",
    "look_of",
    "palette_of",
    "two_columns",
]

# Areas of dots and centers, in square points.
DOT, CENTER = 36.0, 170.0


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The given axes, or the axes of a new figure of this size in inches."""
    if ax is not None:
        return ax
    made: Axes = Figure(figsize=size, layout="constrained").subplots()
    return made


def palette_of(ax: Axes) -> Palette:
    """The colors that suit the background of the axes."""
    red, green, blue, alpha = to_rgba(ax.get_facecolor())
    # The weights of ITU-R BT.601. What is transparent is taken to lie on white.
    brightness = alpha * (0.299 * red + 0.587 * green + 0.114 * blue) + (1 - alpha)
    return LIGHT if brightness > 0.5 else DARK


def colormap(palette: Palette) -> Colormap:
    """The ramp of a palette as a colormap; missing values have the color of the background."""
    ramp = LinearSegmentedColormap.from_list("ramp", palette.ramp)
    return ramp.with_extremes(bad=palette.background)


def halo(palette: Palette) -> AbstractPathEffect:
    """An outline in the color of the background, so that text on dots can be read."""
    return withStroke(linewidth=2, foreground=palette.background)


@dataclass(frozen=True, eq=False)
class Cluster:
    """The rows of a cluster, and how they are drawn."""

    rows: npt.NDArray[np.bool_]
    color: str
    marker: str
    label: str


def clusters_of(labels: Any, n_rows: int, palette: Palette, name: str) -> Iterator[Cluster]:
    """The clusters that have rows, in the order of their labels."""
    given = as_array(labels, "labels").ravel()
    if len(given) != n_rows:
        raise ValueError(f"labels needs one label per row: {n_rows}, not {len(given)}")
    for place, label in enumerate(np.unique(given).tolist()):
        rows = given == label
        is_number = isinstance(label, int)
        color, marker = look_of(label if is_number else place, palette)
        called = f"no {name}" if is_number and label < 0 else f"{name} {label}"
        yield Cluster(rows, color, marker, f"{called} ({np.sum(rows)})")


def look_of(cluster: int, palette: Palette) -> tuple[str, str]:
    """The color and the marker of a cluster."""
    if cluster < 0:
        return palette.no_cluster, "."
    color, marker = place_of(cluster)
    return palette.clusters[color], MARKERS[marker]


def dots(ax: Axes, rows: Floats, color: str, marker: str, palette: Palette) -> PathCollection:
    """Draw rows (n, 2) in one color with one marker."""
    return ax.scatter(
        rows[:, 0],
        rows[:, 1],
        s=DOT,
        color=color,
        marker=marker,
        alpha=0.8,
        linewidths=0.5,
        edgecolors=palette.background,
    )


def center_marker(ax: Axes, center: Floats, number: int, palette: Palette) -> PathCollection:
    """Draw the center (2,) of a cluster as a large outlined marker."""
    color, marker = look_of(number, palette)
    return ax.scatter(
        [center[0]],
        [center[1]],
        s=CENTER,
        color=color,
        marker=marker,
        linewidths=2,
        edgecolors=palette.ink,
        zorder=4,
    )


def two_columns(X: Any, name: str) -> Floats:
    """X as an array (n, 2); ValueError if it has another shape or holds no numbers."""
    rows = finite(X, name)
    if rows.ndim != 2 or rows.shape[1] != 2:
        raise ValueError(f"{name} must have two columns to be drawn, not the shape {rows.shape}")
    return rows


def finite(values: Any, name: str) -> Floats:
    """The values as an array; ValueError if there are none or one is not a finite number."""
    floats: Floats = as_floats(as_array(values, name), name).astype(np.float64)
    if floats.size == 0:
        raise ValueError(f"{name} is empty, so there is nothing to draw")
    bad = np.argwhere(~np.isfinite(floats))
    if len(bad):
        raise ValueError(
            f"{name} has a value that is not finite in row {bad[0, 0]}: leave such rows out"
        )
    return floats
