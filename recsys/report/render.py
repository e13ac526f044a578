"""Renders templates: everything is escaped, except HTML that other templates made and our files."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from recsys.printable import printable


def render(template: str, **values: Any) -> Markup:
    """Render a file of the folder templates."""
    return Markup(_environment().get_template(template).render(**values))


def static(name: str) -> Markup:
    """Read a style or a script of the folder static, as it is."""
    return Markup((files("recsys.report") / "static" / name).read_text(encoding="utf-8"))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("recsys.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """Replace characters that UTF-8 or HTML cannot hold, and round places in drawings."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value, keep="\n")
    return value
