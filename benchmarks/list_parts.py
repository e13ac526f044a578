"""What each part of a list's score adds: ``python -m benchmarks.list_parts FOLDER``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys import Ratings, TasteGroups, load_ratings
from recsys.evaluation import last_by_time
from recsys.evaluation.intervals import measured_mean
from recsys.evaluation.metrics import coverage_at_k
from recsys.evaluation.ranking import LikedItems
from recsys.recommenders.ranking import known_users
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Floats, Users

SEEDS = (0, 1, 2)
DISCOUNTS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.9, 1.3)
K = 10

# The parts of the scores of some users.
Parts = dict[str, Floats]


class Lists:
    """The lists of a fitted recommender, from weighted parts of its scores."""

    def __init__(self, train: Ratings, wanted: LikedItems, seed: int) -> None:
        self.model = TasteGroups(random_state=seed, taste_weight=1.0).fit(train)
        self.wanted = wanted
        data = self.model.trained_on
        blocks = [known_users(self.model, rows) for rows in data.blocks(data.rows(wanted.user_ids))]
        self.scored = [(users, self.model._score_parts(users)) for users in blocks]
        self.names = list(self.scored[0][1])

    def measured(self, weights: dict[str, float]) -> tuple[Floats, float, float]:
        """NDCG of each user, coverage and novelty. A part without a weight has the weight 1."""
        data = self.model.trained_on
        best = np.concatenate([self._best(*block, weights) for block in self.scored])
        lists = data.matrix.movie_ids[best]
        novelty = float(np.mean(-np.log2(data.n_ratings[best] / data.n_users)))
        return self.wanted.ndcg(lists), coverage_at_k(lists, data.matrix.movie_ids), novelty

    def _best(self, users: Users, parts: Parts, weights: dict[str, float]) -> Floats:
        scores = sum(weights.get(name, 1.0) * part for name, part in parts.items())
        scores[:, self.model._user_groups.popularity == 0] = -np.inf
        scores[user_index_of(users.rated), users.rated.indices] = -np.inf
        return np.argsort(-scores, axis=1, kind="stable")[:, :K]


def row(every: Sequence[Sequence[Lists]], weights: dict[str, float]) -> tuple[Floats, float, float]:
    """What `Lists.measured` returns, averaged over the seeds of each split."""
    ndcg, coverage, novelty = [], [], []
    for of_split in every:
        found = [lists.measured(weights) for lists in of_split]
        ndcg.append(np.mean([of_users for of_users, _, _ in found], axis=0))
        coverage += [share for _, share, _ in found]
        novelty += [bits for _, _, bits in found]
    return np.concatenate(ndcg), float(np.mean(coverage)), float(np.mean(novelty))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.list_parts", description=__doc__)
    parser.add_argument("data", type=Path, help="folder, zip or file of ratings")
    outer = last_by_time(load_ratings(parser.parse_args(arguments).data))
    inner = last_by_time(outer.train)
    splits = {"inner splits": (inner, last_by_time(inner.train)), "last fifth": (outer,)}
    for name, some in splits.items():
        every = [
            [
                Lists(split.train, LikedItems.of(split.test, split.train.scale), seed)
                for seed in SEEDS
            ]
            for split in some
        ]
        *parts, rare = every[0][0].names
        discount = every[0][0].model.popularity_discount
        variants: dict[str, dict[str, float]] = {"all parts": {}}
        variants |= {f"without: {part}": {part: 0.0} for part in parts}
        variants |= {f"popularity_discount={d:g}": {rare: d / discount} for d in DISCOUNTS}
        print(f"{name}: NDCG@{K}, its difference from all parts (95 %), coverage, novelty")
        whole, _, _ = row(every, {})
        for variant, weights in variants.items():
            ndcg, coverage, novelty = row(every, weights)
            less = measured_mean(ndcg - whole, 0).estimate
            between = f"{less.value:+.4f} ({less.low:+.4f} to {less.high:+.4f})"
            print(f"{ndcg.mean():.4f}  {between}  {coverage:.3f}  {novelty:.2f}  {variant}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
