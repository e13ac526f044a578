"""A first look at a file: its kind, encoding, separator, names of columns and first rows."""

import ast
import csv
import io
import itertools
import json
import re
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from recsys.data.columns import is_known
from recsys.data.ratings import RatingsError
from recsys.data.scale import RatingScale
from recsys.readers.arrow_files import arrow_look, is_arrow
from recsys.readers.formats import Folder
from recsys.readers.opened import encoding_of, opened_bytes, opened_text

Kind: TypeAlias = Literal["text", "jsonl", "arrow"]
Rows: TypeAlias = list[list[str]]

SAMPLE_CHARACTERS = 1 << 16
LONGEST_LINE = 1 << 24
# Text holds hardly any control characters, apart from the ends of lines.
MOST_CONTROLS = 0.1
# A separator in front wins over one behind if both split the rows equally well.
SEPARATORS = ("::", "\t", ";", "|", ",", " ")
_SEPARATOR_NAMES = {
    ";": "semicolons", "\t": "tabs", "|": "bars", "::": "double colons", " ": "blanks"
}  # fmt: skip

_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")
_SEPARATOR_LINE = re.compile(r"sep=.", re.IGNORECASE)
_COMMENT = re.compile(r"[#%]+(\s.*)?")
_WEB_PAGE = re.compile(r"\s*<(!doctype html|html)\b", re.IGNORECASE)
_LIST_OF_OBJECTS = re.compile(r"\s*\[\s*\{\s*\"")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]{1,6}")
# Between commas, three digits may be thousands.
_QUOTED_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]{1,2}")
_DECIMAL_POINT = re.compile(r"[+-]?[0-9]+\.[0-9]+")


@dataclass(frozen=True)
class Look:
    """What the first 64 kB of a file show.

    Attributes
    ----------
    path : Path or zipfile.Path
        The file. It may be a member of a zip: use only ``open``, ``name``, ``parent``, ``/``,
        ``iterdir`` and ``is_file`` of it, and `recsys.readers.opened.opened_text` for its text.
    kind : {"text", "jsonl", "arrow"}
        A table of text, a JSON object on each line, or Parquet, Feather or Arrow.
    encoding : str
        The encoding of the whole file, as Python names it.
    sep : str
        The text between two fields: ``","``, ``";"``, ``"\\t"``, ``"|"``, ``"::"``, or ``" "`` for
        any number of blanks. ``""`` if the lines have one field.
    decimal : {".", ","}
        The decimal mark.
    escape : {"", "\\\\"}
        The character before a quote that does not end a quoted field, if it is not another quote.
    names : tuple of str, or None
        The names of the columns in the header, or None if there is no header.
    rows : tuple of tuple of str
        The first rows without the header. Fields are text without quotes and outer blanks.
    quote : {'"', ""}
        The mark around fields. ``""`` if quotes are part of the text.
    n_above : int
        The number of lines above the table: comments, or the separator for a spreadsheet.
    scale : RatingScale or None
        The scale of the ratings, if `recsys.save_ratings` wrote the file.
    """

    path: Folder
    kind: Kind
    encoding: str
    sep: str
    decimal: str
    escape: str
    names: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    quote: str = '"'
    n_above: int = 0
    scale: RatingScale | None = None

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.names) if self.names is not None else max(map(len, self.rows), default=0)


