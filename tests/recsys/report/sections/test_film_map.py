"""The section of the map: its sentences are recounted, and it says why there is no map."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from studies import study_of

import recsys
from recsys import FilmMap, Ratings, make_ratings
from recsys.report.parts import Chart, Section, Text
from recsys.report.sections.film_map import section
from recsys.titles.names import spoken


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=120, n_movies=70, n_ratings=4000, random_state=2)


@pytest.fixture(scope="module")
def made(ratings: Ratings) -> Section:
    return section(study_of(ratings, n_groups=3))


@pytest.fixture(scope="module")
def films(made: Section, ratings: Ratings) -> FilmMap:
    """The map by the calls that the section shows."""
    names: dict[str, Any] = {"recsys": recsys, "ratings": ratings}
    exec(made.calls, names)
    found = names["films"]
    assert isinstance(found, FilmMap)
    return found


def chart_of(made: Section) -> Chart:
    chart = made.parts[-1]
    assert isinstance(chart, Chart)
    return chart


def test_the_calls_give_what_the_script_reads(made: Section, films: FilmMap) -> None:
    data = json.loads(json.dumps(made.data))
    assert [row[2] for row in data["films"]] == films.n_likes.tolist()
    assert [row[3] for row in data["films"]] == films.tastes.tolist()
    assert [row[4] for row in data["films"]] == films.alike[:, :5].tolist()
    assert set(data["tastes"]) >= {str(taste) for taste in films.tastes}
    titles = re.findall(r"<title>(.*?)</title>", chart_of(made).svg)
    assert len(titles) == len(films.titles)


def test_sentences_recounted(made: Section, films: FilmMap, ratings: Ratings) -> None:
    table = ratings.ratings.merge(ratings.movies)
    likes = table[table["rating"] >= 4].groupby("title").size()
    likes = likes[likes >= 10].sort_values(ascending=False)
    assert f"the {len(likes)} films with most likes" in str(made.parts[0])
    seen = chart_of(made).seen
    assert f"{likes.iloc[0]} people liked the film with the largest dot, " in seen
    assert spoken(str(films.titles[0])) in seen
    # The nearest other film that has a taste.
    frame = films.to_frame().query("taste >= 0")
    same = 0
    for film in frame.itertuples():
        others = frame.drop(index=film.Index)
        nearest = ((others["x"] - film.x) ** 2 + (others["y"] - film.y) ** 2).idxmin()
        same += int(others.loc[nearest, "taste"] == film.taste)
    assert f"{len(frame)} of the films are liked clearly more by one of the groups" in seen
    assert f"For {100 * same / len(frame):.0f} % of them" in seen
    pairs = frame.merge(frame, how="cross").query("movieId_x != movieId_y")
    by_chance = 100 * (pairs["taste_x"] == pairs["taste_y"]).mean()
    assert f"By chance it would be {by_chance:.0f} %" in seen
    share = f"{100 * films.kept:.0f} % among its 20 nearest"
    assert share in str(made.parts[1])
    assert f"would put {2000 / (len(likes) - 1):.0f} % there" in str(made.parts[1])


def test_the_numbers_are_those_of_the_landmarks(made: Section, films: FilmMap) -> None:
    frame = films.to_frame().query("is_landmark")
    rows = chart_of(made).numbers.rows
    assert [row[0] for row in rows] == [spoken(str(title)) for title in frame["title"]]
    assert [row[1] for row in rows] == [str(n) for n in frame["n_likes"]]
    expected = ["none" if taste < 0 else f"Group {taste}" for taste in frame["taste"]]
    assert [row[2] for row in rows] == expected
    assert all(row[3].count("; ") >= 2 for row in rows)


def rated(n_users: int, n_films: int, rating: float) -> Ratings:
    rows = [(u, f"f{f}", rating) for u in range(n_users) for f in range(n_films)]
    frame = pd.DataFrame(rows, columns=["userId", "movieId", "rating"])
    return Ratings.from_frames(frame, scale=(1.0, 5.0))


@pytest.mark.parametrize(
    ("ratings", "why"),
    [
        (rated(12, 9, 2.0), "Nobody liked a film, so there is no map."),
        (rated(9, 9, 5.0), "No film has 10 likes or more. A map needs 8 such films."),
        (rated(11, 1, 5.0), "Only 1 film got 10 likes or more. A map needs 8 such films."),
    ],
)
def test_why_there_is_no_map(ratings: Ratings, why: str) -> None:
    made = section(study_of(ratings, n_groups=1))
    assert made.parts == (Text(why),)
    assert (made.calls, made.scripts, dict(made.data)) == ("", (), {})


def test_films_that_all_people_like_make_a_map_without_tastes() -> None:
    made = section(study_of(rated(12, 9, 5.0), n_groups=1))
    assert chart_of(made).seen.endswith("the largest dot, f0.")
    assert np.isfinite([row[:2] for row in made.data["films"]]).all()
