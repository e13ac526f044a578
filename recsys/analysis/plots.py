"""Pictures: each function takes data and returns a matplotlib Axes, or a Figure of several.

The functions draw on ``ax``, or on a new figure if it is not given. They do not use pyplot, so they
touch neither the backend nor pyplot's list of figures.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import matplotlib.style
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from kmeans_core import SweepResult
from recsys.data.matrix import RatingMatrix
from recsys.printable import printable
from recsys.titles.names import spoken

# Most color-blind readers can tell these ten colors apart (Okabe and Ito 2008, then grays).
# Clusters after the tenth use the same colors with another marker.
CLUSTER_COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#D55E00",
    "#56B4E9",
    "#8C6D1F",
    "#000000",
    "#999999",
    "#6A3D9A",
)
CLUSTER_MARKERS = "osD^vPX"

# The dot size shows a third genre: users with a mean above this get a large dot.
LIKED = 3.0
SMALL_DOT, LARGE_DOT = 18, 90


def default_style() -> AbstractContextManager[None]:
    """Use matplotlib's own style inside the block, and restore the caller's style after it."""
    return mpl.style.context("default")


def axis_label(column: str) -> str:
    """The label of a genre column: ``avg_scifi_rating`` -> ``mean scifi rating``."""
    return column.replace("avg_", "mean ").replace("_", " ")


def genre_scatter(means: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw users at their means of the first two genres."""
    return cluster_scatter(means, np.zeros(len(means), dtype=np.intp), ax, legend=False)


def cluster_scatter(
    means: pd.DataFrame, labels: npt.NDArray[Any], ax: Axes | None = None, *, legend: bool = True
) -> Axes:
    """Draw users at their means of two genres, in the colors of their clusters.

    ``means`` has userId and two or three genre columns, without missing values. A third genre sets
    the size of the dots. ValueError if the columns or the number of labels do not fit.
    """
    genres = [name for name in means.columns if name != "userId"]
    if len(genres) not in (2, 3):
        raise ValueError(f"means needs two or three genre columns, not {len(genres)}")
    if len(labels) != len(means):
        raise ValueError(f"labels needs one label per user: {len(means)}, not {len(labels)}")
    ax = _axes(ax, (5.6, 5.2))
    sizes = np.full(len(means), 36)
    if len(genres) == 3:
        sizes = np.where(means[genres[2]] > LIKED, LARGE_DOT, SMALL_DOT)
        ax.set_title(f"large dots: {axis_label(genres[2])} above {LIKED:g}", fontsize=9)
    shown = means[genres[:2]].to_numpy().ravel()
    for cluster in np.unique(labels):
        members = labels == cluster
        ax.scatter(
            means.loc[members, genres[0]],
            means.loc[members, genres[1]],
            s=sizes[members],
            color=CLUSTER_COLORS[cluster % len(CLUSTER_COLORS)],
            marker=CLUSTER_MARKERS[cluster // len(CLUSTER_COLORS) % len(CLUSTER_MARKERS)],
            alpha=0.75,
            linewidths=0.5,
            edgecolors="white",
            label=f"group {cluster} ({np.sum(members)})",
        )
    # The axes go from 0 to 5 stars, or further if a mean lies outside.
    low, top = np.nanmin([0.0, *shown]), np.nanmax([5.0, *shown])
    ends = (low - 0.02 * (top - low), top + 0.04 * (top - low))
    ax.set(
        xlabel=axis_label(genres[0]),
        ylabel=axis_label(genres[1]),
        xlim=ends,
        ylim=ends,
        aspect="equal",
    )
    ax.grid(alpha=0.25)
    if legend:
        names = ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
        for dot in names.legend_handles:
            if isinstance(dot, PathCollection):
                dot.set_sizes([36])
    return ax


def silhouette_curve(result: SweepResult, ax: Axes | None = None) -> Axes:
    """Draw the silhouette of each k, and mark the best and the suggested k."""
    ax = _axes(ax, (8.0, 3.8))
    ax.plot(result.ks, result.silhouette, marker="o", markersize=4, color=CLUSTER_COLORS[0])
    # One ring is wider, so that both rings are visible at the same k.
    for k, name, color, width in (
        (result.best_k, "best", CLUSTER_COLORS[4], 9),
        (result.suggested_k, "suggested", CLUSTER_COLORS[2], 14),
    ):
        height = result.silhouette[result.ks == k][0]
        ax.plot(
            [k],
            [height],
            "o",
            markersize=width,
            fillstyle="none",
            color=color,
            label=f"{name}: k = {k}",
        )
    ax.set(xlabel="number of groups k", ylabel="mean silhouette")
    ax.grid(alpha=0.25)
    ax.legend(frameon=False)
    return ax


def rating_heat_map(
    region: RatingMatrix,
    ax: Axes | None = None,
    *,
    title: str = "",
    largest_rating: float = 5.0,
    smallest_rating: float = 0.0,
) -> Axes:
    """Draw the ratings of a few users and movies as colors, from 0 to the largest rating.

    The colors begin at the smallest rating if that is negative. Cells without a rating stay white.
    Rows and columns keep their order.
    """
    n_users, n_movies = region.shape
    ax = _axes(ax, (2.2 + 0.2 * n_movies, 2.6 + max(0.15 * n_users, 0.6)))
    colors = mpl.colormaps["viridis"].with_extremes(bad="white")
    image = ax.imshow(
        region.to_frame().to_numpy(),
        cmap=colors,
        vmin=min(0.0, smallest_rating),
        vmax=largest_rating,
        aspect="auto",
        interpolation="nearest",
    )
    # A title with two dollar signs is not a formula, and one with a percent sign is not TeX.
    ax.set_xticks(
        range(n_movies),
        [shorten(spoken(str(name))) for name in region.titles],
        rotation=90,
        fontsize=7,
        parse_math=False,
        usetex=False,
    )
    ax.xaxis.tick_top()
    ax.set_yticks(range(n_users), [str(user) for user in region.user_ids], fontsize=6)
    ax.set_ylabel("userId")
    ax.tick_params(length=0)
    if title:
        ax.set_xlabel(printable(title), fontsize=10)
    figure = ax.figure
    bar = figure.colorbar(
        image, ax=ax, pad=0.01, shrink=max(0.35, min(1.0, 3.0 / (0.15 * n_users + 1)))
    )
    bar.set_label("stars")
    return ax


def cluster_grid(
    means: pd.DataFrame, labelings: Sequence[npt.NDArray[Any]], names: Sequence[str]
) -> Figure:
    """Draw several clusterings of the same users side by side, each with its name."""
    figure = Figure(figsize=(11.0, 5.0 * -(-len(labelings) // 2)), layout="constrained")
    grid = figure.subplots(-(-len(labelings) // 2), 2, squeeze=False)
    for ax, labels, name in zip(grid.flat, labelings, names, strict=False):
        cluster_scatter(means, labels, ax)
        ax.set_title(name, fontsize=11)
    for ax in grid.flat[len(labelings) :]:
        ax.set_axis_off()
    return figure


def shorten(title: str, length: int = 34) -> str:
    """Put a title on one line of at most ``length`` characters; a cut title ends in an ellipsis."""
    title = printable(" ".join(title.split()))
    return title if len(title) <= length else title[: length - 1] + "…"


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is not None:
        return ax
    made: Axes = Figure(figsize=size, layout="constrained").subplots()
    return made
