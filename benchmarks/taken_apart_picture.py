"""The picture of docs/taken-apart.md: the addends of a predicted rating and of a score."""

from collections.abc import Sequence
from doctest import DocTestParser
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from recsys import Prediction
from recsys.recommenders.types import Part

PAGE = Path(__file__).parents[1] / "docs/taken-apart.md"
PICTURE = PAGE.parent / "images/taken-apart.png"

# Bars that go up, bars that go down, and the total. They also differ in grey.
UP, DOWN, TOTAL = "#7fb3d5", "#c0562f", "#333333"


def prediction_of(page: Path) -> Prediction:
    """Run the examples of the page up to the one that makes the prediction ``told``."""
    names: dict[str, Any] = {}
    for example in DocTestParser().get_examples(page.read_text(encoding="utf-8")):
        exec(compile(example.source, page.name, "exec"), names)
        if "told" in names:
            break
    told: Prediction = names["told"]
    return told


def draw(told: Prediction, path: Path) -> None:
    """Write the picture."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    of_rating, of_score = figure.subplots(1, 2)
    waterfall(of_rating, told.parts, "predicted rating", "stars")
    # From 0 on, the mean of all ratings would dwarf the other bars.
    of_rating.set_xlim(told.parts[0].value - 0.2, told.rating + 0.1)
    waterfall(of_score, told.score_parts, "score", "score, not in stars")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)


def waterfall(axes: Axes, parts: Sequence[Part], total: str, label: str) -> None:
    """Draw a bar for each part, which begins where the last one ended, and one for the total."""
    values = np.array([part.value for part in parts])
    ends = np.cumsum(values)
    starts = np.append(ends - values, 0.0)
    values, ends = np.append(values, ends[-1]), np.append(ends, ends[-1])
    places = np.arange(len(values))
    colors = [UP if value > 0 else DOWN for value in values[:-1]]
    axes.barh(places, values, left=starts, color=[*colors, TOTAL])
    axes.vlines(ends[:-1], places[:-1], places[1:], color=TOTAL, linewidth=0.6)
    for place, value, right in zip(places, values, np.maximum(starts, ends), strict=True):
        text = f"{value:.2f}"
        axes.annotate(text, (right, place), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [*(fill(part.name, 28) for part in parts), total])
    axes.invert_yaxis()
    least, most = min(*starts, *ends), max(*starts, *ends)
    margin = 0.12 * (most - least)
    axes.set_xlim(least - margin / 3, most + margin)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    draw(prediction_of(PAGE), PICTURE)
    print(f"wrote {PICTURE}")
