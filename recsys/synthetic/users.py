"""Invented people: hidden tastes, how much they rate, and when they come."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.synthetic.movies import GENRES, Curve, Films, draw, draw_log, even_ranks

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Taste(NamedTuple):
    """A taste that a group of the invented people shares.

    Attributes
    ----------
    name : str
        What to call the group.
    share : float
        The part of all people that has this taste.
    likes, dislikes : tuple of str
        Genres the group gives more stars and sees more often, and those it gives fewer and avoids.
    """

    name: str
    share: float
    likes: tuple[str, ...]
    dislikes: tuple[str, ...]


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

# Quantiles of MovieLens' small release of 2016; between them the curves run straight in the
# logarithm. Ratings a user gave beyond the least:
_LEAST_RATINGS = 20
_ACTIVITY: Curve = (
    (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 0.97, 0.99, 1.0),
    (0.5, 4.0, 17.0, 51.0, 141.0, 303.0, 640.0, 1111.0, 2500.0),
)
# The day of a user's first rating, in years (this one straight as it is).
_FIRST_RATING: Curve = (
    (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 1.0),
    (1996.0, 1996.7, 1999.8, 2003.5, 2010.5, 2015.5, 2016.78),
)
_LAST_SESSION = int(np.datetime64("2016-10-14T00:00:00").astype(np.int64))
_SECONDS_A_YEAR = 31_556_952

_N_THEMES = 12
_THEME_LIKING = 0.3


class People(NamedTuple):
    """Invented people, in order of their ids.

    Attributes
    ----------
    taste : ndarray of int64
        Positions in `TASTES`.
    n_ratings : ndarray of int64
        How many films each rates.
    start, span : ndarray of int64
        Second of the first rating since 1970, and seconds until the last session starts.
    n_sessions : ndarray of int64
        How many times each comes to rate films.
    """

    taste: Ints
    n_ratings: Ints
    start: Ints
    span: Ints
    n_sessions: Ints


def draw_tastes(n_users: int, rng: np.random.Generator) -> Ints:
    """A taste for each of so many people, in the shares of `TASTES`.

    Parameters
    ----------
    n_users : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int64, shape (n_users,)
        Positions in `TASTES`.

    Examples
    --------
    >>> np.bincount(draw_tastes(100, np.random.default_rng(0))).tolist()
    [17, 16, 15, 14, 12, 10, 9, 7]
    """
    ends = np.cumsum([taste.share for taste in TASTES])[:-1]
    return np.searchsorted(ends, even_ranks(n_users, rng), side="right").astype(np.int64)


def invent_people(taste: Ints, n_movies: int, n_ratings: int, rng: np.random.Generator) -> People:
    """Invent people of given tastes.

    Parameters
    ----------
    taste : ndarray of int64
        The taste of each, as `draw_tastes` gives them.
    n_movies : int
        How many films there are to rate.
    n_ratings : int
        How many ratings all give together: from one a head to `n_movies` a head.
    rng : numpy.random.Generator
        Where the choices come from.

    Returns
    -------
    People

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> people = invent_people(draw_tastes(3, rng), n_movies=100, n_ratings=150, rng=rng)
    >>> int(people.n_ratings.sum()), int(people.n_ratings.min()) >= 20
    (150, True)
    """
    n_users = len(taste)
    counts = _share_out(n_ratings, draw_log(_ACTIVITY, n_users, rng), most=n_movies)

    years = draw(_FIRST_RATING, n_users, rng)
    start = ((years - 1970) * _SECONDS_A_YEAR).astype(np.int64)
    # Six in ten come once; the others come back over weeks or years.
    again = np.minimum(2 + rng.lognormal(1.0, 2.2, n_users).astype(np.int64), counts)
    n_sessions = np.where(rng.random(n_users) < 0.6, 1, again)
    away = (rng.lognormal(4.8, 2.0, n_users) * 86_400).astype(np.int64)
    left = (rng.random(n_users) * (_LAST_SESSION - start)).astype(np.int64)
    span = np.where(n_sessions > 1, np.minimum(away, left), 0)
    return People(taste, counts, start, span, n_sessions)


def draw_liking(films: Films, rng: np.random.Generator) -> Floats:
    """How much each taste likes each film: about -1 to 1.

    Beside its genres a film has a theme, which no table shows; every taste likes some of them.

    Parameters
    ----------
    films : Films
    rng : numpy.random.Generator
        Draws the themes.

    Returns
    -------
    ndarray of float64, shape (len(TASTES), n_films)

    Examples
    --------
    >>> from recsys.synthetic.movies import invent_films
    >>> rng = np.random.default_rng(0)
    >>> draw_liking(invent_films(5, rng), rng).shape
    (8, 5)
    """
    of_genre = np.array(
        [[(g in taste.likes) - 1.0 * (g in taste.dislikes) for g in GENRES] for taste in TASTES]
    )
    of_theme = rng.normal(0, _THEME_LIKING, (len(TASTES), _N_THEMES))
    theme = rng.integers(_N_THEMES, size=len(films.ids))
    # Whole numbers: the sums are exact, whatever the order a machine adds in.
    by_genre = of_genre @ films.genres.T.astype(float)
    liking: Floats = np.clip(by_genre, -1, 1) + of_theme[:, theme]
    return liking


def _share_out(total: int, weights: Floats, most: int) -> Ints:
    """Whole shares that add up to the total: the least for each, the rest by weight.

    Where the total does not reach to the least for each, all get the same but for one.
    """
    n = len(weights)
    if total < n * _LEAST_RATINGS or most <= _LEAST_RATINGS:
        level, left = divmod(total, n)
        counts = np.full(n, level, np.int64)
        counts[np.argsort(weights)[n - left :]] += 1
        return counts
    rest, room = total - n * _LEAST_RATINGS, most - _LEAST_RATINGS
    # The largest scale at which the shares, cut off at the room there is, do not exceed the rest.
    low, high = 0.0, room / weights.min()
    for _ in range(100):
        scale = (low + high) / 2
        fits = np.minimum(weights * scale, room).sum() <= rest
        low, high = (scale, high) if fits else (low, scale)
    exact = np.minimum(weights * low, room)
    extra = exact.astype(np.int64)
    left = rest - int(extra.sum())
    extra[np.argsort(extra - exact, kind="stable")[:left]] += 1
    return _LEAST_RATINGS + extra
