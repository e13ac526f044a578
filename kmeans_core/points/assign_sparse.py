"""SparseAssigner: the nearest centers of CSR rows, from a table of centers that is kept."""

from collections.abc import Callable

import numpy as np

from kmeans_core.arrays import Csr, Floats, Labels, aligned_zeros, ceil_div, round_up
from kmeans_core.kernels import sparse_filter
from kmeans_core.kernels.centers import BLOCK_FEATURES
from kmeans_core.kernels.vectors.ir import LANES32
from kmeans_core.threads import chunks

# A tile has at most this many vectors, because each has an accumulator.
MOST_VECTORS = 8

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


class SparseAssigner:
    """Filters in float32 and float64, and the exact distance for rows that neither can settle."""

    def __init__(
        self,
        csr: Csr,
        row_norms: Floats,
        n_clusters: int,
        n_features: int,
        n_threads: int,
        run_rows: RunRows,
    ) -> None:
        self._csr = csr
        self._row_norms = row_norms
        self._n_threads = n_threads
        self._run_rows = run_rows
        self._centers = CenterTable(n_clusters, n_features)
        self._norms = np.empty(n_clusters)
        self._all = np.ones(n_clusters, dtype=np.bool_)
        self._block_norms = np.empty((ceil_div(n_features, BLOCK_FEATURES), n_clusters))

    def assign(self, centers: Floats, labels: Labels) -> int:
        table, half_norms = self._centers.table, self._centers.half_norms
        chunks.run(
            len(self._block_norms),
            centers.size,
            self._n_threads,
            lambda start, stop: sparse_filter.put_blocks(
                centers, self._all, start, stop, table, self._block_norms
            ),
        )
        sparse_filter.put_norms(centers, self._block_norms, self._norms, half_norms)
        prepared = centers, self._block_norms, self._norms, table, half_norms, self._centers.vectors
        moved: list[int] = []

        def task(start: int, stop: int) -> None:
            moved.append(
                sparse_filter.assign(*self._csr, self._row_norms, *prepared, start, stop, labels)
            )

        self._run_rows(len(half_norms) // LANES32, task)
        return sum(moved)
