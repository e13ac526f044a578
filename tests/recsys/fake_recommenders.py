"""Recommenders whose answers are easy to compute, for the tests of evaluation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from recsys import Ratings


class ItemMeans:
    """Predicts an item's mean, or the mean of all ratings if the item has no rating.

    It lists items by falling mean.
    """

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
        """For users known by their ratings: the mean of these ratings."""
        if ratings:
            return np.full(len(movie_ids), np.mean(list(ratings.values())))
        return self.means.reindex(movie_ids).fillna(self.mean).to_numpy()

    def top(self, user_ids: Any, n: int = 10) -> Any:
        rated = self.ratings.groupby("userId")["movieId"].agg(set)
        return np.array([self._best(rated[user_id], n) for user_id in user_ids])

    def top_new(self, ratings: Sequence[Mapping[int, float]], n: int = 10) -> Any:
        return np.array([self._best(set(own), n) for own in ratings])

    def _best(self, without: set[int], n: int) -> list[int]:
        items = self.means.sort_values(ascending=False, kind="stable").index
        best = [item for item in items if item not in without][:n]
        return best + [-1] * (n - len(best))


class Oracle(ItemMeans):
    """Knows all ratings: predicts each one, and lists the items that each user likes."""

    def __init__(self, told: Ratings) -> None:
        self.told = told.ratings.set_index(["userId", "movieId"])["rating"]

    def predict(self, user_ids: Any = None, movie_ids: Any = None, *, ratings: Any = None) -> Any:
        return self.told.loc[list(zip(user_ids, movie_ids, strict=True))].to_numpy()

    def top(self, user_ids: Any, n: int = 10) -> Any:
        best = self.told[self.told >= 4].reset_index()
        rated = set(self.ratings.set_index(["userId", "movieId"]).index)
        lists = []
        for user_id in user_ids:
            items = best.loc[best["userId"] == user_id, "movieId"]
            liked = [item for item in items if (user_id, item) not in rated][:n]
            lists.append(liked + [-1] * (n - len(liked)))
        return np.array(lists)


class Says:
    """Gives the same answer to every question."""

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


class Recorder(ItemMeans):
    """Keeps its training ratings, its questions and its answers."""

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
        return self._keep([dict(own) for own in ratings], super().top_new(ratings, n))


def recorded(evaluate: Callable[..., Any], ratings: Ratings, **options: Any) -> Recorder:
    recorder = Recorder()
    evaluate({"recorder": lambda seed: recorder}, ratings, **options)
    return recorder
