"""Opens a zip from outside: checks its names and sizes before it reads a member."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from recsys.printable import shortened

# Releases unpack to 4 or 5 times the size of their zip, a text of one letter to 1,000 times.
MOST_EXPANSION = 100
# A zip may always unpack to this size, so a small zip may expand more.
ALWAYS_ALLOWED = 10_000_000

# zipfile and the decoders raise these for damaged data, passwords and unknown compression. A
# damaged name raises UnicodeDecodeError.
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
    """A zip cannot or must not be read; the message says why."""


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip after checking its names and sizes.

    It raises an ArchiveError if the zip is damaged, also if the damage is found in the block; if
    the zip unpacks to more than 10 MB and more than 100 times its size; or if a path in it has a
    folder without a name.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive, path.stat().st_size)
            yield archive
    except (*_DAMAGES, OSError) as error:
        # Damaged bz2 data raises an OSError without a number. One with a number is about the file.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error) or "it ends too early"
        raise ArchiveError(f"the zip is damaged or cannot be read: {reason}") from error


def unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Write all members into a folder, and nothing outside it.

    It raises an ArchiveError if a member is a link, is in the zip twice, or would be written
    outside the folder.
    """
    names = set()
    for member in archive.infolist():
        name = member.filename
        shown = repr(shortened(name))
        windows = PureWindowsPath(name)
        if windows.anchor or PurePosixPath(name).is_absolute() or ".." in windows.parts:
            raise ArchiveError(f"the zip is not safe: {shown} leads outside its folder")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise ArchiveError(f"the zip is not safe: {shown} is a link")
        if name in names:
            raise ArchiveError(f"the zip is not safe: {shown} is in it twice")
        names.add(name)
    archive.extractall(folder)


def _check(archive: zipfile.ZipFile, size: int) -> None:
    # These sizes can be trusted: zipfile never reads more of a member than its header says.
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > max(ALWAYS_ALLOWED, MOST_EXPANSION * size):
        raise ArchiveError(
            f"the zip is not safe: its {size:,} bytes unpack to {unpacked:,}, "
            f"more than {MOST_EXPANSION} times as many"
        )
    for name in archive.namelist():
        # With such names, zipfile.Path of Python before 3.11.10 loops forever.
        if name.startswith("/") or "//" in name:
            raise ArchiveError(
                f"the zip is not safe: {shortened(name)!r} has a folder without a name"
            )
