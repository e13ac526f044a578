"""The parts of a section of the report: texts, tables and pictures, without HTML."""

import base64
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

DOTS_PER_INCH = 100

# A table shows this for a missing value.
ABSENT = "\N{EN DASH}"


@dataclass(frozen=True)
class Picture:
    """A PNG as base64; the caption is also the text for readers who cannot see it."""

    caption: str
    png: str
    width: int
    kind: str = "picture"


@dataclass(frozen=True)
class Table:
    """Cells as text; ``numeric`` says which columns are aligned to the right."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    kind: str = "table"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


Part = Picture | Table | Text


@dataclass(frozen=True)
class Section:
    """A heading and the parts under it; ``anchor`` is the heading's id in the page.

    ``call`` has the library calls that give the same results, or is empty. They continue the calls
    of earlier sections.
    """

    anchor: str
    title: str
    call: str
    parts: tuple[Part, ...]


def picture(drawn: Figure | Axes, caption: str) -> Picture:
    """Render a figure as a PNG."""
    figure = drawn if isinstance(drawn, Figure) else drawn.figure
    assert isinstance(figure, Figure)  # our axes are never in a subfigure
    out = io.BytesIO()
    with warnings.catch_warnings():
        # matplotlib draws a box for a letter that the font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(out, format="png", dpi=DOTS_PER_INCH)
    width = round(figure.get_figwidth() * DOTS_PER_INCH)
    return Picture(caption, base64.b64encode(out.getvalue()).decode("ascii"), width)


def table(
    frame: pd.DataFrame, caption: str, *, with_index: bool = False, decimals: int = 2
) -> Table:
    """Turn a frame into text, with ``decimals`` decimals for numbers that are not integers."""
    if with_index:
        frame = frame.reset_index()
    columns = [frame.iloc[:, position] for position in range(frame.shape[1])]
    cells = [_texts(column, decimals) for column in columns]
    return Table(
        caption=caption,
        header=tuple(str(name) for name in frame.columns),
        rows=tuple(zip(*cells, strict=True)),
        numeric=tuple(pd.api.types.is_numeric_dtype(column) for column in columns),
    )


def _texts(column: "pd.Series[Any]", decimals: int) -> Sequence[str]:
    if pd.api.types.is_integer_dtype(column):
        return [str(value) for value in column]
    if pd.api.types.is_float_dtype(column):
        return [ABSENT if np.isnan(value) else f"{value:.{decimals}f}" for value in column]
    return [ABSENT if pd.isna(value) else str(value) for value in column]
