"""`recsys serve` in a browser: the page asks a server of its own, under a strict policy."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from accessibility import violations
from opening import Open
from visitor import Visitor

from recsys import PocketGroups, make_ratings
from recsys.titles.names import spoken


@pytest.fixture(scope="module")
def model() -> PocketGroups:
    ratings = make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)
    return PocketGroups(random_state=0).fit(ratings)


@contextmanager
def serving(model: PocketGroups, file: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server's process, and its address."""
    model.save(file)
    command = [sys.executable, "-m", "recsys", "serve", "--model", str(file), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server, server.stdout.readline().strip()
        finally:
            server.terminate()


def shown(model: PocketGroups, ratings: dict[int, float]) -> list[tuple[str, str]]:
    found = model.recommend(ratings=ratings, n=10)
    return list(zip(map(spoken, found["title"]), found["reason"], strict=True))


def test_the_page_asks_its_server(model: PocketGroups, tmp_path: Path, open_page: Open) -> None:
    """One server for the whole story, because each takes two seconds to start."""
    with serving(model, tmp_path / "model.npz") as (server, address):
        assert address.startswith("http://127.0.0.1:")
        opened = open_page(address)
        page, visitor = opened.page, Visitor(opened.page)
        heading = page.locator("#rate-heading")

        def wait_for(n_ratings: int) -> None:
            heading.get_by_text(f"Your list from {n_ratings} rating").wait_for()

        page.locator("#rate-best .rate-it").first.wait_for()
        assert visitor.best() == shown(model, {})
        first = int(
            page.evaluate(
                "JSON.parse(document.getElementById('rate-data').textContent).films[0][0]"
            )
        )
        stars = page.locator("#rate-rows .rate-stars").first
        stars.click(position={"x": 0.69 * stars.bounding_box()["width"], "y": 15})
        wait_for(1)
        assert visitor.hash() == f"#rate={first}:3.5"
        assert visitor.best() == shown(model, {first: 3.5})

        # A film that the page does not hold is found by the server.
        matrix = model.trained_on.matrix
        titles = dict(zip(matrix.movie_ids.tolist(), map(spoken, matrix.titles), strict=True))
        other, title = next(one for one in titles.items() if one[1] not in page.content())
        page.locator("#rate-find").focus()
        page.keyboard.insert_text(title)
        assert page.locator("#rate-found li").first.text_content() == title
        visitor.press("ArrowDown", "Enter")
        assert visitor.focused() == f"Stars for {title}"
        visitor.press("5")
        wait_for(2)
        assert visitor.best() == shown(model, {first: 3.5, other: 5.0})

        assert violations(opened) == []
        best = visitor.best()
        page.reload()
        wait_for(2)
        assert visitor.best() == best
        assert all(asked.startswith(address) for asked in opened.asked)
        assert opened.said == []

        server.terminate()
        server.wait(20)
        page.locator("#rate-clear").click()
        page.get_by_text("The server does not answer. Start it again with recsys serve.").wait_for()
        assert visitor.best() == best
