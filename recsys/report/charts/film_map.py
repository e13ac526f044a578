"""A map of films: a dot for each film, whose shape is its taste, and labels for a few."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from recsys.analysis.film_map import NO_TASTE, FilmMap
from recsys.report.charts.axes import WIDTH
from recsys.report.charts.labels import Label, placed_labels, short_name
from recsys.report.render import render
from recsys.titles.names import Title, spoken

Floats = npt.NDArray[np.float64]

# Between the outermost dots and the edge.
MARGIN = 8.0

# Half widths of dots, of the least and the most likes.
LEAST_RADIUS, MOST_RADIUS = 2.0, 5.0

# The size of labels in a narrow drawing, which has landmarks only, and in a wide one (see
# film_map.css), which also has those of the next films that find a place.
NARROW_TEXT, WIDE_TEXT, N_OTHERS = 12.0, 6.0, 60

# The number of colors and markers in kmeans_core.palette.
N_MARKERS = 8

# A film is joined to this many films that are most alike.
N_JOINED = 5


@dataclass(frozen=True)
class Dot:
    """A film: its place, half width, marker and title."""

    x: float
    y: float
    r: float
    marker: str
    css: str
    title: str


@dataclass(frozen=True)
class Taste:
    """An entry of the legend: a taste, its marker, its name and its films."""

    number: int
    marker: str
    css: str
    name: str
    n_films: int


@dataclass(frozen=True)
class Drawing:
    """Dots, their places and half widths, and the labels of a narrow and of a wide drawing."""

    dots: tuple[Dot, ...]
    height: float
    narrow: tuple[Label, ...]
    wide: tuple[Label, ...]


def marker_of(taste: int) -> tuple[str, str]:
    """The marker and the CSS class of a taste, as `kmeans_core.palette.place_of`."""
    if taste == NO_TASTE:
        return "none", "no-taste"
    return f"{(taste + taste // N_MARKERS) % N_MARKERS}", f"taste-{taste % N_MARKERS}"


def drawing_of(films: FilmMap) -> Drawing:
    """Place the dots and the labels of a map."""
    across, up = films.places.T
    # y grows downward in an SVG. Both directions have one unit, because distances mean something.
    unit = WIDTH / 2 - MARGIN
    down = up.max() - up
    places = np.round(np.column_stack((WIDTH / 2 + unit * across, MARGIN + unit * down)), 1)
    height = float(np.ceil(2 * MARGIN + unit * down.max()))
    share = films.n_likes / films.n_likes.max()
    radii = np.round(LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * np.sqrt(share), 1)
    titles = [str(title) for title in films.titles]
    dots = tuple(
        Dot(x, y, r, *marker_of(taste), spoken(title))
        for (x, y), r, taste, title in zip(
            places.tolist(), radii.tolist(), films.tastes.tolist(), titles, strict=True
        )
    )
    names = [short_name(Title.of(title).names[0]) for title in titles]
    landmarks = np.flatnonzero(films.is_landmark).tolist()
    others = np.flatnonzero(~films.is_landmark)[:N_OTHERS].tolist()
    area = (WIDTH, height)
    narrow = placed_labels(names, places, radii, size=NARROW_TEXT, area=area, order=landmarks)
    wide = placed_labels(
        names, places, radii, size=WIDE_TEXT, area=area, order=[*landmarks, *others]
    )
    return Drawing(dots, height, narrow, wide)


def drawn(drawing: Drawing, tastes: npt.NDArray[np.intp], names: Mapping[int, str]) -> Markup:
    """Draw a map and its legend from the tastes of the dots and the names of tastes.

    A script lets readers point at films, search for one, and walk from film to film.
    """
    found = sorted(set(tastes.tolist()), key=lambda taste: (taste == NO_TASTE, taste))
    legend = [
        Taste(taste, *marker_of(taste), names[taste], int((tastes == taste).sum()))
        for taste in found
    ]
    return render("film_map.html", width=WIDTH, drawing=drawing, tastes=legend)
