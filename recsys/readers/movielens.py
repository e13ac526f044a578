"""Reads every MovieLens release from a folder or a zip; an error names the line of a bad row."""

import os
import re
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
)
from recsys.data.repeats import repeats
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.readers.formats import Folder, Release, open_release
from recsys.readers.looks import look
from recsys.readers.movie_files import COLUMNS as MOVIE_COLUMNS
from recsys.readers.movie_files import MovieRows, read_movies
from recsys.readers.rating_files import COLUMNS, RatingRows, read_ratings
from recsys.readers.raw import bad_row_error
from recsys.readers.rules import off_scale_error

UTF_8 = ("utf-8", "utf-8-sig")

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


# What `Ratings.reading` says of a release.
RELEASE = "MovieLens; "


def is_release(path: Path) -> bool:
    """Tell whether a path holds a release of MovieLens as it was published.

    Other tables may have the same names. They have other columns, ids that are text, lines that end
    in CR, or another encoding.
    """
    try:
        with open_release(path) as release:
            return _is_as_published(release)
    except RatingsError:
        return False


def _is_as_published(release: Release) -> bool:
    layout = release.layout
    seen = look(release.ratings, sep=layout.separator)
    if seen.encoding not in UTF_8 or _has_lone_cr(release.ratings) or _has_lone_cr(release.movies):
        return False
    if layout.separator == ",":
        movies = look(release.movies)
        names = set(seen.names or ())
        if names != set(COLUMNS) or not set(MOVIE_COLUMNS) <= set(movies.names or ()):
            return False
        if movies.encoding not in UTF_8:
            return False
    elif seen.names is not None or seen.width != len(COLUMNS):
        return False
    columns = seen.names or COLUMNS
    places = [columns.index(name) for name in ("userId", "movieId", "timestamp")]
    rows = [row for row in seen.rows if len(row) == len(columns)]
    n_whole = sum(all(_WHOLE.fullmatch(row[place]) for place in places) for row in rows)
    # A few bad rows are no sign of another form.
    return n_whole > 0.95 * len(rows)


def _has_lone_cr(file: Folder) -> bool:
    with file.open("rb") as stream:
        start: bytes = stream.read(1 << 16)
    return b"\r" in start.replace(b"\r\n", b"")[:-1]


def load_release(path: str | os.PathLike[str], *, skip_bad_rows: bool = False) -> Ratings:
    """Read a MovieLens release.

    Files are recognised by their names. If a folder has several pairs, the first of these is read:

    - `ratings.csv` with `movies.csv` (ml-latest, ml-20m, ml-25m, ml-32m): half stars.
    - `ratings_small.csv` with `movies.csv`: half stars.
    - `ratings.dat` with `movies.dat` (ml-1m, ml-10m): whole stars if `movies.dat` has the genre
      "Children's" (ml-1m), half stars if it has "Children" (ml-10m). If it has neither or both, the
      scale is half stars if any rating is a half star.
    - `u.data` with `u.item` and, optionally, `u.genre` (ml-100k): whole stars.

    Lines end in LF or CRLF. A byte order mark and blank lines are ignored. The columns of a CSV
    file are found by name, and other columns are ignored.

    Parameters
    ----------
    path : str or path
        A folder or a zip, with a release in it or in one of its subfolders; or a file of ratings.
    skip_bad_rows : bool
        Leave bad rows out and list them in the result instead of raising an error at the first one.
        If a user rates a movie twice, or a movie is listed twice, the second row is bad. If the row
        of a movie is bad, its ratings are bad too.

    Returns
    -------
    Ratings
        The ratings, the movies and the bad rows that were skipped.

    Raises
    ------
    RatingsError
        For a rating that is off the scale. For a bad row, unless bad rows are skipped: a rating
        that is not a number, an id or a timestamp that is not a whole number, a wrong number of
        fields, a movie that is not in the file of movies, a second rating of a movie by one user, a
        movie that is listed twice, bytes that are not text, or a file that is cut off in a row. The
        message names the file, the line and the value.
        Also for a file that is missing, unreadable or empty, a missing column, a damaged zip, or if
        no row is good. The message names the file.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> movies = "movieId,title,genres\\n1,Up (2009),Animation\\n"
    >>> ratings = "userId,movieId,rating,timestamp\\n7,1,4.5,0\\n"
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "movies.csv").write_text(movies)
    ...     _ = Path(folder, "ratings.csv").write_text(ratings)
    ...     load_release(folder).ratings
       userId  movieId  rating  timestamp
    0       7        1     4.5          0
    """
    with open_release(Path(path)) as release:
        movies = read_movies(release, skip_bad_rows=skip_bad_rows)
        rows = read_ratings(release, skip_bad_rows=skip_bad_rows)
    if not rows.blocks:
        raise RatingsError(f"{release.ratings}: no ratings")
    frame = ratings_frame(*rows.taken())
    movie_ids = np.array(movies.movie_ids, np.int64)
    scale = _scale(release, movies, frame)

    broken = _broken_rules(frame, movie_ids, scale, rows, release)
    bad_rows = sorted([*rows.bad_rows, *broken.values()], key=lambda bad_row: bad_row.line)
    ratings = frame["rating"].to_numpy()
    off = np.flatnonzero(~scale.holds(ratings))
    # To skip the ratings that are off the scale would leave the low ratings of another scale.
    if len(off) and (skip_bad_rows or broken[int(off[0])] is bad_rows[0]):
        raise off_scale_error(broken[int(off[0])], ratings, scale)
    if bad_rows and not skip_bad_rows:
        raise bad_row_error(bad_rows[0])
    if broken:
        frame = frame.drop(index=list(broken)).reset_index(drop=True)
    if not len(frame):
        first = f"; the first bad row: {bad_rows[0]}" if bad_rows else ""
        raise RatingsError(f"{release.ratings}: no good row{first}")
    return Ratings(
        ratings=frame,
        movies=movies_frame(movie_ids, movies.titles, movies.genres),
        scale=scale,
        source=str(path),
        skipped=(*movies.bad_rows, *bad_rows),
        reading=f"read {release.ratings.name}: {RELEASE}scale {scale}; "
        f"titles from {release.movies.name}",
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
    """Find the rows, by position, that hold good numbers but break a rule of the table."""
    user_ids, rated_ids = frame["userId"].to_numpy(), frame["movieId"].to_numpy()
    ratings = frame["rating"].to_numpy()
    off = ~scale.holds(ratings)
    unknown = ~np.isin(rated_ids, movie_ids) & ~off
    sound = np.flatnonzero(~(off | unknown))
    # 25 million ids are copied only if some rows are left out.
    later, first = repeats(
        *(ids if len(sound) == len(ids) else ids[sound] for ids in (user_ids, rated_ids))
    )
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
        value = f"user {user_ids[row]}, movie {rated_ids[row]}"
        reason = f"same user and movie as on line {lines[original]}"
        broken[row] = BadRow(file, lines[row], value, reason)
    return broken
