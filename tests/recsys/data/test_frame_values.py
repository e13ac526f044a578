"""Times, numbers, genres and scales of ratings that a caller holds."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from frame_kinds import (
    DAYS,
    SECONDS,
    duckdb,
    polars,
    pyarrow,
    refusal,
)

from recsys import Ratings
from recsys.data.ratings import NO_GENRES
from recsys.data.scale import COUNTS, HALF_STARS, LIKES, RatingScale


@pytest.mark.parametrize(
    "times",
    [
        SECONDS,
        [second * 1000 + 250 for second in SECONDS],
        [second + 0.25 for second in SECONDS],
        [Decimal(second) for second in SECONDS],
        DAYS,
        [day.isoformat() for day in DAYS],
        [day.replace(tzinfo=dt.UTC) for day in DAYS],
        [day.replace(tzinfo=dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=2))) for day in DAYS],
        np.array(DAYS, "datetime64[s]"),
        pd.Series(DAYS).dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
        pd.Series(DAYS, dtype="timestamp[us][pyarrow]"),
        pd.Series(DAYS).dt.tz_localize("UTC").astype("timestamp[us, tz=UTC][pyarrow]"),
    ],
)
def test_times_of_any_kind_are_seconds(times):
    pytest.importorskip("pyarrow")
    found = Ratings.from_columns([1, 2, 3], [1, 1, 1], [4, 5, 1], times)
    assert found.ratings["timestamp"].tolist() == SECONDS


def test_dates_are_the_starts_of_days():
    days = [dt.date(2005, 4, 3), dt.date(1999, 12, 31)]
    for times in (days, [day.isoformat() for day in days], polars({"day": days})["day"]):
        found = Ratings.from_columns([1, 2], [1, 1], times=times)
        assert found.ratings["timestamp"].tolist() == SECONDS[1:]


@pytest.mark.parametrize(
    "ratings",
    [
        [Decimal("4.5"), Decimal("3"), Decimal("0.50")],
        [np.float32(4.5), np.int8(3), np.float64(0.5)],
        [Fraction(9, 2), 3, 0.5],
        np.array([4.5, 3, 0.5], np.float16),
    ],
)
def test_ratings_of_any_kind_of_number_are_floats(ratings):
    found = Ratings.from_columns([1, 2, 3], [1, 1, 1], ratings)
    assert found.ratings["rating"].tolist() == [4.5, 3.0, 0.5]
    assert found.ratings["rating"].dtype == np.float64


@pytest.mark.parametrize("bad", [Decimal("NaN"), Decimal("Infinity"), np.bool_(True), "4", None])
def test_a_rating_that_is_no_number_is_refused(bad):
    message = refusal(Ratings.from_columns, [1, 2], [1, 1], [4, bad])
    assert message.startswith("columns, row 1 (counted from 0): rating is not a number: ")


def test_whole_decimals_are_ids():
    ids = [Decimal("7"), Decimal("8.0"), Decimal("1E+2")]
    assert Ratings.from_columns(ids, ids, [1, 2, 3]).ratings["userId"].tolist() == [7, 8, 100]
    for bad in ("7.5", "NaN", "Infinity", "1E+9999"):
        message = refusal(Ratings.from_columns, [1, Decimal(bad)], [1, 1])
        assert message.startswith("columns, row 1 (counted from 0): user is neither")


@pytest.mark.parametrize(
    "genres",
    [
        ["Drama|War", None, "Sci-Fi"],
        ["Drama, War", "", "Sci-Fi"],
        [["Drama", "War"], [], ["Sci-Fi"]],
        [("Drama", "War"), None, ("Sci-Fi",)],
        polars({"genres": [["Drama", "War"], None, ["Sci-Fi"]]})["genres"],
        pyarrow({"genres": [["Drama", "War"], None, ["Sci-Fi"]]})["genres"],
        duckdb({"genres": [["Drama", "War"], None, ["Sci-Fi"]]}).df()["genres"],
    ],
)
def test_genres_are_lists_or_text(genres):
    movies = {"movieId": [1, 2, 3], "genres": genres}
    found = Ratings.from_frames({"user": [1], "item": [1]}, movies)
    assert found.movies["genres"].tolist() == ["Drama|War", NO_GENRES, "Sci-Fi"]


def test_text_with_bars_stays_as_it_is():
    genres = ["War |War ", "Sci-Fi, old", "unknown"]
    found = Ratings.from_frames(
        {"user": [1], "item": [1]}, {"movieId": [1, 2, 3], "genres": genres}
    )
    assert found.movies["genres"].tolist() == genres


def test_an_id_stands_as_a_title_that_shows_nothing():
    titles = ["", " \t", "\u200b\u202e", "\u200bUp", "\U0001f3ac"]
    found = Ratings.from_frames(
        {"user": [1], "item": [1]}, {"movieId": [1, 2, 3, 4, 5], "title": titles}
    )
    assert found.movies["title"].tolist() == ["1", "2", "3", "\u200bUp", "\U0001f3ac"]


def test_blank_genres_between_bars_are_no_genres():
    genres = ["|Drama||War ", "| |", "", "(none)"]
    found = Ratings.from_frames(
        {"user": [1], "item": [1]}, {"movieId": [1, 2, 3, 4], "genres": genres}
    )
    assert found.movies["genres"].tolist() == ["Drama|War ", NO_GENRES, NO_GENRES, "(none)"]


def test_genres_of_another_kind_are_refused_with_their_row():
    for bad in (3, ["War", 3], {"name": "War"}):
        movies = {"movieId": [1, 2], "genres": ["War", bad]}
        message = refusal(Ratings.from_frames, {"user": [1], "item": [1]}, movies)
        assert message.startswith("movies frame, row 1 (counted from 0): genres is neither text")


def test_without_ratings_all_are_likes():
    found = Ratings.from_frames({"user": ["ann", "bob"], "item": [1, 1]})
    assert found.scale == LIKES
    assert found.ratings["rating"].tolist() == [1.0, 1.0]
    assert found.reading == "read frames: columns user, item; no ratings: all are likes"


def test_counts_are_known_by_the_name_of_their_column_or_by_the_argument():
    users, items, counts = [1, 1, 1, 2], [5, 6, 7, 5], [1, 3, 200, 9]
    expected = pd.DataFrame(
        {
            "userId": users,
            "movieId": items,
            "rating": [0.0, 0.0, 1.0, 1.0],
            "count": [1.0, 3.0, 200.0, 9.0],
        }
    )
    named = Ratings.from_frames({"userId": users, "artist": items, "play_count": counts})
    told = Ratings.from_columns(users, items, counts, counts=True)
    for found in (named, told):
        pd.testing.assert_frame_equal(found.ratings, expected)
        assert found.scale == COUNTS
        assert found.reading.endswith("counts: liked means above the user's own median")
    rated = {"userId": users, "artist": items, "plays": counts, "rating": [1, 2, 3, 4]}
    assert Ratings.from_frames(rated).scale == HALF_STARS
    scaled = Ratings.from_frames({"userId": users, "artist": items, "plays": counts}, scale="1:200")
    assert scaled.ratings["rating"].tolist() == counts


def test_a_scale_or_counts_without_their_column_are_refused():
    pairs = {"user": [1], "item": [2]}
    assert refusal(Ratings.from_frames, pairs, scale=(1, 10)) == (
        "ratings frame: no column of ratings among 'user', 'item'; name it with rating="
    )
    assert refusal(Ratings.from_frames, pairs, counts=True) == (
        "ratings frame: no column of counts among 'user', 'item'; name it with rating="
    )
    assert refusal(Ratings.from_columns, [1], [2], [3], counts=True, scale=(1, 10)) == (
        "columns: counts have no scale: leave scale= or counts= out"
    )
    assert Ratings.from_frames(pairs, scale=LIKES).scale == LIKES


def test_a_scale_is_worked_out_only_if_asked():
    users, ratings = [1, 2, 3], [7, 10, 2]
    message = refusal(Ratings.from_columns, users, [1, 1, 1], ratings)
    assert message == (
        "columns, row 0 (counted from 0): rating is off the scale 0.5 to 5 by 0.5 (for another "
        "scale, pass scale=): 7.0"
    )
    found = Ratings.from_columns(users, [1, 1, 1], ratings, scale="infer")
    assert found.scale == RatingScale(1, 10, 1)
    assert found.reading == "read columns: scale 1 to 10 by 1"
    ones = Ratings.from_columns(users, [1, 1, 1], [1, 1, 1], scale="infer")
    assert ones.scale == LIKES


def test_an_outlying_rating_is_named_with_its_row():
    ratings = [1, 2, 3, 4, 55, 5]
    message = refusal(Ratings.from_columns, range(6), [1] * 6, ratings, scale="infer")
    assert message == (
        "columns, row 4 (counted from 0): rating lies far from the others, which are 1 to 5 (if it "
        "is right, pass scale=): 55.0"
    )
    assert Ratings.from_columns(range(6), [1] * 6, ratings, scale=(1, 55)).scale.largest == 55
