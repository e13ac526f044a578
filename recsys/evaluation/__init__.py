"""Compares recommenders on ratings they have not seen."""

from recsys.evaluation.cold_start import evaluate_cold_start
from recsys.evaluation.protocols import (
    PredictsForColdStart,
    PredictsRatings,
    RanksItems,
    SupportsColdStart,
)
from recsys.evaluation.ranking import evaluate_ranking
from recsys.evaluation.rating_prediction import evaluate_ratings
from recsys.evaluation.registry import default_recommenders
from recsys.evaluation.results import ColdStartEvaluation, RankingEvaluation, RatingEvaluation
from recsys.evaluation.splits import (
    Split,
    UserHoldout,
    last_by_time,
    row_folds,
    user_fifths,
    whole_users,
)

__all__ = [
    "ColdStartEvaluation",
    "PredictsForColdStart",
    "PredictsRatings",
    "RankingEvaluation",
    "RanksItems",
    "RatingEvaluation",
    "Split",
    "SupportsColdStart",
    "UserHoldout",
    "default_recommenders",
    "evaluate_cold_start",
    "evaluate_ranking",
    "evaluate_ratings",
    "last_by_time",
    "row_folds",
    "user_fifths",
    "whole_users",
]
