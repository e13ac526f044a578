"""The rating scale: which ratings exist, and which of them mean that a user liked an item."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Kind: TypeAlias = Literal["stars", "likes", "counts"]

# A rating is a like if it is in the upper fifth of the scale's range, counted from 0: 4 of 5 stars.
LIKED_SHARE = 0.8

# The metadata of a Parquet file have the scale of its ratings under this name.
SCALE_KEY = "recsys.scale"

# A step such as 0.1 is not exact in binary, so its rounding is allowed.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class RatingScale:
    """The ratings that a user can give: from ``smallest`` to ``largest`` in steps of ``step``.

    Parameters
    ----------
    smallest, largest : float
        The ends of the scale. Both are ratings.
    step : float
        The distance from one rating to the next. 0 means that every number between the ends is a
        rating.
    kind : {"stars", "likes", "counts"}
        "stars" are ratings that can be predicted. "likes" means that every rating is 1. "counts"
        means that the ratings were made from counts: 1 for a like, otherwise 0.
    like_threshold : float, optional
        The smallest rating that is a like. The default is the start of the upper fifth of the
        scale's range. The range begins at 0, or at ``smallest`` if that is negative.

    Raises
    ------
    ValueError
        If an end is not finite, ``smallest`` is not below ``largest``, ``step`` is negative or
        leads beyond ``largest``, or ``like_threshold`` is not on the scale.

    Examples
    --------
    >>> import numpy as np
    >>> from recsys import RatingScale
    >>> half_stars = RatingScale(0.5, 5.0, 0.5)
    >>> print(half_stars)
    0.5 to 5 by 0.5
    >>> half_stars.holds(np.array([0.0, 0.5, 3.3, 5.0])).tolist()
    [False, True, False, True]
    >>> print(RatingScale(-10, 10, 0), RatingScale(-10, 10, 0).likes_from)
    any number from -10 to 10 6.0
    >>> half_stars.predicts, RatingScale(0, 1, 1, kind="likes").predicts
    (True, False)
    """

    smallest: float
    largest: float
    step: float
    kind: Kind = "stars"
    like_threshold: float | None = None

    def __post_init__(self) -> None:
        if not (self.step >= 0 and -np.inf < self.smallest < self.largest < np.inf):
            raise ValueError(
                "a scale needs smallest < largest and a positive step (0 for any number), not "
                f"{self!r}"
            )
        if self.step > self.largest - self.smallest:
            raise ValueError(
                f"a scale {self} has no second rating: choose a smaller step, or 0 for any number"
            )
        likes = self.like_threshold
        if likes is not None and not self.smallest < likes <= self.largest:
            raise ValueError(
                f"ratings from {likes:g} on cannot be the likes of a scale {self}: choose a "
                "threshold above its smallest rating and up to its largest"
            )

    def __str__(self) -> str:
        if self.kind != "stars":
            return self.kind
        if self.step == 0:
            return f"any number from {self.smallest:g} to {self.largest:g}"
        return f"{self.smallest:g} to {self.largest:g} by {self.step:g}"

    @property
    def predicts(self) -> bool:
        """Whether ratings on this scale can be predicted. Likes and counts can only be ranked."""
        return self.kind == "stars"

    @property
    def likes_from(self) -> float:
        """The smallest rating that is a like."""
        if self.like_threshold is not None:
            return self.like_threshold
        lowest = min(0.0, self.smallest)
        return lowest + LIKED_SHARE * (self.largest - lowest)

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
        within: Mask = (ratings >= self.smallest) & (ratings <= self.largest)
        if self.step == 0:
            return within
        # In place, because there may be many millions of ratings.
        off_step = np.where(within, ratings, float(self.smallest))
        off_step -= self.smallest
        off_step /= self.step
        off_step -= np.round(off_step)
        on_step: Mask = within & (np.abs(off_step, out=off_step) < _ROUNDING)
        return on_step

    def nearest(self, ratings: Floats) -> Floats:
        """Move numbers to the nearest ratings of this scale.

        Parameters
        ----------
        ratings : ndarray of float64
            Any numbers. NaN stays NaN.

        Returns
        -------
        ndarray of float64
            One rating for each number.

        Examples
        --------
        >>> import numpy as np
        >>> from recsys import RatingScale
        >>> RatingScale(0.5, 5.0, 0.5).nearest(np.array([-1.0, 3.3, 9.0])).tolist()
        [0.5, 3.5, 5.0]
        """
        inside = np.clip(ratings, self.smallest, self.largest)
        if self.step == 0:
            return inside
        steps = np.round((inside - self.smallest) / self.step)
        return np.minimum(self.smallest + steps * self.step, self.largest)


HALF_STARS = RatingScale(0.5, 5.0, 0.5)
WHOLE_STARS = RatingScale(1.0, 5.0, 1.0)
LIKES = RatingScale(0.0, 1.0, 1.0, kind="likes")
COUNTS = RatingScale(0.0, 1.0, 1.0, kind="counts")


def liked(ratings: Floats, scale: RatingScale) -> Mask:
    """Tell which ratings are likes.

    Examples
    --------
    >>> liked(np.array([3.5, 4.0, 5.0]), HALF_STARS).tolist()
    [False, True, True]
    """
    at_least: Mask = ratings >= scale.likes_from - _ROUNDING
    return at_least


def no_likes(scale: RatingScale) -> str:
    """Say what to do if no rating is a like.

    Examples
    --------
    >>> print(no_likes(HALF_STARS).partition(";")[0])
    no rating here is a like, because all are below 4
    """
    return (
        f"no rating here is a like, because all are below {scale.likes_from:g}; choose a smaller "
        "like_threshold (--like-threshold)"
    )


def liked_counts(users: npt.NDArray[Any], counts: Floats) -> Floats:
    """Turn counts into ratings: 1 if a count is above the median of its user, otherwise 0.

    Parameters
    ----------
    users : ndarray of shape (n_ratings,)
        The user of each count, as a number or an id.
    counts : ndarray of shape (n_ratings,), float64
        How often the user played or bought the item.

    Returns
    -------
    ndarray of shape (n_ratings,), float64
        If all counts of a user are equal, each is a like: they do not differ from each other.

    Examples
    --------
    >>> liked_counts(np.array([7, 7, 7, 9]), np.array([1.0, 2.0, 30.0, 5.0])).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    by_user = pd.Series(counts).groupby(users)
    smallest, median, largest = (
        by_user.transform(name).to_numpy() for name in ("min", "median", "max")
    )
    ratings: Floats = ((counts > median) | (smallest == largest)).astype(np.float64)
    return ratings


