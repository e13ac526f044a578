"""The sections of the report about films: the rating matrix, groups and recommendations."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from recsys.analysis.taste import by_mean_and_count
from recsys.data.ids import Id
from recsys.data.matrix import RatingMatrix
from recsys.plots import rating_heatmap
from recsys.report.findings import MOST_RATED, Findings
from recsys.report.group_sections import group_sections
from recsys.report.parts import Part, Section, Text, picture, table
from recsys.titles.names import spoken
from recsys.words import counted

# Size of the pictures, (movies, users): of all users, and of one group. Groups with fewer users
# than SMALLEST_DRAWN get no picture.
DENSEST = (30, 18)
CLUSTER_REGION = (50, 70)
SMALLEST_DRAWN = 10

CORNER = (6, 10)
TOP_N = 20


def film_sections(found: Findings) -> Iterator[Section]:
    """The sections about films, in order."""
    yield _matrix(found)
    yield _densest(found)
    yield from group_sections(found)
    yield _cluster_maps(found)
    if found.ratings.scale.predicts:
        yield _prediction(found)
        yield _recommendation(found)
    yield _advice(found)


def _matrix(found: Findings) -> Section:
    by_movie, by_title, most = found.by_movie, found.by_title, found.most_rated
    corner = by_title.take(*(slice(n) for n in CORNER))
    share = 100 * by_title.values.nnz / (by_title.shape[0] * by_title.shape[1])
    return Section(
        "matrix",
        "Users x films",
        f'matrix = recsys.RatingMatrix.from_ratings(ratings, "title").most_rated({MOST_RATED})',
        (
            Text(
                f"With one column per movieId, the matrix is {_cross(by_movie)}. With one column "
                f"per title, it is {_cross(by_title)}: films with the same title share a column, "
                f"which holds the mean of a user's ratings of them. Ratings fill {share:.1f} % of "
                "the cells, and only these cells are stored. Cut to the "
                f"{counted(most.shape[1], 'most-rated title')}, the matrix is {_cross(most)} "
                f"with {counted(most.values.nnz, 'rating')}."
            ),
            table(
                corner.to_frame(), "A corner of the matrix by title", with_index=True, decimals=1
            ),
        ),
    )


def _densest(found: Findings) -> Section:
    region = found.most_rated.densest_region(*DENSEST)
    n_users, n_movies = region.shape
    caption = (
        f"The {counted(n_movies, 'most-rated film')}, and the {counted(n_users, 'user')} with the "
        "most ratings of them"
    )
    return Section(
        "densest",
        "The densest part of the matrix",
        f"matrix.densest_region(n_movies={DENSEST[0]}, n_users={DENSEST[1]})",
        (
            Text(f"{caption}. A white cell has no rating."),
            picture(_heat_map(found, region), caption),
        ),
    )


def _cluster_maps(found: Findings) -> Section:
    parts: list[Part] = []
    clusters = found.groups.clusters
    for cluster, size in enumerate(clusters.sizes):
        if size < SMALLEST_DRAWN:
            continue
        region = by_mean_and_count(clusters.members(cluster).densest_region(*CLUSTER_REGION))
        title = f"Group {cluster}: {counted(size, 'user')}, {region.shape[0]} in the plot"
        parts.append(picture(_heat_map(found, region, title), title))
    if parts:
        text = (
            f"Each picture shows up to {CLUSTER_REGION[0]} of the group's most-rated films, and up "
            f"to {CLUSTER_REGION[1]} users with the most ratings of them. The films with the "
            "highest means are on the left, and the users with the most ratings are at the top. A "
            "column in one colour is a film on which the group agrees."
        )
        parts.insert(0, Text(text))
    left_out = int(np.sum(clusters.sizes < SMALLEST_DRAWN))
    if left_out:
        are = "is" if left_out == 1 else "are"
        groups = f"{counted(left_out, 'group')} with fewer than {SMALLEST_DRAWN} users"
        parts.append(Text(f"{groups} {are} not drawn."))
    n_movies, n_users = CLUSTER_REGION
    largest = int(np.argmax(clusters.sizes))
    return Section(
        "group-maps",
        "Ratings in each group",
        f"region = clusters.members({largest}).densest_region({n_movies}, {n_users})\n"
        "recsys.plots.rating_heatmap(recsys.analysis.taste.by_mean_and_count(region))",
        tuple(parts),
    )


def _prediction(found: Findings) -> Section:
    clusters, recommender = found.groups.clusters, found.recommender
    cluster = clusters.cluster_of(found.user_id)
    group = clusters.members(cluster)
    region = group.densest_region(*(recommender.region or group.shape[::-1]))
    means = _movie_means(region)
    movie_id = means["movieId"].tolist()[0]
    of_movie = region.take(slice(None), np.array([region.column_of(movie_id)]))
    title = spoken(str(of_movie.titles[0]))
    ratings = pd.DataFrame(
        {
            "userId": np.repeat(of_movie.user_ids, np.diff(of_movie.values.indptr)),
            "rating": of_movie.values.data,
        }
    )
    whole = group.means_by_item()[group.column_of(movie_id)]
    n_users = counted(group.shape[0], "user")
    if ratings.empty:
        example: tuple[Part, ...] = (Text("No user of the group rated any of the films."),)
    else:
        example = (
            Text(
                f"For example, the mean rating of {title} is {means['mean'].iloc[0]:.2f} in the "
                f"region and {whole:.2f} in the whole group."
            ),
            table(ratings, f"All ratings of {title} in the region", decimals=1),
        )
    return Section(
        "prediction",
        "Predictions from a group",
        f"model = recsys.ClusterMeanRecommender(region={recommender.region})"
        ".fit_clusters(clusters, ratings)\n"
        f"model.explain({found.user_id!r}, {movie_id!r})",
        (
            Text(
                f"User {found.user_id} is in group {cluster}, which has {n_users}. The group's "
                f"densest region has {counted(region.shape[1], 'film')} and "
                f"{counted(region.shape[0], 'user')}. The predicted rating of a film is its mean "
                f"in the region. User {found.user_id} has not rated "
                f"{recommender.unrated_in_region(found.user_id)} of these films."
            ),
            table(
                means.head(TOP_N),
                "Mean ratings in the region, sorted by number of ratings in the whole group",
            ),
            *example,
        ),
    )


def _movie_means(region: RatingMatrix) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "movieId": region.movie_ids,
            "title": _spoken(region.titles),
            "n_ratings": region.counts_by_item(),
            "mean": region.means_by_item(),
        }
    )


def _spoken(titles: Iterable[str]) -> list[str]:
    return [spoken(title) for title in titles]


def _recommendation(found: Findings) -> Section:
    movies = found.recommender.recommend(found.user_id, TOP_N)
    movies["title"] = _spoken(movies["title"])
    if movies.empty:
        parts: tuple[Part, ...] = (Text("The user has rated every film that the group rated."),)
    else:
        parts = (
            Text(
                "The table lists the films of the region that the user has not rated, highest mean "
                "first. It is the notebook's list, and it has a weakness: a film with one rating "
                "of 5 stars ranks above a film with many ratings and a mean of 4.8."
            ),
            table(movies.drop(columns="score"), f"The first {len(movies)}"),
        )
    return Section(
        "recommendation",
        f"Films for user {found.user_id}",
        f"model.recommend({found.user_id!r}, {TOP_N})",
        parts,
    )


def _advice(found: Findings) -> Section:
    model, user_id = found.hybrid, found.user_id
    movies = model.recommend(user_id)
    movies["title"] = _spoken(movies["title"])
    parts: tuple[Part, ...] = (Text("Nobody liked a film."),)
    if np.any(model.trained_on.n_likes):
        parts = (Text("The user has rated every film that any user liked."),)
    if not movies.empty:
        predicts = found.ratings.scale.predicts
        left_out = ["n_ratings", *([] if predicts else ["predicted_rating"])]
        parts = (
            Text(
                "The model groups the users many times by the films they liked. A film ranks high "
                "if many users in this user's groups liked it, and if it is often liked together "
                "with films that this user liked. The score only ranks the films. It has no unit, "
                "and may be negative."
                + (
                    " Another model predicts the rating. It adds up what is known of the user, the "
                    "film, and the groups of both."
                    if predicts
                    else ""
                )
            ),
            table(movies.drop(columns=left_out), f"The first {len(movies)}, ranked by score"),
            *([_stars(found, movies["movieId"].tolist()[0])] if predicts else []),
        )
    return Section(
        "advice",
        f"What user {user_id} may like",
        f"advice = recsys.Hybrid(random_state={found.seed}).fit(ratings)\n"
        f"advice.recommend({user_id!r})",
        parts,
    )


def _stars(found: Findings, movie_id: Id) -> Part:
    """The parts of one predicted rating."""
    first = found.hybrid.explain(found.user_id, movie_id)
    stars = pd.DataFrame(
        {"part": [part.name for part in first.parts], "stars": [p.value for p in first.parts]}
    )
    return table(stars, f"The parts of the {first.rating:.2f} stars of {spoken(first.title)}")


def _heat_map(found: Findings, region: RatingMatrix, title: str = "") -> Axes:
    return rating_heatmap(region, title=title, scale=found.ratings.scale)


def _cross(matrix: RatingMatrix) -> str:
    return f"{matrix.shape[0]:,} x {matrix.shape[1]:,}"
