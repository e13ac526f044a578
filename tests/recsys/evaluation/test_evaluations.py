"""The three evaluations, on recommenders whose scores are known or can be worked out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fake_recommenders import FilmMeans, Oracle, Says, recorded

from recsys import Ratings
from recsys.evaluation import (
    evaluate_new_people,
    evaluate_ranking,
    evaluate_ratings,
    last_by_time,
    row_folds,
    whole_users,
)

# Stars ---------------------------------------------------------------------------------------


def test_stars_of_one_who_knows_and_of_one_who_always_says_3(ratings: Ratings) -> None:
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


def test_stars_are_predicted_from_the_other_folds(ratings: Ratings) -> None:
    found = evaluate_ratings({"means": lambda seed: FilmMeans()}, ratings, n_folds=2)
    table, expected = ratings.ratings, []
    fold = np.empty(1400, int)
    fold[np.random.default_rng(0).permutation(1400)] = np.arange(1400) % 5
    for number in (0, 1):
        train, test = table[fold != number], table[fold == number]
        means = {film: rows["rating"].mean() for film, rows in train.groupby("movieId")}
        errors = [
            means.get(film, train["rating"].mean()) - stars
            for film, stars in zip(test["movieId"], test["rating"], strict=True)
        ]
        expected.append(np.sqrt(np.mean(np.square(errors))))
    assert found.scores[0].rmse.value == pytest.approx(np.mean(expected), rel=1e-12)
    assert found.scores[0].n_rows == 560
    assert (found.n_folds, found.seed) == (2, 0)


def test_only_people_who_are_asked_are_counted(ratings: Ratings) -> None:
    table = ratings.ratings
    in_first_fold = np.zeros(1400, bool)
    in_first_fold[np.random.default_rng(0).permutation(1400)[::5]] = True
    alone = table.assign(userId=table["userId"].mask(in_first_fold, 999))
    makers = {"three": lambda seed: Says(3.0)}
    (found,) = evaluate_ratings(makers, replace(ratings, ratings=alone), n_folds=1).scores
    assert (found.n_rows, found.n_users) == (280, 1)
    assert found.rmse.low == found.rmse.high == pytest.approx(found.rmse.value, rel=1e-12)


def test_the_interval_is_of_users_not_of_rows(ratings: Ratings) -> None:
    """Half of the people rate 3, the others 5; who says 3 errs by 0 or by 2, person by person."""
    table = ratings.ratings
    stars = np.where(table["userId"] % 2 == 0, 3.0, 5.0)
    camps = replace(ratings, ratings=table.assign(rating=stars))
    (found,) = evaluate_ratings({"three": lambda seed: Says(3.0)}, camps, n_folds=1).scores
    # The mean of 40 people's errors scatters by 2 * .5 / sqrt(40) = .16, of 280 rows by .06.
    assert found.mae.high - found.mae.low > 4 * 0.12


def test_predictions_are_clipped_to_the_scale(ratings: Ratings) -> None:
    makers = {"99": lambda seed: Says(99.0), "5": lambda seed: Says(5.0)}
    beyond, within = evaluate_ratings(makers, ratings, n_folds=1).scores
    assert beyond.rmse == within.rmse


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.nan, "odd: 280 predictions are not numbers"),
        (np.ones(3), "odd: 280 predictions asked for, answer of shape"),
    ],
)
def test_predictions_that_cannot_be_judged(ratings: Ratings, answer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_ratings({"odd": lambda seed: Says(answer)}, ratings)


@pytest.mark.parametrize("n_folds", [0, 6])
def test_there_are_five_folds(ratings: Ratings, n_folds: int) -> None:
    with pytest.raises(ValueError, match="1 to 5 folds can be tested"):
        evaluate_ratings({}, ratings, n_folds=n_folds)


# Lists ---------------------------------------------------------------------------------------


def test_lists_of_one_who_knows(ratings: Ratings) -> None:
    (found,) = evaluate_ranking({"oracle": lambda seed: Oracle(ratings)}, ratings, k=3).scores
    test = last_by_time(ratings).test
    assert not set(test["movieId"]) <= set(last_by_time(ratings).train.ratings["movieId"])
    liked = test[test["rating"] >= 4]
    counts = liked.groupby("userId").size()
    assert found.ndcg.value == pytest.approx(1, rel=1e-12)
    assert found.recall.value == pytest.approx((np.minimum(counts, 3) / counts).mean(), rel=1e-12)
    assert (found.n_rows, found.n_users) == (len(liked), len(counts))
    assert found.n_users < 40  # some liked nothing of what is held out


def test_lists_worked_out_naively(ratings: Ratings) -> None:
    (found,) = evaluate_ranking({"means": lambda seed: FilmMeans()}, ratings).scores
    split = last_by_time(ratings)
    means = split.train.ratings.groupby("movieId")["rating"].mean()
    best_first = means.sort_values(ascending=False, kind="stable").index
    ndcg, recall, listed = [], [], set()
    for user_id, test in split.test.groupby("userId"):
        liked = set(test.loc[test["rating"] >= 4, "movieId"])
        if not liked:
            continue
        seen = set(split.train.ratings.loc[split.train.ratings["userId"] == user_id, "movieId"])
        films = [film for film in best_first if film not in seen][:10]
        gain = sum(1 / np.log2(place + 2) for place, film in enumerate(films) if film in liked)
        best = sum(1 / np.log2(place + 2) for place in range(min(10, len(liked))))
        ndcg.append(gain / best)
        recall.append(len(liked & set(films)) / len(liked))
        listed |= set(films)
    assert found.ndcg.value == pytest.approx(np.mean(ndcg), rel=1e-12)
    assert found.recall.value == pytest.approx(np.mean(recall), rel=1e-12)
    assert found.ndcg.low < found.ndcg.value < found.ndcg.high
    assert found.recall.low < found.recall.value < found.recall.high
    assert found.coverage == pytest.approx(len(listed) / len(means), rel=1e-12)


def test_scores_are_means_over_seeds(ratings: Ratings) -> None:
    films = ratings.ratings["movieId"].value_counts().index.to_numpy()
    lists = {4: films[:10], 7: films[-10:]}
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
        (np.array([1, 2, 3]), "lists of 4 movie ids asked for"),
        (np.array([1.0, 2.0, 3.0, 4.0]), "and type float64"),
        (np.array([1, 5, 5, 2]), "odd: a list has a film twice"),
    ],
)
def test_lists_that_cannot_be_judged(ratings: Ratings, answer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_ranking({"odd": lambda seed: Says(answer)}, ratings, k=4)


def test_lists_of_nothing(ratings: Ratings) -> None:
    (found,) = evaluate_ranking({"none": lambda seed: Says(np.full(10, -1))}, ratings).scores
    assert (found.ndcg.value, found.recall.value, found.coverage) == (0, 0, 0)


def test_nothing_to_rank(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="at least one film and one seed"):
        evaluate_ranking({}, ratings, k=0)
    with pytest.raises(ValueError, match="at least one film and one seed"):
        evaluate_ranking({}, ratings, seeds=())
    with pytest.raises(ValueError, match="nobody liked"):
        evaluate_ranking({}, replace(ratings, ratings=ratings.ratings.assign(rating=3.5)))


# New people ----------------------------------------------------------------------------------


def test_stars_for_new_people_worked_out_naively(ratings: Ratings) -> None:
    makers = {"means": lambda seed: FilmMeans()}
    found = evaluate_new_people(makers, ratings, shown=(0, 3, 20), seed=5)
    people = whole_users(ratings, seed=5)
    model = FilmMeans().fit(people.train)
    assert [score.n_shown for score in found.scores] == [0, 3, 20]
    for score in found.scores:
        errors = []
        for user_id, shown in people.shown.groupby("userId"):
            test = people.test[people.test["userId"] == user_id]
            stars = (
                np.full(len(test), shown["rating"].iloc[: score.n_shown].mean())
                if score.n_shown
                else model.predict(None, test["movieId"])
            )
            errors.append(stars - test["rating"].to_numpy())
        every_error = np.concatenate(errors)
        assert score.rmse.value == pytest.approx(np.sqrt((every_error**2).mean()), rel=1e-12)
        assert score.mae.value == pytest.approx(np.abs(every_error).mean(), rel=1e-12)
        assert score.rmse.low < score.rmse.value < score.rmse.high
        assert (score.n_rows, score.n_users) == (len(people.test), len(people.user_ids))
    assert (found.k, found.seed, found.n_too_few) == (10, 5, people.n_too_few)


def test_films_that_could_be_shown_take_no_place_in_a_list(ratings: Ratings) -> None:
    people = whole_users(ratings)
    liked = people.test[people.test["rating"] >= 4].groupby("userId")["movieId"].agg(list)

    class KnowsThem(FilmMeans):
        """Lists the 20 films of a person that are not asked about, then what the person liked."""

        def top_new(self, ratings: Any, n: int = 10) -> Any:
            first = people.shown.groupby("userId")["movieId"].agg(list)
            lists = [(first[user_id] + liked[user_id])[:n] for user_id in liked.index]
            return np.array([films + [-1] * (n - len(films)) for films in lists])

    makers = {"knows": lambda seed: KnowsThem()}
    for score in evaluate_new_people(makers, ratings, shown=(0, 5), k=4).scores:
        assert score.ndcg.value == pytest.approx(1, rel=1e-12)
        n_liked = liked.map(len)
        recall = (np.minimum(n_liked, 4) / n_liked).mean()
        assert score.recall.value == pytest.approx(recall, rel=1e-12)
        listed = {film for films in liked for film in films[:4]}
        known = set(people.train.ratings["movieId"])
        assert score.coverage == pytest.approx(len(listed & known) / len(known), rel=1e-12)


def test_lists_for_new_people_worked_out_naively(ratings: Ratings) -> None:
    (found,) = evaluate_new_people({"means": lambda seed: FilmMeans()}, ratings, shown=[3]).scores
    people = whole_users(ratings)
    means = people.train.ratings.groupby("movieId")["rating"].mean()
    best_first = means.sort_values(ascending=False, kind="stable").index
    recall = []
    for user_id, test in people.test.groupby("userId"):
        liked = set(test.loc[test["rating"] >= 4, "movieId"])
        first = set(people.shown.loc[people.shown["userId"] == user_id, "movieId"])
        films = [film for film in best_first if film not in first][:10]
        if liked:
            recall.append(len(liked & set(films)) / len(liked))
    assert found.recall.value == pytest.approx(np.mean(recall), rel=1e-12)


def test_lists_are_made_for_those_who_liked_something(ratings: Ratings) -> None:
    table = ratings.ratings
    people = whole_users(ratings)
    sour = table["userId"] == people.user_ids[0]
    stars = table["rating"].where(~sour, 1.0)
    recorder = recorded(evaluate_new_people, replace(ratings, ratings=table.assign(rating=stars)))
    liked = people.test.loc[people.test["rating"] >= 4, "userId"].unique().tolist()
    known = zip(people.user_ids.tolist(), people.first_ratings(20), strict=True)
    assert recorder.asked[-1] == [
        shown for user_id, shown in known if user_id in liked and user_id != people.user_ids[0]
    ]


def test_too_few_ratings_are_counted(ratings: Ratings) -> None:
    table = ratings.ratings
    place = table.groupby("userId").cumcount()
    short = table[(table["userId"] % 2 == 0) | (place < 20)].reset_index(drop=True)
    found = evaluate_new_people(
        {"three": lambda seed: FilmMeans()}, replace(ratings, ratings=short)
    )
    assert found.n_too_few > 0
    assert found.n_too_few + found.scores[0].n_users == 8


def test_nothing_to_ask_new_people(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="shows 0 to 20 ratings, not 21"):
        evaluate_new_people({}, ratings, shown=(0, 21))
    with pytest.raises(ValueError, match="at least one film"):
        evaluate_new_people({}, ratings, k=0)
