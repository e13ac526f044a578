"""Scales: their likes, how callers write them, and how they are worked out from ratings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.scale import (
    COUNTS,
    HALF_STARS,
    LIKES,
    WHOLE_STARS,
    RatingScale,
    as_scale,
    liked,
    liked_counts,
)
from recsys.data.scale_of_values import inferred_scale, outliers


@pytest.mark.parametrize(
    ("scale", "likes_from"),
    [
        (WHOLE_STARS, 4),
        (HALF_STARS, 4),
        (RatingScale(1, 10, 1), 8),
        (RatingScale(0, 10, 1), 8),
        (RatingScale(0.5, 4, 0.5), 3.2),
        (RatingScale(-10, 10, 0), 6),
        (RatingScale(-2, 2, 1), 1.2),
        (RatingScale(1, 5, 1, like_threshold=3), 3),
    ],
)
def test_likes_are_the_upper_fifth_of_the_range(scale: RatingScale, likes_from: float) -> None:
    assert scale.likes_from == pytest.approx(likes_from)
    values = np.array([likes_from - 0.01, likes_from, scale.largest])
    assert liked(values, scale).tolist() == [False, True, True]


def test_a_scale_of_one_rating_is_refused() -> None:
    with pytest.raises(ValueError, match="no second rating: choose a smaller step, or 0"):
        RatingScale(0, 0.5, 1)
    assert RatingScale(0, 1, 1).holds(np.array([0.0, 0.5, 1.0])).tolist() == [True, False, True]


@pytest.mark.parametrize("threshold", [1, 5.5, float("nan")])
def test_a_threshold_that_is_no_rating_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold above its smallest rating"):
        RatingScale(1, 5, 1, like_threshold=threshold)


@pytest.mark.parametrize("given", ["1:10", "1:10:1", (1, 10), (1, 10, 1), [1, 10], " 1 : 10 "])
def test_scales_are_written_in_several_ways(given: object) -> None:
    assert as_scale(given) == RatingScale(1, 10, 1)


@pytest.mark.parametrize("given", ["", "1", "a:b", "1:2:3:4", 5, None, (1,), "10:1", "1:10:-1"])
def test_what_is_no_scale_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="scale"):
        as_scale(given)


def test_a_continuous_scale_holds_every_number_between_its_ends() -> None:
    scale = as_scale("-10:10:0")
    found = scale.holds(np.array([-10.0, 2.66925, 10.0, 10.01, np.nan, -np.inf]))
    assert found.tolist() == [True, True, True, False, False, False]


def test_the_nearest_rating() -> None:
    assert HALF_STARS.nearest(np.array([0.0, 3.3, 4.8, 9.0])).tolist() == [0.5, 3.5, 5.0, 5.0]
    assert RatingScale(-10, 10, 0).nearest(np.array([2.66925, 11.0])).tolist() == [2.66925, 10.0]


def test_only_stars_predict() -> None:
    assert [scale.predicts for scale in (WHOLE_STARS, LIKES, COUNTS)] == [True, False, False]
    assert [str(LIKES), str(COUNTS)] == ["likes", "counts"]


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([3, 4, 5], (1, 5, 1)),
        ([0, 4, 5], (0, 5, 1)),
        ([1, 6], (1, 10, 1)),
        ([0, 10], (0, 10, 1)),
        ([2.5, 5], (0.5, 5, 0.5)),
        ([0, 2.5], (0, 5, 0.5)),
        ([7.5, 8], (0.5, 10, 0.5)),
        ([1.25, 4], (1, 5, 0.25)),
        ([3.3, 9.9], (1, 10, 0.1)),
        ([1.66925, 4], (1, 5, 0)),
        ([0.66925, 4], (0, 5, 0)),
        ([-7.82, 8.79, -9.66], (-10, 10, 0)),
        ([-1, 1], (-1, 1, 1)),
        ([0, 1], (0, 1, 1)),
        ([1, 40], (1, 100, 1)),
        ([1, 700], (1, 700, 1)),
    ],
)
def test_small_tables_get_the_ends_of_a_usual_scale(
    values: list[float], scale: tuple[float, float, float]
) -> None:
    assert inferred_scale(np.array(values, np.float64)) == RatingScale(*scale)


def test_the_ends_of_a_large_table_are_its_ratings() -> None:
    values = np.tile(np.arange(1, 9) / 2, 200)  # .5 to 4
    assert inferred_scale(values) == RatingScale(0.5, 4, 0.5)


def test_one_value_of_1_means_likes() -> None:
    assert inferred_scale(np.ones(7)) == LIKES
    assert inferred_scale(np.full(7, 5.0)) == WHOLE_STARS


@given(st.lists(st.integers(-40, 400), min_size=1, max_size=30), st.sampled_from([1, 2, 4, 10]))
def test_an_inferred_scale_holds_all_its_ratings(wholes: list[int], parts: int) -> None:
    values = np.array(wholes, np.float64) / parts
    assert inferred_scale(values).holds(values).all()


@pytest.mark.parametrize("outlying", [55.0, -55.0, 11.0, 0.0])
def test_outlying_ratings_of_a_large_table(outlying: float) -> None:
    usual = np.tile(np.arange(1.0, 6.0), 1000)
    values = np.insert(usual, 1234, outlying)
    found = np.flatnonzero(outliers(values)).tolist()
    assert found == ([] if outlying == 0 else [1234])  # 0 may be a rating of 0 to 5


def test_outlying_ratings_of_a_small_table() -> None:
    assert np.flatnonzero(outliers(np.array([3.0, 1, 55, 2, 5]))).tolist() == [2]
    for values in ([1.0, 5.0], [1.0, 2.0, 5.0], [10.0, 20.0, 100.0], [1.0, 2.0, 3.0, 10.0]):
        assert not outliers(np.array(values)).any()


def test_no_rating_of_a_scale_that_is_used_in_full_is_outlying() -> None:
    rng = np.random.default_rng(0)
    for scale in (np.arange(1.0, 11.0), np.arange(0.5, 5.5, 0.5), rng.uniform(-10, 10, 5000)):
        assert not outliers(rng.choice(scale, 5000)).any()


def test_counts_above_the_users_own_median_are_likes() -> None:
    users = np.array(["a", "b", "a", "a", "b", "c", "c"], dtype=object)
    counts = np.array([1.0, 10, 2, 30, 20, 4, 4])
    # a: median 2; b: median 15; the counts of c do not differ.
    assert liked_counts(users, counts).tolist() == [0, 0, 0, 1, 1, 1, 1]
