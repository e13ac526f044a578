"""The section "rate" in a browser: stars, search, links, and the lists of PocketGroups."""

import re
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from accessibility import violations
from hostile import hostile_ratings
from opening import Open
from pocket_people import LISTS, lists_of_python, visitors
from pocket_people import Visitor as Rated
from visitor import Visitor

from recsys import PocketGroups, Ratings, RatingScale, builtin_ratings, make_ratings, write_report
from recsys.data.scale import LIKES
from recsys.printable import printable
from recsys.titles.names import spoken

# The lists of the model that the page carries.
OF_PAGE = f"""({{visitors, n}}) => ({LISTS})(
  {{packed: JSON.parse(document.getElementById("rate-data").textContent).model, visitors, n}})"""

HIDDEN = """() => {
  const box = one => one.getBoundingClientRect();
  const focused = document.activeElement;
  const own = box(focused.closest(".rate-stars") ?? focused);
  const summary = box(document.querySelector(".rate-summary"));
  return own.bottom > summary.top + 1 && own.top < summary.bottom - 1;
}"""


# A page, and the model that it carries.
PageAndModel: TypeAlias = tuple[Path, PocketGroups]


@pytest.fixture(scope="module")
def builtin_model() -> PocketGroups:
    return PocketGroups(random_state=0).fit(builtin_ratings())


@pytest.fixture(scope="module")
def hostile_model() -> PocketGroups:
    return PocketGroups(random_state=0).fit(hostile_ratings())


def shown(model: PocketGroups, ratings: dict[Any, float]) -> list[tuple[str, str]]:
    """The titles and reasons of a list, as a page shows them."""
    found = model.recommend(ratings=ratings, n=10)
    return [
        (printable(spoken(title)), printable(reason))
        for title, reason in zip(found["title"], found["reason"], strict=True)
    ]


def given(model: PocketGroups, rated: Rated) -> dict[Any, float]:
    """Ratings by movieId."""
    ids = model.packed_ids.tolist()
    return {ids[film]: rating for film, rating in rated}


@pytest.fixture(params=["builtin", "hostile"])
def page_and_model(request: pytest.FixtureRequest) -> PageAndModel:
    path, model = (request.getfixturevalue(f"{request.param}_{what}") for what in ("page", "model"))
    return path, model


def test_lists_are_those_of_python(page_and_model: PageAndModel, open_page: Open) -> None:
    path, model = page_and_model
    opened = open_page(path)
    people = visitors(model, 50)
    expected = lists_of_python(model, people, 10)
    found = opened.page.evaluate(OF_PAGE, {"visitors": people, "n": 10})
    assert len(found) == 50
    for mine, theirs in zip(found, expected, strict=True):
        assert [film["item"] for film in mine] == [film["item"] for film in theirs]
        assert [film["reason"] for film in mine] == [printable(film["reason"]) for film in theirs]
    visitor = Visitor(opened.page)
    assert visitor.best() == shown(model, {})
    for rated in people[1:6]:
        ratings = given(model, rated)
        pairs = {
            opened.page.evaluate("encodeURIComponent", str(one)): ratings[one] for one in ratings
        }
        visitor.follow("#rate=" + ",".join(f"{one}:{pairs[one]:g}" for one in sorted(pairs)))
        assert visitor.best() == shown(model, ratings)
        assert visitor.text("note") == ""
    assert opened.said == []


@pytest.mark.parametrize("width", [360, 1280])
def test_a_click_on_stars_rates_and_the_page_stays(
    width: int, builtin_page: Path, builtin_model: PocketGroups, open_page: Open
) -> None:
    opened = open_page(builtin_page, width=width)
    page, visitor = opened.page, Visitor(opened.page)
    row = page.locator("#rate-rows li").first
    stars = row.locator(".rate-stars")
    stars.scroll_into_view_if_needed()
    before, top = visitor.titles(), page.evaluate("scrollY")
    box = stars.bounding_box()
    place = {"x": 0.69 * box["width"], "y": box["height"] / 2}
    (stars.tap if width == 360 else stars.click)(position=place)
    # 69 % of five stars are 3.45.
    movie_id = int(re.fullmatch(r"#rate=(\d+):3.5", visitor.hash())[1])
    assert row.locator(".rate-value").text_content() == "3.5"
    assert row.locator("input").get_attribute("aria-valuetext") == "3.5 of 5 stars"
    assert page.evaluate("scrollY") == top
    assert visitor.best() == shown(builtin_model, {movie_id: 3.5})
    assert visitor.titles() != before
    assert visitor.text("heading") == "Your list from 1 rating"
    assert visitor.titles()[0] in visitor.text("summary")
    assert opened.asked == [builtin_page.as_uri()]
    assert opened.said == []


