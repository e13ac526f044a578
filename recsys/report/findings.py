"""Computes everything that the sections of the report show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kmeans_core import KMeans, SweepResult, sweep_k
from recsys.analysis.descriptions import GroupDescription, describe_groups
from recsys.analysis.genres import (
    NOTEBOOK_GENRES,
    contrast_limits,
    contrast_subset,
    default_genres,
    genre_means,
)
from recsys.analysis.sureness import Sureness, sureness
from recsys.analysis.taste import RESTARTS, TasteClusters, cluster_users, likes_of
from recsys.data.ids import Id
from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import Ratings
from recsys.recommenders.cluster_mean import NOTEBOOK_REGION, ClusterMeanRecommender
from recsys.recommenders.hybrid import Hybrid

# The pictures show users by two genres, and by a third one if there is one.
FEWEST_GENRES, MOST_GENRES = 2, len(NOTEBOOK_GENRES)

# Numbers of groups to draw by two genres, and by three.
SHOWN_KS = (2, 3, 4, 7)
THREE_GENRES_K = 7

# The notebook's sweep is k in range(2, 183, 5). All k take a quarter of a second more.
SWEEP_STOP = 183

# A sweep compares all pairs of users at each k, so it takes a sample of at most this many users.
SWEEP_USERS = 2_000

MOST_RATED = 1_000
N_CLUSTERS = 10

# The number of groups by likes (see `recsys.command.parsers.N_GROUPS`).
N_TASTES = 6

Labels = npt.NDArray[np.int32]
OnStep = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class GenreFindings:
    """What the report shows about two or three genres."""

    genres: tuple[str, ...]
    means: pd.DataFrame
    # The limits of the contrast subset.
    limits: tuple[float, float]
    # The contrast subset with the notebook's two repeated rows; only rows with all the genres.
    contrast: pd.DataFrame
    # Its number of users, without the repeated rows and before any row is dropped.
    n_contrast: int
    # Labels by two genres for each k up to the number of distinct users; labels by three genres,
    # and the sweep, are None if there are too few distinct users.
    groups: dict[int, Labels]
    groups_of_three: Labels | None
    sweep: SweepResult | None


@dataclass(frozen=True, eq=False)
class GroupFindings:
    """Groups of users, what each likes more and less, and how sure they are."""

    clusters: TasteClusters
    described: tuple[GroupDescription, ...]
    sure: Sureness


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that the report shows about a set of ratings."""

    ratings: Ratings
    seed: int
    by_genre: GenreFindings | None  # None if the movies have fewer than two genres
    # All ratings by movieId and by title, and the ratings of the most-rated titles.
    by_movie: RatingMatrix
    by_title: RatingMatrix
    most_rated: RatingMatrix
    # Groups by likes; None if nobody liked a film.
    tastes: GroupFindings | None
    # The notebook's groups by ratings.
    groups: GroupFindings
    # It uses the notebook's groups, and the notebook's region of each.
    recommender: ClusterMeanRecommender
    hybrid: Hybrid
    user_id: Id


