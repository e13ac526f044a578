"""Reads Parquet, Feather and Arrow files by pyarrow."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import RatingsError
from recsys.data.scale import SCALE_KEY, RatingScale, scale_of_json
from recsys.readers.formats import Folder
from recsys.readers.heard import tell_how_far
from recsys.readers.opened import arrow, opened_bytes

_PARQUET, _FEATHER, _OLD_FEATHER, _STREAM = b"PAR1", b"ARROW1", b"FEA1", b"\xff\xff\xff\xff"

N_SHOWN = 1000
_BATCH = 1 << 20


def is_arrow(start: bytes) -> bool:
    """Whether a file that begins so is a Parquet, Feather or Arrow file."""
    return start.startswith((_PARQUET, _FEATHER, _OLD_FEATHER, _STREAM))


class _Rows(NamedTuple):
    """The schema of all columns, batches of rows, and the number of rows if the file tells it."""

    schema: Any
    batches: Any
    n_rows: int | None


class ArrowLook(NamedTuple):
    """The names of the columns of a file, its first rows as text, and the scale that it tells."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    scale: RatingScale | None


def arrow_look(path: Folder) -> ArrowLook:
    """Look at the first rows and at the metadata of a file."""
    with _opened(path) as source:
        schema, batches, _ = _rows(source, None)
        first = next(iter(batches), None)
    if first is None:
        raise RatingsError(f"{path}: no rows")
    columns = (column.to_pylist() for column in first.slice(0, N_SHOWN).columns)
    texts = (["" if cell is None else str(cell) for cell in column] for column in columns)
    return ArrowLook(tuple(schema.names), tuple(zip(*texts, strict=True)), scale_in(path, schema))


def scale_in(path: Folder, schema: Any) -> RatingScale | None:
    """The scale that `recsys.data.saved_ratings` wrote with the ratings."""
    text = (schema.metadata or {}).get(SCALE_KEY.encode())
    try:
        return None if text is None else scale_of_json(text)
    except ValueError as error:
        raise RatingsError(f"{path}: the file is damaged: its metadata hold {error}") from None


def arrow_frame(path: Folder, columns: Sequence[str | int]) -> pd.DataFrame:
    """Columns of a file, by name or by position.

    Numbers have 64 bits if all columns are numbers without gaps. Otherwise all columns keep the
    types of the file.
    """
    with _opened(path) as source:
        names = _rows(source, None).schema.names
        asked = [at if isinstance(at, int) else names.index(at) for at in columns]
        # A file may have two columns of one name, so columns are chosen by their places.
        places = sorted(set(asked))
        source.seek(0)
        found = _numbers(path, _rows(source, places))
        if found is None:
            source.seek(0)
            found = _any(path, _rows(source, places))
    chosen = {column: found[places.index(at)] for column, at in zip(columns, asked, strict=True)}
    return pd.DataFrame(chosen, copy=False)


def _numbers(path: Folder, rows: _Rows) -> list[npt.NDArray[Any]] | None:
    """The columns, filled batch by batch, so that they lie in memory once.

    None if a column holds other things than numbers, or if a number is missing.
    """
    if rows.n_rows is None:
        return None
    found: list[npt.NDArray[Any]] = []
    start = 0
    for batch in _heard(path, rows):
        kinds = [_kind(column) for column in batch.columns]
        if not all(kinds):
            return None
        # The number of rows is a claim of the file.
        if start + len(batch) > rows.n_rows:
            break
        try:
            found = found or [np.empty(rows.n_rows, f"{kind}8") for kind in kinds]
        except MemoryError:
            break
        for values, column in zip(found, batch.columns, strict=True):
            values[start : start + len(batch)] = column.to_numpy(zero_copy_only=False)
        start += len(batch)
    if start != rows.n_rows:
        raise RatingsError(f"{path}: the file is damaged: it does not hold {rows.n_rows:,} rows")
    return found


def _kind(column: Any) -> str:
    """ "i" for whole numbers and "f" for others; "" for other things and if a number is missing."""
    from pyarrow import types

    if column.null_count:
        return ""
    if types.is_floating(column.type):
        return "f"
    return "i" if types.is_signed_integer(column.type) else ""


def _any(path: Folder, rows: _Rows) -> list[Any]:
    """The columns of any types."""
    table = arrow("an Arrow file").Table.from_batches(list(_heard(path, rows)))
    places = [str(place) for place in range(table.num_columns)]
    frame = table.rename_columns(places).to_pandas(
        strings_to_categorical=True, integer_object_nulls=True, ignore_metadata=True
    )
    return [frame[place] for place in places]


@contextmanager
def _opened(path: Folder) -> Iterator[Any]:
    """Open a file that can be read from any place."""
    pyarrow = arrow(f"{path}: a Parquet, Feather or Arrow file")
    with opened_bytes(path) as stream:
        try:
            yield stream if stream.seekable() else io.BytesIO(stream.read())
        except (pyarrow.ArrowException, EOFError) as error:
            raise RatingsError(f"{path}: the file is damaged: {error}") from error


def _heard(path: Folder, rows: _Rows) -> Iterator[Any]:
    """The batches of rows, of which a listener hears."""
    n_read = 0
    for batch in rows.batches:
        yield batch
        n_read += len(batch)
        tell_how_far(path, n_read, rows.n_rows, " rows")


def _rows(source: Any, places: list[int] | None) -> _Rows:
    """Open the columns at some places, or all columns for a look at the first rows."""
    start = source.read(8)
    source.seek(0)
    if start.startswith(_PARQUET):
        from pyarrow import parquet

        file = parquet.ParquetFile(source)
        names = file.schema_arrow.names
        if len(set(names)) < len(names):
            raise RatingsError(f"two columns of one name among {', '.join(names[:20])}")
        chosen = None if places is None else [names[place] for place in places]
        size = N_SHOWN if places is None else _BATCH
        batches = file.iter_batches(columns=chosen, batch_size=size)
        return _Rows(file.schema_arrow, batches, file.metadata.num_rows)
    if start.startswith(_OLD_FEATHER):
        from pyarrow import feather

        table = feather.read_table(source)
        chosen = table if places is None else table.select(places)
        return _Rows(table.schema, chosen.to_batches(), len(table))
    from pyarrow import ipc

    options = ipc.IpcReadOptions(included_fields=places)
    if start.startswith(_STREAM):
        stream = ipc.open_stream(source, options=options)
        return _Rows(stream.schema, stream, None)
    file = ipc.open_file(source, options=options)
    batches = map(file.get_batch, range(file.num_record_batches))
    return _Rows(file.schema, batches, None)
