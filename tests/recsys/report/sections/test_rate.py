"""The section "rate": what it carries, counted again with pandas, on several kinds of ratings."""

import json
from itertools import accumulate

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from markupsafe import escape
from studies import study_of

from recsys import PocketGroups, Ratings, make_ratings
from recsys.analysis.telling_films import telling_films
from recsys.evaluation.stored import with_data
from recsys.report.parts import Block, Text
from recsys.report.sections.rate import section
from recsys.titles.names import spoken


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def test_the_page_carries_the_liked_films_and_shows_the_most_liked_ones(ratings):
    found = section(study_of(ratings))
    table = ratings.ratings
    n_likes = table[table["rating"] >= 4].groupby("movieId").size()
    ids = list(accumulate(found.data["ids"]))
    assert ids == n_likes.index.tolist()
    assert json.loads(json.dumps(found.data))["ratings"] == [i / 2 for i in range(1, 11)]
    titles = dict(zip(ids, found.data["model"]["titles"], strict=True))
    assert titles == {
        movie_id: spoken(title)
        for movie_id, title in ratings.movies.set_index("movieId")["title"].items()
        if movie_id in titles
    }
    (block,) = found.parts
    assert isinstance(block, Block)
    html = str(block.html)
    # The ten most liked films stand in the page without scripts, in this order.
    n_ratings = table.groupby("movieId").size()
    order = sorted(ids, key=lambda one: (-n_likes[one], -n_ratings[one], one))[:10]
    places = [html.index(f'<strong dir="auto">{escape(titles[one])}<') for one in order]
    assert places == sorted(places)
    first = [int(movie_id) for movie_id, title in found.data["films"]]
    assert len(set(first)) == 8
    assert set(first) <= set(ids)


def test_the_calls_make_a_list(ratings):
    names = {"recsys": __import__("recsys"), "ratings": ratings}
    *lines, last = section(study_of(ratings)).calls.splitlines()
    exec("\n".join(lines), names)
    assert len(eval(last, names)) == 10


def test_nobody_likes_anything(ratings):
    frame = ratings.ratings.assign(rating=1.0)[["userId", "movieId", "rating"]]
    (text,) = section(study_of(Ratings.from_frames(frame, scale=(1, 5, 1)))).parts
    assert isinstance(text, Text)
    assert "no rating here is a like, because all are below 4" in text.text


def test_ids_may_be_text_or_large():
    for ids in (["007", "a:b,c"], [-(2**63), 2**60]):
        frame = pd.DataFrame({"userId": [1, 1, 2], "movieId": [*ids, ids[0]], "rating": 5.0})
        found = section(study_of(Ratings.from_frames(frame, scale=(0.5, 5, 0.5))))
        assert found.data["ids"] == [str(one) for one in ids]
        assert len(found.data["films"]) == 2


def test_the_page_says_what_it_leaves_out(ratings, monkeypatch):
    study = study_of(ratings)
    study.pocket = PocketGroups(max_items=20).fit(ratings)
    html = str(section(study).parts[0].html)
    assert "The page knows 20 of the 60 films" in html
    study = study_of(ratings)
    monkeypatch.setattr("recsys.report.study.MOST_RATINGS", 500)
    assert study.sample_note in str(section(study).parts[0].html)
    assert study.sample_note


def test_the_page_says_how_good_its_lists_are(ratings, tmp_path):
    names = ["pocket-groups", "hybrid", "most-liked", "EASE"]
    rows = [
        {"name": name, "n_shown": n_shown, "ndcg": (place + 1) * n_shown / 100, "rmse": 1.0}
        for place, name in enumerate(names)
        for n_shown in (0, 1, 3)
    ]
    frame = pd.DataFrame(rows).assign(n_rows=9, n_users=9, against="hybrid")
    for name in ("ndcg", "rmse"):
        for end in ("low", "high", "difference", "difference_low", "difference_high"):
            frame[f"{name}_{end}"] = 0.0
    file = tmp_path / "evaluation.csv"

    def said(frame, of=ratings):
        with_data("cold start", frame, of, 0).to_csv(file, index=False)
        return str(section(study_of(ratings, evaluation=file)).parts[0].html)

    # Means of 1 and 3 hundredths, and of two and three times as much.
    means = (
        "For people who show 1 to 3 ratings, the lists of this page score 0.020, those of the full "
        "model 0.040, and what most people like 0.060."
    )
    assert means in said(frame)
    few = (
        "With 1 and 3 ratings shown, the lists of this page score 0.010 and 0.030, and what most "
        "people like 0.030 and 0.090."
    )
    assert few in said(frame)
    assert "ratings shown" not in said(frame.assign(n_shown=frame["n_shown"] * 10))
    not_measured = "measured by recsys evaluate --cold-start --out FILE"
    assert not_measured in said(frame[frame["name"] != "pocket-groups"])
    assert not_measured in said(frame.assign(ndcg=np.nan))
    assert not_measured in said(frame[frame["n_shown"] == 0])
    other = make_ratings(n_users=41, n_movies=60, n_ratings=900, random_state=0)
    assert not_measured in said(frame, other)


def test_each_telling_film_tells_most_of_what_is_left():
    rng = np.random.default_rng(0)
    taste = rng.random((200, 2)) < 0.5
    likes = taste[:, [0, 0, 0, 1, 1]] ^ (rng.random((200, 5)) < 0.1)
    likes = np.column_stack([likes, np.ones(200)])  # all like it, so it tells nothing
    found = telling_films(sp.csr_array(likes.astype(float)), 6)
    assert sorted(found) == [0, 1, 2, 3, 4]
    left = likes - likes.mean(axis=0)
    for film in found:
        # The film's column explains more of all columns than any other column does.
        told = [np.sum((left.T @ one) ** 2) / np.sum(one**2) if one.any() else 0 for one in left.T]
        assert told[film] == pytest.approx(max(told))
        own = left[:, film] / np.linalg.norm(left[:, film])
        left = left - np.outer(own, own @ left)
        left[np.abs(left) < 1e-9] = 0
