"""The sections of the report, each from the findings: what the notebook showed, row by row."""

import os
import re
from collections.abc import Iterator

import pandas as pd

from recsys.analysis.genres import CONTRAST_LIMITS, FIRST_GENRE_MARGIN
from recsys.analysis.plots import (
    LIKED,
    axis_label,
    cluster_grid,
    cluster_scatter,
    genre_scatter,
    silhouette_curve,
)
from recsys.data.ratings import Ratings
from recsys.report.film_sections import film_sections
from recsys.report.findings import (
    GENRES,
    SWEEP_STEP,
    SWEEP_STOP,
    SWEEP_USERS,
    THREE_GENRES_K,
    Findings,
)
from recsys.report.parts import Part, Section, Text, people, picture, table
from recsys.words import counted

HEAD = 5

# Bad rows shown.
N_BAD_ROWS = 20


def sections(found: Findings) -> Iterator[Section]:
    """All sections, in the order of reading."""
    yield _data(found)
    yield _genre_means(found)
    yield _contrast(found)
    yield _genre_groups(found)
    yield _silhouettes(found)
    yield _three_genres(found)
    yield from film_sections(found)


def _data(found: Findings) -> Section:
    ratings = found.ratings
    parts: list[Part] = [
        Text(
            f"{counted(len(ratings.ratings), 'rating')} ({ratings.scale}) of "
            f"{counted(found.by_movie.shape[1], 'film')} by {people(found.by_movie.shape[0])}, "
            f"from {ratings.source}. The table of ratings has the shape "
            f"{_shape(ratings.ratings)}, that of all films listed {_shape(ratings.movies)}."
        ),
        table(ratings.ratings.head(HEAD), "The first ratings"),
        table(ratings.movies.head(HEAD), "The first films"),
    ]
    if ratings.skipped:
        parts.append(Text(f"Bad rows left out: {len(ratings.skipped):,}. The first of them:"))
        skipped = pd.DataFrame(
            [(row.file, row.line, row.value, row.reason) for row in ratings.skipped[:N_BAD_ROWS]],
            columns=["file", "line", "value", "reason"],
        )
        parts.append(table(skipped, "Rows left out"))
    imports = "import kmeans_core, recsys, recsys.analysis.plots, recsys.analysis.taste"
    call = f"{imports}\nratings = {_reading_call(ratings)}"
    return Section("data", "The ratings", call, tuple(parts))


def _reading_call(ratings: Ratings) -> str:
    """What makes the same ratings again."""
    if os.path.exists(ratings.source):
        skip = ", skip_bad_rows=True" if ratings.skipped else ""
        return f"recsys.load_ratings({ratings.source!r}{skip})"
    if made := re.fullmatch(r"built-in data set \(seed (\d+)\)", ratings.source):
        sizes = f"{ratings.n_users}, {len(ratings.movies)}, {len(ratings.ratings)}"
        return f"recsys.make_ratings({sizes}, random_state={made[1]})"
    return "recsys.Ratings.from_frames(frame_of_ratings, frame_of_movies)"


def _genre_means(found: Findings) -> Section:
    return Section(
        "genre-means",
        "What each person gives a genre",
        f"means = recsys.genre_means(ratings, {list(GENRES)})",
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
            f"{people(found.n_contrast)} {'likes' if found.n_contrast == 1 else 'like'} one of "
            f"two genres and not the other: {first} below "
            f"{low - FIRST_GENRE_MARGIN:g} and {second} above {high:g}, or {second} below {low:g} "
            f"and {first} above {high:g}. As in the notebook the first two people of the table are "
            f"appended once more. Those who did not rate all three genres are left out, which "
            f"makes {counted(len(found.contrast), 'row')} at "
            f"{counted(n_distinct, 'distinct point')}."
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
        "contrast = recsys.contrast_subset(means, append_first_two=True).dropna()",
        tuple(parts),
    )


def _genre_groups(found: Findings) -> Section:
    anchor, title = "genre-groups", "Groups by two genres"
    if not found.groups:
        return Section(anchor, title, "", (Text("Too few people contrast to be grouped."),))
    figure = cluster_grid(
        found.contrast.iloc[:, :3],
        list(found.groups.values()),
        [f"k = {k}" for k in found.groups],
    )
    call = (
        "two_genres = contrast.iloc[:, 1:3].to_numpy()\n"
        f"[kmeans_core.KMeans(k, n_init=10, random_state={found.seed}).fit_predict(two_genres) "
        f"for k in {list(found.groups)}]"
    )
    parts = (
        Text(
            "The same people in groups by k-means. With few groups look for a line between those "
            "who prefer the one genre and those who prefer the other; more groups separate how "
            "strongly they do."
        ),
        picture(figure, "Groups by two genres for several numbers of groups k"),
    )
    return Section(anchor, title, call, parts)


def _silhouettes(found: Findings) -> Section:
    anchor, title = "silhouette", "How many groups?"
    result, n_rows = found.sweep, len(found.contrast)
    if result is None:
        too_few = "Too few distinct people contrast for a silhouette."
        return Section(anchor, title, "", (Text(too_few),))
    sample = of_whom = ""
    if n_rows > SWEEP_USERS:
        sample = f".sample({SWEEP_USERS}, random_state={found.seed})"
        of_whom = f" Measured on {SWEEP_USERS:,} of the people, drawn by the seed."
    ks = range(2, min(SWEEP_STOP, SWEEP_USERS, n_rows), SWEEP_STEP)
    call = (
        f"rows = contrast{sample}.iloc[:, 1:3].to_numpy()\n"
        f"kmeans_core.sweep_k(rows, {ks}, n_init=10, random_state={found.seed})"
    )
    parts = (
        Text(
            "The silhouette tells how much nearer people are to their own group than to the next: "
            f"1 is best. The best of these k is {result.best_k}; suggested is "
            f"{result.suggested_k}, the fewest groups within 0.02 of the best. Both vary with the "
            f"seed, so differences as small as that mean little.{of_whom}"
        ),
        picture(silhouette_curve(result), "Mean silhouette for each number of groups k"),
        table(result.to_frame(), "Every k; n_found: groups that hold people", decimals=4),
    )
    return Section(anchor, title, call, parts)


def _three_genres(found: Findings) -> Section:
    anchor, title = "three-genres", "Groups by three genres"
    if found.groups_of_three is None:
        return Section(anchor, title, "", (Text("Too few people contrast to be grouped."),))
    call = (
        "three_genres = contrast.iloc[:, 1:4].to_numpy()\n"
        f"kmeans_core.KMeans({THREE_GENRES_K}, n_init=10, random_state={found.seed})"
        ".fit_predict(three_genres)"
    )
    parts = (
        Text(
            f"All three columns are clustered; {axis_label(found.contrast.columns[3])} is drawn as "
            f"the size of the dot, large above {LIKED:g}."
        ),
        picture(
            cluster_scatter(found.contrast, found.groups_of_three),
            f"{THREE_GENRES_K} groups by three genres",
        ),
    )
    return Section(anchor, title, call, parts)


def _shape(frame: pd.DataFrame) -> str:
    return f"{frame.shape[0]:,} x {frame.shape[1]}"
