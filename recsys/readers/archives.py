"""Opens a zip from outside: names and sizes are checked before anything in it is read."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from recsys.printable import shortened

# Releases unpack to 4 or 5 times the size of their zip; text of one letter to 1,000 times.
MOST_EXPANSION = 100
# Small zips may expand further: this much is never too much.
ALWAYS_ALLOWED = 10_000_000

# What zipfile and what it calls raise for damaged data, passwords and unknown compression. A
# damaged name is a UnicodeDecodeError.
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,
    UnicodeDecodeError,
    OverflowError,
)


class ArchiveError(ValueError):
    """A zip that cannot or must not be read; the message says why."""


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip that does not expand without bounds.

    Parameters
    ----------
    path : Path

    Yields
    ------
    ZipFile
        While it is open, damage that is found in it is an ArchiveError.

    Raises
    ------
    ArchiveError
        If the zip is damaged, or its members are many times larger than the zip.
    OSError
        If the file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive, path.stat().st_size)
            yield archive
    except (*_DAMAGES, OSError) as error:
        # Damage of bz2 is an OSError without a number; with one, it is about the file itself.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error) or "it ends too early"
        raise ArchiveError(f"the zip is damaged or cannot be read: {reason}") from error


def unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Write all members into a folder, and nothing anywhere else.

    Parameters
    ----------
    archive : ZipFile
    folder : Path

    Raises
    ------
    ArchiveError
        If a member is a link, would be written elsewhere, or is there twice.
    OSError
        If a file cannot be written.
    """
    names = set()
    for member in archive.infolist():
        name = member.filename
        shown = repr(shortened(name))
        windows = PureWindowsPath(name)
        if windows.anchor or PurePosixPath(name).is_absolute() or ".." in windows.parts:
            raise ArchiveError(f"the zip is not safe: it wants to write to {shown}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise ArchiveError(f"the zip is not safe: {shown} is a link")
        if name in names:
            raise ArchiveError(f"the zip is not safe: {shown} is in it twice")
        names.add(name)
    archive.extractall(folder)


def _check(archive: zipfile.ZipFile, size: int) -> None:
    # zipfile reads no more of a member than its header says.
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > max(ALWAYS_ALLOWED, MOST_EXPANSION * size):
        raise ArchiveError(
            f"the zip is not safe: its {size:,} bytes unpack to {unpacked:,}, "
            f"more than {MOST_EXPANSION} times as many"
        )
    for name in archive.namelist():
        # zipfile.Path of Python before 3.11.10 never comes to the end of such names.
        if name.startswith("/") or "//" in name:
            raise ArchiveError(
                f"the zip is not safe: no folder has the name of {shortened(name)!r}"
            )
