"""Makes the built-in data set from a seed, like MovieLens' small release of 2016."""

import math
import numbers
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq

from recsys.data.ratings import Ratings
from recsys.data.scale import HALF_STARS
from recsys.synthetic.movies import (
    GENRES,
    Curve,
    Movies,
    between,
    even_ranks,
    invent_movies,
    on_curve,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Taste(NamedTuple):
    """A taste that a group of the invented users shares."""

    name: str
    share: float  # of all users
    likes: tuple[str, ...]  # genres that the group sees more often and rates higher
    dislikes: tuple[str, ...]  # genres that the group avoids and rates lower


TASTES = (
    Taste("romance", 0.17, ("Romance", "Musical"), ("Sci-Fi", "Horror", "Action")),
    Taste("science fiction", 0.16, ("Sci-Fi", "Fantasy"), ("Romance", "Musical")),
    Taste("action", 0.15, ("Action", "Adventure", "Thriller"), ("Romance", "Documentary")),
    Taste("drama", 0.14, ("Drama", "War", "Documentary"), ("Action", "Sci-Fi", "Children")),
    Taste("crime", 0.12, ("Crime", "Mystery", "Film-Noir"), ("Children", "Fantasy", "Musical")),
    Taste("comedy", 0.10, ("Comedy",), ("Drama", "War", "Mystery")),
    Taste("family", 0.09, ("Children", "Animation", "Musical"), ("Horror", "Crime", "Thriller")),
    Taste("horror", 0.07, ("Horror", "Thriller", "Sci-Fi"), ("Romance", "War", "Children")),
)

# Quantiles of MovieLens' small release of 2016: the number of ratings of a user beyond the least
# number, and the year of a user's first rating.
_LEAST_RATINGS = 20
_ACTIVITY: Curve = (
    (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 0.97, 0.99, 1.0),
    (0.5, 4.0, 17.0, 51.0, 141.0, 303.0, 640.0, 1111.0, 2500.0),
)
# The same for ml-25m, where one user has 32,202 ratings.
_ACTIVITY_25M: Curve = (
    (*_ACTIVITY[0][:-1], 0.999, 0.9999, 0.99999, 0.999994, 1.0),
    (*_ACTIVITY[1][:-1], 2500.0, 5800.0, 10_000.0, 32_000.0, 34_000.0),
)
_FIRST_RATING: Curve = (
    (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 1.0),
    (1996.0, 1996.7, 1999.8, 2003.5, 2010.5, 2015.5, 2016.78),
)
_SECONDS_A_YEAR = 31_556_952
_LAST_SESSION = int(np.datetime64("2016-10-14T00:00:00").astype(np.int64))
_HALF_STARS_SINCE = int(np.datetime64("2003-02-12T00:00:00").astype(np.int64))

# The strength of a taste. A liking that is larger by 1 makes a movie exp(_PULL) times as likely to
# be seen, and its ratings higher by _STARS.
_PULL = 1.4
_STARS = 0.47
# A movie also has a theme, which no table shows. Every taste likes some themes.
_N_THEMES = 12
_THEMES = 0.3
# The other parts of a score: its mean, and the standard deviations of users, of their own taste for
# each genre, and of single ratings.
_MEAN_STARS = 3.59
_LENIENCY = 0.45
_OWN_TASTE = 0.22
_NOISE = 0.79
# To find the least of many values, one of so many is looked at first.
_SAMPLED = 16
# The scores at which the rating rises by one step, before and after half stars came in 2003. They
# make each rating as frequent as in the release, which has more whole than half stars.
_WHOLE_CUTS = (1.72, 2.38, 3.37, 4.42)
_HALF_CUTS = (1.2, 1.69, 1.97, 2.39, 2.7, 3.23, 3.69, 4.44, 4.99)


def builtin_ratings() -> Ratings:
    """Return the built-in data set, which ``make_ratings`` makes by default.

    Returns
    -------
    Ratings
        100,004 ratings of 671 users, and 9,125 movies. Some movies have no rating.

    Examples
    --------
    >>> from recsys import builtin_ratings
    >>> builtin_ratings()
    Ratings(100004 ratings of 9066 movies by 671 users, 0.5 to 5 by 0.5, from built-in data set
    (seed 0))
    """
    return make_ratings()


def make_ratings(
    n_users: int = 671, n_movies: int = 9125, n_ratings: int = 100_004, random_state: int = 0
) -> Ratings:
    """Invent movie ratings that look and behave like MovieLens' small release.

    Users belong to hidden groups (``TASTES``, ``taste_groups``). A group sees more of the movies
    that it likes, and rates them higher. Activity, popularity, years, genres, ratings and times
    follow the release of 2016. Movies and titles are invented. Above a million ratings, the busiest
    users and the best-known movies move towards those of ml-25m, which 25 million ratings reach:
    one user has over 30,000 ratings, one movie over 80,000, and half of the movies fewer than 10.

    Parameters
    ----------
    n_users : int
        The number of users. Their userIds are 1 to ``n_users``, and each rates at least 20 movies.
        With fewer than 20 ratings for each user, the numbers of two users differ by at most one.
    n_movies : int
        The number of movies. About one in 155 has no rating, unless some user rates nearly all.
    n_ratings : int
        The exact number of ratings: at least one for each user, and at most one for each user and
        movie.
    random_state : int
        The seed. The same seed and sizes give the same ratings.

    Returns
    -------
    Ratings
        The ratings, sorted by userId, then by movieId. Users rate movies only from the year of
        their release on, unless there are too few older movies.

    Raises
    ------
    ValueError
        If a size is not a whole number above 0, if the seed is not a whole number of at least 0,
        or if ``n_ratings`` is too small or too large for the numbers of users and movies.

    Examples
    --------
    >>> from recsys import make_ratings
    >>> small = make_ratings(n_users=5, n_movies=30, n_ratings=60)
    >>> small.ratings.groupby("userId").size().tolist()
    [12, 12, 12, 12, 12]
    """
    n_movies = _checked("n_movies", n_movies, least=1)
    taste, rng = _tastes(n_users, random_state)
    n_users = len(taste)
    n_ratings = _checked("n_ratings", n_ratings, least=n_users)
    if n_ratings > n_users * n_movies:
        raise ValueError(
            f"n_ratings must be at most n_users * n_movies = {n_users * n_movies},"
            f" not {n_ratings}: a user rates a film only once"
        )
    growth = _growth(n_ratings)
    movies = invent_movies(n_movies, rng, growth)
    users = _invent_users(taste, n_movies, n_ratings, growth, rng)
    liking = draw_liking(movies, rng)
    chosen = _choose_movies(movies, users, liking, rng)
    user_index = np.repeat(np.arange(n_users), users.n_ratings)
    timestamps = _timestamps(users, user_index, movies.years[chosen], rng)
    score = _scores(movies, user_index, chosen, rng) + _STARS * liking[taste[user_index], chosen]
    score += _MEAN_STARS - score.mean()
    whole = 1.0 + np.searchsorted(_WHOLE_CUTS, score)
    half = 0.5 + 0.5 * np.searchsorted(_HALF_CUTS, score)
    ratings = {
        "userId": user_index + 1,
        "movieId": movies.ids[chosen],
        "rating": np.where(timestamps >= _HALF_STARS_SINCE, half, whole),
        "timestamp": timestamps,
    }
    table = {"movieId": movies.ids, "title": movies.titles, "genres": movies.genre_texts()}
    source = f"built-in data set (seed {random_state})"
    return Ratings.from_frames(
        pd.DataFrame(ratings), pd.DataFrame(table), scale=HALF_STARS, source=source
    )


def taste_groups(n_users: int = 671, random_state: int = 0) -> Ints:
    """(n_users,): the hidden group of each user of `make_ratings`, as a position in `TASTES`.

    The numbers of movies and ratings do not matter. The first position belongs to userId 1.
    """
    return _tastes(n_users, random_state)[0]


def draw_liking(movies: Movies, rng: np.random.Generator) -> Floats:
    """(n_tastes, n_movies): the liking of each taste for each movie, about -1 to 1."""
    of_genre = np.array(
        [[(g in taste.likes) - 1.0 * (g in taste.dislikes) for g in GENRES] for taste in TASTES]
    )
    of_theme = rng.normal(0, _THEMES, (len(TASTES), _N_THEMES))
    theme = rng.integers(_N_THEMES, size=len(movies.ids))
    # Sums of whole numbers are exact in any order.
    by_genre = of_genre @ movies.genres.T.astype(float)
    liking: Floats = np.clip(by_genre, -1, 1) + of_theme[:, theme]
    return liking


class _Users(NamedTuple):
    taste: Ints
    n_ratings: Ints
    start: Ints  # of the first session, in seconds since 1970
    span: Ints  # seconds from the first to the last session
    n_sessions: Ints


def _checked(name: str, value: Any, least: int) -> int:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or int(value) < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)


