"""The built-in data set: made from a seed, shaped like MovieLens' small release of 2016."""

from __future__ import annotations

import numbers
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import Ratings
from recsys.data.scale import HALF_STARS
from recsys.synthetic.movies import GENRES, Films, invent_films
from recsys.synthetic.users import (
    TASTES,
    People,
    Taste,
    draw_liking,
    draw_tastes,
    invent_people,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

__all__ = ["TASTES", "Taste", "builtin_ratings", "make_ratings", "taste_groups"]

_HALF_STARS_SINCE = int(np.datetime64("2003-02-12T00:00:00").astype(np.int64))

# How strongly a taste shows: in what is seen (a film that is liked by 1 more is e to this power
# as likely), and in the stars it gets.
_PULL = 1.2
_STARS = 0.5
# The other parts of a score: its mean, and how far people, their own liking of each genre, and
# single ratings stray from it.
_MEAN_STARS = 3.1
_LENIENCY = 0.48
_OWN_TASTE = 0.25
_NOISE = 0.77
# The scores at which the stars given go up by one step. They are set so that each number of stars
# is as frequent as in the release, where people round to whole stars more often than not.
_WHOLE_CUTS = (1.72, 2.38, 3.37, 4.42)
_HALF_CUTS = (1.2, 1.69, 1.97, 2.39, 2.7, 3.23, 3.69, 4.44, 4.99)
# People who never used the half stars after there were any.
_WHOLE_STARS_ONLY = 0.035

# Factors on the times of the race: films that a user is sure to rate, and ones not out yet.
_SEEN_FIRST = 1e-12
_NOT_YET_OUT = 1e12
_N_CANDIDATES = 8
_CELLS_A_BLOCK = 2_000_000


def builtin_ratings() -> Ratings:
    """The built-in data set: what `make_ratings` makes when nothing is asked of it.

    Returns
    -------
    Ratings
        100,004 ratings by 671 people; 9,125 films of which some are never rated.

    Examples
    --------
    >>> builtin_ratings().ratings.shape
    (100004, 4)
    """
    return make_ratings()


def make_ratings(
    n_users: int = 671,
    n_movies: int = 9125,
    n_ratings: int = 100_004,
    random_state: int = 0,
) -> Ratings:
    """Invent film ratings that look and behave like MovieLens' small release.

    People belong to hidden groups (`TASTES`, `taste_groups`) that see more of the films they like
    and give them more stars. Activity, popularity, years, genres, stars and times follow the
    release of 2016; films and titles are invented.

    Parameters
    ----------
    n_users : int
        How many people; their userIds are 1 to `n_users`, and each rates at least 20 films. With
        fewer than 20 ratings a head no two people differ by more than one rating.
    n_movies : int
        How many films; about one in 155 of them is never rated, unless somebody rates nearly all.
    n_ratings : int
        How many ratings, exactly; at least one a user, at most one a user and film.
    random_state : int
        The seed. The same seed and sizes give the same ratings.

    Returns
    -------
    Ratings
        Sorted by userId, then movieId. Nobody rates a film before the year of its release,
        unless too few older films are there for the ratings asked of them.

    Raises
    ------
    ValueError
        If a size is not a whole number above 0, if the seed is not one of at least 0, or if
        `n_ratings` cannot be had from so many users and films.

    Examples
    --------
    >>> small = make_ratings(n_users=5, n_movies=30, n_ratings=60)
    >>> small.ratings.groupby("userId").size().tolist()
    [12, 12, 12, 12, 12]
    """
    n_users = _checked("n_users", n_users, least=1)
    n_movies = _checked("n_movies", n_movies, least=1)
    n_ratings = _checked("n_ratings", n_ratings, least=n_users)
    random_state = _checked("random_state", random_state, least=0)
    if n_ratings > n_users * n_movies:
        raise ValueError(
            f"n_ratings must be at most n_users * n_movies = {n_users * n_movies},"
            f" not {n_ratings}: nobody rates a film twice"
        )
    streams = _streams(random_state)
    films = invent_films(n_movies, streams.films)
    taste = draw_tastes(n_users, streams.tastes)
    people = invent_people(taste, n_movies, n_ratings, streams.people)
    liking = draw_liking(films, streams.themes)

    chosen = _choose_films(films, people, liking, streams.choices)
    users = np.repeat(np.arange(n_users), people.n_ratings)
    timestamps = _timestamps(people, users, films.years[chosen], streams.clock)
    stars = _stars(films, people, liking, users, chosen, timestamps, streams.stars)
    ratings = pd.DataFrame(
        {
            "userId": users + 1,
            "movieId": films.ids[chosen],
            "rating": stars,
            "timestamp": timestamps,
        }
    )
    movies = pd.DataFrame(
        {"movieId": films.ids, "title": films.titles, "genres": films.genre_texts()}
    )
    source = f"built-in data set (seed {random_state})"
    return Ratings.from_frames(ratings, movies, scale=HALF_STARS, source=source)


def taste_groups(n_users: int = 671, random_state: int = 0) -> Ints:
    """The hidden group of each person that `make_ratings` invents.

    Parameters
    ----------
    n_users, random_state : int
        As given to `make_ratings`; the numbers of films and ratings do not matter.

    Returns
    -------
    ndarray of int64, shape (n_users,)
        Positions in `TASTES`: the first belongs to userId 1.

    Raises
    ------
    ValueError
        If `n_users` is not a whole number above 0 or `random_state` not one of at least 0.

    Examples
    --------
    >>> TASTES[taste_groups()[0]].name in {taste.name for taste in TASTES}
    True
    """
    n_users = _checked("n_users", n_users, least=1)
    random_state = _checked("random_state", random_state, least=0)
    return draw_tastes(n_users, _streams(random_state).tastes)


class _Streams(NamedTuple):
    """One stream of random numbers for each thing, so that one does not move another."""

    tastes: np.random.Generator
    films: np.random.Generator
    people: np.random.Generator
    themes: np.random.Generator
    choices: np.random.Generator
    clock: np.random.Generator
    stars: np.random.Generator


def _streams(seed: int) -> _Streams:
    return _Streams(*np.random.default_rng(seed).spawn(len(_Streams._fields)))


def _checked(name: str, value: Any, least: int) -> int:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or int(value) < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)


