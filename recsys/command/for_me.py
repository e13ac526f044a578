"""The ratings of somebody who is not in the data, from options and from files of own ratings."""

import argparse
from pathlib import Path

import numpy as np

from recsys.command.catalog import Catalog
from recsys.command.terminal import tell
from recsys.data.ids import Id
from recsys.printable import shortened
from recsys.readers.exports import OwnRating, read_export
from recsys.readers.own_ratings import matched, read_links
from recsys.words import counted

# This many titles without a match are named. A file of its own would be needed for more.
MOST_NAMED = 20


def is_for_me(options: argparse.Namespace) -> bool:
    """Whether the options bring the ratings of somebody new."""
    return bool(options.like or options.dislike or options.rate or options.ratings)


def ratings_of_options(options: argparse.Namespace, catalog: Catalog) -> dict[Id, float]:
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


def _of_file(path: Path, options: argparse.Namespace, catalog: Catalog) -> dict[Id, float]:
    if options.data is None and options.model is None:
        raise ValueError(
            f"{path} names real films, but the films of the built-in data are invented; get real "
            "ratings with `recsys fetch ml-latest-small --to data`, then add --data "
            "data/ml-latest-small"
        )
    own = read_export(path)
    links = read_links(options.data[0], catalog.titles.ids) if options.data else {}
    result = matched(own, catalog.titles, catalog.scale, links)
    n_matched = len(result.ratings) + result.n_not_liked
    form = "" if own.form == "table" else f" ({own.form})"
    line = (
        f"read {path}{form}: {n_matched} of {counted(len(own.rated), 'rating')} are of "
        f"films in {catalog.source}"
    )
    if own.n_liked:
        line += f"; liked without a rating, so the largest is taken: {own.n_liked}"
    if own.n_unrated:
        line += f"; rows without a rating: {own.n_unrated}"
    if result.n_not_liked:
        line += f"; not liked, so left out beside likes: {result.n_not_liked}"
    if result.n_repeated:
        line += f"; earlier ratings of a film that is rated again: {result.n_repeated}"
    tell(line)
    if result.unmatched:
        names = [_shown(each) for each in result.unmatched]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        tell(f"films without a match: {', '.join(names[:MOST_NAMED])}{more}")
    if n_matched == 0:
        raise ValueError(f"none of the films in {path} is in {catalog.source}")
    return result.ratings


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
