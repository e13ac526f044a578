"""The page: every figure of the notebook, self-contained, escaped, written as a whole or not."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recsys import Ratings, load_ratings, make_ratings
from recsys.report.report import write_report

SECTIONS = [
    "data",
    "genre-means",
    "contrast",
    "genre-groups",
    "silhouette",
    "three-genres",
    "matrix",
    "densest",
    "tastes",
    "groups",
    "group-maps",
    "prediction",
    "recommendation",
    "advice",
]


class Page(HTMLParser):
    """What a browser finds in the page: tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.calls: list[str] = []
        self.in_call = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if ("class", "call") in attrs:
            self.calls.append("")
        self.in_call = ("class", "call") in attrs or (tag == "code" and self.in_call)

    def handle_endtag(self, tag: str) -> None:
        self.in_call = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_call:
            self.calls[-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def real_page(movielens_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    path = tmp_path_factory.mktemp("report") / "real.html"
    write_report(load_ratings(movielens_dir), path, command="recsys report --data DIR")
    return Page(path.read_text("utf-8"))


def test_every_section_is_there_and_listed(real_page: Page) -> None:
    assert [section["id"] for section in real_page.all("section")] == SECTIONS
    assert [link["href"] for link in real_page.all("a")] == [f"#{name}" for name in SECTIONS]


def test_the_notebooks_figures_are_in_the_page(real_page: Page) -> None:
    for figure in (
        "100,004 x 4",
        "9,125 x 3",
        "181 users like one of two genres",
        "183 rows at 178 distinct points",
        "671 x 9,064",
        "671 x 1,000 with 62,397 ratings",
        "0.3559",
        "0.0546",
    ):
        assert figure in real_page.text


def test_data_seed_versions_and_command_are_named(real_page: Page, movielens_dir: Path) -> None:
    for words in (str(movielens_dir), "Seed0", "recsys report --data DIR", "numba ", "Python 3"):
        assert words in real_page.text


def test_the_page_needs_nothing_else(real_page: Page) -> None:
    assert real_page.all("link") == []
    assert all("src" not in script for script in real_page.all("script"))
    pictures = real_page.all("img")
    # Two scatter plots, a grid of four panels, a curve, a region, and at least one group.
    assert len(pictures) >= 6
    for picture in pictures:
        assert (picture["src"] or "").startswith("data:image/png;base64,iVBORw0KGgo")
        assert picture["alt"]


def test_groups_are_described_by_shares_and_counts(real_page: Page) -> None:
    for words in (
        "Star Wars: Episode V - The Empire Strikes Back",
        "Tastes shade into each other",
        "leftover: users without likes",
        "of the variance of activity (the logarithm of the number of ratings) lies between the "
        "groups: they are groups of activity more than of taste.",
    ):
        assert words in real_page.text
    shares = re.findall(r"(\d+)\s%\s\(([\d,]+)\sof\s([\d,]+)\)", real_page.text)
    assert len(shares) > 60
    for share, liked, of in shares:
        counts = int(liked.replace(",", "")), int(of.replace(",", ""))
        assert abs(int(share) - 100 * counts[0] / counts[1]) <= 0.5


def test_groups_of_at_most_nine_are_not_drawn(real_page: Page) -> None:
    drawn = [
        alt for image in real_page.all("img") if (alt := image["alt"] or "").startswith("Group ")
    ]
    sizes = [int(re.findall(r": (\d+) users", alt)[0]) for alt in drawn]
    assert sizes
    assert min(sizes) > 9
    for alt, size in zip(drawn, sizes, strict=True):
        assert alt.endswith(f"{min(size, 70)} in the plot")


def test_the_calls_shown_work_when_pasted_and_give_what_is_shown(
    movielens_dir: Path, real_page: Page
) -> None:
    assert len(real_page.calls) == len(SECTIONS)
    names: dict[str, Any] = {}
    values = {}
    for section, call in zip(SECTIONS, real_page.calls, strict=True):
        *before, last = call.split("\n")
        exec("\n".join(before), names)
        values[section] = run_line(last, names)
    assert names["ratings"].source == str(movielens_dir)
    assert len(names["contrast"]) == 183
    assert [len(set(labels)) for labels in values["genre-groups"]] == [2, 3, 4, 7]
    shown = values["silhouette"].to_frame()["silhouette"]
    assert all(f"{silhouette:.4f}" in real_page.text for silhouette in shown)
    assert names["matrix"].shape == (671, 1000)
    assert all(
        f"Group {c}: {n} users" in real_page.text
        for c, n in enumerate(names["clusters"].sizes)
        if n > 9
    )
    assert all(group.name in real_page.text for group in values["tastes"])
    assert f"is {values['prediction'].rating:.2f} in the region" in real_page.text
    assert all(reason in real_page.text for reason in values["recommendation"]["reason"])
    assert all(reason in real_page.text for reason in values["advice"]["reason"])
    assert "what people like the user think of it" in real_page.text


@pytest.mark.usefixtures("no_pixels")
def test_of_very_many_users_a_sample_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("findings", "sections"):
        monkeypatch.setattr(f"recsys.report.{module}.SWEEP_USERS", 12)
    ratings = make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)
    page = Page(write_report(ratings, tmp_path / "r.html", seed=3).read_text("utf-8"))
    assert "The silhouettes are of 12 users, drawn with the seed." in page.text
    names: dict[str, Any] = {}
    for call in page.calls[:4]:
        exec(call, names)
    before, last = page.calls[4].split("\n")
    exec(before, names)
    shown = run_line(last, names).to_frame()["silhouette"]
    assert all(f"{silhouette:.4f}" in page.text for silhouette in shown)


@pytest.mark.usefixtures("no_pixels")
def test_the_calls_name_where_the_ratings_are_from(tmp_path: Path) -> None:
    ratings = make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)
    page = Page(write_report(ratings, tmp_path / "r.html").read_text("utf-8"))
    names: dict[str, Any] = {}
    exec(page.calls[0], names)
    pd.testing.assert_frame_equal(names["ratings"].ratings, ratings.ratings)
    page = Page(write_report(same_titles("Up"), tmp_path / "r.html").read_text("utf-8"))
    assert "recsys.Ratings.from_frames(" in page.calls[0]


