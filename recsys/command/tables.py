"""Tables: printed to fit the terminal, or written as JSON, CSV, Markdown or Parquet."""

import argparse
import json
import os
import shutil
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from recsys.command import terminal
from recsys.command.terminal import answer
from recsys.extras import install
from recsys.files import whole, write_text
from recsys.printable import printable

FORMATS = ("table", "json", "csv", "markdown")
BY_SUFFIX = {".json": "json", ".csv": "csv", ".md": "markdown", ".parquet": "parquet"}

# What k-means compares in each space.
COMPARED = {"likes": "their likes", "ratings": "their ratings", "known": "their known ratings"}

# The width of lines that do not go to a terminal.
UNBROKEN = 1_000_000
# Text is not squeezed into a narrower column.
LEAST_WIDTH = 16
GAP = 2


def give(
    frame: pd.DataFrame,
    options: argparse.Namespace,
    *,
    decimals: int = 2,
    shown: Callable[[], Sequence[str]] | None = None,
) -> None:
    """Print a table or write it to ``options.out``, in the form ``options.format``.

    Without a form, the end of the file's name chooses it, and a table is printed.

    Parameters
    ----------
    frame : DataFrame
        The table. The index is not written.
    options : Namespace
        ``out`` (a Path or None) and ``format`` (one of ``FORMATS`` or None).
    decimals : int
        The digits behind the point in a printed table. Files hold all digits.
    shown : callable, optional
        Makes the lines that are printed instead of a plain table.
    """
    form = options.format
    if options.out is None:
        if form in (None, "table"):
            answer(*(shown() if shown else fitted(frame, line_width(), decimals)))
        else:
            answer(*written(frame, form).removesuffix("\n").split("\n"))
        return
    if form == "table":
        lines = shown() if shown else fitted(frame, line_width(), decimals)
        write_text(options.out, "".join(f"{printable(line)}\n" for line in lines))
    else:
        write_table(frame, options.out, form)
    answer(f"Table written to {options.out.absolute()}")


def give_blocks(
    blocks: Iterator[pd.DataFrame],
    options: argparse.Namespace,
    *,
    shown: Callable[[pd.DataFrame], Sequence[str]],
) -> int:
    """Print or write a table that comes block by block, as :func:`give` does. Count its rows.

    A Parquet file is written as the blocks come, so that memory does not grow with their number.

    Parameters
    ----------
    blocks : iterator of DataFrame
        At least one.
    options : Namespace
    shown : callable
        Makes the lines that are printed instead of a plain table.
    """
    if options.out is None or _form_of(options.out, options.format) != "parquet":
        frame = pd.concat(blocks, ignore_index=True)
        give(frame, options, shown=lambda: shown(frame))
        return len(frame)
    with whole(options.out) as file:
        n_rows = _write_parquet(blocks, file)
    answer(f"Table written to {options.out.absolute()}")
    return n_rows


def write_table(frame: pd.DataFrame, out: Path, form: str | None) -> None:
    """Write a table to a file. Without a form, the end of the file's name chooses it."""
    form = _form_of(out, form)
    if form == "table":
        lines = fitted(frame, UNBROKEN, decimals=4)
        write_text(out, "".join(f"{line}\n" for line in lines))
        return
    if form != "parquet":
        write_text(out, written(frame, form))
        return
    with whole(out) as file:
        _write_parquet(iter([frame]), file)


def _form_of(out: Path, form: str | None) -> str:
    """The form of a file: that which was asked for, or that of its name."""
    return form or BY_SUFFIX.get(out.suffix.lower(), "csv")


