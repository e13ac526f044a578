"""CsrRows: the arrays of a CSR matrix, and CsrPairs: distances between its rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import Csr, Floats, aligned_zeros, ceil_div, largest_size
from kmeans_core.kernels import sparse, sparse_pairs
from kmeans_core.kernels.vectors.ir import VECTOR_BYTES
from kmeans_core.lazy import lazy
from kmeans_core.points.interface import DistancesOf
from kmeans_core.threads import chunks

# Chunks consist of whole runs of rows.
N_RUNS = 128

# Products of pairs are faster row by row than column by column if a stored value meets the same
# feature in more than this share of the rows, for each byte of a number (measured). The share is
# doubled if a table of few rows fills most of a second cache. With a larger table the products go
# column by column.
SHARE_BY_ROWS = 0.0075
CACHED_TABLE_BYTES = 2**19
TABLE_BYTES = 2**22

# The largest numbers of rows in a block (measured). Column by column, large blocks are better,
# since every block goes through all features. But the stored values of a block take at most 10 MB.
BLOCK_ROWS = 256
COLUMN_BLOCK_ROWS = 1024
LEAST_BLOCK = 32
BLOCK_STORED = 2**20

# With this many more features than stored values, columns are numbered without gaps.
SPARSE_NUMBERS = 4

# Short rows are told apart by this many values before all values are read.
SOME_VALUES = 1024


class CsrRows:
    """Rows in CSR, with strictly ascending indices in each row."""

    def __init__(self, csr: Csr, n_features: int, n_threads: int) -> None:
        self.csr = csr
        self.n_features = n_features
        self.n_threads = n_threads

    @property
    def matrix(self) -> Any:
        return sp.csr_array(self.csr, shape=self.shape)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.csr[2]) - 1, self.n_features

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.csr[0].dtype

    @property
    def n_stored(self) -> int:
        return len(self.csr[0])

    @property
    def largest(self) -> float:
        return largest_size(self.csr[0])

    @property
    def stored(self) -> npt.NDArray[Any]:
        return self.csr[0]


class CsrPairs(CsrRows):
    """Rows in which an absent cell is 0, and the distances between them."""

    def __init__(self, csr: Csr, n_features: int, n_threads: int) -> None:
        super().__init__(csr, n_features, n_threads)
        self._tables: list[npt.NDArray[Any]] = []

    @lazy
    def row_norms(self) -> Floats:
        """Squared length of every row."""
        data, _, indptr = self.csr
        norms = np.empty(self.shape[0])
        self._run_rows(
            1, lambda start, stop: sparse.squared_norms(data, indptr, start, stop, norms)
        )
        return norms

    @property
    def most_block_columns(self) -> int:
        if self._pairs_go_by_rows:
            return BLOCK_ROWS
        n_stored = max(1, self.n_stored // self.shape[0])
        return max(LEAST_BLOCK, min(COLUMN_BLOCK_ROWS, BLOCK_STORED // n_stored))

    def pair_distances(self, first: int, stop: int) -> DistancesOf:
        n_block = stop - first
        csr, _ = self._numbered
        by_rows = self._pairs_go_by_rows
        if not by_rows:
            columns = self._columns(first, stop)

        def distances(start: int, end: int) -> Floats:
            if by_rows:
                out = self._products_by_rows(first, stop, start, end)
            else:
                out = np.empty((end - start, n_block))
                sparse_pairs.products_by_columns(*csr, *columns, start, end, out)
            sparse_pairs.euclidean(*csr, self.row_norms, first, stop, start, end, out)
            return out

        return distances

    def pair_manhattan(self, first: int, stop: int) -> DistancesOf:
        csr, _ = self._numbered
        columns = self._columns(first, stop)

        def distances(start: int, end: int) -> Floats:
            out = np.empty((end - start, stop - first))
            sparse_pairs.manhattan(*csr, self._l1_norms, first, *columns, start, end, out)
            return out

        return distances

    def _products_by_rows(self, first: int, stop: int, start: int, end: int) -> Floats:
        dtype = self._product_dtype
        n_tiles = ceil_div(stop - first, sparse_pairs.TILE_ROWS)
        out = np.empty((end - start, n_tiles * sparse_pairs.TILE_ROWS), dtype=dtype)
        # Made once for each thread that asks; a call that is cut short takes its table with it.
        try:
            table = self._tables.pop()
        except IndexError:
            table = aligned_zeros((self.n_features, sparse_pairs.TILE_ROWS), dtype)
        vectors = (0,) * (sparse_pairs.TILE_ROWS * dtype.itemsize // VECTOR_BYTES)
        sparse_pairs.products_by_rows(*self.csr, first, stop, start, end, table, vectors, out)
        self._tables.append(table)
        return out.astype(np.float64, copy=False)

    @property
    def _product_dtype(self) -> np.dtype[Any]:
        # float32 holds the products of short numbers exactly.
        return np.dtype(np.float32 if self._is_short else np.float64)

    @lazy
    def _pairs_go_by_rows(self) -> bool:
        """Whether products of pairs are computed row by row: see ``SHARE_BY_ROWS``."""
        _, indices, _ = self.csr
        n_samples, n_features = self.shape
        itemsize = self._product_dtype.itemsize
        n_bytes = n_features * sparse_pairs.TILE_ROWS * itemsize
        if n_bytes > TABLE_BYTES:
            return False
        share = SHARE_BY_ROWS * itemsize * (2 if n_bytes > CACHED_TABLE_BYTES else 1)
        # On average a value meets at least the share of X that is stored, and more if some
        # features are stored more often than others.
        if self.n_stored > share * n_samples * n_features:
            return True
        counts = np.bincount(indices).astype(np.float64)
        return bool(counts @ counts > share * n_samples * self.n_stored)

    @lazy
    def _numbered(self) -> tuple[tuple[npt.NDArray[Any], ...], int]:
        """Arrays like ``csr`` for pairs of rows, and the number of their features.

        A pair needs to know only which features are the same. If most features are not stored in
        any row, the stored features are numbered without gaps.
        """
        data, indices, indptr = self.csr
        if self.n_features <= SPARSE_NUMBERS * self.n_stored:
            return self.csr, self.n_features
        stored, numbers = np.unique(indices, return_inverse=True)
        return (data, numbers.astype(indices.dtype), indptr), len(stored)

    def _columns(self, first: int, stop: int) -> tuple[npt.NDArray[Any], ...]:
        """The starts, rows and values of rows first..stop, column by column."""
        (data, indices, indptr), n_features = self._numbered
        n_stored = int(indptr[stop] - indptr[first])
        starts = np.empty(n_features + 1, dtype=np.uint32)
        rows, values = np.empty(n_stored, dtype=np.uint16), np.empty(n_stored)
        sparse_pairs.columns_of(data, indices, indptr, first, stop, starts, rows, values)
        return starts, rows, values

    @lazy
    def _is_short(self) -> bool:
        """Whether all values are multiples of 1/4 in rows of length 1,024 or less."""
        # In most cases some values tell, without the norms of all rows.
        some = sparse.is_short(self.stored[:SOME_VALUES], np.empty(0))
        return bool(some and sparse.is_short(self.stored, self.row_norms))

    @lazy
    def _l1_norms(self) -> Floats:
        """Sum of the absolute values of every row."""
        out = np.empty(self.shape[0])
        sparse_pairs.l1_norms(self.csr[0], self.csr[2], out)
        return out

    def _first_row(self, run: int) -> int:
        """The first row of a run. All runs have about the same number of stored values."""
        if run in (0, N_RUNS):
            return 0 if run == 0 else self.shape[0]
        indptr = self.csr[2]
        n_before = indptr.dtype.type(run * (len(self.csr[0]) // N_RUNS))
        return int(np.searchsorted(indptr[:-1], n_before))

    def _run_rows(self, work_per_stored: int, task: chunks.Task) -> None:
        chunks.run(
            N_RUNS,
            len(self.csr[0]) * work_per_stored,
            self.n_threads,
            lambda start, stop: task(self._first_row(start), self._first_row(stop)),
        )
