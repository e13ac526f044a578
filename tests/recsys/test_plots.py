"""Pictures of ratings: the tests read the drawings back from the axes, without pixels."""

import subprocess
import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from kmeans_core.palette import LIGHT
from recsys import RatingMatrix, Ratings, RatingScale
from recsys.plots import (
    LARGE_DOT,
    LARGE_FILM,
    SMALL_DOT,
    SMALL_FILM,
    cluster_scatter,
    genre_scatter,
    rating_heatmap,
    shorten,
    taste_map,
)


@pytest.fixture
def means() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "userId": [1, 2, 3, 4],
            "avg_romance_rating": [1.0, 2.0, 4.0, 5.0],
            "avg_scifi_rating": [4.5, 4.0, 2.0, 1.0],
            "avg_action_rating": [3.0, 3.01, 5.0, 1.0],
        }
    )


def dots(ax: Any) -> list[PathCollection]:
    return [drawn for drawn in ax.collections if isinstance(drawn, PathCollection)]


def test_genre_scatter_draws_each_user_once(means: pd.DataFrame) -> None:
    ax = genre_scatter(means.iloc[:, :3])
    (drawn,) = dots(ax)
    np.testing.assert_array_equal(drawn.get_offsets(), means.iloc[:, 1:3])
    assert ax.get_legend() is None
    assert ax.get_xlabel() == "mean romance rating"
    assert ax.get_ylabel() == "mean scifi rating"


def test_clusters_and_centers_are_drawn_at_their_means(means: pd.DataFrame) -> None:
    labels, centers = np.array([0, 0, 1, 1]), np.array([[1.5, 4.25, 3.0], [4.5, 1.5, 3.0]])
    ax = cluster_scatter(means, labels, centers)
    places = [np.asarray(drawn.get_offsets()).tolist() for drawn in dots(ax)]
    assert places == [[[1, 4.5], [2, 4]], [[4, 2], [5, 1]], [[1.5, 4.25]], [[4.5, 1.5]]]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["cluster 0 (2)", "cluster 1 (2)"]


def test_third_genre_is_the_size_of_the_dot(means: pd.DataFrame) -> None:
    ax = cluster_scatter(means, np.zeros(4, dtype=int))
    (drawn,) = dots(ax)
    # A mean above 3 gets a large dot; 3.0 itself does not.
    assert drawn.get_sizes().tolist() == [SMALL_DOT, LARGE_DOT, LARGE_DOT, SMALL_DOT]


def test_scatter_shows_every_dot_of_a_longer_scale(means: pd.DataFrame) -> None:
    assert genre_scatter(means.iloc[:, :3]).get_xlim() == pytest.approx((-0.1, 5.2))
    ax = genre_scatter(means.iloc[:, :3].assign(avg_scifi_rating=[1.0, 10.0, 2.0, 3.0]))
    assert ax.get_ylim() == ax.get_xlim()
    assert ax.get_ylim()[1] > 10


def test_scatter_refuses_what_it_cannot_draw(means: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="means needs two or three genre columns, not 1"):
        cluster_scatter(means.iloc[:, :2], np.zeros(4, dtype=int))
    with pytest.raises(ValueError, match="labels needs one label per row: 4, not 3"):
        cluster_scatter(means, np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="users without a mean of a genre"):
        genre_scatter(means.iloc[:, :3].replace(4.5, np.nan))


@pytest.fixture
def region() -> RatingMatrix:
    ratings = Ratings.from_frames(
        pd.DataFrame(
            [(4, 1, 5.0), (4, 2, 0.5), (9, 2, 3.0)], columns=["userId", "movieId", "rating"]
        ),
        pd.DataFrame({"movieId": [1, 2], "title": ["$9.99 (2008)", "$1 & <b>"], "genres": "War"}),
    )
    return RatingMatrix.from_ratings(ratings)


def test_heatmap_shows_ratings_and_leaves_missing_cells_blank(region: RatingMatrix) -> None:
    ax = rating_heatmap(region, title="Group 3: 2 users, 2 in the plot")
    (image,) = ax.get_images()
    shown = np.ma.filled(image.get_array(), np.nan)
    np.testing.assert_array_equal(shown, [[5.0, 0.5], [np.nan, 3.0]])
    absent = image.get_cmap()(np.ma.array([0.0], mask=[True]))[0]
    assert tuple(absent) == to_rgba(LIGHT.background)
    best = image.get_cmap()(image.norm(5.0))
    assert tuple(best) == to_rgba(LIGHT.ramp[-1])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["4", "9"]
    assert ax.get_ylabel() == "userId"
    assert ax.get_xlabel() == "Group 3: 2 users, 2 in the plot"


