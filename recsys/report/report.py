"""Writes the sections to one HTML page that needs no other file and no network."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from kmeans_core.drawing import default_style
from recsys.data.ids import Id
from recsys.data.ratings import Ratings
from recsys.files import write_text
from recsys.printable import printable
from recsys.report.findings import OnStep, find
from recsys.report.sections import sections

PACKAGES = ("kmeans-core", "numpy", "scipy", "numba", "pandas", "matplotlib")


def write_report(
    ratings: Ratings,
    path: Path,
    *,
    seed: int = 0,
    user_id: Id | None = None,
    genres: Sequence[str] | None = None,
    command: str = "recsys.report.report.write_report",
    on_step: OnStep = lambda name: None,
) -> Path:
    """Find groups, predictions and recommendations in ratings, and write a page about them.

    Parameters
    ----------
    ratings : Ratings
    path : Path
        The HTML file. It appears only when it is complete.
    seed : int, default 0
    user_id : int or str, optional
        The user to recommend films to; a user of the largest group if not given.
    genres : sequence of str, optional
        The two or three genres to compare. The default is Romance, Sci-Fi and Action if the films
        have them, otherwise the genres of most films. Without two genres, the page leaves the
        sections about genres out.
    command : str
        The command that makes the page; the page shows it.
    on_step : callable, optional
        Called with the name of each step before the step.

    Returns
    -------
    Path
        The absolute path of the file.

    Raises
    ------
    ValueError, KeyError
        As :func:`recsys.report.findings.find`.
    OSError
        If the file cannot be written.
    """
    path = path.absolute()
    found = find(ratings, seed=seed, user_id=user_id, genres=genres, on_step=on_step)
    on_step("pictures")
    # The page looks the same everywhere. The caller's style may also need missing programs (TeX).
    with default_style():
        found_sections = list(sections(found))
    page = _render(
        sections=found_sections,
        source=ratings.source,
        seed=seed,
        command=command,
        versions=_versions(),
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_text(path, page)
    return path


def _render(**values: object) -> str:
    folder = files("recsys.report")
    # The template escapes all text except our own two files.
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    template = environment.from_string((folder / "template.html").read_text(encoding="utf-8"))
    style = Markup((folder / "style.css").read_text(encoding="utf-8"))
    script = Markup((folder / "script.js").read_text(encoding="utf-8"))
    return template.render(style=style, script=script, **values)


def _shown(value: object) -> object:
    """Replace characters of file names and titles that UTF-8 or HTML cannot hold."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value, keep="\n")
    return value


def _versions() -> list[str]:
    named = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            named.append(f"{package} {version(package)}")
        except PackageNotFoundError:  # the command runs from a checkout that is not installed
            named.append(f"{package} (not installed)")
    return named
