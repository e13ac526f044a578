"""Files that are written whole or not at all."""

import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

# Windows has no O_NOFOLLOW and no O_NONBLOCK; elsewhere Python writes binary files as they are.
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_LOOK = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

# Short, so that the longest name a folder allows can be written too.
_UNFINISHED = re.compile(r"\.recsys-([0-9a-f]{16})-[0-9a-f]{16}\.unfinished")


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing whose content replaces ``path`` when the block ends.

    The content goes to a new file in the same folder, which is renamed at the end. If the block
    raises, ``path`` stays as it was. If the process is killed, the next call for the same ``path``
    removes what is left behind. Links are followed. Anything that exists and is not a regular file
    (a device, a FIFO, ``/dev/stdout``) is written to directly.

    Parameters
    ----------
    path : Path

    Yields
    ------
    BinaryIO
        Open for writing; the caller need not close it.

    Raises
    ------
    OSError
        If the file cannot be written; the message names ``path``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole(Path(folder, "a.txt")) as file:
    ...         _ = file.write(b"films")
    ...     [(each.name, each.read_text()) for each in Path(folder).iterdir()]
    [('a.txt', 'films')]
    """
    target = _replaceable(path)
    if target is None:
        with _named(path, ""), _opened(path) as file:
            yield file
        return
    _remove_unfinished(target)
    name = str(target.parent / _unfinished_name(target.name))
    with _named(path, name):
        new: BinaryIO | None = None
        try:
            new = _created(name, target)
            try:
                yield new
                new.flush()
                os.fsync(new.fileno())
                if sys.platform != "win32":
                    # The lock is held until the file has its final name.
                    os.replace(name, target)
            finally:
                # After an error, what is left in memory may be as impossible to write.
                with suppress(OSError):
                    new.close()
            if sys.platform == "win32":  # which renames no open file
                os.replace(name, target)
        except BaseException as error:
            # Ctrl-C may come when the file is there and nobody knows of it yet. Only a name that
            # was taken before is somebody else's.
            if new is not None or not isinstance(error, FileExistsError):
                with suppress(OSError):
                    os.unlink(name)
            raise
    _sync_folder(target.parent)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, whole or not at all, as :func:`whole` does."""
    with whole(path) as file:
        file.write(text.encode("utf-8"))


def check_writable(path: Path) -> None:
    """Find out before the work whether :func:`whole` could write a file.

    Raises
    ------
    OSError
        If it is a folder, if its folder does not exist, or if writing is not permitted; the
        exception's ``filename`` is the file or folder that is in the way.
    """
    target = _replaceable(path)
    if target is None:
        return
    folder = target.parent if path.is_symlink() else path.parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _replaceable(path: Path) -> Path | None:
    """The regular file that a new one replaces, links resolved; None: write to it directly."""
    if _descriptor(path) is not None:
        return None
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return Path(os.path.realpath(path))
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        return None
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return Path(os.path.realpath(path))


def _descriptor(path: Path) -> int | None:
    """The number of an open file that a path such as /dev/stdout or /dev/fd/3 stands for."""
    place = os.path.abspath(path)
    for _ in range(40):  # as many links as Linux follows
        folder, name = os.path.split(place)
        folder = os.path.realpath(folder)
        if re.fullmatch(rf"/dev/fd|/proc/{os.getpid()}(/task/\d+)?/fd", folder):
            return int(name) if name.isdecimal() else None
        place = os.path.join(folder, name)
        if not os.path.islink(place):
            return None
        place = os.path.join(folder, os.readlink(place))
    return None


def _opened(path: Path) -> BinaryIO:
    """What is written to directly, open."""
    number = _descriptor(path)
    if number is None:
        return open(path, "wb")
    # Opened anew, a file that standard output goes to would be written over from its start.
    if number == 1 and sys.stdout is not None:
        sys.stdout.flush()
    return os.fdopen(os.dup(number), "wb")


def _created(name: str, target: Path) -> BinaryIO:
    """A new file, locked as long as it is open, with the mode that the target has."""
    while True:
        descriptor = os.open(name, _NEW, 0o666)
        if _lock(descriptor, wait=True) and os.fstat(descriptor).st_nlink == 0:
            # Another process took it for unfinished before it was locked.
            os.close(descriptor)
            continue
        break
    if sys.platform != "win32":
        with suppress(OSError):  # there is no target, or the disk knows no modes
            os.fchmod(descriptor, stat.S_IMODE(os.stat(target).st_mode))
    return os.fdopen(descriptor, "wb")


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file; False if another has it, or if there are no locks here."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def _unfinished_name(name: str) -> str:
    """A new name for the unfinished file of a target: a random part, and a hash of both."""
    part = secrets.token_hex(8)
    return f".recsys-{part}-{_mark(name, part)}.unfinished"


def _mark(name: str, part: str) -> str:
    return sha256(os.fsencode(name) + part.encode()).hexdigest()[:16]


def _is_unfinished(found: str, name: str) -> bool:
    """Whether ``_unfinished_name(name)`` gave this name: nobody else would choose it."""
    match = _UNFINISHED.fullmatch(found)
    return match is not None and found.endswith(f"-{_mark(name, match[1])}.unfinished")


def _remove_unfinished(target: Path) -> None:
    """Remove unfinished files of a target that no process is writing any more."""
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if _is_unfinished(entry.name, target.name):
                with suppress(OSError):
                    _remove_if_free(entry.path)


def _remove_if_free(name: str) -> None:
    if sys.platform == "win32":
        os.unlink(name)  # which fails for an open file
        return
    descriptor = os.open(name, _LOOK)
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        # Without a link, another saver has removed it, and its owner may have made a new one.
        if is_file and _lock(descriptor, wait=False) and os.fstat(descriptor).st_nlink > 0:
            os.unlink(name)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Write the new name to the disk too, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _named(path: Path, unfinished: str) -> Iterator[None]:
    """Errors that name no file, or the unfinished one, name the file that was asked for."""
    try:
        yield
    except OSError as error:
        if error.filename not in (None, unfinished):
            raise
        if error.errno is None:
            raise OSError(f"{path}: {error}") from error
        raise OSError(error.errno, error.strerror, str(path)) from error
