"""Compares recommenders by the lists they make."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Ids
from recsys.data.ratings import Floats, Ratings
from recsys.data.scale import RatingScale, liked
from recsys.evaluation.catalogue import Catalogue
from recsys.evaluation.intervals import Measured, measured_mean
from recsys.evaluation.metrics import hits_at_k, ndcg_at_k, recall_at_k
from recsys.evaluation.protocols import OnStep, RanksItems, checked_lists, reference_of, timed
from recsys.evaluation.results import RankingEvaluation, RankingScores
from recsys.evaluation.splits import SplitBy, split_of, user_fifths


@dataclass(frozen=True, eq=False)
class LikedItems:
    """Pairs of a user and a held-out item that the user liked.

    ``user_ids`` ascends. ``rows`` holds the user of each pair, as a position in ``user_ids``.
    """

    user_ids: Ids
    rows: npt.NDArray[np.intp]
    movie_ids: Ids

    @classmethod
    def of(cls, test: pd.DataFrame, scale: RatingScale) -> Self:
        """The pairs whose rating in a test part says "liked"; ValueError if there is no pair."""
        pairs = test[liked(test["rating"].to_numpy(), scale)]
        if pairs.empty:
            raise ValueError(
                "no user liked a held-out item, so lists cannot be scored; "
                f"add ratings of at least {scale.likes_from:g}"
            )
        rows, user_ids = pd.factorize(pairs["userId"].to_numpy(), sort=True)
        return cls(user_ids, rows, pairs["movieId"].to_numpy())

    def ndcg(self, lists: Ids) -> Floats:
        """NDCG of each user's list; the lists are in the order of ``user_ids``."""
        return ndcg_at_k(hits_at_k(lists, self.rows, self.movie_ids), np.bincount(self.rows))

    def recall(self, lists: Ids) -> Floats:
        """Recall of each user's list; the lists are in the order of ``user_ids``."""
        return recall_at_k(hits_at_k(lists, self.rows, self.movie_ids), np.bincount(self.rows))


def evaluate_ranking(
    makers: Mapping[str, Callable[[int], RanksItems]],
    ratings: Ratings,
    *,
    k: int = 10,
    seeds: Sequence[int] = (0, 1, 2),
    split: SplitBy | None = None,
    against: str | None = None,
    on_step: OnStep = lambda name: None,
) -> RankingEvaluation:
    """Compare recommenders by how well their lists predict the items that users came to like.

    The evaluation holds out a fifth of each user's ratings (:func:`recsys.evaluation.user_fifths`).
    A recommender may list every item that the user has not rated in the training part. A held-out
    item is relevant if its rating is a like (:attr:`recsys.RatingScale.likes_from`), even if no
    user rated it in the training part. Users without relevant items are left out.

    Parameters
    ----------
    makers : mapping of str to callable
        Names of recommenders, and functions that make each one, unfitted, from a seed.
    ratings : Ratings
    k : int, default 10
        Items in a list.
    seeds : sequence of int, default (0, 1, 2)
        Each recommender is fitted once with each seed. The first seed also draws the intervals,
        which are over users only, and the held-out ratings of a random split.
    split : {"time", "random", "order"}, optional
        Which fifth to hold out: the last by time, a random one, or the last in the order of the
        file. The default is "time" if the ratings have times, and "random" otherwise.
    against : str, optional
        The name of the reference: differences of all recommenders are from this one. The default is
        the first.
    on_step : callable, optional
        Called with the name and the seed of each recommender before its fit.

    Returns
    -------
    RankingEvaluation

    Raises
    ------
    ValueError
        If no rating can be held out, no held-out rating says "liked", no seed is given, ``k`` is
        below 1, ``split`` is "time" and there are no times, ``against`` is not among the names, or
        a recommender's lists are not ``k`` different items for each user.

    Examples
    --------
    >>> from recsys import MostLiked, make_ratings
    >>> from recsys.evaluation.peers import EASE
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> makers = {"most liked": lambda seed: MostLiked(), "EASE": lambda seed: EASE(ridge=20)}
    >>> found = evaluate_ranking(makers, ratings, seeds=(0,))
    >>> found.split, found.against
    ('time', 'most liked')
    >>> most_liked, ease = found.scores
    >>> ease.ndcg_difference.value == ease.ndcg.value - most_liked.ndcg.value
    True
    """
    if k < 1 or not seeds:
        raise ValueError(
            f"ranking needs k of at least 1 and at least one seed, not k={k}, seeds={seeds}"
        )
    against = reference_of(makers, against)
    by = split or split_of(ratings)
    parts = user_fifths(ratings, by, seeds[0])
    wanted = LikedItems.of(parts.test, ratings.scale)
    catalogue = Catalogue.of(parts.train)
    runs: dict[str, list[_RankingRun]] = {name: [] for name in makers}
    for name, make in makers.items():
        for seed in seeds:
            on_step(f"{name}, seed {seed}")
            runs[name].append(_run_ranking(name, make(seed), parts.train, wanted, k))
    hits = {name: _measured(runs[name], wanted, seeds[0]) for name in makers}
    scores = [
        RankingScores(
            name=name,
            ndcg=hits[name].ndcg.estimate,
            ndcg_difference=hits[name].ndcg.less(hits[against].ndcg),
            recall=hits[name].recall.estimate,
            recall_difference=hits[name].recall.less(hits[against].recall),
            coverage=float(np.mean([catalogue.coverage(run.lists) for run in runs[name]])),
            diversity=float(np.mean([catalogue.diversity(run.lists) for run in runs[name]])),
            novelty=float(np.mean([catalogue.novelty(run.lists) for run in runs[name]])),
            fit_seconds=float(np.median([run.fit_seconds for run in runs[name]])),
            predict_seconds=float(np.median([run.predict_seconds for run in runs[name]])),
            n_rows=len(wanted.movie_ids),
            n_users=len(wanted.user_ids),
        )
        for name in makers
    ]
    return RankingEvaluation(tuple(scores), against, by, k, tuple(seeds))


@dataclass(frozen=True, eq=False)
class MeasuredHits:
    """NDCG and recall of lists."""

    ndcg: Measured
    recall: Measured


@dataclass(frozen=True, eq=False)
class _RankingRun:
    lists: Ids
    fit_seconds: float
    predict_seconds: float


def _run_ranking(
    name: str, model: RanksItems, train: Ratings, wanted: LikedItems, k: int
) -> _RankingRun:
    fitted = timed(model.fit, train)
    ranked = timed(model.top, wanted.user_ids, k)
    lists = checked_lists(name, ranked.answer, len(wanted.user_ids), k)
    return _RankingRun(lists, fitted.seconds, ranked.seconds)


def _measured(runs: Sequence[_RankingRun], wanted: LikedItems, seed: int) -> MeasuredHits:
    """Means over users of each user's mean over runs."""
    ndcg, recall = (
        np.mean([measure(run.lists) for run in runs], axis=0)
        for measure in (wanted.ndcg, wanted.recall)
    )
    return MeasuredHits(measured_mean(ndcg, seed), measured_mean(recall, seed))
