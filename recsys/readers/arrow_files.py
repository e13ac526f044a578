"""Reads Parquet, Feather and Arrow files by pyarrow."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd

from recsys.data.ratings import RatingsError
from recsys.readers.formats import Folder
from recsys.readers.opened import arrow, opened_bytes

_PARQUET, _FEATHER, _OLD_FEATHER, _STREAM = b"PAR1", b"ARROW1", b"FEA1", b"\xff\xff\xff\xff"

N_SHOWN = 1000


def is_arrow(start: bytes) -> bool:
    """Whether a file that begins so is a Parquet, Feather or Arrow file."""
    return start.startswith((_PARQUET, _FEATHER, _OLD_FEATHER, _STREAM))


def arrow_look(path: Folder) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The names of the columns of a file, and its first rows as text."""
    with _opened(path) as source:
        names, batches = _names_and_batches(source, None)
        first = next(iter(batches), None)
    if first is None:
        raise RatingsError(f"{path}: no rows")
    columns = (column.to_pylist() for column in first.slice(0, N_SHOWN).columns)
    texts = (["" if cell is None else str(cell) for cell in column] for column in columns)
    return names, tuple(zip(*texts, strict=True))


def arrow_frame(path: Folder, columns: Sequence[str | int]) -> pd.DataFrame:
    """Columns of a file, by name or by position, with the types of the file."""
    pyarrow = arrow("an Arrow file")
    with _opened(path) as source:
        names, _ = _names_and_batches(source, None)
        places = [at if isinstance(at, int) else names.index(at) for at in columns]
        source.seek(0)
        _, batches = _names_and_batches(source, sorted(set(places)))
        table = pyarrow.Table.from_batches(list(batches))
    # A file may have two columns of one name, so columns are chosen by their places.
    read = sorted(set(places))
    frames = {
        column: table.column(read.index(place))
        for column, place in zip(columns, places, strict=True)
    }
    asked = list(frames)
    chosen = pyarrow.table(list(frames.values()), names=[str(at) for at in range(len(asked))])
    del table, frames
    # Each column is let go when it is copied: 25 million rows do not lie twice in memory.
    frame: pd.DataFrame = chosen.to_pandas(
        strings_to_categorical=True,
        integer_object_nulls=True,
        ignore_metadata=True,
        split_blocks=True,
        self_destruct=True,
    )
    frame.columns = pd.Index(asked, dtype=object)
    return frame


@contextmanager
def _opened(path: Folder) -> Iterator[Any]:
    """Open a file that can be read from any place."""
    pyarrow = arrow(f"{path}: a Parquet, Feather or Arrow file")
    with opened_bytes(path) as stream:
        try:
            yield stream if stream.seekable() else io.BytesIO(stream.read())
        except (pyarrow.ArrowException, EOFError) as error:
            raise RatingsError(f"{path}: the file is damaged: {error}") from error


def _names_and_batches(source: Any, places: list[int] | None) -> tuple[tuple[str, ...], Any]:
    """The names of all columns, and batches of rows of the columns at some places."""
    start = source.read(8)
    source.seek(0)
    if start.startswith(_PARQUET):
        from pyarrow import parquet

        file = parquet.ParquetFile(source)
        names = tuple(file.schema_arrow.names)
        if len(set(names)) < len(names):
            raise RatingsError(f"two columns of one name among {', '.join(names[:20])}")
        chosen = None if places is None else [names[place] for place in places]
        return names, file.iter_batches(columns=chosen, batch_size=1 << 20)
    if start.startswith(_OLD_FEATHER):
        from pyarrow import feather

        table = feather.read_table(source)
        names = tuple(table.column_names)
        return names, (table if places is None else table.select(places)).to_batches()
    from pyarrow import ipc

    options = ipc.IpcReadOptions(included_fields=places)
    if start.startswith(_STREAM):
        stream = ipc.open_stream(source, options=options)
        return tuple(stream.schema.names), stream
    file = ipc.open_file(source, options=options)
    batches = map(file.get_batch, range(file.num_record_batches))
    return tuple(file.schema.names), batches
