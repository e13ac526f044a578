"""Ratings of any form are loaded as they lie; what cannot be is refused with the way out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys import RatingScale, RatingsError, load_ratings
from recsys.data.scale import COUNTS, LIKES

HEAD = "user,item,rating\n"
MOVIES = """movieId,title,genres
1,Quiet Harbour (1995),Drama
2,"Paper Comet, The (1999)",Comedy|Romance
3,Île aux Merles (2004),Sci-Fi
"""


def rows(ratings):
    return ratings.ratings.to_numpy().tolist()


# Files as they lie ------------------------------------------------------------------------------

# Each in the pattern of a file that people have: its text, its rows, and its reading.
AS_THEY_LIE = {
    "no times": (
        {"ratings.csv": "userId,movieId,rating\n1,1,5.0\n1,2,3.0\n2,3,2.5\n", "movies.csv": MOVIES},
        [[1, 1, 5], [1, 2, 3], [2, 3, 2.5]],
        "columns userId, movieId, rating; as MovieLens (CSV); scale 0.5 to 5 by 0.5; no times; "
        "titles from movies.csv",
    ),
    "snake case": (
        {
            "ratings.csv": "user_id,movie_id,rating,timestamp\n1,1,5,1000000001\n"
            "2,2,3,1000000002\n",
            "movies.csv": "movie_id,title,genres\n1,Quiet Harbour (1995),Drama\n2,Comet,War\n",
        },
        [[1, 1, 5, 1000000001], [2, 2, 3, 1000000002]],
        "columns user_id, movie_id, rating, timestamp; scale 1 to 5 by 1; titles from movies.csv",
    ),
    "no header": (
        {"ratings_small.csv": "1,1,5,1147880044\n1,2,3.5,1147868817\n", "movies.csv": MOVIES},
        [[1, 1, 5, 1147880044], [1, 2, 3.5, 1147868817]],
        "no header: columns 1, 2, 3, 4 are user, item, rating, time; scale 0.5 to 5 by 0.5; "
        "titles from movies.csv",
    ),
    "u.data alone": (
        {"u.data": "196\t1\t3\t881250949\n186\t2\t4\t891717742\n"},
        [[196, 1, 3, 881250949], [186, 2, 4, 891717742]],
        "no header: columns 1, 2, 3, 4 are user, item, rating, time; as MovieLens 100K; "
        "separated by tabs; scale 1 to 5 by 1; no titles",
    ),
    "no genres": (
        {
            "ratings.csv": "userId,movieId,rating,timestamp\n1,1,5,1000000001\n1,2,3,1000000002\n",
            "movies.csv": "movieId,title\n1,Quiet Harbour (1995)\n2,Paper Comet (1999)\n",
        },
        [[1, 1, 5, 1000000001], [1, 2, 3, 1000000002]],
        "columns userId, movieId, rating, timestamp; as MovieLens (CSV); scale 0.5 to 5 by 0.5; "
        "titles from movies.csv",
    ),
    "European spreadsheet": (
        {
            "ratings.csv": "\ufeffuserId;movieId;rating;timestamp\r\n1;1;4,5;1000000001\r\n"
            "2;1;3;1000000002\r\n;;;\r\n",
            "movies.csv": MOVIES,
        },
        [[1, 1, 4.5, 1000000001], [2, 1, 3, 1000000002]],
        "columns userId, movieId, rating, timestamp; as MovieLens (CSV); separated by semicolons; "
        "decimal commas; empty rows: 1; scale 0.5 to 5 by 0.5; titles from movies.csv",
    ),
    "text ids": (
        {
            "ratings.csv": "userId,movieId,rating,timestamp\nu-anna,1,4.5,1000000001\n"
            "u-ben,1,3,1000000002\n",
            "movies.csv": MOVIES,
        },
        [["u-anna", 1, 4.5, 1000000001], ["u-ben", 1, 3, 1000000002]],
        "columns userId, movieId, rating, timestamp; as MovieLens (CSV); scale 0.5 to 5 by 0.5; "
        "titles from movies.csv",
    ),
    "index and review": (
        {
            "ratings.csv": ",userId,movieId,rating,timestamp,review\n"
            '0,1,1,2.0,1000000001,"Good, long"\n1,1,2,4.5,1000000009,"Line one\nline two"\n'
            "2,2,1,3,1000000002,\n",
            "movies.csv": MOVIES,
        },
        [[1, 1, 2, 1000000001], [1, 2, 4.5, 1000000009], [2, 1, 3, 1000000002]],
        "columns userId, movieId, rating, timestamp; as MovieLens (CSV); scale 0.5 to 5 by 0.5; "
        "titles from movies.csv",
    ),
    "lines that end in CR": (
        {
            "ratings.csv": "userId,movieId,rating,timestamp\r1,1,5,1000000001\r2,1,4,1000000003\r",
            "movies.csv": MOVIES,
        },
        [[1, 1, 5, 1000000001], [2, 1, 4, 1000000003]],
        "columns userId, movieId, rating, timestamp; as MovieLens (CSV); scale 0.5 to 5 by 0.5; "
        "titles from movies.csv",
    ),
    "movies in CR": (
        {
            "ratings.csv": "userId,movieId,rating,timestamp\n1,1,5,1000000001\n2,1,4,1000000003\n",
            "movies.csv": MOVIES.replace("\n", "\r"),
        },
        [[1, 1, 5, 1000000001], [2, 1, 4, 1000000003]],
        "columns userId, movieId, rating, timestamp; as MovieLens (CSV); scale 0.5 to 5 by 0.5; "
        "titles from movies.csv",
    ),
    "latin-1 and bars": (
        {"stars.txt": "Person|Film|Stars\nZoé|Up|3\nZoé|Big|4\n".encode("latin-1")},
        [["Zoé", "Up", 3], ["Zoé", "Big", 4]],
        "columns Person, Film, Stars; separated by bars; encoding cp1252 (guessed); "
        "scale 1 to 5 by 1; no times; no titles",
    ),
    "UTF-16 and tabs": (
        {"export.tsv": "user\tbook\tscore\nZoé\tUp\t3\n".encode("utf-16")},
        [["Zoé", "Up", 3]],
        "columns user, book, score; separated by tabs; encoding UTF-16; scale 1 to 5 by 1; "
        "no times; no titles",
    ),
    "blanks": (
        {"my ratings": "1 2 3.5\n1  3 4\n2 2 .5\n"},
        [[1, 2, 3.5], [1, 3, 4], [2, 2, 0.5]],
        "no header: columns 1, 2, 3 are user, item, rating; separated by blanks; "
        "scale 0.5 to 5 by 0.5; no times; no titles",
    ),
    "likes with times": (
        {"likes.csv": "user,song,ts\na,b,1112436000000\na,c,1112436001000\n"},
        [["a", "b", 1, 1112436000], ["a", "c", 1, 1112436001]],
        "columns user, song, ts; times in milliseconds; no ratings: all are likes; no titles",
    ),
    "likes without a header": (
        {"likes.csv": "1,2,1000000000\n1,3,1000000001\n"},
        [[1, 2, 1, 1000000000], [1, 3, 1, 1000000001]],
        "no header: columns 1, 2, 3 are user, item, time; no ratings: all are likes; no titles",
    ),
    "mostly numbers": (
        {"x.csv": "user,item,rating\n1,7,4\n2,007,5\n1,8,5\n2,9,5\n"},
        [[1, "7", 4], [2, "007", 5], [1, "8", 5], [2, "9", 5]],
        "columns user, item, rating; ids of items are text, such as '007'; scale 1 to 5 by 1; "
        "no times; no titles",
    ),
}


@pytest.mark.parametrize("case", AS_THEY_LIE)
@pytest.mark.parametrize("by_folder", [False, True])
def test_a_file_is_read_as_it_lies_and_says_how(write, case, by_folder):
    files, expected, reading = AS_THEY_LIE[case]
    path = write(files)
    ratings = load_ratings(path.parent if by_folder else path)
    assert ratings.reading == f"read {path.name}: {reading}"
    assert rows(ratings) == expected
    assert ratings.skipped == ()
    assert set(ratings.ratings["movieId"]) <= set(ratings.movies["movieId"])
    assert ratings.has_titles == ("movies.csv" in files)


@pytest.mark.parametrize("ids", ["1,2\n1,3\n", "1.0,2.0\n1.0,3.0\n"])
def test_whole_numbers_are_numbers_and_other_ids_text_as_written(load, ids):
    found = load("user,item,rating\n" + ids.replace("\n", ",4\n"))
    assert rows(found) == [[1, 2, 4], [1, 3, 4]]
    assert found.ratings["userId"].dtype == np.int64


@pytest.mark.parametrize("users", [["NA", "null"], ["+1", "2"], ["1e2", "3"], ["-", "None"]])
def test_ids_that_look_like_missing_or_odd_numbers_are_kept(load, users):
    found = load(HEAD + "".join(f"{user},7,4\n" for user in users))
    assert found.ratings["userId"].tolist() == users


# Options ----------------------------------------------------------------------------------------


def test_columns_can_be_named_and_numbered(load):
    named = load("who,what,how,rating\na,b,1,9\na,c,2,9\n", user="who", item="what", rating="how")
    numbered = load("a,b,x,1,9\na,c,y,2,9\n", user=1, item="2", rating=4)
    assert rows(named) == rows(numbered) == [["a", "b", 1], ["a", "c", 2]]


def test_separator_and_header_can_be_given(load):
    assert rows(load("a b,c d,3\n", sep=",", header=False)) == [["a b", "c d", 3]]
    found = load("1,2,3\n1,3,4\n", header=True, user="1", item="2", rating="3")
    assert rows(found) == [[1, 3, 4]]


def test_times_can_be_left_out(load):
    text = "user,item,rating,time\na,b,4,noon\n"
    assert not load(text, time="none").has_times
    assert not load("a,b,4,noon\na,c,3,night\n", time="none").has_times


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (None, RatingScale(1, 5, 1)),
        ("1:10", RatingScale(1, 10, 1)),
        ("1:10:0.5", RatingScale(1, 10, 0.5)),
        ((1, 10, 1), RatingScale(1, 10, 1)),
        (RatingScale(0, 6, 1), RatingScale(0, 6, 1)),
    ],
)
def test_a_scale_is_worked_out_or_given(load, scale, expected):
    assert load(HEAD + "a,b,3\na,c,4\n", scale=scale).scale == expected


def test_a_rating_of_any_number_makes_a_continuous_scale(load):
    found = load(HEAD + "a,b,2.66925\na,c,-4.5\n")
    assert found.ratings["rating"].tolist() == [2.66925, -4.5]
    assert (found.scale.smallest, found.scale.largest, found.scale.step) == (-5, 5, 0)


@pytest.mark.parametrize("skip", [False, True])
def test_a_scale_that_is_left_refuses_the_whole_file(refused, skip):
    text = HEAD + "a,b,3\na,c,10\na,d,9\na,e,8\nb,b,2\nb,c,7\n"
    message = refused(text, scale="1:5", skip_bad_rows=skip)
    assert message == (
        ", line 3: rating is off the scale 1 to 5 by 1: '10'; ratings reach 10: "
        "--scale 1:10 (scale=)"
    )


@pytest.mark.parametrize("skip", [False, True])
def test_a_release_on_another_scale_is_refused_with_this_scale(write, skip):
    # The first 64 kB are on the scale of MovieLens.
    rows = [f"{user},1,4,1" for user in range(9000)]
    rows += [f"{user},2,{user % 10 + 1},1" for user in range(4000)]
    text = "\n".join(["userId,movieId,rating,timestamp", *rows])
    for change in ("timestamp", "timestamp,note"):
        path = write({"ratings.csv": text.replace("timestamp", change), "movies.csv": MOVIES})
        with pytest.raises(RatingsError, match=r"ratings reach 10: --scale 1:10 \(scale=\)$"):
            load_ratings(path, skip_bad_rows=skip)
        assert load_ratings(path, scale="1:10").scale == RatingScale(1, 10, 1)


@pytest.mark.parametrize("skip", [False, True])
def test_a_rating_far_from_the_others_is_named(refused, skip):
    text = HEAD + "".join(f"a,{item},{item % 5 + 1}\n" for item in range(30)) + "a,c,55\n"
    assert refused(text, skip_bad_rows=skip) == (
        ", line 32: rating lies far from the others, which are 1 to 5: '55'; correct it, or give "
        "the scale by --scale SMALLEST:LARGEST (scale=)"
    )


@pytest.mark.parametrize(
    ("absent", "kept", "note"),
    [
        (0, [3, 99], "1 not rated (0)"),
        ("0", [3, 99], "1 not rated (0)"),
        ([0, "99"], [3], "2 not rated (0, 99)"),
    ],
)
def test_values_that_mean_not_rated_are_left_out_and_counted(load, absent, kept, note):
    found = load(HEAD + "a,b,3\na,c,0\na,d,99\n", absent=absent, scale="0:100")
    assert found.ratings["rating"].tolist() == kept
    assert note in found.reading


def test_text_that_means_not_rated_is_left_out_and_counted(load):
    found = load(HEAD + "a,b,3\na,c,\na,d,-\n", absent=["", "-"])
    assert rows(found) == [["a", "b", 3]]
    assert "2 not rated ('', '-')" in found.reading


def test_blanks_of_a_wide_table_may_be_named_too(load):
    found = load("user,Up,Big\nann,4,\nben,0,2\n", absent=["", 0])
    assert rows(found) == [["ann", "Up", 4], ["ben", "Big", 2]]


@pytest.mark.parametrize(
    ("duplicates", "kept", "note"),
    [
        ("first", [["a", "b", 3, 20], ["a", "c", 5, 30]], "the first is kept"),
        ("last", [["a", "c", 5, 30], ["a", "b", 4, 10]], "the last is kept"),
        ("mean", [["a", "b", 3.5, 20], ["a", "c", 5, 30]], "their mean is taken"),
    ],
)
def test_second_ratings_are_kept_as_told_and_counted(load, duplicates, kept, note):
    text = "user,item,rating,time\na,b,3,20\na,c,5,30\na,b,4,10\n"
    found = load(text, duplicates=duplicates)
    assert rows(found) == kept
    assert f"1 repeated: {note}" in found.reading


def test_a_second_rating_is_an_error_with_its_lines(refused):
    assert refused(HEAD + "a,b,3\na,c,5\na,b,4\n") == (
        ", line 4: same user and item as on line 2: 'user a, item b'; "
        "--duplicates first, last or mean (duplicates=) decides"
    )
    with pytest.raises(ValueError, match="duplicates must be one of error, first, last, mean"):
        load_ratings("x.csv", duplicates="none")


@settings(max_examples=25)  # each writes a file and reads it three times
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=20
    )
)
def test_second_ratings_are_kept_as_pandas_keeps_them(tmp_path_factory, table):
    path = tmp_path_factory.getbasetemp() / "repeated.csv"
    frame = pd.DataFrame(table, columns=["user", "item", "rating"])
    frame.to_csv(path, index=False)
    for duplicates in ("first", "last"):
        found = load_ratings(path, duplicates=duplicates, scale="1:5").ratings
        expected = frame.drop_duplicates(["user", "item"], keep=duplicates)
        assert found.to_numpy().tolist() == expected.to_numpy().tolist()
    found = load_ratings(path, duplicates="mean", scale="1:5").ratings
    means = frame.groupby(["user", "item"])["rating"].mean()
    assert found.set_index(["userId", "movieId"])["rating"].to_dict() == pytest.approx(
        means.to_dict()
    )


def test_likes_have_no_ratings_or_only_ones(load):
    for text in ("user,item\na,b\na,c\n", HEAD + "a,b,1\na,c,1\n"):
        found = load(text)
        assert found.scale == LIKES
        assert rows(found) == [["a", "b", 1], ["a", "c", 1]]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("user,artist,plays\na,b,1\na,c,100\nb,c,7\n", {}),
        ("user,artist,n\na,b,1\na,c,100\nb,c,7\n", {"rating": "n", "counts": True}),
    ],
)
def test_counts_above_the_median_of_their_user_are_likes(load, text, options):
    found = load(text, **options)
    assert found.scale == COUNTS
    assert list(found.ratings.columns) == ["userId", "movieId", "rating", "count"]
    assert rows(found) == [["a", "b", 0, 1], ["a", "c", 1, 100], ["b", "c", 1, 7]]
    assert "counts: liked means above the user's own median" in found.reading


def test_numbers_are_counts_by_name_only(load):
    assert load(HEAD + "a,b,1\na,c,100\nb,c,7\n").scale != COUNTS


def test_likes_begin_where_the_caller_says(load):
    assert load(HEAD + "a,b,3\na,c,4\n", like_threshold=3).scale.likes_from == 3
    assert load(HEAD + "a,b,3\na,c,4\n").scale.likes_from == 4
