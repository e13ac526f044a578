"""A map of films: films that the same people like lie close together."""

import numpy as np
import pandas as pd

from recsys.analysis.film_map import N_NEAREST, NO_TASTE, FilmMap, film_map
from recsys.analysis.taste import RESTARTS, TasteClusters, likes_of
from recsys.report.charts.film_map import N_JOINED, Drawing, drawing_of, drawn
from recsys.report.parts import Chart, Section, Table, Text, table
from recsys.report.study import MOST_RATED, Study
from recsys.titles.names import spoken
from recsys.words import counted

ANCHOR, TITLE = "map", "A map of films"

# Films with fewer likes are left out: nobody knows what they are like.
MIN_LIKES = 10

# A taste is a region of the map if so much of what chance leaves open has neighbors of one taste.
REGION = 0.5

# The table names this many films that are most alike to a landmark.
N_TOLD = 3

# A map of fewer films shows nothing.
FEWEST_FILMS = 8


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    tastes = study.tastes
    if tastes is None:
        return _without_map("Nobody liked a film, so there is no map.")
    n_films = _n_films(tastes.clusters)
    if n_films < FEWEST_FILMS:
        found = "No film has" if n_films == 0 else f"Only {counted(n_films, 'film')} got"
        return _without_map(
            f"{found} {MIN_LIKES} likes or more. A map needs {FEWEST_FILMS} such films."
        )
    with study.steps.step("map of films"):
        films = film_map(tastes.clusters, min_likes=MIN_LIKES)
    drawing = drawing_of(films)
    names = {group.group: f"Group {group.group}: {group.name}" for group in tastes.described}
    names[NO_TASTE] = "No group likes it clearly more"
    chart = Chart(
        "Films that the same people like",
        f"{_regions(films)} {_largest(films)}".strip(),
        drawn(drawing, films.tastes, names),
        _landmarks(films),
    )
    return Section(
        ANCHOR,
        TITLE,
        (
            Text(f"{_what_is_shown(films)} {study.sample_note}".strip()),
            Text(_how_faithful(films)),
            chart,
        ),
        calls=_calls(study, tastes.clusters),
        styles=("film_map.css",),
        scripts=("film_map.js",),
        data={"films": _for_script(films, drawing), "tastes": names},
    )


def _without_map(why: str) -> Section:
    return Section(ANCHOR, TITLE, (Text(why),))


def _n_films(clusters: TasteClusters) -> int:
    return int(np.count_nonzero(np.bincount(likes_of(clusters.matrix).indices) >= MIN_LIKES))


def _what_is_shown(films: FilmMap) -> str:
    return (
        f"Each dot is one of the {len(films.n_likes):,} films with most likes; the larger it is, "
        "the more people like the film. Films that the same people like lie close together. The "
        "shape shows the group that likes a film most, if it likes it clearly more than others do."
    )


def _how_faithful(films: FilmMap) -> str:
    n_films, n_alike = films.alike.shape
    sentence = "Only neighborhoods mean something: directions and long distances do not."
    if n_films <= 2 * N_NEAREST:
        return sentence
    return (
        f"{sentence} No map shows everything. Of the {n_alike} films that are most alike to a "
        f"film, this one puts {100 * films.kept:.0f} % among its {N_NEAREST} nearest; places by "
        f"chance would put {100 * N_NEAREST / (n_films - 1):.0f} % there."
    )


def _largest(films: FilmMap) -> str:
    n_likes = counted(int(films.n_likes[0]), "person", "people")
    return f"{n_likes} liked the film with the largest dot, {spoken(str(films.titles[0]))}."


def _regions(films: FilmMap) -> str:
    """Whether films of one taste lie together, by the nearest neighbor of each that has a taste."""
    with_taste = films.tastes != NO_TASTE
    tastes, places = films.tastes[with_taste], films.places[with_taste]
    n = len(tastes)
    if len(set(tastes.tolist())) < 2:
        return ""
    far = ((places[:, None] - places) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    same = 100 * float((tastes[far.argmin(axis=1)] == tastes).mean())
    sizes = np.bincount(tastes)
    by_chance = 100 * float((sizes * (sizes - 1)).sum()) / (n * (n - 1))
    is_region = same - by_chance >= REGION * (100 - by_chance)
    meaning = "so a taste is a region of the map" if is_region else "so tastes mix on the map"
    return (
        f"{n:,} of the films are liked clearly more by one of the groups. For {same:.0f} % of "
        "them, the nearest other one belongs to the same group. By chance it would be "
        f"{by_chance:.0f} %, {meaning}."
    )


def _landmarks(films: FilmMap) -> Table:
    titles = [spoken(str(title)) for title in films.titles]
    chosen = np.flatnonzero(films.is_landmark).tolist()
    alike = ["; ".join(titles[other] for other in films.alike[film, :N_TOLD]) for film in chosen]
    return table(
        pd.DataFrame(
            {
                "Film": [titles[film] for film in chosen],
                "Likes": films.n_likes[chosen],
                "Taste": [
                    "none" if taste == NO_TASTE else f"Group {taste}"
                    for taste in films.tastes[chosen].tolist()
                ],
                "Most alike": alike,
            }
        ),
        "Landmarks of the map",
    )


def _for_script(films: FilmMap, drawing: Drawing) -> list[list[object]]:
    """For each film: x, y, likes, taste and the films that it is joined to."""
    rows = zip(
        drawing.dots,
        films.n_likes.tolist(),
        films.tastes.tolist(),
        films.alike[:, :N_JOINED].tolist(),
        strict=True,
    )
    return [[dot.x, dot.y, *row] for dot, *row in rows]


def _calls(study: Study, clusters: TasteClusters) -> str:
    n_groups = clusters.n_clusters - (clusters.leftover is not None)
    options = f"n_init={RESTARTS}, random_state={study.options.seed}"
    sampled = "# The page took a sample of people; these lines take all.\n"
    return (
        f"{sampled if study.sample_note else ''}"
        f'matrix = recsys.RatingMatrix.from_ratings(ratings, "title").most_rated({MOST_RATED})\n'
        f"films = recsys.film_map(recsys.cluster_users(matrix, {n_groups}, {options}))\n"
        "films.to_frame()\n"
        "from recsys import plots\n"
        "plots.taste_map(films).figure"
    )
