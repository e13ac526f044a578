"""`recsys evaluate` as users type it."""

import argparse
import re
from io import StringIO
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from tqdm import tqdm

from kmeans_core.extras import install
from recsys import MostLiked, Ratings, load_ratings, make_ratings
from recsys.command.cli import run
from recsys.command.evaluate import chosen_recommenders, evaluate
from recsys.command.parsers import SPLITS
from recsys.data.scale import LIKES
from recsys.evaluation import last_by_time, splits
from recsys.recommenders.registry import METHODS


class Predictor:
    """Predicts ratings and can do nothing else."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        return self

    def predict(self, user_ids: Any = None, movie_ids: Any = None, *, ratings: Any = None) -> Any:
        return np.full(len(movie_ids), 3.0)


class Everything(Predictor):
    """Can do every task, badly: lists the films with the lowest ids."""

    def fit(self, ratings: Ratings) -> Self:
        self.movies = np.unique(ratings.ratings["movieId"])
        return self

    def top(self, user_ids: Any, n: int = 10) -> Any:
        return np.tile(self.movies[self.seed : self.seed + n], (len(user_ids), 1))

    def top_new(self, ratings: Any, n: int = 10) -> Any:
        return self.top(ratings, n)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small release on disk."""
    path = tmp_path_factory.mktemp("small")
    ratings = make_ratings(n_users=40, n_movies=100, n_ratings=1200, random_state=3)
    ratings.ratings.to_csv(path / "ratings.csv", index=False)
    ratings.movies.to_csv(path / "movies.csv", index=False)
    return path


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    makers = {"predictor": Predictor, "all of it": Everything}
    monkeypatch.setattr("recsys.command.evaluate.default_recommenders", lambda: makers)
    monkeypatch.setattr("recsys.command.evaluate.missing_packages", dict)


def told(
    ratings: Ratings, capsys: pytest.CaptureFixture[str], split: str | None = None
) -> tuple[list[str], str]:
    """What `evaluate` tells about the ratings, and its answer."""
    notes: list[str] = []
    options = argparse.Namespace(
        seed=0,
        quick=True,
        users=None,
        cold_start=split is None,
        out=None,
        format=None,
        against=None,
        split=split,
    )
    makers = {"most liked": lambda seed: MostLiked()}
    evaluate(
        makers, ratings, options, tell=notes.append, progress=lambda n, unit: tqdm(disable=True)
    )
    return notes, capsys.readouterr().out


def test_without_times_it_says_that_a_random_fifth_is_held_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ratings = make_ratings(n_users=40, n_movies=100, n_ratings=1200, random_state=3)
    assert told(ratings, capsys)[0] == []
    timeless = Ratings.from_frames(ratings.ratings.drop(columns="timestamp"))
    notes, answer = told(timeless, capsys)
    assert notes == [
        "ranking: the ratings have no times, so a random fifth of each user's is held out"
    ]
    assert "Ranking: 10 films per user, a random fifth held out, 1 seed; " in answer


