"""Ratings from any frame, from columns and from a matrix: the same answer as from plain pandas."""

import datetime as dt
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys import Ratings, RatingsError
from recsys.data.frames import Frame
from recsys.data.ratings import NO_GENRES
from recsys.data.scale import COUNTS, HALF_STARS, LIKES, RatingScale

DAYS = [dt.datetime(2005, 4, 2, 23, 53, 47), dt.datetime(2005, 4, 3), dt.datetime(1999, 12, 31)]
SECONDS = [1112486027, 1112486400, 946598400]
RATED = {
    "User-ID": ["ann", "bob", "ann"],
    "isbn": ["007", "x1", "x1"],
    "Stars": [4.5, 1.0, 3.0],
    "date": DAYS,
    "review": ["good", None, ""],
}
BOOKS = {
    "ISBN": ["x1", "007", "unread"],
    "Title": ["Ärger", "Comet, The", "Dust"],
    "genre": ["Drama|War", None, "unknown"],
    "pages": [100, 200, 300],
}


# Kinds of frames --------------------------------------------------------------------------------


def polars(columns):
    return pytest.importorskip("polars").DataFrame(columns)


def pyarrow(columns):
    return pytest.importorskip("pyarrow").table(columns)


def dictionaries(columns):
    """A table of pyarrow that keeps each distinct text once."""
    table = pyarrow(columns)
    for place, column in enumerate(table.columns):
        if str(column.type) == "string":
            table = table.set_column(place, table.column_names[place], column.dictionary_encode())
    return table


def duckdb(columns):
    return pytest.importorskip("duckdb").from_df(pd.DataFrame(columns))


def categories(columns):
    frame = pd.DataFrame(columns)
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.astype({name: "category" for name in texts if name not in ("date", "t")})


def shuffled(columns):
    """Columns whose indexes differ: they belong together by position."""
    return {
        name: pd.Series(column, index=range(place, place + len(column)))
        for place, (name, column) in enumerate(columns.items())
    }


KINDS = {
    "pandas": pd.DataFrame,
    "index of pandas": lambda columns: pd.DataFrame(columns, index=[9] * 3),
    "nullable": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "arrow of pandas": lambda columns: pd.DataFrame(columns).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "objects": lambda columns: pd.DataFrame(columns).astype(object),
    "categories": categories,
    "polars": polars,
    "lazy": lambda columns: polars(columns).lazy(),
    "pyarrow": pyarrow,
    "dictionaries": dictionaries,
    "duckdb": duckdb,
    "lists": dict,
    "tuples": lambda columns: {name: tuple(column) for name, column in columns.items()},
    "arrays": lambda columns: {name: np.array(column) for name, column in columns.items()},
    "series": shuffled,
    "series of polars": lambda columns: polars(columns).to_dict(),
    "columns of pyarrow": lambda columns: {
        name: column.combine_chunks()
        for name, column in zip(columns, pyarrow(columns).columns, strict=True)
    },
}
of_every_kind = pytest.mark.parametrize("kind", KINDS)


def assert_same(found, expected):
    pd.testing.assert_frame_equal(found.ratings, expected.ratings)
    pd.testing.assert_frame_equal(found.movies, expected.movies)
    assert found.scale == expected.scale


def refusal(call, *arguments, **options):
    with pytest.raises(RatingsError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


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


# Columns and their names ------------------------------------------------------------------------


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


# Values -----------------------------------------------------------------------------------------


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


def test_genres_of_another_kind_are_refused_with_their_row():
    for bad in (3, ["War", 3], {"name": "War"}):
        movies = {"movieId": [1, 2], "genres": ["War", bad]}
        message = refusal(Ratings.from_frames, {"user": [1], "item": [1]}, movies)
        assert message.startswith("movies frame, row 1 (counted from 0): genres is neither text")


# Scales, likes and counts -----------------------------------------------------------------------


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


# Columns ----------------------------------------------------------------------------------------


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


# Matrices ---------------------------------------------------------------------------------------

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
