"""Axes: where values lie in a drawing, and which of them get a tick and a label."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from unicodedata import east_asian_width

# All charts are this wide, in units that are pixels on a phone of 360. On a wide screen they are
# drawn larger, at most by half, so that a text of 12 units is never smaller than 12 pixels.
WIDTH = 328.0

# Letters of 12 units are at most about this wide on average; Chinese letters are twice as wide.
LETTER = 7.4

# An axis with more labels than this is hard to read on a phone.
MOST_POWERS = 7


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

    Examples
    --------
    >>> Axis(1, 100, 0, 200, is_log=True).at(10)
    100.0
    >>> [tick.text for tick in Axis(0, 25_000, 0, 200).ticks()]
    ['0', '5,000', '10k', '15k', '20k', '25k']
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
        return round(self.start + share * (self.stop - self.start), 1)

    def ticks(self, n: int = 5) -> list[Tick]:
        """About n ticks at round values. A logarithmic axis has them at powers of ten."""
        low, high = self.low, self.high
        values = powers(low, high) if self.is_log else round_values(low, high, n)
        return [Tick(self.at(value), short(value)) for value in values]

    def _scaled(self, value: float) -> float:
        return log10(value) if self.is_log else value


def round_values(low: float, high: float, n: int = 5) -> list[float]:
    """About n values between two others: multiples of 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> round_values(0.5, 5.0), round_values(3, 3)
    ([1.0, 2.0, 3.0, 4.0, 5.0], [3])
    """
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / n
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    n_decimals = max(0, 1 - floor(log10(step)))
    # The sum turns -0.0 into 0.0.
    return [round(i * step, n_decimals) + 0.0 for i in range(first, last + 1)]


def powers(low: float, high: float) -> list[float]:
    """Powers of ten between two values above 0; also 2 and 5, or 3, times them if there are few.

    Examples
    --------
    >>> powers(1, 3000), powers(20, 300)
    ([1.0, 10.0, 100.0, 1000.0], [30.0, 100.0, 300.0])
    """
    exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
    every = -(-len(exponents) // MOST_POWERS)
    for factors in ((1,), (1, 3), (1, 2, 5)):
        values = [10.0**exponent * factor for exponent in exponents[::every] for factor in factors]
        inside = [value for value in values if low <= value <= high]
        if len(inside) >= 3:
            return inside
    return inside if len(inside) == 2 else round_values(low, high, 3)


def short(value: float) -> str:
    """Write a number as a label: 1,500 and 2,000,000 are 1,500 and 2M.

    Examples
    --------
    >>> short(0.5), short(1500), short(12_500), short(-3e9)
    ('0.5', '1,500', '12.5k', '-3G')
    """
    for size, unit, letter in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= size:
            return f"{value / unit:g}{letter}"
    return f"{value:,g}"


def width_of(text: str) -> float:
    """About the width of a text, in units of the drawing."""
    return LETTER * sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def widest(texts: Sequence[str]) -> float:
    """About the width of the widest text, in units of the drawing."""
    return max(map(width_of, texts), default=0.0)


def fitted(text: str, width: float) -> str:
    """Cut a text to a width; … marks the cut.

    Examples
    --------
    >>> fitted("Science Fiction", 60), fitted("War", 60)
    ('Science…', 'War')
    """
    if width_of(text) <= width:
        return text
    while text and width_of(text) + LETTER > width:
        text = text[:-1]
    return text.rstrip() + "…"
