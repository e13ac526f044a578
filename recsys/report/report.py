"""Puts the sections into one HTML page that needs no other file and no network."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from recsys.files import write_text
from recsys.ratings import Ratings
from recsys.report.findings import OnStep, find
from recsys.report.sections import sections

PACKAGES = ("kmeans-core", "numpy", "scipy", "numba", "pandas", "matplotlib")


def write_report(
    ratings: Ratings,
    path: Path,
    *,
    seed: int = 0,
    user_id: int | None = None,
    command: str = "recsys.report.report.write_report",
    on_step: OnStep = lambda name: None,
) -> Path:
    """Find groups, predictions and recommendations in ratings and write the page about them.

    Parameters
    ----------
    ratings : Ratings
    path : Path
        The HTML file; it appears only once it is whole.
    seed : int, default 0
    user_id : int, optional
        Who is recommended to; a user of the largest group if not given.
    command : str
        What made the page, told in it.
    on_step : callable, optional
        Called with the name of each step as it begins.

    Returns
    -------
    Path
        The file, absolute.

    Raises
    ------
    ValueError, KeyError
        As :func:`recsys.report.findings.find`.
    OSError
        If the file cannot be written.
    """
    path = path.absolute()
    found = find(ratings, seed=seed, user_id=user_id, on_step=on_step)
    on_step("pictures")
    page = _render(
        sections=list(sections(found)),
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
    # Everything is escaped but the two files of our own.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((folder / "template.html").read_text(encoding="utf-8"))
    style = Markup((folder / "style.css").read_text(encoding="utf-8"))
    script = Markup((folder / "script.js").read_text(encoding="utf-8"))
    return template.render(style=style, script=script, **values)


def _versions() -> list[str]:
    named = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            named.append(f"{package} {version(package)}")
        except PackageNotFoundError:  # run from a checkout that is not installed
            named.append(f"{package} (not installed)")
    return named