def run_line(line: str, names: dict[str, Any]) -> Any:
    """Run a line as at a prompt, and return its value, or None for a statement."""
    try:
        code = compile(line, "page", "eval")
    except SyntaxError:
        return exec(line, names)
    return eval(code, names)


@pytest.mark.usefixtures("no_pixels")
def test_recommendations_for_the_user_asked_for(tmp_path: Path) -> None:
    ratings = make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)
    path = write_report(ratings, tmp_path / "r.html", user_id=33)
    assert "Films for user 33" in Page(path.read_text("utf-8")).text


def test_unknown_user_is_named_before_the_work(tmp_path: Path) -> None:
    ratings = make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)
    steps: list[str] = []
    with pytest.raises(KeyError, match="no user 999"):
        write_report(ratings, tmp_path / "r.html", user_id=999, on_step=steps.append)
    assert steps == ["genre means"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_pixels")  # tests/recsys/command/test_places.py compares them
def test_the_same_seed_makes_the_same_page_except_for_the_time(tmp_path: Path) -> None:
    ratings = make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)
    pages = []
    for name in ("a.html", "b.html"):
        text = write_report(ratings, tmp_path / name, seed=4).read_text("utf-8")
        pages.append(re.sub(r"<dt>Made</dt><dd>[^<]*</dd>", "", text))
    assert pages[0] == pages[1]


def same_titles(title: str) -> Ratings:
    """Six users, and six films of three genres with the same title."""
    genres = ["Romance", "Sci-Fi", "Action"]
    rows = [
        (user, film, float(1 + (user + film) % 5)) for user in range(1, 7) for film in range(1, 7)
    ]
    return Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame(
            {
                "movieId": range(1, 7),
                "title": [title] * 6,
                "genres": [genres[i % 3] for i in range(6)],
            }
        ),
    )


def test_titles_are_escaped(tmp_path: Path) -> None:
    title = '<script>alert(1)</script> & "Sons" $x$'
    html = write_report(same_titles(title), tmp_path / "r.html").read_text("utf-8")
    page = Page(html)
    assert len(page.all("script")) == 1
    assert "<script>alert" not in html
    assert title in page.text


def test_a_tiny_table_still_makes_a_page(tmp_path: Path) -> None:
    page = Page(write_report(same_titles("Up"), tmp_path / "r.html").read_text("utf-8"))
    assert [section["id"] for section in page.all("section")] == SECTIONS


def test_one_has_no_plural(tmp_path: Path) -> None:
    one = Ratings.from_frames(
        pd.DataFrame({"userId": [7], "movieId": [1], "rating": [3.5]}),
        pd.DataFrame(
            {"movieId": [1, 2], "title": ["Up", "Home"], "genres": ["Romance|Sci-Fi|Action"] * 2}
        ),
    )
    page = Page(write_report(one, tmp_path / "r.html").read_text("utf-8"))
    text = page.text
    # The page shows no call for the four sections without enough users or likes.
    assert len(page.calls) == len(SECTIONS) - 4
    assert "Nobody liked any of these films." in text
    assert "Nobody liked a film." in text
    assert "1 rating (0.5 to 5 by 0.5) of 1 film by 1 user" in text
    assert "The subset has too few users to group." in text
    assert "1 group with fewer than 10 users is not drawn." in text
    assert "The user has rated every film that the group rated." in text
    assert re.findall(r"\b1 (?:users|films|ratings|groups|rows|points)\b", text) == []


def test_a_group_without_ratings_of_the_most_rated_films(tmp_path: Path) -> None:
    """Users 1 and 2 rate the 1,000 most-rated films. User 3 rates only another film."""
    rows = [(user, film, 3.0) for user in (1, 2) for film in range(1, 1001)] + [(3, 1001, 5.0)]
    ratings = Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame(
            {
                "movieId": range(1, 1002),
                "title": [f"film {i}" for i in range(1, 1002)],
                "genres": "Romance|Sci-Fi|Action",
            }
        ),
    )
    text = Page(write_report(ratings, tmp_path / "r.html", user_id=3).read_text("utf-8")).text
    assert "No user of the group rated any of the films." in text
    assert "nan" not in text


@pytest.mark.usefixtures("no_pixels")
def test_rows_left_out_are_reported(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    ratings = same_titles("Up")
    ratings.movies.to_csv(folder / "movies.csv", index=False)
    good = ratings.ratings.assign(timestamp=0).to_csv(index=False)
    (folder / "ratings.csv").write_text(good + "1,1,seven,0\n", "utf-8")
    loaded = load_ratings(folder, skip_bad_rows=True)
    page = Page(write_report(loaded, tmp_path / "r.html").read_text("utf-8"))
    assert "Bad rows left out: 1." in page.text
    assert "seven" in page.text


@pytest.mark.usefixtures("no_pixels")
def test_a_failed_write_leaves_the_old_page(tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    target.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match=r"r\.html"):
        write_report(same_titles("Up"), target)
    assert target.is_dir()
    assert list(tmp_path.iterdir()) == [target]
