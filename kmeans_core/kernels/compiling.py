"""When a kernel is compiled: where no Ctrl-C can break it, and never while the process forks.

numba's compiler is one for all threads, under one lock. An exception in the midst of it, which
Ctrl-C or any signal handler may raise in the main thread, leaves kernels that fail ever after and
at times ends the process. A fork in the midst of it leaves that lock in the child, locked by a
thread that is not there.
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

# Bytes of stack that LLVM needs, with room to spare: 64 kB were too few, 256 kB enough. A program
# may have asked for small stacks for its threads (threading.stack_size).
LEAST_STACK = 2**20

# Seconds after which a wait looks whether the thread that it waits for still exists.
_LOOK = 0.5


def unbroken(compile_for: Callable[..., Any]) -> Callable[..., Any]:
    """The same compiler, which is stopped before or after a kernel, and never in between.

    Signal handlers run in the main thread alone, so another thread compiles what that one needs.
    A handler runs at once; what it raises is raised when the kernel is ready.
    """

    def compile_unbroken(*args: Any) -> Any:
        is_main = threading.current_thread() is threading.main_thread()
        has_room = not 0 < threading.stack_size() < LEAST_STACK
        # What interrupts a compilation of this very thread cannot wait for its end.
        if is_main and has_room and not global_compiler_lock.is_locked():
            return _in_another_thread(lambda: compile_for(*args))
        return compile_for(*args)

    return compile_unbroken


def unless_stopped(compile_one: Callable[..., Any]) -> Callable[..., Any]:
    """The same compiler of one kernel, or of one that another kernel calls.

    It does not begin once the work that asks for the kernel has been stopped.
    """

    def compile_unless_stopped(*args: Any) -> Any:
        with global_compiler_lock:
            stopping.check()
            return compile_one(*args)

    return compile_unless_stopped


class _Request:
    """The part that another thread has in the work of the main one."""

    is_stopped = False


def _in_another_thread(work: Callable[[], Any]) -> Any:
    """What ``work`` returns or raises."""
    request = _Request()
    turn = itertools.count()  # next() is one step, and whoever gets 0 does the work
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
            # The thread of a parent does not exist in its child.
            if not outcome and not thread.is_alive() and next(turn) == 0:
                outcome.append(_outcome(work))
        except BaseException as error:
            if next(turn) > 0:
                interruption = error  # the thread is at it
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
        del interruption, failure  # which hold this frame, which holds them
    return result


def _outcome(work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return work(), None
    except BaseException as error:
        return None, error


def _tells_of_no_thread(error: BaseException) -> bool:
    # Such as "can't start new thread", and another where the interpreter ends.
    return isinstance(error, MemoryError | RuntimeError) and "new thread" in str(error)


# Forks ---------------------------------------------------------------------------------------


_forking = threading.local()


def _holding_the_compiler() -> Iterator[None]:
    # The plain locks inside: a thread that forks in the midst of compiling holds them already.
    with global_compiler_lock._lock, llvmlite.binding.ffi.lib._lock._lock:
        yield


def _hold() -> None:
    """Wait until no other thread compiles, and let none begin; whatever interrupts the wait."""
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
        raise interruption  # out of a hook of fork, which Python reports


def _release() -> None:
    for holder in _forking.holders.pop():
        with suppress(RuntimeError):
            holder.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release)
