"""Finds the Parquet files of ratings and of movies, and the row groups that workers read."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.data.ratings import RatingsError
from recsys.data.scale import RatingScale
from recsys.readers.arrow_files import scale_in
from recsys.readers.opened import arrow

RATINGS, MOVIES = "ratings.parquet", "movies.parquet"

# The columns of ratings as `recsys convert` names them.
USER, ITEM, TIME = "userId", "movieId", "timestamp"

# The column of ratings or of counts. Likes have none.
RATING, COUNT = "rating", "count"

CONVERT = "`recsys convert --data PATH --out FOLDER` writes such files"


@dataclass(frozen=True)
class RowGroup:
    """Neighbouring rows of a Parquet file, which are read together."""

    file: str
    number: int
    n_rows: int


@dataclass(frozen=True)
class Columns:
    """The column of ratings or counts, or None, and whether there are times."""

    values: str | None
    has_times: bool

    @property
    def names(self) -> list[str]:
        """The names of all columns that are read."""
        values = [] if self.values is None else [self.values]
        return [USER, ITEM, *values] + [TIME] * self.has_times


@dataclass(frozen=True)
class RatingFiles:
    """What is known of files of ratings before their rows are read.

    Attributes
    ----------
    row_groups : tuple of RowGroup
        Those of all files, in their order.
    columns : Columns
        The columns besides those of ids.
    scale : RatingScale, optional
        The scale that ``recsys convert`` wrote into the files.
    path : Path
        What the user named.
    movies : Path, optional
        The file of titles.
    """

    row_groups: tuple[RowGroup, ...]
    columns: Columns
    scale: RatingScale | None
    path: Path
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
    first = looks[0]
    for file, look in zip(files, looks, strict=True):
        if look.columns != first.columns or look.scale != first.scale:
            raise RatingsError(
                f"{file}: it has other columns or another scale than {files[0]}; {CONVERT}"
            )
    movies = ratings.parent / MOVIES
    return RatingFiles(
        tuple(group for look in looks for group in look.row_groups),
        first.columns,
        first.scale,
        path,
        movies if movies.is_file() else None,
    )


def _look(file: Path) -> RatingFiles:
    """What is known of one file."""
    with opened_parquet(str(file)) as parquet:
        sizes = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
        schema = parquet.schema_arrow
    missing = {USER, ITEM} - set(schema.names)
    if missing:
        raise RatingsError(f"{file}: no column {min(missing)}; {CONVERT}")
    values = next((name for name in (COUNT, RATING) if name in schema.names), None)
    groups = [RowGroup(str(file), i, n_rows) for i, n_rows in enumerate(sizes) if n_rows]
    return RatingFiles(
        tuple(groups),
        Columns(values, TIME in schema.names),
        scale_in(file, schema),
        file,
        None,
    )


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
        if not error.errno:
            raise RatingsError(f"{file}: damaged: {error}") from error
        raise RatingsError(
            f"{file}: cannot be read{_by_worker()}: {os.strerror(error.errno)}; every worker must "
            "find the files at the same path"
        ) from error


def _by_worker() -> str:
    """Which worker this process is, for a message."""
    dask: Any = sys.modules.get("distributed")
    try:
        return f" by worker {dask.get_worker().address}" if dask else ""
    except ValueError:  # the client reads the file
        return ""