def look(path: Folder, *, sep: str | None = None, header: bool | None = None) -> Look:
    """Look at the start of a file.

    Parameters
    ----------
    path : Path or zipfile.Path
        The file, packed or not.
    sep : str, optional
        The separator, if the caller knows it.
    header : bool, optional
        Whether the first row is a header, if the caller knows it.

    Returns
    -------
    Look

    Raises
    ------
    RatingsError
        If the file is empty or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "export.txt")
    ...     _ = path.write_text("User-ID;ISBN;Stars\\n7;000X;4,5\\n")
    ...     found = look(path)
    >>> found.sep, found.decimal, found.names, found.rows
    (';', ',', ('User-ID', 'ISBN', 'Stars'), (('7', '000X', '4,5'),))
    """
    with opened_bytes(path) as stream:
        start = stream.read(512)
    if is_arrow(start):
        shown = arrow_look(path)
        return Look(path, "arrow", "", "", ".", "", shown.names, shown.rows, scale=shown.scale)
    if start[257:262] == b"ustar":
        raise RatingsError(f"{path}: a tar archive; unpack it, and name the file of ratings")
    encoding = encoding_of(path)
    with opened_text(path, encoding) as text:
        sample = text.stream.read(SAMPLE_CHARACTERS)
        if sample.lstrip().startswith("{"):  # an object with a long review
            sample += text.stream.readline(LONGEST_LINE)
        is_cut = bool(text.stream.read(1))
    if not sample.strip():
        raise RatingsError(f"{path}: the file is empty")
    if _n_controls(sample) > MOST_CONTROLS * len(sample):
        raise RatingsError(
            f"{path}: neither text nor Parquet, Feather or Arrow; save the table as CSV"
        )
    if _WEB_PAGE.match(sample):
        raise RatingsError(f"{path}: a web page, not a table; download the table itself")
    if _LIST_OF_OBJECTS.match(sample) and sep is None:
        raise RatingsError(
            f"{path}: a list of JSON; save it as JSON lines, with one object on each line (pandas: "
            "to_json(lines=True, orient='records'))"
        )
    if sample.lstrip().startswith("{") and sep is None:
        found = _objects(sample)
        if found:
            keys = tuple(dict.fromkeys(itertools.chain.from_iterable(found)))
            values = tuple(tuple(_cell(each.get(key)) for key in keys) for each in found)
            return Look(path, "jsonl", encoding, "", ".", "", keys, values)
    if is_cut and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]
    above = _lines_above(sample)
    sample = sample[sum(len(line) + 1 for line in above) :]
    if sep is None:
        sep = next((line[4:] for line in above if _SEPARATOR_LINE.fullmatch(line)), None)
    escape = "\\" if '\\"' in sample else ""
    separator = sep if sep is not None else _separator(sample, escape)
    quote = _quote(sample, separator)
    table = split_rows(sample, separator, escape, quote)
    if is_cut and len(table) > 1:
        table.pop()  # A quoted field of the last row may be cut.
    if not table:
        raise RatingsError(f"{path}: no rows")
    decimal = "," if _has_decimal_commas(table, separator) else "."
    has_header = _has_header(table) if header is None else header
    names: tuple[str, ...] | None = tuple(table[0]) if has_header else None
    rows = tuple(map(tuple, table[1:] if has_header else table))
    if names and rows and all(len(row) == len(names) + 1 for row in rows[:20]):
        # R leaves out the name of the column of row names. Others end each row by a separator.
        names = ("", *names) if any(row[-1] for row in rows[:20]) else (*names, "")
    return Look(path, "text", encoding, separator, decimal, escape, names, rows, quote, len(above))


def look_notes(look: Look) -> tuple[str, ...]:
    """What a look worked out and people may want to know: separator, decimal mark and encoding."""
    notes = []
    if look.n_above:
        notes.append(f"lines above the table: {look.n_above}")
    if look.sep in _SEPARATOR_NAMES:
        notes.append(f"separated by {_SEPARATOR_NAMES[look.sep]}")
    if look.decimal == ",":
        notes.append("decimal commas")
    if not look.quote:
        notes.append("quotes are part of the text")
    if look.encoding in ("cp1252", "latin-1"):
        notes.append(f"encoding {look.encoding} (guessed)")
    elif look.encoding.startswith("utf-16"):
        notes.append("encoding UTF-16")
    return tuple(notes)


def split_rows(text: str, sep: str, escape: str = "", quote: str = '"') -> Rows:
    """Split a text into rows of fields without quotes and outer blanks. Blank lines are left out.

    Examples
    --------
    >>> split_rows('1,"Up, up"\\n\\n2, Big\\n', ",")
    [['1', 'Up, up'], ['2', 'Big']]
    >>> split_rows("1::2::3\\n", "::"), split_rows(" 1   2\\n", " ")
    ([['1', '2', '3']], [['1', '2']])
    """
    if sep == "::" or not sep:
        fields = [line.split(sep) if sep else [line] for line in text.split("\n")]
    else:
        if sep == " ":
            text = re.sub(r"^[ \t]+|[ \t]+$", "", text, flags=re.MULTILINE)
            text = re.sub(r"[ \t]+", " ", text)
        try:
            fields = list(csv.reader(io.StringIO(text), **csv_options(sep, escape, quote)))
        except csv.Error:  # a field is longer than csv allows
            fields = [line.split(sep) for line in text.split("\n")]
    rows = ([field.strip() for field in row] for row in fields)
    return [row for row in rows if any(row)]


