"""Pictures of clusterings: the tests read the drawings back from the axes, without pixels."""

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

from kmeans_core import KMeans, SweepResult, reference
from kmeans_core.extras import install
from kmeans_core.palette import DARK, LIGHT, MARKERS
from kmeans_core.plots import (
    cluster_scatter,
    elbow,
    lloyd_steps,
    silhouette_blades,
    silhouette_curve,
    stability_curve,
)

X = np.array([[0.0, 0.0], [1.0, 0.0], [9.0, 9.0], [9.0, 8.0], [0.0, 1.0]])


def sweep(*, n_stability: int = 0, silhouette: Any = (0.39, 0.2, 0.40)) -> SweepResult:
    agreement = np.linspace(0.7, 0.9, 3 * n_stability).reshape(3, n_stability)
    return SweepResult(
        ks=np.array([2, 3, 4]),
        inertia=np.array([3.0, 2.0, 1.0]),
        silhouette=np.array(silhouette),
        calinski_harabasz=np.ones(3),
        davies_bouldin=np.ones(3),
        n_found=np.array([2, 3, 4]),
        labels=np.zeros((3, 5), dtype=np.int32),
        seed_agreement=agreement,
        bootstrap_agreement=agreement,
    )


def dots(ax: Any) -> list[PathCollection]:
    return [drawn for drawn in ax.collections if isinstance(drawn, PathCollection)]


def places(drawn: PathCollection) -> list[list[float]]:
    return np.asarray(drawn.get_offsets()).tolist()


def legend_of(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_elbow_draws_inertia_and_marks_the_suggested_k():
    ax = elbow(sweep())
    curve, suggested = ax.get_lines()
    assert curve.get_xydata().tolist() == [[2, 3], [3, 2], [4, 1]]
    assert suggested.get_xydata().tolist() == [[2, 3]]
    assert legend_of(ax) == ["suggested: k = 2"]
    assert ax.get_ylim()[0] == 0
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_elbow_without_silhouettes_marks_nothing():
    (curve,) = elbow(sweep(silhouette=[np.nan] * 3)).get_lines()
    assert curve.get_ydata().tolist() == [3, 2, 1]


def test_silhouette_curve_marks_best_and_suggested():
    ax = silhouette_curve(sweep())
    curve, best, suggested = ax.get_lines()
    assert curve.get_xydata().tolist() == [[2, 0.39], [3, 0.2], [4, 0.4]]
    assert best.get_xydata().tolist() == [[4, 0.4]]
    assert suggested.get_xydata().tolist() == [[2, 0.39]]
    assert legend_of(ax) == ["best: k = 4", "suggested: k = 2"]
    with pytest.raises(ValueError, match="No k among"):
        silhouette_curve(sweep(silhouette=[np.nan] * 3))


def test_stability_curve_draws_the_interval():
    result = sweep(n_stability=3)
    ax = stability_curve(result)
    curve, limit, suggested = ax.get_lines()
    assert curve.get_ydata().tolist() == result.stability.tolist()
    assert set(limit.get_ydata()) == {0.8}
    assert suggested.get_xydata().tolist() == [[4, result.stability[2]]]
    (band,) = ax.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices.round(9)}
    for k, ends in zip(result.ks, result.stability_interval.round(9), strict=True):
        assert {(k, end) for end in ends} <= corners
    with pytest.raises(ValueError, match="call sweep_k with n_stability"):
        stability_curve(sweep())


def test_blades_are_sorted_and_apart():
    samples = np.array([0.1, 0.5, -0.25, 0.75, 0.3])
    ax = silhouette_blades(samples, ["b", "a", "b", "a", "c"])
    blades = [patch.get_data() for patch in ax.patches]
    assert [blade.values.tolist() for blade in blades] == [[0.75, 0.5], [0.1, -0.25], [0.3]]
    assert [blade.edges.tolist() for blade in blades] == [[0, 1, 2], [3, 4, 5], [6, 7]]
    texts = [text.get_text() for text in ax.get_yticklabels()]
    assert texts[:2] == ["cluster a (2), mean 0.62", "cluster b (2), mean -0.07"]
    assert ax.get_yticks().tolist() == [1, 4, 6.5]
    mean = ax.get_lines()[0]
    assert set(mean.get_xdata()) == {np.mean(samples)}
    assert ax.get_title() == "dashed: the mean of all rows, 0.28"
    assert ax.yaxis_inverted()  # the first cluster is at the top


def test_scatter_gives_each_label_its_color_and_marker():
    ax = cluster_scatter(X, [0, 0, 2, 2, -1])
    assert legend_of(ax) == ["no cluster (1)", "cluster 0 (2)", "cluster 2 (2)"]
    assert [places(drawn) for drawn in dots(ax)] == [
        [[0, 1]],
        [[0, 0], [1, 0]],
        [[9, 9], [9, 8]],
    ]
    colors = [tuple(drawn.get_facecolor()[0][:3]) for drawn in dots(ax)]
    wanted = (LIGHT.no_cluster, LIGHT.clusters[0], LIGHT.clusters[2])
    assert colors == [to_rgba(color)[:3] for color in wanted]


def test_clusters_after_the_last_color_have_another_marker():
    n = len(MARKERS) + 1
    drawn = dots(cluster_scatter(np.ones((n, 2)), np.arange(n)))
    assert (drawn[0].get_facecolor() == drawn[-1].get_facecolor()).all()
    assert drawn[0].get_paths()[0] != drawn[-1].get_paths()[0]


