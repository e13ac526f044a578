"""The documentation site in a browser: silent, self-contained, readable on a phone and by all."""

import os
from pathlib import Path

import pytest
from accessibility import violations
from measures import IDLE
from opening import Open

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    page.relative_to(DOCS).with_suffix("")
    for folder in (".", "learn", "how-to", "reference")
    for page in DOCS.glob(f"{folder}/*.md")
)
# One of each kind: a lesson, a recipe, tables, cards, and a page made from docstrings.
KINDS = ["index", "learn/assign-and-move", "how-to/text", "compatibility", "gallery"]
KINDS += ["reference/generated/kmeans_core.KMeans"]


@pytest.fixture(scope="session")
def site() -> Path:
    folder = os.environ.get("SITE_DIR")
    if not folder:
        pytest.skip("SITE_DIR does not name the folder of the built site")
    return Path(folder)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_is_silent_fetches_nothing_and_fits_a_phone(
    page: Path, site: Path, open_page: Open
) -> None:
    opened = open_page(site / f"{page}.html", width=360)
    opened.page.evaluate(IDLE)
    assert [said for said in opened.said if not said.startswith("log:")] == []
    assert [asked for asked in opened.asked if not asked.startswith(("file:", "data:"))] == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", KINDS)
def test_axe_finds_nothing(page: str, site: Path, open_page: Open, dark: bool) -> None:
    assert violations(open_page(site / f"{page}.html", dark=dark)) == []


@pytest.mark.parametrize("page", ["clustering", "generated/kmeans_core.KMeans"])
def test_a_phone_shows_each_text_of_the_reference(page: str, site: Path, open_page: Open) -> None:
    texts = open_page(site / f"reference/{page}.html", width=360).page.locator(
        ".bd-article :is(p, dt > *, td)"
    )
    ends = texts.evaluate_all("them => them.map(text => text.getBoundingClientRect().right)")
    assert 0 < max(ends) <= 360
