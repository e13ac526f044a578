"""A page in the browser, and what it said and asked for since it was opened."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Opened:
    """A page of Playwright, the messages of its console, and the addresses that it asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


# Opens a file or an address, in a window of some width, light or dark, with scripts or without.
Open = Callable[..., Opened]
