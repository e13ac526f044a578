"""Ratings from frames of every kind, and how their columns are found."""

import sys

import numpy as np
import pandas as pd
import pytest
from frame_kinds import (
    BOOKS,
    DAYS,
    KINDS,
    RATED,
    SECONDS,
    of_every_kind,
    polars,
    refusal,
)

from recsys import Ratings
from recsys.data.frames import Frame
from recsys.data.ratings import NO_GENRES


@of_every_kind
def test_every_kind_of_frame_gives_the_same_ratings(kind):
    found = Ratings.from_frames(KINDS[kind](RATED), KINDS[kind](BOOKS))
    expected = pd.DataFrame(
        {
            "userId": pd.Series(["ann", "bob", "ann"], dtype=object),
            "movieId": pd.Series(["007", "x1", "x1"], dtype=object),
            "rating": [4.5, 1.0, 3.0],
            "timestamp": SECONDS,
        }
    )
    pd.testing.assert_frame_equal(found.ratings, expected)
    assert found.movies.to_dict("list") == {
        "movieId": ["x1", "007", "unread"],
        "title": ["Ärger", "Comet, The", "Dust"],
        "genres": ["Drama|War", NO_GENRES, "unknown"],
    }
    assert found.movies.dtypes.tolist() == [object] * 3
    assert found.reading == "read frames: columns User-ID, isbn, Stars, date; times from dates"


@of_every_kind
def test_whole_numbers_of_every_kind_are_ids_and_times(kind):
    columns = {"userId": [7, 7, 2**60], "movieId": [1, 2, 1], "rating": [4, 5, 1], "t": SECONDS}
    found = Ratings.from_frames(KINDS[kind](columns), time="t")
    assert found.ratings["userId"].tolist() == [7, 7, 2**60]
    assert found.ratings["rating"].tolist() == [4.0, 5.0, 1.0]
    assert found.ratings["timestamp"].tolist() == SECONDS
    assert [str(dtype) for dtype in found.ratings.dtypes] == ["int64", "int64", "float64", "int64"]
    assert found.reading == ""


@of_every_kind
@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        ("User-ID", ["ann", None, "bob"], "User-ID is neither a whole number nor text: "),
        ("User-ID", [True, True, False], "User-ID is neither a whole number nor text: True"),
        ("isbn", [1.0, 2.5, 1.0], "isbn is neither a whole number nor text: 2.5"),
        ("Stars", [1.0, None, 2.0], "Stars is not a number: "),
        ("Stars", [1.0, 9.0, 2.0], "Stars is off the scale 0.5 to 5 by 0.5 (for another scale, "),
        ("Stars", [True, False, True], "Stars is not a number: True"),
        ("Stars", ["1", "2", "4"], "Stars is not a number: '1'"),
        ("date", [DAYS[0], None, DAYS[1]], "date is no time: "),
        ("date", [1, None, 2], "date is no time: "),
    ],
)
def test_a_bad_value_of_every_kind_is_named_with_its_row(kind, column, values, reason):
    row = 0 if isinstance(values[0], bool) or values[0] == "1" else 1
    message = refusal(Ratings.from_frames, KINDS[kind](RATED | {column: values}))
    assert message.startswith(f"ratings frame, row {row} (counted from 0): {reason}")
    if column == "date":
        assert message.endswith("or leave times out by --time-column none (time='none')")


@of_every_kind
def test_a_repeated_rating_of_every_kind_names_both_rows(kind):
    message = refusal(Ratings.from_frames, KINDS[kind](RATED | {"isbn": ["x1", "x1", "x1"]}))
    assert message == (
        "ratings frame, row 2 (counted from 0): same user and movie as row 0: 'user ann, movie x1'"
    )


@pytest.mark.parametrize("kind", ["pandas", "polars", "lazy", "pyarrow", "duckdb", "lists"])
def test_a_frame_without_rows_is_refused(kind):
    columns = {"userId": pd.Series([], dtype=float), "movieId": pd.Series([], dtype=float)}
    empty = dict(columns) if kind in ("pandas", "lists") else pd.DataFrame(columns)
    if kind in ("polars", "lazy"):
        empty = {name: [] for name in columns}
    if kind == "pyarrow":
        empty = {name: np.array([]) for name in columns}
    assert refusal(Ratings.from_frames, KINDS[kind](empty)) == "ratings frame: no rows"


def test_only_the_columns_in_need_are_read():
    frame = Frame("frame", {"a": [1], "review": object()})
    frame.read(["a"])
    assert frame.ids("a").tolist() == [1]


def test_arrays_are_neither_changed_nor_shared():
    columns = {
        "userId": np.array([1, 2]),
        "movieId": np.array([3, 3]),
        "rating": np.array([4.0, 5.0]),
    }
    columns["timestamp"] = np.array(SECONDS[:2])
    before = {name: column.copy() for name, column in columns.items()}
    found = Ratings.from_frames(columns).ratings
    for name, column in columns.items():
        assert not np.shares_memory(found[name].to_numpy(), column)
        assert column.tolist() == before[name].tolist()


