"""Runs row kernels over chunks of rows on threads.

A kernel writes only what belongs to its own rows (or clusters), so what it computes depends
neither on how they are cut nor on how many threads there are. Threads are plain Python threads:
kernels release the GIL, and unlike numba's ``parallel=True`` nothing aborts when two callers come
in at once.
"""

import itertools
import threading
from collections.abc import Callable

from kmeans_core.arrays import ceil_div
from kmeans_core.threads import pool, stopping

Task = Callable[[int, int], None]

# A round trip to the pool costs .07 to .17 ms; less work than this many multiply-adds (about
# .5 ms on one core) stays in the calling thread.
SMALL_WORK = 1_000_000

# Multiply-adds of a chunk at most, some .03 to .3 s: Ctrl-C is heard between two chunks.
CHUNK_WORK = 100_000_000

# Items of a chunk at most: of short rows what is done for each beside the multiply-adds counts.
MOST_ITEMS = 10_000_000

# Enough chunks for the threads to even out, few enough that the cost of a call does not show.
_CHUNKS_PER_THREAD = 8

# Seconds after which a wait looks whether those it waits for still exist.
_LOOK = 1.0


def run(
    n_items: int, work: int, n_threads: int, task: Task, *, most_items: int = MOST_ITEMS
) -> None:
    """Call ``task(start, stop)`` until every item of ``range(n_items)`` was in one chunk.

    Parameters
    ----------
    n_items : int
        Rows, mostly; clusters where their sums are made.
    work : int
        Multiply-adds of the whole, roughly; decides whether threads pay, and how long a chunk may
        be.
    n_threads : int
        Threads to use at most, the calling one included.
    task : callable
        Writes the results of items ``start`` to ``stop``, and nothing else.
    most_items : int
        Items of a chunk at most.

    Notes
    -----
    An exception in a task, and KeyboardInterrupt in the caller, stop the others at their next
    chunk and are raised once no task runs any more, so that no array is written to afterwards.
    Tasks of tasks are stopped too.
    """
    stopping.check()
    # A task that ran chunks of its own on threads would wait for the thread it occupies.
    n_workers = 1 if stopping.has_part() else min(n_threads, n_items)
    alone = n_workers <= 1 or work < SMALL_WORK
    if alone and work <= CHUNK_WORK and n_items <= most_items:
        task(0, n_items)
        return
    n_chunks = max(ceil_div(work, CHUNK_WORK), ceil_div(n_items, most_items))
    if not alone:
        n_chunks = max(n_chunks, n_workers * _CHUNKS_PER_THREAD)
    chunks = _Chunks(task, n_items, min(n_items, n_chunks))
    if alone:
        chunks.take()
    else:
        chunks.share(n_workers - 1)


class _Chunks:
    """The chunks of one call, and the threads that take them one after the other.

    The lock is held by nothing but a few steps of this call, in whichever thread: what may
    interrupt them (a signal handler, a finalizer) makes calls of its own.
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
        """Run one chunk after the other while there are any."""
        while not self.is_stopped and (chunk := next(self._next)) < self._n_chunks:
            stopping.check()
            self._task(
                self._n_items * chunk // self._n_chunks,
                self._n_items * (chunk + 1) // self._n_chunks,
            )

    def share(self, n_helpers: int) -> None:
        """Take chunks together with so many other threads, or as many as there are."""
        try:
            stopping.join(self)
            pool.lend(self._help, n_helpers)
            self.take()
        except stopping.Stopped:
            pass  # by the error of a helper
        except BaseException:
            self.is_stopped = True
            raise
        finally:
            self._dismiss()
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # which holds this frame, which holds it

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
        """Let no helper join any more, and wait until none is at work, however interrupted."""
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
            except BaseException as error:  # Ctrl-C, or what a signal handler raises
                self.is_stopped = True
                interruption = error
        if interruption is not None:
            raise interruption
        if self._n_helpers > 0:
            raise RuntimeError(
                "A signal handler forked this process while threads worked on a fit. They are not "
                "in the child, which cannot go on with that fit."
            )
