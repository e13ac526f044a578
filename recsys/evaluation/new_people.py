"""Recommenders held against each other by what they know of people they never met."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import Ratings
from recsys.evaluation.answers import OnStep, TakesNewPeople, checked_lists, checked_stars, timed
from recsys.evaluation.intervals import error_draws, estimate, mean_estimate
from recsys.evaluation.metrics import coverage_at_k, errors_by_user
from recsys.evaluation.ranking import LikedFilms
from recsys.evaluation.results import NewPeopleEvaluation, NewPeopleScores
from recsys.evaluation.splits import MOST_SHOWN, NewPeople, whole_users
from recsys.recommenders.types import NO_FILM

SHOWN = (0, 1, 3, 5, 10, 20)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def evaluate_new_people(
    makers: Mapping[str, Callable[[int], TakesNewPeople]],
    ratings: Ratings,
    *,
    shown: Sequence[int] = SHOWN,
    k: int = 10,
    seed: int = 0,
    on_step: OnStep = lambda name: None,
) -> NewPeopleEvaluation:
    """What recommenders know of people who were not there when they were fitted.

    A fifth of the users is held out whole (:func:`recsys.evaluation.whole_users`). Each of them
    has 20 ratings of which the first few are shown, and is asked about the rest: the same rows
    however many are shown. Of the 20 films none counts as listed, shown or not: it takes no place
    from a film that is asked about.

    Parameters
    ----------
    makers : mapping of str to callable
        By name: given the seed, an unfitted recommender.
    ratings : Ratings
    shown : sequence of int, default (0, 1, 3, 5, 10, 20)
        How many ratings are shown, each in turn.
    k : int, default 10
        Films in a list.
    seed : int, default 0
        Of the drawing of users, the order of their ratings, the recommenders and the intervals.
    on_step : callable, optional
        Called as a recommender is fitted, and for each number of ratings shown to it.

    Returns
    -------
    NewPeopleEvaluation

    Raises
    ------
    ValueError
        If nobody can be held out, nobody liked a film that was, a number to show is not 0 to 20,
        ``k`` is below 1, or an answer is not what was asked for.
    """
    if k < 1:
        raise ValueError(f"at least one film is needed, not k={k}")
    people = whole_users(ratings, seed=seed)
    given = {n_shown: people.first_ratings(n_shown) for n_shown in shown}
    questions = _Questions.of(people, k, seed)
    scores = []
    for name, make in makers.items():
        on_step(f"{name}, fit")
        model = make(seed)
        fit_seconds = timed(model.fit, people.train).seconds
        for n_shown, known in given.items():
            on_step(f"{name}, {n_shown} shown")
            scores.append(
                _score(name, questions, questions.ask(name, model, known), n_shown, fit_seconds)
            )
    return NewPeopleEvaluation(tuple(scores), k, seed, people.n_too_few)


@dataclass(frozen=True, eq=False)
class _Answers:
    """Of one recommender to people who show so many ratings; stars in the order of the rows."""

    stars: Floats
    lists: Ints
    seconds: float


@dataclass(frozen=True, eq=False)
class _Questions:
    """What new people are asked about, the same whatever they show."""

    people: NewPeople
    liked_films: LikedFilms
    # Test rows, one person after the other, and each person's films among them.
    rows: pd.DataFrame
    movie_ids: list[Ints]
    k: int
    seed: int

    @classmethod
    def of(cls, people: NewPeople, k: int, seed: int) -> Self:
        rows = people.test.sort_values("userId", kind="stable", ignore_index=True)
        ends = np.searchsorted(rows["userId"].to_numpy(), people.user_ids, side="right")
        return cls(
            people=people,
            liked_films=LikedFilms.of(people.test, people.train.scale),
            rows=rows,
            movie_ids=np.split(rows["movieId"].to_numpy(), ends[:-1]),
            k=k,
            seed=seed,
        )

    def ask(
        self, name: str, model: TakesNewPeople, known: Sequence[Mapping[int, float]]
    ) -> _Answers:
        """Ask a fitted recommender, to whom each person shows the ratings ``known``."""
        listeners = np.searchsorted(self.people.user_ids, self.liked_films.user_ids)
        listed_for = [known[person] for person in listeners]
        # What is left out of the lists afterwards may fill this many places.
        n_listed = self.k + MOST_SHOWN
        predicted = [
            timed(model.predict, movie_ids=films, ratings=mine)
            for films, mine in zip(self.movie_ids, known, strict=True)
        ]
        ranked = timed(model.top_new, listed_for, n_listed)
        stars = [
            checked_stars(name, prediction.answer, len(films), self.people.train.scale)
            for films, prediction in zip(self.movie_ids, predicted, strict=True)
        ]
        lists = checked_lists(name, ranked.answer, len(listed_for), n_listed)
        first = self.people.shown["movieId"].to_numpy().reshape(-1, MOST_SHOWN)[listeners]
        return _Answers(
            stars=np.concatenate(stars),
            lists=_without(lists, first)[:, : self.k],
            seconds=ranked.seconds + sum(prediction.seconds for prediction in predicted),
        )


def _score(
    name: str, questions: _Questions, answers: _Answers, n_shown: int, fit_seconds: float
) -> NewPeopleScores:
    n_people = len(questions.movie_ids)
    people = np.repeat(np.arange(n_people), [len(films) for films in questions.movie_ids])
    errors = errors_by_user(people, questions.rows["rating"].to_numpy(), answers.stars, n_people)
    draws = error_draws(errors, questions.seed)
    wanted, lists = questions.liked_films, answers.lists
    films = np.unique(questions.people.train.ratings["movieId"].to_numpy())
    return NewPeopleScores(
        name=name,
        n_shown=n_shown,
        rmse=estimate(errors.rmse, draws.rmse),
        mae=estimate(errors.mae, draws.mae),
        ndcg=mean_estimate(wanted.ndcg(lists), questions.seed),
        recall=mean_estimate(wanted.recall(lists), questions.seed),
        coverage=coverage_at_k(lists, films),
        fit_seconds=fit_seconds,
        predict_seconds=answers.seconds,
        n_rows=len(answers.stars),
        n_users=n_people,
    )


def _without(lists: Ints, dropped: Ints) -> Ints:
    """Lists less each user's ``dropped`` films; what follows moves up."""
    stays = ~(lists[:, :, None] == dropped[:, None, :]).any(axis=2)
    order = np.argsort(~stays, axis=1, kind="stable")
    return np.take_along_axis(np.where(stays, lists, NO_FILM), order, axis=1)
