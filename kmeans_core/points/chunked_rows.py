"""ChunkedRows: rows in chunks that can be read again, from .npy, Parquet or any other source."""

import itertools
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, Self

import numpy as np

from kmeans_core.counts import plain_count
from kmeans_core.errors import shown
from kmeans_core.extras import install
from kmeans_core.points.checks import as_points
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.sparse import SparsePoints
from kmeans_core.points.tables import feature_names

# The chunks of a file take about this many bytes as float64.
CHUNK_BYTES = 2**25

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class _Chunk:
    """What must be the same whenever a chunk is read."""

    n_rows: int
    n_features: int
    dtype: np.dtype[Any]
    is_csr: bool
    n_stored: int
    first_row: int  # a checksum
    names: tuple[str, ...]  # of the columns, if they have names


class ChunkedRows:
    """Rows in chunks, which a fit reads again in each pass: for data larger than memory.

    :meth:`KMeans.fit`, ``fit_predict``, ``predict``, ``transform`` and ``score``, and
    :func:`~kmeans_core.assign` take it in place of an array. They hold one or two chunks at a time,
    and some numbers for each row. A loop over it gives the chunks, for example for
    :meth:`MiniBatchKMeans.partial_fit`.

    Parameters
    ----------
    factory : callable
        It returns a new iterator of chunks whenever it is called. The chunks are the same each
        time. A chunk is anything that ``KMeans.fit`` takes: an array, a sparse matrix, a data
        frame, or a pyarrow table or record batch. All chunks have the same columns.

    Raises
    ------
    TypeError
        If ``factory`` cannot be called.

    See Also
    --------
    MiniBatchKMeans : Reads each chunk once, as a batch.

    Notes
    -----
    Each pass checks the chunks: all numbers are finite, and each chunk has the shape, the dtype and
    the first row that it had in the first pass. An error names the chunk.

    Examples
    --------
    >>> import numpy as np
    >>> from kmeans_core import ChunkedRows, KMeans
    >>> def read():
    ...     for middle in (0.0, 5.0, 0.0):
    ...         yield middle + np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> model = KMeans(2, random_state=0).fit(ChunkedRows(read))
    >>> model.labels_[[0, 4]] == model.labels_[1], model.labels_[2] == model.labels_[1]
    (array([ True,  True]), np.False_)
    >>> model.inertia_
    3.0

    The chunks of data frames have named columns:

    >>> import pandas as pd
    >>> print(ChunkedRows(lambda: [pd.DataFrame({"age": [20.0, 30.0]})]).columns)
    ('age',)
    """

    def __init__(self, factory: Callable[[], Iterable[Any]]) -> None:
        if not callable(factory):
            raise TypeError(
                "ChunkedRows needs a function that returns a new iterator of chunks at each call, "
                f"for example ChunkedRows(lambda: chunks). Got {type(factory).__name__}."
            )
        self._factory = factory
        self._chunks: list[_Chunk] = []  # as the first pass found them

    @classmethod
    def from_npy(cls, paths: Path | Sequence[Path], *, chunk_rows: int | None = None) -> Self:
        """The rows of ``.npy`` files, one file after the other.

        Parameters
        ----------
        paths : path or sequence of paths
            Each file holds one 2-D array of numbers.
        chunk_rows : int, optional
            The number of rows in a chunk. The default is as many as take 32 MB as float64.

        Returns
        -------
        ChunkedRows
            The files are opened when the rows are read.

        Raises
        ------
        InvalidParameterError
            If ``chunk_rows`` is not an int of at least 1.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> from kmeans_core import ChunkedRows, KMeans
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/X.npy", np.array([[1.0], [2.0], [8.0], [9.0]]))
        ...     rows = ChunkedRows.from_npy(f"{folder}/X.npy")
        ...     print(KMeans(2, random_state=0).fit(rows).inertia_)
        1.0
        """
        return cls(partial(_npy_chunks, _as_list(paths), _checked_rows(chunk_rows)))

    @classmethod
    def from_parquet(
        cls,
        paths: Path | Sequence[Path],
        columns: str | Sequence[str] | None = None,
        *,
        chunk_rows: int | None = None,
    ) -> Self:
        """The rows of Parquet files, one file after the other. It needs pyarrow.

        Parameters
        ----------
        paths : path or sequence of paths
            For a folder: ``sorted(Path(folder).glob("*.parquet"))``.
        columns : str or sequence of str, optional
            The columns to use, in this order. The default is all columns of the first file, except
            the index of a pandas data frame.
        chunk_rows : int, optional
            The number of rows in a chunk. The default is as many as take 32 MB as float64.

        Returns
        -------
        ChunkedRows
            The files are opened when the rows are read.

        Raises
        ------
        InvalidParameterError
            If ``chunk_rows`` is not an int of at least 1.

        Examples
        --------
        >>> import tempfile
        >>> import pandas as pd
        >>> from kmeans_core import ChunkedRows, KMeans
        >>> frame = pd.DataFrame({"name": list("abcd"), "x": [1.0, 2.0, 8.0, 9.0]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     frame.to_parquet(f"{folder}/X.parquet")
        ...     rows = ChunkedRows.from_parquet(f"{folder}/X.parquet", columns=["x"])
        ...     print(KMeans(2, random_state=0).fit(rows).inertia_)
        1.0
        """
        names = None if columns is None else _as_list(columns)
        return cls(partial(_parquet_chunks, _as_list(paths), names, _checked_rows(chunk_rows)))

    def __iter__(self) -> Iterator[Any]:
        chunks = self._factory()
        if _n_rows(chunks) is not None:
            raise TypeError(
                "The factory of ChunkedRows must return an iterator of chunks, for example a list "
                f"of arrays. It returned one {type(chunks).__name__}."
            )
        try:
            return iter(chunks)
        except TypeError as error:
            raise TypeError(
                f"The factory of ChunkedRows must return an iterator of chunks: {error}."
            ) from error

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            "ChunkedRows are never joined into one array. Only fit, fit_predict, predict, "
            "transform and score of KMeans, and assign, read them chunk by chunk. For "
            "MiniBatchKMeans, call partial_fit on each chunk in a loop."
        )

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names of the columns, or None if the chunks have no names."""
        return next((chunk.names for chunk in self._survey(1) if chunk.names), None)

    # ChunkedPoints alone calls the next two.

    def _survey(self, n_threads: int) -> list[_Chunk]:
        """What is known of each chunk that has rows. The first call reads all chunks."""
        if not self._chunks:
            for _ in self._read(n_threads):
                pass
        return self._chunks

    def _read(self, n_threads: int) -> Iterator[tuple[slice, KnownPoints]]:
        """Read the chunks once, and check each: the numbers of its rows, and its points.

        ValueError if a chunk cannot be used, or differs from the first pass.
        """
        found: list[_Chunk] = []
        names: tuple[str, ...] = ()
        start = 0
        chunks = iter(self)
        for number in itertools.count():
            name = f"chunk {number} of X (from row {start})"
            try:
                X = next(chunks)
            except StopIteration:
                break
            except OSError as error:
                raise OSError(f"Cannot read {name}: {error}") from error
            except Exception as error:
                error.add_note(f"It was raised when ChunkedRows asked for {name}.")
                raise
            if _n_rows(X) == 0:
                continue
            points = as_points(X, n_threads=n_threads, compress=False, name=name)
            found.append(_chunk_of(points, feature_names(X)))
            names = names or found[-1].names
            self._check(found, names, name)
            rows = slice(start, start + found[-1].n_rows)
            yield rows, points
            start = rows.stop
            del X, points  # makes room for the next chunk
        if not found and not self._chunks:
            raise ValueError("ChunkedRows found no rows: the factory returned no chunks with rows.")
        if len(found) < len(self._chunks):
            raise ValueError(
                f"A pass over X ended after {len(found)} chunks with {start} rows, but the first "
                f"pass found {len(self._chunks)} chunks. The factory of ChunkedRows must return a "
                "new iterator at each call, not the same iterator again."
            )
        self._chunks = found

    def _check(self, found: list[_Chunk], names: tuple[str, ...], name: str) -> None:
        chunk, number = found[-1], len(found) - 1
        if chunk.n_features != found[0].n_features:
            raise ValueError(
                f"The number of columns differs: {name} has {chunk.n_features}, but the first "
                f"chunk has {found[0].n_features}."
            )
        if chunk.names and chunk.names != names:
            raise ValueError(
                f"The columns differ: {name} has {shown(list(chunk.names))}, but an earlier chunk "
                f"has {shown(list(names))}. All chunks need the same columns in the same order."
            )
        if self._chunks and (number >= len(self._chunks) or chunk != self._chunks[number]):
            raise ValueError(
                f"The rows differ from those of the first pass: {name} has another shape, dtype or "
                "first row. The factory of ChunkedRows must return the same chunks at each call. "
                "If the data have changed, make new ChunkedRows."
            )


def _n_rows(X: Any) -> int | None:
    """The number of rows of a chunk if it has a shape."""
    shape = getattr(X, "shape", None)
    return shape[0] if isinstance(shape, tuple) and len(shape) == 2 else None


def _chunk_of(points: KnownPoints, names: Iterable[str] | None) -> _Chunk:
    first_row = zlib.crc32(points.take(np.zeros(1, dtype=np.intp)).tobytes())
    is_csr = isinstance(points, SparsePoints)
    own = () if names is None else tuple(names)
    return _Chunk(*points.shape, points.dtype, is_csr, points.n_stored, first_row, own)


# Files ----------------------------------------------------------------------------------------


def _as_list(given: Any) -> list[Any]:
    return [given] if isinstance(given, str | os.PathLike) else list(given)


def _checked_rows(chunk_rows: Any) -> int | None:
    return None if chunk_rows is None else plain_count(chunk_rows, "chunk_rows")


def _rows_at_once(chunk_rows: int | None, n_columns: int) -> int:
    return chunk_rows or max(1, CHUNK_BYTES // (8 * max(1, n_columns)))


def _npy_chunks(paths: list[Path], chunk_rows: int | None) -> Iterator[Any]:
    for path in paths:
        yield from _chunks_of_npy(path, chunk_rows)


def _chunks_of_npy(path: Path, chunk_rows: int | None) -> Iterator[Any]:
    try:
        mapped = np.lib.format.open_memmap(path, mode="r")  # refuses archives and pickles
    except ValueError as error:
        raise ValueError(f"Cannot read {os.fspath(path)} as .npy: {error}") from error
    if mapped.ndim != 2:
        raise ValueError(f"{os.fspath(path)} does not hold one 2-D array of numbers.")
    n_block = _rows_at_once(chunk_rows, mapped.shape[1])
    for first in range(0, len(mapped), n_block):
        rows = mapped[first : first + n_block]
        if mapped.flags.c_contiguous:
            # Pages of a map stay in memory as long as the map. A read needs one chunk.
            at = mapped.offset + first * mapped.strides[0]
            yield np.fromfile(path, mapped.dtype, rows.size, offset=at).reshape(rows.shape)
        else:
            yield np.array(rows, order="C")


def _parquet_chunks(
    paths: list[Path], columns: list[str] | None, chunk_rows: int | None
) -> Iterator[Any]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(f"ChunkedRows.from_parquet needs pyarrow: {install('arrow')}.") from error
    for path in paths:
        try:
            # A buffer ahead would hold the whole file.
            opened = pyarrow.parquet.ParquetFile(path, pre_buffer=False)
        except ValueError as error:  # of pyarrow
            raise ValueError(f"Cannot read {os.fspath(path)} as Parquet: {error}") from error
        with opened as file:
            names = file.schema_arrow.names
            if columns is None:
                of_pandas = file.schema_arrow.pandas_metadata or {}
                index = of_pandas.get("index_columns", [])
                columns = [name for name in names if name not in index]
            for name in columns:
                if names.count(name) != 1:
                    found = "several columns" if name in names else "no column"
                    raise ValueError(f"{os.fspath(path)} has {found} {name!r}. It has {names}.")
            n_block = _rows_at_once(chunk_rows, len(columns))
            for batch in file.iter_batches(n_block, columns=columns):
                yield batch.select(columns)
