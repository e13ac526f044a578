"""load_ratings: bad rows, places, items, and the same ratings from every kind of file."""

import gzip
import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest

import recsys
from recsys import RatingScale, RatingsError, load_ratings
from recsys.data.scale import WHOLE_STARS

HEAD = "user,item,rating\n"
MOVIES = """movieId,title,genres
1,Quiet Harbour (1995),Drama
2,"Paper Comet, The (1999)",Comedy|Romance
3,Île aux Merles (2004),Sci-Fi
"""


def rows(ratings):
    return ratings.ratings.to_numpy().tolist()


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
