"""The ratings that a new user brings, from each form in which a caller may pass them."""

from collections.abc import Hashable, Iterable, Mapping
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from recsys.data.ids import Id
from recsys.printable import shown

GivenRatings: TypeAlias = (
    "Mapping[Id, float] | pd.Series[Any] | pd.DataFrame | Iterable[tuple[Id, float]]"
)

FORMS = (
    "a mapping of movieId to rating, a Series of ratings by movieId, a frame with the columns "
    "movieId and rating, or pairs (movieId, rating)"
)


def given_ratings(ratings: GivenRatings) -> Mapping[Id, float]:
    """Turn the ratings of one user into a mapping of movieId to rating, from any of `FORMS`.

    ValueError if they have another form, a rating is not a number, or a film is rated twice. The
    scale and the kind of the ids are checked later, when the training data are at hand.

    Examples
    --------
    >>> given_ratings(pd.Series([4.5, 2.0], index=[1, 588]))
    {1: 4.5, 588: 2.0}
    >>> given_ratings([("tt0110912", 4.5)])
    {'tt0110912': 4.5}
    """
    if isinstance(ratings, Mapping):
        # Each type is checked once, because evaluations ask for thousands of users.
        if all(map(_is_rating, set(map(type, ratings.values())))):
            return ratings
        pairs: Iterable[Any] = ratings.items()
    elif isinstance(ratings, pd.Series):
        pairs = zip(ratings.index, ratings, strict=True)
    elif isinstance(ratings, pd.DataFrame):
        pairs = _rows(ratings)
    else:
        pairs = _pairs(ratings)
    found: dict[Any, float] = {}
    for movie_id, rating in pairs:
        if not isinstance(movie_id, Hashable):
            raise ValueError(f"ratings: {_plain(movie_id)} is not the id of a film")
        if not _is_rating(type(rating)):
            raise ValueError(
                f"ratings: the rating of film {_plain(movie_id)} is not a number: {_plain(rating)}"
            )
        if movie_id in found:
            raise ValueError(f"ratings: film {_plain(movie_id)} is rated twice")
        found[movie_id] = float(rating)
    return found


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
