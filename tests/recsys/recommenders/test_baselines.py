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
    items = {10: 1 / 6, 20: 0.0, 30: -1 / 4}
    users = {1: (2 - 1 / 6 + 0) / 7, 2: (1 - 1 / 6 - 1 + 1 / 4) / 7, 3: (-2 - 1 / 6) / 6}
    for user, user_biases in users.items():
        for item, quality in items.items():
            parts = [part.rating for part in model.explain(user, item).parts]
            assert parts == pytest.approx([3.0, user_biases, quality])


def test_sweeps_end_where_each_side_is_the_mean_of_what_the_other_leaves() -> None:
    ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    values = RatingMatrix.from_ratings(ratings).values.tocoo()
    users, items = values.coords
    found = Biases.learned(values.tocsr(), n_sweeps=200)
    left = values.data - found.mean - found.user_biases[users] - found.item_biases[items]
    for of, counts, damping in (
        (found.user_biases, users, 5.0),
        (found.item_biases[:-1], items, 3.0),
    ):
        # sum of (left + own) / (damping + n) = own, so the sum of what is left = damping * own
        np.testing.assert_allclose(np.bincount(counts, left), damping * of, atol=1e-9)


def test_new_people_are_as_generous_as_what_they_rated_says(ratings: Ratings) -> None:
    model = BiasBaseline(n_sweeps=1).fit(ratings)
    (ratings,) = model.predict(movie_ids=[30], ratings={10: 5.0, 20: 5.0})
    assert ratings == pytest.approx(3 - 1 / 4 + (2 - 1 / 6 + 2) / 7)
    assert model.predict(movie_ids=[30], ratings={})[0] == pytest.approx(3 - 1 / 4)


def test_what_most_liked_comes_first(ratings: Ratings) -> None:
    model = MostLiked().fit(ratings)
    items = model.recommend(ratings={})
    assert items["movieId"].tolist() == [10, 20, 30]  # liked by 2, 0 and 0
    assert items["score"].tolist() == [2.0, 0.0, 0.0]
    assert items["reason"].tolist() == [
        "3 of the 3 users rated it, 3.33 on average; 2 liked it",
        "1 of the 3 users rated it, 3.00 on average; 0 liked it",
        "1 of the 3 users rated it, 2.00 on average; 0 liked it",
    ]
