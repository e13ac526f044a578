"""Compares recommenders on cold-start users, who were not in training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from recsys.data.ids import Id, Ids
from recsys.data.ratings import Floats, Ratings
from recsys.evaluation.catalogue import Catalogue
from recsys.evaluation.intervals import (
    UNMEASURED,
    Measured,
    MeasuredErrors,
    mean_of,
    measured_errors,
    measured_mean,
)
from recsys.evaluation.metrics import errors_by_user
from recsys.evaluation.protocols import (
    OnStep,
    PredictsForColdStart,
    SupportsColdStart,
    checked_lists,
    checked_predictions,
    reference_of,
    timed,
)
from recsys.evaluation.ranking import LikedItems
from recsys.evaluation.results import ColdStartEvaluation, ColdStartMeans, ColdStartScores
from recsys.evaluation.splits import MOST_SHOWN, UserHoldout, whole_users
from recsys.recommenders.training import check_predicts
from recsys.recommenders.types import no_item

SHOWN = (0, 1, 3, 5, 10, 20)


def evaluate_cold_start(
    makers: Mapping[str, Callable[[int], SupportsColdStart]],
    ratings: Ratings,
    *,
    shown: Sequence[int] = SHOWN,
    k: int = 10,
    seed: int = 0,
    against: str | None = None,
    on_step: OnStep = lambda name: None,
) -> ColdStartEvaluation:
    """Compare recommenders on users who were not in training.

    The evaluation holds out a fifth of the users with all their ratings
    (:func:`recsys.evaluation.whole_users`). It sets aside 20 ratings of each of them, and shows
    the first ``n`` to the recommender. The test rows are the user's other ratings, so they are the
    same for every ``n``. The evaluation removes all 20 items from the lists, so that a shown item
    cannot take the place of a test item.

    Parameters
    ----------
    makers : mapping of str to callable
        Names of recommenders, and functions that make each one, unfitted, from a seed.
    ratings : Ratings
    shown : sequence of int, default (0, 1, 3, 5, 10, 20)
        The numbers of ratings to show.
    k : int, default 10
        Items in a list.
    seed : int, default 0
        Seed of the user holdout, the order of the shown ratings, the recommenders and the
        intervals.
    against : str, optional
        The name of the reference: differences of all recommenders are from this one, with the same
        number of ratings shown. The default is the first.
    on_step : callable, optional
        Called with a text before each fit, and before each number of ratings is shown.

    Returns
    -------
    ColdStartEvaluation

    Raises
    ------
    ValueError
        If no user can be held out, no test rating says "liked", a number in ``shown`` is not 0 to
        20, ``k`` is below 1, the ratings are likes or counts, ``against`` is not among the names,
        or a recommender's answer is malformed.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1 item, not {k}")
    check_predicts(ratings.scale)
    against = reference_of(makers, against)
    holdout = whole_users(ratings, seed=seed)
    given = {n_shown: holdout.first_ratings(n_shown) for n_shown in shown}
    questions = _Questions.of(holdout, k, seed)
    runs = []
    for name, make in makers.items():
        on_step(f"{name}, fit")
        model = make(seed)
        fit_seconds = timed(model.fit, holdout.train).seconds
        for n_shown, known in given.items():
            on_step(f"{name}, {n_shown} shown")
            answers = questions.ask(name, model, known)
            runs.append(_Run(name, n_shown, fit_seconds, answers, questions.measured(answers)))
    references = {run.n_shown: run.measured for run in runs if run.name == against}
    scores = tuple(_score(run, references[run.n_shown], questions) for run in runs)
    means = _means(runs, against)
    return ColdStartEvaluation(scores, means, against, k, seed, holdout.n_too_few)


@dataclass(frozen=True, eq=False)
class _Answers:
    """What one recommender answers when each user shows the same number of ratings."""

    # In the order of the test rows; None if the recommender only makes lists.
    predictions: Floats | None
    lists: Ids
    seconds: float


@dataclass(frozen=True, eq=False)
class _Measured:
    """How good these answers are."""

    errors: MeasuredErrors
    ndcg: Measured
    recall: Measured


@dataclass(frozen=True, eq=False)
class _Run:
    """The answers of a recommender when each user shows the same number of ratings."""

    name: str
    n_shown: int
    fit_seconds: float
    answers: _Answers
    measured: _Measured