def test_heatmap_takes_titles_as_they_are(region: RatingMatrix) -> None:
    """matplotlib would read two dollar signs as a formula."""
    ax = rating_heatmap(region)
    labels = ax.get_xticklabels()
    assert [text.get_text() for text in labels] == ["$9.99 (2008)", "$1 & <b>"]
    assert not any(text.get_parse_math() for text in labels)


def test_colors_go_over_the_whole_scale(region: RatingMatrix) -> None:
    def ends(**options: Any) -> tuple[float, float]:
        low, high = rating_heatmap(**options).get_images()[0].get_clim()
        return float(low), float(high)

    assert ends(region=region) == (0.5, 5)
    assert ends(region=region, scale=RatingScale(-10, 10, 0)) == (-10, 10)
    frame = pd.DataFrame({"Up": [2.0, np.nan], "Heat": [7, 3]})
    assert ends(region=frame) == (2, 7)
    with pytest.raises(ValueError, match="region has no ratings"):
        rating_heatmap(frame.iloc[1:, :1])


@pytest.fixture
def films() -> pd.DataFrame:
    """Forty films. Those with labels are twelve that lie close together, and one at the edge."""
    rng = np.random.default_rng(0)
    spread = np.repeat([0.3, 4.0], [12, 28])
    x, y = rng.normal(size=(2, 40)) * spread
    x[39] = 12.0
    return pd.DataFrame(
        {
            "x": x,
            "y": y,
            "title": [f"Town of the Film {i}, The ({1980 + i})" for i in range(40)],
            "taste": np.arange(40) % 4 - 1,
            "n_likes": np.arange(40) * 10,
            "is_landmark": (np.arange(40) < 12) | (np.arange(40) == 39),
        }
    )


def test_map_draws_each_film_in_its_taste(films: pd.DataFrame) -> None:
    ax = taste_map(films)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["no taste (10)", "taste 0 (10)", "taste 1 (10)", "taste 2 (10)"]
    for taste, drawn in zip((-1, 0, 1, 2), dots(ax), strict=True):
        of_taste = films[films["taste"] == taste]
        np.testing.assert_array_equal(drawn.get_offsets(), of_taste[["x", "y"]])
        areas = SMALL_FILM + (LARGE_FILM - SMALL_FILM) * of_taste["n_likes"] / 390
        np.testing.assert_allclose(drawn.get_sizes(), areas)
    colors = {tuple(drawn.get_facecolor()[0][:3]) for drawn in dots(ax)}
    assert colors == {to_rgba(c)[:3] for c in (LIGHT.no_cluster, *LIGHT.clusters[:3])}


def test_labels_of_landmarks_do_not_cover_each_other(films: pd.DataFrame) -> None:
    ax = taste_map(films)
    labels = [text for text in ax.texts if text.get_text()]
    most_likes_first = [39, *range(11, -1, -1)]
    names = [text.get_text() for text in labels]
    assert names == [f"The Town of the Film {i}" for i in most_likes_first]
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in labels]
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    frame = ax.get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
    assert all(frame.y0 <= box.y0 and box.y1 <= frame.y1 for box in boxes)


def test_labels_do_not_move_the_map(films: pd.DataFrame) -> None:
    figure = Figure(figsize=(3, 2), layout="constrained")  # labels are wider than this map
    ax = taste_map(films, figure.subplots())
    before = ax.get_position().bounds
    figure.draw_without_rendering()
    assert ax.get_position().bounds == pytest.approx(before, abs=1e-3)


def test_map_needs_no_landmarks_and_no_likes_but_its_columns(films: pd.DataFrame) -> None:
    ax = taste_map(films.drop(columns="n_likes").assign(is_landmark=False))
    assert not ax.texts
    with pytest.raises(ValueError, match="points has no column y, taste: a map needs x, y"):
        taste_map(films.drop(columns=["y", "taste"]))


def test_map_takes_a_result_with_a_frame(films: pd.DataFrame) -> None:
    class Result:
        def to_frame(self) -> pd.DataFrame:
            return films

    assert len(dots(taste_map(Result()))) == 4


def test_shorten() -> None:
    assert shorten("Up") == "Up"
    assert shorten("two\nlines\tand a tab") == "two lines and a tab"
    assert shorten("abcdefghij", 5) == "abcd\N{HORIZONTAL ELLIPSIS}"


def test_nothing_global_is_touched(films: pd.DataFrame, region: RatingMatrix) -> None:
    before = dict(mpl.rcParams)
    taste_map(films)
    rating_heatmap(region)
    assert dict(mpl.rcParams) == before
    silent = "import sys, recsys.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", silent], check=False).returncode == 0
