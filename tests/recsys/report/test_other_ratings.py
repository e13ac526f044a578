"""The page about ratings without genres, titles or stars, and with text ids."""

import html
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys import Ratings, make_ratings
from recsys.data.scale import LIKES
from recsys.report.findings import find
from recsys.report.report import write_report

OF_GENRES = ["genre-means", "contrast", "genre-groups", "silhouette", "three-genres"]
OF_FILMS = [
    "matrix",
    "densest",
    "tastes",
    "groups",
    "group-maps",
    "prediction",
    "recommendation",
    "advice",
]


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=60, n_movies=120, n_ratings=2500, random_state=1)


def page(ratings: Ratings, folder: Path) -> tuple[list[str], str]:
    """The sections of a page, and its source without entities."""
    source = write_report(ratings, folder / "r.html").read_text("utf-8")
    return re.findall(r'<section id="([^"]+)"', source), html.unescape(source)


@pytest.mark.usefixtures("no_pixels")
def test_without_genres_and_titles_the_page_says_so(made: Ratings, tmp_path: Path) -> None:
    table = made.ratings.assign(userId=[f"user {user}" for user in made.ratings["userId"]])
    sections, source = page(Ratings.from_frames(table), tmp_path)
    assert sections == ["data", *OF_FILMS]
    assert "The films have no genres, so the sections about genres are left out." in source
    assert "The films have no titles, so their ids stand as titles." in source
    # The calls in the page quote text ids.
    assert re.search(r"model\.recommend\('user \d+', 20\)", source)
    assert re.search(r"User user \d+ is in group \d", source)


@pytest.mark.usefixtures("no_pixels")
def test_with_titles_and_genres_it_says_nothing(made: Ratings, tmp_path: Path) -> None:
    sections, source = page(made, tmp_path)
    assert sections == ["data", *OF_GENRES, *OF_FILMS]
    assert "left out." not in source.partition('id="genre-means"')[0]
    assert "ids stand" not in source


@pytest.mark.usefixtures("no_pixels")
def test_titles_are_written_as_people_say_them(made: Ratings, tmp_path: Path) -> None:
    titles = [f"Film {movie}, The (1999)" for movie in made.movies["movieId"]]
    renamed = Ratings.from_frames(made.ratings, made.movies.assign(title=titles))
    _, source = page(renamed, tmp_path)
    of_films = source.partition('<section id="groups"')[2]
    assert re.search(r"The Film \d+ \(1999\)", of_films)
    assert not re.search(r"Film \d+, The", of_films)


@pytest.mark.usefixtures("no_pixels")
def test_likes_have_no_sections_about_predictions(made: Ratings, tmp_path: Path) -> None:
    likes = Ratings.from_frames(made.ratings.assign(rating=1.0), made.movies, scale=LIKES)
    sections, source = page(likes, tmp_path)
    predicted = {"prediction", "recommendation"}
    assert sections == ["data", *OF_GENRES, *(name for name in OF_FILMS if name not in predicted)]
    assert "The ratings are likes, which cannot be predicted." in source
    advice = source.partition('<section id="advice"')[2]
    assert "liked it" in advice
    assert "predict" not in advice
    assert "nan" not in advice


def test_ratings_below_0_are_drawn(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [(u, m, rng.uniform(-10, 10)) for u in range(25) for m in range(20)]
    jokes = Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]), scale=(-10, 10, 0)
    )
    sections, source = page(jokes, tmp_path)
    assert sections == ["data", *OF_FILMS]
    assert "any number from -10 to 10" in source


@pytest.mark.parametrize(
    ("genres", "sections", "said"),
    [
        (["Crime|Art", "Crime|Art|Sport", "Crime"], ("Crime", "Art", "Sport"), None),
        (["Crime", "Art", "Art"], ("Art", "Crime"), None),
        (["Crime", "Crime", ""], None, "The films have only one genre"),
    ],
)
@pytest.mark.usefixtures("no_pixels")
def test_the_genres_of_most_films_are_compared(
    genres: list[str], sections: tuple[str, ...] | None, said: str | None, tmp_path: Path
) -> None:
    rows = [(user, movie, 1.0 + (user + movie) % 5) for user in range(12) for movie in range(3)]
    ratings = Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": range(3), "title": ["Up", "Big", "Heat"], "genres": genres}),
    )
    found = find(ratings).by_genre
    assert (found.genres if found else None) == sections
    ids, source = page(ratings, tmp_path)
    expected = OF_GENRES[: 0 if sections is None else len(sections) + 2]
    assert ids == ["data", *expected, *OF_FILMS]
    assert said is None or said in source
    if sections is not None and len(sections) == 2:
        assert "did not rate both genres" in source


@pytest.mark.usefixtures("no_pixels")
def test_the_contrast_has_the_limits_of_the_scale(made: Ratings, tmp_path: Path) -> None:
    """The same ratings times two, on a scale to 10, have the same subset of users."""
    table = made.ratings.assign(rating=2 * made.ratings["rating"])
    of_ten = Ratings.from_frames(table, made.movies, scale=(1, 10))
    stars, doubled = find(made).by_genre, find(of_ten).by_genre
    assert stars is not None
    assert doubled is not None
    assert (stars.limits, doubled.limits) == ((3.2, 2.5), (6.4, 5.0))
    assert doubled.n_contrast > 0
    # The margin for the first genre is .2 on both scales, so a user may be at the edge.
    assert doubled.n_contrast >= stars.n_contrast
    _, source = page(of_ten, tmp_path)
    assert "recsys.contrast_subset(means, (6.4, 5.0), append_first_two=True)" in source


def test_named_genres_are_compared(made: Ratings) -> None:
    found = find(made, genres=["War", "Drama"]).by_genre
    assert found is not None
    assert list(found.means.columns) == ["userId", "avg_war_rating", "avg_drama_rating"]
    with pytest.raises(ValueError, match="compares two or three genres, not 1"):
        find(made, genres=["War"])
    with pytest.raises(ValueError, match="no film has the genre 'Poetry'"):
        find(made, genres=["War", "Poetry"])
