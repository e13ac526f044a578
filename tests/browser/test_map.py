"""The map of films in a browser: pointer, keys, search, and one taste at a time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opening import Open
from visitor import Visitor

from recsys import builtin_ratings
from recsys.titles.names import spoken

TITLES = "[...document.querySelectorAll('#film-map-titles option')].map(one => one.value)"
DATA = "JSON.parse(document.getElementById('map-data').textContent).films"


@dataclass
class Map:
    """The map of a page of Playwright: all titles, and what is shown of one film."""

    page: Any

    def __post_init__(self) -> None:
        self.titles: list[str] = self.page.evaluate(TITLES)
        self.x, self.y, self.likes, self.tastes, self.alike = zip(
            *self.page.evaluate(DATA), strict=True
        )

    def shown(self) -> str:
        return str(self.page.locator("#film-map-title").text_content())

    def place(self) -> tuple[float, float]:
        """Where the mark of the shown film is."""
        mark = self.page.locator("#film-map-here circle")
        return float(mark.get_attribute("cx")), float(mark.get_attribute("cy"))

    def middle(self, film: int) -> tuple[float, float]:
        """The middle of a film's dot in the window."""
        box = self.page.locator("#film-map-dots use").nth(film).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_keys_walk_over_the_map(builtin_page: Path, open_page: Open) -> None:
    opened = open_page(builtin_page)
    page, films = opened.page, Map(opened.page)
    assert len(films.titles) == page.locator("#film-map-dots use").count() > 100
    page.locator("#map h2 a").focus()
    Visitor(page).tab_to("#film-map-stage")
    for key, film in [("PageDown", 1), ("PageDown", 2), ("PageUp", 1), ("End", -1), ("Home", 0)]:
        page.keyboard.press(key)
        assert films.shown() == films.titles[film]
        assert films.place() == (films.x[film], films.y[film])
    # From the film in the middle of the map, there are others in all directions.
    far = np.hypot(films.x - np.mean(films.x), films.y - np.mean(films.y))
    middle = int(far.argmin())
    for key, axis, sign in [
        ("ArrowLeft", 0, -1),
        ("ArrowUp", 1, -1),
        ("ArrowRight", 0, 1),
        ("ArrowDown", 1, 1),
    ]:
        page.locator("#film-map-find").fill(films.titles[middle])
        page.locator("#film-map-stage").focus()
        before = films.place()
        assert before == (films.x[middle], films.y[middle])
        page.keyboard.press(key)
        after = films.place()
        along, across = sign * (after[axis] - before[axis]), abs(after[1 - axis] - before[1 - axis])
        assert along >= across
        assert along > 0
    assert opened.said == []
    assert opened.asked == [builtin_page.as_uri()]


def test_likes_are_counted(builtin_page: Path, open_page: Open) -> None:
    films = Map(open_page(builtin_page).page)
    ratings = builtin_ratings()
    table = ratings.ratings.merge(ratings.movies, on="movieId")
    liked = table[table["rating"] >= 4].groupby("title")["userId"].nunique()
    expected = {spoken(title): n for title, n in liked.items()}
    assert films.likes == tuple(sorted(films.likes, reverse=True))
    assert all(expected[title] == n for title, n in zip(films.titles, films.likes, strict=True))
    said = films.page.locator("#film-map-likes").text_content()
    assert said.startswith(f"{films.likes[0]} people liked it. ")


@pytest.mark.parametrize("width", [360, 1280])
def test_films_are_pointed_at(width: int, builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page, width=width).page
    films = Map(page)
    page.locator("#film-map-stage").scroll_into_view_if_needed()
    for film in (5, 1, 20):
        if width == 360:
            page.touchscreen.tap(*films.middle(film))
        else:
            page.mouse.move(*films.middle(film))
        assert films.shown() == films.titles[film]
        alike = page.locator("#film-map-alike button")
        assert alike.all_text_contents() == [films.titles[other] for other in films.alike[film]]
        assert page.locator("#film-map-lines line").count() == len(films.alike[film])


def test_one_goes_on_to_a_film_that_is_alike(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    films = Map(page)
    second = page.locator("#film-map-alike button").nth(1)
    second.press("Enter")
    other = films.alike[0][1]
    assert films.shown() == films.titles[other]
    second.press("Enter")  # the focus has stayed
    assert films.shown() == films.titles[films.alike[other][1]]


def test_films_are_found(builtin_page: Path, hostile_page: Path, open_page: Open) -> None:
    opened = open_page(builtin_page)
    page, films = opened.page, Map(opened.page)
    find, lost = page.locator("#film-map-find"), page.locator("#film-map-lost")
    find.fill(films.titles[30].upper())
    assert films.shown() == films.titles[30]
    find.fill(" ".join(films.titles[12].split()[:2]))
    find.press("Enter")
    assert films.titles[12].startswith(" ".join(films.shown().split()[:2]))
    find.fill("<b>nothing")
    find.press("Enter")
    assert lost.text_content() == "No film on the map is called “<b>nothing”."
    opened = open_page(hostile_page)
    opened.page.locator("#film-map-find").fill("</script><script>alert(2)</script> (1961)")
    assert Map(opened.page).shown() == "</script><script>alert(2)</script> (1961)"
    assert opened.said == []


def test_one_taste_at_a_time(builtin_page: Path, open_page: Open) -> None:
    page = open_page(builtin_page).page
    films = Map(page)
    faint = "[...document.querySelectorAll('#film-map-dots use')].map(one => one.matches('.faint'))"
    items = page.locator("#film-map-tastes li")
    assert sorted(int(one.get_attribute("data-taste")) for one in items.all()) == sorted(
        set(films.tastes)
    )
    for item in items.all()[:2]:
        taste, button = int(item.get_attribute("data-taste")), item.locator("button")
        assert str(films.tastes.count(taste)) in button.text_content()
        button.press("Enter")
        assert button.get_attribute("aria-pressed") == "true"
        assert page.locator("#film-map-tastes [aria-pressed=true]").count() == 1
        assert page.evaluate(faint) == [own != taste for own in films.tastes]
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert not any(page.evaluate(faint))
