"""The ratings a person could give, and which of them say that a film was liked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RatingScale:
    """The ratings a person could give: `smallest`, then steps of `step` up to `largest`.

    Parameters
    ----------
    smallest, largest : float
        The ends of the scale, both allowed.
    step : float
        Distance from one rating to the next.

    Raises
    ------
    ValueError
        If the scale is empty or its step is not positive.

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
        """Which ratings are on the scale; NaN is not.

        Parameters
        ----------
        ratings : ndarray of float64

        Returns
        -------
        ndarray of bool, as long as `ratings`
        """
        within = (ratings >= self.smallest) & (ratings <= self.largest)
        steps = (np.where(within, ratings, self.smallest) - self.smallest) / self.step
        # A step such as 0.1 is not exact in binary: allow for its rounding.
        on_step: Mask = within & (np.abs(steps - np.round(steps)) < 1e-9)
        return on_step


# A rating of at least this share of the largest says that the film was liked: 4 of 5 stars.
LIKED_SHARE = 0.8


def liked(ratings: Floats, scale: RatingScale) -> Mask:
    """Which ratings say that the film was liked: .8 of the largest or more.

    Parameters
    ----------
    ratings : ndarray of float64
    scale : RatingScale

    Returns
    -------
    ndarray of bool, as long as `ratings`

    Examples
    --------
    >>> liked(np.array([3.5, 4.0, 5.0]), HALF_STARS).tolist()
    [False, True, True]
    """
    # A step such as 0.1 is not exact in binary: allow for its rounding.
    at_least: Mask = ratings >= LIKED_SHARE * scale.largest - 1e-9
    return at_least


HALF_STARS = RatingScale(0.5, 5.0, 0.5)
WHOLE_STARS = RatingScale(1.0, 5.0, 1.0)
