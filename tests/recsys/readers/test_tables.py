"""Files of any compression, encoding and separator are looked at, and their columns are read."""

import bz2
import csv
import gzip
import io
import lzma
import sys
import zipfile

import numpy as np
import pandas as pd
import pyarrow
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyarrow import ipc, parquet

from recsys.data.ratings import RatingsError
from recsys.readers import arrow_files, tables
from recsys.readers.looks import look
from recsys.readers.opened import opened_text
from recsys.readers.tables import read_table

TEXT = "user,item,stars\n7,Café,3\n8,Up,4\n"


@pytest.fixture
def file(tmp_path):
    """Writes a file, and returns its path."""

    def write(content, name="table.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


# Opening ----------------------------------------------------------------------------------------


def zipped(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inner.csv", data)
    return buffer.getvalue()


PACKERS = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pyarrow.compress(data, "zstd", asbytes=True),
    "zip": zipped,
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize(
    ("encoding", "found", "note"),
    [
        ("utf-8", "utf-8", ()),
        ("utf-8-sig", "utf-8-sig", ()),
        ("utf-16", "utf-16", ()),
        ("utf-16-le", "utf-16-le", ()),
        ("utf-16-be", "utf-16-be", ()),
        ("latin-1", "cp1252", ("encoding cp1252 (guessed)",)),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_of_any_packing_encoding_and_line_end_is_the_same(
    file, packer, encoding, found, note, end
):
    path = file(PACKERS[packer](TEXT.replace("\n", end).encode(encoding)))
    with opened_text(path) as text:
        assert text.stream.read() == TEXT
        assert (text.encoding, text.notes) == (found, note)


def test_bytes_that_cp1252_lacks_are_read_as_latin_1(file):
    with opened_text(file("é\x81\n".encode("latin-1"))) as text:
        assert (text.encoding, text.stream.read()) == ("latin-1", "é\x81\n")


def test_a_letter_far_behind_the_start_decides_the_encoding(file):
    path = file(b"a,b\n" * 1_000_000 + "é,b\n".encode("latin-1"))
    assert look(path).encoding == "cp1252"


@pytest.mark.parametrize("packer", ["gz", "bz2", "xz", "zst"])
def test_a_damaged_packed_file_is_named(file, packer):
    data = PACKERS[packer](TEXT.encode() * 50)
    path = file(data[: len(data) * 2 // 3])
    with pytest.raises(RatingsError) as caught:
        look(path)
    assert str(caught.value).startswith(f"{path}: the file is damaged: ")


def test_a_packed_file_that_expands_without_bounds_is_refused(file):
    path = file(gzip.compress(b"1,2,3\n" * 4_000_000))
    with pytest.raises(RatingsError, match="unpacks to more than 100 times its size"):
        look(path)


def test_what_needs_pyarrow_names_the_extra(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for data in (b"\x28\xb5\x2f\xfd" + bytes(20), b"PAR1" * 9):
        with pytest.raises(RatingsError) as caught:
            look(file(data))
        assert 'pip install ".[arrow]" in a clone' in str(caught.value)


# Looking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sep", "names", "rows"),
    [
        ("user,item\n1,2\n", ",", ("user", "item"), (("1", "2"),)),
        ("user;item\n1;2,5\n", ";", ("user", "item"), (("1", "2,5"),)),
        ("user\titem\n1\ta, b; c\n", "\t", ("user", "item"), (("1", "a, b; c"),)),
        ("1::2::3\n2::4::5\n", "::", None, (("1", "2", "3"), ("2", "4", "5"))),
        ("1|2|3\n2|4|5\n", "|", None, (("1", "2", "3"), ("2", "4", "5"))),
        ("1 2  3\n 2 4 5 \n", " ", None, (("1", "2", "3"), ("2", "4", "5"))),
        ('"user","title"\n"1","Up, up\nand away"\n', ",", ("user", "title"),
         (("1", "Up, up\nand away"),)),
        ("A1,B2,5.0\nA2,B2,4.0\n", ",", None, (("A1", "B2", "5.0"), ("A2", "B2", "4.0"))),
        ("user,1,2\nann,4,5\n", ",", ("user", "1", "2"), (("ann", "4", "5"),)),
        (",user,item\n0,1,2\n", ",", ("", "user", "item"), (("0", "1", "2"),)),
        ("user item\n1 7 8\n2 7 9\n", " ", ("", "user", "item"),
         (("1", "7", "8"), ("2", "7", "9"))),
        ("one\ntwo\n", "", ("one",), (("two",),)),
    ],
)  # fmt: skip
def test_separator_header_and_rows_are_seen(file, text, sep, names, rows):
    found = look(file(text))
    assert (found.sep, found.names, found.rows) == (sep, names, rows)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("a;4,5\nb;3\n", ","),
        ("a;4.5\nb;3\n", "."),
        ('a,"4,5"\nb,"3"\n', ","),
        ('a,"4,500"\nb,"3"\n', "."),
        ("a;-7,825\nb;3,1\n", ","),
    ],
)
def test_decimal_commas_are_seen(file, text, decimal):
    assert look(file(text)).decimal == decimal


def test_backslashes_before_quotes_are_seen(file):
    found = look(file('user;title\n1;"a \\"b\\"; c"\n'))
    assert (found.escape, found.rows) == ("\\", (("1", 'a "b"; c'),))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "neither text nor Parquet"),
        (b'[{"user": 1}]', "a list of JSON; save it as JSON lines"),
    ],
)
def test_what_is_no_table_is_refused(file, content, problem):
    path = file(content)
    with pytest.raises(RatingsError) as caught:
        look(path)
    assert str(caught.value).startswith(f"{path}: {problem}")


# Reading ----------------------------------------------------------------------------------------


def test_text_stays_as_written_and_numbers_must_be_exact(file):
    text = "user,item,stars,time\n1,007,4.5,01\n2,NA, 3 ,2\n"
    table = read_table(
        look(file(text)), ["user", "item", "stars", "time"], whole=["user", "item"],
        numbers=["stars", "time"],
    )  # fmt: skip
    assert table.frame.to_numpy().tolist() == [["1", "007", "4.5", "01"], ["2", "NA", "3", "2"]]


@pytest.mark.parametrize(
    "late", ["007", "+7", "x", "", "1.5", "1e2", "inf", "nan", "1e999", "99999999999999999999"]
)
def test_an_odd_id_far_behind_the_start_keeps_all_ids_as_written(file, late):
    rows = [f"{number},5\n" for number in range(1, 30_000)]
    path = file("user,stars\n" + "".join(rows) + f"{late},4\n")
    users = read_table(look(path), ["user"], whole=["user"]).frame["user"]
    assert users.tolist() == [*map(str, range(1, 30_000)), late]


def test_columns_are_chosen_by_name_and_place_and_others_cost_nothing(file):
    path = file('a,user,"text",item\nx,1,"two\nlines, ""here""",9\ny,2,,8\n')
    table = read_table(look(path), ["item", 1])
    assert list(table.frame.columns) == ["item", 1]
    assert table.frame.to_numpy().tolist() == [["9", "1"], ["8", "2"]]
    assert table.lines(np.array([1, 0])).tolist() == [4, 2]


def test_rows_with_too_many_fields_are_bad_and_short_rows_are_filled(file):
    table = read_table(look(file("user,item,stars\n1,2,3\n\n1,3,4,5\n1,4\n6,7,8\n")), [0, 2])
    assert table.frame.to_numpy().tolist() == [["1", "3"], ["1", ""], ["6", "8"]]
    assert [(row.line, row.value, row.reason) for row in table.bad_rows] == [
        (4, "1,3,4,5", "4 fields, not 3")
    ]
    assert table.lines(np.array([0, 1, 2])).tolist() == [2, 5, 6]


def test_a_quote_that_is_never_closed_is_named(file):
    path = file('user,item\n1,2\n1,"3\n1,4\n')
    with pytest.raises(RatingsError) as caught:
        read_table(look(path), ["user"])
    assert str(caught.value).startswith(f"{path}, line 3: a quoted field is not closed")


def test_blocks_of_any_size_are_joined(file, monkeypatch):
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 2)
    path = file("user,item\n" + "".join(f"{row % 3},x{row % 2}\n" for row in range(7)))
    frame = read_table(look(path), ["user", "item"], whole=["user"]).frame
    assert frame["user"].tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert frame["item"].tolist() == ["x0", "x1", "x0", "x1", "x0", "x1", "x0"]


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=6) | st.text(
    'a,;"|\t ', max_size=4
)