def csv_options(sep: str, escape: str, quote: str) -> dict[str, Any]:
    """The options of csv for a separator of one character."""
    return {
        "delimiter": sep,
        "skipinitialspace": sep != "\t",
        "escapechar": escape or None if quote else None,
        "quoting": csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    }


def object_of(line: str) -> dict[str, Any] | None:
    """The object on a line of JSON, or of Python, as the first reviews of Amazon were written.

    Examples
    --------
    >>> object_of('{"asin": "B1"}'), object_of("{'asin': 'B1'}"), object_of("{")
    ({'asin': 'B1'}, {'asin': 'B1'}, None)
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        if not line.lstrip().startswith("{'"):
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of \\d and the like in a review
                found = ast.literal_eval(line.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    return found if isinstance(found, dict) else None


def is_number(text: str) -> bool:
    """Whether a text is a number, with a decimal point or a decimal comma."""
    return bool(_NUMBER.fullmatch(text))


def _separator(sample: str, escape: str) -> str:
    """The separator that gives most rows the same number of fields, and the most fields."""
    best, best_score = "", (0.0, 0)
    for sep in SEPARATORS:
        if sep.strip(" ") and sep not in sample:
            continue
        if sep == " " and best_score[0] >= 0.9 and best_score[1] >= (2 if best == "\t" else 3):
            break  # Blanks are within names and titles.
        rows = split_rows(sample, sep, escape, _quote(sample, sep)) or [[""]]
        width, n_rows = Counter(map(len, rows)).most_common(1)[0]
        # Titles and reviews hold blanks and commas, so most rows must have the same width.
        score = (round(n_rows / len(rows), 1), width)
        if width > 1 and score[0] > 0.5 and score > best_score:
            best, best_score = sep, score
    return best


def _lines_above(sample: str) -> list[str]:
    """The lines above a table: comments, and a line such as ``sep=;`` for a spreadsheet."""

    def is_above(line: str) -> bool:
        if _SEPARATOR_LINE.fullmatch(line):
            return True
        # A header may be a comment too.
        names = sum(map(is_known, re.split(r"[\s,;|]+", line.lstrip("#% "))))
        return bool(_COMMENT.fullmatch(line)) and names < 2

    return list(itertools.takewhile(is_above, sample.split("\n")))


def _quote(sample: str, sep: str) -> str:
    """The mark around fields. Between tabs, a quote may be part of a name: "Weird Al" Yankovic."""
    if sep != "\t" or '"' not in sample:
        return '"'
    lines = [line.split(sep) for line in sample.split("\n") if line.strip()]
    opened = [field for line in lines for field in line if field.startswith('"')]
    are_around = bool(opened) and all(len(text) > 1 and text.endswith('"') for text in opened)
    has_breaks = len(set(map(len, lines))) > 1
    return '"' if are_around or has_breaks else ""


def _has_decimal_commas(table: Rows, sep: str) -> bool:
    cells = list(itertools.chain.from_iterable(table))
    pattern = _QUOTED_DECIMAL_COMMA if sep == "," else _DECIMAL_COMMA
    commas = sum(bool(pattern.fullmatch(cell)) for cell in cells)
    return commas > sum(bool(_DECIMAL_POINT.fullmatch(cell)) for cell in cells)


def _has_header(table: Rows) -> bool:
    """Whether the first row names the columns: it has no number where the other rows have one."""
    first, *others = table
    if is_known(first[0]):  # columns of a wide table may be named by numbers
        return True
    if not others:
        return not any(map(is_number, first))
    for place, cell in enumerate(first):
        column = [row[place] for row in others if len(row) > place and row[place]]
        numbers = sum(map(is_number, column))
        if is_number(cell) and 2 * numbers > len(column):
            return False
    return True


def _n_controls(text: str) -> int:
    return sum(
        n
        for letter, n in Counter(text).items()
        if unicodedata.category(letter)[0] == "C" and letter not in "\t\n"
    )


def _objects(sample: str) -> list[dict[str, Any]]:
    """The objects on the whole lines of a sample."""
    return [found for found in map(object_of, sample.split("\n")) if found is not None]


def _cell(value: object) -> str:
    return "" if value is None else str(value)
