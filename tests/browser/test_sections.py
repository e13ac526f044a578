"""Single sections in a browser: links, tables, folded parts, cards, and paper."""

import re
from pathlib import Path

import pytest
from opening import Open

from recsys import builtin_ratings

# A4 without margins of 10 mm, in pixels of CSS.
WIDTH, HEIGHT, MARGIN = 718, 1047, "10mm"

# Columns of the size of a page of paper: the browser breaks columns as it breaks pages, and tells
# where the pieces of each element are.
AS_COLUMNS = f"""html {{ height: {HEIGHT}px; }}
body {{ width: {WIDTH}px !important; max-width: none !important; height: {HEIGHT}px !important;
  padding: 0 !important; margin: 0 !important; columns: {WIDTH}px auto; column-gap: 40px;
  column-fill: auto; }}"""

# What must not be torn, and is.
TORN = """() => [...document.querySelectorAll("h2, h3, h4, .card, figure, tr, svg, .likings li")]
  .filter(one => one.checkVisibility())
  .filter(one => new Set([...one.getClientRects()].map(box => box.left)).size > 1)
  .map(one => one.outerHTML.slice(0, 200))"""

# The first number of each cell of a column.
NUMBERS = """(table, column) => [...table.tBodies[0].rows]
  .map(row => parseFloat(row.cells[column].textContent.trim().replaceAll(",", "")))"""


def test_the_answer_leads_on(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    for anchor in ("rate", "tastes"):
        page.locator(f"#answer a[href='#{anchor}']:not(.anchor)").click()
        assert page.evaluate("location.hash") == f"#{anchor}"
        assert page.locator(f"#{anchor}-title").bounding_box()["y"] == pytest.approx(48, abs=60)


def test_each_section_can_be_reached_from_the_top(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    links = page.locator("nav a")
    anchors = [link.get_attribute("href") for link in links.all()]
    assert anchors == page.evaluate(
        "[...document.querySelectorAll('main > section')].map(one => `#${one.id}`)"
    )
    for place, anchor in enumerate(anchors):
        links.nth(place).press("Enter")
        assert page.evaluate("location.hash") == anchor


def test_first_columns_of_tables_are_sorted_by_numbers(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    page.evaluate("document.querySelectorAll('#data details').forEach(one => { one.open = true; })")
    n_sorted = 0
    for table in page.locator("#data table:has(th.number:first-child)").all():
        heading = table.locator("th").first
        before = table.evaluate(NUMBERS, 0)
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == "ascending"
        assert table.evaluate(NUMBERS, 0) == sorted(before)
        heading.locator("button").press("Enter")
        assert heading.get_attribute("aria-sort") == "descending"
        assert table.evaluate(NUMBERS, 0) == sorted(before, reverse=True)
        n_sorted += 1
    assert n_sorted == 5  # ratings, people, films, and two kinds of years


def test_times_are_unfolded_by_the_keyboard(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    assert page.locator("#source .times").is_hidden()
    page.locator("#source summary", has_text="The time of each step").press("Enter")
    assert page.locator("#source .times").is_visible()
    steps = page.locator("#source .times dt").all_text_contents()
    assert {"section rate", "groups of taste", "all until here"} <= set(steps)


def test_each_taste_has_a_card(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    cards = page.locator("#tastes li.card")
    assert cards.count() == 6
    badges = page.locator("#tastes .badge").all_text_contents()
    assert len(set(badges)) == 6
    sizes = page.locator("#tastes li.card > p:first-of-type").all_text_contents()
    people = [int(re.match(r"(\d+) people of 671", size)[1]) for size in sizes]
    assert sum(people) == builtin_ratings().n_users
    colors = "one => getComputedStyle(one).getPropertyValue('--taste')"
    assert len({card.evaluate(colors) for card in cards.all()}) == 6


@pytest.fixture(params=["builtin_page", "hostile_page", "real_page"])
def page_file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


def test_nothing_is_torn_on_paper(page_file: Path, open_page: Open) -> None:
    page = open_page(page_file, width=WIDTH).page
    folded = page.locator("details.print")
    assert folded.count() > 0
    margins = dict.fromkeys(("top", "bottom", "left", "right"), MARGIN)
    paper = page.pdf(format="A4", margin=margins)
    # The browser has told the page that it prints.
    assert all(folded.evaluate_all("all => all.map(one => one.open)"))
    page.emulate_media(media="print")
    page.add_style_tag(content=AS_COLUMNS)
    n_columns = page.evaluate(f"(document.documentElement.scrollWidth + 40) / {WIDTH + 40}")
    assert round(n_columns) == len(re.findall(rb"/Type\s*/Page\b", paper)) > 3
    assert page.evaluate(TORN) == []