@pytest.mark.parametrize(
    ("split", "held_out"),
    [("random", "a random fifth"), ("order", "the last fifth in the order of the file")],
)
def test_a_split_that_was_asked_for(
    split: str, held_out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ratings = make_ratings(n_users=40, n_movies=100, n_ratings=1200, random_state=3)
    notes, answer = told(ratings, capsys, split)
    assert notes == []
    assert f"Ranking: 10 films per user, {held_out} held out, 1 seed; " in answer


def test_of_likes_only_lists_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    ratings = make_ratings(n_users=40, n_movies=100, n_ratings=1200, random_state=3)
    likes = Ratings.from_frames(ratings.ratings.assign(rating=1.0), scale=LIKES)
    notes, answer = told(likes, capsys)
    assert notes == ["only lists are compared: likes do not say how much users liked a film"]
    assert answer.startswith("Ranking: ")
    assert "RMSE" not in answer


@pytest.mark.usefixtures("two")
def test_tables_and_what_is_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--data", str(folder)]) == 0
    captured = capsys.readouterr()
    assert captured.err == "recsys: ranking: left out recommenders that cannot do it: predictor\n"
    first, second = captured.out.strip().split("\n\n")
    title, header, *rows = first.splitlines()
    assert title.startswith("Rating prediction: 5 of 5 folds of the ratings")
    assert title.endswith(
        "; 1,200 ratings by 40 users; differences are from predictor "
        "(none can be claimed if its interval holds 0)"
    )
    assert re.split(r"\s\s+", header)[:3] == [
        "recommender",
        "RMSE (95 %)",
        "difference of RMSE (95 %)",
    ]
    cells = [re.split(r"\s\s+", row) for row in rows]
    assert [row[0] for row in cells] == ["predictor", "all of it"]
    assert re.fullmatch(r"\d\.\d{4} \(\d\.\d{4} to \d\.\d{4}\)", cells[0][1])
    # Both predict 3.
    assert [row[2] for row in cells] == ["reference", "+0.0000 (+0.0000 to +0.0000)"]
    title, header, *rows = second.splitlines()
    assert title.startswith("Ranking: 10 films per user, the last fifth by time held out, 3 seeds")
    assert re.split(r"\s\s+", header)[:2] == ["recommender", "NDCG@10 (95 %)"]
    assert header.split()[-7:] == ["coverage", "diversity", "novelty", "fit,", "s", "answers,", "s"]
    assert len(rows) == 1


@pytest.mark.usefixtures("two")
def test_quick_and_cold_start_and_a_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tables.csv"
    arguments = ["evaluate", "--data", str(folder), "--quick", "--cold-start", "--out", str(out)]
    assert run([*arguments, "--only", "all of it", "--seed", "2"]) == 0
    captured = capsys.readouterr()
    assert "cannot do it" not in captured.err
    assert "Rating prediction: 1 of 5 folds" in captured.out
    assert "1 seed; " in captured.out
    assert "Cold start: 10 films per user, a fifth of the users held out" in captured.out
    assert captured.out.splitlines()[-1] == f"Tables written to {out}"
    table = pd.read_csv(out)
    assert table["table"].tolist() == ["rating prediction", "ranking"] + ["cold start"] * 6
    assert set(table["name"]) == {"all of it"}
    assert table["n_rows"].iloc[0] == 240
    assert table["n_shown"].dropna().tolist() == [0, 1, 3, 5, 10, 20]
    assert table["split"].dropna().to_dict() == {1: "time"}
    assert set(table["against"]) == {"all of it"}
    told = table[["seed", "data_ratings", "data_users"]].drop_duplicates()
    assert told.to_numpy().tolist() == [[2, 1200, 40]]


@pytest.mark.usefixtures("two")
def test_markdown_has_a_table_for_each_title(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--data", str(folder), "--quick", "--against", "all of it"]
    assert run([*arguments, "--format", "markdown"]) == 0
    printed = capsys.readouterr().out
    first, table, second, other, *rest = printed.split("\n\n")
    assert first.startswith("Rating prediction: ")
    assert "differences are from all of it" in first
    header, rule, *rows = table.split("\n")
    assert header.startswith("| recommender | RMSE (95 %) | difference of RMSE (95 %) | MAE (95 %)")
    assert rule.startswith("|---|---|---|---|")
    assert [row.split(" | ")[2] for row in rows] == ["+0.0000 (+0.0000 to +0.0000)", "reference"]
    assert second.startswith("Ranking: ")
    assert "| NDCG@10 (95 %) |" in other
    assert rest == ["\n"] or rest == [""]
    out = tmp_path / "tables.md"
    assert run([*arguments, "--out", str(out)]) == 0
    seconds = r"\| [\d.]+ \| [\d.]+ \|\n"
    assert re.sub(seconds, "", out.read_text("utf-8")) == re.sub(seconds, "", printed)


def test_the_likes_that_were_asked_for_are_ranked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--data", str(folder), "--quick", "--only", "most-liked"]
    n_relevant = []
    for threshold in ("3", "4.5"):
        assert run([*arguments, "--like-threshold", threshold, "--format", "csv"]) == 0
        table = pd.read_csv(StringIO(capsys.readouterr().out))
        n_relevant.append(int(table.loc[table["table"] == "ranking", "n_rows"].iloc[0]))
    split = last_by_time(load_ratings(folder))
    assert n_relevant == [(split.test["rating"] >= least).sum() for least in (3, 4.5)]


@pytest.mark.usefixtures("two")
def test_the_seed_reaches_folds_recommenders_and_the_user_holdout(
    folder: Path, tmp_path: Path
) -> None:
    tables = []
    for seed in ("0", "0", "1"):
        out = tmp_path / "tables.csv"
        arguments = ["evaluate", "--data", str(folder), "--only", "all of it", "--seed", seed]
        assert run([*arguments, "--quick", "--cold-start", "--out", str(out)]) == 0
        read = pd.read_csv(out)
        tables.append(read.drop(columns=["fit_seconds", "predict_seconds"]))
    first, again, other = tables
    pd.testing.assert_frame_equal(first, again)
    for name in ("rating prediction", "cold start"):
        rmse = [table.loc[table["table"] == name, "rmse"].iloc[0] for table in (first, other)]
        assert rmse[0] != rmse[1]
    # The split by time is the same; the recommender with the next seed lists other films.
    ndcg = [table.loc[table["table"] == "ranking", "ndcg"].iloc[0] for table in (first, other)]
    assert ndcg[0] != ndcg[1]


@pytest.mark.usefixtures("two")
def test_users_with_too_few_ratings_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    movies = "".join(f"{movie},Film {movie},War\n" for movie in range(1, 31))
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n" + movies, "utf-8")
    rows = "".join(
        f"{user},{movie},4,{movie}\n"
        for user in range(1, 21)
        for movie in range(1, 31 if user % 2 else 21)
    )
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + rows, "utf-8")
    arguments = ["evaluate", "--data", str(tmp_path), "--quick", "--cold-start"]
    assert run([*arguments, "--only", "all of it"]) == 0
    assert "held-out users with too few ratings to be tested: " in capsys.readouterr().err


@pytest.mark.usefixtures("two")
def test_no_recommender_can_do_anything(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "recsys.command.evaluate.default_recommenders", lambda: {"a stone": lambda seed: object()}
    )
    assert run(["evaluate", "--data", str(folder)]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "recsys: error: no chosen recommender can predict ratings or list films"


def test_an_unknown_name_is_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["evaluate", "--data", "no/such/folder", "--only", "magic"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "recsys: error: no recommender 'magic' (choose from hybrid, taste-groups, pocket-groups"
    )


def test_a_reference_that_is_not_compared_is_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["evaluate", "--data", "no/such/folder", "--only", "biases", "--against", "EASE"]
    assert run(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "recsys: error: --against 'EASE' is not among the recommenders to compare: biases"
    )


def test_peers_whose_packages_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.evaluation.registry.find_spec", lambda name: None)
    told: list[str] = []
    makers = chosen_recommenders(None, None, told.append)
    others = [name for name in makers if name not in METHODS]
    assert others == ["biases with film prior", "EASE", "item-kNN"]
    (line,) = told
    assert line.startswith(
        "left out peers whose packages are not installed: iALS (implicit), myFM (myfm), Surprise"
    )
    assert line.endswith(f"; {install('bench')}")
    told.clear()
    assert list(chosen_recommenders(["EASE"], None, told.append)) == ["EASE"]
    assert told == []
    with pytest.raises(
        LookupError, match=r'iALS needs the package implicit: pip install "\.\[bench'
    ):
        chosen_recommenders(["iALS"], None, told.append)


def test_groups_of_users_alone_are_compared_only_if_they_are_named() -> None:
    assert "user-groups" not in chosen_recommenders(None, None, lambda text: None)
    chosen = chosen_recommenders(["user-groups", "biases"], "user-groups", lambda text: None)
    assert list(chosen) == ["user-groups", "biases"]
    assert chosen["user-groups"](3).n_item_groupings == 0


def test_a_peer_that_refuses_so_many_ratings_is_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("recsys.evaluation.peers.ease.MOST", 39)
    arguments = ["evaluate", "--data", str(folder), "--quick", "--only", "EASE", "most-liked"]
    assert run(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == (
        "recsys: left out EASE: it would invert a matrix of 40 x 40, and its limit is 39\n"
    )
    assert "EASE" not in captured.out
    monkeypatch.setattr("recsys.evaluation.peers.ease.MOST", 40)
    assert run(arguments) == 0
    assert "EASE" in capsys.readouterr().out


def test_the_packages_own_recommenders(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "--data", str(folder), "--quick", "--only", "biases", "most-liked"]
    assert run(arguments) == 0
    title, _, row, other = capsys.readouterr().out.splitlines()[:4]
    assert title.startswith("Rating prediction")
    assert (row.split()[0], other.split()[0]) == ("biases", "most-liked")
    assert 0.5 < float(row.split()[1]) < 1.5


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert SPLITS == splits.SPLITS
    with pytest.raises(SystemExit) as stopped:
        run(["evaluate", "--help"])
    assert stopped.value.code == 0
    assert "example: recsys evaluate --quick" in capsys.readouterr().out


@pytest.mark.parametrize(("typed", "n"), [(["--users", "25"], 25), (["--quick"], 30), ([], 40)])
def test_a_sample_of_users_is_compared(
    folder: Path, two: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], typed: list[str], n: int,
) -> None:  # fmt: skip
    monkeypatch.setattr("recsys.command.evaluate.QUICK_USERS", 30)
    out = tmp_path / "out.csv"
    assert run(["evaluate", "--data", str(folder), "--out", str(out), *typed]) == 0
    said = f"all figures are of a sample: {n} of the 40 users, with all their ratings"
    assert (said in capsys.readouterr().err) == (n < 40)
    assert pd.read_csv(out)["data_users"].unique().tolist() == [n]