@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8),
    sep=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_csv_writes_is_read_back(tmp_path_factory, rows, sep, end):
    assume(all(any(cell.strip() for cell in row) for row in rows))
    assume(not any("\\" in cell for row in rows for cell in row))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=sep, lineterminator=end)
    writer.writerows([("user", "item", "note"), *rows])
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes(buffer.getvalue().encode())
    table = read_table(look(path, sep=sep, header=True), ["user", "item", "note"])
    assert table.frame.to_numpy().tolist() == [[cell.strip() for cell in row] for row in rows]
    assert table.bad_rows == ()


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "text": ["x", "y"],
            "user": [7, 8],
            "item": ["007", "b"],
            "stars": [4.5, 2.0],
            "when": pd.to_datetime(["2020-01-01", "2021-02-03"]),
        }
    )


def write_stream(frame, path):
    table = pyarrow.Table.from_pandas(frame)
    with pyarrow.OSFile(str(path), "wb") as file, ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize("write", [pd.DataFrame.to_parquet, pd.DataFrame.to_feather, write_stream])
@pytest.mark.parametrize("packed", [False, True])
def test_parquet_feather_and_arrow_keep_their_types(tmp_path, frame, write, packed):
    path = tmp_path / "table"
    write(frame, path)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    found = look(path)
    assert (found.kind, found.names) == ("arrow", tuple(frame.columns))
    assert found.rows[0][:3] == ("x", "7", "007")
    table = read_table(found, ["item", "user", 3, "when"])
    expected = frame[["item", "user", "stars", "when"]].to_numpy().tolist()
    assert table.frame.to_numpy().tolist() == expected
    assert table.frame["user"].dtype == np.int64
    assert table.lines(np.array([1])).tolist() == [2]