def written(frame: pd.DataFrame, form: str) -> str:
    r"""Write a table as JSON (a list of objects), CSV or Markdown.

    Examples
    --------
    >>> print(written(pd.DataFrame({"movieId": [1], "title": ["Up | Down"]}), "markdown"), end="")
    | movieId | title |
    |---:|---|
    | 1 | Up \| Down |
    """
    if form == "csv":
        return frame.to_csv(index=False)
    if form == "json":
        rows = [
            {name: _plain(value) for name, value in zip(frame.columns, row, strict=True)}
            for row in frame.itertuples(index=False, name=None)
        ]
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    marks = ["---:" if _is_number(frame[name]) else "---" for name in frame.columns]
    lines = [list(map(str, frame.columns)), *_cells(frame, None)]
    texts = ["| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in lines]
    texts.insert(1, "|" + "|".join(marks) + "|")
    return "".join(f"{text}\n" for text in texts)


def fitted(frame: pd.DataFrame, width: int, decimals: int = 2) -> list[str]:
    r"""Write a table in lines of at most ``width`` characters; text goes on below, at words.

    Numbers and the column names above them are aligned on the right. A column of text is never
    narrower than 16 characters or its longest word, so a table of many columns may be wider.

    Examples
    --------
    >>> titles = ["Up", "The Lord of the Rings: The Two Towers"]
    >>> frame = pd.DataFrame({"n": [1, 20], "title": titles})
    >>> print("\n".join(fitted(frame, 30)))
     n  title
     1  Up
    20  The Lord of the Rings: The
        Two Towers
    """
    rows = [list(map(str, frame.columns)), *_cells(frame, decimals)]
    rows = [[printable(cell) for cell in row] for row in rows]
    number = [_is_number(frame[name]) for name in frame.columns]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    texts = [place for place, is_number in enumerate(number) if not is_number]
    least = {
        place: max(LEAST_WIDTH, max(len(word) for row in rows for word in row[place].split(" ")))
        for place in texts
    }
    while sum(widths) + GAP * (len(widths) - 1) > width:
        wide = max(texts, key=lambda place: widths[place] - least[place], default=None)
        if wide is None or widths[wide] <= least[wide]:
            break
        widths[wide] -= 1
    lines = []
    for row in rows:
        cells = [textwrap.wrap(cell, wide) or [""] for cell, wide in zip(row, widths, strict=True)]
        for line in range(max(map(len, cells))):
            parts = [cell[line] if line < len(cell) else "" for cell in cells]
            aligned = [
                part.rjust(wide) if is_number else part.ljust(wide)
                for part, wide, is_number in zip(parts, widths, number, strict=True)
            ]
            lines.append((" " * GAP).join(aligned).rstrip())
    return lines


def wrapped(text: str, indent: str, width: int) -> list[str]:
    """A line that goes on at words, below its own beginning.

    Examples
    --------
    >>> wrapped("a reason of many words", "   ", 20)
    ['   a reason of many', '   words']
    """
    return textwrap.wrap(
        printable(text),
        max(width, len(indent) + LEAST_WIDTH),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def heading(before: str, title: str, behind: str, width: int) -> list[str]:
    """A title in bold between two short texts. It goes on at words, below its own beginning.

    Examples
    --------
    >>> heading("4.00  ", "The Two Towers (2002)", "(movieId 7)", 26)
    ['4.00  The Two Towers', '      (2002) (movieId 7)']
    """
    room = max(width - len(before), LEAST_WIDTH)
    parts = textwrap.wrap(printable(title), room, break_on_hyphens=False) or [""]
    lines = list(map(bold, parts))
    if behind and len(parts[-1]) + 1 + len(behind) <= room:
        lines[-1] += f" {behind}"
    elif behind:
        lines.append(behind)
    return [before + lines[0], *(" " * len(before) + line for line in lines[1:])]


def line_width() -> int:
    """The width of the terminal, or of COLUMNS. Lines that go elsewhere are not broken."""
    if terminal.writes_to_terminal() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size().columns
    return UNBROKEN


def bold(text: str) -> str:
    """Printable text, in bold where standard output is a terminal and NO_COLOR is not set."""
    if not terminal.writes_to_terminal() or os.environ.get("NO_COLOR"):
        return printable(text)
    return f"{terminal.BOLD}{printable(text)}{terminal.PLAIN}"


def _cells(frame: pd.DataFrame, decimals: int | None) -> list[list[str]]:
    columns = [
        [_text(value, decimals) for value in frame.iloc[:, place]]
        for place in range(frame.shape[1])
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _text(value: Any, decimals: int | None) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and decimals is not None:
        return f"{value:.{decimals}f}"
    return " ".join(str(value).split()) if isinstance(value, str) else str(value)


def _plain(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and np.isnan(plain) else plain


def _is_number(column: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _escaped(cell: str) -> str:
    return printable(cell).replace("|", "\\|")


def _write_parquet(blocks: Iterator[pd.DataFrame], file: BinaryIO) -> int:
    """Write frames of the same columns one below the other, and count the rows."""
    try:
        from pyarrow import Table
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise ValueError(
            f"writing Parquet needs pyarrow: {install('arrow')}, or write CSV"
        ) from None
    first, n_rows = next(blocks), 0
    # The type of a column of text is not known before the first row.
    while len(first) == 0 and (block := next(blocks, None)) is not None:
        first = block
    schema = Table.from_pandas(first, preserve_index=False).schema
    with ParquetWriter(file, schema) as writer:
        for block in chain([first], blocks):
            writer.write_table(Table.from_pandas(block, schema, preserve_index=False))
            n_rows += len(block)
    return n_rows
