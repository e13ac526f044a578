"""Partitions hold the ratings of the files: the same rows, columns and ages as on one machine."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys import RatingMatrix, Ratings, make_ratings, save_ratings
from recsys.data.ratings import RatingsError
from recsys.data.scale import HALF_STARS, LIKES, WHOLE_STARS, RatingScale
from recsys.partitioned.files import Columns, RatingFiles, find_files
from recsys.partitioned.partitions import Films, Partition, read_partition
from recsys.partitioned.survey import Occurrences, joined, scale_of, surveyed, user_ranges
from recsys.recommenders.ages import ages_of_cells

pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")

Change = Callable[[pd.DataFrame], pd.DataFrame]

RATINGS = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def written(folder: Path, change: Change = lambda frame: frame) -> Path:
    """The ratings in row groups of 100 rows, and the movies."""
    change(RATINGS.ratings).to_parquet(folder / "ratings.parquet", row_group_size=100, index=False)
    RATINGS.movies.to_parquet(folder / "movies.parquet", index=False)
    return folder


def partitions_of(files: RatingFiles, rows: int) -> list[Partition]:
    surveys = [surveyed(group, files.columns) for group in files.row_groups]
    total = joined(surveys)
    ids = total.items.values
    films = Films(ids, ids.astype(str).astype(object), HALF_STARS)
    ranges = user_ranges(files.row_groups, surveys, total, rows)
    return [read_partition(users, films, files.columns) for users in ranges]


def text_ids(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(userId=[f"user {number}" for number in frame["userId"]])


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame,
        lambda frame: frame.sample(frac=1.0, random_state=0),
        lambda frame: frame.drop(columns="timestamp"),
        lambda frame: frame.astype({"userId": "int32", "rating": "float32"}),
        text_ids,
    ],
    ids=["sorted", "shuffled", "without times", "small numbers", "text"],
)
def test_partitions_are_the_rows_of_the_matrix(tmp_path: Path, change: Change) -> None:
    frame = change(RATINGS.ratings)
    plain = frame.astype({"rating": "float64"})
    whole = Ratings.from_frames(plain, RATINGS.movies)
    matrix = RatingMatrix.from_ratings(whole)
    parts = partitions_of(find_files(written(tmp_path, change)), rows=300)
    assert len(parts) == 3
    found = sp.vstack([part.matrix.values for part in parts], format="csr")
    assert (found != matrix.values).nnz == 0
    users = np.concatenate([part.matrix.user_ids for part in parts])
    assert users.tolist() == matrix.user_ids.tolist()
    assert parts[0].matrix.movie_ids.tolist() == matrix.movie_ids.tolist()
    ages = np.concatenate([part.ages for part in parts])
    np.testing.assert_array_equal(ages, ages_of_cells(whole, matrix))


def test_sorted_files_are_read_in_part(tmp_path: Path) -> None:
    files = find_files(written(tmp_path))
    surveys = [surveyed(group, files.columns) for group in files.row_groups]
    ranges = user_ranges(files.row_groups, surveys, joined(surveys), 300)
    assert len(files.row_groups) == 9
    assert all(len(each.row_groups) <= 5 for each in ranges)
    assert [each.first for each in ranges[1:]] > [each.last for each in ranges[:-1]]


def test_a_folder_of_parts_is_one_table(tmp_path: Path) -> None:
    (tmp_path / "ratings.parquet").mkdir()
    for part in range(2):
        rows = RATINGS.ratings.iloc[part::2]
        rows.to_parquet(tmp_path / "ratings.parquet" / f"part-{part}.parquet", index=False)
    (part,) = partitions_of(find_files(tmp_path), rows=1000)
    assert part.matrix.values.nnz == len(RATINGS.ratings)


def test_a_survey_counts(tmp_path: Path) -> None:
    files = find_files(written(tmp_path))
    total = joined([surveyed(group, files.columns) for group in files.row_groups])
    counts = RATINGS.ratings["movieId"].value_counts().sort_index()
    assert total.items.values.tolist() == counts.index.tolist()
    assert total.items.counts.tolist() == counts.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: pd.concat([frame, frame[:1]]), "rated film .* twice; `recsys convert`"),
        (
            lambda frame: frame.rename(columns={"userId": "who"}),
            "no column userId; `recsys convert",
        ),
        (
            lambda frame: frame.assign(rating=np.nan),
            "100 of 100 ratings are missing",
        ),
        (lambda frame: frame.assign(rating="good"), "ratings are not numbers"),
        (lambda frame: frame.assign(userId=frame["userId"] + 0.5), "neither whole numbers nor"),
        (lambda frame: frame.assign(userId=frame["userId"].astype(str)), "whole numbers as text"),
        (lambda frame: frame.assign(movieId=None), "100 of 100 ids are missing"),
        (lambda frame: frame[:0], "no ratings in the files"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, change: Change, message: str) -> None:
    with pytest.raises(RatingsError, match=message):
        partitions_of(find_files(written(tmp_path, change)), rows=300)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match="no such file or folder"):
        find_files(tmp_path / "nowhere")
    with pytest.raises(RatingsError, match=r"no ratings\.parquet here; `recsys convert"):
        find_files(tmp_path)
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n1,1,5\n", "utf-8")
    with pytest.raises(RatingsError, match=r"ratings\.csv: no Parquet file"):
        find_files(tmp_path / "ratings.csv")


def test_counts_and_likes_are_read_as_on_one_machine(tmp_path: Path) -> None:
    table = RATINGS.ratings.assign(plays=np.arange(900) % 17 + 1.0)
    named = {"user": "userId", "item": "movieId", "rating": "plays"}
    counts = Ratings.from_frames(table.drop(columns="rating"), counts=True, **named)
    likes = Ratings.from_columns(table["userId"], table["movieId"], table["rating"] * 0 + 1)
    for name, ratings in (("counts", counts), ("likes", replace(likes, scale=LIKES))):
        save_ratings(ratings, tmp_path / name)
        files = find_files(tmp_path / name)
        assert files.scale == ratings.scale
        matrix = RatingMatrix.from_ratings(ratings)
        found = sp.vstack([part.matrix.values for part in partitions_of(files, rows=300)])
        assert (sp.csr_array(found) != matrix.values).nnz == 0


def test_the_scale_is_that_of_all_values() -> None:
    files = RatingFiles((), Columns("rating", False), None, Path(), None)

    def scale(values: list[float], given: RatingScale | None = None) -> RatingScale:
        return scale_of(files, Occurrences.of(np.array(values)), given, None)

    assert scale([0.5, 4.0]) == HALF_STARS
    assert scale([1.0, 1.0]) == LIKES
    assert str(scale([3.0, 7.0])) == "1 to 10 by 1"
    assert str(scale([3.0, 7.0] * 600)) == "3 to 7 by 1"
    with pytest.raises(RatingsError, match=r"ratings of 4\.5 are off the scale 1 to 5 by 1"):
        scale([4.5, 5.0], WHOLE_STARS)
    with pytest.raises(RatingsError, match="ratings of 55 lie far from the others"):
        scale([1.0, 2.0, 5.0, 4.0, 55.0, 3.0])
