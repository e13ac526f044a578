"""Reads the columns of a table: text with separators, JSON lines, Parquet, Feather or Arrow."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from recsys.data.ratings import BadRow
from recsys.readers.looks import Look
from recsys.readers.raw import Lines


@dataclass(frozen=True, eq=False)
class Table:
    """Some columns of a table.

    Attributes
    ----------
    frame : DataFrame
        One column for each that was asked for, in that order, named as it was asked for. Columns of
        text files are categories of str without outer blanks; a column of whole numbers may be
        int64 where it was asked for as numbers. Columns of JSON, Parquet, Feather and Arrow have
        the types of the file.
    lines : callable
        Turns positions of rows into lines of the file. In Parquet, Feather and Arrow, row 0 is 1.
    bad_rows : tuple of BadRow
        Rows with a wrong number of fields. They are not in the frame.
    """

    frame: pd.DataFrame
    lines: Lines
    bad_rows: tuple[BadRow, ...]


def read_table(look: Look, columns: Sequence[str | int]) -> Table:
    """Read columns, by name or by position counted from 0. Other columns cost little time."""
    raise NotImplementedError
