"""The sections of the report about films: the matrix, its groups, and what they recommend."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from recsys.analysis.plots import rating_heat_map
from recsys.analysis.taste import by_mean_and_count
from recsys.data.matrix import RatingMatrix
from recsys.report.findings import MOST_RATED, Findings
from recsys.report.parts import ABSENT, Part, Section, Text, people, picture, table
from recsys.words import counted

# Regions drawn: (films, users) of all users, and of one group; groups of at most 9 are left out.
DENSEST = (30, 18)
CLUSTER_REGION = (50, 70)
SMALLEST_DRAWN = 10

CORNER = (6, 10)
TOP_N = 20
N_LABELS = 10


def film_sections(found: Findings) -> Iterator[Section]:
    """The sections, in the order of reading."""
    yield _matrix(found)
    yield _densest(found)
    yield _clusters(found)
    yield _cluster_maps(found)
    yield _prediction(found)
    yield _recommendation(found)
    yield _advice(found)


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
        f'matrix = recsys.RatingMatrix.from_ratings(ratings, "title").most_rated({MOST_RATED})',
        (
            Text(
                f"Keyed by movieId the matrix is {_cross(by_movie)}; keyed by title, with the mean "
                f"of films that share one, {_cross(by_title)}, of which {share:.1f} % of the cells "
                f"hold a rating. Only those are stored. Cut to the "
                f"{counted(most.shape[1], 'most-rated title')} it is {_cross(most)} "
                f"with {counted(most.values.nnz, 'rating')}."
            ),
            table(
                corner.to_frame(), "A corner of the matrix by title", with_index=True, decimals=1
            ),
        ),
    )


def _densest(found: Findings) -> Section:
    region = found.most_rated.densest_region(*DENSEST)
    n_users, n_films = region.shape
    caption = (
        f"The {counted(n_films, 'most-rated film')} and the {people(n_users)} with most ratings "
        "of them"
    )
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
        telling.append("; ".join(films) or ABSENT)
    summary = clusters.summary().assign(likes_more_than_others=telling)
    return Section(
        "groups",
        "Groups by film",
        f"clusters = recsys.cluster_users(matrix, {clusters.n_clusters}, "
        f"random_state={found.seed})",
        (
            Text(
                f"All {people(found.most_rated.shape[0])} by their ratings of the "
                f"{counted(found.most_rated.shape[1], 'most-rated film')}, in "
                f"{counted(clusters.n_clusters, 'group')}; a film not rated counts as 0, so groups "
                "differ in what and how much people watched as well as in what they liked."
            ),
            table(summary, "The groups"),
            table(clusters.user_labels().head(N_LABELS), "The group of each user, first users"),
        ),
    )


def _cluster_maps(found: Findings) -> Section:
    parts: list[Part] = []
    for cluster, size in enumerate(found.clusters.sizes):
        if size < SMALLEST_DRAWN:
            continue
        region = by_mean_and_count(found.clusters.members(cluster).densest_region(*CLUSTER_REGION))
        title = f"Group {cluster}: {people(size)}, {region.shape[0]} in the plot"
        heat_map = rating_heat_map(region, title=title, most_stars=found.ratings.scale.largest)
        parts.append(picture(heat_map, title))
    if parts:
        text = (
            f"Each group's {CLUSTER_REGION[0]} most-rated films, by falling mean from the left, "
            f"and the {CLUSTER_REGION[1]} people with most ratings of them, by falling number of "
            "ratings from the top; all there are where there are fewer. Columns of one colour are "
            "films on which the group agrees."
        )
        parts.insert(0, Text(text))
    left_out = int(np.sum(found.clusters.sizes < SMALLEST_DRAWN))
    if left_out:
        are = "is" if left_out == 1 else "are"
        of_size = f"of fewer than {SMALLEST_DRAWN} people"
        parts.append(Text(f"{counted(left_out, 'group')} {of_size} {are} not drawn."))
    films, users = CLUSTER_REGION
    largest = int(np.argmax(found.clusters.sizes))
    return Section(
        "group-maps",
        "What the groups gave their films",
        f"region = clusters.members({largest}).densest_region({films}, {users})\n"
        "recsys.analysis.plots.rating_heat_map(recsys.analysis.taste.by_mean_and_count(region))",
        tuple(parts),
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
    of_user = f"User {found.user_id} is in group {cluster} with {people(group.shape[0])}."
    if stars.empty:
        example: tuple[Part, ...] = (Text("Nobody in the group rated any of the films."),)
    else:
        example = (
            Text(
                f"For example {title}: the region gave it {means['mean'].iloc[0]:.2f}, the whole "
                f"group {whole:.2f}."
            ),
            table(stars, f"All ratings of {title} in the region", decimals=1),
        )
    return Section(
        "prediction",
        "What a group expects of a film",
        f"model = recsys.ClusterMeanRecommender(region={recommender.region})"
        ".fit_clusters(clusters, ratings)\n"
        f"model.explain({found.user_id}, {film})",
        (
            Text(
                f"{of_user} The group's densest region has {counted(region.shape[1], 'film')} and "
                f"{people(region.shape[0])}. The mean of a film there is what the group expects "
                f"of it. Of the films of the region, user {found.user_id} has not rated "
                f"{recommender.unrated_in_region(found.user_id)}."
            ),
            table(
                means.head(TOP_N),
                "Mean ratings in the region; films by number of ratings in the whole group",
            ),
            *example,
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
    if films.empty:
        parts: tuple[Part, ...] = (Text("The group rated nothing that the user has not."),)
    else:
        parts = (
            Text(
                "The films of the region that the user has not rated, best mean first. This is the "
                "notebook's list and a lesson rather than advice: a film that one person gave "
                "five stars stands above one that many gave 4.8."
            ),
            table(films.drop(columns="score"), f"The first {len(films)}"),
        )
    return Section(
        "recommendation",
        f"Films for user {found.user_id}",
        f"model.recommend({found.user_id}, {TOP_N})",
        parts,
    )


def _advice(found: Findings) -> Section:
    model, user_id = found.taste_groups, found.user_id
    films = model.recommend(user_id)
    parts: tuple[Part, ...] = (
        Text("There is no film that somebody liked and the user did not rate."),
    )
    if not films.empty:
        first = model.explain(user_id, int(films["movieId"].iloc[0]))
        stars = pd.DataFrame(
            {"what": [part.name for part in first.parts], "stars": [p.stars for p in first.parts]}
        )
        parts = (
            Text(
                "People are grouped many times by what they liked. A film stands high where many "
                "of a user's groups liked it, and where the user liked films that are liked with "
                "it. The stars beside it are expected by another model, which adds up what is "
                "known of the user, the film, and the groups of both."
            ),
            table(films.drop(columns=["score", "n_ratings"]), f"The first {len(films)}"),
            table(stars, f"Where the {first.rating:.2f} stars of {first.title} come from"),
        )
    return Section(
        "advice",
        f"What user {user_id} may like",
        f"advice = recsys.TasteGroups(random_state={found.seed}).fit(ratings)\n"
        f"advice.recommend({user_id})",
        parts,
    )


def _cross(matrix: RatingMatrix) -> str:
    return f"{matrix.shape[0]:,} x {matrix.shape[1]:,}"
