"""Compares recommenders on ratings they have not seen."""

from recsys.evaluation.answers import PredictsRatings, RanksFilms, TakesNewPeople
from recsys.evaluation.new_people import evaluate_new_people
from recsys.evaluation.ranking import evaluate_ranking
from recsys.evaluation.rating_prediction import evaluate_ratings
from recsys.evaluation.registry import default_recommenders
from recsys.evaluation.results import NewPeopleEvaluation, RankingEvaluation, RatingEvaluation
from recsys.evaluation.splits import NewPeople, Split, last_by_time, row_folds, whole_users

__all__ = [
    "NewPeople",
    "NewPeopleEvaluation",
    "PredictsRatings",
    "RankingEvaluation",
    "RanksFilms",
    "RatingEvaluation",
    "Split",
    "TakesNewPeople",
    "default_recommenders",
    "evaluate_new_people",
    "evaluate_ranking",
    "evaluate_ratings",
    "last_by_time",
    "row_folds",
    "whole_users",
]
