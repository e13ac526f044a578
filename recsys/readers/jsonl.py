"""Reads columns of JSON lines: one object on each line."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.ratings import BadRow, RatingsError
from recsys.printable import shortened
from recsys.readers.heard import tell_how_far
from recsys.readers.looks import Look, object_of
from recsys.readers.opened import opened_text
from recsys.readers.tables import Table

# A listener hears of each so many lines.
_LINES = 10_000


def read_json_lines(look: Look, columns: Sequence[str | int]) -> Table:
    """Read columns of a file with one object on each line.

    Parameters
    ----------
    look : Look
        The look of the file.
    columns : sequence of str
        The keys of the objects. A key that an object lacks gives None.

    Returns
    -------
    Table
        The values have the types of JSON. A line that is no object is a bad row.

    Raises
    ------
    RatingsError
        If no line is an object.
    """
    values: dict[str | int, list[Any]] = {column: [] for column in columns}
    lines: list[int] = []
    bad_rows: list[BadRow] = []
    with opened_text(look.path, look.encoding) as text:
        for number, line in enumerate(text.stream, start=1):
            if not line.strip():
                continue
            found = object_of(line)
            if found is None:
                bad = shortened(line.strip())
                bad_rows.append(BadRow(text.file, number, bad, "not an object of JSON"))
                continue
            lines.append(number)
            if number % _LINES == 0:
                tell_how_far(look.path, number, None, " lines")
            for column, cells in values.items():
                cells.append(found.get(str(column)))
    if not lines:
        first = f"; the first bad row: {bad_rows[0]}" if bad_rows else ""
        raise RatingsError(f"{look.path}: no object of JSON{first}")
    return Table(pd.DataFrame(values, dtype=object), np.array(lines).__getitem__, tuple(bad_rows))
