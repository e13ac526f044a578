"""Ages of ratings: counted again with pandas, for training users and for new ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys import BiasBaseline, RatingMatrix, Ratings, make_ratings
from recsys.recommenders import ages
from recsys.recommenders.ages import ages_of_cells
from recsys.recommenders.given_ratings import given_profile
from recsys.recommenders.ranking import folded_in, known_users

ROWS = [(1, 5, 3.0, 30), (1, 2, 4.0, 10), (2, 5, 1.0, 7), (1, 9, 2.0, 30), (2, 2, 5.0, 7)]


def table(with_times: bool) -> Ratings:
    frame = pd.DataFrame(ROWS, columns=["userId", "movieId", "rating", "timestamp"])
    movies = pd.DataFrame({"movieId": [2, 5, 9], "title": list("abc"), "genres": "War"})
    return Ratings.from_frames(frame if with_times else frame.drop(columns="timestamp"), movies)


def test_ages_count_later_ratings_of_the_user():
    ratings = table(with_times=True)
    matrix = RatingMatrix.from_ratings(ratings)
    assert ages_of_cells(ratings, matrix).tolist() == [2, 0, 0, 0, 0]
    assert ages_of_cells(table(with_times=False), matrix).tolist() == [0] * 5


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("block", [1, 50, 1000])
def test_ages_equal_a_count_with_pandas(monkeypatch, shuffled, block):
    monkeypatch.setattr(ages, "_RATINGS", block)
    ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    if shuffled:
        frame = ratings.ratings.sample(frac=1, random_state=0, ignore_index=True)
        ratings = replace(ratings, ratings=frame)
    rows = ratings.ratings.sort_values(["userId", "movieId"])
    # A rank from the last: of equal times, all have the place of the first.
    expected = rows.groupby("userId")["timestamp"].rank(method="min", ascending=False) - 1
    found = ages_of_cells(ratings, RatingMatrix.from_ratings(ratings))
    assert found.tolist() == expected.tolist()
    assert found.max() > 10


def test_users_keep_the_ages_of_their_ratings():
    model = BiasBaseline().fit(table(with_times=True))
    both = known_users(model, np.array([1, 0]))
    assert both.rated.data.tolist() == [5.0, 1.0, 4.0, 3.0, 2.0]
    assert both.ages.tolist() == [0, 0, 2, 0, 0]


def test_new_users_bring_ages():
    model = BiasBaseline().fit(table(with_times=True))
    # Film 77 is not in training, but it was rated later than film 5.
    pairs = [(9, 4.0), (5, 1.0), (77, 3.0), (5, 2.0)]
    with_times = given_profile(pairs, times=[1, 2, 9, 3])
    without = given_profile({9: 4.0, 5: 2.0})
    users = folded_in(model, [with_times, without])
    assert users.rated.data.tolist() == [2.0, 4.0, 2.0, 4.0]
    assert users.ages.tolist() == [1, 2, 0, 0]
