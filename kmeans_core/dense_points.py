"""DensePoints: rows of a dense array."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core import chunks
from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.dense_assigner import dense_assigner
from kmeans_core.groups import RowGroups
from kmeans_core.kernels import dense
from kmeans_core.points import Assigner, Points
from kmeans_core.prepared import prepare

# Entries of X looked at together for the variance: 2 MB as float64.
VARIANCE_BLOCK = 2**18


class DensePoints:
    """Rows of a C-ordered float32 or float64 array."""

    def __init__(self, X: npt.NDArray[Any], n_threads: int) -> None:
        self.X = X
        self.n_threads = n_threads

    @property
    def shape(self) -> tuple[int, int]:
        n_samples, n_features = self.X.shape
        return n_samples, n_features

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.X.dtype

    def mean_variance(self) -> float:
        # By blocks: np.var would make a float64 copy of all rows.
        mean = self.X.mean(axis=0, dtype=np.float64)
        squares = np.zeros(len(mean))
        n_block = max(1, VARIANCE_BLOCK // self.X.shape[1])
        for first in range(0, len(self.X), n_block):
            squares += np.sum((self.X[first : first + n_block] - mean) ** 2, axis=0)
        return float(np.mean(squares / len(self.X)))

    def take(self, rows: Ints) -> Floats:
        return self.X[rows].astype(np.float64)

    def unit_rows(self) -> tuple[Points, npt.NDArray[np.bool_]]:
        rows = self.X.astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        rows /= np.where(lengths > 0, lengths, 1.0)[:, None]
        return DensePoints(rows, self.n_threads), lengths == 0

    def assigner(self, n_clusters: int) -> Assigner:
        return dense_assigner(self.X, n_clusters, self.n_threads)

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        chunks.run(
            len(sums),
            len(groups.rows) * self.X.shape[1],
            self.n_threads,
            lambda start, stop: dense.add_rows(
                self.X, groups.rows, groups.factors, groups.starts, start, stop, sums
            ),
        )

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(len(self.X))
        self._run_rows(
            self.X.size,
            lambda start, stop: dense.own_distances(self.X, centers, labels, start, stop, out),
        )
        return out

    def decided_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        out = np.empty(len(rows))
        dense.own_distances(self.X[rows], centers, labels[rows], 0, len(rows), out)
        return out

    def squared_distances(self, centers: Floats) -> Floats:
        out = np.empty((len(self.X), len(centers)))
        prepared = prepare(centers)
        self._run_rows(
            self.X.size * len(centers),
            lambda start, stop: dense.squared_distances(
                self.X, prepared.transposed, start, stop, out
            ),
        )
        return out

    def pair_distances(self, first: int, stop: int) -> Floats:
        out = np.empty((stop - first, len(self.X)))
        chunks.run(
            len(out),
            len(out) * self.X.size,
            self.n_threads,
            lambda begin, end: dense.pair_distances(self.X, first, begin, end, out),
        )
        return out

    def pair_manhattan(self, first: int, stop: int) -> Floats:
        out = np.empty((stop - first, len(self.X)))
        chunks.run(
            len(out),
            len(out) * self.X.size,
            self.n_threads,
            lambda begin, end: dense.pair_manhattan(self.X, first, begin, end, out),
        )
        return out

    def _run_rows(self, work: int, task: chunks.Task) -> None:
        chunks.run(len(self.X), work, self.n_threads, task)
