"""`recsys report`: each option reaches the page; what cannot be meant is refused in one line."""

import re
import webbrowser
from pathlib import Path

import pytest

from recsys import make_ratings
from recsys.command.cli import run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)
    folder = tmp_path_factory.mktemp("data")
    made.ratings.to_csv(folder / "ratings.csv", index=False)
    made.movies.to_csv(folder / "movies.csv", index=False)
    return folder


def page_of(data: Path, folder: Path, *options: str) -> str:
    out = folder / "page.html"
    assert run(["report", "--data", str(data), "--out", str(out), *options]) == 0
    return out.read_text("utf-8")


def anchors(page: str) -> list[str]:
    return re.findall(r'<section id="([a-z]+)"', page)


def test_sections_are_chosen_by_name(data: Path, tmp_path: Path) -> None:
    assert anchors(page_of(data, tmp_path, "--sections", "source", "data")) == ["data", "source"]
    assert anchors(page_of(data, tmp_path, "--sections", "source, data")) == ["data", "source"]


def test_the_number_of_groups(data: Path, tmp_path: Path) -> None:
    page = page_of(data, tmp_path, "--sections", "tastes", "--groups", "3")
    assert len(re.findall(r'<li class="card', page)) == 3


def test_the_page_is_opened_when_it_is_written(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    page_of(data, tmp_path, "--sections", "data")
    assert opened == []
    page_of(data, tmp_path, "--sections", "data", "--open")
    assert opened == [(tmp_path / "page.html").as_uri()]


def test_without_a_browser_the_command_says_so(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    page_of(data, tmp_path, "--sections", "data", "--open")
    assert "recsys: no browser could be opened" in capsys.readouterr().err


def test_a_named_user_and_people(data: Path, tmp_path: Path) -> None:
    invented = page_of(data, tmp_path, "--sections", "person")
    of_user = page_of(data, tmp_path, "--sections", "person", "--user", "33")
    of_all = page_of(data, tmp_path, "--sections", "person", "--people")
    assert "This person is invented" in invented
    assert "This person is invented" not in of_user
    assert "33" in of_user
    assert len(of_all) > 2 * len(of_user)


def test_genres_are_those_of_the_notebooks_steps(data: Path, tmp_path: Path) -> None:
    page = page_of(data, tmp_path, "--sections", "notebook", "--genres", "Drama,Comedy")
    assert "genre_means(ratings, [&#39;Drama&#39;, &#39;Comedy&#39;])" in page


def test_a_file_that_is_read_is_not_written_to(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "mine.csv"
    table.write_bytes((data / "ratings.csv").read_bytes())
    before = table.read_bytes()
    (tmp_path / "link.html").symlink_to(table)
    for out in (table, tmp_path / "link.html"):
        typed = ["report", "--data", str(table), "--out", str(out), "--sections", "data"]
        assert run(typed) == 2
        assert "would replace a file that is read" in capsys.readouterr().err
    assert table.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sections", "dat"], "there is no 'dat'; did you mean data?"),
        (["--groups", "0"], "must be at least 1, not 0"),
        (["--sections", "data,dat"], "there is no 'dat'; did you mean data?"),
        (["--sections", ","], "sections is empty; choose from answer"),
        (["--groups", "100", "--sections", "tastes"], "ask for 1 to 60"),
        (["--user", "999"], "no user 999"),
        (["--evaluation", "nothing.csv"], "nothing.csv"),
        (["--genres", "Drama"], "two or three genres, not 1"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    out = tmp_path / "page.html"
    try:
        code = run(["report", "--data", str(data), "--out", str(out), *options])
    except SystemExit as stopped:
        code = int(str(stopped.code))
    assert code == 2
    last = capsys.readouterr().err.strip().split("\n")[-1]
    assert message in last
    assert not out.exists()
