"""Results of evaluations: one entry per recommender, also as a table."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from recsys.evaluation.intervals import Estimate
from recsys.evaluation.splits import SplitBy


@dataclass(frozen=True)
class RatingScores:
    """Errors of a recommender's predicted ratings.

    Attributes
    ----------
    name : str
    rmse, mae : Estimate
        Root mean squared error and mean absolute error; each is the mean over the folds.
    rmse_difference, mae_difference : Estimate
        The errors less those of the reference, with paired intervals.
    fit_seconds, predict_seconds : float
        CPU seconds to fit and to predict one fold, the median over the folds.
    n_rows, n_users : int
        Number of predicted ratings, and number of users who gave them.
    """

    name: str
    rmse: Estimate
    rmse_difference: Estimate
    mae: Estimate
    mae_difference: Estimate
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
        Means over users of each user's mean over seeds.
    ndcg_difference, recall_difference : Estimate
        These less those of the reference, with paired intervals.
    coverage : float
        Share of the training items that are in at least one list.
    diversity : float
        How much the items of a list differ (:meth:`.Catalogue.diversity`).
    novelty : float
        How few users rated the listed items (:meth:`.Catalogue.novelty`).
        Coverage, diversity and novelty are means over seeds.
    fit_seconds, predict_seconds : float
        CPU seconds to fit and to make all lists, the median over seeds.
    n_rows, n_users : int
        Number of held-out ratings that say "liked", and number of users who gave them.
    """

    name: str
    ndcg: Estimate
    ndcg_difference: Estimate
    recall: Estimate
    recall_difference: Estimate
    coverage: float
    diversity: float
    novelty: float
    fit_seconds: float
    predict_seconds: float
    n_rows: int
    n_users: int


@dataclass(frozen=True)
class ColdStartScores:
    """How well a recommender predicts and ranks for cold-start users.

    Attributes
    ----------
    name : str
    n_shown : int
        Number of ratings that each user shows.
    rmse, mae : Estimate
        Root mean squared error and mean absolute error over all test rows. They are NaN if the
        recommender only makes lists.
    ndcg, recall : Estimate
        Means over the users who liked an item in the test rows.
    rmse_difference, mae_difference, ndcg_difference, recall_difference : Estimate
        These less those of the reference with the same ``n_shown``, with paired intervals.
    coverage, diversity, novelty : float
        As in :class:`RankingScores`.
    fit_seconds : float
        CPU seconds of the one fit, which serves every ``n_shown``.
    predict_seconds : float
        CPU seconds to predict all test rows and make all lists.
    n_rows, n_users : int
        Number of predicted ratings, and number of users who gave them.
    """

    name: str
    n_shown: int
    rmse: Estimate
    rmse_difference: Estimate
    mae: Estimate
    mae_difference: Estimate
    ndcg: Estimate
    ndcg_difference: Estimate
    recall: Estimate
    recall_difference: Estimate
    coverage: float
    diversity: float
    novelty: float
    fit_seconds: float
    predict_seconds: float
    n_rows: int
    n_users: int


@dataclass(frozen=True)
class ColdStartMeans:
    """Means of a recommender's figures over the numbers of shown ratings, without 0.

    Attributes
    ----------
    name : str
    rmse, ndcg : Estimate
        RMSE is NaN if the recommender only makes lists.
    rmse_difference, ndcg_difference : Estimate
        These less those of the reference, with paired intervals.
    """

    name: str
    rmse: Estimate
    rmse_difference: Estimate
    ndcg: Estimate
    ndcg_difference: Estimate


@dataclass(frozen=True)
class RatingEvaluation:
    """Predicted ratings compared with held-out ratings.

    Attributes
    ----------
    scores : tuple of RatingScores
    against : str
        The reference: the name of the recommender that the differences are from.
    n_folds, seed : int
    """

    scores: tuple[RatingScores, ...]
    against: str
    n_folds: int
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row per recommender; intervals are in columns such as rmse_low and rmse_high."""
        return _frame(RatingScores, self.scores, against=self.against)


@dataclass(frozen=True)
class RankingEvaluation:
    """Lists compared with the held-out items that users liked.

    Attributes
    ----------
    scores : tuple of RankingScores
    against : str
        The reference: the name of the recommender that the differences are from.
    split : {"time", "random", "order"}
        Which fifth of each user's ratings was held out (:func:`recsys.evaluation.user_fifths`).
    k : int
        Items in a list.
    seeds : tuple of int
    """

    scores: tuple[RankingScores, ...]
    against: str
    split: SplitBy
    k: int
    seeds: tuple[int, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per recommender; intervals are in columns such as ndcg_low and ndcg_high."""
        return _frame(RankingScores, self.scores, against=self.against, split=self.split)


@dataclass(frozen=True)
class ColdStartEvaluation:
    """Predicted ratings and lists for cold-start users, compared with their test rows.

    Attributes
    ----------
    scores : tuple of ColdStartScores
    means : tuple of ColdStartMeans
        One per recommender. There is none if nobody showed a rating.
    against : str
        The reference: the name of the recommender that the differences are from.
    k : int
        Items in a list.
    seed : int
    n_too_few : int
        Number of held-out users whose ratings are too few to leave test rows.
    """

    scores: tuple[ColdStartScores, ...]
    means: tuple[ColdStartMeans, ...]
    against: str
    k: int
    seed: int
    n_too_few: int

    def to_frame(self) -> pd.DataFrame:
        """One row per recommender and number of shown ratings."""
        return _frame(ColdStartScores, self.scores, against=self.against)


def _frame(kind: type, scores: Sequence[Any], **constants: str) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {}
    for field in fields(kind):
        values = [getattr(score, field.name) for score in scores]
        if field.type is Estimate:
            columns[field.name] = [value.value for value in values]
            columns[f"{field.name}_low"] = [value.low for value in values]
            columns[f"{field.name}_high"] = [value.high for value in values]
        else:
            columns[field.name] = values
    return pd.DataFrame(columns).assign(**constants)
