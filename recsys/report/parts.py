"""The parts of a section of the report: texts, tables, charts and blocks of a template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

# A table shows this for a missing value.
ABSENT = "\N{EN DASH}"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """Cells as text; ``numeric`` says which columns are aligned to the right."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    kind: str = "table"


@dataclass(frozen=True)
class Chart:
    """A drawing, what is seen in it, and the numbers behind it.

    ``title`` stands above the drawing. ``seen`` is one or two sentences for readers who do not see
    it, and stands under it for all.
    """

    title: str
    seen: str
    svg: Markup
    numbers: Table
    kind: str = "chart"


@dataclass(frozen=True)
class Block:
    """HTML that a section's own template made."""

    html: Markup
    kind: str = "block"


Part = Text | Table | Chart | Block


@dataclass(frozen=True)
class Section:
    """A heading and the parts under it.

    Attributes
    ----------
    anchor : str
        The heading's id in the page.
    title : str
    parts : tuple of Part
    calls : str
        The library calls that give the same results; empty if there are none. They follow the
        calls of earlier sections.
    styles, scripts : tuple of str
        Files in ``static`` that the section needs beside those of the page.
    data : Mapping
        What the scripts read, as JSON in a script element with the id ``{anchor}-data``.
    """

    anchor: str
    title: str
    parts: tuple[Part, ...]
    calls: str = ""
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


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
        return [f"{value:,}" for value in column]
    if pd.api.types.is_float_dtype(column):
        return [ABSENT if np.isnan(value) else f"{value:,.{decimals}f}" for value in column]
    return [ABSENT if pd.isna(value) else str(value) for value in column]
