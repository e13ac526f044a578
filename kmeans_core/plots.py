"""Pictures of clusterings: each function draws results on a matplotlib Axes and returns it.

The functions draw on ``ax``, or on a new figure if it is not given: ``ax.figure.savefig(path)``
writes it. They do not use pyplot, so they touch neither the backend nor pyplot's list of figures.
On dark axes they use colors for a dark background.
"""

from typing import Any

import numpy as np

from kmeans_core.animation import lloyd_steps
from kmeans_core.arrays import Floats
from kmeans_core.drawing import (
    DOT,
    Axes,
    MaxNLocator,
    PathCollection,
    axes_or_new,
    center_marker,
    clusters_of,
    dots,
    finite,
    palette_of,
    two_columns,
)
from kmeans_core.palette import Palette
from kmeans_core.points.tables import as_array, feature_names
from kmeans_core.sweep_result import STABLE, SweepResult

__all__ = [
    "cluster_scatter",
    "elbow",
    "lloyd_steps",
    "silhouette_blades",
    "silhouette_curve",
    "stability_curve",
]


# Many k ---------------------------------------------------------------------------------------


def elbow(result: SweepResult, ax: Axes | None = None) -> Axes:
    """Draw the inertia of each k, and mark the suggested k.

    Parameters
    ----------
    result : SweepResult
        From :func:`~kmeans_core.sweep_k`.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.

    Returns
    -------
    Axes
        The axes with the picture.

    Notes
    -----
    Inertia falls with every k, also for rows without clusters. The k where it begins to fall more
    slowly, the elbow, is often taken as the number of clusters. But the eye finds an elbow in
    almost any falling curve (Schubert 2023). So the suggested k is not read off this curve: see
    :attr:`~kmeans_core.SweepResult.suggestion`. It is not marked if no k has a silhouette.

    References
    ----------
    Schubert, E. (2023), Stop using the elbow criterion for k-means and how to choose the number of
    clusters instead. SIGKDD Explorations 25, 36-42.

    Examples
    --------
    >>> from kmeans_core import plots, sweep_k
    >>> ax = plots.elbow(sweep_k([[0.0], [1.0], [5.0], [6.0]], [1, 2, 3], random_state=0))
    >>> ax.get_ylabel(), [text.get_text() for text in ax.get_legend().get_texts()]
    ('inertia', ['suggested: k = 2'])
    """
    ax, palette = _curve(result, result.inertia, "inertia", ax)
    ax.set_ylim(bottom=0)
    if np.any(np.isfinite(result.silhouette)):
        _ring(ax, result, result.inertia, "suggested", result.suggested_k, palette.clusters[2])
        ax.legend(frameon=False)
    return ax


def silhouette_curve(result: SweepResult, ax: Axes | None = None) -> Axes:
    """Draw the mean silhouette of each k, and mark the best and the suggested k.

    Parameters
    ----------
    result : SweepResult
        From :func:`~kmeans_core.sweep_k`.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.

    Returns
    -------
    Axes
        The axes with the picture.

    Raises
    ------
    ValueError
        If no k has a silhouette.

    Examples
    --------
    >>> from kmeans_core import plots, sweep_k
    >>> ax = plots.silhouette_curve(sweep_k([[0.0], [1.0], [5.0], [6.0]], [2, 3], random_state=0))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['best: k = 2', 'suggested: k = 2']
    """
    best, suggested = result.best_k, result.suggested_k
    ax, palette = _curve(result, result.silhouette, "mean silhouette", ax)
    _ring(ax, result, result.silhouette, "best", best, palette.clusters[7], size=9)
    _ring(ax, result, result.silhouette, "suggested", suggested, palette.clusters[2])
    ax.legend(frameon=False)
    return ax


def stability_curve(result: SweepResult, ax: Axes | None = None) -> Axes:
    """Draw the stability of each k with its 95 % interval, and mark the suggested k.

    A dashed line is at 0.8, from which on a clustering counts as stable.

    Parameters
    ----------
    result : SweepResult
        From :func:`~kmeans_core.sweep_k` with ``n_stability``.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.

    Returns
    -------
    Axes
        The axes with the picture.

    Raises
    ------
    ValueError
        If the sweep did not measure stability, or no k has a silhouette.

    Examples
    --------
    >>> from kmeans_core import plots, sweep_k
    >>> X = [[0.0], [1.0], [5.0], [6.0], [9.0]]
    >>> ax = plots.stability_curve(sweep_k(X, [2, 3], n_stability=3, random_state=0))
    >>> ax.get_ylabel()
    'stability'
    """
    if result.seed_agreement.shape[1] == 0:
        raise ValueError("result has no stability: call sweep_k with n_stability, such as 20")
    suggested = result.suggested_k
    ax, palette = _curve(result, result.stability, "stability", ax)
    low, high = result.stability_interval.T
    ax.fill_between(result.ks, low, high, color=palette.clusters[0], alpha=0.2, linewidth=0)
    ax.axhline(STABLE, color=palette.no_cluster, linestyle="--", linewidth=1)
    _ring(ax, result, result.stability, "suggested", suggested, palette.clusters[2])
    ax.legend(frameon=False)
    return ax


def _curve(
    result: SweepResult, heights: Floats, name: str, ax: Axes | None
) -> tuple[Axes, Palette]:
    ax = axes_or_new(ax, (8.0, 3.8))
    palette = palette_of(ax)
    ax.plot(result.ks, heights, marker="o", markersize=4, color=palette.clusters[0])
    ax.set(xlabel="number of clusters k", ylabel=name)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.25)
    return ax, palette


