"""Compiles kernels so that Ctrl-C cannot break the compiler, and never while the process forks.

All threads share one compiler of numba, under one lock. Ctrl-C or a signal handler can raise an
exception in the main thread while it compiles. That leaves kernels that fail from then on, and
sometimes ends the process. A fork during compilation leaves the lock in the child, held by a
thread that does not exist there.
"""

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import llvmlite.binding.ffi
from numba.core.compiler_lock import global_compiler_lock

from kmeans_core.threads import stopping

# Bytes of stack for LLVM: 64 kB were too few and 256 kB were enough. A program can give its threads
# smaller stacks (threading.stack_size).
LEAST_STACK = 2**20

# Seconds after which a waiting thread checks that the compiling thread still exists.
_LOOK = 0.5


def unbroken(compile_for: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a compiler so that an interruption takes effect before or after a kernel.

    Signal handlers run in the main thread only, so another thread compiles for the main thread.
    A handler runs at once. If it raises an exception, it is raised again when the kernel is ready.
    """

    def compile_unbroken(*args: Any) -> Any:
        is_main = threading.current_thread() is threading.main_thread()
        has_room = not 0 < threading.stack_size() < LEAST_STACK
        # If this thread already holds the lock of the compiler, another thread would wait forever.
        if is_main and has_room and not global_compiler_lock.is_locked():
            return _in_another_thread(lambda: compile_for(*args))
        return compile_for(*args)

    return compile_unbroken


def unless_stopped(compile_one: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the compiler of one kernel so that it does not begin after the work was stopped."""

    def compile_unless_stopped(*args: Any) -> Any:
        with global_compiler_lock:
            stopping.check()
            return compile_one(*args)

    return compile_unless_stopped


class _Request:
    """Work of the main thread that another thread takes part in."""

    is_stopped = False


def _in_another_thread(work: Callable[[], Any]) -> Any:
    """Do the work in another thread; return its result or raise its exception."""
    request = _Request()
    turn = itertools.count()  # next() cannot be interrupted; the thread that gets 0 does the work
    outcome: list[tuple[Any, BaseException | None]] = []
    is_done = threading.Lock()
    is_done.acquire()

    def do() -> None:
        with global_compiler_lock:
            if next(turn) == 0:
                stopping.join(request)
                outcome.append(_outcome(work))
        is_done.release()

    thread = threading.Thread(target=do, name="kmeans_core compiles")
    is_asked = False
    interruption: BaseException | None = None
    while not outcome:
        try:
            if not is_asked:
                is_asked = True
                thread.start()
            is_done.acquire(timeout=_LOOK)
            # If the process forked, the other thread does not exist in the child.
            if not outcome and not thread.is_alive() and next(turn) == 0:
                outcome.append(_outcome(work))
        except BaseException as error:
            if next(turn) > 0:
                interruption = error  # the other thread is compiling
                request.is_stopped = True
                stopping.stop()
            elif _tells_of_no_thread(error):
                outcome.append(_outcome(work))
            else:
                raise
    result, failure = outcome.pop()
    try:
        if interruption is not None:
            raise interruption
        if failure is not None:
            raise failure
    finally:
        del interruption, failure  # breaks the cycle: they hold this frame
    return result


def _outcome(work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return work(), None
    except BaseException as error:
        return None, error


def _tells_of_no_thread(error: BaseException) -> bool:
    # "can't start new thread", or a similar message while the interpreter shuts down.
    return isinstance(error, MemoryError | RuntimeError) and "new thread" in str(error)


# Forks ---------------------------------------------------------------------------------------


_forking = threading.local()


def _holding_the_compiler() -> Iterator[None]:
    # The reentrant locks inside: a thread that forks while it compiles holds them already.
    with global_compiler_lock._lock, llvmlite.binding.ffi.lib._lock._lock:
        yield


def _hold() -> None:
    """Wait until no thread compiles, even if interrupted, and let no compilation begin."""
    holders: list[Iterator[None]] = []
    _forking.holders = [*getattr(_forking, "holders", []), holders]
    interruption: BaseException | None = None
    while True:
        try:
            holders.append(_holding_the_compiler())
            next(holders[-1])
            break
        except BaseException as error:
            interruption = error
    if interruption is not None:
        raise interruption  # Python prints exceptions of fork hooks


def _release() -> None:
    for holder in _forking.holders.pop():
        with suppress(RuntimeError):
            holder.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release)
