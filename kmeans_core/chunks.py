"""Runs row kernels over chunks of rows on a pool of threads.

A kernel writes only what belongs to its own rows (or clusters), so what it computes depends
neither on how they are cut nor on how many threads there are. Threads are plain Python threads:
kernels release the GIL, and unlike numba's ``parallel=True`` nothing aborts when two callers come
in at once.
"""

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

Task = Callable[[int, int], None]

# A round trip to the pool costs .07 to .17 ms; less work than this many multiply-adds (about
# .5 ms on one core) stays in the calling thread.
SMALL_WORK = 1_000_000

# Enough chunks for the threads to even out, few enough that the cost of a call does not show.
_CHUNKS_PER_THREAD = 8

_pool: ThreadPoolExecutor | None = None
_pool_lock = threading.Lock()
_inside = threading.local()


def run(n_items: int, work: int, n_threads: int, task: Task) -> None:
    """Call ``task(start, stop)`` until every item of ``range(n_items)`` was in one chunk.

    Parameters
    ----------
    n_items : int
        Rows, mostly; clusters where their sums are made.
    work : int
        Multiply-adds of the whole, roughly; decides whether threads pay.
    n_threads : int
        Threads to use at most, the calling one included.
    task : callable
        Writes the results of items ``start`` to ``stop``, and nothing else.

    Notes
    -----
    An exception in a task, and KeyboardInterrupt in the caller, stop the others at their next
    chunk and are raised once no task runs any more, so that no array is written to afterwards.
    """
    # A task that ran chunks of its own would wait for the pool it occupies.
    nested = getattr(_inside, "pool", False)
    n_workers = min(n_threads, n_items)
    if n_workers <= 1 or work < SMALL_WORK or nested:
        task(0, n_items)
        return

    n_chunks = min(n_items, n_workers * _CHUNKS_PER_THREAD)
    bounds = [n_items * chunk // n_chunks for chunk in range(n_chunks + 1)]
    queue = itertools.count()  # next() is atomic: each chunk is taken once
    stop = threading.Event()

    def take_chunks() -> None:
        _inside.pool = True
        try:
            while not stop.is_set() and (chunk := next(queue)) < n_chunks:
                task(bounds[chunk], bounds[chunk + 1])
        except BaseException:
            stop.set()
            raise
        finally:
            _inside.pool = False

    helpers: list[Future[None]] = []
    try:
        _submit(take_chunks, n_workers - 1, helpers)
        take_chunks()
    except BaseException:
        stop.set()
        raise
    finally:
        _settle(helpers, stop)
    for helper in helpers:
        if not helper.cancelled():
            helper.result()


def _submit(function: Callable[[], None], times: int, helpers: list[Future[None]]) -> None:
    """Add a helper to ``helpers`` as soon as it may run, so that none is ever out of sight."""
    global _pool
    with _pool_lock:
        if _pool is None:
            # Threads are started as tasks come in, so the bound costs nothing until it is used.
            _pool = ThreadPoolExecutor(max_workers=max(64, os.cpu_count() or 1))
        try:
            # extend keeps what it has got when the generator raises
            helpers.extend(_pool.submit(function) for _ in range(times))
        except RuntimeError as error:
            # Once the main thread has ended no pool takes tasks. A thread that outlives it, or an
            # atexit handler, works alone.
            if "shutdown" not in str(error):
                raise


def _settle(helpers: list[Future[None]], stop: threading.Event) -> None:
    """Wait until no helper runs, however often the wait is interrupted."""
    interrupted: KeyboardInterrupt | None = None
    running = [helper for helper in helpers if not helper.cancel()]
    while running:
        try:
            running = list(wait(running).not_done)
        except KeyboardInterrupt as error:
            stop.set()
            interrupted = error
    if interrupted is not None:
        raise interrupted


def _drop_pool() -> None:
    """In a forked child the pool's threads do not exist; it would wait for them for ever."""
    global _pool, _pool_lock
    _pool = None
    _pool_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_pool)
