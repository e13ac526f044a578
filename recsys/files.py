"""Files that are written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file to write instead, which takes the place of ``path`` if nothing is raised.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Path
        In the same folder; gone afterwards.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
