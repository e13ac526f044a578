"""The colors and markers of pictures: eight clusters, and a ramp from the least to the most."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colors for one background, as hex codes.

    Every color has a contrast of at least 3 : 1 with the background (WCAG 2.2, 1.4.11).

    Attributes
    ----------
    background : str
        The color behind everything.
    ink : str
        The color of text and outlines.
    clusters : tuple of 8 str
        One color for each cluster. Two of them differ by at least 19 (CIE76), both for readers
        with normal vision and for readers who cannot see red, green or blue.
    no_cluster : str
        The color of things that belong to no cluster.
    ramp : tuple of 5 str
        Colors from the least value to the greatest, at equal steps. The greatest value has the
        highest contrast with the background.

    Examples
    --------
    >>> from kmeans_core.palette import LIGHT
    >>> LIGHT.background, LIGHT.clusters[0]
    ('#ffffff', '#4959dd')
    """

    background: str
    ink: str
    clusters: tuple[str, ...]
    no_cluster: str
    ramp: tuple[str, ...]


# Blue, tan, green, dark red, purple, light blue, olive, pink. A search found them: it made the
# smallest of all differences large, under the simulations of Machado, Oliveira and Fernandes
# (2009, "A physiologically-based model for simulation of color vision deficiency").
LIGHT = Palette(
    background="#ffffff",
    ink="#14181d",
    clusters=(
        "#4959dd",
        "#bf8663",
        "#025946",
        "#5d1401",
        "#400781",
        "#439dc4",
        "#795f0e",
        "#ca3577",
    ),
    no_cluster="#8a9099",
    ramp=("#d67b19", "#c2504a", "#8d3078", "#431d80", "#08185a"),
)

# The same order of hues: a cluster that is blue on white is blue on black too.
DARK = Palette(
    background="#14181d",
    ink="#ffffff",
    clusters=(
        "#93aaf3",
        "#fac46f",
        "#3effd5",
        "#de7874",
        "#7b50cd",
        "#398990",
        "#70750f",
        "#c02968",
    ),
    no_cluster="#aab0b8",
    ramp=("#655cb8", "#a867c3", "#ec7c99", "#fbab62", "#f9ea92"),
)

# matplotlib's letters for circle, square, diamond, two triangles, plus, cross and star.
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")


def place_of(cluster: int) -> tuple[int, int]:
    """Choose the color and the marker of a cluster.

    The first 64 clusters have different pairs, and the first 8 differ in both.

    Parameters
    ----------
    cluster : int
        The number of the cluster, from 0.

    Returns
    -------
    color : int
        The place of the color in ``clusters`` of a palette.
    marker : int
        The place of the marker in ``MARKERS``.

    Examples
    --------
    >>> from kmeans_core.palette import place_of
    >>> place_of(2), place_of(10)
    ((2, 2), (2, 3))
    """
    return cluster % 8, (cluster + cluster // 8) % 8
