"""Threads that wait until they can help. No lock guards them, so nothing can be left locked.

A signal handler or a finalizer may ask for help in the middle of another request of the same
thread, and a fork may happen at any time. Here one step decides, which Python takes as a whole:
the ``pop`` or ``append`` of a deque.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

# What a thread is asked to do. It calls what it is given when nothing is left but to say so.
Job = Callable[[Callable[[], None]], None]

MOST_THREADS = max(64, os.cpu_count() or 1)

_idle: deque[SimpleQueue[Job]] = deque()  # the inboxes of threads that wait
_started: list[threading.Thread] = []

# Raised in each forked child, where the threads of its parent do not exist.
generation = 0


def lend(job: Job, times: int) -> None:
    """Have up to ``times`` threads run the job soon; fewer, or none, where there are no more."""
    for _ in range(times):
        try:
            _idle.pop().put(job)
        except IndexError:
            if not _start(job):
                return


def _start(job: Job) -> bool:
    if len(_started) >= MOST_THREADS:
        return False
    inbox: SimpleQueue[Job] = SimpleQueue()
    inbox.put(job)
    thread = threading.Thread(target=_serve, args=(inbox,), name="kmeans_core", daemon=True)
    try:
        thread.start()
    except (RuntimeError, MemoryError):  # no more threads, or none in a process that ends
        return False
    _started.append(thread)
    return True


def _serve(inbox: "SimpleQueue[Job]") -> None:
    while True:
        job = inbox.get()
        # It waits again before the caller hears of the end, whose next call then finds it.
        job(lambda: _idle.append(inbox))
        del job  # and what it holds


def _forget_threads() -> None:
    global generation, _idle, _started
    generation += 1
    _idle, _started = deque(), []


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
