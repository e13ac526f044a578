"""The table of forms in docs/formats.md says what the code knows."""

import re
import shlex
from pathlib import Path

import pytest

from recsys.readers.exports import EXPORTS
from recsys.readers.forms import FORMS, Form, Places

DOCS = Path(__file__).parents[3] / "docs" / "formats.md"


def table_under(heading: str) -> dict[str, list[str]]:
    """The rows of the first table under a heading, by their first cell."""
    section = DOCS.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0]: row[1:] for row in rows}


def columns_of(form: Form) -> str | None:
    """The cell of columns where the code names them."""
    if form.roles is None:
        return "by name" if form.read is None else None
    roles = [(role, getattr(form.roles, role)) for role in Places.__dataclass_fields__]
    known = [(role, place) for role, place in roles if place is not None]
    return ", ".join(
        place if isinstance(place, str) else f"{place + 1} {role}" for role, place in known
    )


def names_of(patterns: tuple[str, ...], none: str) -> str:
    return ", ".join(f"`{pattern}`" for pattern in patterns) or none


def test_every_form_has_a_row_in_the_order_of_the_code() -> None:
    assert list(table_under("Forms that are known")) == [form.name for form in FORMS]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_row_of_a_form_says_what_the_code_knows(form: Form) -> None:
    files, columns, scale, absent, movies, _ = table_under("Forms that are known")[form.name]
    assert files == names_of(form.files, "any")
    assert columns_of(form) in (columns, None)
    assert scale == ("counts" if form.counts else str(form.scale or "worked out"))
    assert absent == (", ".join(f"{value:g}" for value in form.absent) or "none")
    assert movies == names_of(form.movies, "none")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_command_of_a_form_is_one_that_reads_data(form: Form) -> None:
    command = table_under("Forms that are known")[form.name][-1]
    assert shlex.split(command.strip("`"))[:3] == ["recsys", "report", "--data"]


def test_every_export_has_a_row() -> None:
    rows = table_under("Exports of one person")
    assert list(rows) == list(dict.fromkeys(export.name for export in EXPORTS))
    for export in EXPORTS:
        columns = rows[export.name][1]
        shown = {re.sub(r"\W", "", column).lower() for column in re.split("[,(:)]", columns)}
        assert export.columns <= shown
