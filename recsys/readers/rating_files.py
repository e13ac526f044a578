"""Reads the file of ratings of a release in blocks, and a block with a bad row line by line."""

import codecs
import csv
import io
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.data.ratings import BadRow, Ints, RatingsError
from recsys.readers.formats import Fault, Release, header_columns, number_text, whole_number
from recsys.readers.heard import tell_how_far
from recsys.readers.opened import plain_size

COLUMNS = ("userId", "movieId", "rating", "timestamp")
BLOCK_BYTES = 1 << 24

_ROW = np.dtype([(name, np.float64 if name == "rating" else np.int64) for name in COLUMNS])
# NumPy takes these for white space, but they are no part of a row.
_CONTROLS = (b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x1f")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

Rows = npt.NDArray[Any]


@dataclass
class RatingRows:
    """The good rows in the order of the file with their lines, and the bad rows."""

    blocks: list[Rows] = field(default_factory=list)
    lines: list[Sequence[int]] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)

    def column(self, name: str) -> npt.NDArray[Any]:
        """One of COLUMNS for all good rows."""
        return np.concatenate([block[name] for block in self.blocks])

    def taken(self) -> list[npt.NDArray[Any]]:
        """COLUMNS for all good rows. Each block is let go when it is copied."""
        n_rows = sum(map(len, self.blocks))
        columns = [np.empty(n_rows, _ROW[name]) for name in COLUMNS]
        while self.blocks:
            block = self.blocks.pop()
            for name, column in zip(COLUMNS, columns, strict=True):
                column[n_rows - len(block) : n_rows] = block[name]
            n_rows -= len(block)
        return columns

    def line_numbers(self) -> Ints:
        """The line of each good row."""
        return np.concatenate([np.asarray(lines, np.int64) for lines in self.lines])


def read_ratings(
    release: Release, *, skip_bad_rows: bool, block_bytes: int = BLOCK_BYTES
) -> RatingRows:
    """Read the numbers of a file of ratings. `load_ratings` checks the rules of the table.

    Unless bad rows are skipped, reading stops at the first one, and the result has the rows before
    it and this bad row. It raises a RatingsError if the file is empty, or if the header of a CSV
    file lacks a column or has it twice.
    """
    file = release.ratings
    rows = RatingRows()
    line = 1
    with file.open("rb") as stream:
        columns: Sequence[str] = COLUMNS
        if release.layout.separator == ",":
            header = stream.readline().removeprefix(codecs.BOM_UTF8).decode(errors="replace")
            if not header.strip():
                raise RatingsError(f"{file}: the file is empty; it has no header")
            columns = header_columns(header.rstrip("\r\n"), COLUMNS, file)
            line = 2
        parser = _Parser(str(file), release.layout.separator, columns, skip_bad_rows)
        for block in _blocks(stream, block_bytes):
            text = block.removeprefix(codecs.BOM_UTF8) if line == 1 else block
            parser.parse(text, line, rows)
            if rows.bad_rows and not skip_bad_rows:
                return rows
            line += block.count(b"\n")
            tell_how_far(file, stream.tell(), plain_size(stream), "B")
    if columns[-1] == "timestamp":
        _drop_cut_row(rows, str(file), line)
    return rows


def _blocks(stream: Any, block_bytes: int) -> Iterator[bytes]:
    """Read the stream in blocks of whole lines."""
    while block := stream.read(block_bytes):
        yield block + stream.readline()


def _drop_cut_row(rows: RatingRows, file: str, open_line: int) -> None:
    """Move the last row to the bad rows if the file seems to be cut off in its timestamp.

    Only a row on `open_line`, which has no line end, can be cut off. All timestamps are of one era,
    so a timestamp that lost digits is less than half of every other one.
    """
    if not (rows.blocks and len(rows.blocks[-1]) and rows.lines[-1][-1] == open_line):
        return
    timestamps = rows.column("timestamp")
    if len(timestamps) > 1 and 2 * int(timestamps[-1]) < int(timestamps[:-1].min()):
        rows.blocks[-1], rows.lines[-1] = rows.blocks[-1][:-1], rows.lines[-1][:-1]
        reason = "the file is cut off in this row's timestamp"
        rows.bad_rows.append(BadRow(file, open_line, str(timestamps[-1]), reason))


@dataclass(frozen=True)
class _Parser:
    """Turns whole lines into rows: all at once if every line is good, otherwise one by one."""

    file: str
    separator: str
    columns: Sequence[str]
    skip_bad_rows: bool

    def parse(self, block: bytes, first_line: int, rows: RatingRows) -> None:
        fast = self._at_once(block)
        if fast is not None:
            rows.blocks.append(fast)
            rows.lines.append(range(first_line, first_line + len(fast)))
        else:
            self._line_by_line(block, first_line, rows)

    def _at_once(self, block: bytes) -> Rows | None:
        """Return the same rows as `_line_by_line`, or None if a line may be bad."""
        separator = self.separator
        if separator == "::":
            # loadtxt takes a separator of one character. In a block with tabs, a line may be bad.
            if b"\t" in block:
                return None
            separator = "\t"
            block = block.replace(b"::", b"\t")
        if len(self.columns) != len(COLUMNS) or not block.isascii():
            return None
        if any(control in block for control in _CONTROLS):
            return None
        dtype = np.dtype([(name, _ROW[name]) for name in self.columns])
        with warnings.catch_warnings():
            # loadtxt warns of a block of blank lines. Before NumPy 2.3, it also warns when it reads
            # 1.5 as the integer 1.
            warnings.simplefilter("error")
            try:
                rows = np.loadtxt(
                    io.BytesIO(block), dtype, delimiter=separator, comments=None, ndmin=1
                )
            except (ValueError, Warning):
                return None
        n_lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if len(rows) != n_lines or not np.isfinite(rows["rating"]).all():
            return None
        return rows

    def _line_by_line(self, block: bytes, first_line: int, rows: RatingRows) -> None:
        good: list[tuple[int, int, float, int]] = []
        lines: list[int] = []
        # Bytes that are not text become escapes. So their row is bad, and its error shows them.
        text = block.decode("utf-8", "backslashreplace")
        for number, line in enumerate(text.split("\n"), start=first_line):
            if not line.strip(" \t\r"):
                continue
            try:
                good.append(self._row(line.rstrip("\r")))
                lines.append(number)
            except Fault as fault:
                rows.bad_rows.append(BadRow(self.file, number, fault.value, fault.reason))
                if not self.skip_bad_rows:
                    break
        rows.blocks.append(np.array(good, _ROW))
        rows.lines.append(lines)

    def _row(self, line: str) -> tuple[int, int, float, int]:
        fields = self._fields(line)
        if len(fields) != len(self.columns):
            raise Fault(line, f"{len(fields)} fields, not {len(self.columns)}")
        field_of = dict(zip(self.columns, fields, strict=True))
        return (
            whole_number(field_of["userId"], "userId"),
            whole_number(field_of["movieId"], "movieId"),
            _rating(field_of["rating"]),
            whole_number(field_of["timestamp"], "timestamp"),
        )

    def _fields(self, line: str) -> list[str]:
        if self.separator != ",":
            return line.split(self.separator)
        try:
            return next(csv.reader([line], strict=True))
        except csv.Error as error:
            raise Fault(line, f"not a row of CSV ({error})") from None


def _rating(text: str) -> float:
    number = number_text(text)
    if not _NUMBER.fullmatch(number) or math.isinf(rating := float(number)):
        raise Fault(text, "rating is not a number")
    return rating
