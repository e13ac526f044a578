"""Study: the ratings of a report, and what several sections need, computed when asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recsys.analysis.descriptions import GroupDescription, describe_groups
from recsys.analysis.sureness import Sureness, silhouettes, sureness
from recsys.analysis.taste import RESTARTS, TasteClusters, cluster_users, likes_of
from recsys.data.ids import Id
from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import Ratings
from recsys.evaluation.stored import (
    StoredEvaluation,
    read_evaluation,
    shipped_evaluation,
)
from recsys.recommenders.hybrid import Hybrid
from recsys.recommenders.pocket_groups import PocketGroups
from recsys.report.steps import Steps
from recsys.words import counted

# Groups, maps and lists are made from all people, or from as many as have about this many ratings.
MOST_RATINGS = 1_000_000

# Groups and maps are made of this many films.
MOST_RATED = 1_000

# The number of groups by likes (see `recsys.command.parsers.N_GROUPS`).
N_GROUPS = 6

# By default there are fewer groups if they would have fewer people on average: nothing is told of
# the taste of fewer than 10 people.
LEAST_PEOPLE = 10


@dataclass(frozen=True)
class Options:
    """What the caller asked of a report; see `recsys.write_report`."""

    seed: int = 0
    user_id: Id | None = None
    genres: Sequence[str] | None = None
    n_groups: int | None = None
    with_people: bool = False
    evaluation: Path | None = None
    command: str = ""
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Tastes:
    """Groups of people by what they liked, what each likes more and less, and how sure they are."""

    clusters: TasteClusters
    described: tuple[GroupDescription, ...]
    sure: Sureness
    # The silhouette of each person, or of a sample, and their rows in the matrix.
    rows: npt.NDArray[np.intp]
    silhouettes: npt.NDArray[np.float64]


class Study:
    """What a report is about. Each attribute is computed once, and its time is counted as a step.

    Attributes
    ----------
    ratings : Ratings
        All ratings.
    options : Options
    steps : Steps
    """

    def __init__(self, ratings: Ratings, options: Options, steps: Steps) -> None:
        self.ratings = ratings
        self.options = options
        self.steps = steps

    @property
    def is_invented(self) -> bool:
        """Whether the ratings are made by `recsys.make_ratings`, and not by people."""
        return self.ratings.source.startswith("built-in data set")

    @cached_property
    def sample(self) -> Ratings:
        """All ratings, or those of people drawn by chance if there are more than MOST_RATINGS."""
        table = self.ratings.ratings
        if len(table) <= MOST_RATINGS:
            return self.ratings
        with self.steps.step("sample of people"):
            codes, user_ids = table["userId"].factorize()
            n_drawn = max(1, len(user_ids) * MOST_RATINGS // len(table))
            rng = np.random.default_rng(self.options.seed)
            drawn = np.zeros(len(user_ids), dtype=np.bool_)
            drawn[rng.choice(len(user_ids), n_drawn, replace=False)] = True
            return replace(self.ratings, ratings=table[drawn[codes]].reset_index(drop=True))

    @property
    def sample_note(self) -> str:
        """A sentence about the sample; empty if all people count."""
        if self.sample is self.ratings:
            return ""
        drawn = counted(self.sample.n_users, "person", "people")
        return f"This is measured on {drawn}, drawn by chance from all {self.ratings.n_users:,}."

    @cached_property
    def most_rated(self) -> RatingMatrix:
        """The sample's ratings of the most-rated titles."""
        with self.steps.step("rating matrix"):
            return RatingMatrix.from_ratings(self.sample, "title").most_rated(MOST_RATED)

    @cached_property
    def tastes(self) -> Tastes | None:
        """Groups by likes. None if nobody liked a film."""
        matrix = self.most_rated
        with self.steps.step("groups of taste"):
            n_likers = int(np.count_nonzero(np.diff(likes_of(matrix).indptr)))
            if n_likers == 0:
                return None
            n_groups = self.options.n_groups or min(N_GROUPS, max(1, n_likers // LEAST_PEOPLE))
            seed = self.options.seed
            clusters = cluster_users(matrix, n_groups, n_init=RESTARTS, random_state=seed)
            sure = sureness(clusters, n_init=RESTARTS, random_state=seed)
            described = describe_groups(clusters, self.sample)
            return Tastes(clusters, described, sure, *silhouettes(clusters, seed))

    @cached_property
    def hybrid(self) -> Hybrid:
        """The recommender of the command, fitted to the sample."""
        sample = self.sample
        with self.steps.step("recommender"):
            return Hybrid(random_state=self.options.seed).fit(sample)

    @cached_property
    def pocket(self) -> PocketGroups:
        """The small recommender that the page carries, fitted to the sample."""
        sample = self.sample
        with self.steps.step("small recommender"):
            return PocketGroups(random_state=self.options.seed).fit(sample)

    @cached_property
    def evaluation(self) -> StoredEvaluation | None:
        """The evaluation of the file, or the one that ships with the built-in ratings."""
        if self.options.evaluation is not None:
            return read_evaluation(self.options.evaluation)
        if not self.is_invented:
            return None
        shipped = shipped_evaluation()
        return shipped if shipped.data and shipped.data.is_of(self.ratings) else None
