"""The Netflix Prize: ratings under a line for each movie, in blocks, and with bad rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.ratings import RatingsError
from recsys.readers import netflix
from recsys.readers.forms import find_form
from recsys.readers.items import read_items
from recsys.readers.looks import look
from recsys.readers.raw import RawRatings


def read(path: Path, text: str) -> RawRatings:
    path.write_text(text)
    return netflix.read_netflix(look(path))


def listed(raw: RawRatings) -> list[tuple[int, int, float, str, int]]:
    """User, movie, rating, date and line of each rating."""
    lines = raw.lines(np.arange(len(raw.users)))
    days = np.asarray(raw.times, "datetime64[D]").astype(str)
    columns = (raw.users, raw.items, np.asarray(raw.ratings), days, lines)
    return list(zip(*(np.asarray(each).tolist() for each in columns), strict=True))


def test_each_rating_belongs_to_the_movie_above_it(tmp_path: Path) -> None:
    raw = read(tmp_path / "c.txt", "3:\n9,4,2005-01-02\n8,1,2004-12-31\n5:\n7:\n9,5,1999-11-11\n")
    assert listed(raw) == [
        (9, 3, 4.0, "2005-01-02", 2),
        (8, 3, 1.0, "2004-12-31", 3),
        (9, 7, 5.0, "1999-11-11", 6),
    ]
    assert raw.bad_rows == ()


days = st.dates().map(str).filter(lambda day: day > "1900")
ratings = st.tuples(st.integers(1, 10**6), st.integers(1, 5), days)
movies = st.lists(st.tuples(st.integers(1, 20000), st.lists(ratings, max_size=5)), min_size=1)


@settings(deadline=None, max_examples=60)
@given(movies=movies, size=st.integers(1, 60), cut=st.booleans(), bad=st.booleans())
def test_blocks_of_any_size_give_what_a_loop_over_lines_gives(
    tmp_path_factory: pytest.TempPathFactory,
    movies: list[tuple[int, list[tuple[int, int, str]]]],
    size: int,
    cut: bool,
    bad: bool,
) -> None:
    lines, expected = [], []
    for movie, rows in movies:
        lines.append(f"{movie}:")
        for user, rating, day in rows:
            lines.append(f"{user},{rating},{day}")
            expected.append((user, movie, float(rating), day, len(lines)))
    if bad:
        lines.append("12,x,2005-01-01")
    path = tmp_path_factory.mktemp("netflix") / "c.txt"
    text = "\n".join(lines) + ("" if cut else "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(netflix, "BLOCK_CHARACTERS", size)
        if not expected:
            with pytest.raises(RatingsError, match="no ratings"):
                read(path, text)
            return
        raw = read(path, text)
    assert listed(raw) == expected
    assert [row.line for row in raw.bad_rows] == ([len(lines)] if bad else [])


def test_a_block_without_bad_rows_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(netflix, "_line_by_line", None)
    assert len(read(tmp_path / "c.txt", "1:\n9,4,2005-01-02\n8,1,2004-12-31\n").users) == 2
    with pytest.raises(TypeError):
        read(tmp_path / "c.txt", "1:\n9,4,2005-01-02\n8,,2004-12-31\n")


BAD = [
    ("9,x,2005-01-02", "neither a movie such as 1: nor customer,rating,YYYY-MM-DD"),
    ("9,,2005-01-02", "neither a movie such as 1: nor customer,rating,YYYY-MM-DD"),
    ("9,3", "neither a movie such as 1: nor customer,rating,YYYY-MM-DD"),
    ("9,3,2005-01-02,7", "neither a movie such as 1: nor customer,rating,YYYY-MM-DD"),
    ("a,3,2005-01-02", "neither a movie such as 1: nor customer,rating,YYYY-MM-DD"),
    ("9" * 30 + ",3,2005-01-02", "neither a movie such as 1: nor customer,rating,YYYY-MM-DD"),
    ("9,3,2005-02-30", "no rating or no date of the calendar"),
]


@pytest.mark.parametrize(("row", "reason"), BAD)
def test_a_bad_row_is_named_and_the_others_are_read(tmp_path: Path, row: str, reason: str) -> None:
    raw = read(tmp_path / "c.txt", f"1:\n9,4,2005-01-02\n{row}\n8,1,2004-12-31\n")
    assert [line for *_, line in listed(raw)] == [2, 4]
    (bad,) = raw.bad_rows
    assert (bad.file, bad.line, bad.value) == (str(tmp_path / "c.txt"), 3, row)
    assert bad.reason == reason


def test_blank_lines_are_counted_and_ratings_before_the_first_movie_are_bad(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.txt"
    path.write_text("1:\n\n9,4,2005-01-02\n")
    seen = look(path)
    path.write_text("7,4,2005-01-02\n\n1:\n9,4,2005-01-02\n")
    raw = netflix.read_netflix(seen)
    assert listed(raw) == [(9, 1, 4.0, "2005-01-02", 4)]
    assert raw.bad_rows[0].reason == "no line such as 1: names the movie of this rating"


TRICKS = [
    ("1:\n9,4,2005-01-02\n9\n7::\n8,1,2004-12-31\n", [3, 4]),
    ("1:\n\n9,4,2005-01-02,,\n8,1,2004-12-31\n", [3]),
    ("1:\n9\n9,4,2005-01-02,,\n8,1,2004-12-31\n", [2, 3]),
    ("1:\n9,4,2005-01-02,5\n8,1,2004-12-31\n", [2]),
    ("1:\n9,4,2005-01-02 10:00\n8,1,2004-12-31\n", [2]),
    ('1:\n"9,4,2005-01-02"\n8,1,2004-12-31\n', [2]),
]


@pytest.mark.parametrize(("text", "bad"), TRICKS)
def test_bad_rows_that_look_like_good_ones_together_are_found(
    tmp_path: Path, text: str, bad: list[int]
) -> None:
    raw = read(tmp_path / "c.txt", text)
    assert [row.line for row in raw.bad_rows] == bad
    assert listed(raw)[-1][3] == "2004-12-31"


def test_ratings_before_the_first_movie_are_bad(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_text("1:\n9,4,2005-01-02\n")
    seen = look(path)
    path.write_text("7,4,2005-01-02\n1:\n9,4,2005-01-02\n")
    raw = netflix.read_netflix(seen)
    assert listed(raw) == [(9, 1, 4.0, "2005-01-02", 3)]
    assert [row.line for row in raw.bad_rows] == [1]


@pytest.mark.parametrize("text", ["1:\n30878\n2647871\n10:\n1952305\n", "1:\n1046323,2005-12-19\n"])
def test_files_without_ratings_are_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "probe.txt"
    path.write_text(text)
    with pytest.raises(RatingsError, match=r"holds no ratings; give combined_data_1\.txt"):
        find_form(look(path), [])


def test_titles_hold_commas_and_years_may_be_unknown(tmp_path: Path) -> None:
    path = tmp_path / "movie_titles.csv"
    path.write_bytes("1,2003,Dinosaur, Part 1\n2,NULL,Caf\xe9\n3,broken\n".encode("latin-1"))
    found = read_items(path)
    assert found.titles == ["Dinosaur, Part 1 (2003)", "Café"]
    assert found.notes == ("1 row of movie_titles.csv left out (broken)",)


def test_titles_that_were_saved_again_are_read(tmp_path: Path) -> None:
    path = tmp_path / "movie_titles.csv"
    path.write_text("1;2003;Dinosaur, Part 1\n2;NULL;Comet\n")
    assert read_items(path).titles == ["Dinosaur, Part 1 (2003)", "Comet"]
    path.write_text("Movie_Id,Year,Name\n1,2003,Dinosaur\n")
    assert read_items(path).titles == ["Dinosaur (2003)"]


def test_sums_of_many_ratings_agree_with_pandas(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "movie": np.sort(rng.integers(1, 50, 5000)),
            "user": rng.integers(1, 900, 5000),
            "rating": rng.integers(1, 6, 5000),
            "date": rng.choice(["2005-01-02", "2004-12-31"], 5000),
        }
    )
    parts = [
        f"{movie}:\n" + rows[["user", "rating", "date"]].to_csv(header=False, index=False)
        for movie, rows in frame.groupby("movie")
    ]
    raw = read(tmp_path / "c.txt", "".join(parts))
    found = pd.DataFrame({"user": raw.users, "movie": raw.items, "rating": raw.ratings})
    by_movie = frame.groupby("movie")["rating"].agg(["sum", "count"])
    pd.testing.assert_frame_equal(
        found.groupby("movie")["rating"].agg(["sum", "count"]), by_movie, check_dtype=False
    )
