"""Tells a thread that the work it takes part in was stopped by another thread."""

import threading
from typing import Protocol


class Stopped(BaseException):
    """Raised in a thread to end its part in stopped work; ``chunks`` always catches it."""


class Work(Protocol):
    """Work that several threads take part in."""

    is_stopped: bool


_part = threading.local()


def join(work: Work) -> None:
    """Let this thread take part in the work."""
    _part.work = work


def leave() -> None:
    """End this thread's part in any work."""
    _part.work = None


def has_part() -> bool:
    """Whether this thread takes part in work of several threads."""
    return getattr(_part, "work", None) is not None


def stop() -> None:
    """Stop the work that this thread takes part in, if any."""
    work: Work | None = getattr(_part, "work", None)
    if work is not None:
        work.is_stopped = True


def check() -> None:
    """Raise ``Stopped`` if the work that this thread takes part in was stopped."""
    work: Work | None = getattr(_part, "work", None)
    if work is not None and work.is_stopped:
        raise Stopped
