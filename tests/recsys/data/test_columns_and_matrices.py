"""Ratings from columns and from matrices."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from frame_kinds import BOOKS, KINDS, RATED, assert_same, refusal
from hypothesis import given
from hypothesis import strategies as st

from recsys import Ratings


def test_columns_give_the_same_ratings_as_a_frame():
    titles = dict(zip(BOOKS["ISBN"], BOOKS["Title"], strict=True))
    genres = {"x1": ["Drama", "War"], "unread": "unknown"}
    rated = [RATED[name] for name in ("User-ID", "isbn", "Stars", "date")]
    found = Ratings.from_columns(*rated, titles=titles, genres=genres)
    expected = Ratings.from_frames(RATED, BOOKS)
    pd.testing.assert_frame_equal(found.ratings, expected.ratings)
    by_id = expected.movies.sort_values("movieId", ignore_index=True)
    pd.testing.assert_frame_equal(found.movies, by_id)
    assert found.reading == "read columns: times from dates"
    from_series = Ratings.from_columns(*rated, titles=pd.Series(titles), genres=pd.Series(genres))
    assert_same(from_series, found)


def test_items_without_a_title_have_their_id_and_are_counted():
    found = Ratings.from_columns([1, 1], [5, 6], [4, 5], titles={"5": "Up", "7": "Big"})
    assert found.movies["movieId"].tolist() == [5, 6, 7]
    assert found.movies["title"].tolist() == ["Up", "6", "Big"]
    assert found.reading == "read columns: 1 of 2 items have no title"
    as_text = Ratings.from_columns([1, 1], [5, 6], [4, 5], titles={5: "Up", "x": "Big"})
    assert as_text.ratings["movieId"].tolist() == ["5", "6"]
    assert as_text.movies["title"].tolist() == ["Up", "6", "Big"]


def test_bad_titles_are_named():
    call = Ratings.from_columns
    message = refusal(call, [1], [5], titles={5: "Up", 6: None})
    assert message.startswith("titles, row 1 (counted from 0): value is not text: ")
    message = refusal(call, [1], [5], titles={5: "Up", "5": "Big"})
    assert message == "titles, row 1 (counted from 0): id is in row 0 already: 5"
    message = refusal(call, [1], [5], genres=["War"])
    assert message == "genres: a list is no mapping; pass a dict of item id to text"


def test_columns_of_different_length_are_refused():
    message = refusal(Ratings.from_columns, [1, 2], [1, 2], [5])
    assert message == "columns: the columns differ in length: user 2, item 2, rating 1"


IDS = st.integers(-5, 5) | st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)


@given(st.dictionaries(st.tuples(IDS.map(str), IDS.map(str)), st.integers(1, 10), min_size=1))
def test_any_columns_are_kept_in_every_kind_of_frame(rated):
    users, items = zip(*rated, strict=True)
    columns = {"user": list(users), "item": list(items), "rating": list(rated.values())}
    found = Ratings.from_columns(*columns.values(), scale=(1, 10))
    kept = found.ratings.astype({"userId": str, "movieId": str})
    assert kept["rating"].tolist() == columns["rating"]
    is_text = found.ratings["userId"].dtype == object
    assert kept["userId"].tolist() == [user if is_text else str(int(user)) for user in users]
    for kind in ("pandas", "polars", "pyarrow"):
        other = Ratings.from_frames(KINDS[kind](columns), scale=(1, 10))
        assert_same(other, found)


DENSE = np.array([[5.0, np.nan, 0.5], [np.nan, np.nan, np.nan], [3.0, 4.0, np.nan]])
CELLS = ([0, 0, 2, 2], [0, 2, 0, 1])
SPARSE = sp.csr_array((DENSE[CELLS], CELLS), shape=(3, 3))


@pytest.mark.parametrize(
    "matrix",
    [
        DENSE,
        DENSE.tolist(),
        np.ma.masked_array(np.nan_to_num(DENSE), np.isnan(DENSE)),
        pd.DataFrame(DENSE, index=["a", "b", "c"], columns=["x", "y", "z"]),
        pd.DataFrame(DENSE).convert_dtypes().set_axis(list("abc")).set_axis(list("xyz"), axis=1),
        SPARSE,
        sp.csr_matrix(SPARSE),
        sp.coo_array(SPARSE),
        sp.lil_array(SPARSE),
    ],
)
def test_matrices_of_every_kind_give_the_same_ratings(matrix):
    is_frame = isinstance(matrix, pd.DataFrame)
    ids = () if is_frame else (["a", "b", "c"], np.array(["x", "y", "z"]))
    found = Ratings.from_matrix(matrix, *ids, titles={"x": "Up", "y": "Big", "z": "Jaws"})
    assert found.ratings.to_dict("list") == {
        "userId": ["a", "a", "c", "c"],
        "movieId": ["x", "z", "x", "y"],
        "rating": [5.0, 0.5, 3.0, 4.0],
    }
    assert found.movies["title"].tolist() == ["Up", "Big", "Jaws"]
    assert found.reading == "read matrix: 1 of 3 users has no rating"


def test_rows_and_columns_are_ids_if_none_are_given():
    found = Ratings.from_matrix(SPARSE)
    assert found.ratings.to_numpy().tolist() == [[0, 0, 5], [0, 2, 0.5], [2, 0, 3], [2, 1, 4]]


def test_a_stored_zero_is_a_rating():
    matrix = sp.csr_array(([0.0, 2.0], ([0, 1], [0, 0])), shape=(2, 1))
    assert Ratings.from_matrix(matrix, scale=(0, 4)).ratings["rating"].tolist() == [0, 2]
    plays = Ratings.from_matrix(sp.csr_array([[1, 7, 0]]), counts=True)
    assert plays.ratings["count"].tolist() == [1.0, 7.0]


@pytest.mark.parametrize(
    ("matrix", "ids", "message"),
    [
        ([[1.0, 7.0]], (), "matrix, cell (0, 1) (counted from 0): rating is off the scale"),
        (sp.csr_array([[0, 9], [1, 0]]), (), "matrix, cell (0, 1) (counted from 0): rating is off"),
        (sp.csr_array([[np.nan]]), (), "matrix, cell (0, 0) (counted from 0): rating is not a num"),
        (
            sp.coo_array(([1, 2], ([0, 0], [0, 0]))),
            (),
            "matrix, cell (0, 0) (counted from 0): same",
        ),
        ([[1.0]], (["a", "b"],), "user_ids: 2 ids for the 1 rows of the matrix"),
        ([[1.0]], (["a"], []), "item_ids: 0 ids for the 1 columns of the matrix"),
        ([[1.0], [2.0]], (["a", "a"],), "user_ids, row 1 (counted from 0): id is in row 0 already"),
        ([[1.0], [2.0]], (["a", None],), "user_ids, row 1 (counted from 0): id is neither"),
        ([1.0], (), "matrix: it needs rows and columns, but its shape is (1,)"),
        ([["x"]], (), "matrix: not all cells are numbers or NaN"),
        (None, (), "matrix: it needs rows and columns"),
        ([[np.nan]], (), "matrix: no cell holds a rating"),
    ],
)
def test_a_bad_matrix_is_refused(matrix, ids, message):
    assert refusal(Ratings.from_matrix, matrix, *ids).startswith(message)


@given(st.lists(st.lists(st.none() | st.integers(1, 5), min_size=3, max_size=3), min_size=1))
def test_each_rated_cell_is_one_rating(rows):
    rated = [(u, i, value) for u, row in enumerate(rows) for i, value in enumerate(row) if value]
    if rated:
        matrix = [[np.nan if value is None else value for value in row] for row in rows]
        found = Ratings.from_matrix(matrix).ratings
        assert list(found.itertuples(index=False, name=None)) == rated