@pytest.mark.parametrize("n_rows", [1, 3, 10**15])
def test_a_parquet_file_that_claims_other_rows_is_damaged(tmp_path, monkeypatch, n_rows):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"user": [1, 2], "item": [3, 4]}).to_parquet(path)
    read = arrow_files._rows
    monkeypatch.setattr(arrow_files, "_rows", lambda *of: read(*of)._replace(n_rows=n_rows))
    with pytest.raises(RatingsError, match=f"does not hold {n_rows:,} rows"):
        read_table(look(path), ["user", "item"])


def test_numbers_have_64_bits_and_others_keep_their_types(tmp_path):
    path = tmp_path / "table.parquet"
    types = {"a": "int8", "b": "float32", "c": "uint64", "d": "int64", "e": "float64"}
    table = pyarrow.table({name: pyarrow.array([1, 2], kind) for name, kind in types.items()})
    parquet.write_table(table, path)
    assert read_table(look(path), ["b", "a", "b"]).frame.dtypes.to_dict() == {
        "b": "float64", "a": "int64"
    }  # fmt: skip
    mixed = read_table(look(path), ["a", "c"]).frame
    assert mixed.dtypes.to_dict() == {"a": "int8", "c": "uint64"}
    assert mixed.to_numpy().tolist() == [[1, 1], [2, 2]]


def test_a_damaged_parquet_file_is_named(tmp_path, frame):
    path = tmp_path / "table.parquet"
    frame.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RatingsError) as caught:
        look(path)
    assert str(caught.value).startswith(f"{path}: the file is damaged: ")
