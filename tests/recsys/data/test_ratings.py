"""Ratings from a caller's frames: which frames are accepted or refused, and what is kept."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.ratings import NO_GENRES, Ratings, RatingsError
from recsys.data.repeats import repeats
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale

MOVIES = pd.DataFrame(
    {
        "movieId": [10, 20, 30],
        "title": ["Up (2009)", "Big (1988)", "Big (1988)"],
        "genres": ["Animation|Drama", "Comedy", None],
    }
)


def some_ratings(**columns):
    """Three good ratings, with some columns replaced or added."""
    good = {
        "userId": [7, 7, 3],
        "movieId": [10, 20, 10],
        "rating": [0.5, 5.0, 3.5],
        "timestamp": [100, 200, 300],
    }
    return pd.DataFrame(good | columns)


def refusal(ratings, movies=MOVIES, **options):
    with pytest.raises(RatingsError) as caught:
        Ratings.from_frames(ratings, movies, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_table_is_tidy_whatever_the_callers_frame_looks_like():
    ratings = some_ratings(
        userId=np.array([7, 7, 3], np.int32),
        rating=np.array([0.5, 5.0, 3.5], np.float32),
        timestamp=[1.0, 2.0, 3.0],
        comment=["a", "b", "c"],
    )
    ratings = ratings[["comment", "timestamp", "rating", "movieId", "userId"]]
    ratings.index = pd.Index([5, 5, 9])
    table = Ratings.from_frames(ratings, MOVIES.assign(year=2009), source="mine")

    expected = pd.DataFrame(
        {
            "userId": np.array([7, 7, 3], np.int64),
            "movieId": np.array([10, 20, 10], np.int64),
            "rating": [0.5, 5.0, 3.5],
            "timestamp": np.array([1, 2, 3], np.int64),
        }
    )
    pd.testing.assert_frame_equal(table.ratings, expected)
    assert isinstance(table.ratings.index, pd.RangeIndex)
    assert list(table.movies.columns) == ["movieId", "title", "genres"]
    assert table.movies["genres"].tolist() == ["Animation|Drama", "Comedy", "(no genres listed)"]
    assert table.movies["movieId"].dtype == np.int64
    assert table.movies["title"].dtype == object
    assert table.movies["genres"].dtype == object
    assert (table.n_users, table.n_movies) == (2, 2)
    assert (table.scale, table.source, table.skipped) == (HALF_STARS, "mine", ())
    assert repr(table) == "Ratings(3 ratings of 2 movies by 2 users, 0.5 to 5 by 0.5, from mine)"


@pytest.mark.parametrize("dtype", ["int8", "uint64", "Int64", "float64", "Float64", object])
def test_ids_of_any_dtype_become_int64(dtype):
    ratings = some_ratings(userId=pd.array([7, 7, 3], dtype=dtype))
    table = Ratings.from_frames(ratings, MOVIES)
    assert table.ratings["userId"].dtype == np.int64
    assert table.ratings["userId"].tolist() == [7, 7, 3]


@pytest.mark.parametrize("dtype", ["int64", object])
def test_ids_may_be_as_large_as_int64(dtype):
    ids = [2**63 - 1, -(2**63), 0]
    ratings = some_ratings(userId=pd.Series(ids, dtype=dtype))
    assert Ratings.from_frames(ratings, MOVIES).ratings["userId"].tolist() == ids


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        (["ann", "bob", "ann"], ["ann", "bob", "ann"]),
        (["7", "8.0", "7"], [7, 8, 7]),
        (["007", "7", "007"], ["007", "7", "007"]),
        ([7, "8", 7], [7, 8, 7]),
        ([7, "x", 7], ["7", "x", "7"]),
        ([7, 8, 2**63], ["7", "8", str(2**63)]),
        (["9" * 5000, "7", "8"], ["9" * 5000, "7", "8"]),
        ([str(2**63 - 1), "-3", "0"], [2**63 - 1, -3, 0]),
        (pd.array(["ann", "bob", "ann"], dtype="string"), ["ann", "bob", "ann"]),
    ],
)
def test_ids_are_whole_numbers_or_text(ids, kept):
    table = Ratings.from_frames(some_ratings(userId=ids, movieId=[10, 20, 30]), MOVIES)
    found = table.ratings["userId"]
    assert found.tolist() == kept
    assert found.dtype == (object if isinstance(kept[0], str) else np.int64)
    assert table.ratings["movieId"].dtype == np.int64
    assert table.n_users == len(set(kept))


def test_ids_of_movies_are_text_in_both_frames_if_they_are_in_one():
    movies = MOVIES.assign(movieId=["10", "20", "tt03"])
    table = Ratings.from_frames(some_ratings(), movies)
    assert table.ratings["movieId"].tolist() == ["10", "20", "10"]
    assert table.movies["movieId"].tolist() == ["10", "20", "tt03"]
    table = Ratings.from_frames(some_ratings(movieId=["10", "20", "10"]), MOVIES)
    assert table.ratings["movieId"].tolist() == [10, 20, 10]


def test_without_timestamps_there_is_no_such_column():
    table = Ratings.from_frames(some_ratings().drop(columns="timestamp"), MOVIES)
    assert list(table.ratings.columns) == ["userId", "movieId", "rating"]
    assert not table.has_times
    assert Ratings.from_frames(some_ratings(), MOVIES).has_times


def test_without_movies_ids_stand_as_titles():
    table = Ratings.from_frames(some_ratings(movieId=["up", "big", "up"]))
    assert table.movies.to_dict("list") == {
        "movieId": ["big", "up"],
        "title": ["big", "up"],
        "genres": [NO_GENRES] * 2,
    }
    assert table.movies.dtypes.tolist() == [object] * 3
    assert not table.has_titles
    assert not table.has_genres
    assert Ratings.from_frames(some_ratings()).movies["title"].tolist() == ["10", "20"]


def test_titles_and_genres_are_optional():
    table = Ratings.from_frames(some_ratings(), MOVIES[["movieId", "title"]])
    assert table.has_titles
    assert not table.has_genres
    assert table.movies["genres"].tolist() == [NO_GENRES] * 3
    table = Ratings.from_frames(some_ratings(), MOVIES[["movieId", "genres"]])
    assert table.movies["title"].tolist() == ["10", "20", "30"]
    assert not table.has_titles
    assert table.has_genres


@pytest.mark.parametrize("given", [(1, 10), (1, 10, 1), "1:10", RatingScale(1, 10, 1)])
def test_a_scale_is_taken_in_every_form(given):
    ratings = some_ratings(rating=[1, 10, 7])
    assert Ratings.from_frames(ratings, scale=given).scale == RatingScale(1, 10, 1)


def test_a_scale_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"such as 1:10 or 1:10:0\.5, not 'ten'"):
        Ratings.from_frames(some_ratings(), scale="ten")


def test_the_callers_frames_are_neither_changed_nor_shared():
    ratings, movies = some_ratings(), MOVIES.copy()
    ratings_before, movies_before = ratings.copy(deep=True), movies.copy(deep=True)
    table = Ratings.from_frames(ratings, movies)
    for name in table.ratings.columns:
        assert not np.shares_memory(table.ratings[name].to_numpy(), ratings[name].to_numpy())
    assert not np.shares_memory(table.movies["movieId"].to_numpy(), movies["movieId"].to_numpy())
    pd.testing.assert_frame_equal(ratings, ratings_before)
    pd.testing.assert_frame_equal(movies, movies_before)


@pytest.mark.parametrize(
    ("column", "values", "row", "shown"),
    [
        ("userId", [7, 7.5, 3], 1, "7.5"),
        ("userId", [7, 7, np.inf], 2, "inf"),
        ("userId", [7, 7, np.nan], 2, "nan"),
        ("userId", [True, False, True], 0, "True"),
        ("userId", [7, 1, True], 2, "True"),
        ("userId", [7, 7, 2.0**60], 2, str(2.0**60)),
        ("userId", pd.array([7, None, 3], dtype="Int64"), 1, "NA"),
        ("userId", ["ann", None, "bob"], 1, "nan"),
        ("userId", ["ann", 7.5, "bob"], 1, "7.5"),
        ("userId", ["ann", "bob", " "], 2, "' '"),
        ("userId", ["ann", b"bob", "ann"], 1, "b'bob'"),
        ("userId", pd.Series(["ann", "bob", "\udce9"], dtype=object), 2, "udce9"),
        ("userId", pd.to_datetime(["2000-01-01"] * 3), 0, "2000-01-01"),
        ("movieId", [10, 20, 10.5], 2, "10.5"),
        ("movieId", [10, 20, 99], 2, "99"),
        ("rating", [3, 3, "abc"], 2, "'abc'"),
        ("rating", [3, np.nan, 3], 1, "nan"),
        ("rating", [3, 3, np.inf], 2, "inf"),
        ("rating", [3, 0, 3], 1, "0"),
        ("rating", [3, 5.5, 3], 1, "5.5"),
        ("rating", [3.3, 3, 3], 0, "3.3"),
        ("rating", [1j, 3, 3], 0, "1j"),
        ("rating", [3, 3, 10**400], 2, "1000"),
        ("timestamp", [1, 2, np.nan], 2, "nan"),
        ("timestamp", pd.to_datetime(["2000-01-01", None, "2000-01-01"]), 1, "NaT"),
        ("timestamp", ["2000-01-01", "2000-01-01", "soon"], 2, "'soon'"),
    ],
)
def test_a_bad_value_is_named_with_frame_row_and_column(column, values, row, shown):
    message = refusal(some_ratings(**{column: values}))
    assert message.startswith(f"ratings frame, row {row} (counted from 0): {column} ")
    assert shown in message


def test_a_row_is_counted_by_position_not_by_index():
    ratings = some_ratings(rating=[3, 9, 3])
    ratings.index = pd.Index([100, 200, 300])
    assert "row 1 (counted from 0)" in refusal(ratings)


def test_rating_a_movie_twice_names_both_rows():
    message = refusal(some_ratings(userId=[7, 3, 7], movieId=[10, 10, 10]))
    assert message.startswith("ratings frame, row 2 ")
    assert "row 0" in message
    assert "user 7, movie 10" in message


def test_listing_a_movie_twice_names_both_rows():
    message = refusal(some_ratings(), MOVIES.assign(movieId=[10, 20, 10]))
    assert message == "movies frame, row 2 (counted from 0): movieId is in row 0 already: 10"


@pytest.mark.parametrize(("column", "role"), [("userId", "user"), ("movieId", "item")])
def test_a_missing_column_of_ratings_is_named(column, role):
    message = refusal(some_ratings().drop(columns=column))
    assert message.startswith(f"ratings frame: no column of {role}s among '")
    assert message.endswith(f"({role}=)")


def test_a_missing_column_of_movies_is_named():
    message = refusal(some_ratings(), MOVIES.drop(columns="movieId"))
    assert message == (
        "movies frame: no column of ids among 'title', 'genres'; name it 'movieId', as the column "
        "of the ratings"
    )


def test_a_column_that_is_there_twice_is_refused():
    ratings = pd.concat([some_ratings(), some_ratings()[["rating"]]], axis=1)
    assert refusal(ratings).startswith("ratings frame: two columns 'rating'")


def test_frames_without_rows_are_refused():
    assert refusal(some_ratings()[:0]) == "ratings frame: no rows"
    assert refusal(some_ratings(), MOVIES[:0]) == "movies frame: no rows"


@pytest.mark.parametrize(
    ("column", "values", "row", "shown"),
    [
        ("movieId", [10, 20, 10], 2, "10"),
        ("movieId", [10, 20, 30.5], 2, "30.5"),
        ("title", ["Up", None, "Big"], 1, ""),
        ("title", ["Up", "Jaws", 3], 2, "3"),
        ("genres", ["Drama", 3, "Drama"], 1, "3"),
    ],
)
def test_a_bad_movie_is_named_with_frame_row_and_value(column, values, row, shown):
    message = refusal(some_ratings(), MOVIES.assign(**{column: values}))
    assert message.startswith(f"movies frame, row {row} (counted from 0): {column} ")
    assert shown in message


def test_another_scale_must_be_passed():
    ratings = some_ratings(rating=[1, 10, 7])
    assert "pass scale=" in refusal(ratings)
    table = Ratings.from_frames(ratings, MOVIES, scale=RatingScale(1, 10, 1))
    assert table.ratings["rating"].tolist() == [1.0, 10.0, 7.0]
    message = refusal(ratings, scale=WHOLE_STARS)
    assert "1 to 5 by 1" in message
    assert "pass scale=" not in message


def test_a_scale_with_a_step_that_binary_cannot_write_holds_its_own_ratings():
    tenths = RatingScale(0.1, 10, 0.1)
    assert tenths.holds(np.array([i / 10 for i in range(1, 101)])).all()
    assert not tenths.holds(np.array([0.0, 0.15, 9.99, 10.1, np.nan, np.inf, -np.inf])).any()


@pytest.mark.parametrize(
    "ends", [(5, 1, 1), (1, 5, -1), (1, np.inf, 1), (np.nan, 5, 1), (1, 5, np.nan)]
)
def test_a_wrong_scale_is_refused(ends):
    with pytest.raises(ValueError, match="smallest < largest"):
        RatingScale(*ends)


IDS = st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(IDS, IDS), max_size=30))
def test_repeats_are_found_by_definition(rows):
    columns = np.array(rows, np.int64).reshape(-1, 2).T
    first_of = {}
    expected = []
    for position, row in enumerate(rows):
        if row in first_of:
            expected.append((position, first_of[row]))
        first_of.setdefault(row, position)
    for ids in (columns, columns.astype(str).astype(object)):
        later, first = repeats(*ids)
        assert list(zip(later.tolist(), first.tolist(), strict=True)) == expected
