"""Ratings of any form are loaded as they lie; what cannot be is refused with the way out."""

import gzip
import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import recsys
from recsys import RatingScale, RatingsError, load_ratings
from recsys.data.scale import COUNTS, LIKES, WHOLE_STARS

HEAD = "user,item,rating\n"
MOVIES = """movieId,title,genres
1,Quiet Harbour (1995),Drama
2,"Paper Comet, The (1999)",Comedy|Romance
3,Île aux Merles (2004),Sci-Fi
"""


@pytest.fixture
def write(tmp_path, in_folder):
    """Writes files into a folder; returns the path of the first one."""

    def files_in(files):
        in_folder(tmp_path, files)
        return tmp_path / next(iter(files))

    return files_in


@pytest.fixture
def load(write):
    """Loads a file with some text."""

    def loaded(text, name="x.csv", **options):
        return load_ratings(write({name: text}), **options)

    return loaded


@pytest.fixture
def refused(write):
    """Loads a file that must be refused; returns the message behind its name."""

    def message(text, name="x.csv", **options):
        path = write({name: text})
        with pytest.raises(RatingsError) as caught:
            load_ratings(path, **options)
        found = str(caught.value)
        assert found.startswith(str(path))
        assert found.isprintable()
        return found.removeprefix(str(path))

    return message


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


# Bad rows ---------------------------------------------------------------------------------------

WAY_OUT = "; --skip-bad-rows (skip_bad_rows=True) leaves such rows out"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a,c,x", "rating is not a number: 'x'" + WAY_OUT),
        ("a,c,4_0", "rating is not a number: '4_0'" + WAY_OUT),
        (
            "a,c,nan",
            "rating is not a number: 'nan'; --absent nan (absent='nan') reads these rows as not "
            "rated",
        ),
        ("a,c,inf", "rating is not a number: 'inf'" + WAY_OUT),
        ("a,c,4,5", "4 fields, not 3: 'a,c,4,5'" + WAY_OUT),
        (",c,4", "user is empty: ''" + WAY_OUT),
        ("a,,4", "item is empty: ''" + WAY_OUT),
        ("a,c,", "rating is empty: ''; --absent '' (absent='') reads these rows as not rated"),
        ("a,c", "rating is empty: ''; --absent '' (absent='') reads these rows as not rated"),
    ],
)
def test_a_bad_row_is_named_or_skipped_and_counted(load, refused, row, problem):
    text = HEAD + 'a,"two\nlines",3\n\n' + f"{row}\n" + "".join(f"a,{n},4\n" for n in range(40))
    assert refused(text) == f", line 5: {problem}"
    found = load(text, skip_bad_rows=True)
    assert [bad.line for bad in found.skipped] == [5]
    kind = found.skipped[0].reason
    assert found.reading.endswith(f"1 bad row skipped ({kind}: 1)")
    assert len(found.ratings) == 41


def test_bad_times_are_bad_rows(refused):
    text = "user,item,rating,time\na,b,1,1000000000\na,c,1,soon\n"
    assert refused(text) == (
        ", line 3: time is no time: 'soon'; --time-column none (time='none') leaves times out, "
        "--skip-bad-rows (skip_bad_rows=True) leaves such rows out"
    )


def test_no_more_than_a_twentieth_of_the_rows_is_skipped(load, refused):
    good = [f"a,{n},4\n" for n in range(38)]
    assert len(load(HEAD + "".join([*good, "a,x,?\n", ",y,3\n"]), skip_bad_rows=True).skipped) == 2
    message = refused(HEAD + "".join([*good, "a,x,?\n", ",y,3\n", ",z,3\n"]), skip_bad_rows=True)
    assert message.startswith(
        ": 3 of 41 rows are bad, more than 5 % (user is empty: 2, rating is not a number: 1); "
        "the first is "
    )
    assert "line 40: rating is not a number: '?'" in message


def test_the_rule_of_a_twentieth_holds_for_releases(write):
    ratings = "userId,movieId,rating,timestamp\n" + "".join(f"{u},1,4,1\n" for u in range(60))
    path = write({"ratings.csv": ratings + "99,1,x,1\n", "movies.csv": MOVIES})
    found = load_ratings(path, skip_bad_rows=True)
    assert found.reading == (
        "read ratings.csv: MovieLens; scale 0.5 to 5 by 0.5; titles from movies.csv; "
        "1 bad row skipped (rating is not a number: 1)"
    )
    path.write_text(ratings + "99,1,x,1\n" * 5)
    with pytest.raises(RatingsError, match="5 of 65 rows are bad, more than 5 %"):
        load_ratings(path, skip_bad_rows=True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ": the file is empty"),
        (HEAD, ": no ratings"),
        (HEAD + ",,\n", ": no ratings"),
        ("user,movie,book,rating\na,b,c,1\n", ": 'movie', 'book' may all be the column of items"),
        ("who,movie,rating\na,b,1\n", ": no column of users among 'who', 'movie', 'rating'"),
        ("1,2,3,4,5\n1,2,3,4,5\n", ": the file has no header, and its 5 columns ('1', '2', "),
        ("one two three\nis no table\n", ": no column of users among"),
        ("x" * 200_000 + "\n1,2,3\n", ": no column of users among 'xxx"),
        ('"' + "x" * 200_000 + '"\n1,2,3\n', ": no column of users among"),
        (HEAD + "a,b,3\n" + 'a,"c,4\n', ", line 3: a quoted field is not closed"),
        (
            "user,item,rating,time\na,b,1,soon\n",
            ": the times are neither numbers nor dates: 'soon'",
        ),
    ],
)
def test_what_cannot_be_understood_is_named_in_a_short_line(refused, text, problem):
    message = refused(text)
    assert message.startswith(problem)
    assert len(message) < 500


