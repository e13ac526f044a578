"""Invents movies: ids, titles, years, genres and popularity, as in MovieLens' small release."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.data.ratings import NO_GENRES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Curve = tuple[tuple[float, ...], tuple[float, ...]]

GENRES = (
    *("Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary"),
    *("Drama", "Fantasy", "Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance"),
    *("Sci-Fi", "Thriller", "War", "Western"),
)

# Each line is a kind of movie: its share, and how many of its movies have each genre, in percent.
# This mixture of independent genres is fitted to the release of 2016.
_KINDS = """
28.0 Drama 100 Comedy 31 Romance 34 Musical 4 Fantasy 4 Crime 3 War 3 Adventure 3
20.1 Comedy 98 Romance 29 Musical 7 Action 6 Crime 6 Children 4 Adventure 4 Fantasy 4 Drama 3
8.3 Action 82 Adventure 58 Sci-Fi 55 Thriller 32 Fantasy 20 Drama 14 Comedy 14 IMAX 12 Animation 10
7.4 Drama 79 Crime 64 Thriller 54 Mystery 26 Film-Noir 17 Comedy 10 Romance 8
7.2 Children 69 Adventure 55 Animation 52 Comedy 47 Fantasy 39 Musical 19 Drama 13 Action 12 IMAX 6
6.6 Drama 84 Action 38 War 37 Adventure 21 Thriller 16 Western 24 Romance 13 Crime 3
6.5 Horror 100 Thriller 36 Sci-Fi 26 Comedy 15 Drama 11 Mystery 12 Action 8 Fantasy 7
6.4 Thriller 95 Drama 52 Mystery 44 Horror 29 Action 18 Crime 17 Sci-Fi 24 Romance 7 Fantasy 5
5.4 Documentary 100 Comedy 8 Musical 6 Drama 5 War 3
4.1 Action 93 Crime 88 Thriller 58 Drama 41 Comedy 28 Adventure 10 Mystery 6 IMAX 3 Sci-Fi 3
"""
# Movies of these genres are better known than others of the same age, or get better ratings.
_GENRE_POPULARITY = dict.fromkeys(("Action", "Sci-Fi", "Thriller", "Crime", "War"), 0.3)
_GENRE_POPULARITY |= dict.fromkeys(("Fantasy", "IMAX", "Mystery"), 0.2)
_GENRE_POPULARITY |= {
    "Adventure": 0.45,
    "Romance": 0.25,
    "Comedy": 0.1,
    "Documentary": -0.8,
    "Film-Noir": -0.3,
}
_GENRE_QUALITY = dict.fromkeys(("Film-Noir", "Documentary", "War"), 0.3)
_GENRE_QUALITY |= dict.fromkeys(("Drama", "Crime", "Romance", "Sci-Fi"), 0.15)
_GENRE_QUALITY |= dict.fromkeys(("Action", "Comedy", "Children", "Horror"), -0.1)

# Quantiles of the release of 2016, and their values.
_YEARS: Curve = (
    (0.0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.99, 1.0),
    (1902.0, 1932.0, 1949.0, 1962.0, 1985.0, 1997.0, 2006.0, 2012.0, 2015.9, 2016.9),
)
# Popularity is the relative chance to be seen. With these values the movies have as many ratings as
# in the release. The best-known movies run out of users who have not rated them yet.
_POPULARITY: Curve = (
    (0.0, 0.25, 0.50, 0.75, 0.90, 0.99, 1.0),
    (0.02, 0.3, 1.8, 7.5, 26.0, 150.0, 900.0),
)
# The same for ml-25m, where half of the movies have at most 6 ratings and one has 81,491.
_POPULARITY_25M: Curve = (
    (0.0, 0.25, 0.50, 0.75, 0.90, 0.97, 0.99, 0.998, 1.0),
    (0.1, 0.5, 2.4, 16.0, 200.0, 1_900.0, 7_500.0, 23_000.0, 210_000.0),
)
_ERA_POPULARITY = (
    (1930, 1970, 1985, 1995, 2003, 2010, 2016),
    (-0.6, -0.2, 0.2, 0.9, 0.8, 0.3, 0.0),
)

_UNRATED = 59 / 9125
_WITHOUT_GENRES = 18 / 9125
_MOVIES_A_REPEATED_TITLE = 4000
_MOVIES_A_MISSING_YEAR = 1500

_TITLES = (
    "{trait} {thing}{part}, The",
    "{thing} of {place}{part}, The",
    "{trait} {thing} of {place}{part}",
    "{name} and the {trait} {thing}{part}",
    "{name}'s {trait} {thing}{part}",
    "{name} & {friend}{part}",
    "{name}, {friend} and the {thing}{part}",
    "{place}: The {trait} {thing}{part}",
    "{trait} {thing}{part}, The (a.k.a. {friend} of {place})",
    'How {friend} Found "{trait} {thing}"{part}',
)
_WORDS = {
    "trait": """Amber Borrowed Brittle Candlelit Copper Crooked Drifting Faithful Gilded Half-Lit
        Hollow Idle Impatient Inland Ivory Lopsided Luminous Marble Moonless Nameless Obedient
        Patient Reluctant Rusted Salted Sleepless Stubborn Sunken Unlikely Velvet""",
    "thing": """Accordion Almanac Anchor Archive Atlas Barometer Beekeeper Boathouse Carousel
        Clockmaker Courier Ferry Fiddler Glassblower Gramophone Hourglass Juggler Kettle Lantern
        Ledger Locksmith Lullaby Meridian Pendulum Scarecrow Telegram Toymaker Umbrella""",
    "place": """Aldermoor Bellhaven Briarwick Corvány Dunmarrow Eastmere Gullwater Lowenmark
        Merridew Nørrefjord Quillbrook Ravensey Snowhill Tarrowdale Vallecito Wexcombe""",
    "name": """Adèle Agatha Ambrose Anselm Beatriz Björn Cecily Clementine Cosmo Delphine Elspeth
        Esme Fabian Felicity Fergus Frida Gideon Greta Hana Horatio Ignatius Imogen Ines Isidore
        Joaquín Jocasta Junia""",
    "friend": """Kasimir Klara Lavinia Leopold Lucinda Magnus Mirabel Nikolai Octavia Orson Otto
        Penelope Phineas Quentin Ramona René Rosalind Rufus Sabine Sigrid Silas Séraphine Thaddeus
        Tomás Ursula Winifred Zoë""",
}


class Movies(NamedTuple):
    """Invented movies, in order of their ids."""

    ids: Ints
    titles: list[str]
    years: Ints
    genres: npt.NDArray[np.bool_]  # n_movies x len(GENRES)
    popularity: Floats  # the relative chance to be seen; 0 for movies without ratings
    quality: Floats  # the amount by which the ratings of the movie exceed those of others

    def genre_texts(self) -> list[str]:
        """The genres of each movie joined by `|`, or MovieLens' words for no genre."""
        return [
            "|".join(genre for genre, has in zip(GENRES, row, strict=True) if has) or NO_GENRES
            for row in self.genres.tolist()
        ]


