"""Fixtures: Debian's chromium, and pages that the report wrote."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import hostile_ratings
from opening import Open, Opened

from recsys import Ratings, builtin_ratings, load_ratings, make_ratings, write_report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator["playwright.Browser"]:
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no chromium here: install the package chromium, or set CHROMIUM to a program")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def open_page(browser: "playwright.Browser") -> Iterator[Open]:
    contexts = []

    def opened(
        where: Path | str, *, width: int = 1280, dark: bool = False, scripts: bool = True
    ) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
            has_touch=width < 600,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        found = Opened(page)
        page.on("console", lambda message: found.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: found.said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (found.said.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: found.asked.append(request.url))
        page.goto(where.as_uri() if isinstance(where, Path) else where)
        return found

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="session")
def builtin_page(pages: Path) -> Path:
    """All sections, of the built-in data."""
    return write_report(builtin_ratings(), pages / "built-in.html", command="recsys report")


@pytest.fixture(scope="session")
def real_page(pages: Path) -> Path:
    """All sections, of MovieLens' ml-latest-small of 2016."""
    folder = os.environ.get("MOVIELENS_DIR")
    if not folder:
        pytest.skip("MOVIELENS_DIR does not name the folder of the real ratings")
    return write_report(load_ratings(folder), pages / "real.html", command="recsys report")


@pytest.fixture(scope="session")
def hostile_page(pages: Path) -> Path:
    """All sections, with each person, of films whose titles attack the page or its looks."""
    return write_report(hostile_ratings(), pages / "hostile.html", with_people=True)


@pytest.fixture(scope="session")
def people_ratings() -> Ratings:
    return make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)


@pytest.fixture(scope="session")
def people_page(pages: Path, people_ratings: Ratings) -> Path:
    """One person, of few invented people."""
    path = pages / "people.html"
    return write_report(people_ratings, path, sections=["person"], with_people=True)
