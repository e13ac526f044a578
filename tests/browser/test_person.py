"""The section "person" in a browser: a reader chooses a user, whose list is that of Hybrid."""

from pathlib import Path
from typing import Any

import pytest
from hostile import hostile_ratings
from opening import Open

from recsys import Hybrid, Ratings
from recsys.printable import printable
from recsys.titles.names import spoken

# Real people's ratings are not for passing on.
WARNING = "This section shows ratings of real people."

# All that is shown of a person: texts, and where the marks of the drawings are. Python writes 32.0
# where a script writes 32, and the template has more white space.
SHOWN = """() => {
  const places = ["x", "x1", "x2", "y", "y1", "y2", "cx", "cy", "points", "class", "viewBox"];
  const drawn = one => places.map(name => (one.getAttribute(name) ?? "").replace(/\\.0\\b/g, ""));
  const shown = document.getElementById("person-shown");
  const texts = [...shown.querySelectorAll("h3, h4, p, li, td, figcaption, text")];
  return {
    texts: texts.map(one => one.textContent.replace(/\\s+/g, "")),
    marks: [...shown.querySelectorAll("svg, svg *")].map(drawn),
  };
}"""


def films(page: Any) -> list[str]:
    found: list[str] = page.locator(".person-films .film").all_text_contents()
    return found


def choose(page: Any, user_id: str) -> None:
    """Type a user's id and press Enter."""
    page.locator("#person-id").fill(user_id)
    page.keyboard.press("Enter")


def titles_of(model: Hybrid, user_id: int | str) -> list[str]:
    return [printable(spoken(title)) for title in model.recommend(user_id)["title"]]


@pytest.fixture(scope="module")
def model(people_ratings: Ratings) -> Hybrid:
    return Hybrid(random_state=0).fit(people_ratings)


def test_keys_and_clicks_show_another_user(
    people_page: Path, model: Hybrid, open_page: Open
) -> None:
    opened = open_page(people_page)
    page, said = opened.page, opened.page.locator("#person-said")
    assert films(page) == titles_of(model, 1)
    page.locator("#person-id").focus()
    page.keyboard.type("23")
    assert films(page) == titles_of(model, 1)  # 2 and 23 are users, but nothing is chosen yet
    page.keyboard.press("Enter")
    assert said.text_content() == "User 23 is shown."
    assert page.locator(".person-name").text_content() == "User 23"
    assert films(page) == titles_of(model, 23)
    assert films(page) != titles_of(model, 1)
    page.locator("#person-id").fill(" 7 ")
    page.get_by_role("button", name="Show", exact=True).click()
    assert films(page) == titles_of(model, 7)
    page.get_by_role("button", name="Next").click()
    assert films(page) == titles_of(model, 8)
    page.get_by_role("button", name="Previous").press("Enter")
    assert films(page) == titles_of(model, 7)
    choose(page, "<i>nobody</i>")
    assert said.text_content() == "There is no user <i>nobody</i> on this page."
    assert films(page) == titles_of(model, 7)
    assert opened.said == []
    assert opened.asked == [people_page.as_uri()]


def test_ids_are_offered_while_one_types(people_page: Path, model: Hybrid, open_page: Open) -> None:
    page = open_page(people_page).page
    offered = page.evaluate(
        "[...document.getElementById('person-id').list.options].map(one => one.value)"
    )
    assert offered == [str(user_id) for user_id in range(1, 61)]
    page.locator("#person-id").focus()
    page.keyboard.type("4")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    chosen = page.locator("#person-id").input_value()
    assert chosen.startswith("4")
    page.wait_for_function(
        "id => document.querySelector('.person-name').textContent === `User ${id}`", arg=chosen
    )
    assert films(page) == titles_of(model, int(chosen))


def test_the_script_draws_a_person_as_python_does(people_page: Path, open_page: Open) -> None:
    page = open_page(people_page).page
    first = page.evaluate(SHOWN)
    page.click("#person-after")
    second = page.evaluate(SHOWN)
    assert second["texts"] != first["texts"]
    assert second["marks"] != first["marks"]
    page.click("#person-before")
    assert page.evaluate(SHOWN) == first


def test_parts_add_up(people_page: Path, model: Hybrid, open_page: Open) -> None:
    page = open_page(people_page).page
    for user_id in (1, 12, 40, 60):
        choose(page, str(user_id))
        parts = [
            float(text) for text in page.locator(".person-apart td.number").all_text_contents()
        ]
        expected = model.explain(user_id, movie_id=model.recommend(user_id)["movieId"][0])
        assert sum(parts) == pytest.approx(expected.rating, abs=1e-3)
        total = page.locator(".person-apart svg .strong").last.text_content()
        assert total == f"{expected.rating:.2f}"
        first = page.locator(".person-films .figures b").first.text_content()
        assert first == total
        assert spoken(expected.title) in page.locator(".person-apart h3").text_content()


def test_real_people_are_not_passed_on(
    people_page: Path, builtin_page: Path, hostile_page: Path, open_page: Open
) -> None:
    assert WARNING not in open_page(people_page).page.locator("#person").text_content()
    assert WARNING not in open_page(builtin_page).page.locator("#person").text_content()
    assert open_page(hostile_page).page.get_by_text(WARNING).is_visible()


def test_hostile_people_are_text(hostile_page: Path, open_page: Open) -> None:
    opened = open_page(hostile_page, width=360)
    page, model = opened.page, Hybrid(random_state=0).fit(hostile_ratings())
    for user_id in ("<b>7</b>", "<b>100</b>"):
        choose(page, user_id)
        assert page.locator(".person-name").text_content() == f"User {user_id}"
        assert films(page) == titles_of(model, user_id)
    assert page.locator("#person b b, #person script:not([type])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert opened.said == []
