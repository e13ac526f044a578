"""The pictures of docs/plots.md: runs the steps of the page, and writes each picture it shows."""

import re
from collections.abc import Iterator
from doctest import DocTestParser
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.animation import FuncAnimation

PAGE = Path(__file__).parents[1] / "docs/plots.md"


def pictures_of(page: Path) -> Iterator[tuple[str, Any]]:
    """Run the steps of the page; yield the path of each picture, and what ``picture`` is there."""
    names: dict[str, Any] = {}
    text = page.read_text(encoding="utf-8")
    steps_and_paths = re.split(r"!\[[^]]*\]\(([^)]+)\)", text)
    for steps, path in zip(steps_and_paths[::2], steps_and_paths[1::2], strict=False):
        for example in DocTestParser().get_examples(steps):
            exec(compile(example.source, page.name, "exec"), names)
        yield path, names["picture"]


def write(picture: Any, path: Path) -> None:
    """Write an Axes, or an animation, to a file."""
    path.parent.mkdir(exist_ok=True)
    if isinstance(picture, FuncAnimation):
        picture.save(path, writer="pillow", dpi=70)
    else:
        picture.figure.savefig(path, dpi=80)


if __name__ == "__main__":
    with matplotlib.style.context("default"):
        for name, picture in pictures_of(PAGE):
            write(picture, PAGE.parent / name)
            print(f"wrote {name}")
