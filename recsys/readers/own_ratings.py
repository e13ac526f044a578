"""Own ratings: what one person rated elsewhere, as ratings of films in the data."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.ids import Id, typed_id
from recsys.data.ratings import Ratings, RatingsError
from recsys.data.scale import RatingScale, liked
from recsys.printable import shortened
from recsys.readers.exports import ExportedRatings, OwnRating, read_export
from recsys.readers.loading import AnyPath
from recsys.readers.places import rating_files
from recsys.titles.matching import TitleIndex


@dataclass(frozen=True)
class OwnRatings:
    """What one person rated elsewhere: the films that are in the data, and the others.

    Attributes
    ----------
    ratings : dict of int or str to float
        The ratings on the scale of the data, by movieId.
    unmatched : tuple of OwnRating
        The films that are left out, because they are not in the data or their match is not certain.
    n_repeated : int
        The number of ratings that are left out, because a later one is of the same film.
    n_not_liked : int
        The number of films that are left out because they are not liked, if the data hold likes
        alone. Otherwise 0.
    n_unrated : int
        The number of rows of the file without a rating.
    n_liked : int
        The number of films that are liked and have no rating in the file. They count as rated with
        the largest rating.

    Examples
    --------
    >>> from recsys import OwnRatings
    >>> own = OwnRatings({7: 4.5}, (), n_repeated=1, n_not_liked=0, n_unrated=2, n_liked=0)
    >>> own.ratings
    {7: 4.5}
    """

    ratings: dict[Id, float]
    unmatched: tuple[OwnRating, ...]
    n_repeated: int
    n_not_liked: int
    n_unrated: int
    n_liked: int


def own_ratings(path: AnyPath, ratings: Ratings, *, links: AnyPath | None = None) -> OwnRatings:
    """Read what one person rated elsewhere, and find these films in the data.

    A film is found by its title and year, or by its id. The year may differ by one, and if it is
    the same, the title may be spelled slightly differently. Ratings of another scale are converted:
    8 of 10 is 4 of 5. If a film is rated twice, its latest rating counts.

    Parameters
    ----------
    path : str or path
        The zip of Letterboxd, its folder, ``ratings.csv`` or ``likes/films.csv``; ``ratings.csv``
        of IMDb; the CSV file of Goodreads; or a table with titles or ids and ratings. Without a
        header its columns are title or id, rating and perhaps time.
    ratings : Ratings
        The ratings that recommenders are fitted on.
    links : str or path, optional
        The file ``links.csv`` of MovieLens, or the folder or zip that holds it beside the ratings.
        Films of IMDb are then found by their ids too.

    Returns
    -------
    OwnRatings
        The ratings of the films that are in the data, ready for ``recommend(ratings=...)``, and
        what is left out.

    Raises
    ------
    RatingsError
        If the file cannot be read, has no column of titles or ids or none of ratings, or holds no
        rating; if a rating is not a number or not on the scale of the site; if none of the films is
        in the data; or if ``links`` holds no links to them.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from recsys import make_ratings, own_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "ratings.csv")
    ...     _ = path.write_text("Name,Year,Letterboxd URI,Rating\\n"
    ...                         "The Moonless Meridian,1981,https://boxd.it/1,4.5\\n"
    ...                         "Heat,1995,https://boxd.it/2,5\\n")
    ...     own = own_ratings(path, ratings)
    >>> own.ratings
    {1: 4.5}
    >>> [(film.name, film.year) for film in own.unmatched]
    [('Heat', 1995)]
    """
    exported = read_export(Path(path))
    movies = ratings.movies
    # The numbers of ratings only order several matches, and a certain match is the only one.
    titles = TitleIndex(movies["movieId"].tolist(), movies["title"].tolist(), [0] * len(movies))
    numbers = {} if links is None else read_links(Path(links), titles.ids)
    if links is not None and not numbers:
        raise RatingsError(
            f"{links}: no links to films in {ratings.source}; links.csv needs the columns movieId "
            "and imdbId"
        )
    found = matched(exported, titles, ratings.scale, numbers)
    if len(found.unmatched) == len(exported.rated):
        raise RatingsError(f"none of the films in {path} is in {ratings.source}")
    return found


def matched(
    exported: ExportedRatings, titles: TitleIndex, scale: RatingScale, links: Mapping[int, Id]
) -> OwnRatings:
    """Find the films of an export: by id, and otherwise by title and year.

    Parameters
    ----------
    exported : ExportedRatings
    titles : TitleIndex
        The films of the data.
    scale : RatingScale
        The scale of the data.
    links : mapping of int to id
        The films by the number of their IMDb id.

    Examples
    --------
    >>> titles = TitleIndex([1, 2], ["Up (2009)", "Heat (1995)"], [3, 3])
    >>> rated = OwnRating("Heat", 1995, "", 8, None), OwnRating("Jaws", 1975, "", 6, None)
    >>> exported = ExportedRatings("r.csv", "IMDb", RatingScale(1, 10, 1), rated, 0)
    >>> matched(exported, titles, RatingScale(1, 5, 1), {}).ratings
    {2: 4.0}
    """
    given_on = exported.scale_beside(scale)
    ids, known = np.asarray(titles.ids), set(titles.ids)

    def by_id(film: OwnRating) -> Id | None:
        number = imdb_number(film.film_id)
        if number is not None and film.film_id.startswith("tt"):
            if number in links:
                return links[number]
            # Some tables use IMDb's ids, with and without the letters.
            spellings = film.film_id, film.film_id.removeprefix("tt")
            return next((one for one in spellings if one in known), None)
        movie_id = typed_id(film.film_id, ids)
        same_site = film.name == "" or not isinstance(movie_id, int)
        return movie_id if film.film_id and same_site and movie_id in known else None

    found: dict[Id, float] = {}
    unmatched, n_repeated = [], 0
    # The latest rating of a film counts; where times are equal or absent, the last row.
    for film in sorted(exported.rated, key=lambda film: film.time or 0):
        movie_id = by_id(film)
        if movie_id is None:
            movie_id = _by_name(film, titles)
        if movie_id is None:
            unmatched.append(film)
            continue
        n_repeated += movie_id in found
        found[movie_id] = converted(film.rating, given_on, scale)
    kept = found
    if scale.kind == "likes":
        kept = {movie_id: like for movie_id, like in found.items() if like > 0}
    return OwnRatings(
        kept,
        tuple(unmatched),
        n_repeated,
        n_not_liked=len(found) - len(kept),
        n_unrated=exported.n_unrated,
        n_liked=exported.n_liked,
    )


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


def read_links(path: Path, movie_ids: Sequence[Id]) -> dict[int, Id]:
    """The films by the number of their IMDb id, from links.csv beside the ratings at a path.

    Films that are not among ``movie_ids`` are left out.
    """
    with rating_files(path) as files:
        folder: Any = files[0].parent  # a folder on disk or in a zip
        file = folder / "links.csv"
        if not file.is_file():
            return {}
        try:
            with file.open("rb") as stream:
                table = pd.read_csv(stream, dtype=str)
        except ValueError as error:  # of pandas, or bytes that are no text
            raise RatingsError(f"{file}: not a table of links ({shortened(str(error))})") from error
    if not {"movieId", "imdbId"} <= set(table.columns):
        return {}
    ids, known = np.asarray(movie_ids), set(movie_ids)
    table = table[["movieId", "imdbId"]].dropna()
    found = {}
    for text, imdb_id in zip(table["movieId"], table["imdbId"], strict=True):
        movie_id, number = typed_id(text, ids), imdb_number(imdb_id)
        if number is not None and movie_id in known:
            found[number] = movie_id
    return found


def imdb_number(imdb_id: str) -> int | None:
    """The number of an id of IMDb, or None if it is no such id.

    Examples
    --------
    >>> imdb_number("tt0113277"), imdb_number("113277.0"), imdb_number("heat")
    (113277, 113277, None)
    """
    # Python refuses to read numbers of thousands of digits.
    digits = re.fullmatch(r"(?:tt)?([0-9]{1,18})(?:\.0+)?", imdb_id.strip())
    return None if digits is None else int(digits[1])


def _by_name(film: OwnRating, titles: TitleIndex) -> Id | None:
    for name in filter(None, (film.name, film.original_name)):
        item = titles.sure(name, film.year)
        if item is not None:
            return titles.ids[item]
    return None