def _tastes(n_users: int, random_state: int) -> tuple[Ints, np.random.Generator]:
    """Draw the taste of each user, and return the generator for all other draws."""
    n_users = _checked("n_users", n_users, least=1)
    rng = np.random.default_rng(_checked("random_state", random_state, least=0))
    ends = np.cumsum([taste.share for taste in TASTES])[:-1]
    return np.searchsorted(ends, even_ranks(n_users, rng), side="right").astype(np.int64), rng


def _growth(n_ratings: int) -> float:
    """Say how far the tails are from those of the small release to those of ml-25m, from 0 to 1.

    The busiest users and the best-known movies have more ratings in larger data. The small release
    is the model up to a million ratings, ml-25m from 25 million on.
    """
    return min(max(math.log(n_ratings / 1e6, 25), 0.0), 1.0)


def _invent_users(
    taste: Ints, n_movies: int, n_ratings: int, growth: float, rng: np.random.Generator
) -> _Users:
    n_users = len(taste)
    activity = between(_ACTIVITY, _ACTIVITY_25M, growth, even_ranks(n_users, rng))
    counts = _share_out(n_ratings, activity, most=n_movies)
    years = on_curve(_FIRST_RATING, even_ranks(n_users, rng))
    start = ((years - 1970) * _SECONDS_A_YEAR).astype(np.int64)
    # Six in ten users come once. The others come back over weeks or years.
    again = np.minimum(2 + rng.lognormal(1.0, 2.2, n_users).astype(np.int64), counts)
    n_sessions = np.where(rng.random(n_users) < 0.6, 1, again)
    away = (rng.lognormal(4.8, 2.0, n_users) * 86_400).astype(np.int64)
    left = (rng.random(n_users) * (_LAST_SESSION - start)).astype(np.int64)
    span = np.where(n_sessions > 1, np.minimum(away, left), 0)
    return _Users(taste, counts, start, span, n_sessions)


