"""Threads that wait until they can help. No lock guards them, so nothing can be left locked.

A signal handler or a finalizer may ask for help while the same thread is asking already, and a
fork may happen at any time. So every change is one step that Python never interrupts: the ``pop``
or ``append`` of a deque.
"""

import _thread
import os
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

# The work for a thread. The job calls its argument when it is finished.
Job = Callable[[Callable[[], None]], None]

MOST_THREADS = max(64, os.cpu_count() or 1)

_idle: deque[SimpleQueue[Job]] = deque()  # the inboxes of threads that wait
_started: list[int] = []  # the identifiers of all threads

# Raised in each forked child, where the threads of its parent do not exist.
generation = 0


def lend(job: Job, times: int) -> None:
    """Have up to ``times`` threads run the job soon, or fewer if there are no more threads."""
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
    try:
        # threading.Thread.start waits until the thread runs. If a signal handler forks meanwhile,
        # the child waits forever, because the thread does not exist there.
        _started.append(_thread.start_new_thread(_serve, (inbox,)))
    except (RuntimeError, MemoryError):  # no more threads are allowed, or the process is ending
        return False
    return True


def _serve(inbox: "SimpleQueue[Job]") -> None:
    while True:
        job = inbox.get()
        # The thread is idle again before the caller goes on, so the caller's next call finds it.
        job(lambda: _idle.append(inbox))
        del job  # frees the arrays that the job refers to


def _forget_threads() -> None:
    global generation, _idle, _started
    generation += 1
    _idle, _started = deque(), []


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
