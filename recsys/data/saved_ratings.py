"""Writes ratings to a folder of Parquet or CSV files that `load_ratings` reads without loss."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import Ratings
from recsys.data.scale import SCALE_KEY, scale_as_json
from recsys.extras import install
from recsys.files import whole

SavedForm: TypeAlias = Literal["parquet", "csv"]
Columns: TypeAlias = dict[str, npt.NDArray[Any]]

SAVED_FORMS: tuple[SavedForm, ...] = ("parquet", "csv")

# A row group holds about so many ratings, and all those of its users.
_ROWS = 1 << 20


def save_ratings(
    ratings: Ratings, folder: str | os.PathLike[str], form: SavedForm = "parquet"
) -> tuple[Path, Path]:
    """Write ratings and movies to two files of a folder, which ``load_ratings`` reads.

    Ratings are sorted by user, and those of one user keep their order. Parquet keeps everything
    else: ids, ratings, times, titles, genres and the scale. CSV has no place for the scale. Both
    files are written whole or not at all: if writing fails, the folder keeps the files that it had.

    Parameters
    ----------
    ratings : Ratings
        The ratings.
    folder : str or path
        The folder, which is made if it is missing.
    form : {"parquet", "csv"}
        The form of the files. Parquet needs pyarrow. Its numbers have 32 bits if they fit, and each
        row group holds all ratings of its users.

    Returns
    -------
    tuple of Path
        The file of ratings and the file of movies.

    Raises
    ------
    ValueError
        If the form has another name, if Parquet is asked for without pyarrow, or if the folder
        holds ratings in the other form. A reader would not know which of the two are meant.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from recsys import load_ratings, make_ratings, save_ratings
    >>> made = make_ratings(n_users=5, n_movies=30, n_ratings=60)
    >>> with TemporaryDirectory() as folder:
    ...     files = save_ratings(made, folder)
    ...     read = load_ratings(folder)
    >>> [file.name for file in files], read.ratings.equals(made.ratings)
    (['ratings.parquet', 'movies.parquet'], True)
    """
    if form not in SAVED_FORMS:
        raise ValueError(f"the form must be one of {', '.join(SAVED_FORMS)}, not {form!r}")
    folder = Path(folder)
    write = _write_parquet if form == "parquet" else _write_csv
    other = next((folder / f"ratings.{each}" for each in SAVED_FORMS if each != form), Path())
    if other.is_file():
        raise ValueError(f"{other} holds ratings already; choose another folder, or remove it")
    if form == "parquet":
        _parquet()
    folder.mkdir(parents=True, exist_ok=True)
    to_ratings, to_movies = folder / f"ratings.{form}", folder / f"movies.{form}"
    # Both files get their names at the end, one right after the other.
    with whole(to_movies) as movies_file, whole(to_ratings) as ratings_file:
        movies = {str(name): column.to_numpy() for name, column in ratings.movies.items()}
        write(movies_file, movies, ratings, [slice(None)])
        movies_file.flush()  # if the disk is full, the ratings must not be replaced before
        columns = _columns(ratings)
        write(ratings_file, columns, ratings, _groups(columns["userId"]))
    return to_ratings, to_movies


def _columns(ratings: Ratings) -> Columns:
    """The columns to write, sorted by user. Counts stand for the ratings that are made of them."""
    table = ratings.ratings
    values = "count" if "count" in table.columns else "rating"
    names = ["userId", "movieId", values, *(["timestamp"] if ratings.has_times else [])]
    if ratings.scale.kind == "likes" and (table[values] == 1).all():
        names.remove(values)
    columns = {str(name): table[name].to_numpy() for name in names}
    users = columns["userId"]
    if np.all(users[1:] >= users[:-1]):
        return columns
    order = np.argsort(users, kind="stable")
    return {name: column[order] for name, column in columns.items()}


def _groups(users: npt.NDArray[Any]) -> Iterator[slice]:
    """Cut sorted ratings into groups of whole users."""
    ends = np.append(np.flatnonzero(users[1:] != users[:-1]) + 1, len(users))
    start = 0
    while start < len(users):
        end = int(ends[min(int(np.searchsorted(ends, start + _ROWS)), len(ends) - 1)])
        yield slice(start, end)
        start = end


def _write_csv(file: BinaryIO, columns: Columns, ratings: Ratings, groups: Any) -> None:
    for place, group in enumerate(groups):
        frame = pd.DataFrame({name: column[group] for name, column in columns.items()})
        text = frame.to_csv(index=False, header=place == 0, lineterminator="\n")
        file.write(text.encode("utf-8"))


def _write_parquet(file: BinaryIO, columns: Columns, ratings: Ratings, groups: Any) -> None:
    pyarrow, parquet = _parquet()
    columns = {name: _narrowed(column) for name, column in columns.items()}
    types = {
        name: pyarrow.string() if column.dtype == object else pyarrow.from_numpy_dtype(column.dtype)
        for name, column in columns.items()
    }
    schema = pyarrow.schema(types, metadata={SCALE_KEY: scale_as_json(ratings.scale)})
    # Ids and times of one user are near each other, so their differences take few bits.
    whole_numbers = [name for name, column in columns.items() if column.dtype.kind == "i"]
    with parquet.ParquetWriter(
        file,
        schema,
        compression="zstd",
        use_dictionary=[name for name in columns if name not in whole_numbers],
        column_encoding=dict.fromkeys(whole_numbers, "DELTA_BINARY_PACKED"),
    ) as writer:
        for group in groups:
            arrays = [pyarrow.array(columns[name][group], types[name]) for name in columns]
            table = pyarrow.Table.from_arrays(arrays, schema=schema)
            writer.write_table(table, row_group_size=max(1, len(table)))


def _narrowed(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The column in 32 bits, if these keep all its numbers. Text stays."""
    if column.dtype == object:
        return column
    with np.errstate(over="ignore"):
        narrow = column.astype(f"{column.dtype.kind}4")
    return narrow if np.array_equal(narrow, column) else column


def _parquet() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ValueError(
            f"writing Parquet needs pyarrow: {install('arrow')}, or write CSV"
        ) from None
    return pyarrow, parquet
