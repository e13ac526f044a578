"""The ratings of somebody who is not in the data, from options and from files of own ratings."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.command.catalog import Catalog
from recsys.command.terminal import tell
from recsys.data.ids import Id, typed_id
from recsys.data.scale import RatingScale, liked
from recsys.printable import shortened
from recsys.readers.exports import OwnRating, OwnRatings, read_export
from recsys.readers.places import rating_files
from recsys.words import counted

# This many titles without a match are named. A file of its own would be needed for more.
MOST_NAMED = 20


@dataclass(frozen=True)
class Matched:
    """The own ratings that belong to films of the data, and those that do not.

    Attributes
    ----------
    ratings : dict of id to float
        On the scale of the data.
    unmatched : tuple of OwnRating
    n_repeated : int
        The number of own ratings that were left out, because a later one is of the same film.
    """

    ratings: dict[Id, float]
    unmatched: tuple[OwnRating, ...]
    n_repeated: int


def is_for_me(options: argparse.Namespace) -> bool:
    """Whether the options bring the ratings of somebody new."""
    return bool(options.like or options.dislike or options.rate or options.ratings)


def own_ratings(options: argparse.Namespace, catalog: Catalog) -> dict[Id, float]:
    """The ratings of ``--ratings``, ``--like``, ``--dislike`` and ``--rate``, by ids of films.

    Say which films of the file are not in the data. LookupError if an option names no film or
    several. ValueError if two options rate one film differently.
    """
    found: dict[Id, float] = {}
    for path in options.ratings or ():
        found |= _of_file(path, options, catalog)
    typed = [(text, catalog.scale.largest) for text in options.like or ()]
    if options.dislike:
        if catalog.scale.kind == "likes":
            raise ValueError(f"{catalog.source} holds likes alone; leave out --dislike")
        typed += [(text, catalog.scale.smallest) for text in options.dislike]
    of_options: dict[Id, float] = {}
    for text, rating in typed:
        for movie_id in _films(text, catalog):
            _add(of_options, movie_id, rating, catalog)
    for text in options.rate or ():
        name, _, value = text.rpartition("=")
        rating = _on_scale(text, value, catalog)
        _add(of_options, catalog.named(name), rating, catalog)
    return found | of_options


def matched(own: OwnRatings, catalog: Catalog, links: Mapping[int, Id]) -> Matched:
    """Find the films of own ratings: by id, and otherwise by title and year.

    Parameters
    ----------
    own : OwnRatings
    catalog : Catalog
    links : mapping of int to id
        The films by the number of their IMDb id.

    Examples
    --------
    >>> films = pd.DataFrame({"movieId": [1, 2], "title": ["Up (2009)", "Heat (1995)"],
    ...                       "genres": "Drama", "n_ratings": 3, "mean": 4.0})
    >>> catalog = Catalog("data", RatingScale(1, 5, 1), np.array([1]), films)
    >>> rated = OwnRating("Heat", 1995, "", 8, None), OwnRating("Jaws", 1975, "", 6, None)
    >>> matched(OwnRatings("r.csv", "IMDb", RatingScale(1, 10, 1), rated, 0), catalog, {}).ratings
    {2: 4.0}
    """
    scale = own.scale_beside(catalog.scale)
    found: dict[Id, float] = {}
    unmatched, n_repeated = [], 0
    # The latest rating of a film counts; where times are equal or absent, the last row.
    for each in sorted(own.rated, key=lambda rated: rated.time or 0):
        movie_id = _by_id(each, catalog, links)
        if movie_id is None:
            movie_id = _by_name(each, catalog)
        if movie_id is None:
            unmatched.append(each)
            continue
        n_repeated += movie_id in found
        found[movie_id] = converted(each.rating, scale, catalog.scale)
    return Matched(found, tuple(unmatched), n_repeated)


def converted(rating: float, scale: RatingScale, to: RatingScale) -> float:
    """A rating of one scale as the nearest rating of another; 8 of 10 is 4 of 5.

    Examples
    --------
    >>> converted(8, RatingScale(1, 10, 1), RatingScale(0.5, 5, 0.5))
    4.0
    >>> converted(4.5, RatingScale(0.5, 5, 0.5), RatingScale(-10, 10, 0))
    8.0
    """
    values = np.array([rating], np.float64)
    if not to.predicts:
        return float(liked(values, scale)[0])
    lowest, low = min(0.0, scale.smallest), min(0.0, to.smallest)
    share = (values - lowest) / (scale.largest - lowest)
    return float(to.nearest(low + share * (to.largest - low))[0])


def read_links(data: Path, catalog: Catalog) -> dict[int, Id]:
    """The films by the number of their IMDb id, from links.csv beside the ratings.

    Films that the catalog does not have are left out.
    """
    with rating_files(data) as files:
        folder: Any = files[0].parent  # a folder on disk or in a zip
        file = folder / "links.csv"
        if not file.is_file():
            return {}
        with file.open("rb") as stream:
            table = pd.read_csv(stream, dtype=str)
    if not {"movieId", "imdbId"} <= set(table.columns):
        return {}
    ids = catalog.films["movieId"].to_numpy()
    table = table[["movieId", "imdbId"]].dropna()
    numbers = pd.to_numeric(table["imdbId"].str.removeprefix("tt"), errors="coerce")
    found = {}
    for text, number in zip(table["movieId"], numbers, strict=True):
        movie_id = typed_id(text, ids)
        if not np.isnan(number) and catalog.has(movie_id):
            found[int(number)] = movie_id
    return found


def _of_file(path: Path, options: argparse.Namespace, catalog: Catalog) -> dict[Id, float]:
    if options.data is None and options.model is None:
        raise ValueError(
            f"{path} names real films, but the films of the built-in data are invented; get real "
            "ratings with `recsys fetch ml-latest-small --to data`, then add --data "
            "data/ml-latest-small"
        )
    own = read_export(path)
    links = read_links(options.data[0], catalog) if options.data else {}
    result = matched(own, catalog, links)
    form = "" if own.form == "table" else f" ({own.form})"
    line = (
        f"read {path}{form}: {len(result.ratings)} of {counted(len(own.rated), 'rating')} are of "
        f"films in {catalog.source}"
    )
    if own.n_liked:
        line += f"; liked without a rating, so the largest is taken: {own.n_liked}"
    if own.n_unrated:
        line += f"; rows without a rating: {own.n_unrated}"
    if result.n_repeated:
        line += f"; earlier ratings of a film that is rated again: {result.n_repeated}"
    tell(line)
    if result.unmatched:
        names = [_shown(each) for each in result.unmatched]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        tell(f"films without a match: {', '.join(names[:MOST_NAMED])}{more}")
    if not result.ratings:
        raise ValueError(f"none of the films in {path} is in {catalog.source}")
    if catalog.scale.kind == "likes":
        return {movie_id: value for movie_id, value in result.ratings.items() if value > 0}
    return result.ratings


def _by_id(own: OwnRating, catalog: Catalog, links: Mapping[int, Id]) -> Id | None:
    digits = own.film_id.removeprefix("tt")
    if own.film_id.startswith("tt") and digits.isdecimal():
        if int(digits) in links:
            return links[int(digits)]
        # Some tables use IMDb's ids, with and without the letters.
        return next((one for one in (own.film_id, digits) if catalog.has(one)), None)
    movie_id = typed_id(own.film_id, catalog.films["movieId"].to_numpy())
    same_site = own.name == "" or not isinstance(movie_id, int)
    return movie_id if own.film_id and same_site and catalog.has(movie_id) else None


def _by_name(own: OwnRating, catalog: Catalog) -> Id | None:
    for name in filter(None, (own.name, own.original_name)):
        item = catalog.titles.sure(name, own.year)
        if item is not None:
            return catalog.titles.ids[item]
    return None


def _films(text: str, catalog: Catalog) -> list[Id]:
    """The film of a title, or the films of several titles with commas between them."""
    try:
        return [catalog.named(text)]
    except LookupError:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if len(parts) < 2 or catalog.titles.find(text).items:
            raise
        return [catalog.named(part) for part in parts]


def _add(ratings: dict[Id, float], movie_id: Id, rating: float, catalog: Catalog) -> None:
    if ratings.get(movie_id, rating) != rating:
        raise ValueError(f"{catalog.title(movie_id)} is rated twice; rate each film once")
    ratings[movie_id] = rating


def _on_scale(text: str, value: str, catalog: Catalog) -> float:
    if not catalog.scale.predicts:
        raise ValueError(f"{catalog.source} holds no ratings; use --like instead of --rate")
    try:
        rating = float(value.replace(",", "."))
    except ValueError:
        raise ValueError(f"--rate needs TITLE=RATING, not {shortened(text)!r}") from None
    if not catalog.scale.holds(np.array([rating])).all():
        raise ValueError(f"--rate {shortened(text)!r}: the rating is off the scale {catalog.scale}")
    return rating


def _shown(own: OwnRating) -> str:
    name = shortened(own.name or own.film_id)
    return name if own.year is None else f"{name} ({own.year})"