@dataclass(frozen=True, eq=False)
class _Questions:
    """What a recommender is asked about held-out users, however many ratings they show."""

    holdout: UserHoldout
    liked_items: LikedItems
    # Test rows, one user after the other, and the ids of each user's items in them.
    rows: pd.DataFrame
    movie_ids: list[Ids]
    catalogue: Catalogue
    k: int
    seed: int

    @classmethod
    def of(cls, holdout: UserHoldout, k: int, seed: int) -> Self:
        rows = holdout.test.sort_values("userId", kind="stable", ignore_index=True)
        ends = np.searchsorted(rows["userId"].to_numpy(), holdout.user_ids, side="right")
        return cls(
            holdout=holdout,
            liked_items=LikedItems.of(holdout.test, holdout.train.scale),
            rows=rows,
            movie_ids=np.split(rows["movieId"].to_numpy(), ends[:-1]),
            catalogue=Catalogue.of(holdout.train),
            k=k,
            seed=seed,
        )

    def ask(
        self, name: str, model: SupportsColdStart, known: Sequence[Mapping[Id, float]]
    ) -> _Answers:
        """Ask a fitted recommender; ``known`` holds the ratings that each user shows."""
        with_likes = np.searchsorted(self.holdout.user_ids, self.liked_items.user_ids)
        listed_for = [known[user] for user in with_likes]
        # The items that are removed from the lists afterwards may fill this many places.
        n_listed = self.k + MOST_SHOWN
        predicted = timed(self._predictions, name, model, known)
        ranked = timed(model.top_new, listed_for, n_listed)
        lists = checked_lists(name, ranked.answer, len(listed_for), n_listed)
        first = self.holdout.shown["movieId"].to_numpy().reshape(-1, MOST_SHOWN)[with_likes]
        return _Answers(
            predictions=predicted.answer,
            lists=_without(lists, first)[:, : self.k],
            seconds=ranked.seconds + predicted.seconds,
        )

    def _predictions(
        self, name: str, model: SupportsColdStart, known: Sequence[Mapping[Id, float]]
    ) -> Floats | None:
        if not isinstance(model, PredictsForColdStart):
            return None
        scale = self.holdout.train.scale
        predictions = [
            checked_predictions(
                name, model.predict(movie_ids=items, ratings=own), len(items), scale
            )
            for items, own in zip(self.movie_ids, known, strict=True)
        ]
        return np.concatenate(predictions)

    def measured(self, answers: _Answers) -> _Measured:
        """Measure answers. All recommenders are measured on the same samples of users."""
        return _Measured(
            errors=self._errors(answers.predictions),
            ndcg=measured_mean(self.liked_items.ndcg(answers.lists), self.seed),
            recall=measured_mean(self.liked_items.recall(answers.lists), self.seed),
        )

    def _errors(self, predictions: Floats | None) -> MeasuredErrors:
        if predictions is None:
            return UNMEASURED
        n_users = len(self.movie_ids)
        users = np.repeat(np.arange(n_users), [len(items) for items in self.movie_ids])
        ratings = self.rows["rating"].to_numpy()
        return measured_errors(errors_by_user(users, ratings, predictions, n_users), self.seed)


def _score(run: _Run, reference: _Measured, questions: _Questions) -> ColdStartScores:
    measured, catalogue, lists = run.measured, questions.catalogue, run.answers.lists
    return ColdStartScores(
        name=run.name,
        n_shown=run.n_shown,
        rmse=measured.errors.rmse.estimate,
        rmse_difference=measured.errors.rmse.less(reference.errors.rmse),
        mae=measured.errors.mae.estimate,
        mae_difference=measured.errors.mae.less(reference.errors.mae),
        ndcg=measured.ndcg.estimate,
        ndcg_difference=measured.ndcg.less(reference.ndcg),
        recall=measured.recall.estimate,
        recall_difference=measured.recall.less(reference.recall),
        coverage=catalogue.coverage(lists),
        diversity=catalogue.diversity(lists),
        novelty=catalogue.novelty(lists),
        fit_seconds=run.fit_seconds,
        predict_seconds=run.answers.seconds,
        n_rows=len(questions.rows),
        n_users=len(questions.movie_ids),
    )


def _means(runs: Sequence[_Run], against: str) -> tuple[ColdStartMeans, ...]:
    with_ratings: dict[str, list[_Measured]] = {}
    for run in runs:
        if run.n_shown:
            with_ratings.setdefault(run.name, []).append(run.measured)
    rmse = {
        name: mean_of([one.errors.rmse for one in several])
        for name, several in with_ratings.items()
    }
    ndcg = {name: mean_of([one.ndcg for one in several]) for name, several in with_ratings.items()}
    return tuple(
        ColdStartMeans(
            name=name,
            rmse=rmse[name].estimate,
            rmse_difference=rmse[name].less(rmse[against]),
            ndcg=ndcg[name].estimate,
            ndcg_difference=ndcg[name].less(ndcg[against]),
        )
        for name in with_ratings
    )


def _without(lists: Ids, dropped: Ids) -> Ids:
    """Remove each user's ``dropped`` items from the lists; the items after them move up."""
    stays = ~(lists[:, :, None] == dropped[:, None, :]).any(axis=2)
    order = np.argsort(~stays, axis=1, kind="stable")
    kept = lists.copy()
    kept[~stays] = no_item(lists)
    return np.take_along_axis(kept, order, axis=1)
