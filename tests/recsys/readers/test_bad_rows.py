"""Each kind of bad row in each format raises an error with file, line and value, or is skipped."""

import itertools
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.ratings import BadRow
from recsys.readers.formats import LAYOUTS, Release
from recsys.readers.movielens import load_release
from recsys.readers.rating_files import read_ratings


@pytest.fixture
def spoiled(tmp_path, samples, in_folder):
    """Writes a sample release with one file replaced, and returns the folder."""

    def write(release: str, name: str, content: str | bytes) -> Path:
        return in_folder(tmp_path, {**samples[release], name: content})

    return write


def changed(text: str, line: int, new: str) -> str:
    """Replace one line of a text. The first line is 1."""
    lines = text.splitlines(keepends=True)
    lines[line - 1] = new
    return "".join(lines)


BAD_RATINGS = [
    ("1,31,abc,5", "rating is not a number", "abc"),
    ("1,31,,5", "rating is not a number", ""),
    ("1,31,nan,5", "rating is not a number", "nan"),
    ("1,31,inf,5", "rating is not a number", "inf"),
    ("1,31,1e999,5", "rating is not a number", "1e999"),
    ("1,31,4_0,5", "rating is not a number", "4_0"),
    ("1.0,31,3,5", "userId is not a whole number", "1.0"),
    ("Ann,31,3,5", "userId is not a whole number", "Ann"),
    (",31,3,5", "userId is not a whole number", ""),
    ("1,3x,3,5", "movieId is not a whole number", "3x"),
    ("9" * 5000 + ",31,3,5", "userId does not fit in 64 bits", "9" * 79 + "…"),
    ("9223372036854775808,31,3,5", "userId does not fit in 64 bits", "9223372036854775808"),
    ("1,-9223372036854775809,3,5", "movieId does not fit in 64 bits", "-9223372036854775809"),
    ("1,31,3,5.5", "timestamp is not a whole number", "5.5"),
    ("1,31,3", "3 fields, not 4", "1,31,3"),
    ("1,31,3,5,6", "5 fields, not 4", "1,31,3,5,6"),
    ('1,31,3,"5', "not a row of CSV (unexpected end of data)", '1,31,3,"5'),
    ("1,99,3,5", "movieId is not in movies.csv", "99"),
    ("1,31,3,5", "same user and movie as on line 2", "user 1, movie 31"),
]


@pytest.mark.parametrize(("row", "reason", "value"), BAD_RATINGS)
def test_a_bad_rating_is_named_or_skipped(row, reason, value, samples, refusal, spoiled):
    folder = spoiled("csv", "ratings.csv", changed(samples["csv"]["ratings.csv"], 3, row + "\n"))
    bad_row = BadRow(str(folder / "ratings.csv"), 3, value, reason)
    assert refusal(folder) == str(bad_row)
    assert str(bad_row) == f"{folder / 'ratings.csv'}, line 3: {reason}: {value!r}"

    table = load_release(folder, skip_bad_rows=True)
    assert table.skipped == (bad_row,)
    assert table.ratings.to_numpy().tolist() == [
        [1, 31, 2.5, 1260759144],
        [2, 11, 5, 1260759185],
    ]
    assert table.ratings.index.equals(pd.RangeIndex(2))


@pytest.mark.parametrize(
    ("value", "way_out"),
    [
        ("10", "ratings reach 10: --scale 0.5:10:0.5 (scale=)"),
        ("9", "ratings reach 9: --scale 0.5:10:0.5 (scale=)"),
        ("0", "ratings go down to 0: --scale 0:5:0.5 (scale=)"),
        ("-1", "ratings go down to -1: --scale -1:5:0.5 (scale=)"),
        ("3.1", "ratings have other steps: --scale 1:5:0.1 (scale=)"),
    ],
)
@pytest.mark.parametrize("skip", [False, True])
def test_a_rating_off_the_scale_refuses_the_whole_release(
    value, way_out, skip, samples, refusal, spoiled
):
    rows = changed(samples["csv"]["ratings.csv"], 3, f"1,11,{value},5\n")
    message = refusal(spoiled("csv", "ratings.csv", rows), skip_bad_rows=skip)
    assert f"line 3: rating is off the scale 0.5 to 5 by 0.5: '{value}'; {way_out}" in message


