"""Lists of made ratings with and without taste: ``python -m benchmarks.taste_weight``."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys import BoostedClusterMeans, Hybrid, MostLiked, Ratings, RatingScale, TasteGroups
from recsys.evaluation import evaluate_ranking

DRAWS = (0, 1, 2)

# The draws of the method itself had other seeds.
FIRST_SEED = 200

# The numbers that describe a user's taste and a film.
N_TASTES = 5


@dataclass(frozen=True)
class Kind:
    """Ratings of one kind.

    Users choose films by popularity and taste, and rate them by quality and taste.
    """

    name: str
    n_users: int
    n_films: int
    n_a_user: int  # the mean number of ratings
    taste: float  # how far tastes differ
    n_famous: int = 0  # the number of films that most users rate
    steepness: float = 1.0  # how fast popularity falls from film to film
    quality: float = 0.45  # how far films differ, in stars
    largest: float = 5.0  # of a scale from .5 in half stars
    likes_alone: bool = False

    def drawn(self, seed: int) -> Ratings:
        """Draw ratings of this kind."""
        rng = np.random.default_rng(seed)
        popularity = -self.steepness * np.log(np.arange(self.n_films) + 5.0)
        if self.n_famous:
            famous = 3.0 + 0.3 * rng.normal(size=self.n_famous)
            popularity[: self.n_famous] = popularity[0] + famous
        popularity += 0.3 * rng.normal(size=self.n_films)
        quality = self.quality * rng.normal(size=self.n_films)
        quality += 0.1 * (popularity - popularity.mean())
        users = rng.normal(size=(self.n_users, N_TASTES)) / np.sqrt(N_TASTES)
        films = rng.normal(size=(self.n_films, N_TASTES))
        rows = []
        for user, own in enumerate(users):
            liking = self.taste * (films @ own)
            n = int(
                np.clip(self.n_a_user * np.exp(0.8 * rng.normal() - 0.32), 5, self.n_films // 2)
            )
            wish = popularity + liking + rng.gumbel(size=self.n_films)
            chosen = rng.permutation(np.argpartition(-wish, n)[:n])
            stars = 3.5 + quality[chosen] + liking[chosen] / 2 + 0.4 * rng.normal()
            stars += 0.8 * rng.normal(size=n)
            rows.append(pd.DataFrame({"userId": user + 1, "movieId": chosen + 1, "rating": stars}))
        return self._ratings(pd.concat(rows, ignore_index=True))

    def _ratings(self, table: pd.DataFrame) -> Ratings:
        scale = RatingScale(0.5, self.largest, 0.5)
        on_scale = 0.5 + (self.largest - 0.5) / 4.5 * (table["rating"] - 0.5)
        table["rating"] = (2 * on_scale).round().clip(1, 2 * self.largest) / 2
        if self.likes_alone:
            return Ratings.from_frames(table.loc[table["rating"] >= 4, ["userId", "movieId"]])
        return Ratings.from_frames(table, scale=scale)


KINDS = (
    Kind("no taste, 400 users", 400, 500, 40, taste=0),
    Kind("no taste, 12 ratings a user", 600, 800, 12, taste=0),
    Kind("no taste, likes alone", 500, 500, 40, taste=0, likes_alone=True),
    Kind("no taste, 30 users", 30, 100, 25, taste=0),
    Kind("no taste, quality matters", 400, 500, 40, taste=0, steepness=0.5, quality=1.0),
    Kind("few famous, no taste", 1500, 2000, 20, taste=0, n_famous=40, largest=4),
    Kind("few famous, little taste", 1500, 2000, 20, taste=0.7, n_famous=40, largest=4),
    Kind("few famous, clear taste", 1500, 2000, 20, taste=1.2, n_famous=40, largest=4),
    Kind("little taste, likes alone", 500, 500, 40, taste=0.5, likes_alone=True),
    Kind("clear taste, 500 users", 500, 600, 40, taste=1.0),
)


def stars_of(seed: int) -> BoostedClusterMeans:
    """A rating model that is quick to fit."""
    return BoostedClusterMeans(n_chains=1, random_state=seed)


def groups_of(seed: int, weight: float | None) -> TasteGroups:
    return TasteGroups(rating_model=stars_of(seed), taste_weight=weight, random_state=seed)


MAKERS: dict[str, Callable[[int], object]] = {
    "MostLiked": lambda seed: MostLiked(),
    "TasteGroups, w = 1": lambda seed: groups_of(seed, 1.0),
    "TasteGroups": lambda seed: groups_of(seed, None),
    "Hybrid, w = 1": lambda seed: Hybrid(groups=groups_of(seed, 1.0)),
    "Hybrid": lambda seed: Hybrid(groups=groups_of(seed, None)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args(arguments)
    print("| Made ratings | w |", " | ".join(MAKERS), "|")
    print("|" + "---|" * (len(MAKERS) + 2))
    for kind in KINDS:
        found, weights = [], []
        for draw in DRAWS:
            ratings = kind.drawn(FIRST_SEED + draw)
            result = evaluate_ranking(MAKERS, ratings, seeds=(draw,))
            found.append([scores.ndcg.value for scores in result.scores])
            weights.append(groups_of(draw, None).fit(ratings)._taste_weight)
        cells = [f"{value:.4f}".lstrip("0") for value in np.mean(found, axis=0)]
        print(f"| {kind.name} | {np.mean(weights):.2f} |", " | ".join(cells), "|", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
