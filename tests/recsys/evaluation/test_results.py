"""What all three evaluations share: tables, seeds, and that no held-out rating leaks."""

from dataclasses import replace

import numpy as np
import pandas as pd
from fake_recommenders import ItemMeans, Recorder, recorded

from recsys import Ratings
from recsys.evaluation import (
    evaluate_cold_start,
    evaluate_ranking,
    evaluate_ratings,
    last_by_time,
    row_folds,
    whole_users,
)


def test_tables(ratings: Ratings) -> None:
    makers = {"means": lambda seed: ItemMeans(), "again": lambda seed: ItemMeans()}
    predicted = evaluate_ratings(makers, ratings, n_folds=1)
    table = predicted.to_frame()
    errors, hits = (
        [
            f"{measure}{which}{end}"
            for measure in measures
            for which in ("", "_difference")
            for end in ("", "_low", "_high")
        ]
        for measures in (("rmse", "mae"), ("ndcg", "recall"))
    )
    of_lists = [*hits, "coverage", "diversity", "novelty"]
    costs = ["fit_seconds", "predict_seconds", "n_rows", "n_users", "against"]
    assert table.columns.tolist() == ["name", *errors, *costs]
    assert table["against"].tolist() == ["means", "means"]
    assert table["name"].tolist() == ["means", "again"]
    assert table["rmse_low"].tolist() == [score.rmse.low for score in predicted.scores]
    assert table["mae_high"].tolist() == [score.mae.high for score in predicted.scores]
    lists = evaluate_ranking(makers, ratings, seeds=[0]).to_frame()
    assert lists.columns.tolist() == ["name", *of_lists, *costs, "split"]
    assert lists["split"].tolist() == ["time", "time"]
    cold_start = evaluate_cold_start(makers, ratings, shown=(0, 1)).to_frame()
    assert cold_start.columns.tolist() == ["name", "n_shown", *errors, *of_lists, *costs]
    assert cold_start["name"].tolist() == ["means", "means", "again", "again"]
    assert cold_start["n_shown"].tolist() == [0, 1, 0, 1]
    assert evaluate_ratings({}, ratings).to_frame().columns.tolist() == table.columns.tolist()


def test_each_is_made_with_its_seed_and_announced(ratings: Ratings) -> None:
    seeds: list[int] = []
    steps: list[str] = []

    def make(seed: int) -> ItemMeans:
        seeds.append(seed)
        return ItemMeans()

    evaluate_ratings({"a": make, "b": make}, ratings, seed=9, n_folds=2, on_step=steps.append)
    assert seeds == [9] * 4
    assert steps == ["a, fold 1", "b, fold 1", "a, fold 2", "b, fold 2"]
    seeds.clear()
    steps.clear()
    evaluate_ranking({"a": make}, ratings, seeds=(3, 8), on_step=steps.append)
    assert seeds == [3, 8]
    assert steps == ["a, seed 3", "a, seed 8"]
    seeds.clear()
    steps.clear()
    evaluate_cold_start({"a": make}, ratings, seed=4, shown=(0, 2), on_step=steps.append)
    assert seeds == [4]
    assert steps == ["a, fit", "a, 0 shown", "a, 2 shown"]


def scrambled(ratings: Ratings, rows: "pd.Series[bool]") -> Ratings:
    """The same ratings, with ratings and times of these rows shuffled within each user."""
    table = ratings.ratings.copy()
    rng = np.random.default_rng(3)
    for _, of_user in table[rows].groupby("userId"):
        for column in ("rating", "timestamp"):
            shuffled = rng.permutation(of_user[column].to_numpy())
            table.loc[of_user.index, column] = shuffled
    assert not table.equals(ratings.ratings)
    return replace(ratings, ratings=table)


def rows_of(frame: pd.DataFrame, ratings: Ratings) -> "pd.Series[bool]":
    """Tell which rows of the ratings are in a part of them."""
    wanted = pd.MultiIndex.from_frame(frame[["userId", "movieId"]])
    rows = pd.MultiIndex.from_frame(ratings.ratings[["userId", "movieId"]])
    return pd.Series(rows.isin(wanted))


def assert_same_to_the_bit(first: Recorder, second: Recorder) -> None:
    pd.testing.assert_frame_equal(first.ratings, second.ratings, check_exact=True)
    assert len(first.answers) == len(second.answers) > 0
    for one, other in zip(first.asked, second.asked, strict=True):
        np.testing.assert_equal(one, other)
    for one, other in zip(first.answers, second.answers, strict=True):
        assert one.tobytes() == other.tobytes()


def test_no_held_out_rating_reaches_a_fit_or_a_prediction(ratings: Ratings) -> None:
    test = next(row_folds(ratings)).test
    changed = scrambled(ratings, rows_of(test, ratings))
    first, second = (recorded(evaluate_ratings, data, n_folds=1) for data in (ratings, changed))
    assert_same_to_the_bit(first, second)
    assert not rows_of(first.ratings, ratings)[rows_of(test, ratings)].any()


def test_no_held_out_item_reaches_a_fit_or_a_list(ratings: Ratings) -> None:
    test = last_by_time(ratings).test
    changed = scrambled(ratings, rows_of(test, ratings))
    first, second = (recorded(evaluate_ranking, data, seeds=[0]) for data in (ratings, changed))
    assert_same_to_the_bit(first, second)
    assert not rows_of(first.ratings, ratings)[rows_of(test, ratings)].any()


def test_only_shown_ratings_of_held_out_users_are_known(ratings: Ratings) -> None:
    holdout = whole_users(ratings)
    changed = scrambled(ratings, rows_of(holdout.test, ratings))
    first, second = (recorded(evaluate_cold_start, data) for data in (ratings, changed))
    assert_same_to_the_bit(first, second)
    held_out = ratings.ratings["userId"].isin(holdout.user_ids)
    assert not rows_of(first.ratings, ratings)[held_out].any()
    # Shown ratings change the answers, but no fit.
    changed = scrambled(ratings, rows_of(holdout.shown, ratings))
    other = recorded(evaluate_cold_start, changed)
    pd.testing.assert_frame_equal(first.ratings, other.ratings, check_exact=True)
    assert any(
        one.tobytes() != another.tobytes()
        for one, another in zip(first.answers, other.answers, strict=True)
    )
