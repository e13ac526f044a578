"""Axes: where values lie in a drawing, and which of them get a tick and a label."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

# All charts are this wide, in units that are pixels on a phone of 360. On a wide screen they are
# drawn larger, at most by half, so that a text of 12 units is never smaller than 12 pixels.
WIDTH = 328.0

# Letters of 12 units are about this wide on average.
LETTER = 6.6


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in the drawing and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """Maps values from ``low`` to ``high`` to places from ``start`` to ``stop``.

    ``stop`` may lie before ``start``, as for heights: y grows downward in an SVG. With
    ``is_log``, equal factors have equal lengths; ``low`` must then be above 0.
    """

    low: float
    high: float
    start: float
    stop: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """The place of a value."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        share = (self._scaled(value) - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.stop - self.start), 2)

    def ticks(self, n: int = 5) -> list[Tick]:
        """About n ticks at round values."""
        values = (
            _powers(self.low, self.high) if self.is_log else round_values(self.low, self.high, n)
        )
        return [Tick(self.at(value), short(value)) for value in values]

    def _scaled(self, value: float) -> float:
        return log10(value) if self.is_log else value


def round_values(low: float, high: float, n: int = 5) -> list[float]:
    """About n values between two others: multiples of 1, 2 or 5 times a power of ten."""
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / n
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(i * step, 10) + 0.0 for i in range(first, last + 1)]


def short(value: float) -> str:
    """A number as a label: 1,500 and 2,000,000 are 1,500 and 2M; no more digits than needed."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):g}{letter}"
    return f"{value:,g}" if abs(value) < 1e6 else f"{value:,.0f}"


def widest(texts: Sequence[str]) -> float:
    """About the width of the longest text, in units of the drawing."""
    return LETTER * max(map(len, texts), default=0)


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten between two values, and 2 and 5 times them if there are few."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5)):
        values = [10.0**power * factor for power in powers for factor in factors]
        inside = [value for value in values if low <= value <= high]
        if len(inside) >= 3:
            break
    return inside
