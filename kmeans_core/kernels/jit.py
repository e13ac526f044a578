"""How a kernel is compiled: without the GIL, cached on disk where numba finds a place to write."""

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit

_warned = False


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function`` at its first call, for the types of that call.

    With ``cache=True`` numba raises already at import where it can write neither beside the source
    nor in the user's cache (no HOME, read-only folders). An import must not fail for want of a
    cache: such a kernel is compiled anew in each process, and one warning says so for all of them.
    """
    global _warned
    try:
        return _compiled(function, cached=True)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        if not _warned:
            _warned = True
            warnings.warn(
                "numba finds no folder to cache compiled code in, so each process compiles its "
                "own; set NUMBA_CACHE_DIR to a folder that can be written.",
                RuntimeWarning,
                stacklevel=2,
            )
        return _compiled(function, cached=False)


def _compiled(function: Callable[..., Any], *, cached: bool) -> Callable[..., Any]:
    # error_model="numpy": a division by zero gives inf or nan and costs no branch.
    compiled: Callable[..., Any] = njit(nogil=True, cache=cached, error_model="numpy")(function)
    # numba takes a cached kernel for fresh while its own file is as it was. But kernels call
    # kernels of other files, whose code is compiled into them: any changed file makes all stale.
    cache_file: Any = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if hasattr(cache_file, "_source_stamp"):
        cache_file._source_stamp = _stamp_of_all_kernels()
    return compiled


@cache
def _stamp_of_all_kernels() -> tuple[tuple[str, int, int], ...]:
    """Name, time of change and size of every kernel file."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
