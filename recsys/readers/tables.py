"""Reads the columns of a table: text with separators, JSON lines, Parquet, Feather or Arrow."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import BadRow, Ints, RatingsError
from recsys.printable import shortened
from recsys.readers.arrow_files import arrow_frame
from recsys.readers.heard import tell_how_far
from recsys.readers.looks import Look, csv_options
from recsys.readers.opened import opened_text
from recsys.readers.raw import Lines

# More rows at once are hardly faster, and their text takes more memory.
ROWS_AT_ONCE = 1 << 20

# pandas splits by one character. No text has this one.
_FOR_COLONS = "\x1f"

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, eq=False)
class Table:
    """Some columns of a table.

    Attributes
    ----------
    frame : DataFrame
        One column for each that was asked for, in that order, named as it was asked for. Columns of
        text files are categories of str without outer blanks, or the numbers that were asked for.
        Columns of JSON, Parquet, Feather and Arrow have the types of the file.
    lines : callable
        Turns positions of rows into lines of the file. In Parquet, Feather and Arrow, the first row
        is line 1.
    bad_rows : tuple of BadRow
        Rows with too many fields. They are not in the frame. Fields that a short row lacks are "".
    """

    frame: pd.DataFrame
    lines: Lines
    bad_rows: tuple[BadRow, ...]


def read_table(
    look: Look,
    columns: Sequence[str | int],
    *,
    whole: Collection[str | int] = (),
    numbers: Collection[str | int] = (),
) -> Table:
    """Read columns of a table. Other columns cost little time.

    Parameters
    ----------
    look : Look
        The look of the file.
    columns : sequence of str or int
        Columns by name or by position, counted from 0.
    whole : collection of str or int
        Those of the columns to return as int64 if all values are whole numbers, and none of them
        begins with a zero or a plus.
    numbers : collection of str or int
        Those of the columns to return as int64 or float64 if all values are numbers.

    Returns
    -------
    Table

    Raises
    ------
    RatingsError
        If the file is damaged, or a quoted field is never closed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from recsys.readers.looks import look
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ratings.csv")
    ...     _ = path.write_text('isbn,text,user\\nX7,"two\\nlines",3\\nY8,,4\\n')
    ...     table = read_table(look(path), ["user", "isbn"], whole=["user", "isbn"])
    ...     print(table.lines(np.array([1])))
    [4]
    >>> table.frame.to_numpy().tolist()
    [[3, 'X7'], [4, 'Y8']]
    """
    if look.kind == "arrow":
        return Table(arrow_frame(look.path, columns), lambda rows: rows + 1, ())
    if look.kind == "jsonl":
        from recsys.readers.jsonl import read_json_lines

        return read_json_lines(look, columns)
    names = look.names or ()
    place_of = {at: names.index(at) if isinstance(at, str) else at for at in columns}
    texts = dict.fromkeys(place_of.values(), "object")
    types = {
        place: _type(look, place, at in numbers)
        for at, place in place_of.items()
        if at in whole or at in numbers
    }
    exact = {place_of[at] for at in whole}
    found = _read_text(look, texts | types, exact) or _read_text(look, texts, set()) or {}
    is_long = found[look.width]
    frame = pd.DataFrame({at: found[place] for at, place in place_of.items()}, copy=False)
    if not is_long.any():
        return Table(frame, lambda rows: _lines(look, rows), ())
    kept = np.flatnonzero(~is_long)
    return Table(
        frame[~is_long].reset_index(drop=True),
        lambda rows: _lines(look, kept[rows]),
        tuple(_long_rows(look, np.flatnonzero(is_long))),
    )


def _type(look: Look, place: int, is_number: bool) -> str:
    """The type with which to try to read a column of numbers."""
    cells = [row[place] if len(row) > place else "" for row in look.rows]
    if all(_WHOLE.fullmatch(cell) for cell in cells):
        return "int64"
    return "float64" if is_number and all(map(_NUMBER.fullmatch, cells)) else "object"


def _read_text(look: Look, types: dict[int, str], exact: Collection[int]) -> dict[int, Any] | None:
    """Read columns by place. One more column tells which rows are too long.

    The result is None if a column is not of its type, or if a column of whole numbers that must be
    ``exact`` may hold one such as 007.
    """
    options: dict[str, Any] = {"sep": look.sep, "skipinitialspace": look.sep != "\t"}
    if look.sep == " ":
        options["sep"] = r"\s+"
    elif look.sep in ("::", ""):
        options["sep"] = _FOR_COLONS
    if look.sep in ("::", "") or not look.quote:
        options["quoting"] = csv.QUOTE_NONE
    # A header with one name more makes room for what is too much, and keeps it apart.
    names = [str(place) for place in range(look.width + 1)]
    header = (" " if look.sep == " " else options["sep"]).join(names) + "\n"
    columns = {**types, look.width: "category"}
    blocks: dict[int, list[Any]] = {place: [] for place in columns}
    # NumPy is to refuse inf as a whole number, instead of warning of it.
    with opened_text(look.path, look.encoding) as text, np.errstate(invalid="raise"):
        _skip_header(look, text.stream)
        must_be_exact = any(types[place] == "int64" for place in exact)
        source = _Source(header, text.stream, look.sep, must_be_exact)
        try:
            for block in pd.read_csv(
                source,
                usecols=[str(place) for place in columns],
                dtype={str(place): kind for place, kind in columns.items()},
                index_col=False,
                na_filter=False,
                escapechar=look.escape or None if look.quote else None,
                low_memory=False,
                chunksize=ROWS_AT_ONCE,
                **options,
            ):
                for place, kind in types.items():
                    cells = block[str(place)].to_numpy()
                    blocks[place].append(pd.factorize(cells) if kind == "object" else cells)
                blocks[look.width].append(_are_filled(block[str(look.width)].array))
                tell_how_far(look.path, source.n_read, text.size, "B")
                if source.has_odd_numbers:
                    return None
        except pd.errors.ParserError as error:
            raise _unclosed(look, error) from None
        except RatingsError:
            raise
        except (ValueError, ArithmeticError):
            return None
    return {
        place: _text(parts) if types.get(place) == "object" else np.concatenate(parts)
        for place, parts in blocks.items()
    }


def _are_filled(cells: pd.Categorical) -> npt.NDArray[np.bool_]:
    are_filled = np.array([text != "" for text in cells.categories])
    found: npt.NDArray[np.bool_] = are_filled[cells.codes]
    return found


def _text(blocks: Sequence[tuple[Ints, npt.NDArray[Any]]]) -> pd.Categorical:
    """The blocks of a column of text as one, without outer blanks."""
    texts = np.concatenate([distinct for _, distinct in blocks])
    codes, distinct = pd.factorize(np.array([text.strip() for text in texts], dtype=object))
    starts = np.cumsum([0, *(len(distinct) for _, distinct in blocks)])
    whole = [codes[start + part] for start, (part, _) in zip(starts, blocks, strict=False)]
    index = pd.Index(distinct, dtype=object)
    return pd.Categorical.from_codes(np.concatenate(whole), index)


class _Source(io.TextIOBase):
    """A header of our own and then the rest of a stream, for pandas.

    Each ``::`` becomes one character. If numbers are to be exact, ``has_odd_numbers`` tells whether
    any field may begin with a plus, or with a zero before another digit, or may be a power such as
    1e2. pandas reads them as numbers, but they are text. ``n_read`` counts characters.
    """

    def __init__(self, header: str, stream: TextIO, sep: str, must_be_exact: bool) -> None:
        self.has_odd_numbers = False
        self.n_read = 0
        self._header = header
        self._stream = stream
        self._sep = sep
        self._must_be_exact = must_be_exact
        self._end = "\n"

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        if self._header:
            header, self._header = self._header, ""
            return header
        block = self._stream.read(-1 if size is None else size)
        self.n_read += len(block)
        if self._sep == "::":
            while block.endswith(":") and (more := self._stream.read(1)):
                block += more
            block = block.replace("::", _FOR_COLONS)
        if self._must_be_exact and not self.has_odd_numbers:
            self._check(self._end + block)
            self._end = block[-2:]
        return block

    def _check(self, text: str) -> None:
        letters = np.frombuffer(text.encode("latin-1", "replace"), np.uint8)
        before, first, second = letters[:-2], letters[1:-1], letters[2:]
        # Blanks, quotes, commas and the ends of lines lie below "-".
        is_start = (before < ord("-")) | (before == ord(self._sep[-1:] or " "))
        is_led = is_start & (((first == ord("0")) & _are_digits(second)) | (first == ord("+")))
        is_power = _are_digits(before) & ((first | 32) == ord("e")) & _are_digits(second)
        self.has_odd_numbers = bool(is_led.any() or is_power.any())


def _are_digits(letters: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    # What lies below "0" wraps around to large numbers.
    return (letters - np.uint8(ord("0"))) < 10


def _skip_header(look: Look, stream: TextIO) -> None:
    if look.names is not None:
        next(_records(look, stream), None)
    else:
        _skip_above(look, stream)


def _skip_above(look: Look, stream: TextIO) -> None:
    for _ in range(look.n_above):
        stream.readline()


def _records(look: Look, stream: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank: its first line, counted from 1, and its fields."""
    _skip_above(look, stream)
    line = first = 1 + look.n_above
    if look.sep in ("::", ""):
        for number, text in enumerate(stream, start=first):
            if text.strip():
                yield number, text.rstrip("\n").split(look.sep or None)
        return
    reader = csv.reader(stream, **csv_options(look.sep, look.escape, look.quote))
    try:
        for fields in reader:
            if len(fields) > 1 or (fields and fields[0].strip(" \t")):
                yield line, fields
            line = first + reader.line_num
    except csv.Error as error:
        raise RatingsError(
            f"{look.path}, line {line}: not a row of a table ({error}); give its separator by "
            "--sep (sep=)"
        ) from None


def _rows(look: Look) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, with their lines."""
    with opened_text(look.path, look.encoding) as text:
        records = _records(look, text.stream)
        if look.names is not None:
            next(records, None)
        yield from records


def _lines(look: Look, rows: Ints) -> Ints:
    """The lines of rows. The file is read again, so this is called for errors only."""
    if not len(rows):
        return np.empty(0, np.int64)
    starts = []
    for at, (line, _) in enumerate(_rows(look)):
        starts.append(line)
        if at == max(rows):
            break
    return np.array(starts, np.int64)[rows]


def _long_rows(look: Look, rows: Ints) -> Iterator[BadRow]:
    wanted = set(rows.tolist())
    for at, (line, fields) in enumerate(_rows(look)):
        if at in wanted:
            text = shortened((look.sep or " ").join(fields))
            reason = f"{len(fields)} fields, not {look.width}"
            yield BadRow(str(look.path), line, text, reason)


def _unclosed(look: Look, error: Exception) -> RatingsError:
    """The error for a table that pandas cannot split. The usual reason is an open quote."""
    line = max((line for line, _ in _rows(look)), default=1)
    return RatingsError(
        f"{look.path}, line {line}: a quoted field is not closed before the end of the file; close "
        f"or remove the quote ({error})"
    )
