"""The picture of docs/scaling.md: time and memory of each operation against the size of data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kmeans_core.palette import LIGHT, MARKERS

if TYPE_CHECKING:
    from benchmarks.cost_curves import Cost

# What grows: one column of pictures each.
GROWS = ("rows", "clusters", "ratings")
LABELS = {
    "rows": "rows (16 features, 64 clusters)",
    "clusters": "clusters (200,000 rows, 16 features)",
    "ratings": "ratings (20,000 films, 64 clusters)",
}


def draw(costs: Mapping[str, Sequence["Cost"]], path: Path) -> None:
    """Write the picture."""
    from benchmarks.cost_curves import CURVES, law_of

    figure = Figure(figsize=(12, 7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(GROWS), sharex="col", sharey="row")
    operations = list(dict.fromkeys(curve.operation for curve in CURVES))
    for curve in CURVES:
        found = costs.get(curve.name)
        if not found:
            continue
        column, place = GROWS.index(curve.grows), operations.index(curve.operation)
        sizes = [cost.size for cost in found]
        seconds = [cost.seconds for cost in found]
        exponent = law_of(sizes, seconds)[1] if len(found) > 2 else np.nan
        name = f"{curve.operation}: {curve.grows} ^ {exponent:.2f}"
        _line(axes[0, column], sizes, seconds, place, name)
        megabytes = [max(cost.megabytes, 0.1) for cost in found]
        _line(axes[1, column], sizes, megabytes, place, curve.operation)
    for column, grows in enumerate(GROWS):
        axes[1, column].set_xlabel(LABELS[grows])
        for row, label in enumerate(("seconds", "MB beyond the data")):
            of_cell = axes[row, column]
            of_cell.set_xscale("log")
            of_cell.set_yscale("log")
            of_cell.grid(True, which="major", color=LIGHT.no_cluster, linewidth=0.3)
            if column == 0:
                of_cell.set_ylabel(label)
            if of_cell.lines:
                of_cell.legend(frameon=False, fontsize=9)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)


def _line(axes: Axes, sizes: list[int], costs: list[float], place: int, name: str) -> None:
    color, marker = LIGHT.clusters[place], MARKERS[place]
    axes.plot(sizes, costs, color=color, marker=marker, markersize=5, linewidth=1.4, label=name)
