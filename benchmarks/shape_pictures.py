"""Heat maps of the grid of shapes: a peer's time divided by ours."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

# Colours end at these ratios: a fifth of the speed, and five times the speed.
LIMIT = np.log2(5.0)

OPERATIONS = ("fit", "predict", "k-means++", "transform")


def draw(answers: list[dict[str, Any]], folder: Path) -> None:
    """Write ``shapes-dense.png`` and ``shapes-sparse.png``; the latter if there is any."""
    folder.mkdir(parents=True, exist_ok=True)
    of_random = [a for a in answers if a["shape"]["kind"] == "random"]
    dense = [a for a in of_random if a["shape"]["density"] == 1.0]
    sparse = [a for a in of_random if a["shape"]["density"] < 1.0]
    if dense:
        _picture(dense, "d", "features", folder / "shapes-dense.png")
    if sparse:
        _picture(sparse, "density", "share of stored cells", folder / "shapes-sparse.png")


def _picture(answers: list[dict[str, Any]], column: str, label: str, path: Path) -> None:
    """One map an operation: rows are (n, k), columns one quantity; cells the geometric mean."""
    rows = sorted({(a["shape"]["n"], a["shape"]["k"]) for a in answers})
    columns = sorted({a["shape"][column] for a in answers})
    figure = Figure(figsize=(3.2 * len(OPERATIONS), 0.28 * len(rows) + 1.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(OPERATIONS), sharey=True)
    for axis, operation in zip(axes, OPERATIONS, strict=True):
        table = np.full((len(rows), len(columns)), np.nan)
        for i, (n, k) in enumerate(rows):
            for j, value in enumerate(columns):
                ratios = [
                    np.log2(a["seconds"][operation][1] / a["seconds"][operation][0])
                    for a in answers
                    if (a["shape"]["n"], a["shape"]["k"], a["shape"][column]) == (n, k, value)
                    and operation in a["seconds"]
                ]
                table[i, j] = np.mean(ratios) if ratios else np.nan
        norm = TwoSlopeNorm(0.0, -LIMIT, LIMIT)
        axis.imshow(table, cmap="PuOr", norm=norm, aspect="auto")
        for (i, j), cell in np.ndenumerate(table):
            if np.isfinite(cell):
                color = "white" if abs(cell) > 0.7 * LIMIT else "black"
                axis.text(j, i, f"{2**cell:.1f}", ha="center", va="center", color=color, fontsize=7)
        axis.set_title(operation)
        axis.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
        axis.set_xlabel(label)
        axis.set_yticks(range(len(rows)), [f"{n:,} rows, k={k}" for n, k in rows], fontsize=7)
    figure.suptitle("scikit-learn's time divided by kmeans_core's (above 1: kmeans_core is faster)")
    figure.savefig(path, dpi=110)
