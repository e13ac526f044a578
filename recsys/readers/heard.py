"""Lets a caller hear how far a file of ratings is read, to show it in a progress bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from recsys.readers.formats import Folder


class HowFar(NamedTuple):
    """How much of a file is read: `done` of `total` units. The total is None if it is unknown."""

    file: str
    done: int
    total: int | None
    unit: str


Listener: TypeAlias = Callable[[HowFar], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Call the listener from time to time while a file is read in this block.

    Examples
    --------
    >>> from pathlib import Path
    >>> with heard_by(print):
    ...     tell_how_far(Path("data", "ratings.csv"), 5, 20, "B")
    HowFar(file='ratings.csv', done=5, total=20, unit='B')
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell_how_far(file: "Folder", done: int, total: int | None, unit: str) -> None:
    """Tell the listener, if there is one, how much of a file is read."""
    listener = _listener.get()
    if listener is not None:
        listener(HowFar(file.name, done, total, unit))
