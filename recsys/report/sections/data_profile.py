"""What the section about the data counts: the ratings of each person, film, genre and year."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import NO_GENRES, Ratings
from recsys.data.scale import RatingScale
from recsys.titles.names import year_of

Ints = npt.NDArray[np.int64]

# A chart of a phone's width shows at most this many bars, and about N_BINS of made bins.
MOST_BARS, N_BINS = 48, 20


@dataclass(frozen=True, eq=False)
class Profile:
    """Counts of all ratings. Each of them is one pass over the columns.

    Examples
    --------
    >>> from recsys import Ratings
    >>> rated = Ratings.from_columns([1, 1, 2], [7, 8, 7], [4, 3, 5], titles={7: "Up (2009)"})
    >>> profile = Profile(rated)
    >>> profile.people["n"].tolist(), profile.films["year"].tolist()
    ([2, 1], [2009.0, nan])
    """

    ratings: Ratings

    @property
    def values(self) -> "pd.Series[Any]":
        """All ratings."""
        return self.ratings.ratings["rating"]

    @cached_property
    def people(self) -> pd.DataFrame:
        """A row for each person: the number of ratings, the smallest and the largest."""
        by_user = self.ratings.ratings.groupby("userId", sort=False)["rating"]
        return pd.DataFrame({"n": by_user.size(), "low": by_user.min(), "high": by_user.max()})

    @cached_property
    def films(self) -> pd.DataFrame:
        """A row for each listed film: title, genres, year (or NaN), number and sum of ratings."""
        by_film = self.ratings.ratings.groupby("movieId", sort=False)["rating"]
        films = self.ratings.movies.set_index("movieId")
        films["year"] = films["title"].map(year_of).astype(np.float64)
        found = pd.DataFrame({"n": by_film.size(), "total": by_film.sum()})
        found = found.reindex(films.index, fill_value=0)
        return films.join(found)

    @cached_property
    def genres(self) -> pd.DataFrame:
        """A row for each genre, those of most ratings first: films, ratings and their mean."""
        # Many films have the same genres, so each text is split once.
        rated = self.films[(self.films["n"] > 0) & (self.films["genres"] != NO_GENRES)]
        by_text = rated.groupby("genres").agg(
            films=("n", "size"), ratings=("n", "sum"), total=("total", "sum")
        )
        of_texts = by_text.set_index(by_text.index.str.split("|").rename("genre")).reset_index()
        found = of_texts.explode("genre").groupby("genre").sum()
        found["mean rating"] = found.pop("total") / found["ratings"]
        return found.sort_values("ratings", ascending=False, kind="stable")

    @cached_property
    def seconds(self) -> Ints | None:
        """The times of all ratings. None if there are none."""
        if not self.ratings.has_times:
            return None
        return self.ratings.ratings["timestamp"].to_numpy()


def n_steps(scale: RatingScale) -> int:
    """The number of ratings that a scale has; 0 if every number is one.

    Examples
    --------
    >>> from recsys.data.scale import HALF_STARS, RatingScale
    >>> n_steps(HALF_STARS), n_steps(RatingScale(-10, 10, 0))
    (10, 0)
    """
    return round((scale.largest - scale.smallest) / scale.step) + 1 if scale.step else 0


@dataclass(frozen=True, eq=False)
class Bins:
    """Numbers counted between edges. ``names`` say which numbers a bin holds."""

    edges: tuple[float, ...]
    names: tuple[str, ...]
    counts: tuple[int, ...]


def doublings(numbers: npt.NDArray[Any]) -> Bins:
    """Count whole numbers from 1 on in bins that double: 1, 2 to 3, 4 to 7 and so on.

    On a logarithmic axis, such bins are equally wide, and each of them holds a whole number.

    Examples
    --------
    >>> doublings(np.array([2, 3, 9])).names, doublings(np.array([2, 3, 9])).counts
    (('2 to 3', '4 to 7', '8 to 15'), (2, 0, 1))
    """
    first, last = int(numbers.min()).bit_length() - 1, int(numbers.max()).bit_length()
    edges = [2**power for power in range(first, last + 1)]
    ends = pairwise(edges)
    names = [f"{low:,}" if high == low + 1 else f"{low:,} to {high - 1:,}" for low, high in ends]
    return Bins(tuple(map(float, edges)), tuple(names), _counts(numbers, edges))


def equal_bins(numbers: npt.NDArray[Any]) -> Bins:
    """Count numbers in about 20 bins of equal width, whose edges are round.

    The last bin holds its upper edge too, as in numpy's histogram.

    Examples
    --------
    >>> found = equal_bins(np.array([-10.0, 3.25, 10.0]))
    >>> found.names[:2], sum(found.counts)
    (('-10 to -9', '-9 to -8'), 3)
    """
    low, high = float(numbers.min()), float(numbers.max())
    width = _round_width((high - low) / N_BINS) if high > low else 1.0
    first, last = floor(low / width), max(ceil(high / width), floor(low / width) + 1)
    n_decimals = max(0, 1 - floor(log10(width)))
    edges = [round(i * width, n_decimals) + 0.0 for i in range(first, last + 1)]
    names = [f"{a:,g} to {b:,g}" for a, b in pairwise(edges)]
    return Bins(tuple(edges), tuple(names), _counts(numbers, edges))


def years(found: Ints, weights: Ints | None = None) -> Bins:
    """Count years; if the first and the last lie far apart, count periods of 5, 10 or
    more years.

    Examples
    --------
    >>> years(np.array([2001, 2003, 2001])).names, years(np.array([2001, 2003, 2001])).counts
    (('2001', '2002', '2003'), (2, 0, 1))
    >>> years(np.array([1925, 1999])).names[:2], years(np.array([1889, 1999])).names[:2]
    (('1925 to 1929', '1930 to 1934'), ('1880s', '1890s'))
    """
    low, high = int(found.min()), int(found.max())
    width = 1 if high - low < MOST_BARS else int(_round_width(max(5, (high - low) / N_BINS)))
    first, last = low // width, high // width
    counts = np.bincount(found // width - first, weights, minlength=last - first + 1)
    starts = [i * width for i in range(first, last + 1)]
    names = [_period(start, width) for start in starts]
    edges = (*map(float, starts), float(starts[-1] + width))
    return Bins(edges, tuple(names), tuple(counts.astype(np.int64).tolist()))


def _period(start: int, width: int) -> str:
    if width == 10:
        return f"{start}s"
    return f"{start}" if width == 1 else f"{start} to {start + width - 1}"


def _round_width(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not smaller."""
    power = 10.0 ** floor(log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9))


def _counts(numbers: npt.NDArray[Any], edges: list[Any]) -> tuple[int, ...]:
    return tuple(np.histogram(numbers, edges)[0].tolist())
