"""The cache of compiled kernels on disk: files with a checksum, so that damage is noticed."""

import hashlib
import os
import pickle
import warnings
from collections.abc import Callable
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile

_warned = False


def warn_once(problem: str) -> None:
    """Warn that compiled code is not stored, once in a process."""
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            f"{problem}, so each process compiles its own kernels; set NUMBA_CACHE_DIR to a folder "
            "that can be written.",
            RuntimeWarning,
            stacklevel=3,
        )


class KernelCache(FunctionCache):
    """numba's cache of one kernel, which treats damaged files and a full disk as no error."""

    def __init__(self, function: Callable[..., Any], stamp: Any) -> None:
        super().__init__(function)
        self._cache_file = CheckedFiles(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled kernel, or None if the cache has no usable one."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:
            return None  # a damaged file can raise any error; the kernel is compiled again

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save the compiled kernel, or warn if that fails."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            warn_once(f"numba cannot save compiled code in {self._cache_path} ({error})")


class CheckedFiles(IndexDataCacheFile):
    """numba's index and data files, each of which begins with a checksum.

    numba unpickles any file that it finds. So a damaged file can raise any error, and damaged
    machine code ends the process. numba also trusts the index to name the right data file. But
    another process, or a process that was killed between the two writes, may have written another
    kernel to that file. So each data file holds its own key.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        own_key, data = super().load(key) or (None, None)
        return data if own_key == key else None

    def _load_index(self) -> dict[Any, str]:
        return self._read(self._index_path) or {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, overloads)

    def _load_data(self, name: str) -> Any:
        return self._read(self._data_path(name))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _read(self, path: str) -> Any:
        """The content of a file, or None if it is damaged, stale or missing."""
        if not os.path.isfile(path):  # to read a pipe would never end
            return None
        try:
            with open(path, "rb") as file:
                checksum, content = file.read(hashlib.sha256().digest_size), file.read()
        except OSError:
            return None
        return pickle.loads(content) if checksum == self._checksum(content) else None

    def _write(self, path: str, what: Any) -> None:
        content = self._dump(what)
        with self._open_for_write(path) as file:
            file.write(self._checksum(content))
            file.write(content)

    def _checksum(self, content: bytes) -> bytes:
        identity = repr((self._version, self._index_name, self._source_stamp))
        return hashlib.sha256(identity.encode("utf-8", "surrogateescape") + content).digest()
