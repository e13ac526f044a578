"""The page as a whole: its sections, what is refused before the work, how it is written."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from studies import study_of

from recsys import Ratings, make_ratings, write_report
from recsys.command.parsers import SECTION_NAMES
from recsys.report.sections import SECTIONS
from recsys.report.study import MOST_RATINGS

ANCHORS = list(SECTIONS)


class Page(HTMLParser):
    """What a browser finds in the page: tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)


def page_of(ratings: Ratings, folder: Path, **options: Any) -> Page:
    return Page(write_report(ratings, folder / "page.html", **options).read_text("utf-8"))


def test_every_section_is_there_in_order_and_listed(made: Ratings, tmp_path: Path) -> None:
    page = page_of(made, tmp_path)
    assert [section["id"] for section in page.all("section")] == ANCHORS
    listed = [link["href"] for link in page.all("a") if "class" not in link]
    assert [link for link in listed if link in {f"#{name}" for name in ANCHORS}][:10] == [
        f"#{name}" for name in ANCHORS
    ]
    assert len(page.all("h1")) == 1
    assert len(page.all("html")) == 1
    assert page.all("html")[0]["lang"] == "en"


def test_the_command_names_the_sections_as_the_page_does() -> None:
    assert tuple(ANCHORS) == SECTION_NAMES


