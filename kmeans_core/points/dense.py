"""DensePoints: rows of a dense array."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import (
    Floats,
    Ints,
    Labels,
    aligned_zeros,
    ceil_div,
    largest_size,
    round_up,
    row_blocks,
)
from kmeans_core.kernels import dense, dense_distances, dense_pairs
from kmeans_core.kernels.arrays import EPS
from kmeans_core.kernels.centers import squared_lengths
from kmeans_core.kernels.vectors.fused import TILE_ROWS, TILES
from kmeans_core.kernels.vectors.ir import LANES64
from kmeans_core.lazy import lazy
from kmeans_core.points.assign_dense import PlainAssigner, RowFilterAssigner, dense_assigner
from kmeans_core.points.centers import origin_of, transposed
from kmeans_core.points.interface import RUN_CALLS, Assigner, DistancesOf, KnownPoints, Trials
from kmeans_core.points.row_groups import RowGroups
from kmeans_core.points.sums import ClusterSums
from kmeans_core.points.trials import DenseTrials, n_kept_of_dense
from kmeans_core.threads import chunks

# The variance reads this many entries of X at a time: 2 MB as float64.
VARIANCE_BLOCK = 2**18

# With more features than this, the table of a block holds some features at a time (measured).
WHOLE_TABLE = 512

# With at most this many features, differences take .1 to 1.3 times as long as products (measured
# with 2 to 256 clusters).
FEW_FEATURES = 32

# The relative error of a squared distance that ``distances`` allows. Roots halve it, and the root
# of a float32 row is then rounded to 24 bits.
RELATIVE_ERROR = {np.dtype(np.float32): 1e-7, np.dtype(np.float64): 1e-12}

# The bits of infinity, for floats of 4 and 8 bytes.
INFINITY: dict[int, Any] = {
    4: np.float32(np.inf).view(np.int32),
    8: np.float64(np.inf).view(np.int64),
}

# A block of rows that is checked and assigned has this many bytes. It stays in the cache, and
# smaller blocks take longer (measured from 2**19 on).
BLOCK_BYTES = 2**21
BLOCK_TILE = 64

# Each thread gets at least this many blocks, if there are enough rows.
BLOCKS = 2


class DensePoints:
    """Rows of a C-ordered float32 or float64 array.

    ``refuse`` raises an error for an entry that is not finite. It is None if all are known to be
    finite. An array that ``is_mapped`` from a file may be larger than the memory. So nothing in
    proportion to its entries is kept beside it.
    """

    inertia_error = 0.0
    unknown_rows: Ints = np.empty(0, dtype=np.intp)

    # Smaller and larger blocks take longer (measured from 2 to 30,000 features).
    most_block_columns = 384

    def __init__(
        self,
        X: npt.NDArray[Any],
        n_threads: int,
        refuse: Callable[[], None] | None = None,
        *,
        is_mapped: bool = False,
    ) -> None:
        self.X = X
        self.n_threads = n_threads
        self.is_mapped = is_mapped
        self._refuse = refuse

    @property
    def known(self) -> "DensePoints":
        return self

    @property
    def matrix(self) -> npt.NDArray[Any]:
        return self.X

    @property
    def shape(self) -> tuple[int, int]:
        n_samples, n_features = self.X.shape
        return n_samples, n_features

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.X.dtype

    def mean_variance(self) -> float:
        _, squares = self.moments()
        return float(np.mean(squares / len(self.X)))

    def moments(self) -> tuple[Floats, Floats]:
        # By blocks: np.var would make a float64 copy of all rows.
        mean = self.X.mean(axis=0, dtype=np.float64)
        squares = np.zeros(len(mean))
        n_block = max(1, VARIANCE_BLOCK // self.X.shape[1])
        for first in range(0, len(self.X), n_block):
            squares += np.sum((self.X[first : first + n_block] - mean) ** 2, axis=0)
        return mean, squares

    def take(self, rows: Ints) -> Floats:
        return self.X[rows].astype(np.float64)

    def subset(self, rows: Ints) -> "DensePoints":
        return DensePoints(self.X.take(rows, axis=0), self.n_threads)

    def unit_rows(self) -> tuple[KnownPoints, npt.NDArray[np.bool_]]:
        rows = self.X.astype(np.float64)
        lengths = np.empty(len(rows))
        squared_lengths(rows, lengths)
        np.sqrt(lengths, out=lengths)
        rows /= np.where(lengths > 0, lengths, 1.0)[:, None]
        return DensePoints(rows, self.n_threads), lengths == 0

    def assigner(self, n_clusters: int, n_calls: int = RUN_CALLS) -> Assigner:
        return dense_assigner(self.X, n_clusters, n_calls, self.n_threads, lean=self.is_mapped)

    def assign_once(self, centers: Floats, labels: Labels, own: Floats | None) -> None:
        """Check all rows, label them, and write their own distances unless ``own`` is None.

        Many rows are read from memory once, a block at a time. ValueError as in ``check_finite``.
        """
        assigner = self.assigner(len(centers), n_calls=1)
        if not isinstance(assigner, PlainAssigner | RowFilterAssigner):
            self.check_finite()  # the assigner sorts the rows first
            assigner.assign(centers, labels)
            if own is not None:
                self._measure(centers, labels, own)
            return
        label = assigner.labeler(centers)
        # Few blocks have little to do before a kernel runs, which only one thread at a time can do.
        n_parts = BLOCKS * self.n_threads if self.n_threads > 1 else 1
        n_block = min(BLOCK_BYTES // self.X[0].nbytes, ceil_div(len(self.X), n_parts))
        n_block = round_up(max(n_block, 1), BLOCK_TILE)
        is_sound: list[bool] = []

        def task(start: int, stop: int) -> None:
            for block in range(start, stop):
                first, last = block * n_block, min((block + 1) * n_block, len(self.X))
                if self._refuse is not None:
                    is_sound.append(self._is_finite(first, last))
                label(first, last, labels)
                if own is not None:
                    dense.own_distances(self.X, centers, labels, first, last, own)

        work = self.X.size * (len(centers) + 4) // 16
        chunks.run(ceil_div(len(self.X), n_block), work, self.n_threads, task)
        if self._refuse is not None and not all(is_sound):
            self._refuse()

    def check_finite(self) -> None:
        """Raise the error of ``refuse``, if there is one, unless all entries are finite."""
        if self._refuse is not None and not self.is_finite():
            self._refuse()

    def is_finite(self) -> bool:
        found: list[bool] = []
        self._run_rows(self.X.size, lambda start, stop: found.append(self._is_finite(start, stop)))
        return all(found)

    def _is_finite(self, start: int, stop: int) -> bool:
        infinity = INFINITY[self.X.itemsize]
        rows = self.X[start:stop].view(infinity.dtype)
        return bool(dense.is_finite(rows.reshape(-1), infinity))

    def cluster_sums(self, weights: Floats, n_clusters: int) -> ClusterSums:
        return ClusterSums(self, weights, n_clusters)

    def penalty(self, centers: Floats) -> float:
        return 0.0

    def cost_alone(self, weights: Floats) -> float:
        return 0.0  # the center lies on the row

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        n_features = self.X.shape[1]
        chunks.run(
            len(sums),
            len(groups.rows) * n_features,
            self.n_threads,
            lambda start, stop: groups.add(
                partial(dense.add_rows, self.X), start, stop, n_features, sums
            ),
        )

    def follow_labels(self, *arrays: Any) -> None:
        dense.follow_labels(self.X, *arrays)

    def sums_are_exact(self, weights: Floats) -> bool:
        return False  # unknown: to check takes as long as a sum

    @property
    def n_stored(self) -> int:
        return self.X.size

    @property
    def largest(self) -> float:
        return largest_size(self.X)

    @property
    def stored(self) -> npt.NDArray[Any]:
        return self.X.reshape(-1)

    def place(self, entry: int) -> tuple[int, int]:
        return divmod(entry, self.shape[1])

    def trials(self, weights: Floats, n_trials: int, *, exact: bool) -> Trials:
        n_kept = 0 if self.is_mapped else n_kept_of_dense(*self.shape)
        return DenseTrials(self.X, weights, n_trials, self.n_threads, n_kept)

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(len(self.X))
        self._measure(centers, labels, out)
        return out

    def _measure(self, centers: Floats, labels: Labels, out: Floats) -> None:
        """Write the own distance of every row to ``out``."""
        self._run_rows(
            self.X.size,
            lambda start, stop: dense.own_distances(self.X, centers, labels, start, stop, out),
        )

    def exact_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        out = np.empty(len(rows))
        for part in row_blocks((len(rows), self.X.shape[1])):
            some = rows[part]
            dense.own_distances(self.X[some], centers, labels[some], 0, len(some), out[part])
        return out

    def distances(self, centers: Floats) -> npt.NDArray[Any]:
        out = np.empty((len(self.X), len(centers)), self.X.dtype)
        if self.X.shape[1] <= FEW_FEATURES:
            table = transposed(centers, dense_distances.DIFFERENCE_LANES)
            task = partial(dense_distances.by_differences, self.X, table)
        else:
            arguments = _products_with(centers, self.X.dtype)
            task = partial(dense_distances.by_products, self.X, *arguments)
        # A root takes as long as some fifty products, which go by vectors.
        work = self.X.size * (len(centers) + 16) // 16 + 3 * out.size
        self._run_rows(work, lambda start, stop: task(start, stop, out))
        return out

    @property
    def rows_are_long(self) -> bool:
        return bool(self.X.shape[1] > WHOLE_TABLE)

    def pair_distances(self, first: int, stop: int) -> DistancesOf:
        shifted = self.X, self._shift, self._shifted_norms
        table_of = self._tables(self._shift, first, stop)

        def distances(start: int, end: int) -> Floats:
            table = table_of()
            tiled = np.arange(round_up(end - start, TILE_ROWS))
            out = np.empty((len(tiled), table.shape[1] - dense_pairs.GAP))
            dense_pairs.euclidean(*shifted, first, stop, start, end, table, tiled, out)
            return out[: end - start]

        return distances

    def pair_manhattan(self, first: int, stop: int) -> DistancesOf:
        zeros = np.zeros(self.X.shape[1])
        table_of = self._tables(zeros, first, stop)

        def distances(start: int, end: int) -> Floats:
            out = np.empty((end - start, stop - first))
            dense_pairs.manhattan(self.X, zeros, first, stop, start, end, table_of(), out)
            return out

        return distances

    @lazy
    def _shift(self) -> Floats:
        """A row near the mean, subtracted from all rows before products to limit cancellation.

        The mean itself has digits that no row has. Differences of rows of multiples of 1/2 are
        multiples of 1/2, so their products are exact.
        """
        step = max(1, self.X.size // VARIANCE_BLOCK)
        some = self.X[::step].astype(np.float64)
        with np.errstate(all="ignore"):  # any row serves if the squares overflow
            squares = np.sum((some - some.mean(axis=0)) ** 2, axis=1)
        row: Floats = some[np.argmin(squares)]
        return row

    @lazy
    def _shifted_norms(self) -> Floats:
        """Squared length of every row minus the shift."""
        out = np.empty(len(self.X))
        with np.errstate(all="ignore"):
            for rows in row_blocks(self.shape):
                squared_lengths(self.X[rows] - self._shift, out[rows])
        return out

    def _tables(self, shift: Floats, first: int, stop: int) -> Callable[[], Floats]:
        """A function that returns a table for rows first..stop, empty if rows are long."""
        n_features = self.X.shape[1]
        n_lanes = round_up(stop - first, dense_pairs.TILE_LANES)
        if self.rows_are_long:
            shape = dense_pairs.FEATURES, n_lanes + dense_pairs.GAP
            return lambda: aligned_zeros(shape, np.float64)
        table = aligned_zeros((n_features, n_lanes + dense_pairs.GAP), np.float64)
        dense_pairs.fill(self.X, shift, first, stop, 0, table)
        return lambda: table

    def _run_rows(self, work: int, task: chunks.Task) -> None:
        chunks.run(len(self.X), work, self.n_threads, task)


def _products_with(centers: Floats, dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """The arguments of ``dense_distances.by_products`` that follow X."""
    n_clusters, n_features = centers.shape
    at_once = dense_distances.FEATURES
    n_vectors = min(ceil_div(n_clusters, LANES64), max(TILES))
    n_columns = n_vectors * LANES64
    n_tables = ceil_div(n_clusters, n_columns)
    origin = origin_of(centers, np.float64)
    with np.errstate(all="ignore"):
        padded = np.zeros((n_tables * n_columns, n_features))
        np.subtract(centers, origin, out=padded[:n_clusters])
        norms = np.add.reduceat(padded**2, np.arange(0, n_features, at_once), axis=1).sum(axis=1)
    tables = aligned_zeros((n_tables, n_features, n_columns), np.float64)
    tables[:] = padded.reshape(n_tables, n_columns, n_features).transpose(0, 2, 1)
    n_roundings = min(n_features, at_once) + ceil_div(n_features, at_once)
    share = (n_roundings + 5) * EPS / RELATIVE_ERROR[dtype]
    tile, vectors = (0,) * TILES[n_vectors], (0,) * n_vectors
    return origin, tables, norms.reshape(n_tables, n_columns), centers, share, tile, vectors