@pytest.mark.parametrize(
    ("row", "reason", "value"),
    [
        ("1::31:5::9", "3 fields, not 4", "1::31:5::9"),
        ("1,661::3::9", "3 fields, not 4", "1,661::3::9"),
        ("1\t661::3::9", "3 fields, not 4", "1\\t661::3::9"),
        ("1:::661::3::9", "movieId is not a whole number", ":661"),
        ("1::661::x::9", "rating is not a number", "x"),
        ("1::661::3::9::9", "5 fields, not 4", "1::661::3::9::9"),
        ("1::7::3::9", "movieId is not in movies.dat", "7"),
        ("2::661::3::9", "same user and movie as on line 3", "user 2, movie 661"),
    ],
)
def test_a_bad_line_of_ratings_dat_is_named(
    tmp_path, row, reason, value, samples, refusal, spoiled
):
    ratings = changed(samples["ml-1m"]["ratings.dat"], 2, "2::1193::2::9\n") + row + "\n"
    message = refusal(spoiled("ml-1m", "ratings.dat", ratings))
    assert message == f"{tmp_path / 'ratings.dat'}, line 4: {reason}: '{value}'"


@pytest.mark.parametrize(
    ("row", "reason", "value"),
    [
        ("1 2 3 4", "1 fields, not 4", "1 2 3 4"),
        ("1\t2\tx\t4", "rating is not a number", "x"),
        ("1\t7\t3\t4", "movieId is not in u.item", "7"),
    ],
)
def test_a_bad_line_of_u_data_is_named(tmp_path, row, reason, value, samples, refusal, spoiled):
    ratings = changed(samples["ml-100k"]["u.data"], 1, row + "\n")
    message = refusal(spoiled("ml-100k", "u.data", ratings))
    assert message == f"{tmp_path / 'u.data'}, line 1: {reason}: '{value}'"


@pytest.mark.parametrize("byte", [b"\xe9", b"\xa0"])
def test_a_bad_byte_in_a_rating_is_shown(samples, refusal, spoiled, byte):
    ratings = samples["csv"]["ratings.csv"].encode() + b"2,31,4" + byte + b",5\n"
    message = refusal(spoiled("csv", "ratings.csv", ratings))
    assert message.endswith(f"ratings.csv, line 5: rating is not a number: '4\\\\x{byte.hex()}'")


def test_a_very_long_value_is_shortened(tmp_path, samples, refusal, spoiled):
    ratings = samples["csv"]["ratings.csv"] + "1,31," + "9" * 5000 + "x,5\n"
    message = refusal(spoiled("csv", "ratings.csv", ratings))
    assert "line 5: rating is not a number: '999" in message
    assert len(message) < len(str(tmp_path)) + 200


def test_the_first_bad_line_is_the_one_named(samples, refusal, spoiled):
    ratings = samples["csv"]["ratings.csv"] + "2,31,9,1\n2,99,3,1\n1,31,3,1\n2,1,abc,1\n1,1,1\n"
    assert "line 5: rating is off" in refusal(spoiled("csv", "ratings.csv", ratings))


def test_blank_lines_are_counted_as_lines(samples, refusal, spoiled):
    ratings = samples["csv"]["ratings.csv"] + "\n\n2,99,3,1\n"
    assert "ratings.csv, line 7: movieId is not in" in refusal(
        spoiled("csv", "ratings.csv", ratings)
    )


def test_everything_bad_is_skipped_once_in_the_order_of_the_files(tmp_path, samples, in_folder):
    movies = samples["csv"]["movies.csv"] + "x,Up,Drama\n31,Again,Drama\n"
    ratings = (
        samples["csv"]["ratings.csv"]
        + "2,31,z,1\n2,99,3,1\n1,31,3,1\n2,1,abc,1\n1,31,1\n2,31,4,1\n2,31,5,1\n"
    )
    folder = in_folder(tmp_path, {"ratings.csv": ratings, "movies.csv": movies})
    table = load_release(folder, skip_bad_rows=True)
    where = [(Path(row.file).name, row.line) for row in table.skipped]
    assert where == [("movies.csv", 5), ("movies.csv", 6)] + [
        ("ratings.csv", line) for line in (5, 6, 7, 8, 9, 11)
    ]
    assert table.skipped[4].reason == "same user and movie as on line 2"
    assert table.skipped[7].reason == "same user and movie as on line 10"
    assert table.ratings[["userId", "movieId", "rating"]].to_numpy().tolist() == [
        [1, 31, 2.5],
        [1, 11, 3],
        [2, 11, 5],
        [2, 31, 4],
    ]
    assert table.movies["movieId"].tolist() == [1, 11, 31]


