"""The form of the section "rate": its choices on each scale, and its search, run by node."""

import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys import MostLiked, Ratings
from recsys.data.scale import COUNTS, HALF_STARS, LIKES, WHOLE_STARS, RatingScale
from recsys.report.rating_form import MOST_CHOICES, choices_on, form
from recsys.report.render import static
from recsys.titles.names import folded

# Runs the script of the page with a model that has titles and likers alone, and searches.
NODE = """
const { data, searches } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
globalThis.document = { getElementById: () => ({ textContent: JSON.stringify(data) }) };
globalThis.pocket = { read: (model) => model };
globalThis.rateFilms = async (data, source) => {
  const found = [];
  for (const text of searches) found.push(await source.find(text, 3));
  console.log(JSON.stringify({ found, known: await source.titles(["70", "8", "15"]) }));
};
require("vm").runInThisContext(%s);
"""
TITLES = (
    "Amélie (Fabuleux destin d'Amélie Poulain, Le) (2001)",
    "Fast & Furious",
    "8½ (1963)",
    "Æon Flux",
    "Straße und Łódź",
    "WALL·E",
    "Ocean's Eleven",
    "שלום",
    "七人の侍",
    "$",
    "Fast Five",
)


def test_the_choices_are_stars_a_list_or_a_like():
    assert choices_on(HALF_STARS).ratings == tuple(np.arange(1, 11) / 2)
    assert [choices_on(scale).control for scale in (HALF_STARS, WHOLE_STARS)] == ["stars"] * 2
    ten = choices_on(RatingScale(1, 10, 1))
    assert (ten.control, ten.ratings) == ("list", tuple(range(1, 11)))
    jester = choices_on(RatingScale(-10, 10, 0))
    assert (jester.control, jester.ratings) == ("list", tuple(range(-10, 11)))
    # No star stands for the rating 0.
    assert choices_on(RatingScale(0, 5, 0.5)).control == "list"
    for scale in (LIKES, COUNTS):
        assert (choices_on(scale).control, choices_on(scale).ratings) == ("like", (1.0,))


@given(
    st.integers(-100, 100),
    st.integers(3, 500),
    st.sampled_from([0, 0.1, 0.25, 0.5, 1, 3]),
)
def test_each_choice_is_a_rating_of_the_scale(smallest, length, step):
    scale = RatingScale(smallest, smallest + length, step)
    ratings = np.array(choices_on(scale).ratings)
    assert scale.holds(ratings).all()
    assert 1 <= len(ratings) <= MOST_CHOICES
    assert (np.diff(ratings) > 0).all()
    assert ratings[0] == smallest


@given(st.floats(-5, 5), st.floats(0.1, 10), st.integers(-9, 12))
def test_choices_between_any_two_numbers_are_short_and_not_beyond_them(smallest, length, exponent):
    factor = 10.0**exponent
    scale = RatingScale(smallest * factor, (smallest + length) * factor, 0)
    ratings = np.array(choices_on(scale).ratings)
    assert scale.holds(ratings).all()
    assert (np.diff(ratings) > 0).all()
    digits = [
        len(f"{rating:.12g}".split("e")[0].strip("-0.").replace(".", "")) for rating in ratings
    ]
    assert max(digits) <= 6


def test_titles_reasons_and_notes_are_text():
    hostile = "</script><b>O'Brien & Sons"
    frame = pd.DataFrame(
        {"userId": [1, 2, 2], "movieId": ["<i>", "<i>", "b"], "rating": [5, 4.5, 4]}
    )
    titles = pd.DataFrame({"movieId": ["<i>", "b"], "title": [hostile, "x\u202ey"], "genres": ""})
    model = MostLiked().fit(Ratings.from_frames(frame, titles, scale=HALF_STARS))
    block, data = form(model, model.trained_on.matrix.movie_ids, hostile, [hostile])
    assert block.html.count("&lt;/script&gt;&lt;b&gt;O&#39;Brien &amp; Sons") == 3
    assert "<b>" not in block.html
    assert data["films"] == [("b", "x\\u202ey"), ("<i>", hostile)]
    # A film that cannot be rated is not offered.
    assert form(model, np.array(["<i>"], dtype=object), "")[1]["films"] == [("<i>", hostile)]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_search_finds_what_a_search_in_python_finds():
    likes = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
    searches = (
        "amelie",
        "AMÉ desti",
        "fast",
        "and fast",
        "8 1 2",
        "aeon",
        "strasse lodz",
        "wall e",
    )
    searches += ("oceans", "שלו", "七人", "f", "lie", "$", "five fast x", "1963 8")
    data = {
        "model": {"titles": TITLES, "likers": [[0] * n for n in likes]},
        "ids": [5, 3, *[1] * 9],
    }
    said = subprocess.run(
        ["node", "-e", NODE % json.dumps(static("rate_pocket.js"))],
        input=json.dumps({"data": data, "searches": searches}),
        capture_output=True,
        check=True,
        text=True,
    )
    answer = json.loads(said.stdout)
    assert answer["known"] == [{"id": "8", "title": TITLES[1]}, {"id": "15", "title": TITLES[8]}]
    n_all = 0
    for text, found in zip(searches, answer["found"], strict=True):
        expected = [
            column
            for column, title in enumerate(TITLES)
            if all(
                any(word.startswith(begun) for word in folded(title).split())
                for begun in folded(text).split()
            )
        ]
        expected.sort(key=lambda column: (-likes[column], column))
        assert [film["title"] for film in found["films"]] == [TITLES[i] for i in expected[:3]], text
        assert found["nFound"] == len(expected)
        n_all += len(expected)
    assert n_all > 20
