"""What `recsys clusters` and `recsys sweep` do: groups of users, and how many to make."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from recsys.command import on_dask
from recsys.command.inputs import read_ratings
from recsys.command.progress import progress
from recsys.command.subcommands import typed_genres
from recsys.command.tables import (
    COMPARED,
    fitted,
    give,
    heading,
    line_width,
    wrapped,
    write_table,
    written,
)
from recsys.command.terminal import answer, tell
from recsys.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from recsys.analysis.descriptions import GroupDescription
    from recsys.data.ratings import Ratings

# All numbers of groups of the notebook's sweep by genres, and fewer by films, which take longer.
KS_BY_GENRES, KS_BY_FILMS = range(2, 183), range(2, 21)

# The number of most-rated films by which users are grouped, as in the notebook.
N_MOVIES = 1000


def clusters(options: argparse.Namespace) -> None:
    """Print the groups of users, how sure they are, and what each likes more and less."""
    if options.scheduler is not None or options.workers is not None:
        on_dask.clusters(options)
        return
    if options.lists is not None:
        raise ValueError(
            "--lists is for a cluster (--scheduler, --workers); on one machine recsys recommend "
            "--all --out FILE writes lists"
        )
    from recsys.analysis.descriptions import describe_groups
    from recsys.analysis.sureness import sureness
    from recsys.analysis.taste import cluster_users
    from recsys.data.matrix import RatingMatrix

    ratings = read_ratings(options)
    matrix = RatingMatrix.from_ratings(ratings, "title").most_rated(options.n_movies)
    n_restarts = _restarts(matrix.values.nnz, options.n_clusters)
    with progress(None, "iteration") as bar:
        clusters = cluster_users(
            matrix,
            options.n_clusters,
            space=options.space,
            n_init=n_restarts,
            random_state=options.seed,
            on_iteration=lambda event: bar.update(),
        )
    if options.out is not None:
        write_table(clusters.user_labels(), options.out, options.format)
        answer(f"Group of each user written to {options.out.absolute()}")
    n_empty = int((clusters.sizes == 0).sum())
    if n_empty:
        tell(f"groups without users: {n_empty}; there are fewer distinct users than groups")
    described = describe_groups(clusters, ratings, options.films)
    frame = _table(described)
    if not ratings.scale.predicts:
        frame = frame.drop(columns="mean_rating")
    if options.format not in (None, "table"):
        answer(*written(frame, options.format).removesuffix("\n").split("\n"))
        return
    films = counted(matrix.shape[1], "most-rated film")
    by = f"{counted(matrix.shape[0], 'user')} by {COMPARED[options.space]} of the {films}"
    by += "; likes of other films are not counted here"
    answer(*wrapped(by, "", line_width()))
    answer(*fitted(frame.drop(columns=["likes_more", "likes_less"]), line_width()), "")
    sure = sureness(clusters, n_init=n_restarts, random_state=options.seed)
    answer(*(line for said in sure.sentences for line in wrapped(said, "", line_width())))
    for group in described:
        answer("", *_lines(group))


def _restarts(n_ratings: int, n_clusters: int) -> int:
    """The number of restarts, and a notice if it is not the usual one."""
    from recsys.analysis.taste import RESTARTS, restarts_for

    n_restarts = restarts_for(n_ratings, n_clusters)
    if n_restarts < RESTARTS:
        tell(
            f"{n_ratings:,} ratings are many for {n_clusters:,} groups: k-means makes "
            f"{counted(n_restarts, 'restart')}, not {RESTARTS}"
        )
    return n_restarts


def _table(described: Sequence["GroupDescription"]) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        {
            "cluster": group.group,
            "users": group.n_users,
            "median_ratings": group.ratings_per_user,
            "mean_rating": group.mean_rating,
            "name": group.name,
            "likes_more": "; ".join(film.name for film in group.films),
            "likes_less": "; ".join(film.name for film in group.films_liked_less),
        }
        for group in described
    ]
    return pd.DataFrame(rows)


def _lines(group: "GroupDescription") -> Iterator[str]:
    number = f"Group {group.group} ({counted(group.n_users, 'user')}): "
    yield from heading(number, group.name, "", line_width())
    for fact in group.facts:
        yield from wrapped(fact, "  ", line_width())
    for said, likings in (
        ("Films liked more, as shares of users:", group.films),
        ("Films liked less, as shares of users:", group.films_liked_less),
        ("Genres liked more, as shares of likes:", group.genres),
        ("Genres liked less, as shares of likes:", group.genres_liked_less),
    ):
        if likings:
            yield f"  {said}"
        for liking in likings:
            yield from heading("    ", liking.name, str(liking), line_width())


def sweep(options: argparse.Namespace) -> None:
    """Print the scores of each number of groups, by genre means or by films."""
    from kmeans_core import sweep_k

    ratings = read_ratings(options)
    points, who, needed = (_by_films if options.space else _by_genres)(ratings, options)
    n_users = points.shape[0]
    default = KS_BY_FILMS if options.space else KS_BY_GENRES
    ks = options.ks or [k for k in default if k < n_users] or default
    least, most = sorted([ks[0], ks[-1]])
    if most >= n_users:
        k = f"from {least}" if least >= n_users else f"up to {most}"
        raise ValueError(f"k {k} needs more users: only {n_users} {needed}")
    with progress(len(ks), "k") as bar:
        result = sweep_k(
            points,
            ks,
            n_init=_restarts(points.nnz, most) if options.space else 10,
            random_state=options.seed,
            missing="ignore" if options.space == "known" else "error",
            n_stability=options.stability,
            on_k=lambda k: bar.update(),
        )
    frame = result.to_frame()

    def lines() -> list[str]:
        chosen = f"best k {result.best_k}, suggested k {result.suggested_k}"
        said = f"{chosen} (both vary with the seed). {result.suggestion.reason}"
        return [
            f"{counted(n_users, 'user')} by {who}",
            *fitted(frame, line_width(), decimals=4),
            *wrapped(said, "", line_width()),
        ]

    give(frame, options, shown=lines)


def _by_genres(ratings: "Ratings", options: argparse.Namespace) -> tuple[Any, str, str]:
    """The points to sweep, what they hold, and what a user needs to be one of them."""
    from recsys.analysis.genres import contrast_limits, contrast_subset, genre_means

    genres = typed_genres(ratings, options.genres)
    means = genre_means(ratings, genres)
    needed = "rated all the genres; choose smaller k with --ks"
    if not options.all_users:
        if len(genres) < 2:
            raise ValueError(
                f"groups by genres need two genres, not only {genres[0]}; choose two with "
                "--genres, or group by films with --space likes"
            )
        means = contrast_subset(means, contrast_limits(ratings.scale))
        needed = "like one genre and not the other; choose smaller k with --ks, or --all-users"
    return means.dropna().drop(columns="userId").to_numpy(), ", ".join(genres), needed


def _by_films(ratings: "Ratings", options: argparse.Namespace) -> tuple[Any, str, str]:
    import numpy as np

    from recsys.analysis.taste import points_in
    from recsys.data.matrix import RatingMatrix

    if options.genres or options.all_users:
        raise ValueError(
            "--space groups users by films; --genres and --all-users are for groups by genres, so "
            "leave them or --space out"
        )
    matrix = RatingMatrix.from_ratings(ratings, "title").most_rated(N_MOVIES)
    points = points_in(matrix, options.space)
    points = points[np.flatnonzero(np.diff(points.indptr))]
    films = counted(matrix.shape[1], "most-rated film")
    needed = "have any; choose smaller k with --ks"
    return points, f"{COMPARED[options.space]} of the {films}", needed
