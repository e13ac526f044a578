"""SparsePoints: rows of a CSR matrix, absent = 0."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import Csr, Floats, Ints, Labels, aligned_zeros, ceil_div
from kmeans_core.kernels import dense, sparse, sparse_pairs
from kmeans_core.kernels.centers import squared_lengths
from kmeans_core.kernels.vectors.ir import LANES64, VECTOR_BYTES
from kmeans_core.lazy import lazy
from kmeans_core.points.assign_sparse import CenterFilter, SparseAssigner
from kmeans_core.points.centers import transposed
from kmeans_core.points.interface import RUN_CALLS, Assigner, DistancesOf, KnownPoints, Trials
from kmeans_core.points.row_groups import RowGroups
from kmeans_core.points.sums import ClusterSums
from kmeans_core.points.trials import SparseTrials, share_of_error
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

# A block of rows that is checked and assigned at once has about this many bytes. The check and the
# norms of a stored value take as long as this many multiply-adds, and a row as long as ROW_ONCE.
ONCE_BYTES = 2**20
ONCE_WORK = 2
ROW_ONCE = 20

# Short rows are told apart by this many values before all values are read.
SOME_VALUES = 1024

# Rows are laid out in a dense array of about this many cells (1 MB) for exact own distances.
EXACT_CELLS = 2**17

# Whole weights that sum to less than this give exact float64 sums of multiples of 1/4 (below 2^53
# quarters).
MOST_WEIGHT = 2.0**41


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
    def stored(self) -> npt.NDArray[Any]:
        return self.csr[0]


class SparsePoints(CsrRows):
    """Rows of a CSR matrix in which an absent cell is 0.

    ``checked`` makes points whose arrays and values are checked, or raises an error. It is None if
    the arrays of these points are checked. Otherwise only their shape and ``assign_once`` are used.
    """

    unknown_rows: Ints = np.empty(0, dtype=np.intp)
    rows_are_long = False

    def __init__(
        self,
        csr: Csr,
        n_features: int,
        n_threads: int,
        checked: "Callable[[], SparsePoints] | None" = None,
    ) -> None:
        super().__init__(csr, n_features, n_threads)
        self._checked = checked
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
    def known(self) -> "SparsePoints":
        return self

    @property
    def inertia_error(self) -> float:
        # The squared length of a center, and its part at the stored features of a row, are sums of
        # at most n_features squares. At least ``CANCELLED`` of them remains after cancellation.
        # Distances are then added in blocks of 128 rows.
        n_samples, n_features = self.shape
        return (4 * (n_features + 5) / sparse.CANCELLED + n_samples / 64 + 300) * 2.0**-53

    def mean_variance(self) -> float:
        data, indices, _ = self.csr
        n_samples = self.shape[0]
        means = np.empty(self.n_features)
        n_entries = np.empty(self.n_features, dtype=np.intp)
        sparse.column_means(data, indices, n_samples, means, n_entries)
        total = sparse.squared_deviations(data, indices, n_samples, means, n_entries)
        return float(total / n_samples / self.n_features)

    def take(self, rows: Ints) -> Floats:
        data, indices, indptr = self.csr
        out = np.zeros((len(rows), self.n_features))
        sparse.take(data, indices, indptr, np.asarray(rows, dtype=np.intp), out)
        return out

    def unit_rows(self) -> tuple[KnownPoints, npt.NDArray[np.bool_]]:
        data, indices, indptr = self.csr
        lengths = np.sqrt(self.row_norms)
        divisors = np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(indptr))
        csr = data / divisors, indices, indptr
        return SparsePoints(csr, self.n_features, self.n_threads), lengths == 0

    def assigner(self, n_clusters: int, n_calls: int = RUN_CALLS) -> Assigner:
        to = CenterFilter(n_clusters, self.n_features, self.n_stored, self.n_threads)
        rows = (*self.csr, self.row_norms) if to.needs_norms else self.csr
        return SparseAssigner(rows, to, self._run_rows)

    def assign_once(self, centers: Floats, labels: Labels, own: Floats | None) -> None:
        """Check all rows, label them, and write their own distances unless ``own`` is None.

        A block of rows is read from memory once. The error is that of ``checked``.
        """
        data, indices, indptr = self.csr
        n_samples = self.shape[0]
        to = CenterFilter(len(centers), self.n_features, self.n_stored, self.n_threads)
        arguments = to.put(centers)
        center_norms = np.empty(len(centers))
        if own is not None:
            squared_lengths(centers, center_norms)
        row_bytes = self.n_stored * (data.itemsize + indices.itemsize) // n_samples
        n_block = max(1, min(n_samples, ONCE_BYTES // (row_bytes + indptr.itemsize)))
        unsound: list[int] = []

        def task(start: int, stop: int) -> None:
            norms = np.empty(n_block if to.needs_norms else 0)
            for first in range(start, stop, n_block):
                last = min(first + n_block, stop)
                rows, chunk = (data, indices, indptr[first : last + 1]), (0, last - first)
                if not sparse.is_sound(*rows, self.n_features, *chunk):
                    unsound.append(first)
                    return
                found = labels[first:last]
                given: tuple[Floats, ...] = ()
                if to.needs_norms:
                    sparse.squared_norms(data, rows[2], *chunk, norms)
                    given = (norms,)
                to.kernel(*rows, *given, *arguments, *chunk, found)
                if own is not None:
                    known = centers, center_norms, found
                    sparse.own_distances(*rows, *known, *chunk, own[first:last])

        work = self.n_stored * (to.work + ONCE_WORK) + ROW_ONCE * n_samples
        chunks.run(n_samples, work, self.n_threads, task)
        if unsound:
            assert self._checked is not None, "the arrays of these points were checked"
            self._checked().assign_once(centers, labels, own)

    def cluster_sums(self, weights: Floats, n_clusters: int) -> ClusterSums:
        return ClusterSums(self, weights, n_clusters)

    def penalty(self, centers: Floats) -> float:
        return 0.0

    def cost_alone(self, weights: Floats) -> float:
        return 0.0  # the center lies on the row

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        n_samples = self.shape[0]
        add = partial(sparse.add_rows, *self.csr)
        chunks.run(
            len(sums),
            self.n_stored * len(groups.rows) // n_samples,
            self.n_threads,
            lambda start, stop: groups.add(add, start, stop, self.n_stored / n_samples, sums),
        )

    def follow_labels(self, *arrays: Any) -> None:
        sparse.follow_labels(*self.csr, *arrays)

    def sums_are_exact(self, weights: Floats) -> bool:
        whole = np.all(weights == np.floor(weights)) and np.sum(weights) < MOST_WEIGHT
        return bool(whole) and self._is_short

    def place(self, entry: int) -> tuple[int, int]:
        _, indices, indptr = self.csr
        return int(np.searchsorted(indptr, entry, side="right")) - 1, int(indices[entry])

    def trials(self, weights: Floats, n_trials: int, *, exact: bool) -> Trials:
        rows = self.csr, self.row_norms, self.n_features
        return SparseTrials(*rows, weights, n_trials, self.n_threads, self.trial_error, exact)

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(len(labels))
        norms = np.empty(len(centers))
        squared_lengths(centers, norms)
        self._run_rows(
            1,
            lambda start, stop: sparse.own_distances(
                *self.csr, centers, norms, labels, start, stop, out
            ),
        )
        return out

    def exact_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        norms = np.empty(len(centers))
        squared_lengths(centers, norms)
        # This is the exact distance of a row without stored values. The vectors of the dense kernel
        # are the fastest for the others, although most cells are zero.
        out: Floats = norms[labels[rows]]
        indptr = self.csr[2]
        places = np.flatnonzero(indptr[rows + 1] > indptr[rows])
        n_block = ceil_div(EXACT_CELLS, self.n_features)
        for first in range(0, len(places), n_block):
            part = rows[places[first : first + n_block]]
            found = np.empty(len(part))
            dense.own_distances(self.take(part), centers, labels[part], 0, len(part), found)
            out[places[first : first + n_block]] = found
        return out

    def distances(self, centers: Floats) -> npt.NDArray[Any]:
        out = np.empty((self.shape[0], len(centers)), self.dtype)
        # With very many features, padding costs more than the rows.
        table = transposed(centers, min(LANES64, len(centers)))
        norms = np.empty(len(centers))
        squared_lengths(centers, norms)
        self._run_rows(
            len(centers),
            lambda start, stop: sparse.distances(
                *self.csr, self.row_norms, centers, table, norms, start, stop, out
            ),
        )
        return out

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
    def trial_error(self) -> float:
        """Relative error of the distances and sums of k-means++; it is 0 for short numbers."""
        if self._is_short:
            return 0.0
        n_longest = int(np.max(np.diff(self.csr[2])))
        return share_of_error(n_longest, self.shape[0])

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