def test_a_table_of_text_without_a_header_names_the_option(load, refused):
    text = "anna,Heat\nben,Up\n"
    message = refused(text)
    assert message.endswith("; --no-header (header=False) if the first row is data")
    assert rows(load(text, header=False)) == [["anna", "Heat", 1], ["ben", "Up", 1]]


def test_a_number_of_a_column_must_be_there(refused):
    message = refused("1,2,3\n1,3,4\n", user=1, item=2, rating=7)
    assert message == (
        ": no column 7: the file has no header, so its columns are 1 to 3; "
        "--rating-column NUMBER (rating=)"
    )


def test_a_long_field_in_another_column_is_no_hindrance(load):
    found = load("user,item,text,rating\n" + f'a,b,"{"x" * 200_000}",3\n' + "a,c,y,4\n")
    assert rows(found) == [["a", "b", 3], ["a", "c", 4]]


# Places -----------------------------------------------------------------------------------------


def test_several_files_are_joined_and_a_bad_row_names_its_own(write):
    first = write({"a.csv": HEAD + "a,1,3\n", "b.csv": HEAD + "a,x,4\nb,1,5\n", "c.csv": HEAD})
    found = load_ratings([first, first.with_name("b.csv")])
    assert rows(found) == [["a", "1", 3], ["a", "x", 4], ["b", "1", 5]]
    assert found.reading.startswith("read a.csv, b.csv: columns user, item, rating; ")
    with pytest.raises(RatingsError) as caught:
        load_ratings([first, first.with_name("b.csv")], scale="1:4")
    assert str(caught.value).startswith(f"{first.with_name('b.csv')}, line 3: rating is off")


def test_ids_of_several_files_are_numbers_only_if_all_are(write):
    first = write({"a.csv": HEAD + "1,1,3\n", "b.csv": HEAD + "1,2,4\n"})
    found = load_ratings([first, first.with_name("b.csv")])
    assert found.ratings["movieId"].tolist() == [1, 2]
    assert found.source == f"{first}, {first.with_name('b.csv')}"


def test_a_folder_or_zip_with_one_table_of_ratings_is_searched(write, tmp_path):
    names = {
        "readme.md": "x",
        "people.csv": "user,age\n1,30\n",
        "all.tsv": "user\titem\trating\n1\t2\t3\n",
    }
    folder = write(names).parent
    assert rows(load_ratings(folder)) == [[1, 2, 3]]
    folder.joinpath("inner").mkdir()
    for name in names:
        folder.joinpath(name).rename(folder / "inner" / name)
    folder.joinpath("read me.txt").write_text("Ratings lie in inner.")
    assert rows(load_ratings(folder)) == [[1, 2, 3]]
    for top in ("", "data/"):
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in names.items():
                archive.writestr(top + name, text)
        assert rows(load_ratings(path)) == [[1, 2, 3]]
        path.unlink()


def test_several_tables_in_a_folder_are_listed(write):
    folder = write({"a.csv": HEAD + "1,2,3\n", "b.csv": HEAD + "1,2,4\n"}).parent
    with pytest.raises(RatingsError) as caught:
        load_ratings(folder)
    message = f"{folder}: several files of ratings; name one of them: a.csv, b.csv"
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"people.csv": "user,age\n1,30\n2,31\n", "x.txt": "abc"}, ": no ratings here"),
        ({"people.csv": "user,age\n1,30\n2,31\n"}, "no column of items among 'user', 'age'"),
    ],
)
def test_a_folder_without_ratings_says_what_to_do(write, files, problem):
    with pytest.raises(RatingsError, match=re.escape(problem)):
        load_ratings(write(files).parent)


def test_a_path_that_is_not_there_and_a_workbook_are_refused(tmp_path):
    with pytest.raises(RatingsError, match="no such file or folder"):
        load_ratings(tmp_path / "x.csv")
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
    with pytest.raises(RatingsError, match="a workbook of a spreadsheet; save it as CSV"):
        load_ratings(tmp_path / "x.xlsx")
    with pytest.raises(RatingsError, match="no file of ratings is named"):
        load_ratings([])


