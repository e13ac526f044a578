"""The playground of docs/learn: what it shows, the run of a link, and where a place is."""

from pathlib import Path
from typing import Any

import numpy as np
from opening import Opened

PAGE = Path(__file__).parents[2] / "docs/learn/playground.html"

# The state and the run of each link.
RUNS = """links => links.map((link) => {
  playground.open(link);
  const { rows } = playground.state();
  return { link, rows, run: playground.run(), note: document.getElementById("note").textContent };
})"""

# In the plane, y grows upward. The drawing is 60 wide and 40 high.
IN_WINDOW = """([x, y]) => {
  const drawing = document.getElementById("drawing");
  const at = new DOMPoint(x, 40 - y).matrixTransform(drawing.getScreenCTM());
  return [at.x, at.y];
}"""


def digits(value: float) -> str:
    """A coordinate in a link: times ten, in base 36."""
    high, low = divmod(round(value * 10), 36)
    return "".join("0123456789abcdefghijklmnopqrstuvwxyz"[digit] for digit in (high, low))


def link_of(rows: Any, centers: Any) -> str:
    """A link with these rows and first centers."""
    packed = "".join(digits(value) for value in np.ravel(rows))
    flat = ",".join(repr(float(value)) for value in np.ravel(centers))
    return f"#data=own&start=hand&rows={packed}&centers={flat}"


def shown(opened: Opened) -> Any:
    return opened.page.evaluate("playground.state()")


def inside(opened: Opened, place: list[float]) -> tuple[float, float]:
    """Where a place of the plane is in the window."""
    x, y = opened.page.evaluate(IN_WINDOW, place)
    return x, y
