"""Pictures of ratings and tastes: each function takes frames or results and returns an Axes.

The functions draw on ``ax``, or on a new figure if it is not given, as :mod:`kmeans_core.plots`.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from kmeans_core import plots
from kmeans_core.drawing import Axes, axes_or_new, colormap, palette_of
from recsys.data.matrix import RatingMatrix
from recsys.data.scale import RatingScale
from recsys.map_labels import Floats, write_labels
from recsys.printable import printable
from recsys.titles.names import Title, spoken

__all__ = ["cluster_scatter", "genre_scatter", "rating_heatmap", "taste_map"]

# The dot size shows a third genre: users with a mean above this get a large dot.
LIKED = 3.0
SMALL_DOT, LARGE_DOT = 18, 90

# Areas of the dots of a map, from films without likes to the film with most likes.
SMALL_FILM, LARGE_FILM = 8.0, 150.0

MAP_COLUMNS = ("x", "y", "title", "taste", "is_landmark")


class HasFrame(Protocol):
    """A result that can be turned into a frame."""

    def to_frame(self) -> pd.DataFrame: ...


# Genres ---------------------------------------------------------------------------------------


def genre_scatter(means: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw users at their means of two genres.

    Parameters
    ----------
    means : DataFrame
        As in :func:`cluster_scatter`.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.

    Returns
    -------
    Axes
        The axes with the picture.

    Raises
    ------
    ValueError
        As :func:`cluster_scatter`.

    Examples
    --------
    >>> from recsys import genre_means, make_ratings, plots
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> ax = plots.genre_scatter(genre_means(ratings, ["Romance", "Sci-Fi"]).dropna())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('mean romance rating', 'mean scifi rating')
    """
    ax = cluster_scatter(means, np.zeros(len(means), dtype=np.intp), ax=ax)
    if (legend := ax.get_legend()) is not None:
        legend.remove()
    return ax


