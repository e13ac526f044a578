"""The @kernel decorator: compiles without the GIL and caches the code on disk."""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.types import unliteral

from kmeans_core.kernels.cache import KernelCache, warn_once
from kmeans_core.kernels.compiling import unbroken, unless_stopped


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function`` at its first call, for the types of that call.

    numba's own cache raises an error at import if it can write neither beside the source nor in
    the user's cache (no HOME, read-only folders). Here such a kernel is compiled in every process,
    and one warning says so for all kernels.
    """
    # error_model="numpy": a division by zero gives inf or NaN and needs no branch. Nothing calls a
    # kernel as a C function, and its wrapper would take a twentieth of the time to compile.
    options: Any = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    done: Callable[..., Any] = njit(**options)(function)
    if done is function:
        return done  # the JIT is off
    compiled: Any = done
    compiled._compile_for_args = unbroken(compiled._compile_for_args)
    compile_one = unless_stopped(compiled.compile)
    # numba would compile a kernel that is called with the constant 0 once for 0 and once for int64.
    compiled.compile = lambda types_of: compile_one(tuple(map(unliteral, types_of)))
    try:
        # numba reuses a cached kernel until its own file changes. But the code of kernels in other
        # files is compiled into it too. So a change in any kernel file makes all caches stale.
        compiled._cache = KernelCache(function, _stamp_of(function.__code__.co_filename))
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        warn_once("numba finds no folder to cache compiled code in")
    return done


@cache
def _stamp_of(path: str) -> tuple[tuple[str, int, int], ...]:
    """The name, the modification time and the size of every file that a kernel may depend on.

    These are all files of this folder, the file of the kernel, and the files beside it whose names
    end in ``_kernels.py``.
    """
    own = Path(path)
    beside = sorted({own, *own.parent.glob("*_kernels.py")})
    return _stamp_of_this_folder() + _stamps(
        own.parent, [file for file in beside if file.is_file()]
    )


@cache
def _stamp_of_this_folder() -> tuple[tuple[str, int, int], ...]:
    folder = Path(__file__).parent
    return _stamps(folder, sorted(folder.rglob("*.py")))


def _stamps(folder: Path, files: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    return tuple(
        (str(file.relative_to(folder)), file.stat().st_mtime_ns, file.stat().st_size)
        for file in files
    )
