"""The sections of the report, each from the findings: what the notebook showed, row by row."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from recsys.genres import CONTRAST_LIMITS, FIRST_GENRE_MARGIN
from recsys.matrix import RatingMatrix
from recsys.plots import (
    LIKED,
    axis_label,
    cluster_grid,
    cluster_scatter,
    genre_scatter,
    rating_heat_map,
    silhouette_curve,
)
from recsys.report.findings import GENRES, SWEEP_USERS, THREE_GENRES_K, Findings
from recsys.report.parts import Part, Section, Text, picture, table
from recsys.taste import by_mean_and_count

HEAD = 5

# Regions drawn: (films, users) of all users, and of one group; groups of at most 9 are left out.
DENSEST = (30, 18)
CLUSTER_REGION = (50, 70)
SMALLEST_DRAWN = 10

CORNER = (6, 10)
TOP_N = 20


def sections(found: Findings) -> Iterator[Section]:
    """All sections, in the order of reading."""
    yield _data(found)
    yield _genre_means(found)
    yield _contrast(found)
    yield _genre_groups(found)
    yield _silhouettes(found)
    yield _three_genres(found)
    yield _matrix(found)
    yield _densest(found)
    yield _clusters(found)
    yield _cluster_maps(found)
    yield _prediction(found)
    yield _recommendation(found)


def _data(found: Findings) -> Section:
    ratings = found.ratings
    parts: list[Part] = [
        Text(
            f"{len(ratings.ratings):,} ratings ({ratings.scale}) of {found.by_movie.shape[1]:,} "
            f"films by {found.by_movie.shape[0]:,} people, and {len(ratings.movies):,} films with "
            f"genres; read from {ratings.source}. The table of ratings has the shape "
            f"{_shape(ratings.ratings)}, that of films {_shape(ratings.movies)}."
        ),
        table(ratings.ratings.head(HEAD), "The first ratings"),
        table(ratings.movies.head(HEAD), "The first films"),
    ]
    if ratings.skipped:
        parts.append(Text(f"Bad rows left out: {len(ratings.skipped):,}. The first of them:"))
        skipped = pd.DataFrame(
            [(row.file, row.line, row.value, row.reason) for row in ratings.skipped[:TOP_N]],
            columns=["file", "line", "value", "reason"],
        )
        parts.append(table(skipped, "Rows left out"))
    return Section("data", "The ratings", "recsys.load_ratings(path)", tuple(parts))


def _genre_means(found: Findings) -> Section:
    return Section(
        "genre-means",
        "What each person gives a genre",
        f"recsys.genre_means(ratings, {list(GENRES)})",
        (
            Text(
                "The mean of a person's ratings of all films of a genre; a film of several genres "
                "counts for each."
            ),
            table(found.means.head(HEAD), "Mean rating of each genre, first users"),
        ),
    )


def _contrast(found: Findings) -> Section:
    first, second = (axis_label(name) for name in found.means.columns[1:3])
    low, high = CONTRAST_LIMITS
    n_distinct = len(found.contrast.iloc[:, 1:3].drop_duplicates())
    parts: list[Part] = [
        Text(
            f"{found.n_contrast:,} people like one of two genres and not the other: {first} below "
            f"{low - FIRST_GENRE_MARGIN:g} and {second} above {high:g}, or {second} below {low:g} "
            f"and {first} above {high:g}. As in the notebook the first two people of the table are "
            f"appended once more; with the people who rated all three genres that makes "
            f"{len(found.contrast):,} rows at {n_distinct:,} distinct points."
        ),
        table(found.contrast.head(HEAD), "The subset, first rows"),
    ]
    if len(found.contrast):
        parts.append(
            picture(genre_scatter(found.contrast.iloc[:, :3]), "The subset by its two genres")
        )
    return Section(
        "contrast",
        "People in whom two genres contrast",
        "recsys.contrast_subset(means, append_first_two=True)",
        tuple(parts),
    )


def _genre_groups(found: Findings) -> Section:
    if not found.groups:
        parts: tuple[Part, ...] = (Text("Too few people contrast to be grouped."),)
    else:
        figure = cluster_grid(
            found.contrast.iloc[:, :3],
            list(found.groups.values()),
            [f"k = {k}" for k in found.groups],
        )
        parts = (
            Text(
                "The same people in groups by k-means. At k = 2 the line runs between those who "
                "prefer the one genre and those who prefer the other; more groups separate "
                "how strongly they do."
            ),
            picture(figure, "Groups by two genres for several numbers of groups k"),
        )
    return Section(
        "genre-groups",
        "Groups by two genres",
        f"kmeans_core.KMeans(k, n_init=10, random_state={found.seed}).fit_predict(means)",
        parts,
    )


def _silhouettes(found: Findings) -> Section:
    result = found.sweep
    if result is None:
        parts: tuple[Part, ...] = (Text("Too few distinct people contrast for a silhouette."),)
    else:
        of_whom = (
            f" Measured on {SWEEP_USERS:,} of the people, drawn by the seed."
            if len(found.contrast) > SWEEP_USERS
            else ""
        )
        parts = (
            Text(
                "The silhouette tells how much nearer people are to their own group than to the "
                f"next: 1 is best. The best of these k is {result.best_k}; suggested is "
                f"{result.suggested_k}, the fewest groups within 0.02 of the best. Both vary with "
                f"the seed, by more than such small differences mean.{of_whom}"
            ),
            picture(silhouette_curve(result), "Mean silhouette for each number of groups k"),
            table(result.to_frame(), "Every k", decimals=4),
        )
    return Section(
        "silhouette",
        "How many groups?",
        f"kmeans_core.sweep_k(means, range(2, 183, 5), n_init=10, random_state={found.seed})",
        parts,
    )


def _three_genres(found: Findings) -> Section:
    third = axis_label(found.contrast.columns[3])
    if found.groups_of_three is None:
        parts: tuple[Part, ...] = (Text("Too few people contrast to be grouped."),)
    else:
        parts = (
            Text(
                f"All three columns are clustered; {third} is drawn as the size of the dot, large "
                f"above {LIKED:g}."
            ),
            picture(
                cluster_scatter(found.contrast, found.groups_of_three),
                f"{THREE_GENRES_K} groups by three genres",
            ),
        )
    return Section(
        "three-genres",
        "Groups by three genres",
        f"kmeans_core.KMeans({THREE_GENRES_K}, n_init=10).fit_predict(means_of_three)",
        parts,
    )


def _matrix(found: Findings) -> Section:
    by_movie, by_title, most = found.by_movie, found.by_title, found.most_rated
    rows, columns = (slice(0, n) for n in CORNER)
    # Cut by position: a slice is all of a matrix that is smaller than the corner.
    corner = by_title.take(
        np.arange(len(by_title.user_ids))[rows], np.arange(by_title.shape[1])[columns]
    )
    share = 100 * by_title.values.nnz / (by_title.shape[0] * by_title.shape[1])
    return Section(
        "matrix",
        "People x films",
        'recsys.RatingMatrix.from_ratings(ratings, "title").most_rated(1000)',
        (
            Text(
                f"Keyed by movieId the matrix is {_cross(by_movie)}; keyed by title, the mean of "
                f"films that share one, {_cross(by_title)}, of which {share:.1f} % of the cells "
                f"hold a rating. Only those are stored. The {most.shape[1]:,} most-rated films "
                f"make a matrix of {_cross(most)} with {most.values.nnz:,} ratings."
            ),
            table(
                corner.to_frame(), "A corner of the matrix by title", with_index=True, decimals=1
            ),
        ),
    )


def _densest(found: Findings) -> Section:
    region = found.most_rated.densest_region(*DENSEST)
    n_users, n_films = region.shape
    caption = f"The {n_films} most-rated films and the {n_users} people who rated most of them"
    return Section(
        "densest",
        "Where most is known",
        f"matrix.densest_region(n_movies={DENSEST[0]}, n_users={DENSEST[1]})",
        (
            Text(f"{caption}. White: not rated."),
            picture(rating_heat_map(region, most_stars=found.ratings.scale.largest), caption),
        ),
    )


def _clusters(found: Findings) -> Section:
    clusters = found.clusters
    telling = []
    for cluster in range(clusters.n_clusters):
        films = clusters.telling_films(cluster, 3)["title"]
        telling.append("; ".join(films))
    summary = clusters.summary().assign(likes_more_than_others=telling)
    return Section(
        "groups",
        "Groups by film",
        f"recsys.cluster_users(matrix, {clusters.n_clusters}, random_state={found.seed})",
        (
            Text(
                f"All {found.most_rated.shape[0]:,} people by their ratings of the "
                f"{found.most_rated.shape[1]:,} most-rated films, in {clusters.n_clusters} groups; "
                "a film not rated counts as 0, so groups differ in what people watched as well as "
                "in what they liked. Small groups are people who rated a great deal."
            ),
            table(summary, "The groups"),
            table(clusters.user_labels().head(HEAD * 2), "The group of each user, first users"),
        ),
    )


def _cluster_maps(found: Findings) -> Section:
    parts: list[Part] = []
    for cluster, size in enumerate(found.clusters.sizes):
        if size < SMALLEST_DRAWN:
            continue
        region = by_mean_and_count(found.clusters.members(cluster).densest_region(*CLUSTER_REGION))
        title = f"Group {cluster}: {size} people, {region.shape[0]} in the plot"
        heat_map = rating_heat_map(region, title=title, most_stars=found.ratings.scale.largest)
        parts.append(picture(heat_map, title))
    left_out = int(np.sum(found.clusters.sizes < SMALLEST_DRAWN))
    if left_out:
        parts.append(
            Text(f"{left_out} groups of fewer than {SMALLEST_DRAWN} people are not drawn.")
        )
    return Section(
        "group-maps",
        "What the groups gave their films",
        "recsys.plots.rating_heat_map(recsys.taste.by_mean_and_count(region))",
        (
            Text(
                f"Each group's {CLUSTER_REGION[0]} most-rated films, by falling mean from the "
                f"left, and the {CLUSTER_REGION[1]} people who rated most of them, by falling "
                "number of ratings from the top. Columns of one colour are films on which the "
                "group agrees."
            ),
            *parts,
        ),
    )


def _prediction(found: Findings) -> Section:
    clusters, recommender = found.clusters, found.recommender
    cluster = clusters.cluster_of(found.user_id)
    group = clusters.members(cluster)
    region = group.densest_region(*(recommender.region or group.shape[::-1]))
    means = _film_means(region)
    film = int(means["movieId"].iloc[0])
    of_film = region.take(slice(None), np.array([region.column_of(film)]))
    title = str(of_film.titles[0])
    stars = pd.DataFrame(
        {
            "userId": np.repeat(of_film.user_ids, np.diff(of_film.values.indptr)),
            "rating": of_film.values.data,
        }
    )
    whole = group.means_by_film()[group.column_of(film)]
    return Section(
        "prediction",
        "What a group expects of a film",
        "recsys.ClusterMeanRecommender(region=(300, 75)).fit(ratings).predict(user_ids, movie_ids)",
        (
            Text(
                f"User {found.user_id} is in group {cluster} with {group.shape[0]} people. Its "
                f"densest region has {region.shape[1]} films and {region.shape[0]} people. The "
                "mean of a film there is what the group expects of it. Of the films of the "
                f"region, user {found.user_id} has not rated "
                f"{recommender.unrated_in_region(found.user_id)}."
            ),
            table(means.head(TOP_N), "Mean ratings in the region, films by number of ratings"),
            Text(
                f"For example {title}: the region gave it {means['mean'].iloc[0]:.2f}, the whole "
                f"group {whole:.2f}."
            ),
            table(stars, f"All ratings of {title} in the region", decimals=1),
        ),
    )


def _film_means(region: RatingMatrix) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "movieId": region.movie_ids,
            "title": region.titles,
            "n_ratings": region.counts_by_film(),
            "mean": region.means_by_film(),
        }
    )


def _recommendation(found: Findings) -> Section:
    films = found.recommender.recommend(found.user_id, TOP_N)
    return Section(
        "recommendation",
        f"Films for user {found.user_id}",
        f"recsys.ClusterMeanRecommender(region=(300, 75)).fit(ratings)"
        f".recommend({found.user_id}, {TOP_N})",
        (
            Text(
                "The films of the group that the user has not rated, best mean first. This is the "
                "notebook's list and a lesson rather than advice: a film that one person gave "
                "five stars stands above one that many gave 4.8."
            ),
            table(films.drop(columns="score"), f"The first {TOP_N}"),
        ),
    )


def _shape(frame: pd.DataFrame) -> str:
    return f"{frame.shape[0]:,} x {frame.shape[1]}"


def _cross(matrix: RatingMatrix) -> str:
    return f"{matrix.shape[0]:,} x {matrix.shape[1]:,}"