def test_a_skipped_movie_takes_its_ratings_with_it(samples, refusal, spoiled):
    movies = changed(samples["csv"]["movies.csv"], 3, "11,American President, The,Drama\n")
    folder = spoiled("csv", "movies.csv", movies)
    assert "movies.csv, line 3: 4 fields, not 3: '11,American President, The,Drama" in refusal(
        folder
    )
    table = load_release(folder, skip_bad_rows=True)
    assert [row.value for row in table.skipped[1:]] == ["11", "11"]
    assert table.ratings["movieId"].tolist() == [31]


@pytest.mark.parametrize(
    ("row", "reason", "value"),
    [
        (b"x,Up,Drama\n", "movieId is not a whole number", "x"),
        (b"1.5,Up,Drama\n", "movieId is not a whole number", "1.5"),
        (b"9223372036854775808,Up,Drama\n", "movieId does not fit in 64 bits", "922337203685477"),
        (b"31,Up,Drama\n", "movieId is on line 4 already", "31"),
        (b"5,Up\n", "2 fields, not 3", "5,Up"),
        (b"5,Up, up,Drama\n", "4 fields, not 3", "5,Up, up,Drama"),
        (b'5,"Up" up,Drama\n', "not a row of CSV", '5,"Up" up,Drama'),
        (b"5,Mis\xe9rables,Drama\n", "bytes are not UTF-8", "Mis\\\\xe9rables"),
        (b"5,\"Women of '69, Unb", "not a row of CSV", '5,"Women of'),
        (b"5,Up", "2 fields, not 3", "5,Up"),
        (b"5,Up (2009),", "the file is cut off in this row", "5,Up (2009),"),
    ],
)
def test_a_bad_row_of_movies_csv_is_named_or_skipped(row, reason, value, samples, refusal, spoiled):
    folder = spoiled("csv", "movies.csv", samples["csv"]["movies.csv"].encode() + row)
    message = refusal(folder)
    assert message.startswith(f"{folder / 'movies.csv'}, line 5: {reason}")
    assert value in message.replace("\\'", "'")
    table = load_release(folder, skip_bad_rows=True)
    assert [(row.file, row.line) for row in table.skipped] == [(str(folder / "movies.csv"), 5)]
    assert table.movies["movieId"].tolist() == [1, 11, 31]


@pytest.mark.parametrize("title", ['"Up', '"Up" up'])
def test_a_wrong_quote_makes_only_one_row_bad(title, samples, spoiled):
    movies = changed(samples["csv"]["movies.csv"], 2, f"1,{title},Drama\n")
    table = load_release(spoiled("csv", "movies.csv", movies), skip_bad_rows=True)
    assert [row.line for row in table.skipped] == [2]
    assert table.movies["movieId"].tolist() == [11, 31]


@pytest.mark.parametrize(
    ("row", "reason", "value"),
    [
        ("5::Up", "fewer than 3 fields", "5::Up"),
        ("5", "fewer than 3 fields", "5"),
        ("x::Up::Drama", "movieId is not a whole number", "x"),
        ("1193::Up::Drama", "movieId is on line 2 already", "1193"),
        ("5::Up::", "the file is cut off in this row", "5,Up,"),
    ],
)
def test_a_bad_row_of_movies_dat_is_named(
    tmp_path, row, reason, value, samples, in_folder, refusal
):
    files = {
        **samples["ml-1m"],
        "movies.dat": (samples["ml-1m"]["movies.dat"].decode("latin-1") + row).encode("latin-1"),
    }
    message = refusal(in_folder(tmp_path, files))
    assert message == f"{tmp_path / 'movies.dat'}, line 3: {reason}: '{value}'"


