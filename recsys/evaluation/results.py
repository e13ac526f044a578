"""What an evaluation found: one entry a recommender, and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from recsys.evaluation.intervals import Estimate


@dataclass(frozen=True)
class RatingScores:
    """How far off a recommender's stars are.

    Attributes
    ----------
    name : str
    rmse : Estimate
        Stars: the mean over the folds of the root of the mean squared error.
    mae : Estimate
        Stars: the mean over the folds of the mean absolute error.
    fit_seconds, predict_seconds : float
        CPU seconds of fitting and of predicting one fold, the median over the folds.
    n_rows, n_users : int
        Ratings that were predicted, and whose they are.
    """

    name: str
    rmse: Estimate
    mae: Estimate
    fit_seconds: float
    predict_seconds: float
    n_rows: int
    n_users: int


@dataclass(frozen=True)
class RankingScores:
    """How good a recommender's lists are.

    Attributes
    ----------
    name : str
    ndcg, recall : Estimate
        Means over users, of the mean over seeds.
    coverage : float
        Share of the training films that are in anybody's list, the mean over seeds.
    fit_seconds, predict_seconds : float
        CPU seconds of fitting and of making all lists, the median over seeds.
    n_rows, n_users : int
        Liked films that were held out, and whose they are.
    """

    name: str
    ndcg: Estimate
    recall: Estimate
    coverage: float
    fit_seconds: float
    predict_seconds: float
    n_rows: int
    n_users: int


@dataclass(frozen=True)
class NewPeopleScores:
    """What a recommender knows of people who show it some ratings.

    Attributes
    ----------
    name : str
    n_shown : int
        Ratings that each of them shows.
    rmse, mae : Estimate
        Stars, over all rows.
    ndcg, recall : Estimate
        Means over the people who liked a film that was held out.
    coverage : float
        Share of the training films that are in anybody's list.
    fit_seconds, predict_seconds : float
        CPU seconds of fitting, once for every ``n_shown``, and of predicting and listing for all.
    n_rows, n_users : int
        Ratings that were predicted, and whose they are.
    """

    name: str
    n_shown: int
    rmse: Estimate
    mae: Estimate
    ndcg: Estimate
    recall: Estimate
    coverage: float
    fit_seconds: float
    predict_seconds: float
    n_rows: int
    n_users: int


@dataclass(frozen=True)
class RatingEvaluation:
    """Predicted stars against those that were held out.

    Attributes
    ----------
    scores : tuple of RatingScores
    n_folds, seed : int
    """

    scores: tuple[RatingScores, ...]
    n_folds: int
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row a recommender; ends of intervals as rmse_low, rmse_high and so on."""
        return _frame(RatingScores, self.scores)


@dataclass(frozen=True)
class RankingEvaluation:
    """Lists of films against the films that users came to like.

    Attributes
    ----------
    scores : tuple of RankingScores
    k : int
        Films in a list.
    seeds : tuple of int
    """

    scores: tuple[RankingScores, ...]
    k: int
    seeds: tuple[int, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a recommender; ends of intervals as ndcg_low, ndcg_high and so on."""
        return _frame(RankingScores, self.scores)


@dataclass(frozen=True)
class NewPeopleEvaluation:
    """Both, for people who were not there when the recommender was fitted.

    Attributes
    ----------
    scores : tuple of NewPeopleScores
    k : int
        Films in a list.
    seed : int
    n_too_few : int
        People held out who have too few ratings to be asked about any.
    """

    scores: tuple[NewPeopleScores, ...]
    k: int
    seed: int
    n_too_few: int

    def to_frame(self) -> pd.DataFrame:
        """One row a recommender and number of ratings shown."""
        return _frame(NewPeopleScores, self.scores)


def _frame(kind: type, scores: Sequence[Any]) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {}
    for field in fields(kind):
        values = [getattr(score, field.name) for score in scores]
        if field.type is Estimate:
            columns[field.name] = [value.value for value in values]
            columns[f"{field.name}_low"] = [value.low for value in values]
            columns[f"{field.name}_high"] = [value.high for value in values]
        else:
            columns[field.name] = values
    return pd.DataFrame(columns)
