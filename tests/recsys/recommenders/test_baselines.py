"""Biases and what most liked, by hand and against the equations they solve."""

import numpy as np
import pandas as pd
import pytest

from recsys import BiasBaseline, MostLiked, RatingMatrix, Ratings, make_ratings
from recsys.recommenders.biases import Biases

ROWS = [(1, 10, 5.0), (1, 20, 3.0), (2, 10, 4.0), (2, 30, 2.0), (3, 10, 1.0)]


@pytest.fixture
def ratings() -> Ratings:
    return Ratings.from_frames(
        pd.DataFrame(ROWS, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": [10, 20, 30], "title": ["Ten", "Twenty", "Thirty"], "genres": ""}),
    )


def test_one_sweep_by_hand(ratings: Ratings) -> None:
    """Mean 3. Film 10: (2 + 1 - 2) / (3 + 3), film 20: 0, film 30: -1 / 4; then the users."""
    model = BiasBaseline(n_sweeps=1).fit(ratings)
    films = {10: 1 / 6, 20: 0.0, 30: -1 / 4}
    users = {1: (2 - 1 / 6 + 0) / 7, 2: (1 - 1 / 6 - 1 + 1 / 4) / 7, 3: (-2 - 1 / 6) / 6}
    for user, generosity in users.items():
        for film, quality in films.items():
            parts = [part.stars for part in model.explain(user, film).parts]
            assert parts == pytest.approx([3.0, generosity, quality])


def test_sweeps_end_where_each_side_is_the_mean_of_what_the_other_leaves() -> None:
    ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    values = RatingMatrix.from_ratings(ratings).values.tocoo()
    users, films = values.coords
    found = Biases.learned(values.tocsr(), n_sweeps=200)
    left = values.data - found.mean - found.of_users[users] - found.of_films[films]
    for of, counts, shrinkage in (
        (found.of_users, users, 5.0),
        (found.of_films[:-1], films, 3.0),
    ):
        # sum of (left + own) / (shrinkage + n) = own, so the sum of what is left = shrinkage * own
        np.testing.assert_allclose(np.bincount(counts, left), shrinkage * of, atol=1e-9)


def test_new_people_are_as_generous_as_what_they_rated_says(ratings: Ratings) -> None:
    model = BiasBaseline(n_sweeps=1).fit(ratings)
    (stars,) = model.predict(movie_ids=[30], ratings={10: 5.0, 20: 5.0})
    assert stars == pytest.approx(3 - 1 / 4 + (2 - 1 / 6 + 2) / 7)
    assert model.predict(movie_ids=[30], ratings={})[0] == pytest.approx(3 - 1 / 4)


def test_what_most_liked_comes_first(ratings: Ratings) -> None:
    model = MostLiked().fit(ratings)
    films = model.recommend(ratings={})
    assert films["movieId"].tolist() == [10, 20, 30]  # liked by 2, 0 and 0
    assert films["score"].tolist() == [2.0, 0.0, 0.0]
    assert films["reason"].tolist() == [
        "3 of the 3 users rated it, 3.33 on average; 2 liked it",
        "1 of the 3 users rated it, 3.00 on average; 0 liked it",
        "1 of the 3 users rated it, 2.00 on average; 0 liked it",
    ]
