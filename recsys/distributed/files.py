"""Finds the Parquet files of ratings and of movies, and the row groups that workers read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.data.ratings import RatingsError
from recsys.readers.opened import arrow

RATINGS, MOVIES = "ratings.parquet", "movies.parquet"

# The columns of ratings as `recsys convert` names them.
USER, ITEM, RATING, TIME = "userId", "movieId", "rating", "timestamp"

CONVERT = "`recsys convert --data PATH --out FOLDER` writes such files"


@dataclass(frozen=True)
class RowGroup:
    """Neighbouring rows of a Parquet file, which are read together."""

    file: str
    number: int
    n_rows: int


@dataclass(frozen=True)
class RatingFiles:
    """The row groups of all files of ratings, in their order, and the file of movies if any."""

    path: Path
    row_groups: tuple[RowGroup, ...]
    has_ratings: bool
    has_times: bool
    movies: Path | None


def find_files(path: Path) -> RatingFiles:
    """Find the Parquet files of ratings at a path.

    Parameters
    ----------
    path : Path
        A Parquet file; or a folder with ``ratings.parquet``, which is a file or a folder of parts.
        ``movies.parquet`` may lie beside it.

    Returns
    -------
    RatingFiles

    Raises
    ------
    RatingsError
        If there are no such files, or if their columns are not those that ``recsys convert``
        writes.
    """
    inside = path / RATINGS
    ratings = inside if inside.exists() else path
    if not ratings.exists():
        raise RatingsError(f"{path}: no such file or folder")
    files = sorted(ratings.glob("*.parquet")) if ratings.is_dir() else [ratings]
    files = [file for file in files if file.name != MOVIES]
    if not files:
        raise RatingsError(f"{path}: no {RATINGS} here; {CONVERT}")
    looks = [_look(file.resolve()) for file in files]
    names = looks[0][0]
    for file, (other, _) in zip(files, looks, strict=True):
        missing = {USER, ITEM} - other
        if missing:
            raise RatingsError(f"{file}: no column {min(missing)}; {CONVERT}")
        if (other ^ names) & {RATING, TIME}:
            raise RatingsError(f"{file}: it has other columns than {files[0]}; {CONVERT}")
    movies = ratings.parent / MOVIES
    return RatingFiles(
        path,
        tuple(group for _, groups in looks for group in groups),
        RATING in names,
        TIME in names,
        movies if movies.is_file() else None,
    )


def _look(file: Path) -> tuple[set[str], list[RowGroup]]:
    """The names of the columns of a file, and its row groups."""
    with opened_parquet(str(file)) as parquet:
        sizes = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
        groups = [RowGroup(str(file), i, n_rows) for i, n_rows in enumerate(sizes) if n_rows]
        return set(parquet.schema_arrow.names), groups


@contextmanager
def opened_parquet(file: str) -> Iterator[Any]:
    """Open a Parquet file by pyarrow. A RatingsError names the file if it cannot be read."""
    pyarrow = arrow(f"{file}: a Parquet file")
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as opened:
            yield opened
    except pyarrow.ArrowException as error:
        raise RatingsError(f"{file}: no Parquet file, or a damaged one; {CONVERT}") from error
    except OSError as error:
        # pyarrow raises OSError for damaged pages, too. Such an error has no number.
        reason = f"cannot be read: {error.strerror}" if error.errno else f"damaged: {error}"
        raise RatingsError(f"{file}: {reason}") from error
