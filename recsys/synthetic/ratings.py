"""The built-in data set: made from a seed, shaped like MovieLens' small release of 2016."""

import numbers
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq

from recsys.data.ratings import Ratings
from recsys.data.scale import HALF_STARS
from recsys.synthetic.movies import GENRES, Curve, Films, draw, even_ranks, invent_movies

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

__all__ = ["TASTES", "Taste", "builtin_ratings", "make_ratings", "taste_groups"]


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

# Quantiles of MovieLens' small release of 2016: ratings a user gave beyond the least, and the
# year of a user's first rating.
_LEAST_RATINGS = 20
_ACTIVITY: Curve = (
    (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 0.97, 0.99, 1.0),
    (0.5, 4.0, 17.0, 51.0, 141.0, 303.0, 640.0, 1111.0, 2500.0),
)
_FIRST_RATING: Curve = (
    (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 1.0),
    (1996.0, 1996.7, 1999.8, 2003.5, 2010.5, 2015.5, 2016.78),
)
_SECONDS_A_YEAR = 31_556_952
_LAST_SESSION = int(np.datetime64("2016-10-14T00:00:00").astype(np.int64))
_HALF_STARS_SINCE = int(np.datetime64("2003-02-12T00:00:00").astype(np.int64))

# How strongly a taste shows: in what is seen (a film that is liked by 1 more is e to this power
# as likely), and in the stars it gets.
_PULL = 1.4
_STARS = 0.47
# Beside its genres a film has a theme, which no table shows; every taste likes some themes.
_N_THEMES = 12
_THEMES = 0.3
# The other parts of a score: its mean, and how far people, their own liking of each genre, and
# single ratings stray from it.
_MEAN_STARS = 3.59
_LENIENCY = 0.45
_OWN_TASTE = 0.22
_NOISE = 0.79
# The scores at which the stars go up by one step, without and with half stars, which came in 2003.
# They make each number of stars as frequent as in the release, where whole stars are.
_WHOLE_CUTS = (1.72, 2.38, 3.37, 4.42)
_HALF_CUTS = (1.2, 1.69, 1.97, 2.39, 2.7, 3.23, 3.69, 4.44, 4.99)


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
        unless there are too few older films for the ratings that are asked for.

    Raises
    ------
    ValueError
        If a size is not a whole number above 0, if the seed is not a whole number of at least 0,
        or if so many users and films cannot have `n_ratings` ratings.

    Examples
    --------
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
            f" not {n_ratings}: nobody rates a film twice"
        )
    films = invent_movies(n_movies, rng)
    people = _invent_users(taste, n_movies, n_ratings, rng)
    liking = draw_liking(films, rng)
    chosen = _choose_movies(films, people, liking, rng)
    users = np.repeat(np.arange(n_users), people.n_ratings)
    timestamps = _timestamps(people, users, films.years[chosen], rng)
    score = _scores(films, users, chosen, rng) + _STARS * liking[taste[users], chosen]
    score += _MEAN_STARS - score.mean()
    whole = 1.0 + np.searchsorted(_WHOLE_CUTS, score)
    half = 0.5 + 0.5 * np.searchsorted(_HALF_CUTS, score)
    ratings = {
        "userId": users + 1,
        "movieId": films.ids[chosen],
        "rating": np.where(timestamps >= _HALF_STARS_SINCE, half, whole),
        "timestamp": timestamps,
    }
    movies = {"movieId": films.ids, "title": films.titles, "genres": films.genre_texts()}
    source = f"built-in data set (seed {random_state})"
    return Ratings.from_frames(
        pd.DataFrame(ratings), pd.DataFrame(movies), scale=HALF_STARS, source=source
    )


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
        If `n_users` is not a whole number above 0, or `random_state` is not a whole number of at
        least 0.

    Examples
    --------
    >>> TASTES[taste_groups()[0]].name in {taste.name for taste in TASTES}
    True
    """
    return _tastes(n_users, random_state)[0]


def draw_liking(films: Films, rng: np.random.Generator) -> Floats:
    """How much each taste likes each film, about -1 to 1: tastes x films."""
    of_genre = np.array(
        [[(g in taste.likes) - 1.0 * (g in taste.dislikes) for g in GENRES] for taste in TASTES]
    )
    of_theme = rng.normal(0, _THEMES, (len(TASTES), _N_THEMES))
    theme = rng.integers(_N_THEMES, size=len(films.ids))
    # Whole numbers: the sums are exact, whatever the order a machine adds in.
    by_genre = of_genre @ films.genres.T.astype(float)
    liking: Floats = np.clip(by_genre, -1, 1) + of_theme[:, theme]
    return liking


class _People(NamedTuple):
    taste: Ints
    n_ratings: Ints
    start: Ints  # second of the first session since 1970
    span: Ints  # seconds from there to the last session
    n_sessions: Ints


def _checked(name: str, value: Any, least: int) -> int:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or int(value) < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)


def _tastes(n_users: int, random_state: int) -> tuple[Ints, np.random.Generator]:
    """The taste of each person, and the generator of everything else."""
    n_users = _checked("n_users", n_users, least=1)
    rng = np.random.default_rng(_checked("random_state", random_state, least=0))
    ends = np.cumsum([taste.share for taste in TASTES])[:-1]
    return np.searchsorted(ends, even_ranks(n_users, rng), side="right").astype(np.int64), rng


def _invent_users(taste: Ints, n_movies: int, n_ratings: int, rng: np.random.Generator) -> _People:
    n_users = len(taste)
    counts = _share_out(n_ratings, draw(_ACTIVITY, n_users, rng), most=n_movies)
    years = draw(_FIRST_RATING, n_users, rng)
    start = ((years - 1970) * _SECONDS_A_YEAR).astype(np.int64)
    # Six in ten come once; the others come back over weeks or years.
    again = np.minimum(2 + rng.lognormal(1.0, 2.2, n_users).astype(np.int64), counts)
    n_sessions = np.where(rng.random(n_users) < 0.6, 1, again)
    away = (rng.lognormal(4.8, 2.0, n_users) * 86_400).astype(np.int64)
    left = (rng.random(n_users) * (_LAST_SESSION - start)).astype(np.int64)
    span = np.where(n_sessions > 1, np.minimum(away, left), 0)
    return _People(taste, counts, start, span, n_sessions)


def _share_out(total: int, weights: Floats, most: int) -> Ints:
    """Whole shares that add up to the total: the least for each, the rest by weight."""
    n = len(weights)
    least = min(_LEAST_RATINGS, total // n)
    rest, room = total - n * least, most - least if least == _LEAST_RATINGS else 1
    # The scale at which the shares, cut off at the room there is, add up to the rest.
    scale = brentq(
        lambda scale: np.minimum(weights * scale, room).sum() - rest, 0, 2 * room / weights.min()
    )
    exact = np.minimum(weights * scale, room)
    extra = exact.astype(np.int64)
    extra[np.argsort(extra - exact, kind="stable")[: rest - int(extra.sum())]] += 1
    return least + extra


def _choose_movies(films: Films, people: _People, liking: Floats, rng: np.random.Generator) -> Ints:
    """Positions of the films each user rates: user after user, ascending within a user.

    Draws without replacement, as a race: each film's time is exponential with the film's
    weight as rate, and a user rates the films that come in first.
    """
    # A film of no renown comes in last.
    handicap = 1.0 / np.maximum(films.renown * np.exp(_PULL * liking), 1e-30)
    last_year = _year(people.start + people.span)
    chosen = []
    for user, sure in enumerate(_sure_movies(films, people, last_year, rng)):
        times = rng.standard_exponential(len(films.ids)) * handicap[people.taste[user]]
        times[films.years > last_year[user]] *= 1e12  # not out yet: only if nothing else is left
        times[sure] *= 1e-12
        count = people.n_ratings[user]
        chosen.append(np.sort(np.argpartition(times, count - 1)[:count]))
    return np.concatenate(chosen)


def _sure_movies(
    films: Films, people: _People, last_year: Ints, rng: np.random.Generator
) -> list[Ints]:
    """The films that each user is sure to rate.

    MovieLens lists a film because somebody rated it. Each film that is to be rated gets one user,
    an active one more likely; but such pairs are at most a tenth of all ratings, or there would be
    no choice left.
    """
    by_year = np.argsort(-last_year, kind="stable")
    slots = np.cumsum(people.n_ratings[by_year])
    # A film can be rated by the users who are still there in its year: these come first.
    n_able = np.searchsorted(-last_year[by_year], -films.years, side="right")
    known = np.flatnonzero((films.renown > 0) & (n_able > 0))
    sure = rng.permutation(known)[: int(slots[-1]) // 10]
    tickets = (rng.random(len(sure)) * slots[n_able[sure] - 1]).astype(np.int64)
    raters = by_year[np.searchsorted(slots, tickets, side="right")]
    ends = np.cumsum(np.bincount(raters, minlength=len(by_year)))[:-1]
    return np.split(sure[np.argsort(raters, kind="stable")], ends)


def _timestamps(people: _People, users: Ints, years: Ints, rng: np.random.Generator) -> Ints:
    """Seconds since 1970: the ratings of a user come in sessions, quickly within each."""
    last = people.n_sessions[users] - 1
    # The first session is the longest, as people fill in what they have seen.
    session = np.where(rng.random(len(users)) < 0.5, 0, rng.integers(last + 1))
    step = people.span // np.maximum(people.n_sessions - 1, 1)
    begun = people.start[users] + session * step[users]
    # A film that came out later than that is rated in the last session.
    begun = np.where(_year(begun) < years, (people.start + people.span)[users], begun)

    order = np.lexsort((rng.random(len(users)), begun, users))
    seconds = np.cumsum(rng.lognormal(2.5, 1.6, len(users)).astype(np.int64))
    opens = np.diff(begun[order], prepend=-1) != 0
    opens |= np.diff(users[order], prepend=-1) != 0
    since = seconds - seconds[opens][np.cumsum(opens) - 1]
    timestamps = np.empty(len(users), np.int64)
    timestamps[order] = begun[order] + since
    return timestamps


def _year(seconds: npt.NDArray[Any]) -> Ints:
    years: Ints = seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64)
    return years + 1970


def _scores(films: Films, users: Ints, chosen: Ints, rng: np.random.Generator) -> Floats:
    """How each user finds each chosen film, but for the taste of the user's group."""
    n_users = int(users[-1]) + 1
    score = films.quality[chosen] + rng.normal(0, _LENIENCY, n_users)[users]
    score += rng.normal(0, _NOISE, len(users))
    own_taste = rng.normal(0, _OWN_TASTE, (n_users, len(GENRES)))
    per_genre = films.genres / np.maximum(films.genres.sum(axis=1, keepdims=True), 1)
    for genre in range(len(GENRES)):
        score += own_taste[users, genre] * per_genre[chosen, genre]
    return score