def find(
    ratings: Ratings,
    *,
    seed: int = 0,
    user_id: Id | None = None,
    genres: Sequence[str] | None = None,
    on_step: OnStep = lambda name: None,
) -> Findings:
    """Compute everything that the report shows.

    The default ``user_id`` is the user of the largest group with the median number of ratings. An
    unknown ``user_id`` is a KeyError. The default genres are those of `default_genres`. A genre
    without films, or a number of genres that is not 2 or 3, is a ValueError.
    """
    on_step("genre means")
    by_movie = RatingMatrix.from_ratings(ratings)
    if user_id is not None:
        by_movie.row_of(user_id)
    chosen = default_genres(ratings, MOST_GENRES) if genres is None else list(genres)
    if genres is not None and not FEWEST_GENRES <= len(chosen) <= MOST_GENRES:
        raise ValueError(f"the report compares two or three genres, not {len(chosen)}")
    by_genre = None
    if len(chosen) >= FEWEST_GENRES:
        by_genre = _find_by_genre(ratings, chosen, seed, on_step)

    on_step("rating matrix")
    by_title = RatingMatrix.from_ratings(ratings, "title")
    most_rated = by_title.most_rated(MOST_RATED)

    on_step("groups by ratings")
    clusters = cluster_users(
        most_rated, min(N_CLUSTERS, most_rated.shape[0]), space="ratings", random_state=seed
    )
    groups = GroupFindings(
        clusters, describe_groups(clusters, ratings), sureness(clusters, random_state=seed)
    )
    recommender = ClusterMeanRecommender(region=NOTEBOOK_REGION).fit_clusters(clusters, ratings)

    on_step("groups of taste")
    tastes = _find_tastes(ratings, most_rated, seed)
    hybrid = Hybrid(random_state=seed).fit(ratings)
    return Findings(
        ratings=ratings,
        seed=seed,
        by_genre=by_genre,
        by_movie=by_movie,
        by_title=by_title,
        most_rated=most_rated,
        tastes=tastes,
        groups=groups,
        recommender=recommender,
        hybrid=hybrid,
        user_id=_median_user(clusters) if user_id is None else user_id,
    )


def _find_by_genre(
    ratings: Ratings, genres: Sequence[str], seed: int, on_step: OnStep
) -> GenreFindings:
    means, limits = genre_means(ratings, genres), contrast_limits(ratings.scale)
    contrast = contrast_subset(means, limits, append_first_two=True).dropna()
    contrast = contrast.reset_index(drop=True)
    two_genres = contrast.iloc[:, 1:3].to_numpy()

    on_step("groups by genre")
    groups = {
        k: KMeans(k, n_init=10, random_state=seed).fit_predict(two_genres)
        for k in SHOWN_KS
        if k <= _n_distinct(two_genres)
    }
    three_genres = contrast.iloc[:, 1:4].to_numpy()
    groups_of_three = None
    if len(genres) == MOST_GENRES and _n_distinct(three_genres) >= THREE_GENRES_K:
        model = KMeans(THREE_GENRES_K, n_init=10, random_state=seed)
        groups_of_three = model.fit_predict(three_genres)

    on_step("silhouettes")
    return GenreFindings(
        genres=tuple(genres),
        means=means,
        limits=limits,
        contrast=contrast,
        n_contrast=len(contrast_subset(means, limits)),
        groups=groups,
        groups_of_three=groups_of_three,
        sweep=_sweep(contrast, seed),
    )


def _find_tastes(ratings: Ratings, matrix: RatingMatrix, seed: int) -> GroupFindings | None:
    n_likers = int(np.count_nonzero(np.diff(likes_of(matrix).indptr)))
    if n_likers == 0:
        return None
    clusters = cluster_users(matrix, min(N_TASTES, n_likers), n_init=RESTARTS, random_state=seed)
    sure = sureness(clusters, n_init=RESTARTS, random_state=seed)
    return GroupFindings(clusters, describe_groups(clusters, ratings), sure)


def _n_distinct(rows: npt.NDArray[np.float64]) -> int:
    return len(np.unique(rows, axis=0))


def _sweep(contrast: pd.DataFrame, seed: int) -> SweepResult | None:
    if len(contrast) > SWEEP_USERS:
        contrast = contrast.sample(SWEEP_USERS, random_state=seed)
    ks = range(2, min(SWEEP_STOP, len(contrast)))
    if len(ks) == 0:
        return None
    result = sweep_k(contrast.iloc[:, 1:3].to_numpy(), ks, n_init=10, random_state=seed)
    return result if np.isfinite(result.silhouette).any() else None


def _median_user(clusters: TasteClusters) -> Id:
    """The user of the largest group with the median number of ratings."""
    group = clusters.members(int(np.argmax(clusters.sizes)))
    order = np.lexsort((group.user_ids, group.counts_by_user()))
    median: Id = group.user_ids[order].tolist()[len(order) // 2]
    return median
