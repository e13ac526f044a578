"""The three evaluations, with recommenders whose scores are known or easy to compute."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_recommenders import ItemMeans, Oracle, Says, recorded

from recsys import MostLiked, Ratings, RatingScale
from recsys.data.scale import COUNTS, LIKES
from recsys.evaluation import (
    evaluate_cold_start,
    evaluate_ranking,
    evaluate_ratings,
    last_by_time,
    row_folds,
    user_fifths,
)
from recsys.evaluation.catalogue import Catalogue

# Ratings -------------------------------------------------------------------------------------


def test_ratings_of_an_oracle_and_of_a_constant(ratings: Ratings) -> None:
    makers = {"oracle": lambda seed: Oracle(ratings), "three": lambda seed: Says(3.0)}
    found = evaluate_ratings(makers, ratings, seed=2)
    oracle, three = found.scores
    assert (oracle.name, three.name) == ("oracle", "three")
    assert (oracle.rmse.value, oracle.rmse.low, oracle.rmse.high) == (0, 0, 0)
    errors = [(split.test["rating"] - 3).to_numpy() for split in row_folds(ratings, 2)]
    rmse = np.mean([np.sqrt((fold**2).mean()) for fold in errors])
    assert three.rmse.value == pytest.approx(rmse, rel=1e-12)
    mae = np.mean([np.abs(fold).mean() for fold in errors])
    assert three.mae.value == pytest.approx(mae, rel=1e-12)
    assert three.rmse.low < three.rmse.value < three.rmse.high
    assert three.mae.low < three.mae.value < three.mae.high
    assert (three.n_rows, three.n_users) == (1400, 40)
    assert three.fit_seconds >= 0


def test_ratings_are_predicted_from_the_other_folds(ratings: Ratings) -> None:
    found = evaluate_ratings({"means": lambda seed: ItemMeans()}, ratings, n_folds=2)
    table, expected = ratings.ratings, []
    fold = np.empty(1400, int)
    fold[np.random.default_rng(0).permutation(1400)] = np.arange(1400) % 5
    for number in (0, 1):
        train, test = table[fold != number], table[fold == number]
        means = {item: rows["rating"].mean() for item, rows in train.groupby("movieId")}
        errors = [
            means.get(item, train["rating"].mean()) - rating
            for item, rating in zip(test["movieId"], test["rating"], strict=True)
        ]
        expected.append(np.sqrt(np.mean(np.square(errors))))
    assert found.scores[0].rmse.value == pytest.approx(np.mean(expected), rel=1e-12)
    assert found.scores[0].n_rows == 560
    assert (found.n_folds, found.seed) == (2, 0)


def test_only_users_with_test_rows_are_counted(ratings: Ratings) -> None:
    table = ratings.ratings
    in_first_fold = np.zeros(1400, bool)
    in_first_fold[np.random.default_rng(0).permutation(1400)[::5]] = True
    alone = table.assign(userId=table["userId"].mask(in_first_fold, 999))
    makers = {"three": lambda seed: Says(3.0)}
    (found,) = evaluate_ratings(makers, replace(ratings, ratings=alone), n_folds=1).scores
    assert (found.n_rows, found.n_users) == (280, 1)
    assert np.isnan([found.rmse.low, found.rmse.high]).all()


def test_the_interval_is_of_users_not_of_rows(ratings: Ratings) -> None:
    """Half of the users rate 3, and the others 5. A constant 3 errs by 0 or by 2, user by user."""
    table = ratings.ratings
    halves = np.where(table["userId"] % 2 == 0, 3.0, 5.0)
    camps = replace(ratings, ratings=table.assign(rating=halves))
    (found,) = evaluate_ratings({"three": lambda seed: Says(3.0)}, camps, n_folds=1).scores
    # The mean of 40 users' errors scatters by 2 * .5 / sqrt(40) = .16, of 280 rows by .06.
    assert found.mae.high - found.mae.low > 4 * 0.12


def test_predictions_are_clipped_to_the_scale(ratings: Ratings) -> None:
    makers = {"99": lambda seed: Says(99.0), "5": lambda seed: Says(5.0)}
    beyond, within = evaluate_ratings(makers, ratings, n_folds=1).scores
    assert beyond.rmse == within.rmse


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.nan, "odd: must predict finite numbers; 280 of 280 are NaN"),
        (np.ones(3), "odd: must predict 280 ratings in an array of shape"),
    ],
)
def test_predictions_that_cannot_be_judged(ratings: Ratings, answer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_ratings({"odd": lambda seed: Says(answer)}, ratings)


@pytest.mark.parametrize("n_folds", [0, 6])
def test_there_are_five_folds(ratings: Ratings, n_folds: int) -> None:
    with pytest.raises(ValueError, match="n_folds must be 1 to 5, not"):
        evaluate_ratings({}, ratings, n_folds=n_folds)


# Lists ---------------------------------------------------------------------------------------


def test_lists_of_an_oracle(ratings: Ratings) -> None:
    (found,) = evaluate_ranking({"oracle": lambda seed: Oracle(ratings)}, ratings, k=3).scores
    test = last_by_time(ratings).test
    assert not set(test["movieId"]) <= set(last_by_time(ratings).train.ratings["movieId"])
    liked = test[test["rating"] >= 4]
    counts = liked.groupby("userId").size()
    assert found.ndcg.value == pytest.approx(1, rel=1e-12)
    assert found.recall.value == pytest.approx((np.minimum(counts, 3) / counts).mean(), rel=1e-12)
    assert (found.n_rows, found.n_users) == (len(liked), len(counts))
    assert found.n_users < 40  # some users like no held-out item


def test_lists_worked_out_naively(ratings: Ratings) -> None:
    (found,) = evaluate_ranking({"means": lambda seed: ItemMeans()}, ratings).scores
    split = last_by_time(ratings)
    means = split.train.ratings.groupby("movieId")["rating"].mean()
    best_first = means.sort_values(ascending=False, kind="stable").index
    ndcg, recall, listed = [], [], set()
    for user_id, test in split.test.groupby("userId"):
        liked = set(test.loc[test["rating"] >= 4, "movieId"])
        if not liked:
            continue
        seen = set(split.train.ratings.loc[split.train.ratings["userId"] == user_id, "movieId"])
        items = [item for item in best_first if item not in seen][:10]
        gain = sum(1 / np.log2(place + 2) for place, item in enumerate(items) if item in liked)
        best = sum(1 / np.log2(place + 2) for place in range(min(10, len(liked))))
        ndcg.append(gain / best)
        recall.append(len(liked & set(items)) / len(liked))
        listed |= set(items)
    assert found.ndcg.value == pytest.approx(np.mean(ndcg), rel=1e-12)
    assert found.recall.value == pytest.approx(np.mean(recall), rel=1e-12)
    assert found.ndcg.low < found.ndcg.value < found.ndcg.high
    assert found.recall.low < found.recall.value < found.recall.high
    assert found.coverage == pytest.approx(len(listed) / len(means), rel=1e-12)


def test_scores_are_means_over_seeds(ratings: Ratings) -> None:
    items = ratings.ratings["movieId"].value_counts().index.to_numpy()
    lists = {4: items[:10], 7: items[-10:]}
    makers = {"as seeded": lambda seed: Says(lists[seed])}
    alone = [evaluate_ranking(makers, ratings, seeds=(seed,)).scores[0] for seed in (4, 7)]
    both = evaluate_ranking(makers, ratings, seeds=(4, 7))
    assert both.seeds == (4, 7)
    for measure in ("ndcg", "recall"):
        values = [getattr(found, measure).value for found in alone]
        assert values[0] != values[1]
        assert getattr(both.scores[0], measure).value == pytest.approx(np.mean(values), rel=1e-12)
    coverages = [found.coverage for found in alone]
    assert both.scores[0].coverage == pytest.approx(np.mean(coverages), rel=1e-12)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.array([1, 2, 3]), r"movie ids as integers in an array of shape \(\d+, 4\), not"),
        (np.array([1.0, 2.0, 3.0, 4.0]), "and type float64"),
        (np.array([1, 5, 5, 2]), "odd: a list holds an item twice"),
    ],
)
def test_lists_that_cannot_be_judged(ratings: Ratings, answer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_ranking({"odd": lambda seed: Says(answer)}, ratings, k=4)


def test_text_ids_change_no_score(ratings: Ratings) -> None:
    """The texts are sorted as the numbers are."""
    as_text = Ratings.from_frames(
        ratings.ratings.assign(
            userId=[f"u{user:03}" for user in ratings.ratings["userId"]],
            movieId=[f"m{movie:04}" for movie in ratings.ratings["movieId"]],
        )
    )
    makers = {"most liked": lambda seed: MostLiked()}
    seconds = ["fit_seconds", "predict_seconds"]
    for evaluate in (evaluate_ratings, evaluate_ranking, evaluate_cold_start):
        numbers, texts = (
            evaluate(makers, each).to_frame().drop(columns=seconds) for each in (ratings, as_text)
        )
        pd.testing.assert_frame_equal(texts, numbers)
        assert len(numbers)


def test_lists_of_text_may_end_in_none(ratings: Ratings) -> None:
    table = ratings.ratings
    as_text = Ratings.from_frames(table.assign(movieId=[f"m{movie}" for movie in table["movieId"]]))
    known = as_text.movies["movieId"][0]
    answer = np.array([known, None, None], dtype=object)
    (found,) = evaluate_ranking({"one": lambda seed: Says(answer)}, as_text, k=3).scores
    train = last_by_time(as_text).train
    assert found.coverage == pytest.approx(1 / train.n_movies)
    for wrong, message in (
        ([known, known, None], "holds an item twice"),
        ([known, 1, None], "not of shape .* and type object"),
    ):
        answer = np.array(wrong, dtype=object)
        with pytest.raises(ValueError, match=message):
            evaluate_ranking({"odd": lambda seed: Says(answer)}, as_text, k=3)  # noqa: B023


@pytest.mark.parametrize("scale", [LIKES, COUNTS])
def test_likes_and_counts_are_ranked_only(ratings: Ratings, scale: RatingScale) -> None:
    table = ratings.ratings.assign(rating=(ratings.ratings["rating"] > 3).astype(float))
    if scale is LIKES:
        table = table[table["rating"] == 1]
    data = Ratings.from_frames(table, scale=scale)
    makers = {"most liked": lambda seed: MostLiked()}
    (found,) = evaluate_ranking(makers, data).scores
    assert found.n_rows == (last_by_time(data).test["rating"] == 1).sum()
    assert 0 < found.ndcg.value < 1
    for evaluate in (evaluate_ratings, evaluate_cold_start):
        with pytest.raises(ValueError, match=f"^{scale.kind} do not say how much users liked"):
            evaluate(makers, data)


def test_lists_of_nothing(ratings: Ratings) -> None:
    (found,) = evaluate_ranking({"none": lambda seed: Says(np.full(10, -1))}, ratings).scores
    assert (found.ndcg.value, found.recall.value, found.coverage) == (0, 0, 0)


def test_nothing_to_rank(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="k of at least 1 and at least one seed"):
        evaluate_ranking({}, ratings, k=0)
    with pytest.raises(ValueError, match="k of at least 1 and at least one seed"):
        evaluate_ranking({}, ratings, seeds=())
    with pytest.raises(ValueError, match="no user liked a held-out item"):
        evaluate_ranking({}, replace(ratings, ratings=ratings.ratings.assign(rating=3.5)))


@pytest.mark.parametrize("split", ["random", "order"])
def test_lists_of_another_split(ratings: Ratings, split: Any) -> None:
    makers = {"most liked": lambda seed: MostLiked()}
    found = evaluate_ranking(makers, ratings, seeds=(4,), split=split)
    parts = user_fifths(ratings, split, 4)
    assert (found.split, found.scores[0].n_rows) == (split, (parts.test["rating"] >= 4).sum())
    learnt_from = recorded(evaluate_ranking, ratings, seeds=(4,), split=split).ratings
    pd.testing.assert_frame_equal(learnt_from, parts.train.ratings)
    assert evaluate_ranking(makers, ratings, seeds=(4,)).split == "time"


def test_differences_are_from_the_reference(ratings: Ratings) -> None:
    makers = {"three": lambda seed: Says(3.0), "means": lambda seed: ItemMeans()}
    for against in (None, "means"):
        found = evaluate_ratings(makers, ratings, n_folds=2, against=against)
        assert found.against == (against or "three")
        by_name = {score.name: score for score in found.scores}
        reference = by_name.pop(found.against)
        (other,) = by_name.values()
        for measure in ("rmse", "mae"):
            value = getattr(other, measure).value - getattr(reference, measure).value
            difference = getattr(other, f"{measure}_difference")
            assert difference.value == pytest.approx(value, rel=1e-12)
            assert difference.low < value < difference.high
            assert getattr(reference, f"{measure}_difference").value == 0
    lists = {"most liked": lambda seed: MostLiked(), "means": lambda seed: ItemMeans()}
    liked, means = evaluate_ranking(lists, ratings, against="means").scores
    assert liked.ndcg_difference.value == liked.ndcg.value - means.ndcg.value
    assert liked.recall_difference.value == liked.recall.value - means.recall.value
    assert liked.ndcg_difference.low < liked.ndcg_difference.value < liked.ndcg_difference.high
    assert liked.ndcg_difference.value != liked.recall_difference.value
    for evaluate in (evaluate_ratings, evaluate_ranking, evaluate_cold_start):
        with pytest.raises(ValueError, match="against='x' is not one of the recommenders most"):
            evaluate(lists, ratings, against="x")


def test_lists_are_measured_beyond_accuracy(ratings: Ratings) -> None:
    train = last_by_time(ratings).train
    items = train.ratings["movieId"].value_counts().index.to_numpy()
    makers = {"as seeded": lambda seed: Says([items[:10], items[-10:]][seed])}
    found = evaluate_ranking(makers, ratings, seeds=(0, 1)).scores[0]
    known = Catalogue.of(train)
    both = [known.novelty(items[None, :10]), known.novelty(items[None, -10:])]
    assert both[0] < both[1]
    assert found.novelty == pytest.approx(np.mean(both), rel=1e-12)
    both = [known.diversity(items[None, :10]), known.diversity(items[None, -10:])]
    assert both[0] != both[1]
    assert found.diversity == pytest.approx(np.mean(both), rel=1e-12)