def test_scatter_takes_frames_centers_and_sizes():
    frame = pd.DataFrame(X, columns=["width", "height"])
    ax = cluster_scatter(frame, [0, 0, 1, 1, 0], [[0.5, 0.5], [9, 8.5]], sizes=[1, 2, 3, 4, 5])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "height")
    first, second, *centers = dots(ax)
    assert first.get_sizes().tolist() == [1, 2, 5]
    assert second.get_sizes().tolist() == [3, 4]
    assert [places(center) for center in centers] == [[[0.5, 0.5]], [[9, 8.5]]]
    for cluster, center in zip((first, second), centers, strict=True):
        assert cluster.get_facecolor()[0][:3].tolist() == center.get_facecolor()[0][:3].tolist()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: cluster_scatter(np.ones((3, 4)), [0] * 3), r"X must have two columns .*\(3, 4\)"),
        (lambda: cluster_scatter(X, [0, 1]), "labels needs one label per row: 5, not 2"),
        (lambda: cluster_scatter(X, [0] * 5, sizes=[1]), "sizes needs one area per row: 5, not 1"),
        (lambda: cluster_scatter(X, [0] * 5, [1.0]), "centers must have two columns"),
        (lambda: cluster_scatter(np.where(X == 8, np.nan, X), [0] * 5), "not finite in row 3"),
        (lambda: silhouette_blades([], []), "samples is empty"),
        (lambda: silhouette_blades([0.5, 0.5], [0]), "labels needs one label per row: 2, not 1"),
        (lambda: lloyd_steps(X, []), "events is empty"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def frames_of(animation: Any) -> Any:
    """Each frame of an animation; every one draws on the same axes."""
    for number in animation.new_frame_seq():
        animation._draw_frame(number)
        yield number


@pytest.mark.parametrize("kind", ["events", "steps"])
def test_each_frame_shows_one_iteration(kind, events_of):
    init = X[:2]
    if kind == "events":
        states = events_of(KMeans(2, init=init), X)
    else:
        states = list(reference.lloyd(X, init))
    animation = lloyd_steps(X, states)
    (ax,) = animation._fig.axes
    n_frames = 0
    for number in frames_of(animation):
        state, n_frames = states[number], n_frames + 1
        clouds, centers = dots(ax)[::2], dots(ax)[1::2]
        for cluster in range(2):
            assert places(clouds[cluster]) == X[state.labels == cluster].tolist()
            assert places(centers[cluster]) == [state.centers[cluster].tolist()]
            way = ax.get_lines()[cluster].get_xydata()
            assert way.tolist() == [s.centers[cluster].tolist() for s in states[: number + 1]]
        assert ax.get_title().startswith(f"iteration {number}: inertia {state.inertia:.4g}, ")
    assert n_frames == len(states) > 2
    low, high = ax.get_xlim()
    assert low < 0
    assert high > 9
    animation._draw_was_started = True  # otherwise matplotlib warns that nothing was rendered


def test_lloyd_steps_can_be_written_as_html():
    model = KMeans(2, init=X[:2], on_iteration=lambda event: events.append(event.copy()))
    events: list[Any] = []
    model.fit(X)
    figure = Figure(figsize=(1, 1))
    page = lloyd_steps(X, events[:2], figure.subplots()).to_jshtml()
    assert page.count("data:image/png;base64") == 2


def test_lloyd_steps_refuses_events_that_it_cannot_tell_apart(events_of):
    shared: list[Any] = []
    KMeans(2, init=X[:2], on_iteration=shared.append).fit(X)
    with pytest.raises(ValueError, match=r"keep event\.copy\(\) of each"):
        lloyd_steps(X, shared)
    restarts = events_of(KMeans(2, n_init=3, random_state=0), X)
    with pytest.raises(ValueError, match="events are of 3 restarts"):
        lloyd_steps(X, restarts)
    with pytest.raises(ValueError, match="events are of 5 rows with 2 columns, and X has 4"):
        lloyd_steps(X[:4], restarts)


def test_given_axes_are_drawn_on_in_colors_that_suit_them():
    figure = Figure()
    light, dark = figure.subplots(1, 2)
    dark.set_facecolor("#222222")
    assert cluster_scatter(X, [0] * 5, ax=light) is light
    assert cluster_scatter(X, [0] * 5, ax=dark) is dark
    drawn = [tuple(dots(ax)[0].get_facecolor()[0][:3]) for ax in (light, dark)]
    assert drawn == [to_rgba(palette.clusters[0])[:3] for palette in (LIGHT, DARK)]


def test_no_setting_is_touched():
    before = dict(mpl.rcParams)
    elbow(sweep())
    cluster_scatter(X, [0] * 5)
    assert dict(mpl.rcParams) == before


WITHOUT_MATPLOTLIB = """
import importlib, sys
sys.modules["matplotlib"] = None
for name in ("kmeans_core.plots", "recsys.plots"):
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(error)
"""


def test_one_line_says_what_to_install_without_matplotlib():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_MATPLOTLIB],
        capture_output=True,
        text=True,
        check=True,
    )
    line = f"pictures need matplotlib: {install('plots')}\n"
    assert done.stdout == 2 * line
