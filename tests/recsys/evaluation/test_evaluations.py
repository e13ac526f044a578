"""The three evaluations, on recommenders whose scores are known or can be worked out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest

from recsys import Ratings, make_ratings
from recsys.evaluation import (
    evaluate_new_people,
    evaluate_ranking,
    evaluate_ratings,
    last_by_time,
    row_folds,
    whole_users,
)


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """Invented; no two ratings have one time."""
    made = make_ratings(n_users=40, n_movies=300, n_ratings=1400, random_state=1)
    table = made.ratings
    times = np.random.default_rng(0).permutation(len(table))
    return replace(made, ratings=table.assign(timestamp=times))


class FilmMeans:
    """Predicts a film's mean, of all ratings where nobody rated it; lists by falling mean."""

    def fit(self, ratings: Ratings) -> Self:
        self.ratings = ratings.ratings.copy()
        self.means = self.ratings.groupby("movieId")["rating"].mean()
        self.mean = self.ratings["rating"].mean()
        return self

    def predict(self, user_ids: Any, movie_ids: Any) -> Any:
        return self.means.reindex(movie_ids).fillna(self.mean).to_numpy()

    def predict_new(self, movie_ids: Any, ratings: Mapping[int, float]) -> Any:
        """For people who have rated: the mean of theirs."""
        if not ratings:
            return self.predict(None, movie_ids)
        return np.full(len(movie_ids), np.mean(list(ratings.values())))

    def top(self, user_ids: Any, n: int = 10) -> Any:
        rated = self.ratings.groupby("userId")["movieId"].agg(set)
        return np.array([self._best(rated[user_id], n) for user_id in user_ids])

    def top_new(self, ratings: Sequence[Mapping[int, float]], n: int = 10) -> Any:
        return np.array([self._best(set(person), n) for person in ratings])

    def _best(self, without: set[int], n: int) -> list[int]:
        films = self.means.sort_values(ascending=False, kind="stable").index
        best = [film for film in films if film not in without][:n]
        return best + [-1] * (n - len(best))


class Oracle(FilmMeans):
    """Was told everything: predicts every rating and lists what each person likes."""

    def __init__(self, told: Ratings) -> None:
        self.told = told.ratings.set_index(["userId", "movieId"])["rating"]

    def predict(self, user_ids: Any, movie_ids: Any) -> Any:
        return self.told.loc[list(zip(user_ids, movie_ids, strict=True))].to_numpy()

    def top(self, user_ids: Any, n: int = 10) -> Any:
        best = self.told[self.told >= 4].reset_index()
        rated = set(self.ratings.set_index(["userId", "movieId"]).index)
        lists = []
        for user_id in user_ids:
            films = best.loc[best["userId"] == user_id, "movieId"]
            liked = [film for film in films if (user_id, film) not in rated][:n]
            lists.append(liked + [-1] * (n - len(liked)))
        return np.array(lists)


class Says:
    """Answers what it was given, whatever is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def fit(self, ratings: Ratings) -> None:
        pass

    def predict(self, user_ids: Any, movie_ids: Any) -> Any:
        return self.answer if np.ndim(self.answer) else np.full(len(user_ids), self.answer)

    def predict_new(self, movie_ids: Any, ratings: Any) -> Any:
        return self.predict(movie_ids, movie_ids)

    def top(self, user_ids: Any, n: int = 10) -> Any:
        return self.answer if np.ndim(self.answer) > 1 else np.tile(self.answer, (len(user_ids), 1))

    def top_new(self, ratings: Any, n: int = 10) -> Any:
        return self.top(ratings)


class Recorder(FilmMeans):
    """Keeps what it was fitted on, what it was asked, and what it answered."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers: list[Any] = []

    def _keep(self, question: Any, answer: Any) -> Any:
        self.asked.append(question)
        self.answers.append(answer)
        return answer

    def predict(self, user_ids: Any, movie_ids: Any) -> Any:
        return self._keep((user_ids, movie_ids), super().predict(user_ids, movie_ids))

    def predict_new(self, movie_ids: Any, ratings: Mapping[int, float]) -> Any:
        return self._keep((movie_ids, dict(ratings)), super().predict_new(movie_ids, ratings))

    def top(self, user_ids: Any, n: int = 10) -> Any:
        return self._keep(user_ids, super().top(user_ids, n))

    def top_new(self, ratings: Sequence[Mapping[int, float]], n: int = 10) -> Any:
        return self._keep([dict(person) for person in ratings], super().top_new(ratings, n))


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
    first = next(row_folds(ratings)).test
    alone = table.assign(userId=table["userId"].where(~rows_of(first, ratings), 999))
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


# All three -----------------------------------------------------------------------------------


