"""Invented films: ids, titles, years, genres and renown, as in MovieLens' small release."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.data.ratings import NO_GENRES
from recsys.synthetic.titles import film_names

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Curve = tuple[tuple[float, ...], tuple[float, ...]]

GENRES = (
    *("Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary"),
    *("Drama", "Fantasy", "Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance"),
    *("Sci-Fi", "Thriller", "War", "Western"),
)

# Kinds of film: the share of each, and how often its films carry a genre. Fitted to the genres
# of the release of 2016 (a mixture of independent genres), so pairs of genres are alike too.
# fmt: off
_KINDS: tuple[tuple[float, dict[str, float]], ...] = (
    (0.280, {"Drama": 1.0, "Comedy": 0.31, "Romance": 0.30, "Musical": 0.04, "Fantasy": 0.04,
             "Crime": 0.03, "War": 0.03, "Sci-Fi": 0.02, "Mystery": 0.02, "Adventure": 0.02}),
    (0.201, {"Comedy": 0.98, "Romance": 0.27, "Musical": 0.07, "Action": 0.06, "Crime": 0.06,
             "Children": 0.04, "Adventure": 0.04, "Fantasy": 0.04, "Drama": 0.03, "Sci-Fi": 0.02,
             "Western": 0.02, "Horror": 0.02}),
    (0.083, {"Action": 0.82, "Adventure": 0.58, "Sci-Fi": 0.51, "Thriller": 0.32, "Fantasy": 0.20,
             "Drama": 0.14, "Comedy": 0.14, "IMAX": 0.12, "Animation": 0.10, "Horror": 0.06,
             "Romance": 0.04, "Mystery": 0.03, "War": 0.02, "Western": 0.02}),
    (0.074, {"Drama": 0.79, "Crime": 0.64, "Thriller": 0.54, "Mystery": 0.20, "Film-Noir": 0.17,
             "Comedy": 0.10, "Romance": 0.08}),
    (0.072, {"Children": 0.69, "Adventure": 0.55, "Animation": 0.52, "Comedy": 0.47,
             "Fantasy": 0.39, "Musical": 0.19, "Drama": 0.13, "Action": 0.12, "Sci-Fi": 0.10,
             "Romance": 0.08, "IMAX": 0.06}),
    (0.066, {"Drama": 0.84, "Action": 0.38, "War": 0.37, "Adventure": 0.21, "Thriller": 0.16,
             "Western": 0.15, "Romance": 0.13, "Crime": 0.03}),
    (0.065, {"Horror": 1.0, "Thriller": 0.36, "Sci-Fi": 0.20, "Comedy": 0.15, "Drama": 0.11,
             "Mystery": 0.08, "Action": 0.08, "Fantasy": 0.07}),
    (0.064, {"Thriller": 0.95, "Drama": 0.52, "Mystery": 0.37, "Horror": 0.29, "Action": 0.18,
             "Crime": 0.17, "Sci-Fi": 0.17, "Romance": 0.07, "Fantasy": 0.05, "Adventure": 0.03,
             "Comedy": 0.02}),
    (0.054, {"Documentary": 1.0, "Comedy": 0.08, "Musical": 0.06, "Drama": 0.05, "War": 0.03}),
    (0.041, {"Action": 0.93, "Crime": 0.88, "Thriller": 0.58, "Drama": 0.41, "Comedy": 0.28,
             "Adventure": 0.10, "Mystery": 0.06, "IMAX": 0.03, "Sci-Fi": 0.03, "Romance": 0.02,
             "Horror": 0.02}),
)
# fmt: on

# Quantiles of the release of 2016, and the values there.
_YEARS: Curve = (
    (0.0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.99, 1.0),
    (1902.0, 1932.0, 1949.0, 1962.0, 1985.0, 1997.0, 2006.0, 2012.0, 2015.9, 2016.9),
)
# Renown is the relative chance to be seen. It is set so that the ratings a film gets come out
# as in the release: the very well known run out of people who have not rated them.
_RENOWN: Curve = (
    (0.0, 0.25, 0.50, 0.75, 0.90, 0.99, 1.0),
    (0.02, 0.3, 1.8, 7.5, 26.0, 150.0, 900.0),
)
_ERA_RENOWN: Curve = (
    (1930, 1970, 1985, 1995, 2003, 2010, 2016),
    (-0.6, -0.2, 0.2, 0.9, 0.8, 0.3, 0.0),
)
# Genres better known than others of the same age, and genres that get more stars.
# fmt: off
_GENRE_RENOWN = {
    "Action": 0.3, "Adventure": 0.35, "Sci-Fi": 0.3, "Thriller": 0.3, "Crime": 0.3, "War": 0.3,
    "Fantasy": 0.2, "IMAX": 0.2, "Mystery": 0.2, "Romance": 0.2, "Comedy": 0.1,
    "Documentary": -0.8, "Film-Noir": -0.3,
}
_GENRE_QUALITY = {
    "Film-Noir": 0.3, "Documentary": 0.3, "War": 0.25, "Drama": 0.15, "Crime": 0.15,
    "Romance": 0.05,
    "Action": -0.1, "Comedy": -0.1, "Children": -0.1, "Horror": -0.2,
}
# fmt: on
_RENOWN_QUALITY = 0.11
_QUALITY_SPREAD = 0.40
# MovieLens numbered its first films densely, and later ones as they came to its notice.
_DENSE_IDS_UNTIL = 0.6
_DENSE_ID_GAP = 0.55
_SPARSE_ID_GAP = 42.0

_UNRATED = 59 / 9125
_WITHOUT_GENRES = 18 / 9125
_FILMS_A_REPEATED_TITLE = 4000
_FILMS_A_MISSING_YEAR = 1500


class Films(NamedTuple):
    """Invented films, in order of their ids.

    Attributes
    ----------
    ids : ndarray of int64
        Ascending, with gaps.
    titles : list of str
        With the year at the end, but for a few.
    years : ndarray of int64
        Year of release.
    genres : ndarray of bool, shape (n_films, len(GENRES))
        Which genres a film carries.
    renown : ndarray of float64
        Relative chance to be seen; 0 for the films that nobody should rate.
    quality : ndarray of float64
        How many stars more, or fewer, than the mean film it deserves.
    """

    ids: Ints
    titles: list[str]
    years: Ints
    genres: Mask
    renown: Floats
    quality: Floats

    def genre_texts(self) -> list[str]:
        """Each film's genres joined by `|`, or MovieLens' words for none.

        Returns
        -------
        list of str

        Examples
        --------
        >>> films = invent_films(20, np.random.default_rng(0))
        >>> len(films.genre_texts())
        20
        """
        return [
            "|".join(genre for genre, has in zip(GENRES, row, strict=True) if has) or NO_GENRES
            for row in self.genres.tolist()
        ]


def invent_films(n_films: int, rng: np.random.Generator) -> Films:
    """Invent films.

    Parameters
    ----------
    n_films : int
        How many, at least 1.
    rng : numpy.random.Generator
        Where the choices come from.

    Returns
    -------
    Films

    Examples
    --------
    >>> films = invent_films(3, np.random.default_rng(0))
    >>> films.genres.shape
    (3, 19)
    """
    years = draw(_YEARS, n_films, rng).astype(np.int64)
    # Films came into the catalogue in their year, or later if they are older than it; most of
    # the old ones soon after it was begun in 1995.
    listed = 1995 + 22 * rng.random(n_films) ** 3
    years = years[np.argsort(np.maximum(years, listed), kind="stable")]
    names = film_names(n_films, rng)

    kinds = even_ranks(n_films, rng)
    shares = np.array([share for share, _ in _KINDS])
    kind = np.searchsorted(np.cumsum(shares)[:-1], kinds * shares.sum(), side="right")
    chance = np.array([[odds.get(genre, 0.0) for genre in GENRES] for _, odds in _KINDS])[kind]
    genres = rng.random(chance.shape) < chance
    bare = np.flatnonzero(~genres.any(axis=1))
    genres[bare, chance[bare].argmax(axis=1)] = True

    odd = rng.permutation(n_films)
    genres[odd[: round(n_films * _WITHOUT_GENRES)]] = False
    for first, second in _pairs(odd, n_films // _FILMS_A_REPEATED_TITLE):
        names[second], years[second] = names[first], years[first]
    titles = [f"{name} ({year})" for name, year in zip(names, years.tolist(), strict=True)]
    for film in odd[::-1][: n_films // _FILMS_A_MISSING_YEAR].tolist():
        titles[film] = names[film]

    renown = _renown(years, genres, rng)
    quality = _quality(renown, genres, rng)
    return Films(_ids(n_films, rng), titles, years, genres, renown, quality)


def draw(curve: Curve, n: int, rng: np.random.Generator) -> Floats:
    """Values whose quantiles lie on a curve, however few or many there are.

    Parameters
    ----------
    curve : pair of tuples of float
        Quantiles from 0 to 1, and the values there; straight between them.
    n : int
        How many values.
    rng : numpy.random.Generator
        Shuffles them.

    Returns
    -------
    ndarray of float64, shape (n,)

    Examples
    --------
    >>> values = draw(((0, 1), (10, 20)), 1000, np.random.default_rng(0))
    >>> round(float(np.median(values)), 1)
    15.0
    """
    return np.interp(even_ranks(n, rng), *curve)


def draw_log(curve: Curve, n: int, rng: np.random.Generator) -> Floats:
    """As `draw`, but straight between the logarithms: for values with a long tail.

    Parameters
    ----------
    curve : pair of tuples of float
        Quantiles from 0 to 1, and the values there, above 0.
    n : int
        How many values.
    rng : numpy.random.Generator
        Shuffles them.

    Returns
    -------
    ndarray of float64, shape (n,)

    Examples
    --------
    >>> values = draw_log(((0, 1), (1, 100)), 1000, np.random.default_rng(0))
    >>> round(float(np.median(values)), 1)
    10.0
    """
    quantiles, values = curve
    return np.exp(np.interp(even_ranks(n, rng), quantiles, np.log(values)))


def even_ranks(n: int, rng: np.random.Generator) -> Floats:
    """Numbers between 0 and 1 in random order, one in each n-th of the way.

    Parameters
    ----------
    n : int
        How many.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (n,)

    Examples
    --------
    >>> np.floor(np.sort(even_ranks(4, np.random.default_rng(0))) * 4).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    return (rng.permutation(n) + rng.random(n)) / n