def _ring(
    ax: Axes,
    result: SweepResult,
    heights: Floats,
    name: str,
    k: int,
    color: str,
    *,
    size: float = 14,  # wider than the ring of the best k, so that both can be seen at one k
) -> None:
    height = heights[result.ks == k][0]
    label = f"{name}: k = {k}"
    ax.plot([k], [height], "o", markersize=size, fillstyle="none", color=color, label=label)


# One clustering -------------------------------------------------------------------------------


def silhouette_blades(samples: Any, labels: Any, ax: Axes | None = None) -> Axes:
    """Draw the silhouette of every row as a bar, sorted within each cluster (Rousseeuw 1987).

    The bars of a cluster form a blade. A good cluster has a blade that is broad to its end. Rows
    with negative silhouettes are nearer to another cluster than to their own. A dashed line is at
    the mean of all rows.

    Parameters
    ----------
    samples : array-like of shape (n_samples,)
        From :func:`~kmeans_core.silhouette_samples`.
    labels : array-like of shape (n_samples,)
        The clusters of the rows.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.

    Returns
    -------
    Axes
        The axes with the picture.

    Raises
    ------
    ValueError
        If there are no samples, a sample is not a finite number, or there is not one label for
        each sample.

    References
    ----------
    Rousseeuw, P. (1987), Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis. J. Comput. Appl. Math. 20, 53-65.

    Examples
    --------
    >>> from kmeans_core import plots, silhouette_samples
    >>> X, labels = [[0.0], [1.0], [5.0]], [0, 0, 1]
    >>> ax = plots.silhouette_blades(silhouette_samples(X, labels), labels)
    >>> for text in ax.get_yticklabels():
    ...     print(text.get_text())
    cluster 0 (2), mean 0.78
    cluster 1 (1), mean 0.00
    """
    values = finite(samples, "samples").ravel()
    n_clusters = len(np.unique(as_array(labels, "labels")))
    ax = axes_or_new(ax, (7.0, max(4.5, 1 + 0.35 * n_clusters)))
    palette = palette_of(ax)
    gap = max(1, len(values) // 25)  # the names of small clusters need as much
    start, middles, names = 0, [], []
    for cluster in clusters_of(labels, len(values), palette, "cluster"):
        blade = -np.sort(-values[cluster.rows])
        end = start + len(blade)
        edges = np.arange(start, end + 1)
        ax.stairs(blade, edges, orientation="horizontal", fill=True, color=cluster.color)
        middles.append((start + end) / 2)
        names.append(f"{cluster.label}, mean {np.mean(blade):.2f}")
        start = end + gap
    mean = float(np.mean(values))
    ax.axvline(mean, color=palette.ink, linestyle="--", linewidth=1)
    ax.set_title(f"dashed: the mean of all rows, {mean:.2f}", fontsize=9)
    ax.axvline(0, color=palette.ink, linewidth=0.8)
    ax.set_yticks(middles, names, fontsize=8)
    ax.set(xlabel="silhouette", ylim=(start, -gap))
    ax.tick_params(axis="y", length=0)
    return ax


def cluster_scatter(
    X: Any,
    labels: Any,
    centers: Any = None,
    *,
    sizes: Any = None,
    name: str = "cluster",
    ax: Axes | None = None,
) -> Axes:
    """Draw rows with two columns, with a color and a marker for each cluster.

    Parameters
    ----------
    X : array-like or frame of shape (n_samples, 2)
        Names of columns become labels of the axes.
    labels : array-like of shape (n_samples,)
        The clusters of the rows. A negative number marks a row without a cluster. Numbers keep
        their color and marker in every picture; texts get them in alphabetical order.
    centers : array-like of shape (n_clusters, 2), optional
        Row c is drawn as a large outlined marker in the color of cluster c.
    sizes : array-like of shape (n_samples,), optional
        Areas of the dots in square points. The default is 36.
    name : str, default "cluster"
        What the legend calls a cluster.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.

    Returns
    -------
    Axes
        The axes with the picture.

    Raises
    ------
    ValueError
        If X does not have two columns of finite numbers, or if ``labels``, ``centers`` or ``sizes``
        do not fit X.

    Examples
    --------
    >>> from kmeans_core import KMeans, plots
    >>> X = [[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]]
    >>> model = KMeans(2, random_state=0).fit(X)
    >>> ax = plots.cluster_scatter(X, model.labels_, model.cluster_centers_)
    >>> sorted(text.get_text() for text in ax.get_legend().get_texts())
    ['cluster 0 (2)', 'cluster 1 (1)']
    """
    rows = two_columns(X, "X")
    areas = np.full(len(rows), DOT) if sizes is None else finite(sizes, "sizes").ravel()
    if len(areas) != len(rows):
        raise ValueError(f"sizes needs one area per row: {len(rows)}, not {len(areas)}")
    ax = axes_or_new(ax, (6.6, 5.2))
    palette = palette_of(ax)
    for cluster in clusters_of(labels, len(rows), palette, name):
        drawn = dots(ax, rows[cluster.rows], cluster.color, cluster.marker, palette)
        drawn.set_sizes(areas[cluster.rows])
        drawn.set_label(cluster.label)
    if centers is not None:
        for number, center in enumerate(two_columns(centers, "centers")):
            center_marker(ax, center, number, palette)
    names = feature_names(X)
    if names is not None:
        ax.set(xlabel=names[0], ylabel=names[1])
    ax.grid(alpha=0.25)
    legend = ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):
            handle.set_sizes([DOT])
    return ax