@pytest.mark.parametrize("names", [["data"], ["source", "answer"], ("number", "data", "data")])
def test_chosen_sections_come_in_the_order_of_the_page(
    made: Ratings, tmp_path: Path, names: Sequence[str]
) -> None:
    page = page_of(made, tmp_path, sections=names)
    assert [one["id"] for one in page.all("section")] == [n for n in ANCHORS if n in names]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sections": ["datta"]}, ValueError, "no section 'datta'; choose from answer, rate"),
        ({"sections": []}, ValueError, "sections is empty; choose from answer, rate"),
        ({"sections": "data"}, ValueError, "must be a list of names, not 'data'"),
        ({"sections": iter(["datta"])}, ValueError, "no section 'datta'; choose from answer, rate"),
        ({"user_id": True}, KeyError, "no user True"),
        ({"user_id": (1,)}, KeyError, "no user"),
        ({"n_groups": 0}, ValueError, "cannot make 0 groups; ask for 1 to 60"),
        ({"n_groups": 61}, ValueError, "60 people cannot make 61 groups; ask for 1 to 60"),
        ({"n_groups": 2.0}, ValueError, "cannot make 2.0 groups"),
        ({"seed": -1}, ValueError, r"seed must be a whole number from 0 to 2\*\*32 - 1, not -1"),
        ({"genres": "Drama"}, ValueError, "genres must be a list of names, not 'Drama'"),
        ({"evaluation": "/dev/zero"}, ValueError, "is not an evaluation: it is larger than"),
        ({"user_id": 999}, KeyError, "no user 999 in built-in data set"),
        ({"genres": ["Drama"]}, ValueError, "two or three genres, not 1"),
        ({"genres": ["Drama", "Dada"]}, ValueError, "no film has the genre 'Dada'; choose from"),
        ({"evaluation": "no-such-file.csv"}, OSError, "no-such-file.csv"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_work(
    made: Ratings,
    tmp_path: Path,
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    steps: list[str] = []
    with pytest.raises(error, match=message):
        write_report(
            made, tmp_path / "r.html", on_step=lambda name, *_: steps.append(name), **options
        )
    assert [name for name in steps if name.startswith("section")] == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_table_of_ratings_is_refused(made: Ratings, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="ratings must be a Ratings, as load_ratings returns, not"):
        write_report(made.ratings, tmp_path / "r.html")  # type: ignore[arg-type]


def test_the_largest_seed_makes_a_page(tmp_path: Path) -> None:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=250, random_state=0)
    names = ["tastes", "notebook"]
    page = page_of(ratings, tmp_path, sections=iter(names), seed=2**32 - 1, n_groups=2)
    assert [one["id"] for one in page.all("section")] == names


def test_each_section_is_announced_and_counted(made: Ratings, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    names = ["answer", "data", "source"]
    write_report(made, tmp_path / "r.html", sections=names, on_step=lambda *step: told.append(step))
    parts = [step for step in told if step[0].startswith("section ") or step[0] == "page"]
    assert parts == [
        ("section answer", 0, 4),
        ("section data", 1, 4),
        ("section source", 2, 4),
        ("page", 3, 4),
    ]
    assert "groups of taste" in [name for name, *_ in told]


def test_the_page_needs_nothing_else(made: Ratings, tmp_path: Path) -> None:
    page = page_of(made, tmp_path)
    assert page.all("link") == []
    assert page.all("img") == []
    assert all("src" not in script for script in page.all("script"))
    for _, attributes in page.tags:
        assert not (attributes.get("href") or "").startswith(("http", "//"))
        assert not any(name.startswith("on") for name in attributes)


def test_the_same_seed_makes_the_same_page_except_for_the_times(
    made: Ratings, tmp_path: Path
) -> None:
    pages = []
    for name in ("a.html", "b.html"):
        text = write_report(made, tmp_path / name, seed=4).read_text("utf-8")
        head, source = text.split('<section id="source"')
        pages.append(head)
        assert "seed" in source.lower()
    assert pages[0] == pages[1]


def test_invented_data_have_a_banner_and_others_have_none(made: Ratings, tmp_path: Path) -> None:
    words = "These people and films are invented."
    assert words in page_of(made, tmp_path, sections=["data"]).text
    others = Ratings.from_frames(made.ratings, made.movies)
    assert words not in page_of(others, tmp_path, sections=["data"]).text


def test_very_many_ratings_are_sampled_by_people(
    made: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert study_of(made).sample is made
    assert study_of(made).sample_note == ""
    assert len(made.ratings) < MOST_RATINGS
    monkeypatch.setattr("recsys.report.study.MOST_RATINGS", 500)
    study = study_of(made, seed=2)
    assert study.sample.n_users == 60 * 500 // 2500
    assert study.sample_note == ("This is measured on 12 people, drawn by chance from all 60.")
    # All ratings of each person who was drawn are there, in their order.
    whole = made.ratings[made.ratings["userId"].isin(study.sample.ratings["userId"])]
    pd.testing.assert_frame_equal(study.sample.ratings, whole.reset_index(drop=True))
    other = study_of(made, seed=3).sample.ratings["userId"].unique()
    assert not np.array_equal(study.sample.ratings["userId"].unique(), other)


def test_a_failed_write_leaves_what_was_there(made: Ratings, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    target.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match=r"r\.html"):
        write_report(made, target, sections=["data"])
    assert target.is_dir()
    assert list(tmp_path.iterdir()) == [target]


def rated(rows: list[tuple[Any, Any, float]], genres: str = "(no genres listed)") -> Ratings:
    """Ratings without times."""
    frame = pd.DataFrame(rows, columns=["userId", "movieId", "rating"])
    ids = frame["movieId"].unique()
    films = pd.DataFrame({"movieId": ids, "title": [f"Film {i}" for i in ids], "genres": genres})
    return Ratings.from_frames(frame, films)


SMALL: dict[str, Ratings] = {
    "one rating": rated([(7, 1, 3.5)], "Romance|Sci-Fi|Action"),
    "one user": rated([("anna", film, 1.0 + film % 5) for film in range(30)]),
    "one film": rated([(user, "x", 1.0 + user % 5) for user in range(30)]),
    "nobody likes anything": rated(
        [(u, f, 1.0 + (u + f) % 2) for u in range(12) for f in range(9)]
    ),
    "only likes": Ratings.from_frames(
        pd.DataFrame(
            [(u, f) for u in range(40) for f in range(30) if (u * f + u) % 5 < 2],
            columns=["user", "item"],
        )
    ),
    "from -10 to 10": Ratings.from_frames(
        pd.DataFrame(
            [(u, f, float((u * 7 + f * 3) % 21 - 10)) for u in range(40) for f in range(25)],
            columns=["user", "item", "rating"],
        ),
        scale=(-10.0, 10.0),
    ),
    "1 to 10 and text ids": Ratings.from_frames(
        pd.DataFrame(
            [(f"u{u}", f"b{f}", 1 + (u * f) % 10) for u in range(30) for f in range(30)],
            columns=["user", "item", "rating"],
        ),
        scale=(1.0, 10.0, 1.0),
    ),
}


@pytest.mark.parametrize("kind", SMALL)
def test_any_ratings_make_a_page(kind: str, tmp_path: Path) -> None:
    page = page_of(SMALL[kind], tmp_path, with_people=True)
    assert [section["id"] for section in page.all("section")] == ANCHORS
    text = re.sub(r"\{.*\}", "", page.text)  # without the scripts' data
    assert not re.search(r"\bnan\b|\bNaN\b|\bNone\b", text.split('"use strict"')[0])
    assert re.findall(r"\b1 (?:users|people|films|ratings|groups|rows|points|likes)\b", text) == []
