"""Files that are a little odd are read as they are meant, or refused; none is misread silently."""

import io
import json
import re
import tarfile
import zipfile

import pandas as pd
import pytest

from recsys import RatingsError, load_ratings
from recsys.data.scale import LIKES
from recsys.data.scale_of_values import not_rated

ROWS = {("a", "x", 3.0), ("b", "x", 4.0)}


def rows_of(path, **options):
    loaded = load_ratings(path, **options)
    return set(loaded.ratings[["userId", "movieId", "rating"]].itertuples(index=False, name=None))


@pytest.fixture
def load(tmp_path):
    """Loads a file of some text."""

    def loaded(text, name="x.csv", **options):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return load_ratings(path, **options)

    return loaded


@pytest.fixture
def refused(load):
    """The one line with which a file is refused."""

    def message(text, name="x.csv", **options):
        with pytest.raises(RatingsError) as caught:
            load(text, name, **options)
        assert str(caught.value).isprintable()
        return str(caught.value)

    return message


def test_times_before_ratings_are_no_ratings(load):
    found = load("1,7,978300000,5\n2,7,978300001,3\n")
    assert found.ratings["rating"].tolist() == [5, 3]
    assert found.ratings["timestamp"].tolist() == [978300000, 978300001]
    assert "no header: columns 1, 2, 4, 3 are user, item, rating, time" in found.reading


def test_a_separator_at_the_end_of_each_row_moves_no_column(load):
    found = load("user,item,rating,time\na,x,3,978300000,\nb,x,4,978300001,\n")
    assert found.ratings.to_numpy().tolist() == [["a", "x", 3, 978300000], ["b", "x", 4, 978300001]]


def test_names_of_rows_that_r_writes_are_no_column(load):
    found = load('"user","item","rating"\n"1","a","x",3\n"2","b","x",4\n')
    assert found.ratings["userId"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("above", "sep", "n_lines"),
    [
        ("sep=;\n", ";", 1),
        ("SEP=\t\n", "\t", 1),
        ("# exported for a friend\n#\n# n=3\n", "\t", 3),
        ("% bip weighted\n", ",", 1),
    ],
)
def test_lines_above_a_table_are_counted(load, refused, above, sep, n_lines):
    text = above + sep.join(["user", "item", "rating"]) + f"\na{sep}x{sep}3\nb{sep}x{sep}"
    found = load(text + "4\n")
    assert found.ratings["rating"].tolist() == [3, 4]
    assert f"lines above the table: {n_lines}" in found.reading
    assert f"line {n_lines + 3}: rating is not a number: '?'" in refused(text + "?\n")


def test_lines_above_a_table_without_a_header_are_left_out(load):
    found = load("% bip\n1 7 5 978300000\n2 7 3 978300001\n", "out.films")
    assert found.ratings["rating"].tolist() == [5, 3]


@pytest.mark.parametrize("first", ["# item\tuser\trating\n", "#item\tuser\trating\n"])
def test_a_header_may_be_a_comment(load, first):
    found = load(first + "x\ta\t3\nx\tb\t4\n")
    assert found.ratings.to_numpy().tolist() == [["a", "x", 3], ["b", "x", 4]]


def test_users_that_begin_like_a_comment_are_users(load):
    assert load("#1,x,3\n#2,x,4\n3,x,4\n").ratings["userId"].tolist() == ["#1", "#2", "3"]


def test_quotes_between_tabs_may_be_part_of_a_name(load):
    # With quotes around fields, the rows of b and c would be one field of the row of a.
    text = 'user\tartist\tplays\na\t"weird al\t3\nb\tx\t4\nc\t"big" band\t5\n'
    found = load(text)
    assert found.ratings["movieId"].tolist() == ['"weird al', "x", '"big" band']
    assert "quotes are part of the text" in found.reading


@pytest.mark.parametrize(
    "text",
    [
        '"user"\t"item"\t"rating"\n"a"\t"x"\t3\n"b"\t"x"\t4\n',
        'user\titem\trating\ttext\na\tx\t3\t"two\nlines"\n'
        "b\tx\t4\tone\nb\ty z\t4\tgood film\nb\tz\t4\ta very good film\n",
    ],
)
def test_quotes_between_tabs_may_be_around_fields(load, text):
    found = load(text)
    assert found.ratings["userId"].unique().tolist() == ["a", "b"]
    assert "quotes" not in found.reading