def test_tables(ratings: Ratings) -> None:
    makers = {"means": lambda seed: FilmMeans(), "again": lambda seed: FilmMeans()}
    stars = evaluate_ratings(makers, ratings, n_folds=1)
    table = stars.to_frame()
    errors = ["rmse", "rmse_low", "rmse_high", "mae", "mae_low", "mae_high"]
    hits = ["ndcg", "ndcg_low", "ndcg_high", "recall", "recall_low", "recall_high", "coverage"]
    costs = ["fit_seconds", "predict_seconds", "n_rows", "n_users"]
    assert table.columns.tolist() == ["name", *errors, *costs]
    assert table["name"].tolist() == ["means", "again"]
    assert table["rmse_low"].tolist() == [score.rmse.low for score in stars.scores]
    assert table["mae_high"].tolist() == [score.mae.high for score in stars.scores]
    lists = evaluate_ranking(makers, ratings, seeds=[0]).to_frame()
    assert lists.columns.tolist() == ["name", *hits, *costs]
    people = evaluate_new_people(makers, ratings, shown=(0, 1)).to_frame()
    assert people.columns.tolist() == ["name", "n_shown", *errors, *hits, *costs]
    assert people["name"].tolist() == ["means", "means", "again", "again"]
    assert people["n_shown"].tolist() == [0, 1, 0, 1]
    assert evaluate_ratings({}, ratings).to_frame().columns.tolist() == table.columns.tolist()


def test_each_is_made_with_its_seed_and_announced(ratings: Ratings) -> None:
    seeds: list[int] = []
    steps: list[str] = []

    def make(seed: int) -> FilmMeans:
        seeds.append(seed)
        return FilmMeans()

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
    evaluate_new_people({"a": make}, ratings, seed=4, shown=(0, 2), on_step=steps.append)
    assert seeds == [4]
    assert steps == ["a, fit", "a, 0 shown", "a, 2 shown"]


def scrambled(ratings: Ratings, rows: "pd.Series[bool]") -> Ratings:
    """The same ratings, but for stars and times of these rows, which are dealt anew by user."""
    table = ratings.ratings.copy()
    rng = np.random.default_rng(3)
    for _, of_user in table[rows].groupby("userId"):
        for column in ("rating", "timestamp"):
            dealt = rng.permutation(of_user[column].to_numpy())
            table.loc[of_user.index, column] = dealt
    assert not table.equals(ratings.ratings)
    return replace(ratings, ratings=table)


def rows_of(frame: pd.DataFrame, ratings: Ratings) -> "pd.Series[bool]":
    """Which rows of the ratings are in a part of them."""
    wanted = pd.MultiIndex.from_frame(frame[["userId", "movieId"]])
    rows = pd.MultiIndex.from_frame(ratings.ratings[["userId", "movieId"]])
    return pd.Series(rows.isin(wanted))


def recorded(evaluate: Callable[..., Any], ratings: Ratings, **options: Any) -> Recorder:
    recorder = Recorder()
    evaluate({"recorder": lambda seed: recorder}, ratings, **options)
    return recorder


def assert_same_to_the_bit(first: Recorder, second: Recorder) -> None:
    pd.testing.assert_frame_equal(first.ratings, second.ratings, check_exact=True)
    assert len(first.answers) == len(second.answers) > 0
    for one, other in zip(first.asked, second.asked, strict=True):
        np.testing.assert_equal(one, other)
    for one, other in zip(first.answers, second.answers, strict=True):
        assert one.tobytes() == other.tobytes()


def test_no_held_out_star_reaches_a_fit_or_a_prediction(ratings: Ratings) -> None:
    test = next(row_folds(ratings)).test
    changed = scrambled(ratings, rows_of(test, ratings))
    first, second = (recorded(evaluate_ratings, data, n_folds=1) for data in (ratings, changed))
    assert_same_to_the_bit(first, second)
    assert not rows_of(first.ratings, ratings)[rows_of(test, ratings)].any()


def test_no_held_out_film_reaches_a_fit_or_a_list(ratings: Ratings) -> None:
    test = last_by_time(ratings).test
    changed = scrambled(ratings, rows_of(test, ratings))
    first, second = (recorded(evaluate_ranking, data, seeds=[0]) for data in (ratings, changed))
    assert_same_to_the_bit(first, second)
    assert not rows_of(first.ratings, ratings)[rows_of(test, ratings)].any()


def test_of_new_people_only_what_they_show_is_known(ratings: Ratings) -> None:
    people = whole_users(ratings)
    changed = scrambled(ratings, rows_of(people.test, ratings))
    first, second = (recorded(evaluate_new_people, data) for data in (ratings, changed))
    assert_same_to_the_bit(first, second)
    held_out = ratings.ratings["userId"].isin(people.user_ids)
    assert not rows_of(first.ratings, ratings)[held_out].any()
    # What they show is known when they are asked, but to no fit.
    changed = scrambled(ratings, rows_of(people.shown, ratings))
    other = recorded(evaluate_new_people, changed)
    pd.testing.assert_frame_equal(first.ratings, other.ratings, check_exact=True)
    assert any(
        one.tobytes() != another.tobytes()
        for one, another in zip(first.answers, other.answers, strict=True)
    )
