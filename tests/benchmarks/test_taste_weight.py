"""The made ratings of the benchmark of the weight of taste."""

import numpy as np

from benchmarks.taste_weight import KINDS, Kind


def test_ratings_of_a_kind_are_on_their_scale_and_drawn_again():
    kind = Kind("few famous", 60, 200, 12, taste=0.5, n_famous=10, largest=4)
    ratings = kind.drawn(3)
    values = ratings.ratings["rating"].to_numpy()
    assert ratings.n_users == 60
    assert not ratings.has_times
    assert set(values.tolist()) <= set(np.arange(0.5, 4.5, 0.5).tolist())
    assert ratings.ratings.groupby("userId").size().between(5, 100).all()
    # Film numbers begin with the famous ones.
    assert (ratings.ratings["movieId"] <= 10).mean() > 0.3
    assert kind.drawn(3).ratings.equals(ratings.ratings)
    assert not kind.drawn(4).ratings.equals(ratings.ratings)


def test_likes_alone_have_no_stars():
    (kind,) = (kind for kind in KINDS if kind.name == "no taste, likes alone")
    assert not kind.drawn(0).scale.predicts
