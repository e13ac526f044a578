"""SparsePoints: rows of a CSR matrix, absent = 0."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Csr, Floats, Ints, Labels, ceil_div
from kmeans_core.kernels import dense, sparse
from kmeans_core.kernels.centers import squared_lengths
from kmeans_core.kernels.vectors.ir import LANES64
from kmeans_core.lazy import lazy
from kmeans_core.points.assign_sparse import CenterFilter, SparseAssigner
from kmeans_core.points.centers import transposed
from kmeans_core.points.csr_rows import CsrPairs
from kmeans_core.points.interface import RUN_CALLS, Assigner, KnownPoints, Trials
from kmeans_core.points.row_groups import RowGroups
from kmeans_core.points.sums import ClusterSums
from kmeans_core.points.trials import SparseTrials, share_of_error
from kmeans_core.threads import chunks

# A block of rows that is checked and assigned at once has about this many bytes. The check and the
# norms of a stored value take as long as this many multiply-adds, and a row as long as ROW_ONCE.
ONCE_BYTES = 2**20
ONCE_WORK = 2
ROW_ONCE = 20

# Rows are laid out in a dense array of about this many cells (1 MB) for exact own distances.
EXACT_CELLS = 2**17

# Whole weights that sum to less than this give exact float64 sums of multiples of 1/4 (below 2^53
# quarters).
MOST_WEIGHT = 2.0**41


def inertia_error_of(n_samples: int, n_features: int) -> float:
    """``Points.inertia_error`` of CSR rows.

    The squared length of a center, and its part at the stored features of a row, are sums of at
    most n_features squares. At least ``CANCELLED`` of them remains after cancellation. Distances
    are then added in blocks of 128 rows.
    """
    return (4 * (n_features + 5) / sparse.CANCELLED + n_samples / 64 + 300) * 2.0**-53


class SparsePoints(CsrPairs):
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

    @property
    def known(self) -> "SparsePoints":
        return self

    @property
    def inertia_error(self) -> float:
        return inertia_error_of(*self.shape)

    def mean_variance(self) -> float:
        n_samples, n_features = self.shape
        return self.moments()[1] / n_samples / n_features

    def moments(self) -> tuple[Floats, float]:
        data, indices, _ = self.csr
        n_samples = self.shape[0]
        means = np.empty(self.n_features)
        n_entries = np.empty(self.n_features, dtype=np.intp)
        sparse.column_means(data, indices, n_samples, means, n_entries)
        return means, float(sparse.squared_deviations(data, indices, n_samples, means, n_entries))

    def take(self, rows: Ints) -> Floats:
        data, indices, indptr = self.csr
        out = np.zeros((len(rows), self.n_features))
        sparse.take(data, indices, indptr, np.asarray(rows, dtype=np.intp), out)
        return out

    def subset(self, rows: Ints) -> "SparsePoints":
        data, indices, indptr = self.csr
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(indptr[rows + 1] - indptr[rows], out=starts[1:])
        n_stored = int(starts[-1])
        if n_stored <= np.iinfo(indptr.dtype).max:  # the dtype that kernels are compiled for
            starts = starts.astype(indptr.dtype)
        csr = np.empty(n_stored, data.dtype), np.empty(n_stored, indices.dtype), starts
        chunks.run(
            len(rows),
            n_stored,
            self.n_threads,
            lambda start, stop: sparse.subset(data, indices, indptr, rows, *csr, start, stop),
        )
        return SparsePoints(csr, self.n_features, self.n_threads)

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

        A block of rows is read from memory once. If one is unsound, ``checked`` raises the error.
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

    @lazy
    def trial_error(self) -> float:
        """Relative error of the distances and sums of k-means++; it is 0 for short numbers."""
        if self._is_short:
            return 0.0
        n_longest = int(np.max(np.diff(self.csr[2])))
        return share_of_error(n_longest, self.shape[0])