def _share_out(total: int, weights: Floats, most: int) -> Ints:
    """Split a total into whole shares: the least number for each, and the rest by weight."""
    n = len(weights)
    least = min(_LEAST_RATINGS, total // n)
    rest, room = total - n * least, most - least if least == _LEAST_RATINGS else 1
    # At this scale the shares, cut off at `room`, add up to the rest.
    scale = brentq(
        lambda scale: np.minimum(weights * scale, room).sum() - rest, 0, 2 * room / weights.min()
    )
    exact = np.minimum(weights * scale, room)
    extra = exact.astype(np.int64)
    extra[np.argsort(extra - exact, kind="stable")[: rest - int(extra.sum())]] += 1
    return least + extra


def _choose_movies(movies: Movies, users: _Users, liking: Floats, rng: np.random.Generator) -> Ints:
    """Draw the positions of the movies that each user rates, ascending within a user.

    The draw without replacement is a race. The time of a movie is exponential with its weight as
    the rate, and a user rates the movies with the least times.
    """
    # A movie without popularity comes last.
    handicap = 1.0 / np.maximum(movies.popularity * np.exp(_PULL * liking), 1e-30)
    last_year = _year(users.start + users.span)
    # Movies that are not released yet are chosen only if no other movie is left.
    late = {year: 1e12 ** (movies.years > year) for year in np.unique(last_year).tolist()}
    handicap_of = cache(lambda taste, year: handicap[taste] * late[year])
    chosen = []
    for user, sure in enumerate(_sure_movies(movies, users, last_year, rng)):
        times = rng.standard_exponential(len(movies.ids))
        times *= handicap_of(int(users.taste[user]), int(last_year[user]))
        times[sure] *= 1e-12
        chosen.append(np.sort(_least(times, int(users.n_ratings[user]))))
    return np.concatenate(chosen)


def _least(values: Floats, count: int) -> Ints:
    """Return the positions of the `count` least values, in any order."""
    # A sample bounds the least values, so that only few of the others are looked at.
    sample, enough = values[::_SAMPLED], 2 * count // _SAMPLED + _SAMPLED
    if enough < len(sample):
        below = np.flatnonzero(values <= np.partition(sample, enough)[enough])
        if len(below) >= count:
            return below[np.argpartition(values[below], count - 1)[:count]]
    return np.argpartition(values, count - 1)[:count]


def _sure_movies(
    movies: Movies, users: _Users, last_year: Ints, rng: np.random.Generator
) -> list[Ints]:
    """Draw the movies that each user is sure to rate.

    MovieLens lists a movie because a user rated it. So each movie of some popularity gets one user,
    with probability in proportion to the user's activity. Such pairs are at most a tenth of all
    ratings, so that users keep a choice.
    """
    by_year = np.argsort(-last_year, kind="stable")
    slots = np.cumsum(users.n_ratings[by_year])
    # Only users who are still active in the year of a movie can rate it. They come first.
    n_able = np.searchsorted(-last_year[by_year], -movies.years, side="right")
    known = np.flatnonzero((movies.popularity > 0) & (n_able > 0))
    sure = rng.permutation(known)[: int(slots[-1]) // 10]
    tickets = (rng.random(len(sure)) * slots[n_able[sure] - 1]).astype(np.int64)
    raters = by_year[np.searchsorted(slots, tickets, side="right")]
    ends = np.cumsum(np.bincount(raters, minlength=len(by_year)))[:-1]
    return np.split(sure[np.argsort(raters, kind="stable")], ends)


def _timestamps(users: _Users, user_index: Ints, years: Ints, rng: np.random.Generator) -> Ints:
    """Draw seconds since 1970. The ratings of a user come in sessions, quickly within each."""
    last = users.n_sessions[user_index] - 1
    # The first session is the longest, because users rate the movies that they have seen before.
    session = np.where(rng.random(len(user_index)) < 0.5, 0, rng.integers(last + 1))
    step = users.span // np.maximum(users.n_sessions - 1, 1)
    begun = users.start[user_index] + session * step[user_index]
    # A movie that came out later is rated in the last session.
    begun = np.where(_year(begun) < years, (users.start + users.span)[user_index], begun)

    order = np.lexsort((rng.random(len(user_index)), begun, user_index))
    seconds = np.cumsum(rng.lognormal(2.5, 1.6, len(user_index)).astype(np.int64))
    opens = np.diff(begun[order], prepend=-1) != 0
    opens |= np.diff(user_index[order], prepend=-1) != 0
    since = seconds - seconds[opens][np.cumsum(opens) - 1]
    timestamps = np.empty(len(user_index), np.int64)
    timestamps[order] = begun[order] + since
    return timestamps


def _year(seconds: npt.NDArray[Any]) -> Ints:
    years: Ints = seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64)
    return years + 1970


def _scores(movies: Movies, user_index: Ints, chosen: Ints, rng: np.random.Generator) -> Floats:
    """The score of each chosen movie for its user, without the taste of the user's group."""
    n_users = int(user_index[-1]) + 1
    score = movies.quality[chosen] + rng.normal(0, _LENIENCY, n_users)[user_index]
    score += rng.normal(0, _NOISE, len(user_index))
    own_taste = rng.normal(0, _OWN_TASTE, (n_users, len(GENRES)))
    per_genre = movies.genres / np.maximum(movies.genres.sum(axis=1, keepdims=True), 1)
    for genre in range(len(GENRES)):
        score += own_taste[user_index, genre] * per_genre[chosen, genre]
    return score
