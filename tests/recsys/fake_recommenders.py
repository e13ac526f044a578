"""Recommenders whose answers can be worked out, for the tests of evaluation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from recsys import Ratings


class FilmMeans:
    """Predicts a film's mean, of all ratings where nobody rated it; lists by falling mean."""

    def fit(self, ratings: Ratings) -> Self:
        self.ratings = ratings.ratings.copy()
        self.means = self.ratings.groupby("movieId")["rating"].mean()
        self.mean = self.ratings["rating"].mean()
        return self

    def predict(
        self,
        user_ids: Any = None,
        movie_ids: Any = None,
        *,
        ratings: Mapping[int, float] | None = None,
    ) -> Any:
        """For new people who have rated: the mean of theirs."""
        if ratings:
            return np.full(len(movie_ids), np.mean(list(ratings.values())))
        return self.means.reindex(movie_ids).fillna(self.mean).to_numpy()

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

    def predict(self, user_ids: Any = None, movie_ids: Any = None, *, ratings: Any = None) -> Any:
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

    def predict(self, user_ids: Any = None, movie_ids: Any = None, *, ratings: Any = None) -> Any:
        return self.answer if np.ndim(self.answer) else np.full(len(movie_ids), self.answer)

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

    def predict(
        self,
        user_ids: Any = None,
        movie_ids: Any = None,
        *,
        ratings: Mapping[int, float] | None = None,
    ) -> Any:
        answer = super().predict(user_ids, movie_ids, ratings=ratings)
        if ratings is None:
            return self._keep((user_ids, movie_ids), answer)
        return self._keep((movie_ids, dict(ratings)), answer)

    def top(self, user_ids: Any, n: int = 10) -> Any:
        return self._keep(user_ids, super().top(user_ids, n))

    def top_new(self, ratings: Sequence[Mapping[int, float]], n: int = 10) -> Any:
        return self._keep([dict(person) for person in ratings], super().top_new(ratings, n))


def recorded(evaluate: Callable[..., Any], ratings: Ratings, **options: Any) -> Recorder:
    recorder = Recorder()
    evaluate({"recorder": lambda seed: recorder}, ratings, **options)
    return recorder
