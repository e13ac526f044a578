"""The section of one person: true figures, the library's own lists, and no names of markup."""

import re
from dataclasses import replace
from html import unescape
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from every_recommender import small_groups
from hostile import hostile_ratings
from studies import study_of as whole_study_of

import recsys
from recsys import Hybrid, Ratings
from recsys.printable import printable
from recsys.report import study as studies
from recsys.report.parts import Block, Section, Text
from recsys.report.sections import person
from recsys.report.sections.person import invented, section
from recsys.report.study import Study
from recsys.titles.names import spoken


def raw(found: Section) -> str:
    """The HTML of the section's own template."""
    (block,) = (part for part in found.parts if isinstance(part, Block))
    return str(block.html)


def html(found: Section) -> str:
    """The HTML in which &lt; and the like are read."""
    return unescape(raw(found))


def words(found: Section) -> str:
    """All that a reader sees of the section's own template, and its texts."""
    texts = [part.text for part in found.parts if isinstance(part, Text)]
    return " ".join([*texts, unescape(re.sub(r"<[^>]*>", " ", raw(found)))])


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """Real ones, as far as the page knows."""
    made = recsys.make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    return replace(made, source="ratings.csv")


def study_of(ratings: Ratings, **options: Any) -> Study:
    """A study with a small recommender, which fits in no time."""
    study = whole_study_of(ratings, **options)
    study.__dict__["hybrid"] = Hybrid(groups=small_groups()).fit(study.sample)
    return study


@pytest.fixture(scope="module")
def study(ratings: Ratings) -> Study:
    return study_of(ratings, with_people=True, user_id=7)


@pytest.fixture(scope="module")
def people(study: Study) -> Section:
    return section(study)


def test_lists_are_those_of_the_recommender(study: Study, people: Section) -> None:
    shown = {one["name"]: one for one in people.data["people"]}
    assert len(shown) == len(people.data["people"]) == 40
    for user_id in (7, 3, 12):
        found, films = shown[f"User {user_id}"], study.hybrid.recommend(user_id)
        titles = [people.data["titles"][film[0]] for film in found["films"]]
        assert titles == [spoken(title) for title in films["title"]]
        assert [film[1] for film in found["films"]] == [f"{x:.2f}" for x in films["score"]]
        assert [film[2] for film in found["films"]] == [
            f"{x:.2f}" for x in films["predicted_rating"]
        ]
        assert [film[4] for film in found["films"]] == films["reason"].tolist()
        low, high = study.hybrid.predict_interval([user_id] * 10, films["movieId"])
        assert [film[3] for film in found["films"]] == [
            f"{a:.1f} to {b:.1f}" for a, b in zip(low, high, strict=True)
        ]


def test_parts_add_up_to_the_predicted_rating(study: Study, people: Section) -> None:
    for found in people.data["people"][:10]:
        total = sum(float(value) for _, value in found["apart"]["parts"])
        assert total == pytest.approx(float(found["films"][0][2]), abs=0.006)
        assert found["apart"]["rows"][-1][4] == found["films"][0][2]


def test_facts_are_counted(ratings: Ratings, study: Study, people: Section) -> None:
    own = ratings.ratings[ratings.ratings["userId"] == 7]["rating"]
    first = people.data["people"][0]
    assert first["name"] == "User 7"
    assert first["facts"][0] == (
        f"User 7 gave {len(own)} ratings. The mean is {own.mean():.2f}, and that of all people's "
        f"ratings is {ratings.ratings['rating'].mean():.2f}. {(own >= 4).sum()} of {len(own)} are "
        "likes, which means 4 or more."
    )
    assert study.tastes is not None
    taste = study.tastes.described[study.tastes.clusters.cluster_of(7)]
    assert f"“{taste.name}”" in first["facts"][1]
    assert f"{taste.n_users} " in first["facts"][1]


