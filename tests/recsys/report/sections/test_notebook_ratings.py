"""The notebook's steps for any ratings: no genres, other scales, few people, hostile titles."""

import re

import numpy as np
import pandas as pd
import pytest
from studies import study_of

from recsys import MostLiked, Ratings, make_ratings
from recsys.data.scale import LIKES
from recsys.report.parts import Block, Text
from recsys.report.sections import notebook_genres
from recsys.report.sections.notebook import section
from recsys.report.study import Study

OF_GENRES = [
    "Mean ratings by genre",
    "People who like one of two genres",
    "Groups by two genres",
    "The silhouette of every k",
    "Groups by three genres",
]
OF_FILMS = [
    "The matrix of ratings",
    "The densest part of the matrix",
    "Groups by all ratings",
]
PREDICTED = ["Means as predictions", "The first 20 films"]


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=60, n_movies=40, n_ratings=900, random_state=1)


def quick(ratings: Ratings, **options: object) -> Study:
    """A study with a recommender that is fitted at once."""
    study = study_of(ratings, **options)
    study.__dict__["hybrid"] = MostLiked().fit(study.sample)
    return study


def page(study: Study) -> tuple[list[str], str]:
    """The titles of the steps, and all HTML and texts. No page has a NaN or a wrong plural."""
    parts = section(study).parts
    html = "".join(part.html for part in parts if isinstance(part, Block))
    html += " ".join(part.text for part in parts if isinstance(part, Text))
    assert re.findall(r"\bnan\b", html) == []
    said = " ".join(re.findall(r"<(?:p|h4|figcaption)\b[^>]*>([^<]*)<", html))
    assert re.findall(r"\b1 (?:people|films|ratings|rows|groups|titles)\b", said) == []
    return re.findall(r'<summary><h3 dir="auto">([^<]*)</h3>', html), html


def test_all_steps_are_there(made: Ratings) -> None:
    assert page(quick(made))[0] == OF_GENRES + OF_FILMS + PREDICTED


def test_text_ids_without_titles_and_genres(made: Ratings) -> None:
    table = made.ratings.assign(userId=[f"user {user}" for user in made.ratings["userId"]])
    ratings = Ratings.from_frames(table)
    steps, html = page(quick(ratings, user_id="user 7"))
    assert steps == OF_FILMS + PREDICTED
    assert "The films have no genres, so the steps about genres are left out." in html
    assert "User user 7 is in group" in html
    assert "user_id = &#39;user 7&#39;" in html
    # Whoever is not asked for stays unnamed.
    assert re.findall(r"user \d+", page(quick(ratings))[1]) == []


@pytest.mark.parametrize(
    ("genres", "compared", "said"),
    [
        (["Crime|Art", "Crime|Art|Sport", "Crime"], ["Crime", "Art", "Sport"], "all three genres"),
        (["Crime", "Art", "Art"], ["Art", "Crime"], "both genres"),
        (["Crime", "Crime", ""], None, "The films have only one genre"),
    ],
)
def test_the_genres_of_most_films_are_compared(
    genres: list[str], compared: list[str] | None, said: str
) -> None:
    rows = [(user, movie, 1.0 + (user + movie) % 5) for user in range(12) for movie in range(3)]
    ratings = Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": range(3), "title": ["Up", "Big", "Heat"], "genres": genres}),
    )
    steps, html = page(quick(ratings))
    assert steps == OF_GENRES[: 0 if compared is None else len(compared) + 2] + OF_FILMS + PREDICTED
    assert said in html
    if compared is not None:
        call = f"recsys.genre_means(ratings, {compared})".replace("'", "&#39;")
        assert call in html


def test_named_genres_are_compared(made: Ratings) -> None:
    steps, html = page(quick(made, genres=["War", "Drama"]))
    assert OF_GENRES[-1] not in steps
    assert "The means of War and Drama, person by person" in html