def cluster_scatter(
    means: pd.DataFrame,
    labels: npt.ArrayLike,
    centers: npt.ArrayLike | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw users at their means of two genres, with a color and a marker for each cluster.

    Parameters
    ----------
    means : DataFrame
        The column userId and two or three columns of genres, from :func:`recsys.genre_means`,
        without missing values. Users with a mean of the third genre above 3 get a large dot.
    labels : array-like of shape (n_users,)
        The cluster of each user.
    centers : array-like of shape (n_clusters, n_genres), optional
        Centers to draw, in the order of the genres.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.

    Returns
    -------
    Axes
        The axes with the picture.

    Raises
    ------
    ValueError
        If ``means`` has another number of genres or a missing value, or if ``labels`` or
        ``centers`` do not fit it.

    Examples
    --------
    >>> from kmeans_core import KMeans
    >>> from recsys import genre_means, make_ratings, plots
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> means = genre_means(ratings, ["Romance", "Sci-Fi"]).dropna()
    >>> model = KMeans(2, random_state=0).fit(means.drop(columns="userId"))
    >>> ax = plots.cluster_scatter(means, model.labels_, model.cluster_centers_)
    >>> len(ax.get_legend().get_texts())
    2
    """
    genres = [name for name in means.columns if name != "userId"]
    if len(genres) not in (2, 3):
        raise ValueError(f"means needs two or three genre columns, not {len(genres)}")
    if means[genres].isna().any(axis=None):
        raise ValueError("means has users without a mean of a genre: use means.dropna()")
    shown = means[genres[:2]].rename(columns=axis_label)
    sizes = None
    if len(genres) == 3:
        sizes = np.where(means[genres[2]] > LIKED, LARGE_DOT, SMALL_DOT)
    if centers is not None:
        centers = np.asarray(centers)[:, :2]
    ax = plots.cluster_scatter(shown, labels, centers, sizes=sizes, ax=ax)
    if len(genres) == 3:
        ax.set_title(f"large dots: {axis_label(genres[2])} above {LIKED:g}", fontsize=9)
    # The axes go from 0 to 5 stars, or further if a mean lies outside.
    values = shown.to_numpy()
    low, top = min(0.0, np.min(values)), max(5.0, np.max(values))
    ends = (low - 0.02 * (top - low), top + 0.04 * (top - low))
    ax.set(xlim=ends, ylim=ends, aspect="equal")
    return ax


def axis_label(column: str) -> str:
    """The label of a genre column: ``avg_scifi_rating`` -> ``mean scifi rating``."""
    return column.replace("avg_", "mean ").replace("_", " ")


# Ratings --------------------------------------------------------------------------------------


def rating_heatmap(
    region: RatingMatrix | pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    scale: RatingScale | None = None,
) -> Axes:
    """Draw the ratings of a few users and films as colors.

    A cell without a rating has the color of the background. Every rating has a contrast of at least
    3 : 1 with it. Rows and columns keep their order.

    Parameters
    ----------
    region : RatingMatrix or DataFrame
        A row for each user and a column for each film, such as
        :meth:`recsys.RatingMatrix.densest_region` gives. A frame has titles as columns, and NaN
        where there is no rating.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.
    title : str, optional
        A text under the picture.
    scale : RatingScale, optional
        The colors go from its smallest to its largest rating. The default is the scale of the
        matrix, or else the smallest and the largest rating of the region.

    Returns
    -------
    Axes
        The axes with the picture.

    Raises
    ------
    ValueError
        If the region has no ratings.

    Examples
    --------
    >>> from recsys import RatingMatrix, make_ratings, plots
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> region = RatingMatrix.from_ratings(ratings).densest_region(8, 12)
    >>> ax = plots.rating_heatmap(region)
    >>> len(ax.get_xticklabels()), len(ax.get_yticklabels())
    (8, 12)
    """
    if isinstance(region, RatingMatrix):
        scale = scale or region.scale
        table = region.to_frame().set_axis(region.titles, axis=1)
    else:
        table = region
    values = table.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.all(np.isnan(values)):
        raise ValueError("region has no ratings to draw: choose other users or films")
    n_users, n_films = values.shape
    ax = axes_or_new(ax, (2.2 + 0.2 * n_films, 2.6 + max(0.15 * n_users, 0.6)))
    image = ax.imshow(
        values,
        cmap=colormap(palette_of(ax)),
        vmin=scale.smallest if scale else np.nanmin(values),
        vmax=scale.largest if scale else np.nanmax(values),
        aspect="auto",
        interpolation="nearest",
    )
    # A title with two dollar signs is not a formula, and one with a percent sign is not TeX.
    ax.set_xticks(
        range(n_films),
        [shorten(spoken(str(name))) for name in table.columns],
        rotation=90,
        fontsize=7,
        parse_math=False,
        usetex=False,
    )
    ax.xaxis.tick_top()
    users = [printable(str(user)) for user in table.index]
    ax.set_yticks(range(n_users), users, fontsize=6, parse_math=False, usetex=False)
    ax.set_ylabel("" if table.index.name is None else str(table.index.name))
    ax.tick_params(length=0)
    if title:
        ax.set_xlabel(printable(title), fontsize=10)
    shrink = max(0.35, min(1.0, 3.0 / (0.15 * n_users + 1)))
    ax.figure.colorbar(image, ax=ax, pad=0.01, shrink=shrink, label="rating")
    return ax


def shorten(title: str, length: int = 34) -> str:
    """Put a title on one line of at most ``length`` characters; a cut title ends in an ellipsis."""
    title = printable(" ".join(title.split()))
    return title if len(title) <= length else title[: length - 1] + "…"


# Maps -----------------------------------------------------------------------------------------


def taste_map(points: pd.DataFrame | HasFrame, ax: Axes | None = None) -> Axes:
    """Draw films as dots, with a color and a marker for each taste, and label the landmarks.

    Parameters
    ----------
    points : DataFrame, or a result with ``to_frame``
        A row for each film. Its columns are x, y, title, taste (a whole number, negative for films
        without a taste) and is_landmark (bool). If there is a column n_likes, the area of a dot
        grows with it, and films with most likes are labelled first.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.

    Returns
    -------
    Axes
        The axes with the picture.

    Raises
    ------
    ValueError
        If a column is missing, there are no films, or a place is not finite.

    Notes
    -----
    A label is the name of the film. It takes the nearest place around its dot where it covers no
    other label. If every place covers one, it takes the place that covers least.

    Examples
    --------
    >>> import pandas as pd
    >>> from recsys import plots
    >>> ax = plots.taste_map(
    ...     pd.DataFrame(
    ...         {
    ...             "x": [0.0, 1.0, 5.0],
    ...             "y": [0.0, 1.0, 2.0],
    ...             "title": ["Matrix, The (1999)", "Up (2009)", "Heat (1995)"],
    ...             "taste": [0, 0, 1],
    ...             "is_landmark": [True, False, True],
    ...         }
    ...     )
    ... )
    >>> [text.get_text() for text in ax.texts]
    ['The Matrix', 'Heat']
    """
    films = points if isinstance(points, pd.DataFrame) else points.to_frame()
    missing = [name for name in MAP_COLUMNS if name not in films.columns]
    if missing:
        raise ValueError(
            f"points has no column {', '.join(missing)}: a map needs {', '.join(MAP_COLUMNS)}"
        )
    ax = axes_or_new(ax, (10.0, 7.5))
    places, tastes = films[["x", "y"]], films["taste"].to_numpy()
    plots.cluster_scatter(places, tastes, sizes=_areas(films), name="taste", ax=ax)
    # The directions of a map have no meaning, but its distances have.
    ax.set(xlabel="", ylabel="", xticks=[], yticks=[], aspect="equal")
    ax.set_adjustable("datalim")
    landmarks = films[films["is_landmark"].to_numpy(dtype=bool)]
    if "n_likes" in films:
        landmarks = landmarks.sort_values("n_likes", ascending=False, kind="stable")
    names = [shorten(Title.of(str(title)).names[0]) for title in landmarks["title"]]
    write_labels(ax, landmarks[["x", "y"]].to_numpy(dtype=np.float64), names)
    return ax


def _areas(films: pd.DataFrame) -> Floats | None:
    if "n_likes" not in films:
        return None
    likes = films["n_likes"].to_numpy(dtype=np.float64)
    areas: Floats = SMALL_FILM + (LARGE_FILM - SMALL_FILM) * likes / np.max(likes, initial=1.0)
    return areas
