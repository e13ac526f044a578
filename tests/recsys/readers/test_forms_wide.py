"""Wide tables: which side is the users, which cells are ratings, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.ratings import RatingsError
from recsys.data.scale import WHOLE_STARS
from recsys.readers.looks import look
from recsys.readers.raw import RawRatings
from recsys.readers.wide import is_jester, is_wide, read_jester, read_wide


def listed(raw: RawRatings) -> set[tuple[str, str, float]]:
    columns = (raw.users, raw.items, np.asarray(raw.ratings))
    rows = zip(*(np.asarray(each).tolist() for each in columns), strict=True)
    return {(str(user), str(item), rating) for user, item, rating in rows}


def read(path: Path, text: str, **options: object) -> RawRatings:
    path.write_text(text)
    seen = look(path)
    assert is_wide(seen)
    return read_wide(seen, **options)  # type: ignore[arg-type]


ADA = ("Ada", "Harbour (1995)", 4.0)
BEN = ("Ben", "Comet (1999)", 3.0)

SIDES = [
    ("users", "User,Harbour (1995),Comet (1999)\nAda,4,\nBen,,3\n"),
    ("users", "critic_name,Harbour (1995),Comet (1999)\nAda,4,\nBen,,3\n"),
    ("users", ",Harbour (1995),Comet (1999)\nAda,4,\nBen,,3\n"),
    ("users", "Name,Harbour (1995),Comet (1999)\nAda,4,NA\nBen,nan,3\n"),
    ("items", "Movie,Ada,Ben\nHarbour (1995),4,\nComet (1999),,3\n"),
    ("items", "film title,Ada,Ben\nHarbour (1995),4,\nComet (1999),,3\n"),
    ("items", "Movie \\ User,Ada,Ben\nHarbour (1995),4,\nComet (1999),,3\n"),
    ("items", "Name,Ada,Ben\nHarbour (1995),4,\nComet (1999),,3\n"),
    ("items", ",Ada,Ben\nHarbour (1995),4,\nComet (1999),,3\n"),
    ("items", "Title,Year,Genre,Ada,Ben\nHarbour (1995),1995,Drama,4,\nComet (1999),1999,,,3\n"),
]


@pytest.mark.parametrize(("side", "text"), SIDES)
def test_the_side_of_the_users_is_found_and_said(tmp_path: Path, side: str, text: str) -> None:
    raw = read(tmp_path / "w.csv", text)
    assert listed(raw) == {ADA, BEN}
    assert raw.notes[0].startswith(f"wide table: rows are {side}, columns are ")


def test_numbered_users_and_items_are_told_by_their_words(tmp_path: Path) -> None:
    raw = read(tmp_path / "w.csv", "key,user1,user2\nx,4,\ny,,3\n")
    assert listed(raw) == {("user1", "x", 4.0), ("user2", "y", 3.0)}
    raw = read(tmp_path / "w.csv", "key,item1,item2\nx,4,\ny,,3\n")
    assert listed(raw) == {("x", "item1", 4.0), ("y", "item2", 3.0)}


def test_the_name_of_the_first_column_turns_the_table_round(tmp_path: Path) -> None:
    text = "key,a,b\nx,4,\ny,,3\n"
    raw = read(tmp_path / "w.csv", text)
    assert listed(raw) == {("x", "a", 4.0), ("y", "b", 3.0)}
    assert raw.notes[0].endswith("(for the other way round, --item-column 'key')")
    turned = read(tmp_path / "w.csv", text, item="key")
    assert listed(turned) == {("a", "x", 4.0), ("b", "y", 3.0)}
    assert turned.notes == ("wide table: rows are items, columns are users",)
    with pytest.raises(RatingsError, match="named by its first column, 'key', not 'a'"):
        read(tmp_path / "w.csv", text, user="a")


def test_columns_that_are_no_ratings_are_named(tmp_path: Path) -> None:
    raw = read(tmp_path / "w.csv", "Movie,Year,Ada,Ben,Average\nx,1995,4,,4\ny,1999,,3,3\n")
    assert listed(raw) == {("Ada", "x", 4.0), ("Ben", "y", 3.0)}
    assert raw.notes[0].endswith("left out Year, Average")


def test_a_table_without_header_and_names_is_numbered(tmp_path: Path) -> None:
    raw = read(tmp_path / "w.csv", "5,,3,,1,2\n,4,,1,,5\n4,4,4,,,1\n")
    assert ("1", "1", 5.0) in listed(raw)
    assert ("3", "6", 1.0) in listed(raw)
    assert len(listed(raw)) == 11
    raw = read(tmp_path / "w.csv", "1,5,,3,,1,2\n2,,4,,1,,5\n")
    assert ("2", "6", 5.0) in listed(raw)
    assert len(listed(raw)) == 7


def test_a_frame_saved_with_numbered_columns_has_a_header(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    table = pd.DataFrame({10: [4, None, 1], 20: [None, 3, 2], 30: [5, 1, None]}, [101, 102, 103])
    table.to_csv(path)
    raw = read_wide(look(path))
    expected = table.stack().dropna().reset_index().to_numpy().tolist()
    assert listed(raw) == {(f"{user:g}", f"{item:g}", rating) for user, item, rating in expected}


def test_zeros_and_blanks_are_not_guessed(tmp_path: Path) -> None:
    text = "User,a,b,c,d,e\nAda,4,0,0,0,5\nBen,0,0,3,0,0\n"
    with pytest.raises(
        RatingsError, match=r"w.csv: 7 of 10 cells are 0; .*--absent 0 \(absent=0\).*--scale"
    ):
        read(tmp_path / "w.csv", text)
    raw = read(tmp_path / "w.csv", text, absent=(0.0,))
    assert listed(raw) == {("Ada", "a", 4.0), ("Ada", "e", 5.0), ("Ben", "c", 3.0)}
    assert raw.n_absent == 7
    with_zeros = read(tmp_path / "w.csv", text, scale=WHOLE_STARS)
    assert len(listed(with_zeros)) == 10


@pytest.mark.parametrize("code", [99, -1])
def test_a_code_beyond_all_ratings_is_not_guessed(tmp_path: Path, code: int) -> None:
    text = f"User,a,b,c\nAda,4,{code},5\nBen,0,3,{code}\n"
    with pytest.raises(RatingsError, match=f"2 of 6 cells are {code}; .*--absent {code} "):
        read(tmp_path / "w.csv", text)
    assert len(listed(read(tmp_path / "w.csv", text, absent=(code,)))) == 4
    assert len(listed(read(tmp_path / "w.csv", text.replace(str(code), "7")))) == 6


def test_half_of_the_cells_may_have_one_value_and_likes_have_only_one(tmp_path: Path) -> None:
    assert len(listed(read(tmp_path / "w.csv", "User,a,b\nAda,4,4\nBen,1,2\n"))) == 4
    assert len(listed(read(tmp_path / "w.csv", "User,a,b\nAda,1,1\nBen,,1\n"))) == 3


def test_bad_cells_are_named_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text("User,a,b\nAda,4,\nBen,,3\n")
    seen = look(path)
    path.write_text('User,a,b\n"Ada\nL.",,3\nBen,4,bad\nCy,inf,no\n')
    raw = read_wide(seen, absent=("no",))
    assert listed(raw) == {("Ben", "a", 4.0), ("Ada\nL.", "b", 3.0)}
    assert {(row.line, row.value) for row in raw.bad_rows} == {(4, "bad"), (5, "inf")}
    assert raw.n_absent == 1
    lines = dict(zip(raw.users, raw.lines(np.arange(2)).tolist(), strict=True))
    assert lines == {"Ben": 4, "Ada\nL.": 2}


def test_a_table_without_ratings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match="no ratings; wide table"):
        read(tmp_path / "w.csv", "User,a,b\nAda,0,0\nBen,0,0\n", absent=(0.0,))


cells = st.one_of(st.none(), st.integers(1, 5).map(float))
tables = st.integers(2, 6).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=2, max_size=8)
)


@settings(deadline=None, max_examples=60)
@given(rows=tables)
def test_ratings_are_those_that_pandas_unpivots(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[float | None]]
) -> None:
    users = [f"person {place}" for place in range(len(rows))]
    titles = [f"Film, part {place}" for place in range(len(rows[0]))]
    table = pd.DataFrame(rows, index=pd.Index(users, name="User"), columns=titles, dtype=float)
    path = tmp_path_factory.mktemp("wide") / "w.csv"
    table.to_csv(path)
    long = table.reset_index().melt(id_vars="User").dropna()
    if long.empty:
        with pytest.raises(RatingsError, match="no ratings"):
            read_wide(look(path))
        return
    raw = read_wide(look(path), scale=WHOLE_STARS)
    assert listed(raw) == set(long.itertuples(index=False, name=None))


JESTER = "3,-7.82,99,8.79,-9.66\n2,99,4.08,99,-0.29\n"
RATED = {
    ("1", "1", -7.82),
    ("2", "2", 4.08),
    ("1", "3", 8.79),
    ("1", "4", -9.66),
    ("2", "4", -0.29),
}


@pytest.mark.parametrize(
    "text",
    [
        JESTER,
        "-7.82,99,8.79,-9.66\n99,4.08,99,-0.29\n",
        "1,-7.82,99,8.79,-9.66\n2,99,4.08,99,-0.29\n",
        "74,-7.82,99,8.79,-9.66\n72,99,4.08,99,-0.29\n",
        "user_id,1,2,3,4\n1,-7.82,99,8.79,-9.66\n2,99,4.08,99,-0.29\n",
    ],
)
def test_jester_is_read_with_and_without_its_first_column(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jokes.csv"
    path.write_text(text)
    seen = look(path)
    assert is_jester(seen)
    raw = read_jester(seen)
    assert listed(raw) == RATED
    assert raw.n_absent == 3


@pytest.mark.parametrize(
    "text",
    ["3,-7,99,8,-9\n2,99,4,99,0\n", "4,-7.5,1,8,-9\n4,2,4,9,0\n", "3.5,-7,99,8\n2,99,4.5,99\n"],
)
def test_two_signs_of_three_tell_jester(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jokes.csv"
    path.write_text(text)
    assert is_jester(look(path))


@pytest.mark.parametrize(
    "text",
    [
        "3,-7.82,98,8.79,-9.66\n2,99,4.08,99,-0.29\n",
        "1,5,99,4,3\n2,99,4,99,1\n",
        "2,-7,8.5,-9\n2,1,4.5,0\n",
        "a,-7.82,x,8.79,-9.66\nb,99,4.08,99,-0.29\n",
        "1,-7.82,,8.79\n2,,4.08,\n",
    ],
)
def test_other_tables_of_numbers_are_not_jester(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jokes.csv"
    path.write_text(text)
    assert not is_jester(look(path))
