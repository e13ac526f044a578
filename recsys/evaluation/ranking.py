"""Recommenders held against each other by the lists they make."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import Ratings
from recsys.data.scale import RatingScale, liked
from recsys.evaluation.answers import OnStep, RanksFilms, checked_lists, timed
from recsys.evaluation.intervals import mean_estimate
from recsys.evaluation.metrics import coverage_at_k, hits_at_k, ndcg_at_k, recall_at_k
from recsys.evaluation.results import RankingEvaluation, RankingScores
from recsys.evaluation.splits import last_by_time

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LikedFilms:
    """Films that were held out and liked, and by whom.

    Attributes
    ----------
    user_ids : ndarray of shape (n_users,), int64
        Who liked any, ascending.
    rows : ndarray of shape (n_liked,), int
        Place in ``user_ids`` of who liked each film.
    movie_ids : ndarray of shape (n_liked,), int64
    """

    user_ids: Ints
    rows: npt.NDArray[np.intp]
    movie_ids: Ints

    @classmethod
    def of(cls, test: pd.DataFrame, scale: RatingScale) -> Self:
        """The rows of a test part that say "liked"; ValueError where there are none."""
        films = test[liked(test["rating"].to_numpy(), scale)]
        if films.empty:
            raise ValueError("nobody liked a film that was held out")
        rows, user_ids = pd.factorize(films["userId"].to_numpy(), sort=True)
        return cls(user_ids, rows, films["movieId"].to_numpy())

    def ndcg(self, lists: Ints) -> Floats:
        """NDCG of each user's list; the lists are in the order of ``user_ids``."""
        return ndcg_at_k(hits_at_k(lists, self.rows, self.movie_ids), np.bincount(self.rows))

    def recall(self, lists: Ints) -> Floats:
        """Recall of each user's list; the lists are in the order of ``user_ids``."""
        return recall_at_k(hits_at_k(lists, self.rows, self.movie_ids), np.bincount(self.rows))


def evaluate_ranking(
    makers: Mapping[str, Callable[[int], RanksFilms]],
    ratings: Ratings,
    *,
    k: int = 10,
    seeds: Sequence[int] = (0, 1, 2),
    on_step: OnStep = lambda name: None,
) -> RankingEvaluation:
    """How well recommenders' lists foretell the films that users came to like.

    Each user's last fifth by time is held out (:func:`recsys.evaluation.last_by_time`), and all
    films that the user has not rated in the training part can be listed. Relevant are the films
    held out that got at least .8 of the scale's largest rating, even those that nobody in the
    training part rated; users without any are left out.

    Parameters
    ----------
    makers : mapping of str to callable
        By name: given a seed, an unfitted recommender.
    ratings : Ratings
    k : int, default 10
        Films in a list.
    seeds : sequence of int, default (0, 1, 2)
        Each recommender is made with each; the first also draws the intervals, which are over
        users only.
    on_step : callable, optional
        Called with the name of each recommender and its seed as its turn begins.

    Returns
    -------
    RankingEvaluation

    Raises
    ------
    ValueError
        If nothing can be held out, nobody liked what was, no seed is given, ``k`` is below 1, or
        a recommender's lists are not ``k`` different films for each user.
    """
    if k < 1 or not seeds:
        raise ValueError(f"at least one film and one seed are needed, not k={k}, seeds={seeds}")
    split = last_by_time(ratings)
    wanted = LikedFilms.of(split.test, ratings.scale)
    films = np.unique(split.train.ratings["movieId"].to_numpy())
    scores = []
    for name, make in makers.items():
        runs = []
        for seed in seeds:
            on_step(f"{name}, seed {seed}")
            runs.append(_run_ranking(name, make(seed), split.train, wanted, k))
        scores.append(
            RankingScores(
                name=name,
                ndcg=mean_estimate(_mean([wanted.ndcg(run.lists) for run in runs]), seeds[0]),
                recall=mean_estimate(_mean([wanted.recall(run.lists) for run in runs]), seeds[0]),
                coverage=float(np.mean([coverage_at_k(run.lists, films) for run in runs])),
                fit_seconds=float(np.median([run.fit_seconds for run in runs])),
                predict_seconds=float(np.median([run.predict_seconds for run in runs])),
                n_rows=len(wanted.movie_ids),
                n_users=len(wanted.user_ids),
            )
        )
    return RankingEvaluation(tuple(scores), k, tuple(seeds))


@dataclass(frozen=True, eq=False)
class _RankingRun:
    lists: Ints
    fit_seconds: float
    predict_seconds: float


def _run_ranking(
    name: str, model: RanksFilms, train: Ratings, wanted: LikedFilms, k: int
) -> _RankingRun:
    fitted = timed(model.fit, train)
    ranked = timed(model.top, wanted.user_ids, k)
    lists = checked_lists(name, ranked.answer, len(wanted.user_ids), k)
    return _RankingRun(lists, fitted.seconds, ranked.seconds)


def _mean(runs: Sequence[Floats]) -> Floats:
    """Each user's mean over runs."""
    means: Floats = np.mean(runs, axis=0)
    return means
