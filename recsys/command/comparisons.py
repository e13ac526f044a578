"""Tables of compared recommenders, for people: a figure and its interval share a cell."""

from itertools import groupby
from typing import Any, Literal

import numpy as np
import pandas as pd

from recsys.evaluation.intervals import Estimate
from recsys.evaluation.results import (
    ColdStartEvaluation,
    ColdStartScores,
    RankingEvaluation,
    RatingEvaluation,
)
from recsys.words import counted

Evaluation = RatingEvaluation | RankingEvaluation | ColdStartEvaluation

# The figures of a table and their titles. `{k}` is the number of items in a list.
TITLES = {
    "rmse": "RMSE (95 %)",
    "rmse_difference": "difference of RMSE (95 %)",
    "mae": "MAE (95 %)",
    "ndcg": "NDCG@{k} (95 %)",
    "ndcg_difference": "difference of NDCG@{k} (95 %)",
    "recall": "recall@{k} (95 %)",
    "coverage": "coverage",
    "diversity": "diversity",
    "novelty": "novelty",
    "fit_seconds": "fit, s",
    "predict_seconds": "answers, s",
}


def tables(found: Evaluation) -> list[pd.DataFrame]:
    """The tables of an evaluation: one, or two for the cold start, without those that are empty."""
    if not isinstance(found, ColdStartEvaluation):
        return [_by_recommender(found)]
    by_shown = [_by_shown(found, "rmse", "RMSE"), _by_shown(found, "ndcg", f"NDCG@{found.k}")]
    return [table for table in by_shown if len(table)]


def how_to_read(found: Evaluation) -> str:
    """What the tables were counted from, and what their differences are."""
    score = found.scores[0]
    counts = f"{counted(score.n_rows, 'rating')} by {counted(score.n_users, 'user')}"
    if isinstance(found, ColdStartEvaluation):
        return f"{counts}; * marks a difference from {found.against} whose interval is without 0"
    return (
        f"{counts}; differences are from {found.against} (none can be claimed if its interval "
        "holds 0)"
    )


def _by_recommender(found: RatingEvaluation | RankingEvaluation) -> pd.DataFrame:
    k = found.k if isinstance(found, RankingEvaluation) else None
    rows = []
    for score in found.scores:
        row: dict[str, Any] = {"recommender": score.name}
        for name, title in TITLES.items():
            if not hasattr(score, name):
                continue
            figure = getattr(score, name)
            if name.endswith("_difference"):
                figure = "reference" if score.name == found.against else _cell(figure, "+")
            elif isinstance(figure, Estimate):
                figure = _cell(figure)
            else:
                figure = round(figure, 2 if name.endswith("_seconds") else 4)
            row[title.format(k=k)] = figure
        rows.append(row)
    return pd.DataFrame(rows)


def _by_shown(
    found: ColdStartEvaluation, measure: Literal["rmse", "ndcg"], title: str
) -> pd.DataFrame:
    """One row per recommender and one column per number of shown ratings, then their mean.

    A star marks a difference whose interval does not hold 0.
    """
    means = {mean.name: mean for mean in found.means}
    rows = []
    for name, scores in groupby(found.scores, key=lambda score: score.name):
        row = {f"{title} by ratings shown": name}
        row |= {str(score.n_shown): _marked(score, measure) for score in scores}
        if name in means:
            row["mean without 0"] = f"{getattr(means[name], measure).value:.4f}"
            difference = _cell(getattr(means[name], f"{measure}_difference"), "+")
            row["difference of mean (95 %)"] = "reference" if name == found.against else difference
        if "nan" not in row.values():
            rows.append(row)
    return pd.DataFrame(rows)


def _marked(score: ColdStartScores, measure: str) -> str:
    difference: Estimate = getattr(score, f"{measure}_difference")
    star = "*" if difference.low > 0 or difference.high < 0 else ""
    return f"{getattr(score, measure).value:.4f}{star}"


def _cell(figure: Estimate, sign: str = "") -> str:
    if np.isnan(figure.low):
        return f"{figure.value:{sign}.4f} (no interval: one user)"
    return f"{figure.value:{sign}.4f} ({figure.low:{sign}.4f} to {figure.high:{sign}.4f})"