def test_the_highest_and_lowest_ratings(ratings: Ratings, people: Section) -> None:
    table = ratings.ratings.merge(ratings.movies, on="movieId")
    known = table.groupby("movieId")["rating"].transform("size")
    table = table.assign(known=known, title=table["title"].map(spoken))
    for found in people.data["people"][:5]:
        own = table[table["userId"] == int(found["name"].removeprefix("User "))]
        best = own.sort_values(["rating", "known"], ascending=False)[["rating", "known"]][:5]
        shown = pd.DataFrame(
            [
                own.loc[own["title"] == people.data["titles"][title], ["rating", "known"]].iloc[0]
                for title, _ in found["highest"]
            ]
        )
        assert shown.to_numpy().tolist() == best.to_numpy().tolist()
        lowest = [float(rating) for _, rating in found["lowest"]]
        assert lowest == sorted(own["rating"])[:5]


def test_real_people_are_said_to_be_real_and_the_first_is_shown_without_scripts(
    people: Section,
) -> None:
    seen = words(people)
    assert "ratings of real people" in seen
    assert "User 7" in seen
    first = people.data["people"][0]
    for title, *_ in first["films"]:
        assert people.data["titles"][title] in html(people)
    assert people.scripts == ("person.js",)


def test_calls_give_the_same_list(study: Study, people: Section) -> None:
    assert called(people, study)["films"].equals(study.hybrid.recommend(7))


def test_an_invented_person_likes_what_a_taste_likes(study: Study) -> None:
    study = with_options(study)
    made = invented(study)
    assert study.tastes is not None
    liked = {movie for movie, rating in made.ratings.items() if rating == 5}
    tellings = [{film.movie_id for film in one.films} for one in study.tastes.described]
    if any(tellings):
        assert liked in tellings
    found = section(study)
    assert "real people" not in words(found)
    assert "invented" in words(found)
    assert found.data == {}
    names = called(found, study)
    assert names["own"] == made.ratings
    shown = re.findall(r'class="film" dir="auto">([^<]*)<', html(found))
    assert shown == [spoken(title) for title in names["films"]["title"]]


def test_somebody_of_a_taste_with_titles_of_markup() -> None:
    """The two halves of these people like different films, and rate the others' low."""
    study = study_of(hostile_ratings(), n_groups=2)
    made = invented(study)
    assert study.tastes is not None
    taste = max(study.tastes.described, key=lambda one: one.n_users)
    likes, rest = taste.films, taste.films_liked_less
    assert len(likes) == len(rest) == 5
    assert list(made.ratings) == [one.movie_id for one in (*likes, *rest)]
    assert list(made.ratings.values()) == [5.0] * 5 + [1.5] * 5
    assert "rates 5 films with 5, because" in made.rule
    assert made.rule.endswith("and rates 5 films with 1.5, because it likes those less.")
    found = section(study)
    for markup in ("<script", "<img", "<svg onload", "<!--"):
        assert markup not in raw(found)
    shown = re.findall(r'class="film" dir="auto">([^\n]*)</p>', html(found))
    films = study.hybrid.recommend(ratings=dict(made.ratings))
    # Some characters cannot stand in HTML, and the script shows them as the page does.
    assert shown == [printable(spoken(title)) for title in films["title"]]
    data = section(with_options(study, with_people=True)).data
    assert data["titles"] == [printable(title) for title in data["titles"]]
    assert any(title.startswith("\\u202eevil") for title in data["titles"])


def kinds() -> dict[str, Ratings]:
    users, films = np.repeat(np.arange(30), 8), np.tile(np.arange(12), 20)
    values = np.random.default_rng(0).integers(-10, 11, len(users)).astype(float)
    text = [f"film {film}" for film in films]
    return {
        "likes": Ratings.from_columns(users, films),
        "counts": Ratings.from_columns(users, text, np.abs(values) + 1, counts=True),
        "-10 to 10": Ratings.from_columns(users, films, values, scale="-10:10:0"),
        "no likes": Ratings.from_columns(users, films, 1 + (values > 0)),
        "one user": Ratings.from_columns([1, 1, 1], [1, 2, 3], [5, 3, 4]),
        "one film": Ratings.from_columns(["ann", "bob"], [1, 1], [5, 3]),
        "one rating": Ratings.from_columns(["ann"], [1], [5]),
    }


