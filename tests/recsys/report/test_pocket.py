"""The script of a page, pocket.js, makes the lists and the reasons of PocketGroups."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pocket_people import check_same, lists_of_node, lists_of_python, visitors

from recsys import PocketGroups, Ratings, RatingScale, make_ratings
from recsys.data.scale import COUNTS, LIKES


def of_scale(largest: float) -> Callable[[Ratings], Ratings]:
    """Stretches half stars over a scale that ends here and begins as far below 0."""

    def made(ratings: Ratings) -> Ratings:
        stars = ratings.ratings["rating"]
        table = ratings.ratings.assign(rating=(stars - 2.75) / 2.25 * largest)
        return Ratings.from_frames(
            table, ratings.movies, scale=RatingScale(-largest, largest, 0, like_threshold=0.3)
        )

    return made


def likes(ratings: Ratings) -> Ratings:
    table = ratings.ratings.query("rating >= 3.5").assign(rating=1.0)
    return Ratings.from_frames(table, ratings.movies, scale=LIKES)


def counts(ratings: Ratings) -> Ratings:
    table = ratings.ratings.assign(rating=(ratings.ratings["rating"] >= 3.5).astype(float))
    return Ratings.from_frames(table, ratings.movies, scale=COUNTS)


def ten_points(ratings: Ratings) -> Ratings:
    table = ratings.ratings.assign(rating=2 * ratings.ratings["rating"])
    return Ratings.from_frames(table, ratings.movies, scale=RatingScale(1, 10, 1))


def one_user(ratings: Ratings) -> Ratings:
    return Ratings.from_frames(ratings.ratings.query("userId == 1"), ratings.movies)


def one_film(ratings: Ratings) -> Ratings:
    table = pd.DataFrame({"userId": range(12), "movieId": 1, "rating": [4.0, 5.0, 1.0] * 4})
    return Ratings.from_frames(table, ratings.movies)


# How many people ask, the ratings and the parameters.
CASES = {
    "half stars": (50, lambda ratings: ratings, {}),
    "popularity and taste": (8, lambda ratings: ratings, {"taste_weight": 0.5}),
    "samples": (12, lambda ratings: ratings, {"max_users": 100, "max_items": 80}),
    "likes": (12, likes, {}),
    "counts": (8, counts, {}),
    "ten points": (8, ten_points, {}),
    "below zero": (8, of_scale(10.0), {}),
    "one user": (4, one_user, {}),
    "one film": (2, one_film, {}),
}


@pytest.fixture(scope="module")
def models() -> dict[str, PocketGroups]:
    ratings = make_ratings(n_users=160, n_movies=150, n_ratings=7000, random_state=3)
    return {
        name: PocketGroups(n_groupings=8, **parameters).fit(of(ratings))
        for name, (_, of, parameters) in CASES.items()
    }


def test_the_script_makes_the_lists_of_python(models: dict[str, PocketGroups]) -> None:
    people = {name: visitors(models[name], CASES[name][0]) for name in CASES}
    asked = [{"packed": models[name].packed(), "visitors": people[name], "n": 10} for name in CASES]
    kinds: dict[str, set[str]] = {}
    for name, of_script in zip(CASES, lists_of_node(asked), strict=True):
        of_python = lists_of_python(models[name], people[name], 10)
        check_same(of_script, of_python)
        reasons = " ".join(row["reason"] for mine in of_python for row in mine)
        known = ("share your taste", "you liked", "the evidence is thin", "others rated it")
        kinds[name] = {kind for kind in known if kind in reasons}
    assert len(set.union(*kinds.values())) == 4
    assert {"share your taste", "you liked"} <= kinds["half stars"] & kinds["likes"]
    assert kinds["one user"] == {"the evidence is thin"}


def test_films_that_the_script_cannot_rate_are_not_in_lists(
    models: dict[str, PocketGroups],
) -> None:
    for model in models.values():
        listed = model.recommend(ratings={}, n=10_000)["movieId"]
        assert sorted(listed) == model.packed_ids.tolist()
    assert np.all(np.isin(models["samples"].packed_ids, models["half stars"].packed_ids))
