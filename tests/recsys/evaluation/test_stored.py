"""Evaluations in files: what was written is read, and anything else is refused in one line."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from recsys import MostLiked, Ratings, builtin_ratings
from recsys.command.tables import write_table
from recsys.evaluation import evaluate_ranking, evaluate_ratings
from recsys.evaluation.results import ColdStartEvaluation, RankingEvaluation, RatingEvaluation
from recsys.evaluation.stored import (
    TABLES,
    DataFigures,
    read_evaluation,
    shipped_evaluation,
    with_data,
)

WAY_OUT = "; `recsys evaluate --out evaluation.csv` makes one"


@pytest.fixture(scope="module")
def frame(ratings: Ratings) -> pd.DataFrame:
    """What the command writes for one recommender."""
    makers = {"NA": lambda seed: MostLiked()}
    return pd.concat(
        [
            with_data(
                "rating prediction",
                evaluate_ratings(makers, ratings, n_folds=1).to_frame(),
                ratings,
                0,
            ),
            with_data(
                "ranking", evaluate_ranking(makers, ratings, seeds=[0]).to_frame(), ratings, 0
            ),
        ],
        ignore_index=True,
    )


@pytest.mark.parametrize("name", ["found.csv", "found.json"])
def test_what_is_written_is_read(
    frame: pd.DataFrame, ratings: Ratings, tmp_path: Path, name: str
) -> None:
    """A recommender may be called like a missing value."""
    write_table(frame, tmp_path / name, None)
    found = read_evaluation(tmp_path / name)
    assert list(found.tables) == ["rating prediction", "ranking"]
    for table, row in zip(found.tables.values(), frame.to_dict("records"), strict=True):
        (read,) = table.to_dict("records")
        assert {key: read[key] for key in row if row[key] == row[key]} == {
            key: value for key, value in row.items() if value == value
        }
    assert found.data == DataFigures(
        len(ratings.ratings), ratings.n_users, ratings.n_movies, ratings.ratings["rating"].mean()
    )


def test_figures_tell_ratings_apart(ratings: Ratings) -> None:
    figures, table = DataFigures.of(ratings), ratings.ratings
    assert figures.is_of(replace(ratings, ratings=table[::-1]))
    assert not figures.is_of(replace(ratings, ratings=table[:-1]))
    changed = table.assign(rating=[0.5 if table["rating"][0] > 1 else 5.0, *table["rating"][1:]])
    assert not figures.is_of(replace(ratings, ratings=changed))


def test_a_file_of_an_older_version_does_not_say_its_ratings(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    old = frame.drop(columns=["seed", *DataFigures.__dataclass_fields__])
    write_table(old, tmp_path / "old.csv", None)
    assert read_evaluation(tmp_path / "old.csv").data is None


def test_other_files_are_refused(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    text = frame.to_csv(index=False)
    first, second = text.splitlines()[1:]
    header = text.splitlines()[0]
    for content, why in (
        ("", "No columns to parse from file"),
        ("userId,movieId,rating\n1,1,5\n", "it has no column 'table' of names"),
        ("[1, 2]", "it has no column 'table' of names"),
        ("[" * 10_000, ""),
        (header, "it has no table of an evaluation"),
        (text.replace("ranking", "rank"), "it has no table of an evaluation"),
        (text.replace("ndcg", "gain"), "the table 'ranking' has no column 'ndcg' of numbers"),
        ("\n".join([header, first, first]), "the table 'rating prediction' has two rows for 'NA'"),
        (frame.assign(against="other").to_csv(), "does not hold the one reference"),
        ("\n".join([header, second.replace(str(frame["ndcg"][1]), "inf")]), "has an infinite ndcg"),
        (text + first.replace("rating prediction", "ranking"), "has two rows for 'NA'"),
        (frame.assign(data_users=[40, 41]).to_csv(), "its tables are of different ratings"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match="is not an evaluation") as caught:
            read_evaluation(path)
        message = str(caught.value)
        assert message.startswith(f"{path} is not an evaluation: ")
        assert why in message
        assert message.endswith(WAY_OUT)
        assert "\n" not in message
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not an evaluation"):
        read_evaluation(path)
    path.write_bytes(b" " * 10_000_001)
    with pytest.raises(ValueError, match="larger than 10,000,000 bytes"):
        read_evaluation(path)
    with pytest.raises(FileNotFoundError, match=r"missing\.csv"):
        read_evaluation(tmp_path / "missing.csv")


def test_the_shipped_evaluation_is_of_the_built_in_ratings() -> None:
    """Its columns are those that the evaluations have today."""
    found = shipped_evaluation()
    assert found.data == DataFigures.of(builtin_ratings())
    assert set(found.tables) == set(TABLES)
    evaluations = {
        "rating prediction": RatingEvaluation((), "hybrid", 5, 0),
        "ranking": RankingEvaluation((), "hybrid", "time", 10, (0, 1, 2)),
        "cold start": ColdStartEvaluation((), (), "hybrid", 10, 0, 0),
    }
    for name, table in found.tables.items():
        today = {*evaluations[name].to_frame(), "table", "seed", *DataFigures.__dataclass_fields__}
        assert set(table.dropna(axis="columns", how="all")) == today
        assert {"hybrid", "most-liked", "biases"} <= set(table["name"])
    assert found.tables["ranking"]["split"].unique().tolist() == ["time"]
