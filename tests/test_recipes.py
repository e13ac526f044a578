"""Recipes (docs/how-to): each has the same short form. The build of the site runs them."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs/how-to"
FRONT = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
"""
RECIPES = sorted(set(FOLDER.glob("*.md")) - {FOLDER / "index.md"})


@pytest.fixture(params=RECIPES, ids=lambda page: page.stem)
def page(request: pytest.FixtureRequest) -> str:
    return request.param.read_text(encoding="utf-8")


def test_the_index_lists_the_twelve_recipes() -> None:
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert len(RECIPES) == 12
    assert {page.stem for page in RECIPES} == set(re.findall(r"^[a-z-]+$", index, flags=re.M))


def test_a_recipe_is_a_notebook_that_checks_itself(page: str) -> None:
    assert page.startswith(f"{FRONT}# ")
    assert set(re.findall(r"^```\{(.+)$", page, flags=re.M)) == {"code-cell} ipython3"}
    checks = re.findall(r"^:tags: \[remove-cell\]$.*?^```$", page, flags=re.M | re.DOTALL)
    assert checks
    assert all("\nassert " in check for check in checks)


def test_a_recipe_begins_with_one_sentence(page: str) -> None:
    paragraph = page.removeprefix(FRONT).split("\n\n")[1]
    assert re.fullmatch(r"[A-Z][^.]*\.", paragraph)


def test_a_recipe_is_short_and_ends_with_warnings_and_links(page: str) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.removeprefix(FRONT), flags=re.M | re.DOTALL)
    assert 150 <= len(prose.split()) <= 400
    *_, warnings, more = re.split(r"^## ", prose, flags=re.M)
    assert warnings.startswith("What to look out for\n\n- ")
    assert 2 <= len(re.findall(r"^- ", warnings, flags=re.M)) <= 6
    assert more.startswith("More\n\n- ")
    assert all("](../" in line or ".md" in line for line in more.splitlines() if line[:2] == "- ")
    assert "](../" in more
