"""The drawing of a map of films: places, sizes, markers, and titles that are text."""

import re

import numpy as np
import pytest

from kmeans_core.palette import place_of
from recsys import FilmMap
from recsys.report.charts.film_map import drawing_of, drawn, marker_of


def map_of(titles: list[str], places: np.ndarray, tastes: list[int]) -> FilmMap:
    n = len(titles)
    return FilmMap(
        movie_ids=np.arange(n),
        titles=np.array(titles, dtype=object),
        places=places,
        tastes=np.array(tastes),
        n_likes=np.arange(4 * n, 3 * n, -1),
        is_landmark=np.arange(n) < 20,
        alike=np.array([[j for j in range(n) if j != i][:10] for i in range(n)]),
        kept=0.5,
    )


@pytest.mark.parametrize("taste", range(20))
def test_markers_are_those_of_the_palette(taste: int) -> None:
    color, marker = place_of(taste)
    assert marker_of(taste) == (str(marker), f"taste-{color}")


def test_places_keep_their_distances_and_y_points_up() -> None:
    films = map_of(["A", "B", "C"], np.array([[-1.0, 0.5], [1.0, 0.5], [0.0, -0.25]]), [0, 1, -1])
    drawing = drawing_of(films)
    a, b, c = ((dot.x, dot.y) for dot in drawing.dots)
    assert a == (8.0, 8.0)
    assert b == (320.0, 8.0)
    assert c == (164.0, 8.0 + 0.75 * 156)
    assert drawing.height == 8.0 + 0.75 * 156 + 8.0
    radii = [dot.r for dot in drawing.dots]
    assert radii == sorted(radii, reverse=True)
    assert [dot.marker for dot in drawing.dots] == ["0", "1", "none"]


def test_titles_are_text_and_every_film_has_a_dot() -> None:
    titles = ["<script>alert(1)</script>", "O'Brien & Sons (1999)", "Matrix, The (1999)"]
    films = map_of(titles, np.array([[-1.0, 0.5], [1.0, 0.5], [0.0, 0.0]]), [0, 1, -1])
    names = {0: "<b>", 1: "1", -1: "none"}
    html = drawn(drawing_of(films), films.tastes, names)
    assert "<script" not in html
    assert "<b>" not in html
    found = re.findall(r"<use [^>]*transform[^>]*><title>(.*?)</title></use>", html)
    assert found == [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "O&#39;Brien &amp; Sons (1999)",
        "The Matrix (1999)",
    ]
    assert re.findall(r'<text class="\w+"[^>]*>(The Matrix)</text>', html) == ["The Matrix"] * 2
    # The legend has films without a taste last.
    assert re.findall(r'data-taste="(-?\d+)"', html) == ["0", "1", "-1"]


def test_landmarks_are_labelled_first_and_a_wide_drawing_has_more_labels() -> None:
    rng = np.random.default_rng(0)
    places = np.round(rng.uniform(-1, 1, (400, 2)), 3)
    titles = [f"The {'long ' * 4}title of film {i} (2000)" for i in range(400)]
    films = map_of(titles, places, rng.integers(-1, 6, 400).tolist())
    drawing = drawing_of(films)
    assert {label.dot for label in drawing.narrow} <= set(range(20))
    assert len(drawing.wide) > len(drawing.narrow) > 5
    assert [label.dot for label in drawing.wide[:3]] == [0, 1, 2]
    html = drawn(drawing, films.tastes, dict.fromkeys(range(-1, 6), "a name"))
    assert len(html) < 80_000