def _choose_films(films: Films, people: People, liking: Floats, rng: np.random.Generator) -> Ints:
    """Positions of the films each user rates: user after user, ascending within a user.

    Draws without replacement, as a race: each film's time is exponential with the film's
    weight as rate, and a user rates the films that come in first.
    """
    pull = films.renown * np.exp(_PULL * liking)
    # A film of no renown comes in last.
    handicap = 1.0 / np.maximum(pull, 1e-30)
    last_year = _year(people.start + people.span)
    raters, firsts = _first_raters(films, people, handicap, last_year, rng)
    n_users, n_films = len(people.taste), len(films.ids)
    rows = max(1, _CELLS_A_BLOCK // n_films)
    chosen = []
    for begin in range(0, n_users, rows):
        block = slice(begin, begin + rows)
        times = rng.standard_exponential((len(people.taste[block]), n_films))
        times *= handicap[people.taste[block]]
        times *= np.where(films.years > last_year[block, None], _NOT_YET_OUT, 1.0)
        here = slice(*np.searchsorted(raters, [begin, begin + rows]))
        times[raters[here] - begin, firsts[here]] *= _SEEN_FIRST
        chosen += [
            np.sort(np.argpartition(row, count - 1)[:count])
            for row, count in zip(times, people.n_ratings[block].tolist(), strict=True)
        ]
    return np.concatenate(chosen)


def _first_raters(
    films: Films, people: People, handicap: Floats, last_year: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Users and the films they are sure to rate, in order of the users.

    MovieLens lists a film because somebody rated it. Each film that is to be rated gets one
    user, an active one of a taste that likes it; but such pairs are a tenth of all ratings
    at most, or there would be no choice left.
    """
    by_year = np.argsort(-last_year, kind="stable")
    slots = np.cumsum(people.n_ratings[by_year])
    # A film can be rated by the users who are still there in its year: the first so many.
    n_able = np.searchsorted(-last_year[by_year], -films.years, side="right")
    known = np.flatnonzero((films.renown > 0) & (n_able > 0))
    firsts = rng.permutation(known)[: int(slots[-1]) // 10]
    able = slots[n_able[firsts] - 1, None]
    tickets = (rng.random((len(firsts), _N_CANDIDATES)) * able).astype(np.int64)
    candidates = by_year[np.searchsorted(slots, tickets, side="right")]
    times = rng.standard_exponential(candidates.shape)
    times *= handicap[people.taste[candidates], firsts[:, None]]
    raters = candidates[np.arange(len(firsts)), times.argmin(axis=1)]
    order = np.argsort(raters, kind="stable")
    return raters[order], firsts[order]


def _timestamps(people: People, users: Ints, years: Ints, rng: np.random.Generator) -> Ints:
    """Seconds since 1970: the ratings of a user come in sessions, quickly within each."""
    ends = np.cumsum(people.n_sessions)
    first = ends - people.n_sessions
    when = rng.random(ends[-1])
    when[ends - 1] = 1.0
    when[first] = 0.0
    owner = np.repeat(np.arange(len(ends)), people.n_sessions)
    starts = people.start[owner] + (when * people.span[owner]).astype(np.int64)

    # The first session is the longest, as people fill in what they have seen.
    back = rng.random(len(users)) < 0.5
    session = first[users] + back * rng.integers(people.n_sessions[users])
    # A film that came out later than that is rated in the last session.
    session = np.where(_year(starts[session]) < years, ends[users] - 1, session)

    order = np.lexsort((rng.random(len(users)), session))
    seconds = np.cumsum(rng.lognormal(2.5, 1.6, len(users)).astype(np.int64))
    _, opening = np.unique(session[order], return_index=True)
    since = seconds - np.repeat(seconds[opening], np.diff(np.append(opening, len(users))))
    timestamps = np.empty(len(users), np.int64)
    timestamps[order] = starts[session[order]] + since
    return timestamps


def _year(seconds: Ints) -> Ints:
    return seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970


def _stars(
    films: Films,
    people: People,
    liking: Floats,
    users: Ints,
    chosen: Ints,
    timestamps: Ints,
    rng: np.random.Generator,
) -> Floats:
    """What each user gives each chosen film: 0.5 to 5, whole stars only before 2003."""
    n_users = len(people.taste)
    leniency = rng.normal(0, _LENIENCY, n_users)
    noise = _NOISE * rng.lognormal(0, 0.25, n_users)
    score = _MEAN_STARS + films.quality[chosen] + leniency[users]
    score += _STARS * liking[people.taste[users], chosen]
    score += noise[users] * rng.standard_normal(len(users))

    own_taste = rng.normal(0, _OWN_TASTE, (n_users, len(GENRES)))
    per_genre = films.genres / np.maximum(films.genres.sum(axis=1, keepdims=True), 1)
    for genre in range(len(GENRES)):
        score += own_taste[users, genre] * per_genre[chosen, genre]

    whole_only = rng.random(n_users) < _WHOLE_STARS_ONLY
    halves = (timestamps >= _HALF_STARS_SINCE) & ~whole_only[users]
    whole = 1.0 + np.searchsorted(_WHOLE_CUTS, score)
    half = 0.5 + 0.5 * np.searchsorted(_HALF_CUTS, score)
    return np.where(halves, half, whole)
