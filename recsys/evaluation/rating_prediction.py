"""Compares recommenders by the ratings they predict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import add
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.ratings import Ratings
from recsys.evaluation.intervals import MeasuredErrors, measured_errors
from recsys.evaluation.metrics import ErrorsByUser, errors_by_user
from recsys.evaluation.protocols import (
    OnStep,
    PredictsRatings,
    checked_predictions,
    reference_of,
    timed,
)
from recsys.evaluation.results import RatingEvaluation, RatingScores
from recsys.evaluation.splits import N_FOLDS, Split, row_folds
from recsys.recommenders.training import check_predicts


def evaluate_ratings(
    makers: Mapping[str, Callable[[int], PredictsRatings]],
    ratings: Ratings,
    *,
    seed: int = 0,
    n_folds: int = N_FOLDS,
    against: str | None = None,
    on_step: OnStep = lambda name: None,
) -> RatingEvaluation:
    """Compare recommenders by how far their predictions are from ratings they have not seen.

    Each fold is a fifth of the rows (:func:`recsys.evaluation.row_folds`). The evaluation clips
    predictions to the scale. The seconds of a process's first fit may include compiling.

    Parameters
    ----------
    makers : mapping of str to callable
        Names of recommenders, and functions that make each one, unfitted, from a seed.
    ratings : Ratings
    seed : int, default 0
        Seed of the folds, the recommenders and the intervals.
    n_folds : int, default 5
        How many folds to test; the first ``n_folds`` of the five are taken.
    against : str, optional
        The name of the reference: differences of all recommenders are from this one. The default is
        the first.
    on_step : callable, optional
        Called with the name of each recommender and the number of the fold before its fit.

    Returns
    -------
    RatingEvaluation

    Raises
    ------
    ValueError
        If ``n_folds`` is not 1 to 5, there are fewer than 5 ratings, the ratings are likes or
        counts, ``against`` is not among the names, or a recommender does not return one finite
        number for each pair.

    Examples
    --------
    >>> from recsys import ClusterMeanRecommender, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> makers = {"cluster mean": lambda seed: ClusterMeanRecommender(3, random_state=seed)}
    >>> found = evaluate_ratings(makers, ratings, n_folds=1)
    >>> found.to_frame()[["name", "n_rows", "n_users"]]
               name  n_rows  n_users
    0  cluster mean     180       39
    """
    if not 1 <= n_folds <= N_FOLDS:
        raise ValueError(f"n_folds must be 1 to {N_FOLDS}, not {n_folds}")
    check_predicts(ratings.scale)
    against = reference_of(makers, against)
    known_ids = pd.Index(np.unique(ratings.ratings["userId"].to_numpy()))
    runs: dict[str, list[_FoldRun]] = {name: [] for name in makers}
    for number, split in enumerate(islice(row_folds(ratings, seed), n_folds), start=1):
        for name, make in makers.items():
            on_step(f"{name}, fold {number}")
            runs[name].append(_run_fold(name, make(seed), split, known_ids))
    measured = {name: _measured(runs[name], seed) for name in makers}
    scores = tuple(
        _rating_scores(name, runs[name], measured[name], measured[against]) for name in makers
    )
    return RatingEvaluation(scores, against, n_folds, seed)


@dataclass(frozen=True, eq=False)
class _FoldRun:
    errors: ErrorsByUser
    fit_seconds: float
    predict_seconds: float


def _run_fold(
    name: str, model: PredictsRatings, split: Split, known_ids: "pd.Index[Any]"
) -> _FoldRun:
    user_ids, movie_ids = (split.test[column].to_numpy() for column in ("userId", "movieId"))
    fitted = timed(model.fit, split.train)
    predicted = timed(model.predict, user_ids, movie_ids)
    predictions = checked_predictions(name, predicted.answer, len(user_ids), split.train.scale)
    users = known_ids.get_indexer(pd.Index(user_ids))
    errors = errors_by_user(users, split.test["rating"].to_numpy(), predictions, len(known_ids))
    return _FoldRun(errors, fitted.seconds, predicted.seconds)


def _measured(runs: Sequence[_FoldRun], seed: int) -> MeasuredErrors:
    """The mean errors over the folds. The draws are over all folds together."""
    together = measured_errors(reduce(add, (run.errors for run in runs)), seed)
    return MeasuredErrors(
        rmse=together.rmse.around(float(np.mean([run.errors.rmse for run in runs]))),
        mae=together.mae.around(float(np.mean([run.errors.mae for run in runs]))),
    )


def _rating_scores(
    name: str, runs: Sequence[_FoldRun], measured: MeasuredErrors, reference: MeasuredErrors
) -> RatingScores:
    n_rows = reduce(add, (run.errors.n_rows for run in runs))
    return RatingScores(
        name=name,
        rmse=measured.rmse.estimate,
        rmse_difference=measured.rmse.less(reference.rmse),
        mae=measured.mae.estimate,
        mae_difference=measured.mae.less(reference.mae),
        fit_seconds=float(np.median([run.fit_seconds for run in runs])),
        predict_seconds=float(np.median([run.predict_seconds for run in runs])),
        n_rows=int(n_rows.sum()),
        n_users=int((n_rows > 0).sum()),
    )
