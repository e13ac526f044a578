"""Refuses weights that make sums and products leave the range of floats."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, largest_size
from kmeans_core.points.interface import Points

# Weights with a smaller sum overflow only with a distance that nearly overflows by itself.
MUCH_WEIGHT = 1e100

# If even the largest weight is less, products with entries near 1 lose digits to underflow.
LITTLE_WEIGHT = np.finfo(np.float64).tiny / np.finfo(np.float64).eps

_WAY_OUT = (
    "Scale all weights by one factor, for example sample_weight / max(sample_weight): "
    "the clusters stay the same, and the inertia is scaled by it."
)


def cast_weights(given: npt.NDArray[Any], dtype: np.dtype[Any]) -> Floats:
    """Weights as float64, rounded to ``dtype``.

    ValueError if a finite weight overflows ``dtype``, or if all positive weights become 0 in it.
    """
    # The cast through the points' dtype makes a float32 fit the same for float64 weights.
    try:
        with np.errstate(over="ignore", under="ignore"):
            weights = given.astype(dtype).astype(np.float64)
    except OverflowError:  # a Python int beyond every float
        raise ValueError(f"A weight in sample_weight overflows {dtype}. {_WAY_OUT}") from None
    if not np.all(np.isfinite(weights)):
        # A weight that is not a numpy float may be finite but too large for one.
        exact = given.astype(np.longdouble)
        lost = np.flatnonzero(np.isfinite(exact) & ~np.isfinite(weights))
        if len(lost):
            raise ValueError(
                f"The weight {exact.flat[lost[0]]} at row {lost[0]} of sample_weight overflows "
                f"{dtype}, the dtype of X. {_WAY_OUT}"
            )
    elif weights.size and not np.any(weights) and np.any(given.astype(np.longdouble) > 0):
        raise ValueError(
            f"All positive weights in sample_weight are so small that {dtype}, the dtype of X, "
            f"rounds them to 0. {_WAY_OUT}"
        )
    return weights


def refuse_extreme_weights(weights: Floats, points: Points, centers: Floats | None) -> None:
    """Raise ValueError if weights overflow in sums or with distances, or nearly vanish.

    No weight is negative, and at least one is positive. ``centers`` may lie far from the points.
    """
    with np.errstate(over="ignore"):
        total = float(np.sum(weights))
    if total == np.inf:
        raise ValueError(
            f"The sum of sample_weight overflows: the largest weight is {np.max(weights):.3g} at "
            f"row {np.argmax(weights)}. {_WAY_OUT}"
        )
    if total < MUCH_WEIGHT:
        if total < LITTLE_WEIGHT * len(weights) and np.max(weights) < LITTLE_WEIGHT:
            raise ValueError(
                "All weights in sample_weight are so small that products with them underflow: "
                f"the largest is {np.max(weights):.3g} at row {np.argmax(weights)}. {_WAY_OUT}"
            )
        return
    farthest = _farthest(points, centers)
    if farthest < np.inf and not total < np.finfo(np.float64).max / max(farthest, 1.0):
        raise ValueError(
            f"sample_weight overflows: weights that sum to {total:.3g}, times squared distances of "
            f"up to about {farthest:.3g}, exceed the largest float. {_WAY_OUT}"
        )


def _farthest(points: Points, centers: Floats | None) -> float:
    """A bound on squared distances: two entries differ by at most twice the largest entry.

    Sums over the cells that two rows both know are scaled to all features, so the bound holds too.
    """
    largest = max(points.largest, 0.0 if centers is None else largest_size(centers))
    with np.errstate(over="ignore"):
        return float(points.shape[1] * np.square(2.0 * largest))
