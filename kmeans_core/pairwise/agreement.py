"""The adjusted Rand index: how much two clusterings of the same rows agree."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.pairwise.given_labels import checked_names, numbered

AnyInts = npt.NDArray[np.integer[Any]]


def adjusted_rand_score(a: Any, b: Any) -> float:
    """Measure how much two clusterings of the same rows agree, corrected for chance.

    The Rand index is the share of all pairs of rows on which the clusterings agree: both put the
    two rows into one cluster, or both put them into two. The adjusted index subtracts what random
    clusterings with the same sizes have on average. It is 1 if the clusterings are the same up to
    the names of the clusters, about 0 for random ones, and at least -0.5.

    Parameters
    ----------
    a, b : array-like of shape (n_samples,)
        The clusters of the rows: all numbers or all strings, without missing values.

    Returns
    -------
    float
        From -0.5 to 1. It does not change if the clusterings are exchanged.

    Raises
    ------
    ValueError
        If the labels differ in length, have missing values, or have mixed types.

    References
    ----------
    Hubert, L. and Arabie, P. (1985), Comparing partitions. Journal of Classification 2, 193-218.

    Examples
    --------
    >>> from kmeans_core import adjusted_rand_score
    >>> adjusted_rand_score([0, 0, 1, 1], ["x", "x", "y", "y"])
    1.0
    >>> adjusted_rand_score([0, 0, 1, 1], [0, 1, 0, 1])
    -0.5
    """
    names = checked_names(a, None, "a")
    others = checked_names(b, len(names), "b")
    return adjusted_rand(numbered(names, "a"), numbered(others, "b"))


def adjusted_rand(a: AnyInts, b: AnyInts) -> float:
    """The adjusted Rand index of labels (n_samples,) that are numbers from 0.

    It is 2 (S N - A B) / ((A + B) N - 2 A B) for N ordered pairs of rows: A of them are together in
    ``a``, B in ``b``, and S in both. Whole numbers make it exact up to the last division.
    """
    n_samples = len(a)
    n_pairs = n_samples * (n_samples - 1)
    in_both = _pairs_together(a.astype(np.int64) * (int(b.max(initial=0)) + 1) + b)
    in_a, in_b = _pairs_together(a), _pairs_together(b)
    if in_a == in_b == in_both:
        return 1.0
    by_chance = in_a * in_b
    return 2 * (in_both * n_pairs - by_chance) / ((in_a + in_b) * n_pairs - 2 * by_chance)


def _pairs_together(labels: AnyInts) -> int:
    """The number of ordered pairs of different rows with the same label."""
    counts = np.unique(labels, return_counts=True)[1]
    return int(np.sum(counts * (counts - 1)))