def test_a_relation_needs_no_pyarrow(monkeypatch):
    relation = pytest.importorskip("duckdb").sql("select 7 as userId, 'x' as isbn, 4.5 as stars")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert Ratings.from_frames(relation).ratings.to_numpy().tolist() == [[7, "x", 4.5]]


def test_a_query_is_run_once():
    runs = []

    def counted(frame):
        runs.append(frame.height)
        return frame

    Ratings.from_frames(polars(RATED).lazy().map_batches(counted, projection_pushdown=False))
    assert runs == [3]


@pytest.mark.parametrize("given", ["ratings.csv", [(1, 2, 3.0)], None, 7, np.eye(3), object()])
def test_what_is_no_table_is_refused(given):
    message = refusal(Ratings.from_frames, given)
    assert message.startswith(f"ratings frame: a {type(given).__name__} is no table; pass a frame")
    assert message.endswith("(for a file, recsys.load_ratings)")


@pytest.mark.parametrize("column", ["ann", b"ann", {"ann": 1}, {"ann"}, 7, np.array([["ann"]])])
def test_what_is_no_column_is_refused(column):
    message = refusal(Ratings.from_frames, {"user": column, "item": [1]})
    assert message.startswith("ratings frame: user: a")
    assert " is no column" in message


def test_the_usual_names_win_over_other_spellings():
    columns = {"userId": [1, 2], "user": ["ann", "bob"], "movieId": [5, 5], "isbn": ["x", "y"]}
    columns |= {"rating": [4, 5], "score": [0, 0], "timestamp": [1, 2], "date": ["?", "?"]}
    found = Ratings.from_frames(columns)
    assert found.ratings.to_dict("list") == {
        "userId": [1, 2],
        "movieId": [5, 5],
        "rating": [4.0, 5.0],
        "timestamp": [1, 2],
    }
    assert found.reading == ""


@pytest.mark.parametrize(
    ("names", "argument"),
    [
        (["customer", "member", "item", "stars"], "user="),
        (["user", "isbn", "asin", "stars"], "item="),
        (["user", "item", "stars", "score"], "rating="),
        (["user", "item", "plays", "views"], "rating="),
        (["user", "item", "stars", "date", "created"], "time="),
        (["item", "stars"], "user="),
        (["user", "stars"], "item="),
    ],
)
def test_unclear_columns_are_listed_with_the_argument(names, argument):
    message = refusal(Ratings.from_frames, {name: [1] for name in names})
    assert message.startswith("ratings frame: ")
    assert all(repr(name) in message for name in names)
    assert message.endswith(f"({argument})")


def test_columns_are_named_by_arguments():
    columns = {"who": [1], "what": [2], "how": [3], "when": [4], "rating": [0]}
    found = Ratings.from_frames(columns, user="who", item="what", rating="how", time="when")
    assert found.ratings.to_numpy().tolist() == [[1, 2, 3, 4]]
    message = refusal(Ratings.from_frames, columns, user="whom")
    assert message.startswith("ratings frame: no column 'whom'; its columns are 'who', 'what'")
    numbered = pd.DataFrame([[1, 2, 3]])
    found = Ratings.from_frames(numbered, user=0, item=1, rating=2)
    assert found.ratings.to_numpy().tolist() == [[1, 2, 3]]


def test_times_can_be_left_out():
    columns = {"user": [1], "item": [2], "stars": [3], "date": ["?"], "created": ["?"]}
    assert not Ratings.from_frames(columns, time="none").has_times


def test_columns_that_differ_in_length_are_refused():
    message = refusal(Ratings.from_frames, {"user": [1, 2], "item": [1, 2], "stars": [1]})
    assert message == ("ratings frame: the columns differ in length: user 2, item 2, stars 1")


def test_ids_of_movies_are_found_by_the_name_in_the_ratings():
    rated = {"user": ["ann"], "book_id": [20], "stars": [4]}
    books = {"id": [9], "movieId": [8], "book_id": [20], "original_title": ["Comet"]}
    found = Ratings.from_frames(rated, books)
    assert found.movies.to_dict("list") == {
        "movieId": [20],
        "title": ["Comet"],
        "genres": [NO_GENRES],
    }
    books = {"id": [20], "name": ["Comet"], "title": ["Comet (1910)"], "Title": ["COMET"]}
    assert Ratings.from_frames(rated, books).movies["title"].tolist() == ["Comet (1910)"]


def test_titles_can_be_the_ids():
    movies = {"title": [300, 1917], "genre": ["War", "War"]}
    found = Ratings.from_frames({"user": ["ann"], "title": [300], "stars": [4]}, movies)
    assert found.movies.to_dict("list") == {
        "movieId": [300, 1917],
        "title": ["300", "1917"],
        "genres": ["War", "War"],
    }


def test_unclear_columns_of_movies_are_listed():
    rated = {"user": ["ann"], "item": [20], "stars": [4]}
    message = refusal(Ratings.from_frames, rated, {"id": [20], "Title": ["a"], "TITLE": ["b"]})
    assert message == (
        "movies frame: 'Title', 'TITLE' may all be the column 'title'; keep one of them"
    )