def test_keys_on_stars(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    visitor = Visitor(page)
    slider = page.locator("#rate-rows input").first
    slider.focus()
    begun = visitor.best()
    for key, stars in [
        ("ArrowRight", "0.5"),
        ("ArrowRight", "1"),
        ("End", "5"),
        ("Home", "0.5"),
        ("3", "3"),
        ("ArrowLeft", "2.5"),
    ]:
        visitor.press(key)
        assert slider.get_attribute("aria-valuetext") == f"{stars} of 5 stars"
        assert visitor.hash().endswith(f":{stars}")
        assert visitor.best() != begun
    for key in ("Delete", "4", "Backspace"):
        visitor.press(key)
        assert visitor.hash().endswith(":4" if key == "4" else "#rate")
    assert slider.get_attribute("aria-valuetext") == "not rated"
    assert visitor.best() == begun


def test_films_are_found_by_words_in_any_order(builtin_page: Path, open_page: Open) -> None:
    opened = open_page(builtin_page)
    page, visitor = opened.page, Visitor(opened.page)
    film = visitor.titles()[-1]
    words = " ".join(reversed(re.findall(r"\w+", film))).upper()
    find = page.locator("#rate-find")
    find.focus()
    assert film in visitor.search(words)
    find.fill("")
    several = visitor.search("the")
    assert len(several) == 8
    assert re.fullmatch(r"\d,\d+ films found, the first 8 are shown\.", visitor.text("count"))
    visitor.press("ArrowDown", "ArrowDown")
    assert find.get_attribute("aria-activedescendant") == "rate-option-1"
    assert page.locator("#rate-found [aria-selected=true]").text_content() == several[1]
    assert violations(opened, "#rate") == []
    visitor.press("Escape")
    assert page.locator("#rate-found").is_hidden()
    assert find.input_value() == "the"
    visitor.press("Escape")
    assert find.input_value() == ""
    assert visitor.search("qqqq") == ["No film has these words."]
    visitor.press("Enter", "Escape", "Escape")
    visitor.search("the")
    rows = page.locator("#rate-rows .rate-title")
    place, film = next(
        (place, film) for place, film in enumerate(several) if film not in rows.all_text_contents()
    )
    visitor.press(*["ArrowDown"] * (place + 1), "Enter")
    assert visitor.focused() == f"Stars for {film}"
    assert rows.first.text_content() == film
    assert opened.said == []


def test_the_keyboard_alone_is_enough(
    builtin_page: Path, builtin_model: PocketGroups, open_page: Open
) -> None:
    opened = open_page(builtin_page)
    visitor = Visitor(opened.page)
    visitor.press("Tab")
    assert visitor.focused() == "Skip to the content"
    visitor.press("Enter")
    visitor.tab_to("#rate-find")
    film = visitor.search("the")[0]
    visitor.press("ArrowDown", "Enter")
    assert visitor.focused() == f"Stars for {film}"
    visitor.press("5", "Tab")
    assert visitor.focused() == f"Clear the rating of {film}"
    visitor.tab_to("#rate-rows input")
    visitor.press("2")
    ratings = {int(one): float(stars) for one, stars in re.findall(r"(\d+):(\d)", visitor.hash())}
    assert sorted(ratings.values()) == [2, 5]
    assert visitor.best() == shown(builtin_model, ratings)
    best = visitor.titles()
    # The status says how the list begins, and each film of the list can be reached.
    said = opened.page.locator("[role=status]", has=opened.page.locator("#rate-summary"))
    assert said.text_content() == "Your list from 2 ratings begins: " + " · ".join(best[:3])
    for title in best:
        visitor.tab_to("#rate-best button")
        assert visitor.focused() == f"Rate it: {title}"
    visitor.press("Enter")
    assert visitor.focused() == f"Stars for {best[-1]}"
    visitor.press("ArrowRight")
    assert visitor.text("heading") == "Your list from 3 ratings"
    assert best[-1] not in visitor.titles()


def test_the_address_keeps_the_ratings(builtin_page: Path, open_page: Open) -> None:
    opened = open_page(builtin_page)
    page, visitor = opened.page, Visitor(opened.page)
    length = page.evaluate("history.length")
    for place, key in enumerate("4251"):
        page.locator("#rate-rows input").nth(place).focus()
        visitor.press(key)
    assert page.evaluate("history.length") == length
    best, link = visitor.best(), visitor.hash()
    assert link.count(":") == 4
    # A link to another section leads there, and the ratings stay in the address.
    page.locator("nav a[href='#tastes']").click()
    page.wait_for_function("link => location.hash === link", arg=link)
    assert page.locator("#tastes-title").bounding_box()["y"] < 100
    page.reload()
    page.wait_for_function("document.getElementById('rate-heading').textContent.includes('4')")
    assert visitor.best() == best
    assert page.locator("#rate-rows .rated").count() == 4
    visitor.follow("#rate=%zz:3,nope:4,5:9,1:4,:,1:2,::")
    assert visitor.text("note").startswith("1 of the 7 ratings in the link can be used here.")
    assert page.locator("#rate-rows .rated").count() == 1
    page.go_back()
    page.wait_for_function("document.getElementById('rate-heading').textContent.includes('4')")
    assert visitor.best() == best
    visitor.follow("#rate=__proto__:5,1:1e999")
    assert visitor.text("note").startswith("No rating in the link can be used here:")
    assert opened.said == []
    assert set(opened.asked) == {builtin_page.as_uri()}


def test_buttons(builtin_page: Path, open_page: Open) -> None:
    opened = open_page(builtin_page)
    page, visitor = opened.page, Visitor(opened.page)
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async text => "
        "{ window.copied = text; }}})"
    )
    most_liked = visitor.best()
    page.click("#rate-share")
    assert "Rate a film first" in visitor.text("note")
    page.locator("#rate-best .rate-it").nth(2).click()
    assert visitor.focused() == f"Stars for {most_liked[2][0]}"
    visitor.press("5")
    page.click("#rate-share")
    assert page.evaluate("copied") == builtin_page.as_uri() + visitor.hash()
    assert "The link is copied" in visitor.text("note")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.click("#rate-share")
    assert visitor.text("note").endswith(builtin_page.as_uri() + visitor.hash())
    page.locator(".rated .rate-clear").click()
    assert visitor.best() == most_liked
    assert visitor.focused() == f"Stars for {most_liked[2][0]}"
    visitor.press("5")
    page.click("#rate-clear")
    assert visitor.best() == most_liked
    assert page.locator("#rate-rows .rated").count() == 0
    assert visitor.hash() == "#rate"
    assert opened.asked == [builtin_page.as_uri()]
    assert opened.said == []


