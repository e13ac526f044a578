"""A first look at a file: its kind, encoding, separator, names of columns and first rows."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from recsys.readers.formats import Folder

Kind: TypeAlias = Literal["text", "jsonl", "arrow"]


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
    """

    path: Folder
    kind: Kind
    encoding: str
    sep: str
    decimal: str
    escape: str
    names: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