def _pairs(films: Ints, n: int) -> list[tuple[int, int]]:
    """The first n pairs of different films."""
    return [(int(a), int(b)) for a, b in films[: 2 * n].reshape(n, 2)]


def _ids(n_films: int, rng: np.random.Generator) -> Ints:
    dense = np.arange(n_films) < n_films * _DENSE_IDS_UNTIL
    gaps = rng.exponential(np.where(dense, _DENSE_ID_GAP, _SPARSE_ID_GAP))
    # The first film is number 1.
    gaps[0] = 0
    return np.cumsum(1 + gaps.astype(np.int64))


def _renown(years: Ints, genres: Mask, rng: np.random.Generator) -> Floats:
    """Long-tailed renown: most for films of around 1995 and of the genres that draw people."""
    score = rng.normal(0, 1.1, len(years)) + np.interp(years, *_ERA_RENOWN)
    order = np.argsort(score + _genre_sums(genres, _GENRE_RENOWN))
    renown = np.empty(len(years))
    renown[order] = np.sort(draw_log(_RENOWN, len(years), rng))
    renown[order[: round(len(years) * _UNRATED)]] = 0.0
    return renown


def _quality(renown: Floats, genres: Mask, rng: np.random.Generator) -> Floats:
    """How good the films are, in stars around a mean of 0; well known ones are better."""
    quality = _RENOWN_QUALITY * np.log1p(renown) + _genre_sums(genres, _GENRE_QUALITY)
    quality += rng.normal(0, _QUALITY_SPREAD, len(renown))
    return quality - np.mean(quality)


def _genre_sums(genres: Mask, worth: dict[str, float]) -> Floats:
    # Not a matrix product: that adds in another order on another machine.
    sums: Floats = (genres * np.array([worth.get(genre, 0.0) for genre in GENRES])).sum(axis=1)
    return sums
