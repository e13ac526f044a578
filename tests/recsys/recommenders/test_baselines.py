"""Biases and likes, by hand and against the equations that the biases solve."""

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
    """The mean is 3. Item 10 has (2 + 1 - 2) / (3 + 3), item 20 has 0, item 30 has -1 / 4."""
    model = BiasBaseline(n_sweeps=1).fit(ratings)
    items = {10: 1 / 6, 20: 0.0, 30: -1 / 4}
    users = {1: (2 - 1 / 6 + 0) / 7, 2: (1 - 1 / 6 - 1 + 1 / 4) / 7, 3: (-2 - 1 / 6) / 6}
    for user, user_bias in users.items():
        for item, item_bias in items.items():
            parts = [part.value for part in model.explain(user, item).parts]
            assert parts == pytest.approx([3.0, user_bias, item_bias])


def test_sweeps_end_at_damped_means_of_the_residuals() -> None:
    ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    values = RatingMatrix.from_ratings(ratings).values.tocoo()
    users, items = values.coords
    found = Biases.learned(values.tocsr(), n_sweeps=200)
    residuals = values.data - found.mean - found.user_biases[users] - found.item_biases[items]
    for of, counts, damping in (
        (found.user_biases, users, 5.0),
        (found.item_biases[:-1], items, 3.0),
    ):
        # sum of (residual + own) / (damping + n) = own, so the sum of residuals = damping * own
        np.testing.assert_allclose(np.bincount(counts, residuals), damping * of, atol=1e-9)


def test_the_bias_of_a_new_user_comes_from_their_ratings(ratings: Ratings) -> None:
    model = BiasBaseline(n_sweeps=1).fit(ratings)
    (ratings,) = model.predict(movie_ids=[30], ratings={10: 5.0, 20: 5.0})
    assert ratings == pytest.approx(3 - 1 / 4 + (2 - 1 / 6 + 2) / 7)
    assert model.predict(movie_ids=[30], ratings={})[0] == pytest.approx(3 - 1 / 4)


def test_the_most_liked_item_comes_first(ratings: Ratings) -> None:
    model = MostLiked().fit(ratings)
    items = model.recommend(ratings={})
    assert items["movieId"].tolist() == [10, 20, 30]  # liked by 2, 0 and 0
    assert items["score"].tolist() == [2.0, 0.0, 0.0]
    assert items["reason"].tolist() == [
        "the evidence is thin: 3 of the 3 others rated it, 3.33 on average; 2 liked it",
        "the evidence is thin: 1 of the 3 others rated it, 3.00 on average; none liked it",
        "the evidence is thin: 1 of the 3 others rated it, 2.00 on average; none liked it",
    ]
