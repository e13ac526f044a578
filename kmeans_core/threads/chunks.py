"""Runs row kernels over chunks of rows on threads.

A kernel writes only what belongs to its own rows (or clusters). Its results therefore depend
neither on the chunks nor on the number of threads. Threads are plain Python threads: kernels
release the GIL. numba's ``parallel=True`` aborts the process when two callers enter it at once.
"""

import itertools
import threading
from collections.abc import Callable

from kmeans_core.arrays import ceil_div
from kmeans_core.threads import pool, stopping

Task = Callable[[int, int], None]

# Below this many multiply-adds (about .5 ms on one core) the work stays in the calling thread: a
# round trip to the pool costs .07 to .17 ms.
SMALL_WORK = 1_000_000

# The most multiply-adds in a chunk, .03 to .3 s: Ctrl-C is heard between two chunks.
CHUNK_WORK = 100_000_000

# The most items in a chunk. If rows are short, the work besides multiply-adds matters.
MOST_ITEMS = 10_000_000

# Chunks of this many multiply-adds balance the threads, within these limits for each thread. More
# chunks cost more calls, whose Python only one thread at a time can run: with 8 chunks a thread,
# fits of some milliseconds took up to 1.25 times as long as with 2.
BALANCED_WORK = 1_000_000
FEWEST_CHUNKS, MOST_CHUNKS = 2, 8

# Seconds after which a waiting thread checks that the threads it waits for still exist.
_LOOK = 1.0


def run(
    n_items: int, work: int, n_threads: int, task: Task, *, most_items: int = MOST_ITEMS
) -> None:
    """Call ``task(start, stop)`` for chunks that together cover ``range(n_items)`` once.

    Items are usually rows, or clusters if sums are added. ``work`` is the rough number of
    multiply-adds in total. It decides whether threads pay, and how long a chunk may be.
    ``n_threads`` includes the calling thread. The task writes only the results of its own items.

    An exception in a task, or KeyboardInterrupt in the caller, stops the other threads at their
    next chunk. It is raised after all tasks have ended, so no array is written to afterwards. Tasks
    that a task started are stopped too.
    """
    stopping.check()
    # A task must not run chunks of its own on threads: it would wait for the thread it occupies.
    n_workers = 1 if stopping.has_part() else min(n_threads, n_items)
    alone = n_workers <= 1 or work < SMALL_WORK
    if alone and work <= CHUNK_WORK and n_items <= most_items:
        task(0, n_items)
        return
    n_chunks = max(ceil_div(work, CHUNK_WORK), ceil_div(n_items, most_items))
    if not alone:
        each = min(max(work // (n_workers * BALANCED_WORK), FEWEST_CHUNKS), MOST_CHUNKS)
        n_chunks = max(n_chunks, n_workers * each)
    chunks = _Chunks(task, n_items, min(n_items, n_chunks))
    if alone:
        chunks.take()
    else:
        chunks.share(n_workers - 1)


class _Chunks:
    """The chunks of one call, and the threads that take them one after the other.

    The lock is held only for a few steps of this call. A signal handler or a finalizer that
    interrupts them makes calls of its own, with locks of their own.
    """

    def __init__(self, task: Task, n_items: int, n_chunks: int) -> None:
        self._task = task
        self._n_items = n_items
        self._n_chunks = n_chunks
        self._next = itertools.count()  # next() is one step: each chunk is taken once
        self.is_stopped = False
        self._error: BaseException | None = None  # the first of a helper
        self._lock = threading.Lock()
        self._is_closed = False
        self._n_helpers = 0  # at work now
        self._all_left = threading.Lock()
        self._all_left.acquire()
        self._generation = pool.generation

    def take(self) -> None:
        """Run chunks, one after the other, until all are taken."""
        while not self.is_stopped and (chunk := next(self._next)) < self._n_chunks:
            stopping.check()
            self._task(
                self._n_items * chunk // self._n_chunks,
                self._n_items * (chunk + 1) // self._n_chunks,
            )

    def share(self, n_helpers: int) -> None:
        """Take chunks together with up to ``n_helpers`` other threads."""
        try:
            stopping.join(self)
            pool.lend(self._help, n_helpers)
            self.take()
        except stopping.Stopped:
            pass  # a helper raised an error, which is raised below
        except BaseException:
            self.is_stopped = True
            raise
        finally:
            self._dismiss()
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # breaks the cycle: the error holds this frame

    def _help(self, rest: Callable[[], None]) -> None:
        with self._lock:
            joins = not self._is_closed
            self._n_helpers += joins
        if not joins:
            rest()
            return
        stopping.join(self)
        try:
            self.take()
        except stopping.Stopped:
            pass
        except BaseException as error:
            self._error = self._error or error
            self.is_stopped = True
        stopping.leave()
        rest()
        with self._lock:
            self._n_helpers -= 1
            is_last = self._is_closed and self._n_helpers == 0
        if is_last:
            self._all_left.release()

    def _dismiss(self) -> None:
        """Let no more helpers join, and wait until all have finished, despite interruptions."""
        interruption: BaseException | None = None
        while True:
            try:
                if self._generation == pool.generation:
                    with self._lock:
                        self._is_closed = True
                if self._n_helpers == 0 or self._generation != pool.generation:
                    stopping.leave()
                    break
                self._all_left.acquire(timeout=_LOOK)
            except BaseException as error:  # Ctrl-C, or an exception from a signal handler
                self.is_stopped = True
                interruption = error
        if interruption is not None:
            raise interruption
        if self._n_helpers > 0:
            raise RuntimeError(
                "A signal handler forked this process while threads worked on a fit. The threads "
                "do not exist in the child, so it cannot go on with that fit."
            )
