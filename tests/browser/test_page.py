"""The page in a browser: silent, self-contained, readable on a phone, by all, and in the dark."""

from pathlib import Path

import pytest
from accessibility import violations
from hostile import TITLES
from measures import IDLE, STICKS_OUT, TEXT_SIZES
from opening import Open

from recsys.titles.names import spoken

KINDS = ["builtin_page", "hostile_page", "people_page"]

# 1 MB: what a mail server lets through, and what a phone loads at once.
LARGEST = 1_000_000

UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


@pytest.fixture(params=KINDS)
def page_file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(page_file: Path, open_page: Open, dark: bool) -> None:
    opened = open_page(page_file, dark=dark)
    opened.page.evaluate(UNFOLD)
    assert violations(opened) == []


def test_axe_finds_nothing_on_a_phone(builtin_page: Path, open_page: Open) -> None:
    assert violations(open_page(builtin_page, width=360)) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_it_is_silent_fetches_nothing_and_fits(
    page_file: Path, open_page: Open, width: int
) -> None:
    opened = open_page(page_file, width=width)
    page = opened.page
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(STICKS_OUT) == []
    sizes = page.evaluate(TEXT_SIZES)
    assert len(sizes) > 30
    assert [text for text in sizes if text[0] < 11.99] == []
    page.evaluate(IDLE)
    assert opened.said == []
    assert opened.asked == [page_file.as_uri()]


def test_titles_are_text(hostile_page: Path, open_page: Open) -> None:
    opened = open_page(hostile_page)
    opened.page.evaluate(UNFOLD)
    text = opened.page.evaluate("document.body.textContent")
    for title in TITLES:
        name = spoken(title).replace("\u202e", "\\u202e").replace("\t", "\\t")
        assert name.strip()[:60] in text or name.strip()[:60].replace("\\t", " ") in text, title
    sources = "[...document.querySelectorAll('script, img, iframe, object, embed')]"
    assert (
        opened.page.evaluate(f"{sources}.filter(one => one.src || one.tagName != 'SCRIPT').length")
        == 0
    )
    assert opened.page.evaluate("document.querySelectorAll('[onload], [onerror]').length") == 0
    assert opened.said == []


def test_without_scripts_all_sections_can_be_read(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page, scripts=False).page
    for section in page.locator("main > section").all():
        assert len(section.inner_text()) > 100
    assert page.locator(".needs-script:visible").count() == 0


def test_the_dark_page_is_dark_and_paper_is_white(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page, dark=True).page
    brightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    assert max(page.evaluate(brightness)) < 60
    page.emulate_media(media="print")
    assert page.evaluate(brightness) == [255, 255, 255]
    assert page.locator("nav, .needs-script").filter(visible=True).count() == 0


def test_links_to_sections_are_folded_on_a_phone(builtin_page: Path, open_page: Open) -> None:
    assert open_page(builtin_page).page.locator("nav a").last.is_visible()
    page = open_page(builtin_page, width=360, scripts=False).page
    link = page.locator("nav a").last
    assert not link.is_visible()
    page.locator("nav summary").click()
    link.click()
    assert page.url.endswith("#source")


def test_paper_shows_what_is_folded_without_scripts(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page, scripts=False).page
    fault = page.locator("details.step .fault").first
    assert not fault.is_visible()
    page.emulate_media(media="print")
    assert fault.is_visible()
    assert page.locator("details.calls, details.numbers").filter(visible=True).count() == 0


def test_tab_reaches_the_content_first(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("kind", ["builtin_page", "real_page"])
def test_the_page_can_be_sent(kind: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(kind)
    assert path.stat().st_size < LARGEST


def test_the_real_page_is_silent_and_fits_a_phone(real_page: Path, open_page: Open) -> None:
    opened = open_page(real_page, width=360)
    opened.page.evaluate(UNFOLD)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert opened.said == []
    assert opened.asked == [real_page.as_uri()]


def test_headings_of_tables_sort(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    page.evaluate(UNFOLD)
    table = page.locator("#data table").first
    button = table.locator("th.number button").first
    column = button.evaluate("one => one.closest('th').cellIndex")

    def values() -> list[float]:
        cells = table.locator(f"tbody td:nth-child({column + 1})").all_inner_texts()
        return [float(cell.replace(",", "")) for cell in cells]

    button.click()
    assert values() == sorted(values())
    button.click()
    assert values() == sorted(values(), reverse=True)
