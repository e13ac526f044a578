"""Steps: the times of the named steps of a report, which a progress bar can follow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time

# Called before each step with its name, the number of finished parts of the page, and of all parts.
OnStep = Callable[[str, int, int], None]


@dataclass
class Time:
    """Seconds that a step took."""

    wall: float = 0.0
    cpu: float = 0.0


class Steps:
    """Times the steps. The time of a step within another counts for the inner one alone."""

    def __init__(self, n_parts: int, on_step: OnStep) -> None:
        self.times: dict[str, Time] = {}
        self._open: list[str] = []
        self._since = (0.0, 0.0)
        self._n_parts, self._n_done, self._on_step = n_parts, 0, on_step

    @contextmanager
    def step(self, name: str, *, is_part: bool = False) -> Iterator[None]:
        """Time a step. A part of the page moves the bar when it is done."""
        self._charge()
        self._open.append(name)
        self.times.setdefault(name, Time())
        self._on_step(name, self._n_done, self._n_parts)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()
            self._n_done += is_part

    def _charge(self) -> None:
        """Give the time since the last change to the innermost open step."""
        now = perf_counter(), process_time()
        if self._open:
            time = self.times[self._open[-1]]
            time.wall += now[0] - self._since[0]
            time.cpu += now[1] - self._since[1]
        self._since = now
