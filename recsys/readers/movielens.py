"""Reads every MovieLens release, from a folder or a zip; a bad row is an error with its line."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.data.ratings import (
    BadRow,
    Ints,
    Ratings,
    RatingsError,
    movies_frame,
    ratings_frame,
    repeats,
)
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.readers.formats import Release, open_release
from recsys.readers.movie_files import MovieRows, read_movies
from recsys.readers.rating_files import COLUMNS, RatingRows, read_ratings


def load_ratings(path: str | os.PathLike[str], *, skip_bad_rows: bool = False) -> Ratings:
    """Read a MovieLens release.

    The files are known by their names, and where a folder has several, the first of these is
    read:

    - `ratings.csv` with `movies.csv` (ml-latest, ml-20m, ml-25m, ml-32m), half stars
    - `ratings_small.csv` with `movies.csv`, half stars
    - `ratings.dat` with `movies.dat` (ml-1m, ml-10m)
    - `u.data` with `u.item` and, if there, `u.genre` (ml-100k), whole stars

    A genre called "Children's" in `movies.dat` means ml-1m, so whole stars, and "Children" means
    ml-10m, so half stars. If neither or both are there, the scale is half stars as soon as one
    rating is a half star.

    Lines may end in LF or CRLF, a byte order mark is passed over, and blank lines are not rows.
    Columns of a CSV file are found by name; further columns are left out.

    Parameters
    ----------
    path : str or path
        A folder or a zip with a release in it or one folder down, or the file of ratings itself.
    skip_bad_rows : bool
        Leave bad rows out and list them in the result, instead of raising at the first. Of two
        ratings of a film by one person, and of two rows for a film, the first stays. Ratings of
        a film whose own row is bad are bad too.

    Returns
    -------
    Ratings

    Raises
    ------
    RatingsError
        With file, line and value: for a rating that is not a number or off the scale, an id or a
        timestamp that is not a whole number, a wrong number of fields, a film that is not among
        the movies, a second rating of a film by one person, a film that is listed twice, bytes
        that are not text, a file that is cut off in a row. Always, and naming the file: for a
        file that is missing, unreadable or empty, a missing column, a damaged zip, and if no row
        is good.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> movies = "movieId,title,genres\\n1,Up (2009),Animation\\n"
    >>> ratings = "userId,movieId,rating,timestamp\\n7,1,4.5,0\\n"
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "movies.csv").write_text(movies)
    ...     _ = Path(folder, "ratings.csv").write_text(ratings)
    ...     load_ratings(folder).ratings
       userId  movieId  rating  timestamp
    0       7        1     4.5          0
    """
    with open_release(Path(path)) as release:
        movies = read_movies(release, skip_bad_rows=skip_bad_rows)
        rows = read_ratings(release, skip_bad_rows=skip_bad_rows)
    if not rows.blocks:
        raise RatingsError(f"{release.ratings}: no ratings")
    frame = ratings_frame(*(rows.column(name) for name in COLUMNS))
    movie_ids = np.array(movies.movie_ids, np.int64)
    scale = _scale(release, movies, frame)

    broken = _broken_rules(frame, movie_ids, scale, rows, release)
    bad_rows = sorted([*rows.bad_rows, *broken.values()], key=lambda bad_row: bad_row.line)
    if bad_rows and not skip_bad_rows:
        raise RatingsError(str(bad_rows[0]))
    if broken:
        frame = frame.drop(index=list(broken)).reset_index(drop=True)
    if not len(frame):
        first = f"; the first bad one: {bad_rows[0]}" if bad_rows else ""
        raise RatingsError(f"{release.ratings}: no good row{first}")
    return Ratings(
        ratings=frame,
        movies=movies_frame(movie_ids, movies.titles, movies.genres),
        scale=scale,
        source=str(path),
        skipped=(*movies.bad_rows, *bad_rows),
    )


def _scale(release: Release, movies: MovieRows, frame: pd.DataFrame) -> RatingScale:
    if release.layout.separator == "\t":
        return WHOLE_STARS
    if release.layout.separator == ",":
        return HALF_STARS
    ratings = frame["rating"].to_numpy()
    any_half = (HALF_STARS.holds(ratings) & ~WHOLE_STARS.holds(ratings)).any()
    return movies.scale() or (HALF_STARS if any_half else WHOLE_STARS)


def _broken_rules(
    frame: pd.DataFrame, movie_ids: Ints, scale: RatingScale, rows: RatingRows, release: Release
) -> dict[int, BadRow]:
    """The rows, by position, that are made of the right numbers but make no sense."""
    user_ids, rated_ids = frame["userId"].to_numpy(), frame["movieId"].to_numpy()
    ratings = frame["rating"].to_numpy()
    off = ~scale.holds(ratings)
    unknown = ~np.isin(rated_ids, movie_ids) & ~off
    sound = np.flatnonzero(~(off | unknown))
    later, first = repeats(user_ids[sound], rated_ids[sound])
    if not (off.any() or unknown.any() or later.size):
        return {}

    file = str(release.ratings)
    lines = rows.line_numbers().tolist()
    broken = {}
    for row in np.flatnonzero(off).tolist():
        value, reason = f"{ratings[row]:.15g}", f"rating is off the scale {scale}"
        broken[row] = BadRow(file, lines[row], value, reason)
    for row in np.flatnonzero(unknown).tolist():
        reason = f"movieId is not in {release.layout.movies_file}"
        broken[row] = BadRow(file, lines[row], str(rated_ids[row]), reason)
    for row, original in zip(sound[later].tolist(), sound[first].tolist(), strict=True):
        value = f"user {user_ids[row]}, film {rated_ids[row]}"
        reason = f"same user and film as on line {lines[original]}"
        broken[row] = BadRow(file, lines[row], value, reason)
    return broken
