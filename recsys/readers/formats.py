"""The file layout of each MovieLens release, and the search for it in a folder or a zip."""

import csv
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recsys.data.ratings import LARGEST_INT64, RatingsError
from recsys.printable import shortened
from recsys.readers.archives import ArchiveError, open_zip

Folder = Path | zipfile.Path

ITEM_GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime",
    "Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance",
    "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip

_WHOLE_NUMBER = re.compile(r"([+-]?)([0-9]+)")
# Control characters other than tab. Python takes some of them for white space, NumPy others.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Layout:
    """The names of the two files of one family of releases, and the text between the fields."""

    ratings_file: str
    movies_file: str
    separator: str


# If a folder holds several of these, the first is read.
LAYOUTS = (
    Layout("ratings.csv", "movies.csv", ","),
    Layout("ratings_small.csv", "movies.csv", ","),
    Layout("ratings.dat", "movies.dat", "::"),
    Layout("u.data", "u.item", "\t"),
)


@dataclass(frozen=True)
class Release:
    """A release on disk: the folder of its files, and their layout."""

    folder: Folder
    layout: Layout

    @property
    def ratings(self) -> Folder:
        """The file of ratings."""
        return self.folder / self.layout.ratings_file

    @property
    def movies(self) -> Folder:
        """The file of movies."""
        return self.folder / self.layout.movies_file


class Fault(Exception):  # noqa: N818 - the reader turns it into an error
    """A row breaks a rule; `value` is the text that breaks it, and `reason` is the rule."""

    def __init__(self, value: str, reason: str) -> None:
        super().__init__(value, reason)
        self.value = shortened(value)
        self.reason = reason


def number_text(text: str) -> str:
    """Strip white space from a field; a field with a control character becomes empty."""
    return "" if _CONTROL.search(text) else text.strip()


def whole_number(text: str, name: str) -> int:
    """Read a whole number of 64 bits; raise a Fault if `text` is not one."""
    found = _WHOLE_NUMBER.fullmatch(number_text(text))
    if not found:
        raise Fault(text, f"{name} is not a whole number")
    sign, digits = found[1], found[2].lstrip("0") or "0"
    # An int64 has up to 19 digits. Python's int() refuses thousands of digits.
    if len(digits) > 19 or not -LARGEST_INT64 - 1 <= int(sign + digits) <= LARGEST_INT64:
        raise Fault(text, f"{name} does not fit in 64 bits")
    return int(sign + digits)


def header_columns(header: str, wanted: Sequence[str], file: Folder) -> list[str]:
    """Read the column names in a CSV header; each name in `wanted` must be there once."""
    shown = repr(shortened(header))
    if "\r" in header:
        raise RatingsError(
            f"{file}, line 1: lines end in CR; save the file with LF or CRLF: {shown}"
        )
    try:
        columns = [name.strip() for name in next(csv.reader([header]), [])]
    except csv.Error as error:
        raise RatingsError(f"{file}, line 1: not a row of CSV ({error}): {shown}") from None
    for name in wanted:
        if columns.count(name) != 1:
            problem = "two columns" if name in columns else "no column"
            raise RatingsError(f"{file}, line 1: {problem} {name!r} in the header {shown}")
    return columns


@contextmanager
def open_release(path: Path) -> Iterator[Release]:
    """Find the release at `path`: a folder, a zip, or a file of ratings.

    In the block, an OSError or damage in the zip becomes a RatingsError.
    """
    try:
        if path.is_dir():
            yield find_release(path)
        elif not path.exists():
            raise RatingsError(f"{path}: no such file or folder")
        elif not stat.S_ISREG(path.stat().st_mode):
            # Opening a pipe would wait for a writer.
            raise RatingsError(f"{path}: neither a folder nor a regular file; copy it to a file")
        elif path.suffix.lower() == ".zip":
            with _open_zip(path) as folder:
                yield find_release(folder)
        else:
            yield _release_of_file(path)
    except OSError as error:
        where = error.filename or path
        raise RatingsError(f"{where}: cannot be read: {error.strerror or error}") from error


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.Path]:
    try:
        with open_zip(path) as archive:
            yield zipfile.Path(archive)
    except ArchiveError as error:
        raise RatingsError(f"{path}: {error}") from error


def find_release(folder: Folder) -> Release:
    """Find a release in a folder, or in exactly one of its subfolders.

    It raises a RatingsError if there is no release, if several subfolders hold one, or if the file
    of movies is missing.
    """
    release = _release_in(folder)
    if release:
        return release
    inner = [_release_in(child) for child in folder.iterdir() if child.is_dir()]
    found = [release for release in inner if release]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(sorted(release.folder.name for release in found)[:20])
        raise RatingsError(f"{folder}: several releases; name one of them: {names}")
    raise RatingsError(f"{folder}: no ratings here or in a subfolder; it needs {_known_files()}")


def _release_in(folder: Folder) -> Release | None:
    for layout in LAYOUTS:
        release = Release(folder, layout)
        if release.ratings.is_file():
            if not release.movies.is_file():
                raise RatingsError(
                    f"{folder}: {layout.ratings_file} needs {layout.movies_file} beside it"
                )
            return release
    return None


def _release_of_file(path: Path) -> Release:
    for layout in LAYOUTS:
        if path.name == layout.ratings_file:
            release = Release(path.parent, layout)
            if not release.movies.is_file():
                raise RatingsError(f"{path}: needs {layout.movies_file} beside it")
            return release
    raise RatingsError(
        f"{path}: not a file of ratings; its name must be {_known_files()}, or end in .zip"
    )


def _known_files() -> str:
    *others, last = (layout.ratings_file for layout in LAYOUTS)
    return f"{', '.join(others)} or {last}"
