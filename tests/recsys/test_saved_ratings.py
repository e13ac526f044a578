"""`save_ratings`: what is written is read as it was."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys import Ratings, RatingScale, RatingsError, load_ratings, make_ratings, save_ratings
from recsys import saved_ratings as module
from recsys.data.scale import SCALE_KEY

ROWS = {
    "user": ["b", "a", "007", "a"],
    "item": ["x  y", "&amp;", "&amp;", "7"],
    "rating": [1.0, 2.5, 3.1, 9.5],
}
FILMS = {
    "item": ["7", "&amp;", "x  y", " z"],
    "title": ["A  B", "&lt;i&gt;", "", 'Å, the "1st"\n'],
    "genres": [["Sci-Fi, Fantasy"], ["A", "B "], [], ["none"]],
}
STARS = Ratings.from_frames(ROWS, FILMS, scale=RatingScale(0, 10, 0, like_threshold=9))
COUNTS = Ratings.from_frames(
    {"user": [1, 1, 2], "item": [5, 2**40, 5], "plays": [3, 40, 1e300], "time": [-5, 2**33, 0]}
)
LIKES = Ratings.from_frames({"user": [1, 1, -2], "item": [5, 6, 5]})
HALVES = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def assert_same(read: Ratings, ratings: Ratings) -> None:
    """Equal to the bit, apart from the order of users."""
    in_order = ratings.ratings.sort_values("userId", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(read.ratings, in_order)
    pd.testing.assert_frame_equal(read.movies, ratings.movies)
    assert read.scale == ratings.scale
    assert not read.skipped


@pytest.mark.parametrize("ratings", [STARS, COUNTS, LIKES, HALVES], ids=repr)
def test_parquet_loses_nothing(ratings: Ratings, tmp_path: Path) -> None:
    files = save_ratings(ratings, tmp_path / "new" / "folder")
    assert [file.name for file in files] == ["ratings.parquet", "movies.parquet"]
    assert_same(load_ratings(tmp_path / "new" / "folder"), ratings)
    assert_same(load_ratings(files[0]), ratings)


@pytest.mark.parametrize("ratings", [COUNTS, LIKES, HALVES], ids=repr)
def test_csv_loses_nothing_of_plain_data(ratings: Ratings, tmp_path: Path) -> None:
    save_ratings(ratings, tmp_path, "csv")
    assert_same(load_ratings(tmp_path), ratings)


def test_csv_keeps_all_but_the_scale_and_outer_blanks(tmp_path: Path) -> None:
    save_ratings(STARS, tmp_path, "csv")
    read = load_ratings(tmp_path, scale="0:10:0", like_threshold=9)
    in_order = STARS.ratings.sort_values("userId", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(read.ratings, in_order)
    assert read.scale == STARS.scale


def test_likes_with_a_zero_keep_their_ratings(tmp_path: Path) -> None:
    zero = Ratings.from_columns([1, 1], [2, 3], [0.0, 1.0], scale=LIKES.scale)
    save_ratings(zero, tmp_path)
    assert_same(load_ratings(tmp_path), zero)


def test_the_users_of_a_row_group_are_in_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS", 100)
    shuffled = HALVES.ratings.sample(frac=1, random_state=0, ignore_index=True)
    file, _ = save_ratings(replace(HALVES, ratings=shuffled), tmp_path)
    read = pq.ParquetFile(file)
    groups = [read.read_row_group(at).column("userId") for at in range(read.num_row_groups)]
    users = [set(group.to_pylist()) for group in groups]
    assert len(groups) > 5
    assert sum(map(len, users)) == len(set.union(*users)) == 40
    assert all(len(group) >= 100 for group in groups[:-1])
    assert max(users[0]) < min(users[1])
    # Users and films are numbers below 2**31, and half stars are exact in 32 bits.
    assert {str(field.type) for field in read.schema_arrow} == {"int32", "float"}


def test_an_option_wins_over_the_scale_of_the_file(tmp_path: Path) -> None:
    save_ratings(HALVES, tmp_path)
    wider = load_ratings(tmp_path, scale="0:10:0.5", like_threshold=8)
    assert wider.scale == RatingScale(0, 10, 0.5, like_threshold=8)


@pytest.mark.parametrize(
    "scale",
    [
        b"\xff", "[]", "{", "3", json.dumps({"smallest": 1, "largest": 0, "step": 1}),
        json.dumps({"smallest": 1, "largest": 5, "step": 1, "kind": "x", "like_threshold": None}),
        json.dumps({"smallest": 1, "largest": 5, "step": [], "kind": "stars"}),
    ],
)  # fmt: skip
def test_a_forged_scale_is_one_clear_error(tmp_path: Path, scale: Any) -> None:
    file, _ = save_ratings(HALVES, tmp_path)
    table = pq.read_table(file).replace_schema_metadata({SCALE_KEY: scale})
    pq.write_table(table, file)
    with pytest.raises(RatingsError, match=r"ratings\.parquet: the file is damaged: its metadata"):
        load_ratings(file)


def test_movies_without_titles_are_refused(tmp_path: Path) -> None:
    _, file = save_ratings(HALVES, tmp_path)
    pq.write_table(pq.read_table(file).drop(["genres"]), file)
    with pytest.raises(RatingsError, match=r"movies\.parquet: the file is damaged: it lacks"):
        load_ratings(tmp_path, movies=file)


def test_a_parquet_table_of_another_program_has_its_titles_found(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(HALVES.ratings), tmp_path / "ratings.parquet")
    pq.write_table(pa.Table.from_pandas(HALVES.movies), tmp_path / "movies.parquet")
    pd.testing.assert_frame_equal(load_ratings(tmp_path).movies, HALVES.movies)


def test_a_failure_leaves_both_files_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_ratings(HALVES, tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_groups", fail)
    with pytest.raises(OSError, match="No space left"):
        save_ratings(make_ratings(n_users=5, n_movies=30, n_ratings=60), tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_folder_holds_ratings_in_one_form(tmp_path: Path) -> None:
    save_ratings(LIKES, tmp_path)
    with pytest.raises(ValueError, match=r"ratings\.parquet holds ratings already"):
        save_ratings(LIKES, tmp_path, "csv")
    wrong: Any = "json"
    with pytest.raises(ValueError, match="one of parquet, csv, not 'json'"):
        save_ratings(LIKES, tmp_path, wrong)
    assert np.all(load_ratings(tmp_path).ratings["rating"] == 1)
