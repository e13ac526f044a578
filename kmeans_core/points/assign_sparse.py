"""SparseAssigner: the nearest centers of CSR rows, by a table of centers that is kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels, aligned_zeros, ceil_div, round_up
from kmeans_core.kernels import sparse_filter
from kmeans_core.kernels.centers import put_centers
from kmeans_core.kernels.vectors.ir import LANES32
from kmeans_core.threads import chunks

# Vectors of a tile at most: each has an accumulator.
MOST_VECTORS = 8

# Runs a task over all rows; of how many multiply-adds for each stored value.
RunRows = Callable[[int, chunks.Task], None]


class CenterTable:
    """Room for centers as the float32 filter wants them.

    Attributes
    ----------
    table : ndarray of shape (n_features, n_padded), float32
        For centers transposed; zero past n_clusters.
    half_norms : ndarray of shape (n_padded,), float32
        For half their squared lengths; infinite past n_clusters.
    vectors : tuple
        One entry for each vector of a tile.
    """

    def __init__(self, n_clusters: int, n_features: int) -> None:
        n_padded = self.padded(n_clusters)
        n_tiles = ceil_div(n_padded, LANES32 * MOST_VECTORS)
        self.vectors = (0,) * (n_padded // (LANES32 * n_tiles))
        self.table = aligned_zeros((n_features, n_padded), np.float32)
        self.half_norms = aligned_zeros((n_padded,), np.float32)
        self.half_norms[n_clusters:] = np.inf

    @staticmethod
    def padded(n_clusters: int) -> int:
        """Columns for so many clusters: tiles of equal width, of whole vectors."""
        n_vectors = ceil_div(n_clusters, LANES32)
        n_tiles = ceil_div(n_vectors, MOST_VECTORS)
        return round_up(n_vectors, n_tiles) * LANES32


class SparseAssigner:
    """Float32 and float64 as filters, the deciding sum where neither can tell."""

    def __init__(
        self,
        csr: tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]],
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

    def assign(self, centers: Floats, labels: Labels) -> int:
        self._prepare(centers)
        moved: list[int] = []

        def task(start: int, stop: int) -> None:
            moved.append(
                sparse_filter.assign(
                    *self._csr,
                    self._row_norms,
                    centers,
                    self._norms,
                    self._centers.table,
                    self._centers.half_norms,
                    self._centers.vectors,
                    start,
                    stop,
                    labels,
                )
            )

        self._run_rows(len(self._centers.half_norms) // LANES32, task)
        return sum(moved)

    def _prepare(self, centers: Floats) -> None:
        chunks.run(
            centers.shape[1],
            centers.size,
            self._n_threads,
            lambda start, stop: put_centers(centers, self._all, start, stop, self._centers.table),
        )
        sparse_filter.put_norms(centers, self._norms, self._centers.half_norms)
