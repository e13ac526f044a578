"""How a kernel is compiled: without the GIL, cached on disk where numba finds a place to write."""

import warnings
from collections.abc import Callable
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
        return _compiled(function, cache=True)
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
        return _compiled(function, cache=False)


def _compiled(function: Callable[..., Any], *, cache: bool) -> Callable[..., Any]:
    # error_model="numpy": a division by zero gives inf or nan and costs no branch.
    compiled: Callable[..., Any] = njit(nogil=True, cache=cache, error_model="numpy")(function)
    return compiled
