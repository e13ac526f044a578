"""The ratings that a new user brings, from each form in which a caller may pass them."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Id
from recsys.printable import shown
from recsys.recommenders.ages import ages_of

GivenRatings: TypeAlias = (
    "Mapping[Id, float] | pd.Series[Any] | pd.DataFrame | Iterable[tuple[Id, float]]"
)

GivenTimes: TypeAlias = "Mapping[Id, Any] | pd.Series[Any] | Iterable[Any]"

FORMS = (
    "a mapping of movieId to rating, a Series of ratings by movieId, a frame with the columns "
    "movieId and rating, or pairs (movieId, rating)"
)


@dataclass(frozen=True)
class GivenProfile:
    """The ratings of one user by movieId, and in the same order how many are later than each."""

    ratings: Mapping[Id, float]
    ages: Sequence[int]


def given_profile(ratings: GivenRatings, times: "GivenTimes | None" = None) -> GivenProfile:
    """Turn the ratings of one user from any of `FORMS` into a mapping, with their ages.

    If a film is rated twice, the rating with the latest time counts, and of equal times the last.
    ``times`` are by movieId or in the order of the ratings; a frame may have them as its column
    timestamp.

    ValueError if the ratings or times have another form, a rating is not a number, or a film is
    rated twice and there are no times. The scale and the kind of the ids are checked later, when
    the training data are at hand.

    Examples
    --------
    >>> given_profile(pd.Series([4.5, 2.0], index=[1, 588])).ratings
    {1: 4.5, 588: 2.0}
    >>> given_profile([("a", 4.5), ("a", 3.0), ("b", 2.0)], times=[20, 10, 30])
    GivenProfile(ratings={'a': 4.5, 'b': 2.0}, ages=[1, 0])
    """
    if isinstance(ratings, Mapping):
        # Each type is checked once, because evaluations ask for thousands of users.
        if times is None and all(map(_is_rating, set(map(type, ratings.values())))):
            return _without_times(ratings)
        pairs: Iterable[Any] = ratings.items()
    elif isinstance(ratings, pd.Series):
        pairs = zip(ratings.index, ratings, strict=True)
    elif isinstance(ratings, pd.DataFrame):
        pairs = _rows(ratings)
        if times is None and "timestamp" in ratings.columns:
            times = ratings["timestamp"].to_numpy()
    else:
        pairs = _pairs(ratings)
    rated = [_checked(movie_id, rating) for movie_id, rating in pairs]
    if times is not None:
        return _with_times(rated, _seconds(times, [movie_id for movie_id, _ in rated]))
    found: dict[Any, float] = {}
    for movie_id, rating in rated:
        if movie_id in found:
            raise ValueError(
                f"ratings: film {_plain(movie_id)} is rated twice; with times= the latest counts"
            )
        found[movie_id] = rating
    return _without_times(found)


def _without_times(ratings: Mapping[Id, float]) -> GivenProfile:
    return GivenProfile(ratings, [0] * len(ratings))


def _with_times(rated: list[tuple[Any, float]], times: npt.NDArray[Any]) -> GivenProfile:
    """The latest rating of each film. A film that is rated again counts once as a later rating."""
    place = {rated[at][0]: int(at) for at in np.argsort(times, kind="stable")}
    ages = ages_of(np.array([0, len(place)]), times[list(place.values())])
    return GivenProfile({movie: rated[at][1] for movie, at in place.items()}, ages.tolist())


def _checked(movie_id: Any, rating: Any) -> tuple[Any, float]:
    if not isinstance(movie_id, Hashable):
        raise ValueError(f"ratings: {_plain(movie_id)} is not the id of a film")
    if not _is_rating(type(rating)):
        raise ValueError(
            f"ratings: the rating of film {_plain(movie_id)} is not a number: {_plain(rating)}"
        )
    return movie_id, float(rating)


def _seconds(times: GivenTimes, movie_ids: list[Any]) -> npt.NDArray[Any]:
    """The time of each rating, as numbers that ascend with time."""
    if isinstance(times, Mapping | pd.Series):
        by_id: dict[Any, list[Any]] = {}
        for movie_id, time in times.items():
            by_id.setdefault(movie_id, []).append(time)
        # A Series may hold a film twice, as the ratings do; a mapping holds it once.
        missing = [one for one in movie_ids if one not in by_id]
        if missing:
            raise ValueError(f"times: there is none for film {_plain(missing[0])}")
        counts = Counter(movie_ids)
        repeated = [one for one in counts if len(by_id[one]) < counts[one]]
        if repeated:
            raise ValueError(
                f"times: film {_plain(repeated[0])} is rated more often than it has times; give "
                "times in the order of the ratings"
            )
        times = [by_id[movie_id].pop(0) for movie_id in movie_ids]
    found = pd.Series(list(times), dtype=object).infer_objects()
    if len(found) != len(movie_ids):
        raise ValueError(f"times: {len(found)} times, but {len(movie_ids)} ratings")
    if not pd.api.types.is_numeric_dtype(found):
        found = pd.to_datetime(found, utc=True)
    if found.isna().any():
        raise ValueError("times: a time is missing; give one for each rating")
    return found.to_numpy()


def _is_rating(kind: type) -> bool:
    return issubclass(kind, Real) and not issubclass(kind, bool)


def _rows(frame: pd.DataFrame) -> Iterable[tuple[Any, Any]]:
    for name in ("movieId", "rating"):
        if list(frame.columns).count(name) != 1:
            problem = "two columns" if name in frame.columns else "no column"
            raise ValueError(f"ratings: the frame has {problem} {name!r}; it must be {FORMS}")
    return zip(frame["movieId"], frame["rating"], strict=True)


def _pairs(ratings: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(ratings, str | bytes) or not isinstance(ratings, Iterable):
        raise ValueError(f"ratings must be {FORMS}, not {_plain(ratings)}")
    for pair in ratings:
        try:
            if isinstance(pair, str | bytes):
                raise TypeError
            movie_id, rating = pair
        except (TypeError, ValueError):
            raise ValueError(
                f"ratings must be {FORMS}; but {_plain(pair)} is not such a pair"
            ) from None
        yield movie_id, rating


def _plain(value: Any) -> str:
    return shown(value.item() if isinstance(value, np.generic) else value)