def test_a_bad_byte_in_the_movies_of_ml_10m_is_not_read_as_latin_1(samples, refusal, spoiled):
    movies = samples["ml-10m"]["movies.dat"].encode() + b"5::Caf\xe9::Drama\n"
    folder = spoiled("ml-10m", "movies.dat", movies)
    assert "movies.dat, line 3: bytes are not UTF-8: 'Caf\\\\xe9,Drama'" in refusal(folder)
    table = load_release(folder, skip_bad_rows=True)
    assert table.movies["title"].tolist()[0] == "Misérables, Les: Part 1:"


@pytest.mark.parametrize(
    ("row", "reason", "value"),
    [
        ("5|Up|||", "5 fields, not 24", "5|Up|||"),
        ("5|Up|x|||" + "|".join("0" * 20), "25 fields, not 24", "5|Up|x"),
        ("5|Up||||" + "|".join("0" * 18 + "2"), "genre flag is not 0 or 1", "2"),
        ("x|Up||||" + "|".join("0" * 19), "movieId is not a whole number", "x"),
        ("2|Up||||" + "|".join("0" * 19), "movieId is on line 2 already", "2"),
    ],
)
def test_a_bad_row_of_u_item_is_named(tmp_path, row, reason, value, samples, in_folder, refusal):
    files = {
        **samples["ml-100k"],
        "u.item": (samples["ml-100k"]["u.item"].decode("latin-1") + row + "\n").encode("latin-1"),
    }
    message = refusal(in_folder(tmp_path, files))
    assert message.startswith(f"{tmp_path / 'u.item'}, line 5: {reason}: '{value}")


@pytest.mark.parametrize("name", ["ratings.csv", "movies.csv"])
@pytest.mark.parametrize("position", range(3))
def test_a_missing_column_is_named(tmp_path, name, position, samples, refusal, spoiled):
    columns = samples["csv"][name].splitlines()[0].split(",")
    rest = samples["csv"][name].splitlines()[1:]
    gone = columns.pop(position)
    text = "\n".join([",".join(columns), *rest])
    message = refusal(spoiled("csv", name, text), skip_bad_rows=True)
    assert message.startswith(f"{tmp_path / name}, line 1: no column '{gone}' in the header")


def test_a_column_twice_in_the_header_is_refused(samples, refusal, spoiled):
    ratings = changed(samples["csv"]["ratings.csv"], 1, "userId,movieId,rating,rating\n")
    message = refusal(spoiled("csv", "ratings.csv", ratings))
    assert "ratings.csv, line 1: two columns 'rating' in the header" in message


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize(
    ("release", "name", "content", "words"),
    [
        ("csv", "ratings.csv", "", "empty"),
        ("csv", "ratings.csv", "\n", "empty"),
        ("csv", "ratings.csv", "userId,movieId,rating,timestamp", "no ratings"),
        ("csv", "ratings.csv", "userId,movieId,rating,timestamp" + "\n\n", "no good row"),
        ("csv", "movies.csv", "", "empty"),
        ("csv", "movies.csv", "movieId,title,genres\n", "no movies"),
        ("ml-1m", "ratings.dat", "", "no ratings"),
        ("ml-1m", "movies.dat", "", "empty"),
        ("ml-100k", "u.data", "", "no ratings"),
        ("ml-100k", "u.item", "\n", "empty"),
    ],
)
def test_a_file_without_rows_is_named(
    tmp_path, release, name, content, words, skip, samples, refusal, spoiled
):
    message = refusal(spoiled(release, name, content), skip_bad_rows=skip)
    assert message.startswith(f"{tmp_path / name}: ")
    assert words in message


def test_a_file_in_which_every_row_is_bad_is_an_error_even_when_skipping(refusal, spoiled):
    header = "userId,movieId,rating,timestamp\n"
    for rows in ("1,31,x,5\n2,31,y,5\n", "1,31,nan,5\n"):
        folder = spoiled("csv", "ratings.csv", header + rows)
        assert "ratings.csv, line 2: rating is " in refusal(folder, skip_bad_rows=True)
    folder = spoiled("csv", "movies.csv", "movieId,title,genres\nx,Up,Drama\n")
    assert "movies.csv, line 2: movieId is not" in refusal(folder, skip_bad_rows=True)