KINDS = kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_any_ratings_have_a_person(kind: str) -> None:
    study = study_of(KINDS[kind])
    found = section(study)
    for seen in (words(found), words(section(with_options(study, with_people=True)))):
        assert "nan" not in seen
        assert " 1 ratings" not in seen
        assert " 1 films" not in seen
    shown = re.findall(r'class="film" dir="auto">([^<]*)<', html(found))
    assert shown == [spoken(title) for title in called(found, study)["films"]["title"]]
    assert ("There is no film" in words(found)) == (not shown)
    assert ("predicted" in words(found)) == (study.ratings.scale.predicts and bool(shown))


def with_options(study: Study, **options: Any) -> Study:
    """A study that shares what the first one computed."""
    other = whole_study_of(study.ratings, **options)
    other.__dict__.update(hybrid=study.hybrid, tastes=study.tastes)
    return other


def called(found: Section, study: Study) -> dict[str, Any]:
    """The variables of the section's calls, with the study's recommender instead of a fit."""
    fitted = SimpleNamespace(fit=lambda ratings: study.hybrid)
    library = SimpleNamespace(Hybrid=lambda random_state: fitted)
    names: dict[str, Any] = {"recsys": library, "ratings": study.ratings}
    exec(found.calls, names)
    return names


def test_no_film_is_among_the_highest_and_the_lowest() -> None:
    """Three ratings, 5, 4 and 3, are all among the five highest."""
    seen = raw(section(study_of(KINDS["one user"], user_id=1)))
    assert re.findall(r"<b>(\d)</b>", seen) == ["5", "4", "3"]
    assert '<div class="card lowest" hidden>' in seen


def test_thin_evidence_is_said() -> None:
    seen = words(section(study_of(KINDS["one film"], user_id="ann")))
    assert "There is no film to recommend: films that are rated already are left out." in seen
    assert "User ann gave 1 rating. " in seen
    few = recsys.make_ratings(n_users=40, n_movies=60, n_ratings=300, random_state=0)
    study = study_of(few)
    counts = few.ratings["userId"].value_counts()
    user_id = int(counts.index[counts < 10][0])
    found = section(with_options(study, user_id=user_id))
    assert f"{counts[user_id]} ratings cannot tell much about a taste" in words(found)
    thin = study.hybrid.recommend(user_id)["reason"].str.contains("the evidence is thin").sum()
    assert (f"Of the 10 films, {thin} rest on thin" in words(found)) == (thin > 1)


def test_a_user_outside_the_sample_brings_their_ratings(
    ratings: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "MOST_RATINGS", 450)
    study = study_of(ratings, with_people=True)
    inside = set(study.sample.ratings["userId"])
    outside = min(set(ratings.ratings["userId"]) - inside)
    study = with_options(study, with_people=True, user_id=outside)
    found = section(study)
    own = ratings.ratings[ratings.ratings["userId"] == outside]
    first = found.data["people"][0]
    assert first["name"] == f"User {outside}"
    films = study.hybrid.recommend(ratings=own[["movieId", "rating", "timestamp"]])
    assert [film[4] for film in first["films"]] == films["reason"].tolist()
    assert len(found.data["people"]) == len(inside) + 1
    assert study.sample_note in words(found)
    assert found.calls.startswith("# The page fits the model to a sample")


def test_so_many_people_are_drawn(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "MOST_PEOPLE", 3)
    found = section(with_options(study, with_people=True))
    names = [one["name"] for one in found.data["people"]]
    assert len(set(names)) == 3
    assert "The page shows 3 people, drawn by chance from 40." in words(found)
    assert names[0] in words(found)
