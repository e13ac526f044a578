"""SparseAssigner: the nearest centers of CSR rows, from a table of centers that is kept."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kmeans_core.arrays import Floats, Labels, aligned_zeros, ceil_div, round_up
from kmeans_core.kernels import sparse_direct, sparse_filter
from kmeans_core.kernels.centers import BLOCK_FEATURES
from kmeans_core.kernels.vectors.ir import LANES32
from kmeans_core.threads import chunks

# A tile has at most this many vectors, because each has an accumulator.
MOST_VECTORS = 8

# A larger table, with more features than rows have stored values, takes longer to fill than it
# saves. Then rows read the centers directly (measured).
MOST_CELLS = 2**18

# run_rows(n, task) runs the task over all rows, with n multiply-adds for each stored value.
RunRows = Callable[[int, chunks.Task], None]


class CenterTable:
    """Space for the centers in the layout of the float32 filter."""

    def __init__(self, n_clusters: int, n_features: int) -> None:
        n_padded = self.padded(n_clusters)
        n_tiles = ceil_div(n_padded, LANES32 * MOST_VECTORS)
        # One entry for each vector of a tile.
        self.vectors = (0,) * (n_padded // (LANES32 * n_tiles))
        # The centers transposed, zero after n_clusters.
        self.table = aligned_zeros((n_features, n_padded), np.float32)
        # Half the squared lengths of the centers, infinite after n_clusters and for repetitions.
        self.half_norms = aligned_zeros((n_padded,), np.float32)
        self.half_norms[n_clusters:] = np.inf

    @staticmethod
    def padded(n_clusters: int) -> int:
        """The number of columns: tiles of equal width, made of whole vectors."""
        n_vectors = ceil_div(n_clusters, LANES32)
        n_tiles = ceil_div(n_vectors, MOST_VECTORS)
        return round_up(n_vectors, n_tiles) * LANES32


class CenterFilter:
    """The centers as one of the kernels of ``sparse_filter`` needs them.

    ``kernel(*csr, *arguments, start, stop, labels)`` labels rows, with the arguments of
    :meth:`put`. If it ``needs_norms``, the squared lengths of the rows follow the arrays of CSR.
    """

    def __init__(self, n_clusters: int, n_features: int, n_stored: int, n_threads: int) -> None:
        self._n_threads = n_threads
        self._norms = np.empty(n_clusters)
        self._block_norms = np.empty((ceil_div(n_features, BLOCK_FEATURES), n_clusters))
        has_table = n_features * n_clusters <= MOST_CELLS or n_features <= n_stored
        self._wanted = np.full(n_clusters, has_table)
        self.needs_norms = False
        # The multiply-adds for a stored value.
        self.work = 1
        self.kernel: Callable[..., int]
        self._table = np.empty((0, 0), np.float32)
        self._vectors: tuple[Any, ...] = ()
        if not has_table:
            self.kernel = sparse_direct.assign_directly
            self.work = n_clusters
            self._half_norms = np.empty(n_clusters, np.float32)
        elif n_clusters <= LANES32:
            self.kernel = sparse_filter.assign_few
            n_lanes = max(2, 1 << (n_clusters - 1).bit_length())
            self._table = aligned_zeros((n_features, n_lanes), np.float32)
            self._half_norms = np.full(n_lanes, np.inf, np.float32)
            self._vectors = self._table, (0,) * n_lanes
        else:
            self.kernel = sparse_filter.assign
            self.needs_norms = True
            self.work = ceil_div(n_clusters, LANES32)
            centers = CenterTable(n_clusters, n_features)
            self._table, self._half_norms = centers.table, centers.half_norms
            self._vectors = self._table, centers.vectors

    def put(self, centers: Floats) -> tuple[Any, ...]:
        """Lay out the centers; return arguments of the kernel."""
        chunks.run(
            len(self._block_norms),
            2 * centers.size,
            self._n_threads,
            lambda start, stop: sparse_filter.put_blocks(
                centers, self._wanted, start, stop, self._table, self._block_norms
            ),
        )
        sparse_filter.put_norms(centers, self._block_norms, self._norms, self._half_norms)
        return centers, self._block_norms, self._norms, self._half_norms, *self._vectors


class SparseAssigner:
    """Filters in float32 and float64, and the exact distance for rows that neither can settle."""

    def __init__(self, rows: tuple[Any, ...], to: CenterFilter, run_rows: RunRows) -> None:
        self._rows = rows
        self._filter = to
        self._run_rows = run_rows

    def assign(self, centers: Floats, labels: Labels) -> int:
        arguments = self._filter.put(centers)
        moved: list[int] = []

        def task(start: int, stop: int) -> None:
            moved.append(self._filter.kernel(*self._rows, *arguments, start, stop, labels))

        self._run_rows(self._filter.work, task)
        return sum(moved)
