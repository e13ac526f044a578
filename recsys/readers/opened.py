"""Opens a file of any compression and encoding as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from recsys.readers.formats import Folder


@dataclass(frozen=True)
class Text:
    """An open file of text.

    Attributes
    ----------
    file : str
        The path of the file in messages.
    stream : TextIO
        The text. Each of LF, CRLF and CR ends a line, and is read as ``"\\n"``.
    encoding : str
        The encoding that was found.
    notes : tuple of str
        What was guessed, such as ``("encoding cp1252 (guessed)",)``.
    """

    file: str
    stream: TextIO
    encoding: str
    notes: tuple[str, ...]


@contextmanager
def opened_text(path: Folder) -> Iterator[Text]:
    """Open a file of text, packed or not, in UTF-8, UTF-16, cp1252 or latin-1."""
    raise NotImplementedError


@contextmanager
def opened_bytes(path: Folder) -> Iterator[BinaryIO]:
    """Open a file of bytes, packed or not."""
    raise NotImplementedError