def test_objects_of_python_are_read_like_those_of_json(load, refused):
    rows = [
        r"{'reviewerID': 'a', 'asin': 'x', 'reviewText': 'I\'m \done', 'overall': 3.0}",
        "{'reviewerID': 'b', 'asin': 'x', 'overall': 4.0}",
    ]
    found = load("\n".join(rows), "reviews_Toys.json")
    assert found.ratings["rating"].tolist() == [3, 4]
    assert found.reading.startswith("read reviews_Toys.json: columns reviewerID, asin, overall")
    bad = refused("\n".join([*rows, "{'reviewerID': open('x')}"]), "reviews_Toys.json")
    assert "line 3: not an object of JSON" in bad


@pytest.mark.parametrize(
    ("times", "line"),
    [
        (["1300000000", "1300000000123", "1300000001"], 3),
        (["1300000000123", "1300000000456", "1300000001"], 4),
    ],
)
def test_a_time_in_another_unit_is_a_bad_row(refused, times, line):
    rows = "".join(f"{user},x,3,{time}\n" for user, time in enumerate(times))
    message = refused("user,item,rating,time\n" + rows)
    assert f"line {line}: time is no time" in message
    assert "--time-column none" in message


@pytest.mark.parametrize("code", [-1, -99, 99])
def test_a_code_among_ratings_is_asked_about(load, refused, code):
    text = f"user,item,rating\na,x,3\nb,x,{code}\nb,y,5\nc,y,{code}\n"
    message = refused(text)
    assert f"line 3: rating may mean 'not rated': '{code}', 2 of 4; " in message
    assert f"--absent {code} (absent={code})" in message
    assert "2 not rated" in load(text, absent=code).reading
    assert len(load(text, scale="-100:100").ratings) == 4


@pytest.mark.parametrize("values", [[-1, 1], [-1, 0, 1], [-3, -1, 5], [99, 70], [1, 5], [-1]])
def test_negative_ratings_and_those_up_to_100_are_no_codes(values):
    assert not_rated(pd.Series(values).to_numpy(float)) is None


def test_large_ratings_name_the_option_of_counts(load, refused):
    head = "user,item,rating\n"
    assert "--counts" in load(head + "a,x,40\na,y,9000\nb,x,6000\nb,y,2000\n").reading
    assert "--counts" in refused(head + "a,x,1\na,y,5\nb,x,50\nb,y,5000\n")
    assert "--counts" not in load(head + "a,x,100\na,y,30\n").reading


def test_a_second_rating_names_the_file_of_the_first(tmp_path):
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path in paths:
        path.write_text("user,item,rating\na,x,3\n")
    with pytest.raises(RatingsError, match=r"two\.csv, line 2: .* on line 2 of .*one\.csv: "):
        load_ratings(paths)


def test_files_two_folders_down_are_found(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("data/v1/scores.txt", "user,item,rating\na,x,3\nb,x,4\n")
        archive.writestr("__MACOSX/data/scores.txt", "user,item,rating\na,x,1\n")
    assert rows_of(tmp_path / "a.zip") == ROWS
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "out")
    assert rows_of(tmp_path / "out") == ROWS


def test_of_several_tables_in_a_zip_none_can_be_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("test.csv", "train.csv"):
            archive.writestr(name, "user,item,rating\na,x,3\n")
    with pytest.raises(
        RatingsError, match=r"unpack it, and name one of them: test\.csv, train\.csv"
    ):
        load_ratings(tmp_path / "a.zip")


def test_the_zip_of_an_export_is_named(tmp_path):
    path = tmp_path / "letterboxd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "ratings.csv", "Date,Name,Year,Letterboxd URI,Rating\n2023-01-01,A,2009,u,4\n"
        )
    with pytest.raises(RatingsError, match=rf"--ratings {re.escape(str(path))}$"):
        load_ratings(path)