def test_the_focus_is_never_under_the_summary(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page, width=360).page
    page.set_viewport_size({"width": 360, "height": 560})
    visitor = Visitor(page)
    page.locator("#rate-find").focus()
    for _ in range(14):
        visitor.press("Tab")
        page.evaluate("() => new Promise(requestAnimationFrame)")
        assert not page.evaluate(HIDDEN), visitor.focused()


def test_hostile_films_are_found_and_rated(
    hostile_page: Path, hostile_model: PocketGroups, open_page: Open
) -> None:
    opened = open_page(hostile_page, width=360)
    page, visitor = opened.page, Visitor(opened.page)
    page.locator("#rate-find").focus()
    (film,) = visitor.search("script 1960")
    assert film == "<script>alert(1)</script> (1960)"
    visitor.press("Enter")
    assert visitor.focused() == f"Stars for {film}"
    visitor.press("5")
    assert visitor.best() == shown(hostile_model, {"film <0> & '\"": 5.0})
    best = visitor.best()
    page.reload()
    page.wait_for_function("document.getElementById('rate-heading').textContent.includes('1')")
    assert visitor.best() == best
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(opened, "#rate") == []
    assert opened.said == []


def small() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def test_one_to_ten_is_chosen_from_lists(tmp_path: Path, open_page: Open) -> None:
    stars = small()
    table = stars.ratings.assign(rating=2 * stars.ratings["rating"])
    ratings = Ratings.from_frames(table, stars.movies, scale=RatingScale(1, 10, 1))
    opened = open_page(write_report(ratings, tmp_path / "ten.html", sections=["rate"]))
    page, visitor = opened.page, Visitor(opened.page)
    choice = page.locator("#rate-rows select").nth(1)
    assert choice.locator("option").all_text_contents() == [
        "not rated",
        *map(str, range(10, 0, -1)),
    ]
    choice.focus()
    visitor.press("1", "Enter")  # the first choice that begins with 1
    movie_id = int(re.fullmatch(r"#rate=(\d+):10", visitor.hash())[1])
    model = PocketGroups(random_state=0).fit(ratings)
    assert visitor.best() == shown(model, {movie_id: 10.0})
    choice.select_option("3")
    assert visitor.best() == shown(model, {movie_id: 3.0})
    choice.select_option("not rated")
    assert visitor.best() == shown(model, {})
    assert violations(opened) == []
    assert opened.said == []


def test_likes_are_given_and_taken_back(tmp_path: Path, open_page: Open) -> None:
    stars = small()
    table = stars.ratings.query("rating >= 3.5").assign(rating=1.0)
    ratings = Ratings.from_frames(table, stars.movies, scale=LIKES)
    opened = open_page(write_report(ratings, tmp_path / "likes.html", sections=["rate"]), width=360)
    page, visitor = opened.page, Visitor(opened.page)
    like = page.locator("#rate-rows .rate-like").first
    like.tap()
    assert like.get_attribute("aria-pressed") == "true"
    movie_id = int(re.fullmatch(r"#rate=(\d+):1", visitor.hash())[1])
    model = PocketGroups(random_state=0).fit(ratings)
    assert visitor.best() == shown(model, {movie_id: 1.0})
    page.locator("#rate-best .rate-it").first.tap()
    assert visitor.text("heading") == "Your list from 2 ratings"
    page.reload()
    page.wait_for_function("document.getElementById('rate-heading').textContent.includes('2')")
    assert page.locator("#rate-rows [aria-pressed=true]").count() == 2
    like = page.locator("#rate-rows .rated .rate-like").first
    like.focus()
    visitor.press("Space")
    assert visitor.text("heading") == "Your list from 1 rating"
    assert violations(opened) == []
    assert opened.said == []
