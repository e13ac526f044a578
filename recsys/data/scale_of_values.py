"""Works out the scale of ratings from their values, and finds values that do not belong to it."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.scale import LIKES, Floats, Mask, RatingScale

# Steps that people use. Other values are any numbers.
STEPS = (1.0, 0.5, 0.25, 0.1)

# The ends of scales in use. Users of a small table may not have given the best or worst rating.
TOPS = (1.0, 5.0, 10.0, 20.0, 100.0)

# In a table of at least this many ratings, users gave every rating of the scale.
ALL_USED = 1000

# Ratings are outlying if they are a small share of all and lie far from the others. The first
# number is the greatest share. The second is the least distance, in ranges of the other ratings.
FAR = 0.01, 4.0
FAR_IN_LARGE_TABLES = 0.001, 0.3

# A range needs this many different ratings.
FEWEST_VALUES = 3


def inferred_scale(values: Floats, counts: npt.NDArray[np.int64] | None = None) -> RatingScale:
    """The scale on which ratings with these values were given.

    Parameters
    ----------
    values : ndarray of shape (n_ratings,), float64
        All ratings, finite, without values that mean "not rated". At least one.
    counts : ndarray of shape (n_ratings,), int64, optional
        How often each value occurs. The default is once.

    Returns
    -------
    RatingScale
        Likes if the only value is 1. The step is the largest of 1, .5, .25 and .1 of which all
        values are multiples, otherwise 0. With at least 1,000 ratings, the ends are the smallest
        and the largest value. With fewer, the largest is rounded up to 1, 5, 10, 20 or 100, and the
        smallest is rounded down to 1 (with half steps to .5) or to 0.

    Examples
    --------
    >>> print(inferred_scale(np.array([3.0, 4.0, 2.0])))
    1 to 5 by 1
    >>> print(inferred_scale(np.array([2.5, 4.0])), "|", inferred_scale(np.array([0.0, 7.0])))
    0.5 to 5 by 0.5 | 0 to 10 by 1
    >>> print(inferred_scale(np.array([-3.25, 2.66925])))
    any number from -5 to 5
    """
    distinct, n_of_each = _counted(values, counts)
    if len(distinct) == 1 and distinct[0] == 1:
        return LIKES
    step = next((step for step in STEPS if _multiples(distinct, step)), 0.0)
    smallest, largest = float(distinct[0]), float(distinct[-1])
    if n_of_each.sum() >= ALL_USED and len(distinct) > 1 and step > 0:
        return RatingScale(smallest, largest, step)
    top = _rounded_up(max(largest, 0.0))
    if smallest < 0:
        return RatingScale(-_rounded_up(-smallest), max(top, 0.0), step)
    if largest <= 1 and step == 1:
        return RatingScale(0.0, 1.0, 1.0)
    lowest = step if step in (1.0, 0.5) else 1.0
    return RatingScale(lowest if smallest >= lowest else 0.0, top, step)


def outliers(values: Floats, counts: npt.NDArray[np.int64] | None = None) -> Mask:
    """Tell which ratings lie far from all others, such as a 55 among ratings from 1 to 5.

    Parameters
    ----------
    values : ndarray of shape (n_ratings,), float64
        All ratings, finite, without values that mean "not rated".
    counts : ndarray of shape (n_ratings,), int64, optional
        How often each value occurs. The default is once.

    Returns
    -------
    ndarray of bool
        One value for each rating.

    Examples
    --------
    >>> outliers(np.array([1.0, 2.0, 5.0, 4.0, 55.0, 3.0])).tolist()
    [False, False, False, False, True, False]
    >>> outliers(np.array([10.0, 20.0, 100.0])).any()
    np.False_
    """
    distinct, n_of_each = _counted(values, counts)
    n_ratings = int(n_of_each.sum())
    rules = (FAR, FAR_IN_LARGE_TABLES) if n_ratings >= ALL_USED else (FAR,)
    found = np.zeros(len(values), np.bool_)
    for share, ranges in rules:
        most = max(1, int(share * n_ratings))
        found |= values > _end(distinct, n_of_each, most, ranges)
        found |= -values > _end(-distinct[::-1], n_of_each[::-1], most, ranges)
    return found


def not_rated(values: Floats) -> float | None:
    """A number that may mean "not rated": 99, -1 or -99 beyond all other ratings.

    Parameters
    ----------
    values : ndarray of float64
        Ratings, finite. At least one.

    Returns
    -------
    float or None

    Examples
    --------
    >>> not_rated(np.array([7.0, -1.0, 9.0])), not_rated(np.array([99.0, 4.0]))
    (-1.0, 99.0)
    >>> not_rated(np.array([-1.0, 1.0])), not_rated(np.array([99.0, 70.0]))
    (None, None)
    """
    distinct = np.sort(pd.unique(values))
    if len(distinct) == 1:
        return None
    if distinct[-1] == 99 and distinct[-2] <= 10:
        return 99.0
    # -1 and 1 are thumbs down and up.
    is_below = distinct[0] in (-1, -99) and distinct[1] >= 0 and distinct[-1] > 1
    return float(distinct[0]) if is_below else None


def _counted(
    values: Floats, counts: npt.NDArray[np.int64] | None
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The distinct values, ascending, and how often each occurs. Hashing is faster than sorting."""
    codes, distinct = pd.factorize(values)
    order = np.argsort(distinct)
    found = np.bincount(codes, counts, minlength=len(distinct)).astype(np.int64)
    return distinct[order], found[order]


def _end(distinct: Floats, counts: npt.NDArray[np.int64], most: int, ranges: float) -> float:
    """The largest rating below the first gap that only outlying ratings lie above."""
    n_below = np.cumsum(counts)
    for place in range(FEWEST_VALUES, len(distinct)):
        last = distinct[place - 1]
        is_far = distinct[place] - last > ranges * (last - distinct[0])
        if is_far and n_below[-1] - n_below[place - 1] <= most:
            return float(last)
    return float(distinct[-1])


def _multiples(distinct: Floats, step: float) -> bool:
    steps = distinct / step
    return bool(np.all(np.abs(steps - np.round(steps)) < 1e-9))


def _rounded_up(value: float) -> float:
    """The first of ``TOPS`` that is at least this value, or the value itself beyond all."""
    return next((top for top in TOPS if value <= top), float(np.ceil(value)))