def as_scale(given: Any) -> RatingScale:
    """Read a scale as callers write it.

    Parameters
    ----------
    given : RatingScale, str or tuple
        A scale; ``"1:10"`` or ``"1:10:0.5"``; ``(1, 10)`` or ``(1, 10, 0.5)``. The step is 1 if it
        is not given, and 0 allows every number between the ends.

    Returns
    -------
    RatingScale

    Raises
    ------
    ValueError
        If it has another form, or if its numbers make no scale.

    Examples
    --------
    >>> print(as_scale("1:10"), "|", as_scale((0.5, 4, 0.5)))
    1 to 10 by 1 | 0.5 to 4 by 0.5
    """
    if isinstance(given, RatingScale):
        return given
    try:
        parts = given.split(":") if isinstance(given, str) else list(given)
        numbers = [float(part) for part in parts]
        if len(numbers) not in (2, 3):
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(
            f"a scale is SMALLEST:LARGEST or SMALLEST:LARGEST:STEP, such as 1:10 or 1:10:0.5, not "
            f"{given!r}"
        ) from None
    return RatingScale(numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 1.0)


def scale_as_json(scale: RatingScale) -> str:
    """Write a scale as JSON, for :func:`scale_of_json`."""
    return json.dumps(asdict(scale))


def scale_of_json(text: str | bytes) -> RatingScale:
    """Read a scale from JSON. ValueError if the text is no scale.

    Examples
    --------
    >>> print(scale_of_json(scale_as_json(RatingScale(1, 10, 1))))
    1 to 10 by 1
    """
    try:
        given = json.loads(text)
        smallest, largest, step = (float(given[name]) for name in ("smallest", "largest", "step"))
        kind, likes = given["kind"], given["like_threshold"]
        if kind not in get_args(Kind):
            raise ValueError(f"there is no kind {kind!r}")
        return RatingScale(smallest, largest, step, kind, None if likes is None else float(likes))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"no scale of ratings: {error}") from None