def invent_movies(n_movies: int, rng: np.random.Generator, growth: float = 0.0) -> Movies:
    """Invent movies whose popularity is that of the small release at growth 0, of ml-25m at 1."""
    years = on_curve(_YEARS, even_ranks(n_movies, rng)).astype(np.int64)
    # The catalog begins in 1995 with most of the older movies. A newer one enters in its year.
    listed = 1995 + 22 * rng.random(n_movies) ** 3
    years = years[np.argsort(np.maximum(years, listed), kind="stable")]
    names, genres = _names(n_movies, rng), _genres(n_movies, rng)

    odd = rng.permutation(n_movies)
    genres[odd[: round(n_movies * _WITHOUT_GENRES)]] = False
    n_repeated = n_movies // _MOVIES_A_REPEATED_TITLE
    for first, second in odd[: 2 * n_repeated].reshape(n_repeated, 2).tolist():
        names[second], years[second] = names[first], years[first]
    titles = [f"{name} ({year})" for name, year in zip(names, years.tolist(), strict=True)]
    for movie in odd[::-1][: n_movies // _MOVIES_A_MISSING_YEAR].tolist():
        titles[movie] = names[movie]

    # Movies of around 1995 and of popular genres are the best known.
    score = rng.normal(0, 1.1, n_movies) + np.interp(years, *_ERA_POPULARITY)
    order = np.argsort(score + _genre_sums(genres, _GENRE_POPULARITY))
    ranks = np.empty(n_movies)
    ranks[order] = np.sort(even_ranks(n_movies, rng))
    popularity = between(_POPULARITY, _POPULARITY_25M, growth, ranks)
    # Better movies are better known, by as much in all sizes.
    fame = on_curve(_POPULARITY, ranks)
    unrated = order[: round(n_movies * _UNRATED)]
    popularity[unrated] = fame[unrated] = 0.0
    quality = 0.11 * np.log1p(fame) + _genre_sums(genres, _GENRE_QUALITY)
    quality += rng.normal(0, 0.4, n_movies)

    # MovieLens numbered its first movies densely, and left gaps between later ones.
    gaps = rng.exponential(np.where(np.arange(n_movies) < 0.6 * n_movies, 0.55, 42.0))
    gaps[0] = 0  # the first movie is number 1
    ids = np.cumsum(1 + gaps.astype(np.int64))
    return Movies(ids, titles, years, genres, popularity, quality)


def on_curve(curve: Curve, ranks: Floats) -> Floats:
    """Return the values of a curve at these quantiles, log-linear between its points."""
    quantiles, values = curve
    return np.exp(np.interp(ranks, quantiles, np.log(values)))


def between(small: Curve, large: Curve, growth: float, ranks: Floats) -> Floats:
    """Return values between two curves: those of `small` at growth 0, of `large` at growth 1."""
    values = on_curve(small, ranks)
    # A power of 0 is exactly 1, so small data do not depend on the large curve.
    values *= (on_curve(large, ranks) / values) ** growth
    return values


def even_ranks(n: int, rng: np.random.Generator) -> Floats:
    """Draw n numbers in random order, one in each n-th of the interval from 0 to 1."""
    return (rng.permutation(n) + rng.random(n)) / n


def _genres(n_movies: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    kinds = [line.split() for line in _KINDS.strip().splitlines()]
    odds = [dict(zip(words[1::2], map(int, words[2::2]), strict=True)) for words in kinds]
    shares = np.cumsum([float(words[0]) for words in kinds])
    kind = np.searchsorted(shares[:-1], even_ranks(n_movies, rng) * shares[-1], side="right")
    chance = np.array([[of_kind.get(genre, 0) for genre in GENRES] for of_kind in odds])[kind]
    genres: npt.NDArray[np.bool_] = rng.random(chance.shape) * 100 < chance
    bare = np.flatnonzero(~genres.any(axis=1))
    genres[bare, chance[bare].argmax(axis=1)] = True
    return genres


def _names(n_movies: int, rng: np.random.Generator) -> list[str]:
    """Make distinct names with trailing articles, commas, quotes, ampersands and accents."""
    words = [rng.choice(of_kind.split(), n_movies).tolist() for of_kind in _WORDS.values()]
    names, parts = [], Counter[str]()
    for title, *chosen in zip(rng.choice(_TITLES, n_movies).tolist(), *words, strict=True):
        named = dict(zip(_WORDS, chosen, strict=True))
        first = title.format(**named, part="")
        parts[first] += 1
        part = f" {parts[first]}" if parts[first] > 1 else ""
        names.append(title.format(**named, part=part))
    return names


def _genre_sums(genres: npt.NDArray[np.bool_], worth: dict[str, float]) -> Floats:
    # A matrix product would add in another order on another machine.
    sums: Floats = (genres * np.array([worth.get(genre, 0.0) for genre in GENRES])).sum(axis=1)
    return sums
