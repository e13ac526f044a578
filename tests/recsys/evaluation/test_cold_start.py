"""The evaluation of new users against answers worked out naively."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_recommenders import ItemMeans, recorded

from recsys import MostLiked, Ratings
from recsys.evaluation import (
    evaluate_cold_start,
    whole_users,
)


class ListsOnly:
    """Makes the lists of MostLiked, and cannot predict."""

    def __init__(self) -> None:
        self.model = MostLiked()

    def fit(self, ratings: Ratings) -> None:
        self.model.fit(ratings)

    def top_new(self, ratings: Any, n: int = 10) -> Any:
        return self.model.top_new(ratings, n)


def test_a_recommender_that_predicts_nothing_has_lists_only(ratings: Ratings) -> None:
    makers = {"both": lambda seed: MostLiked(), "lists": lambda seed: ListsOnly()}
    found = evaluate_cold_start(makers, ratings, shown=(0, 5)).to_frame()
    both, lists = (found[found["name"] == name].reset_index(drop=True) for name in makers)
    errors = [name for name in found.columns if name.startswith(("rmse", "mae"))]
    assert lists[errors].isna().all(axis=None)
    assert both[errors].notna().all(axis=None)
    rest = found.columns.difference([*errors, "name", "fit_seconds", "predict_seconds"])
    pd.testing.assert_frame_equal(both[rest], lists[rest])
    against = evaluate_cold_start(makers, ratings, shown=(0,), against="lists")
    assert np.isnan(against.scores[0].rmse_difference.value)
    assert against.scores[0].ndcg_difference.value == 0
    assert against.means == ()


def test_cold_start_differences_are_from_the_same_number_shown(ratings: Ratings) -> None:
    makers = {"means": lambda seed: ItemMeans(), "most liked": lambda seed: MostLiked()}
    found = evaluate_cold_start(makers, ratings, shown=(0, 3))
    means, liked = found.scores[:2], found.scores[2:]
    assert found.against == "means"
    assert [mean.name for mean in found.means] == ["means", "most liked"]
    (mean, of_liked) = found.means  # without 0, three ratings are left
    assert (of_liked.rmse, of_liked.ndcg) == (liked[1].rmse, liked[1].ndcg)
    assert of_liked.rmse_difference == liked[1].rmse_difference
    assert of_liked.ndcg_difference == liked[1].ndcg_difference
    assert mean.rmse_difference.value == 0
    for one, other in zip(liked, means, strict=True):
        for measure in ("rmse", "mae", "ndcg", "recall"):
            expected = getattr(one, measure).value - getattr(other, measure).value
            difference = getattr(one, f"{measure}_difference")
            assert difference.value == pytest.approx(expected, rel=1e-12)
            assert difference.low < expected < difference.high


def test_cold_start_ratings_worked_out_naively(ratings: Ratings) -> None:
    makers = {"means": lambda seed: ItemMeans()}
    found = evaluate_cold_start(makers, ratings, shown=(0, 3, 20), seed=5)
    holdout = whole_users(ratings, seed=5)
    model = ItemMeans().fit(holdout.train)
    assert [score.n_shown for score in found.scores] == [0, 3, 20]
    for score in found.scores:
        errors = []
        for user_id, shown in holdout.shown.groupby("userId"):
            test = holdout.test[holdout.test["userId"] == user_id]
            predictions = (
                np.full(len(test), shown["rating"].iloc[: score.n_shown].mean())
                if score.n_shown
                else model.predict(None, test["movieId"])
            )
            errors.append(predictions - test["rating"].to_numpy())
        every_error = np.concatenate(errors)
        assert score.rmse.value == pytest.approx(np.sqrt((every_error**2).mean()), rel=1e-12)
        assert score.mae.value == pytest.approx(np.abs(every_error).mean(), rel=1e-12)
        assert score.rmse.low < score.rmse.value < score.rmse.high
        assert (score.n_rows, score.n_users) == (len(holdout.test), len(holdout.user_ids))
    assert (found.k, found.seed, found.n_too_few) == (10, 5, holdout.n_too_few)


def test_items_that_could_be_shown_take_no_place_in_a_list(ratings: Ratings) -> None:
    holdout = whole_users(ratings)
    liked = holdout.test[holdout.test["rating"] >= 4].groupby("userId")["movieId"].agg(list)

    class KnowsThem(ItemMeans):
        """Lists each user's 20 items that could be shown, then the items the user liked."""

        def top_new(self, ratings: Any, n: int = 10) -> Any:
            first = holdout.shown.groupby("userId")["movieId"].agg(list)
            lists = [(first[user_id] + liked[user_id])[:n] for user_id in liked.index]
            return np.array([items + [-1] * (n - len(items)) for items in lists])

    makers = {"knows": lambda seed: KnowsThem()}
    for score in evaluate_cold_start(makers, ratings, shown=(0, 5), k=4).scores:
        assert score.ndcg.value == pytest.approx(1, rel=1e-12)
        n_liked = liked.map(len)
        recall = (np.minimum(n_liked, 4) / n_liked).mean()
        assert score.recall.value == pytest.approx(recall, rel=1e-12)
        listed = {item for items in liked for item in items[:4]}
        known = set(holdout.train.ratings["movieId"])
        assert score.coverage == pytest.approx(len(listed & known) / len(known), rel=1e-12)


def test_cold_start_lists_worked_out_naively(ratings: Ratings) -> None:
    (found,) = evaluate_cold_start({"means": lambda seed: ItemMeans()}, ratings, shown=[3]).scores
    holdout = whole_users(ratings)
    means = holdout.train.ratings.groupby("movieId")["rating"].mean()
    best_first = means.sort_values(ascending=False, kind="stable").index
    recall = []
    for user_id, test in holdout.test.groupby("userId"):
        liked = set(test.loc[test["rating"] >= 4, "movieId"])
        first = set(holdout.shown.loc[holdout.shown["userId"] == user_id, "movieId"])
        items = [item for item in best_first if item not in first][:10]
        if liked:
            recall.append(len(liked & set(items)) / len(liked))
    assert found.recall.value == pytest.approx(np.mean(recall), rel=1e-12)


def test_lists_are_made_for_users_with_likes(ratings: Ratings) -> None:
    table = ratings.ratings
    holdout = whole_users(ratings)
    sour = table["userId"] == holdout.user_ids[0]
    soured = table["rating"].where(~sour, 1.0)
    recorder = recorded(evaluate_cold_start, replace(ratings, ratings=table.assign(rating=soured)))
    liked = holdout.test.loc[holdout.test["rating"] >= 4, "userId"].unique().tolist()
    known = zip(holdout.user_ids.tolist(), holdout.first_ratings(20), strict=True)
    assert recorder.asked[-1] == [
        shown for user_id, shown in known if user_id in liked and user_id != holdout.user_ids[0]
    ]


def test_too_few_ratings_are_counted(ratings: Ratings) -> None:
    table = ratings.ratings
    place = table.groupby("userId").cumcount()
    short = table[(table["userId"] % 2 == 0) | (place < 20)].reset_index(drop=True)
    found = evaluate_cold_start(
        {"three": lambda seed: ItemMeans()}, replace(ratings, ratings=short)
    )
    assert found.n_too_few > 0
    assert found.n_too_few + found.scores[0].n_users == 8


def test_nothing_to_test_for_cold_start(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="can show 0 to 20 ratings, not 21"):
        evaluate_cold_start({}, ratings, shown=(0, 21))
    with pytest.raises(ValueError, match="k must be at least 1 item, not 0"):
        evaluate_cold_start({}, ratings, k=0)