@pytest.mark.parametrize("release", ["csv", "ml-1m", "ml-100k"])
def test_ratings_cut_off_anywhere_in_the_last_row_are_noticed(
    tmp_path, release, samples, in_folder, refusal
):
    files = samples[release]
    name = next(iter(files))
    whole = files[name]
    start = whole.rstrip("\n").rindex("\n") + 1
    folder = in_folder(tmp_path, files)
    for end in range(start + 1, len(whole) - 1):
        (folder / name).write_text(whole[:end])
        assert f"{name}, line {whole.count(chr(10))}: " in refusal(folder), whole[start:end]
        assert len(load_release(folder, skip_bad_rows=True).ratings) == 2
    # Without a line end the last row may be whole. With a line end it is whole.
    (folder / name).write_text(whole.rstrip("\n"))
    assert len(load_release(folder).ratings) == 3
    (folder / name).write_text(whole[:-5] + "\n")
    assert len(load_release(folder).ratings) == 3


# The fast way and the way line by line --------------------------------------------------------

# fmt: off
FIELD = st.sampled_from([
    "1", "2", "31", "-4", "+5", "4.5", "1.0", "nan", "inf", "1e0", "x", "1_0", "é", "3,1", "0x1",
    "::", "", " 6", "0" * 22 + "9", "7 ", '"3"', "\x0b8", "\t9", "9223372036854775807",
    "9223372036854775808",
])
# fmt: on
LINE = st.lists(FIELD, min_size=3, max_size=5) | st.lists(
    st.sampled_from(["1", "2", "31", "4"]), min_size=4, max_size=4
)


@given(
    layout=st.sampled_from(LAYOUTS),
    lines=st.lists(LINE, max_size=8),
    line_end=st.sampled_from(["\n", "\r\n"]),
    last_end=st.booleans(),
)
def test_blocks_of_any_size_give_what_single_lines_give(
    tmp_path_factory, layout, lines, line_end, last_end
):
    text = line_end.join(layout.separator.join(fields) for fields in lines)
    header = "userId,movieId,rating,timestamp\n" if layout.separator == "," else ""
    folder = tmp_path_factory.getbasetemp()
    data = (header + text + (line_end if last_end else "")).encode()
    (folder / layout.ratings_file).write_bytes(data)

    def read(block_bytes):
        rows = read_ratings(Release(folder, layout), skip_bad_rows=True, block_bytes=block_bytes)
        table = [block[list(block.dtype.names)].tolist() for block in rows.blocks]
        lines = list(itertools.chain.from_iterable(rows.lines))
        return list(itertools.chain.from_iterable(table)), lines, rows.bad_rows

    one_block = read(1 << 20)
    assert read(1) == one_block
    assert read(20) == one_block
    # Every line is a good row, a bad row, or blank.
    n_blank = sum(not line.strip() for line in data.decode().split("\n"))
    assert len(one_block[1]) + len(one_block[2]) == data.count(b"\n") + 1 - n_blank - bool(header)


def test_skipping_in_one_block_of_many_keeps_all_other_rows_and_lines(tmp_path, samples, in_folder):
    n_rows = 50_000
    lines = [f"{user},{movie},3.5,900000000" for user in range(n_rows // 2) for movie in (11, 31)]
    lines[33_333] = "1,2,3"
    folder = in_folder(tmp_path, {"movies.csv": samples["csv"]["movies.csv"]})
    (folder / "ratings.csv").write_text(
        samples["csv"]["ratings.csv"].splitlines()[0] + "\n" + "\n".join(lines)
    )
    release = Release(folder, LAYOUTS[0])
    rows = read_ratings(release, skip_bad_rows=True, block_bytes=100_000)
    assert len(rows.blocks) > 3
    assert [row.line for row in rows.bad_rows] == [33_335]
    assert rows.line_numbers().tolist() == [n for n in range(2, n_rows + 2) if n != 33_335]


def test_the_largest_timestamp_in_an_open_last_line_is_read(spoiled):
    text = "userId,movieId,rating,timestamp\n1,31,3,1\n2,31,3,9223372036854775807"
    folder = spoiled("csv", "ratings.csv", text)
    assert load_release(folder).ratings["timestamp"].tolist() == [1, 2**63 - 1]
