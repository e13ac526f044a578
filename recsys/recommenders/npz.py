"""npz files: writes arrays without pickle, and reads every file as if somebody had forged it."""

import errno
import io
import json
import math
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from recsys.files import whole

T = TypeVar("T")

Arrays = dict[str, npt.NDArray[Any]]

# Arrays take at most 32 bytes for each byte of the file, plus 4 MB. Real models need about 3 to 15.
# `write` keeps within this limit too.
MOST_BYTES_A_BYTE = 32
SPARE_BYTES = 4_000_000

# The longest header of an array that is read. numpy's own headers take 128 bytes.
MOST_HEADER_BYTES = 4096

# The bytes in front of each member of a zip, without its name.
_LOCAL_HEADER_BYTES = 30

# The sizes of numbers in bytes. Strings have any width.
_SIZES = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8)}

_HEADER = re.compile(
    r"\{'descr': ?'([<>|])([biufU])(\d{1,9})', ?'fortran_order': ?(True|False), ?"
    r"'shape': ?\(([\d, ]*)\),? ?\} *\n"
)

# zipfile and zlib raise these for damaged files, beside ValueError and OSError.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,  # an encrypted file; also NotImplementedError and RecursionError
    OverflowError,
    LookupError,
    TypeError,
    AttributeError,
)


@dataclass(frozen=True)
class Header:
    """The dtype and the shape of an array that is not read yet."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Stored:
    """Arrays by name: all headers, and a function that reads the array of a name."""

    headers: dict[str, Header]
    read: Callable[[str], npt.NDArray[Any]]

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Stored":
        """Wrap arrays in memory."""
        headers = {name: Header(array.dtype, array.shape) for name, array in arrays.items()}
        return cls(headers, arrays.__getitem__)

    def within(self, prefix: str) -> "Stored":
        """The arrays whose names begin with ``prefix/``, by the rest of their names."""
        return Stored(without(prefix, self.headers), lambda name: self.read(f"{prefix}/{name}"))


def prefixed(prefix: str, named: Mapping[str, T]) -> dict[str, T]:
    return {f"{prefix}/{name}": value for name, value in named.items()}


def without(prefix: str, named: Mapping[str, T]) -> dict[str, T]:
    start = f"{prefix}/"
    return {name[len(start) :]: value for name, value in named.items() if name.startswith(start)}


class _Stream(io.BufferedIOBase):
    """A file that cannot seek, so that zipfile counts the bytes itself."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: Any) -> int:
        return self._file.write(data)


def write(path: Path, arrays: Arrays) -> None:
    """Write a whole npz file or nothing. ValueError if an array holds Python objects."""
    for name, array in arrays.items():
        # numpy 2.0 has no way to forbid pickles: it would store allow_pickle as an array.
        if array.dtype.kind not in "biufU":
            raise ValueError(f"{name} has dtype {array.dtype}, which a file cannot hold")
    named: Any = arrays
    with whole(path) as file:
        # A device such as /dev/null seems seekable, but it does not know where it is.
        seekable = file.seekable() and stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        start = file.tell() if seekable else 0
        np.savez_compressed(file if seekable else _Stream(file), **named)
        size = sum(array.nbytes + MOST_HEADER_BYTES for array in arrays.values())
        if seekable and size > _most_bytes(file.tell() - start):
            # Nearly empty arrays compress so well that the file would look forged.
            file.seek(start)
            file.truncate()
            np.savez(file, **named)


@contextmanager
def opened(path: Path) -> Iterator[Stored]:
    """Open an npz file and read all headers. The block reads the arrays.

    A ValueError names the file if it is damaged, if it would take too much memory, or if the block
    raises ValueError.
    """
    with open_regular(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield _stored(archive, file.seek(0, 2))
        except (ValueError, *_DAMAGE) as error:
            raise ValueError(refusal(path, error)) from error
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # The zip points to a place that no file can have.
            raise ValueError(refusal(path, error)) from error


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading. ValueError for pipes and devices, which may block or never end."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ValueError(refusal(path, "it is not a regular file"))
    return path.open("rb")


def refusal(path: Path, reason: object) -> str:
    """The message for a refused file: one line of fewer than 300 characters."""
    return f"{shown(path, 120)} is not a recommender's file: {shown(reason, 140)}"


def shown(given: object, most: int) -> str:
    """Cut a text to a length, without line ends and control characters."""
    text = " ".join(str(given).split()) or type(given).__name__
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    if len(text) <= most:
        return text
    # The end of a path tells more than its beginning.
    return f"...{text[3 - most :]}" if isinstance(given, Path) else f"{text[: most - 3]}..."


def text_of(stored: Stored, name: str, most: int) -> str:
    """Read a short text from an array without dimensions."""
    header = stored.headers[name]
    if header.dtype.kind != "U" or header.shape != () or header.dtype.itemsize > 4 * most:
        raise ValueError(f"{name} is not a text of at most {most} characters")
    array = stored.read(name)
    check_text(name, array)
    return str(array)


def check_text(name: str, array: npt.NDArray[Any]) -> None:
    """ValueError if an array of strings has a character that Unicode does not have."""
    codes = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint32)
    if codes.size and codes.max() > 0x10FFFF:
        raise ValueError(f"{name} has characters that are not in Unicode")