def test_likes_have_no_means_and_no_predictions(made: Ratings) -> None:
    likes = Ratings.from_frames(made.ratings.assign(rating=1.0), made.movies, scale=LIKES)
    steps, html = page(quick(likes))
    assert steps == OF_FILMS
    assert "a mean of likes is always 1" in html
    assert "The ratings are likes, which cannot be predicted" in html


def test_limits_and_pictures_begin_where_the_scale_does(made: Ratings) -> None:
    rng = np.random.default_rng(0)
    rows = [(u, m, rng.uniform(-10, 10)) for u in range(30) for m in range(12)]
    jokes = Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": range(12), "genres": ["Puns", "Riddles", "Puns|Riddles"] * 4}),
        scale=(-10, 10, 0),
    )
    _, html = page(quick(jokes))
    assert "have means less than 2 apart" in html
    assert "contrast_subset(means, (2.8, 0.0), append_first_two=True)" in html
    assert html.count(">-10</text>") >= 4  # both axes of the scatters, and the legend of a heat map


def test_many_people_are_drawn_by_chance_and_the_calls_draw_the_same(
    made: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook_genres, "MOST_PEOPLE", 10)
    _, html = page(quick(made, seed=3))
    found = re.search(r"(\d+) rows, of which 10 are drawn by chance", html)
    assert found
    assert int(found[1]) > 10
    assert "contrast = contrast.sample(10, random_state=3)" in html


def test_of_very_many_ratings_a_sample_is_measured(
    made: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.report.study.MOST_RATINGS", 500)
    study = quick(made)
    _, html = page(study)
    assert f"The page&#39;s figures: {study.sample_note}" in html
    asked = next(u for u in range(1, 61) if u not in set(study.sample.ratings["userId"]))
    # Whoever is asked for and not drawn cannot be shown.
    assert f"User {asked} is not in the sample" in page(quick(made, user_id=asked))[1]


def of_title(title: str, n_films: int = 6) -> Ratings:
    """Six users, and films of three genres with one title."""
    genres = ["Romance", "Sci-Fi", "Action"]
    rows = [(u, f, float(1 + (u + f) % 5)) for u in range(1, 7) for f in range(1, n_films + 1)]
    return Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame(
            {
                "movieId": range(1, n_films + 1),
                "title": title,
                "genres": [genres[i % 3] for i in range(n_films)],
            }
        ),
    )


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "O'Brien & Sons", "</svg>" * 50])
def test_titles_and_genres_are_text(title: str) -> None:
    ratings = of_title(title)
    movies = ratings.movies.assign(genres=["<b>x</b>", "a&b", "<b>x</b>"] * 2)
    steps, html = page(quick(Ratings.from_frames(ratings.ratings, movies)))
    assert title not in html
    assert "<b>" not in html
    assert "6 films have 1 title" in html
    assert len(steps) == 9


def test_one_rating_still_makes_all_steps() -> None:
    one = Ratings.from_frames(
        pd.DataFrame({"userId": [7], "movieId": [1], "rating": [3.5]}),
        pd.DataFrame(
            {"movieId": [1, 2], "title": ["Up", "Home"], "genres": "Romance|Sci-Fi|Action"}
        ),
    )
    steps, html = page(quick(one))
    assert steps == OF_GENRES + OF_FILMS + PREDICTED
    assert html.count("The subset has too few people to group.") == 2
    assert "The subset has too few distinct people for a silhouette." in html
    assert "1 group of fewer than 10 people is not drawn." in html
    assert "This person has rated every film that the group rated." in html


def test_a_group_without_ratings_of_the_most_rated_films() -> None:
    """Users 1 and 2 rate the 1,000 most-rated films. User 3 rates only another film."""
    rows = [(user, film, 3.0) for user in (1, 2) for film in range(1, 1001)] + [(3, 1001, 5.0)]
    ratings = Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId", "rating"]))
    _, html = page(quick(ratings, user_id=3))
    assert "1 person has no rating left" in html
    assert "Nobody in the group rated any of these films." in html