def test_the_small_links_lead_to_the_titles(tmp_path):
    files = {
        "ratings_small.csv": "userId,movieId,rating,timestamp\n1,31,3,1\n2,31,4,2\n",
        "links_small.csv": "movieId,imdbId,tmdbId\n31,0000031,9909\n",
        "movies_metadata.csv": "genres,id,imdb_id,release_date,title\n[],9909,tt31,1999-01-02,Up\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert load_ratings(tmp_path).movies["title"].tolist() == ["Up (1999)"]


def test_a_few_bad_cells_leave_a_table_wide(load, refused):
    rows = "".join(f"u{number},{number % 5 + 1},,3\n" for number in range(30))
    text = "user,A,B,C\n" + rows + "ann,5,unseen,3\n"
    assert "line 32: rating is not a number: 'unseen'" in refused(text)
    found = load(text, absent="unseen")
    assert len(found.ratings) == 62
    assert "1 not rated ('unseen')" in found.reading


def test_what_is_no_table_is_said(tmp_path, refused):
    assert "a web page" in refused("<!DOCTYPE html>\n<html><body>404</body></html>\n")
    path = tmp_path / "a.tgz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("ratings.csv")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"a,b\n"))
    with pytest.raises(RatingsError, match="a tar archive; unpack it"):
        load_ratings(path)
    # Binary data that is half zeros is no damaged UTF-16.
    (tmp_path / "b").write_bytes(b"\x00\xd8\x00\xff\x01\x00\xd8\xd8" * 40 + b"a\x00" * 300)
    with pytest.raises(RatingsError, match="neither text nor"):
        load_ratings(tmp_path / "b")


def test_likes_stay_likes(load):
    assert load("user,item,rating\na,x,1\nb,x,1\n").scale == LIKES


@pytest.mark.parametrize(
    "lines",
    [
        ["user\tfilm\tplays", "ann lee\tBig Fish\t3", "bob ray\tBig Fish\t4"],
        ["user;film;plays", "ann k lee;Big Blue Fish;3", "bob k ray;Big Blue Fish;4"],
        ["user\tfilm", "ann lee\tBig Fish", "bob ray\tBig Fish"],
    ],
)
def test_blanks_within_names_part_no_columns(load, lines):
    assert load("\n".join(lines) + "\n").ratings["userId"].str[3].tolist() == [" ", " "]


def test_blanks_part_columns_with_decimal_commas(load):
    assert load("1 7 3,5\n2 7 4,0\n").ratings["rating"].tolist() == [3.5, 4]


@pytest.mark.parametrize(
    ("value", "typed"), [("NULL", "NULL"), ("nan", "nan"), ("<NA>", "'<NA>'"), ("", "''")]
)
def test_a_missing_rating_names_the_option_that_leaves_it_out(load, refused, value, typed):
    text = f"user,item,rating\na,x,3\na,y,{value}\nb,x,4\nb,y,{value}\n"
    assert f"; --absent {typed} (absent={value!r})" in refused(text)
    found = load(text, absent=value)
    assert len(found.ratings) == 2
    assert "2 not rated" in found.reading


def test_titles_may_lie_in_the_table_of_ratings(tmp_path):
    path = tmp_path / "merged.csv"
    path.write_text(
        "userId,movieId,rating,title,genres\n1,7,4,Up,War\n2,7,5,Up,War\n1,8,3,Big,\n3,8,2,Bog,\n"
    )
    found = load_ratings(path, movies=path)
    assert found.movies.to_numpy().tolist() == [
        [7, "Up", "War"],
        [8, "Big", "(no genres listed)"],
    ]
    # Only the title that differs is left out.
    assert found.reading.endswith(
        "titles from merged.csv; 1 row of merged.csv left out (an id that came before)"
    )


@pytest.mark.parametrize("sep", ["\\t", "\t"])
def test_a_tab_can_be_typed(load, sep):
    assert load("user\titem\trating\na\tx\t3\n", sep=sep).ratings["rating"].tolist() == [3]


@pytest.mark.parametrize("sep", ["||", "tab", "", '"', "\n", "\r", "¦", "\x1b["])
def test_what_is_no_separator_is_refused(refused, sep):
    assert "is no separator; --sep (sep=) takes" in refused("user,item,rating\na,x,3\n", sep=sep)


def test_the_first_object_may_be_long(load):
    rows = [{"user": user, "text": "x" * 70_000, "item": "x", "rating": 3} for user in "ab"]
    found = load("\n".join(map(json.dumps, rows)), "reviews.jsonl")
    assert found.ratings["userId"].tolist() == ["a", "b"]
    assert found.reading.startswith("read reviews.jsonl: columns user, item, rating")
