"""The answer: its words follow from the groups and the ratings, whatever they are."""

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import study_of

from recsys import Ratings, make_ratings
from recsys.analysis.sureness import SEPARATION, Sureness
from recsys.report.parts import Block
from recsys.report.sections.answer import section
from recsys.report.study import Study, Tastes


def words(study: Study) -> str:
    (block,) = section(study).parts
    assert isinstance(block, Block)
    text = html.unescape(re.sub(r"<[^>]*>", "", block.html))
    return re.sub(r"\s+", " ", text).strip()


@pytest.fixture(scope="module")
def two_tastes() -> Study:
    """Thirty people like the first ten films, and twenty the other ten; all like the last one."""
    pairs = [(user, film) for user in range(30) for film in range(10)]
    pairs += [(user, film) for user in range(30, 50) for film in range(10, 20)]
    pairs += [(user, 20) for user in range(50)]
    genres = ["War"] * 10 + ["Comedy|Romance"] * 10 + [""]
    ratings = Ratings.from_frames(
        pd.DataFrame(pairs, columns=["userId", "movieId"]).assign(rating=5.0),
        pd.DataFrame(
            {"movieId": range(21), "title": [f"Film {i}, The" for i in range(21)], "genres": genres}
        ),
    )
    return study_of(ratings, n_groups=2, sections=("answer", "rate", "tastes"))


def test_hand_worked_tastes(two_tastes: Study) -> None:
    assert words(two_tastes) == (
        "50 people gave 550 ratings to 21 films. By what they liked, they form two groups of "
        "taste, which are far apart: War (30 people); Comedy and Romance (20 people). All of them "
        "are found again if the groups are made from other random numbers. The films with the most "
        "likes are The Film 20 (100 % of the people liked it), The Film 0 (60 %) and The Film 1 "
        "(60 %). What next? Rate some films and the page finds others for you. Read what sets the "
        "tastes apart."
    )


def with_tastes(study: Study, **changes: object) -> Study:
    """The same study with other findings about its tastes."""
    tastes = study.tastes
    assert tastes is not None
    changed = Study(study.ratings, study.options, study.steps)
    changed.__dict__["tastes"] = replace(tastes, **changes)
    return changed


@pytest.mark.parametrize(("n_astray", "is_told"), [(15, False), (16, True)])
def test_a_group_whose_people_are_nearer_to_others_is_doubted(
    two_tastes: Study, n_astray: int, is_told: bool
) -> None:
    values = np.ones(50)
    values[:n_astray] = -0.1  # of the thirty who like war
    study = with_tastes(two_tastes, rows=np.arange(50), silhouettes=values)
    told = "Most people of War are nearer to another group, so that one says little."
    assert (told in words(study)) == is_told


@pytest.mark.parametrize(
    ("silhouette", "said"),
    [(0.1, "shade into each other"), (0.4, "are weakly apart"), (0.6, "are clearly apart")],
)
def test_how_far_apart_is_said(two_tastes: Study, silhouette: float, said: str) -> None:
    sure = Sureness(0.1, silhouette, np.array([0.7]), np.array([0.9, 0.9]))
    assert f"two groups of taste, which {said}: War" in words(with_tastes(two_tastes, sure=sure))


@pytest.mark.parametrize(
    ("recurrence", "said"),
    [
        ([0.9, 0.3], "One of them is found again if"),
        ([0.3, 0.3], "None of them is found again if"),
        ([np.nan, 0.74], "None of them is found again if"),
        ([0.75, 0.75], "All of them are found again if"),
    ],
)
def test_how_sure_is_said(two_tastes: Study, recurrence: list[float], said: str) -> None:
    sure = Sureness(0.1, np.nan, np.array([0.7]), np.array(recurrence))
    text = words(with_tastes(two_tastes, sure=sure))
    assert said in text
    assert "two groups of taste: War" in text  # nothing is known of how far they are apart


