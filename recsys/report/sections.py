"""The sections of the report in the notebook's order; those about genres are written here."""

import os
import re
from collections.abc import Iterator

import pandas as pd

from kmeans_core.plots import silhouette_curve
from recsys.analysis.genres import CONTRAST_LIMITS, FIRST_GENRE_MARGIN
from recsys.data.ratings import Ratings
from recsys.plots import LIKED, axis_label, cluster_grid, cluster_scatter, genre_scatter
from recsys.report.film_sections import film_sections
from recsys.report.findings import (
    MOST_GENRES,
    SWEEP_STOP,
    SWEEP_USERS,
    THREE_GENRES_K,
    Findings,
    GenreFindings,
)
from recsys.report.parts import Part, Section, Text, picture, table
from recsys.words import counted

HEAD = 5

# How many bad rows the page shows.
N_BAD_ROWS = 20


def sections(found: Findings) -> Iterator[Section]:
    """All sections of the page, in order."""
    yield _data(found)
    if found.by_genre is not None:
        yield _genre_means(found.by_genre)
        yield _contrast(found.by_genre)
        yield _genre_groups(found.by_genre, found.seed)
        yield _silhouettes(found.by_genre, found.seed)
        if len(found.by_genre.genres) == MOST_GENRES:
            yield _three_genres(found.by_genre, found.seed)
    yield from film_sections(found)


def _data(found: Findings) -> Section:
    ratings = found.ratings
    parts: list[Part] = [
        Text(
            f"The data hold {counted(len(ratings.ratings), 'rating')} ({ratings.scale}) of "
            f"{counted(found.by_movie.shape[1], 'film')} by "
            f"{counted(found.by_movie.shape[0], 'user')}. The table of ratings has the shape "
            f"{_shape(ratings.ratings)}. The table of all listed films has the shape "
            f"{_shape(ratings.movies)}."
        ),
        table(ratings.ratings.head(HEAD), "The first ratings"),
        table(ratings.movies.head(HEAD), "The first films"),
    ]
    parts += [Text(note) for note in _notes(found)]
    if ratings.skipped:
        parts.append(Text(f"Bad rows left out: {len(ratings.skipped):,}. The first are below."))
        skipped = pd.DataFrame(
            [(row.file, row.line, row.value, row.reason) for row in ratings.skipped[:N_BAD_ROWS]],
            columns=["file", "line", "value", "reason"],
        )
        parts.append(table(skipped, "Rows left out"))
    imports = "import kmeans_core, recsys, recsys.plots, recsys.analysis.taste"
    call = f"{imports}\nratings = {_reading_call(ratings)}"
    return Section("data", "The ratings", call, tuple(parts))


def _notes(found: Findings) -> Iterator[str]:
    """What the ratings lack, and what the page leaves out for that reason."""
    ratings = found.ratings
    if ratings.reading:
        yield f"{ratings.reading[0].upper()}{ratings.reading[1:]}."
    if not ratings.has_titles:
        yield "The films have no titles, so their ids stand as titles."
    if found.by_genre is None:
        few = "only one genre" if ratings.has_genres else "no genres"
        yield f"The films have {few}, so the sections about genres are left out."
    if not ratings.scale.predicts:
        yield (
            f"The ratings are {ratings.scale.kind}, which cannot be predicted. So the sections "
            "about predicted ratings are left out."
        )


def _reading_call(ratings: Ratings) -> str:
    """The call that makes the same ratings."""
    if os.path.exists(ratings.source):
        skip = ", skip_bad_rows=True" if ratings.skipped else ""
        return f"recsys.load_ratings({ratings.source!r}{skip})"
    if made := re.fullmatch(r"built-in data set \(seed (\d+)\)", ratings.source):
        sizes = f"{ratings.n_users}, {len(ratings.movies)}, {len(ratings.ratings)}"
        return f"recsys.make_ratings({sizes}, random_state={made[1]})"
    return "recsys.Ratings.from_frames(frame_of_ratings, frame_of_movies)"


def _genre_means(found: GenreFindings) -> Section:
    return Section(
        "genre-means",
        "Mean ratings by genre",
        f"means = recsys.genre_means(ratings, {list(found.genres)})",
        (
            Text(
                "Each value is the mean of a user's ratings of all films of a genre. A film counts "
                "for each of its genres."
            ),
            table(found.means.head(HEAD), "The mean ratings of the first users"),
        ),
    )