# Items ------------------------------------------------------------------------------------------


def test_items_without_a_row_keep_their_ids_as_titles_and_are_counted(write):
    path = write({"r.csv": HEAD + "1,1,3\n1,9,4\n", "m.csv": MOVIES})
    found = load_ratings(path, movies=path.with_name("m.csv"))
    assert found.movies["title"].tolist() == [
        "Quiet Harbour (1995)", "Paper Comet, The (1999)", "Île aux Merles (2004)", "9",
    ]  # fmt: skip
    assert found.reading.endswith("titles from m.csv (1 of 2 items have none)")


def test_ids_of_two_kinds_become_text(write):
    path = write({"r.csv": HEAD + "1,1,3\n1,2,4\n", "m.csv": "id,title\n1,Up\n2,Big\nx3,Jaws\n"})
    found = load_ratings(path, movies=path.with_name("m.csv"))
    assert found.ratings["movieId"].tolist() == ["1", "2"]
    assert found.movies["movieId"].tolist() == ["1", "2", "x3"]


def test_movies_that_are_named_must_be_readable_and_those_beside_are_said(write):
    path = write({"r.csv": HEAD + "1,1,3\n", "movies.csv": "a,b\n1,2\n"})
    found = load_ratings(path)
    assert "no titles (" in found.reading
    assert "no column of ids among 'a', 'b'" in found.reading
    with pytest.raises(RatingsError, match="no column of ids"):
        load_ratings(path, movies=path.with_name("movies.csv"))


# Agreement --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "parquet", "feather", "jsonl", "csv.gz"])
def test_every_kind_of_file_gives_the_same_ratings(tmp_path, kind):
    frame = pd.DataFrame(
        {
            "user": ["a", "a", "b"],
            "item": [1, 2, 1],
            "rating": [4.5, 3.0, 5.0],
            "time": [1000000001, 1000000002, 1000000003],
        }
    )
    path = tmp_path / f"ratings.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "feather":
        frame.to_feather(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    found = load_ratings(path)
    assert rows(found) == frame.to_numpy().tolist()
    assert found.ratings["movieId"].dtype == np.int64


def test_the_real_release_is_read_alike_as_release_and_as_table(real_ratings, movielens_dir):
    table = load_ratings(movielens_dir / "ratings.csv", scale="0.5:5:0.5")
    pd.testing.assert_frame_equal(table.ratings, real_ratings.ratings)
    # Titles are brought to one line, without double blanks.
    titles = real_ratings.movies["title"].str.split().str.join(" ")
    pd.testing.assert_frame_equal(table.movies, real_ratings.movies.assign(title=titles))
    assert load_ratings(movielens_dir / "ratings.csv", sep=",").scale == real_ratings.scale


@pytest.mark.parametrize("odd", [[1, 2], {"id": 1}, 2**70, True, "x"])
def test_odd_values_of_json_are_kept_as_text(load, odd):
    lines = [{"user": odd, "item": 1, "rating": 4}, {"user": "a", "item": 2, "rating": "5"}]
    found = load("".join(json.dumps(line) + "\n" for line in lines), name="x.jsonl")
    assert rows(found) == [[str(odd), 1, 4], ["a", 2, 5]]


@pytest.mark.parametrize("role", ["rating", "time"])
def test_odd_ratings_and_times_of_json_are_bad_rows(refused, role):
    good = {"user": "a", "item": 1, "rating": 4, "time": 7}
    lines = [good, {**good, "item": 2, role: [1]}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    assert refused(text).startswith(f", line 2: {role} is no")


def test_true_and_false_are_likes_and_dislikes(load):
    found = load(HEAD + "a,b,True\na,c,false\n")
    assert found.ratings["rating"].tolist() == [1, 0]
    assert found.scale == RatingScale(0, 1, 1)


def test_load_ratings_is_what_the_package_offers():
    assert recsys.load_ratings is load_ratings


def test_a_table_of_books_by_isbn_from_1_to_5_is_not_book_crossing(tmp_path):
    (tmp_path / "mine.csv").write_text("user_id,isbn,rating\nann,000X,5\nben,000X,3\n", "utf-8")
    loaded = load_ratings(tmp_path / "mine.csv")
    assert (loaded.scale, loaded.reading.count("Book-Crossing")) == (WHOLE_STARS, 0)
    (tmp_path / "mine.csv").write_text("user_id,isbn,rating\nann,000X,0\nben,000X,8\n", "utf-8")
    loaded = load_ratings(tmp_path / "mine.csv")
    assert "Book-Crossing" in loaded.reading
    assert loaded.ratings["rating"].tolist() == [8.0]
