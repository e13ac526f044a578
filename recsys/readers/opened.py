"""Opens a file of any compression and encoding as text."""

import bz2
import codecs
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO

from recsys.data.ratings import RatingsError
from recsys.extras import install
from recsys.readers.archives import ALWAYS_ALLOWED, MOST_EXPANSION, ArchiveError, open_zip
from recsys.readers.formats import Folder

BLOCK_BYTES = 1 << 20

ZIP_START = b"PK\x03\x04"
_ZSTD_START = b"\x28\xb5\x2f\xfd"
_UNPACKERS: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": lambda packed: gzip.GzipFile(fileobj=packed),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    _ZSTD_START: lambda packed: _zstd(packed),
}
# The decoders raise these for damaged data.
_DAMAGES = (zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile)

# cp1252 has no letter for these bytes. latin-1 has one for every byte.
_NOT_IN_CP1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


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
    size : int or None
        The number of bytes of the text, or None if it is packed.
    """

    file: str
    stream: TextIO
    encoding: str
    notes: tuple[str, ...]
    size: int | None


@contextmanager
def opened_text(path: Folder, encoding: str | None = None) -> Iterator[Text]:
    """Open a file of text, packed or not, in UTF-8, UTF-16, cp1252 or latin-1.

    Parameters
    ----------
    path : Path or zipfile.Path
        The file. A zip must hold exactly one file.
    encoding : str, optional
        The encoding, if it is known from a `Look`. Otherwise the whole file is read once to find
        it.

    Yields
    ------
    Text

    Raises
    ------
    RatingsError
        If the file cannot be read, is damaged, or unpacks to more than 10 MB and more than 100
        times its size.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ratings")
    ...     _ = path.write_bytes(gzip.compress("é,1\\r\\n".encode("latin-1")))
    ...     with opened_text(path) as text:
    ...         print(repr(text.stream.read()), *text.notes)
    'é,1\\n' encoding cp1252 (guessed)
    """
    encoding = encoding or encoding_of(path)
    is_guessed = encoding in ("cp1252", "latin-1")
    notes = (f"encoding {encoding} (guessed)",) if is_guessed else ()
    with opened_bytes(path) as stream:
        text = io.TextIOWrapper(stream, encoding)
        yield Text(str(path), text, encoding, notes, plain_size(stream))


@contextmanager
def opened_bytes(path: Folder) -> Iterator[BinaryIO]:
    """Open a file of bytes, packed or not. Its first bytes tell how it is packed."""
    try:
        with ExitStack() as stack:
            stream: Any = stack.enter_context(path.open("rb"))
            start, size = _start_and_size(stream)
            if start.startswith(ZIP_START):
                stream = stack.enter_context(_only_member(path))
                start, size = _start_and_size(stream)
            for magic, unpacker in _UNPACKERS.items():
                if start.startswith(magic):
                    unpacked = _Unpacked(unpacker(stream), str(path), size)
                    stream = stack.enter_context(io.BufferedReader(unpacked, BLOCK_BYTES))
            yield stream
    except ArchiveError as error:
        raise RatingsError(f"{path}: {error}") from error
    except OSError as error:
        raise RatingsError(f"{path}: cannot be read: {error.strerror or error}") from error


def plain_size(stream: Any) -> int | None:
    """The number of bytes of an open file, or None if the stream is unpacked from a file."""
    raw = getattr(stream, "raw", None)
    return os.fstat(raw.fileno()).st_size if isinstance(raw, io.FileIO) else None


def encoding_of(path: Folder) -> str:
    """Find the encoding of a file of text: by its byte order mark, or by trying."""
    with opened_bytes(path) as stream:
        block = stream.read(BLOCK_BYTES)
        encoding = _marked_encoding(block)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while block:
                decoder.decode(block)
                block = stream.read(BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            if encoding in ("utf-8-sig", "utf-16"):
                reason = f"it begins as {encoding}, and holds other bytes ({error.reason})"
                raise RatingsError(f"{path}: the file is damaged: {reason}") from None
            return _one_byte_encoding(block, iter(lambda: stream.read(BLOCK_BYTES), b""))
    return encoding


def _marked_encoding(start: bytes) -> str:
    """The encoding that a byte order mark or many zeros show, otherwise UTF-8."""
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[0::2])):
        if zeros.count(0) > 0.4 * len(zeros):
            return encoding
    return "utf-8"


def _one_byte_encoding(block: bytes, rest: Iterator[bytes]) -> str:
    for part in (block, *rest):
        if any(byte in part for byte in _NOT_IN_CP1252):
            return "latin-1"
    return "cp1252"


def _start_and_size(stream: IO[bytes]) -> tuple[bytes, int]:
    start = stream.read(8)
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return start, size


@contextmanager
def _only_member(path: Folder) -> Iterator[IO[bytes]]:
    if not isinstance(path, Path):
        raise RatingsError(f"{path}: a zip in a zip; unpack the outer one")
    with open_zip(path) as archive:
        files = [member for member in archive.infolist() if not member.is_dir()]
        if len(files) != 1:
            names = ", ".join(sorted(member.filename for member in files)[:20])
            raise RatingsError(f"{path}: a zip of several files; unpack it, and name one: {names}")
        with archive.open(files[0]) as stream:
            yield stream


def _zstd(packed: BinaryIO) -> Any:
    return arrow("a file packed by zstd").CompressedInputStream(packed, "zstd")


def arrow(what: str) -> Any:
    """Import pyarrow; without it, a RatingsError says what to install."""
    try:
        import pyarrow
    except ImportError:
        raise RatingsError(f"{what} needs pyarrow: {install('arrow')}, or save it as CSV") from None
    return pyarrow


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a stream. It stops at damage, and where the stream expands too much."""

    def __init__(self, stream: Any, file: str, packed_size: int) -> None:
        self._stream = stream
        self._file = file
        self._left = max(ALWAYS_ALLOWED, MOST_EXPANSION * packed_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._stream.read(len(buffer))
        except _DAMAGES as error:
            raise RatingsError(f"{self._file}: the file is damaged: {error}") from error
        except OSError as error:
            # Damaged bz2 and zstd data raise an OSError without a number.
            if error.errno is not None:
                raise
            raise RatingsError(f"{self._file}: the file is damaged: {error}") from error
        self._left -= len(block)
        if self._left < 0:
            raise RatingsError(
                f"{self._file}: the file unpacks to more than {MOST_EXPANSION} times its size; "
                "unpack it first if you trust it"
            )
        buffer[: len(block)] = block
        return len(block)
