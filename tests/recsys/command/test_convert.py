"""`recsys convert`: what it writes, what it says, and the folders that it refuses."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from recsys import RatingScale, load_ratings
from recsys.command.cli import run
from recsys.command.convert import _scale_options
from recsys.data.scale import COUNTS, HALF_STARS, LIKES


def test_what_it_writes_is_read_as_the_data_were(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "parquet"
    assert run(["convert", "--data", str(folder), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("4,000 ratings by 80 users (0.5 to 5 by 0.5) and 200 movies ")
    assert said.out.endswith(f" written to {out / 'ratings.parquet'} and movies.parquet\n")
    assert said.err == ""
    before, after = load_ratings(folder), load_ratings(out)
    pd.testing.assert_frame_equal(after.ratings, before.ratings)
    pd.testing.assert_frame_equal(after.movies, before.movies)
    # And back again, from one form to the other.
    csv = tmp_path / "csv"
    assert run(["convert", "--data", str(out), "--out", str(csv), "--format", "csv"]) == 0
    assert (
        load_ratings(csv).reading == "read ratings.csv: MovieLens; scale 0.5 to 5 by 0.5; "
        "titles from movies.csv"
    )
    for name in ("ratings.csv", "movies.csv"):
        pd.testing.assert_frame_equal(pd.read_csv(csv / name), pd.read_csv(folder / name))


def test_csv_says_how_to_read_its_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "books.csv").write_text("user,isbn,rating\na,1,2\nb,2,7\n")
    out = tmp_path / "out"
    typed = ["convert", "--data", str(tmp_path / "books.csv"), "--out", str(out)]
    assert run([*typed, "--format", "csv", "--scale", "0:10", "--like-threshold", "7"]) == 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        "recsys: CSV has no place for the scale; read these files with --scale=0:10:1 "
        "--like-threshold=7"
    )
    assert (
        run(["convert", "--data", str(out), "--out", str(tmp_path / "p"), *said.split()[-2:]]) == 0
    )
    scale = load_ratings(tmp_path / "p").scale
    assert (str(scale), scale.like_threshold) == ("0 to 10 by 1", 7)


@pytest.mark.parametrize("file", ["", "ratings.csv"])
def test_the_folder_that_is_read_is_refused(
    folder: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    assert run(["convert", "--data", str(folder / file), "--out", str(folder)]) == 2
    assert "which is read; name another folder" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_a_file_is_no_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "movies.csv"
    assert run(["convert", "--data", str(folder), "--out", str(out)]) == 2
    assert capsys.readouterr().err == f"recsys: error: --out {out} is a file; name a folder\n"


def test_the_options_of_other_scales() -> None:
    assert _scale_options(HALF_STARS) == _scale_options(LIKES) == _scale_options(COUNTS) == ""
    jokes = RatingScale(-10, 10.123456789, 0, like_threshold=0)
    assert _scale_options(jokes) == "--scale=-10:10.123456789:0 --like-threshold=0"
    assert _scale_options(replace(HALF_STARS, like_threshold=4.5)) == "--like-threshold=4.5"
