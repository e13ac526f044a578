"""Writes each file whole or not at all."""

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

# Only Windows has O_BINARY, and Windows has no O_NOFOLLOW and no O_NONBLOCK.
_CREATE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_INSPECT_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

# The name is short, so that a target may have the longest name that its folder allows.
_UNFINISHED = re.compile(r"\.recsys-([0-9a-f]{16})-[0-9a-f]{16}\.unfinished")


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file whose content replaces ``path`` when the block ends.

    The content goes to a new file in the same folder. This file is renamed at the end. If the block
    raises, ``path`` stays as it was. If the process is killed, the new file remains, and the next
    call for the same ``path`` removes it. Links are followed. If ``path`` exists and is not a
    regular file (a device, a FIFO, ``/dev/stdout``), the content goes directly to it. The message
    of an OSError names ``path``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole(Path(folder, "a.txt")) as file:
    ...         _ = file.write(b"movies")
    ...     [(each.name, each.read_text()) for each in Path(folder).iterdir()]
    [('a.txt', 'movies')]
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
                # After an error, the rest of the buffer may be impossible to write too.
                with suppress(OSError):
                    new.close()
            if sys.platform == "win32":  # Windows cannot rename an open file
                os.replace(name, target)
        except BaseException as error:
            # Ctrl-C may come after the file is made and before `new` is set. So the file is removed
            # in any case, unless another file had this name before.
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
    """Check before long work that :func:`whole` can write a file.

    The ``filename`` of the OSError is the file or folder that prevents it.
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
    """The file that a new one replaces, with links resolved; None if it is written to directly."""
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
    """The descriptor that a path such as /dev/stdout or /dev/fd/3 stands for, or None."""
    place = os.path.abspath(path)
    for _ in range(40):  # Linux follows 40 links
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
    """Open a file that is written to directly."""
    number = _descriptor(path)
    if number is None:
        return open(path, "wb")
    # open() would overwrite earlier output in the file, so the descriptor is copied.
    if number == 1 and sys.stdout is not None:
        sys.stdout.flush()
    return os.fdopen(os.dup(number), "wb")


def _created(name: str, target: Path) -> BinaryIO:
    """Make a file that is locked as long as it is open, with the mode of the target."""
    while True:
        descriptor = os.open(name, _CREATE_FLAGS, 0o666)
        if _lock(descriptor, wait=True) and os.fstat(descriptor).st_nlink == 0:
            # Another process removed it as unfinished before it was locked.
            os.close(descriptor)
            continue
        break
    if sys.platform != "win32":
        with suppress(OSError):  # the target may not exist, or the disk may have no modes
            os.fchmod(descriptor, stat.S_IMODE(os.stat(target).st_mode))
    return os.fdopen(descriptor, "wb")


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file; False if another process holds the lock, or if the system has no locks."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def _unfinished_name(name: str) -> str:
    """A new name for the unfinished file of a target: a random part and `_mark`."""
    part = secrets.token_hex(8)
    return f".recsys-{part}-{_mark(name, part)}.unfinished"


def _mark(name: str, part: str) -> str:
    """A hash of the target's name and the random part."""
    return sha256(os.fsencode(name) + part.encode()).hexdigest()[:16]


def _is_unfinished(found: str, name: str) -> bool:
    """Whether ``_unfinished_name(name)`` made this name; the hash tells it from other files."""
    match = _UNFINISHED.fullmatch(found)
    return match is not None and found.endswith(f"-{_mark(name, match[1])}.unfinished")


def _remove_unfinished(target: Path) -> None:
    """Remove the unfinished files of a target that no process still writes."""
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if _is_unfinished(entry.name, target.name):
                with suppress(OSError):
                    _remove_if_free(entry.path)


def _remove_if_free(name: str) -> None:
    if sys.platform == "win32":
        os.unlink(name)  # this fails for an open file
        return
    descriptor = os.open(name, _INSPECT_FLAGS)
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        # If it has no link, another process has removed it, and a new file may have its name.
        if is_file and _lock(descriptor, wait=False) and os.fstat(descriptor).st_nlink > 0:
            os.unlink(name)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Write the new name to the disk, if the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _named(path: Path, unfinished: str) -> Iterator[None]:
    """Put `path` into errors that name no file or the unfinished file."""
    try:
        yield
    except OSError as error:
        if error.filename not in (None, unfinished):
            raise
        if error.errno is None:
            raise OSError(f"{path}: {error}") from error
        raise OSError(error.errno, error.strerror, str(path)) from error
