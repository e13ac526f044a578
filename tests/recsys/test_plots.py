"""Pictures: the tests read the drawings back from the axes, without a backend or pyplot."""

import subprocess
import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from recsys.analysis.plots import (
    CLUSTER_COLORS,
    LARGE_DOT,
    SMALL_DOT,
    cluster_grid,
    cluster_scatter,
    genre_scatter,
    rating_heat_map,
    shorten,
    silhouette_curve,
)

from kmeans_core import SweepResult
from recsys import RatingMatrix, Ratings


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
    assert ax.get_xlabel() == "mean romance rating"
    assert ax.get_ylabel() == "mean scifi rating"


def test_each_group_has_its_own_color_and_count(means: pd.DataFrame) -> None:
    ax = cluster_scatter(means.iloc[:, :3], np.array([0, 0, 2, 0]))
    assert [len(drawn.get_offsets()) for drawn in dots(ax)] == [3, 1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "group 0 (3)",
        "group 2 (1)",
    ]
    colors = [tuple(drawn.get_facecolor()[0][:3]) for drawn in dots(ax)]
    assert colors == [to_rgba(CLUSTER_COLORS[c])[:3] for c in (0, 2)]


def test_groups_after_the_last_color_have_another_marker() -> None:
    n = len(CLUSTER_COLORS) + 1
    means = pd.DataFrame({"userId": range(n), "avg_a_rating": 1.0, "avg_b_rating": 2.0})
    drawn = dots(cluster_scatter(means, np.arange(n)))
    assert (drawn[0].get_facecolor() == drawn[-1].get_facecolor()).all()
    assert drawn[0].get_paths()[0] != drawn[-1].get_paths()[0]


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
    with pytest.raises(ValueError, match="labels needs one label per user: 4, not 3"):
        cluster_scatter(means, np.zeros(3, dtype=int))


def test_grid_has_one_panel_per_clustering(means: pd.DataFrame) -> None:
    labels = np.array([0, 1, 0, 1])
    figure = cluster_grid(means.iloc[:, :3], [labels] * 3, ["k = 2", "k = 3", "k = 4"])
    shown = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title() for ax in shown] == ["k = 2", "k = 3", "k = 4"]
    assert all(len(dots(ax)) == 2 for ax in shown)


def test_silhouette_curve_marks_best_and_suggested() -> None:
    result = SweepResult(
        ks=np.array([2, 3, 4]),
        inertia=np.array([3.0, 2.0, 1.0]),
        silhouette=np.array([0.39, 0.2, 0.40]),
        calinski_harabasz=np.ones(3),
        davies_bouldin=np.ones(3),
        n_found=np.array([2, 3, 4]),
        labels=np.zeros((3, 5), dtype=np.int32),
        seed_agreement=np.empty((3, 0)),
        bootstrap_agreement=np.empty((3, 0)),
    )
    ax = silhouette_curve(result)
    curve, best, suggested = ax.get_lines()
    assert curve.get_xydata().tolist() == [[2, 0.39], [3, 0.2], [4, 0.4]]
    assert best.get_xydata().tolist() == [[4, 0.4]]
    assert suggested.get_xydata().tolist() == [[2, 0.39]]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["best: k = 4", "suggested: k = 2"]


@pytest.fixture
def region() -> RatingMatrix:
    ratings = Ratings.from_frames(
        pd.DataFrame(
            [(4, 1, 5.0), (4, 2, 0.5), (9, 2, 3.0)], columns=["userId", "movieId", "rating"]
        ),
        pd.DataFrame({"movieId": [1, 2], "title": ["$9.99 (2008)", "$1 & <b>"], "genres": "War"}),
    )
    return RatingMatrix.from_ratings(ratings)


def test_heat_map_shows_ratings_and_leaves_missing_cells_white(region: RatingMatrix) -> None:
    ax = rating_heat_map(region, title="Group 3: 2 users, 2 in the plot")
    (image,) = ax.get_images()
    shown = np.ma.filled(image.get_array(), np.nan)
    np.testing.assert_array_equal(shown, [[5.0, 0.5], [np.nan, 3.0]])
    assert image.get_clim() == (0, 5)
    absent = image.get_cmap()(np.ma.array([0.0], mask=[True]))[0]
    assert tuple(absent) == to_rgba("white")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["4", "9"]
    assert ax.get_xlabel() == "Group 3: 2 users, 2 in the plot"


def test_heat_map_takes_titles_as_they_are(region: RatingMatrix) -> None:
    """matplotlib would read two dollar signs as a formula."""
    ax = rating_heat_map(region)
    labels = ax.get_xticklabels()
    assert [text.get_text() for text in labels] == ["$9.99 (2008)", "$1 & <b>"]
    assert not any(text.get_parse_math() for text in labels)


def test_color_bar_ends_at_the_largest_rating(region: RatingMatrix) -> None:
    ax = rating_heat_map(region, largest_rating=10)
    assert ax.get_images()[0].get_clim() == (0, 10)


def test_shorten() -> None:
    assert shorten("Up") == "Up"
    assert shorten("two\nlines\tand a tab") == "two lines and a tab"
    assert shorten("abcdefghij", 5) == "abcd\N{HORIZONTAL ELLIPSIS}"


def test_nothing_global_is_touched() -> None:
    before = dict(mpl.rcParams)
    silent = "import sys, recsys.analysis.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", silent], check=False).returncode == 0
    assert dict(mpl.rcParams) == before