def json_of(text: str) -> Any:
    """Parse JSON that has no NaN and no infinities."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not allowed")

    return json.loads(text, parse_constant=refuse)


def _most_bytes(size: int) -> int:
    return MOST_BYTES_A_BYTE * size + SPARE_BYTES


@dataclass(frozen=True)
class _Member:
    """The place and the layout of an array in the zip."""

    info: zipfile.ZipInfo
    header: Header
    order: Any  # "C" or "F"
    start: int


def _stored(archive: zipfile.ZipFile, size: int) -> Stored:
    infos = archive.infolist()
    _check_directory(infos, size)
    members = {info.filename.removesuffix(".npy"): _member(archive, info) for info in infos}

    def read(name: str) -> npt.NDArray[Any]:
        found = members[name]
        header = found.header
        array = np.empty(math.prod(header.shape), header.dtype)
        with archive.open(found.info) as member:
            member.read(found.start)
            _fill(array.view(np.uint8).data, member)
        native = array.astype(header.dtype.newbyteorder("="), copy=False)
        return native.reshape(header.shape, order=found.order)

    return Stored({name: member.header for name, member in members.items()}, read)


def _check_directory(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse a zip that :func:`write` cannot have made, before anything is decompressed."""
    most = _most_bytes(size)
    total = sum(info.file_size for info in infos)
    if total > most:
        raise ValueError(f"its arrays take {total:,} bytes, but its size allows {most:,}")
    end, names = 0, set()
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{info.filename} is compressed by method {info.compress_type}")
        if info.header_offset < end:
            raise ValueError(f"{info.filename} overlaps the member before it")
        if info.filename in names:
            raise ValueError(f"{info.filename} is in it twice")
        if not info.filename.endswith(".npy"):
            raise ValueError(f"{info.filename} is not an array")
        names.add(info.filename)
        end = info.header_offset + _LOCAL_HEADER_BYTES + len(info.filename) + info.compress_size


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    """Read an array's header. numpy is not used, because its reader evaluates the header."""
    with archive.open(info) as member:
        begin = member.read(8)
        if begin not in (b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00"):
            raise ValueError(f"{info.filename} is not an array")
        width = 2 if begin[6] == 1 else 4
        length = int.from_bytes(member.read(width), "little")
        if length > MOST_HEADER_BYTES:
            raise ValueError(f"{info.filename} has a header of {length:,} bytes")
        text = member.read(length).decode("latin-1")
    match = _HEADER.fullmatch(text)
    if match is None:
        raise ValueError(f"{info.filename} has a header that cannot be read")
    order, kind, size = match[1], match[2], int(match[3])
    if size not in _SIZES.get(kind, range(1, 10**9)):
        raise ValueError(f"{info.filename} has a dtype that does not exist: {kind}{size}")
    shape = tuple(int(part) for part in match[5].split(",") if part.strip())
    start = 8 + width + length
    if start + math.prod(shape) * size * (4 if kind == "U" else 1) != info.file_size:
        raise ValueError(f"{info.filename} has a header that does not fit its size")
    header = Header(np.dtype(f"{order}{kind}{size}"), shape)
    return _Member(info, header, "F" if match[4] == "True" else "C", start)


def _fill(buffer: memoryview, member: IO[bytes]) -> None:
    """Fill the buffer from the rest of a member, and check the member's checksum."""
    place = 0
    while place < len(buffer):
        some = member.read(min(len(buffer) - place, 1 << 20))
        if not some:
            raise EOFError("it ends too early")
        buffer[place : place + len(some)] = some
        place += len(some)
    if member.read(1):
        raise ValueError("it goes on after its end")
