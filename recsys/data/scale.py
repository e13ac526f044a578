"""The rating scale: which ratings exist, and which of them mean that a user liked an item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RatingScale:
    """The ratings that a user can give: from `smallest` to `largest` in steps of `step`.

    Parameters
    ----------
    smallest, largest : float
        The ends of the scale. Both are ratings.
    step : float
        The distance from one rating to the next.

    Raises
    ------
    ValueError
        If an end is not finite, `smallest` is not below `largest`, or `step` is not positive.

    Examples
    --------
    >>> print(HALF_STARS)
    0.5 to 5 by 0.5
    >>> HALF_STARS.holds(np.array([0.0, 0.5, 3.3, 5.0])).tolist()
    [False, True, False, True]
    """

    smallest: float
    largest: float
    step: float

    def __post_init__(self) -> None:
        if not (self.step > 0 and -np.inf < self.smallest < self.largest < np.inf):
            raise ValueError(f"a scale needs smallest < largest and a positive step, not {self}")

    def __str__(self) -> str:
        return f"{self.smallest:g} to {self.largest:g} by {self.step:g}"

    def holds(self, ratings: Floats) -> Mask:
        """Tell which numbers are ratings of this scale.

        Parameters
        ----------
        ratings : ndarray of float64
            Any numbers.

        Returns
        -------
        ndarray of bool
            One value for each number; False for NaN.
        """
        within = (ratings >= self.smallest) & (ratings <= self.largest)
        steps = (np.where(within, ratings, self.smallest) - self.smallest) / self.step
        # A step such as 0.1 is not exact in binary, so its rounding is allowed.
        on_step: Mask = within & (np.abs(steps - np.round(steps)) < 1e-9)
        return on_step


# A user likes an item if the rating is at least this share of the largest rating: 4 of 5 stars.
LIKED_SHARE = 0.8


def liked(ratings: Floats, scale: RatingScale) -> Mask:
    """Tell which ratings are likes: those of at least 0.8 times the largest rating.

    Examples
    --------
    >>> liked(np.array([3.5, 4.0, 5.0]), HALF_STARS).tolist()
    [False, True, True]
    """
    # A step such as 0.1 is not exact in binary, so its rounding is allowed.
    at_least: Mask = ratings >= LIKED_SHARE * scale.largest - 1e-9
    return at_least


HALF_STARS = RatingScale(0.5, 5.0, 0.5)
WHOLE_STARS = RatingScale(1.0, 5.0, 1.0)
