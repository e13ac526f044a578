"""Where the page came from: what is printed is so, and can be made again."""

import re
from typing import Any

import pandas as pd
import pytest
from studies import study_of

from recsys import Ratings, make_ratings
from recsys.report.parts import Block
from recsys.report.sections.source import section
from recsys.report.study import Study


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def source(study: Study) -> str:
    (block,) = section(study).parts
    assert isinstance(block, Block)
    return block.html


def facts(study: Study) -> dict[str, str]:
    found = re.findall(r"<dt>([^<]*)</dt><dd[^>]*>(?:<code>)?([^<]*)", source(study))
    return dict(found)


HASH = "SHA-256 of the table of ratings"


def test_the_facts_are_there(made: Ratings) -> None:
    found = facts(study_of(made, seed=7, command="recsys report --seed 7"))
    assert found["Ratings"] == "built-in data set (seed 0)"
    assert found["Seed"] == "7"
    assert found["Command"] == "recsys report --seed 7"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", found["Made"])
    packages = [name.split()[0] for name in found["Versions"].split(", ")]
    assert packages == ["Python", "kmeans-core", "numpy", "scipy", "numba", "pandas", "jinja2"]
    assert f"pandas {pd.__version__}" in found["Versions"]


def test_the_calls_give_the_hash(made: Ratings) -> None:
    study = study_of(made)
    *before, last = section(study).calls.split("\n")
    names: dict[str, Any] = {"ratings": made}
    exec("\n".join(before), names)
    assert eval(last, names) == facts(study)[HASH]


def test_the_hash_is_of_the_values_and_of_their_order(made: Ratings) -> None:
    table = made.ratings
    text = table.assign(userId=table["userId"].map("u{}".format))
    changed = table.copy()
    changed.loc[899, "rating"] = 5.5 - changed.loc[899, "rating"]
    same, reordered = Ratings.from_frames(table), Ratings.from_frames(table[::-1])
    hashes = [
        facts(study_of(ratings))[HASH]
        for ratings in (made, reordered, Ratings.from_frames(changed), Ratings.from_frames(text))
    ]
    assert facts(study_of(same))[HASH] == hashes[0]
    assert len(set(hashes)) == 4


def test_the_times_of_steps_are_listed(made: Ratings) -> None:
    study = study_of(made)
    with study.steps.step("<slow>"):
        sum(range(2_000_000))
    with study.steps.step("fast"):
        pass
    html = source(study)
    cpu = study.steps.times["<slow>"].cpu
    assert f"<dt>&lt;slow&gt;</dt><dd>{cpu:.2f} s of CPU" in html
    assert "<dt>fast</dt>" not in html
    assert f"<dt>all until here</dt><dd>{cpu:.1f} s of CPU" in html
    assert "time of each step" not in source(study_of(made))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "no ratings of single ones"),
        ({"sections": ("data", "person")}, "no ratings of single ones"),
        ({"sections": ("rate",)}, "in packed form and without their ids"),
        ({"sections": ("notebook",)}, "some people, in the notebook&#39;s steps"),
        ({"sections": ("person",), "user_id": 7}, "the ratings of one person (id 7)"),
        ({"sections": ("person",), "with_people": True}, "the ratings of each person"),
        ({"with_people": True}, "no ratings of single ones"),
    ],
)
def test_what_the_page_holds_of_people(made: Ratings, options: Any, said: str) -> None:
    html = source(study_of(made, **options))
    assert said in html
    assert ("no ratings of single" in html) == ("no ratings of single" in said)


def test_without_likes_there_are_none_to_hold() -> None:
    nothing = Ratings.from_columns([1, 2], [7, 8], [1, 2])
    assert "in packed form" not in source(study_of(nothing, sections=("rate",)))


def test_whether_the_page_may_be_passed_on(made: Ratings, real_ratings: Ratings) -> None:
    for ratings, said in (
        (made, "All people are invented, so you may pass the page on."),
        (real_ratings, "licence forbids passing ratings on"),
        (Ratings.from_frames(made.ratings), "Check that you may pass on the data"),
    ):
        assert said in source(study_of(ratings))


def test_odd_paths_and_commands_are_text(made: Ratings) -> None:
    odd = Ratings(made.ratings, made.movies, made.scale, "a\ud800<b>\x1b", reading="<i>")
    html = source(study_of(odd, command="recsys \udce9\x1b'<script>'"))
    for shown in (
        "a\\ud800&lt;b&gt;\\x1b", "<dd dir=\"auto\">&lt;i&gt;</dd>",
        "recsys \\xe9\\x1b&#39;&lt;script&gt;&#39;",
    ):  # fmt: skip
        assert shown in html
