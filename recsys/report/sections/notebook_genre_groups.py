"""The notebook's groups by mean ratings of genres: several k, and three genres."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from kmeans_core import KMeans
from recsys.data.scale import RatingScale
from recsys.report.charts.scatter import scatter
from recsys.report.parts import Chart, table
from recsys.report.sections.notebook_genres import Genres
from recsys.report.sections.notebook_step import Step
from recsys.report.study import Study
from recsys.words import counted

Labels = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

# The numbers of groups that the notebook draws, by two genres and by three.
SHOWN_KS = (2, 3, 4, 7)
THREE_GENRES_K = 7

# Larger dots show a mean above this share of the scale: 3 of 5 stars.
LARGE_SHARE = 0.6


def groups_step(study: Study, genres: Genres) -> Step:
    """Groups by two genres for several k."""
    title, points = "Groups by two genres", points_of(genres, 2)
    n_distinct = len(np.unique(points, axis=0))
    ks = [k for k in SHOWN_KS if k <= n_distinct]
    if not ks:
        return Step(title, ("The subset has too few people to group.",))
    seed = study.options.seed
    labels = numbered(
        {k: KMeans(k, n_init=10, random_state=seed).fit_predict(points) for k in ks}, points
    )
    faults = [
        "k-means cuts any cloud of dots into as many pieces as it is asked for, with straight "
        "borders, whether there are gaps between them or not."
    ]
    if len(ks) > 1:
        before, last = labels[ks[-2]], labels[ks[-1]]
        n_kept = int(np.sum(before == last))
        faults.append(
            f"From k = {ks[-2]} to k = {ks[-1]}, {n_kept:,} of {counted(len(points), 'row')} keep "
            "their group."
        )
    return Step(
        title,
        (
            "k-means groups the rows of the subset by their two means. A number stands at the "
            "center of each group. A group keeps its number from one k to the next if it shares "
            "most rows with it.",
        ),
        tuple(_chart_of(study.ratings.scale, genres, labels[k]) for k in ks),
        tuple(faults),
        "two_genres = contrast.iloc[:, 1:3].to_numpy()\n"
        f"{{k: kmeans_core.KMeans(k, n_init=10, random_state={seed}).fit(two_genres)"
        f".cluster_centers_ for k in {ks}}}",
    )


def numbered(labels: Mapping[int, Labels], points: Floats) -> dict[int, Labels]:
    """Number the groups of rising k so that a group keeps its number.

    The groups of the first k are numbered by falling first coordinate. Those of each later k are
    matched with those of the k before, so that as many rows as possible keep their number (Kuhn,
    The Hungarian method for the assignment problem, 1955).
    """
    found: dict[int, Labels] = {}
    before: Labels | None = None
    for k, of_k in labels.items():
        if before is None:
            number = np.argsort(np.argsort(-_centers(points, of_k)[:, 0], kind="stable"))
        else:
            overlap = np.zeros((before.max() + 1, k))
            np.add.at(overlap, (before, of_k), 1)
            kept, groups = linear_sum_assignment(overlap, maximize=True)
            number = np.full(k, -1)
            number[groups] = kept
            number[number < 0] = np.arange(len(overlap), k)
        found[k] = before = number[of_k].astype(np.int32)
    return found


def _centers(points: Floats, labels: Labels) -> Floats:
    return np.array([points[labels == group].mean(axis=0) for group in range(labels.max() + 1)])


def _chart_of(scale: RatingScale, genres: Genres, labels: Labels) -> Chart:
    points = points_of(genres, 2)
    centers, sizes = _centers(points, labels), np.bincount(labels)
    largest, k = int(np.argmax(sizes)), len(sizes)
    x, y = centers[largest]
    ends = (scale.smallest, scale.largest)
    return Chart(
        f"k = {k}",
        f"The largest group, {largest}, has {sizes[largest]:,} of {counted(len(labels), 'row')}. "
        f"Its center has a mean of {x:.1f} for {genres.names[0]} and {y:.1f} for "
        f"{genres.names[1]}. The smallest group has {counted(int(sizes.min()), 'row')}.",
        scatter(
            *points.T,
            x_ends=ends,
            y_ends=ends,
            x_label=genres.labels[0],
            y_label=genres.labels[1],
            labels=labels,
            centers=centers,
        ),
        table(
            _center_frame(genres, centers, sizes), f"The centers of the {k} groups by two genres"
        ),
    )


def _center_frame(genres: Genres, centers: Floats, sizes: npt.NDArray[np.intp]) -> pd.DataFrame:
    columns = {name: centers[:, i] for i, name in enumerate(genres.names[: centers.shape[1]])}
    return pd.DataFrame({"group": range(len(sizes)), "rows": sizes, **columns})


def three_genres_step(study: Study, genres: Genres) -> Step:
    """Groups by three genres, drawn by two and the size of the dots."""
    title, points, scale = "Groups by three genres", points_of(genres, 3), study.ratings.scale
    if len(np.unique(points, axis=0)) < THREE_GENRES_K:
        return Step(title, ("The subset has too few people to group.",))
    seed, third = study.options.seed, genres.names[2]
    model = KMeans(THREE_GENRES_K, n_init=10, random_state=seed)
    labels = numbered({THREE_GENRES_K: model.fit_predict(points)}, points)[THREE_GENRES_K]
    centers = _centers(points, labels)
    lowest = min(0.0, scale.smallest)
    limit = lowest + LARGE_SHARE * (scale.largest - lowest)
    is_large = points[:, 2] > limit
    n_large = int(is_large.sum())
    in_picture = np.sum((points[:, None, :2] - centers[:, :2]) ** 2, axis=2)
    n_elsewhere = int(np.sum(in_picture.argmin(axis=1) != labels))
    ends = (scale.smallest, scale.largest)
    chart = Chart(
        f"{THREE_GENRES_K} groups by three genres",
        f"A large dot has a mean of {third} above {limit:g}: "
        f"{n_large:,} of {counted(len(points), 'row')}.",
        scatter(
            *points[:, :2].T,
            x_ends=ends,
            y_ends=ends,
            x_label=genres.labels[0],
            y_label=genres.labels[1],
            labels=labels,
            centers=centers[:, :2],
            is_large=is_large,
        ),
        table(
            _center_frame(genres, centers, np.bincount(labels)),
            "The centers of the groups by three genres",
        ),
    )
    are = "lies" if n_elsewhere == 1 else "lie"
    return Step(
        title,
        (f"k-means groups the rows by all three means. The third, {third}, sets the dots' size.",),
        (chart,),
        (
            f"The picture has two of the three numbers. In it, {counted(n_elsewhere, 'row')} "
            f"{are} nearer to the center of another group than to their own.",
            "A dot's size tells only whether the third mean is above the limit, and large dots "
            "hide small ones.",
        ),
        "three_genres = contrast.iloc[:, 1:4].to_numpy()\n"
        f"kmeans_core.KMeans({THREE_GENRES_K}, n_init=10, random_state={seed})"
        ".fit_predict(three_genres)",
    )


def points_of(genres: Genres, n: int) -> Floats:
    """The rows of the subset as points: their means of the first n genres."""
    points: Floats = genres.contrast.iloc[:, 1 : n + 1].to_numpy(dtype=np.float64)
    return points