def leftover(tastes: Tastes, *groups: int) -> Tastes:
    described = [replace(group, is_leftover=group.group in groups) for group in tastes.described]
    return replace(tastes, described=tuple(described))


def test_a_leftover_is_called_so(two_tastes: Study) -> None:
    assert two_tastes.tastes is not None
    smaller = min(two_tastes.tastes.described, key=lambda group: group.n_users).group
    one = leftover(two_tastes.tastes, smaller)
    text = words(with_tastes(two_tastes, described=one.described))
    assert "they form one group of taste: War (30 people). It is found again if" in text
    assert "20 people are in a leftover group, where nothing is clearly liked more" in text
    none = leftover(two_tastes.tastes, 0, 1)
    text = words(with_tastes(two_tastes, described=none.described))
    assert "No taste sets a group of people apart. The films" in text
    assert "Read what sets" not in text


def test_groups_of_the_same_genres_have_their_whole_names(two_tastes: Study) -> None:
    assert two_tastes.tastes is not None
    first, second = two_tastes.tastes.described
    twice = (replace(first, name="War: Up"), replace(second, name="War: Big"))
    text = words(with_tastes(two_tastes, described=twice))
    assert "War: Up (" in text
    assert "War: Big (" in text


def test_of_many_groups_the_largest_are_named(two_tastes: Study) -> None:
    assert two_tastes.tastes is not None
    group = two_tastes.tastes.described[0]
    many = tuple(replace(group, group=0, name=f"Name {i}: x", n_users=i) for i in range(1, 11))
    text = words(with_tastes(two_tastes, described=many))
    assert "form ten groups of taste" in text
    assert ": Name 10 (10 people); Name 9 (9 people); " in text
    assert "; Name 3 (3 people); and 2 more." in text


def test_the_most_liked_films_are_counted_again() -> None:
    made = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    likes = made.ratings.loc[made.ratings["rating"] >= 4, "movieId"].value_counts()
    assert f"({100 * likes.iloc[0] / 40:.0f} % of the people liked it)" in words(study_of(made))


def test_links_lead_to_sections_of_the_page(two_tastes: Study) -> None:
    for sections, links in ((("answer",), []), (("rate", "answer"), ["#rate"])):
        study = study_of(two_tastes.ratings, sections=sections)
        study.__dict__["tastes"] = two_tastes.tastes
        (block,) = section(study).parts
        assert isinstance(block, Block)
        assert re.findall('href="([^"]*)"', block.html) == links


def test_nobody_likes_anything() -> None:
    ratings = Ratings.from_columns([1, 2], [7, 8], [1, 2])
    text = words(study_of(ratings, sections=("answer", "rate")))
    assert text == (
        "2 people gave 2 ratings to 2 films. Nobody liked one of the films that groups are made "
        "of, so there are no groups of taste. No rating here is a like, because all are below 4; "
        "choose a smaller like_threshold (--like-threshold)."
    )


def test_one_person() -> None:
    text = words(study_of(Ratings.from_columns([1], [7], [5])))
    assert text == (
        "1 person gave 1 rating to 1 film. No taste sets a group of people apart. No film was "
        "liked by more than one person."
    )


def test_a_sample_is_named(two_tastes: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.report.study.MOST_RATINGS", 330)
    study = study_of(two_tastes.ratings, n_groups=2)
    assert "measured on 30 people, drawn by chance from all 50." in words(study)


def test_each_limit_of_separation_has_its_words() -> None:
    from recsys.report.sections.answer import APART

    assert len(APART) == len(SEPARATION)


def test_titles_are_text() -> None:
    hostile = "<script>alert(1)</script>"
    ratings = Ratings.from_columns([1, 2], [7, 7], [5, 5], titles={7: hostile})
    (block,) = section(study_of(ratings)).parts
    assert isinstance(block, Block)
    assert "<script" not in block.html
    assert '<em dir="auto">&lt;script&gt;alert(1)&lt;/script&gt;</em>' in block.html
