"""Progress bars on standard error; they say when code is compiled in a first run."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from tqdm import tqdm

from recsys.command import terminal
from recsys.printable import printable
from recsys.readers.heard import HowFar, heard_by

COMPILING = "compiling, once"


@contextmanager
def progress(total: int | None, unit: str) -> "Iterator[tqdm[Any]]":
    """A progress bar, shown where standard error is a terminal.

    While numba compiles, which takes seconds and happens in the first run only, the bar says so.
    """
    shown = terminal.shows_progress()
    with (
        tqdm(total=total, unit=unit, disable=not shown, leave=False) as bar,
        _telling_of_compilation(bar) if shown else nullcontext(),
    ):
        yield bar


@contextmanager
def reading() -> Iterator[None]:
    """Show how far each file of ratings is read in this block, as :func:`progress` does."""
    if not terminal.shows_progress():
        yield
        return
    bars: dict[str, tqdm[Any]] = {}

    def show(how_far: HowFar) -> None:
        file, done, total, unit = how_far
        if file not in bars:
            said = f"reading {printable(file)}"
            bars[file] = tqdm(desc=said, total=total, unit=unit, unit_scale=True, leave=False)
        bars[file].n = done
        bars[file].refresh()
        if done == total:
            bars.pop(file).close()

    try:
        with heard_by(show):
            yield
    finally:
        for bar in bars.values():
            bar.close()


@contextmanager
def _telling_of_compilation(bar: "tqdm[Any]") -> Iterator[None]:
    # numba is slow to import, and is needed here only where a bar is shown.
    from numba.core import event

    class Compilation(event.Listener):
        """Hears of each kernel that is compiled, but not of those that come from the cache."""

        depth = 0  # a kernel compiles the kernels that it calls
        before = ""

        def on_start(self, event: Any) -> None:
            if self.depth == 0:
                self.before = bar.desc.removesuffix(": ")
                bar.set_description(COMPILING)
            self.depth += 1

        def on_end(self, event: Any) -> None:
            self.depth -= 1
            if self.depth == 0:
                bar.set_description(self.before)

    with event.install_listener("numba:compile", Compilation()):
        yield