def _contrast(found: GenreFindings) -> Section:
    n_genres = "both" if len(found.genres) < MOST_GENRES else "all three"
    first, second = (axis_label(name) for name in found.means.columns[1:3])
    low, high = found.limits
    limits = "" if found.limits == CONTRAST_LIMITS else f"{found.limits}, "
    n_distinct = len(found.contrast.iloc[:, 1:3].drop_duplicates())
    parts: list[Part] = [
        Text(
            f"{counted(found.n_contrast, 'user')} {'likes' if found.n_contrast == 1 else 'like'} "
            f"one of two genres and not the other. Either the {first} is below "
            f"{low - FIRST_GENRE_MARGIN:g} and the {second} is above {high:g}, or the {second} is "
            f"below {low:g} and the {first} is above {high:g}. As in the notebook, the first two "
            f"users of the table are added again. Users who did not rate {n_genres} genres are "
            f"left out. The subset then has {counted(len(found.contrast), 'row')} at "
            f"{counted(n_distinct, 'distinct point')}."
        ),
        table(found.contrast.head(HEAD), "The first rows of the subset"),
    ]
    if len(found.contrast):
        parts.append(picture(genre_scatter(found.contrast.iloc[:, :3]), "The subset by two genres"))
    return Section(
        "contrast",
        "Users who like one of two genres",
        f"contrast = recsys.contrast_subset(means, {limits}append_first_two=True).dropna()",
        tuple(parts),
    )


def _genre_groups(found: GenreFindings, seed: int) -> Section:
    anchor, title = "genre-groups", "Groups by two genres"
    if not found.groups:
        return Section(anchor, title, "", (Text("The subset has too few users to group."),))
    figure = cluster_grid(
        found.contrast.iloc[:, :3],
        list(found.groups.values()),
        [f"k = {k}" for k in found.groups],
    )
    call = (
        "two_genres = contrast.iloc[:, 1:3].to_numpy()\n"
        f"[kmeans_core.KMeans(k, n_init=10, random_state={seed}).fit_predict(two_genres) "
        f"for k in {list(found.groups)}]"
    )
    parts = (
        Text(
            "k-means groups the users of the subset. With few groups, look for a line between "
            "users who prefer one genre and users who prefer the other. More groups also separate "
            "users by the strength of their preference."
        ),
        picture(figure, "Groups by two genres for several numbers of groups k"),
    )
    return Section(anchor, title, call, parts)


def _silhouettes(found: GenreFindings, seed: int) -> Section:
    anchor, title = "silhouette", "How many groups?"
    result, n_rows = found.sweep, len(found.contrast)
    if result is None:
        too_few = "The subset has too few distinct users for a silhouette."
        return Section(anchor, title, "", (Text(too_few),))
    sample = of_sample = ""
    if n_rows > SWEEP_USERS:
        sample = f".sample({SWEEP_USERS}, random_state={seed})"
        of_sample = f" The silhouettes are of {SWEEP_USERS:,} users, drawn with the seed."
    ks = range(2, min(SWEEP_STOP, SWEEP_USERS, n_rows))
    call = (
        f"rows = contrast{sample}.iloc[:, 1:3].to_numpy()\n"
        f"kmeans_core.sweep_k(rows, {ks}, n_init=10, random_state={seed})"
    )
    parts = (
        Text(
            "The silhouette tells how much nearer users are to their own group than to the next "
            f"group; 1 is best. The best k is {result.best_k}. The suggested k is "
            f"{result.suggested_k}. The reason: {result.suggestion.reason} Both vary with the "
            f"seed, so a difference of 0.02 means little.{of_sample}"
        ),
        picture(silhouette_curve(result), "Mean silhouette for each number of groups k"),
        table(result.to_frame(), "All k; n_found is the number of groups with users", decimals=4),
    )
    return Section(anchor, title, call, parts)


def _three_genres(found: GenreFindings, seed: int) -> Section:
    anchor, title = "three-genres", "Groups by three genres"
    if found.groups_of_three is None:
        return Section(anchor, title, "", (Text("The subset has too few users to group."),))
    call = (
        "three_genres = contrast.iloc[:, 1:4].to_numpy()\n"
        f"kmeans_core.KMeans({THREE_GENRES_K}, n_init=10, random_state={seed})"
        ".fit_predict(three_genres)"
    )
    parts = (
        Text(
            "k-means groups the users by all three genres. A large dot is a user with a "
            f"{axis_label(found.contrast.columns[3])} above {LIKED:g}."
        ),
        picture(
            cluster_scatter(found.contrast, found.groups_of_three),
            f"{THREE_GENRES_K} groups by three genres",
        ),
    )
    return Section(anchor, title, call, parts)


def _shape(frame: pd.DataFrame) -> str:
    return f"{frame.shape[0]:,} x {frame.shape[1]}"
