"""Whether the work that this thread has a part in has been stopped elsewhere."""

import threading
from typing import Protocol


class Stopped(BaseException):
    """Ends a thread's part in work that has been stopped; never seen outside of ``chunks``."""


class Work(Protocol):
    """What several threads have a part in."""

    is_stopped: bool


_part = threading.local()


def join(work: Work) -> None:
    """From now on this thread has a part in the work."""
    _part.work = work


def leave() -> None:
    """From now on this thread has a part in no work."""
    _part.work = None


def has_part() -> bool:
    """Whether this thread has a part in work of several threads."""
    return getattr(_part, "work", None) is not None


def stop() -> None:
    """Stop the work that this thread has a part in, if any."""
    work: Work | None = getattr(_part, "work", None)
    if work is not None:
        work.is_stopped = True


def check() -> None:
    """Raise ``Stopped`` if the work that this thread has a part in has been stopped."""
    work: Work | None = getattr(_part, "work", None)
    if work is not None and work.is_stopped:
        raise Stopped
