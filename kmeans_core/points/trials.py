"""Trials of greedy k-means++ in each storage: draw rows, keep the one that leaves the least."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, aligned_zeros, ceil_div, round_up
from kmeans_core.kernels import observed, seeding, seeding_sparse
from kmeans_core.kernels.sparse import CANCELLED
from kmeans_core.kernels.vectors.ir import LANES64
from kmeans_core.points.interface import InexactError
from kmeans_core.threads import chunks

# Distances to the trials of a step are kept where a row has so many features: to compute some of
# them again takes longer than to store them all.
FEWEST_FEATURES = 32

# CSR rows may be short. Theirs are kept up to so many bytes, or this share of the matrix's own.
MOST_KEPT = 2**24
KEPT_SHARE = 0.5


class BlockTrials:
    """One start of k-means++ over some rows; see ``kernels/seeding.py``.

    A storage says how the trials become a table (``_put``), how blocks of rows are compared with
    them (``_step``), how rows are drawn (``_draw``) and how ``closest`` is brought up to date
    (``_keep``).

    Attributes
    ----------
    closest : ndarray of shape (n_samples,)
        Squared distance of each row to the nearest row kept; to those before the last one in
        blocks that are ``stale``.
    """

    def __init__(
        self, weights: Floats, n_trials: int, n_threads: int, work: int, n_kept: int = 0
    ) -> None:
        n_samples = len(weights)
        n_blocks = n_blocks_of(n_samples)
        self.weights = weights
        self.closest = np.full(n_samples, np.inf)
        self.vectors = (0,) * ceil_div(n_trials, LANES64)
        # To begin with every row is nearer to the first row kept than to none.
        self.nearer = np.full((n_samples, len(self.vectors)), 255, dtype=np.uint8)
        self.stale = np.ones(n_blocks, dtype=np.bool_)
        self.potentials = np.empty((n_blocks, LANES64 * len(self.vectors)))
        self.totals = np.empty(n_blocks)
        # To the first row none are kept.
        self.distances = np.empty((0, self.potentials.shape[1]))
        # The row kept last, and which trial it was.
        self.row = 0
        self.trial = 0
        self._n_kept = n_kept
        self._n_threads = n_threads
        self._work = work

    def begin(self, row: int) -> None:
        """Keep the first row."""
        self._take(row, 0)

        def task(start: int, stop: int) -> None:
            self._keep(start, stop)
            seeding.add_blocks(self.weights, self.closest, start, stop, self.totals)

        self._run(1, task)
        self.stale[:] = False
        self.distances = np.empty((self._n_kept, self.potentials.shape[1]))

    def keep_best(self, uniforms: Floats) -> int:
        """Draw a row for each number, and keep the one that leaves the least potential."""
        rows = np.empty(len(uniforms), dtype=np.intp)
        self._draw(uniforms, rows)
        self._put(rows)
        self._run(len(self.vectors) * LANES64, lambda start, stop: self._step(rows, start, stop))
        sums = np.empty(self.potentials.shape[1])
        best = int(seeding.least_potential(self.potentials, len(rows), sums))
        self._check(rows, sums, best)
        self.totals[:] = self.potentials[:, best]
        self._take(int(rows[best]), best)
        return self.row

    def _take(self, row: int, trial: int) -> None:
        self.row, self.trial = row, trial

    def _draw(self, uniforms: Floats, rows: Ints) -> None:
        raise NotImplementedError

    def _put(self, rows: Ints) -> None:
        raise NotImplementedError

    def _step(self, rows: Ints, start: int, stop: int) -> None:
        raise NotImplementedError

    def _keep(self, start: int, stop: int) -> None:
        raise NotImplementedError

    def _check(self, rows: Ints, sums: Floats, best: int) -> None:
        """Raise InexactError where the deciding sums might choose another trial."""

    def _run(self, work_per_entry: int, task: chunks.Task) -> None:
        chunks.run(len(self.totals), self._work * work_per_entry, self._n_threads, task)


def n_blocks_of(n_samples: int) -> int:
    """How many blocks rows are added in."""
    return ceil_div(n_samples, seeding.BLOCK_ROWS)


def n_kept_of_dense(n_samples: int, n_features: int) -> int:
    """Rows whose distances to the trials of a step are kept: all or none."""
    are_few = n_samples * LANES64 <= seeding.FEW_DISTANCES
    return n_samples if are_few or n_features >= FEWEST_FEATURES else 0


def n_kept_of_sparse(csr: tuple[npt.NDArray[Any], ...], n_trials: int) -> int:
    """The same for CSR."""
    data, indices, indptr = csr
    n_samples = len(indptr) - 1
    n_bytes = 8 * n_samples * round_up(n_trials, LANES64)
    return (
        n_samples if n_bytes <= max(MOST_KEPT, KEPT_SHARE * (data.nbytes + indices.nbytes)) else 0
    )


class DenseTrials(BlockTrials):
    """Rows of an array: always the deciding sum."""

    def __init__(self, X: npt.NDArray[Any], weights: Floats, n_trials: int, n_threads: int) -> None:
        super().__init__(weights, n_trials, n_threads, X.size, n_kept_of_dense(*X.shape))
        self.X = X
        self._table = aligned_zeros((X.shape[1], self.potentials.shape[1]), np.float64)

    def _draw(self, uniforms: Floats, rows: Ints) -> None:
        seeding.dense_draw(
            self.X,
            self.row,
            self.trial,
            self.nearer,
            self.distances,
            self.weights,
            self.totals,
            uniforms,
            self.closest,
            self.stale,
            rows,
        )

    def _put(self, rows: Ints) -> None:
        seeding.put_dense(self.X, rows, self._table)

    def _step(self, rows: Ints, start: int, stop: int) -> None:
        seeding.dense_step(
            self.X,
            self.row,
            self.trial,
            self._table,
            self.weights,
            self.vectors,
            start,
            stop,
            self.closest,
            self.stale,
            self.nearer,
            self.distances,
            self.potentials,
        )

    def _keep(self, start: int, stop: int) -> None:
        seeding.dense_keep(
            self.X,
            self.row,
            self.trial,
            self.nearer,
            self.distances,
            start,
            stop,
            self.closest,
        )


def share_of_error(n_longest: int, n_samples: int) -> float:
    """Bound on the relative error of expanded distances that did not cancel, and of their sums.

    For rows that store n values at most, and u = 2^-53: |x|^2, |y|^2 and x.y are sums of n
    products, so their rounding adds up to (2 n + 5) u (|x|^2 + |y|^2); and a distance that did not
    cancel is more than ``CANCELLED`` of that. The deciding sum has 2 n terms with 3 roundings each:
    (2 n + 3) u. A weighted sum over rows adds the rows of a block and the blocks, once with the one
    kind of distance and once with the other. The factor covers products of errors.
    """
    of_distances = (2 * n_longest + 5) / CANCELLED + 2 * n_longest + 3
    of_sums = 2 * (seeding.BLOCK_ROWS + n_blocks_of(n_samples) + 4)
    return 1.1 * (of_distances + of_sums) * 2.0**-53


class SparseTrials(BlockTrials):
    """Rows of CSR: expanded distances, whose error may never decide.

    Parameters
    ----------
    csr : tuple of ndarray
    row_norms : ndarray of shape (n_samples,)
    n_features : int
    weights : ndarray of shape (n_samples,)
    n_trials : int
    n_threads : int
    share : float
        ``share_of_error``, or 0 where expanded distances are exact.
    decides : bool
        Whether every distance that matters is to be the deciding sum, which takes longer.
    """

    def __init__(
        self,
        csr: tuple[npt.NDArray[Any], ...],
        row_norms: Floats,
        n_features: int,
        weights: Floats,
        n_trials: int,
        n_threads: int,
        share: float,
        exact: bool,
    ) -> None:
        super().__init__(
            weights,
            n_trials,
            n_threads,
            len(csr[0]) + len(weights),
            n_kept_of_sparse(csr, n_trials),
        )
        n_lanes = self.potentials.shape[1]
        self.csr = csr
        self.row_norms = row_norms
        self._exact = exact
        self._share = 0.0 if exact else share
        self._reach = 1.0 + 3.0 * share
        self._table = aligned_zeros((n_features, n_lanes), np.float64)
        self._norms = np.empty(n_lanes)
        self._tried = np.empty(0, dtype=np.intp)
        self._values = np.zeros((n_features, 1))

    def _take(self, row: int, trial: int) -> None:
        norm = np.empty(1)
        for kept, factor in ((self.row, 0.0), (row, 1.0)):
            seeding_sparse.put(
                *self.csr, self.row_norms, np.array([kept]), factor, self._values, norm
            )
        super()._take(row, trial)

    def _draw(self, uniforms: Floats, rows: Ints) -> None:
        sure = seeding_sparse.draw(
            *self._kept(),
            self._share,
            self.weights,
            self.totals,
            uniforms,
            self.closest,
            self.stale,
            rows,
        )
        if not sure:
            raise InexactError

    def _put(self, rows: Ints) -> None:
        for tried, factor in ((self._tried, 0.0), (rows, 1.0)):
            seeding_sparse.put(*self.csr, self.row_norms, tried, factor, self._table, self._norms)
        self._tried = rows

    def _step(self, rows: Ints, start: int, stop: int) -> None:
        seeding_sparse.step(
            *self._kept(),
            rows,
            self._table,
            self._norms,
            self.weights,
            self.vectors,
            self._reach,
            start,
            stop,
            self.closest,
            self.stale,
            self.potentials,
        )

    def _keep(self, start: int, stop: int) -> None:
        seeding_sparse.keep(*self._kept(), start, stop, self.closest)

    def _kept(self) -> tuple[Any, ...]:
        """What tells the distances to the row kept last."""
        return (
            *self.csr,
            self.row_norms,
            self.row,
            self._values.ravel(),
            self.trial,
            self.nearer,
            self.distances,
            self._exact,
        )

    def _check(self, rows: Ints, sums: Floats, best: int) -> None:
        if not seeding_sparse.best_is_sure(*self.csr, rows, sums, best, self._share):
            raise InexactError


class ObservedTrials(BlockTrials):
    """Rows with unknown cells, over the cells that two rows both know.

    Parameters
    ----------
    csr : tuple of ndarray
    n_features : int
    strangers : float
        Squared distance of rows that share no known cell.
    weights : ndarray of shape (n_samples,)
    n_trials : int
    n_threads : int
    """

    def __init__(
        self,
        csr: tuple[npt.NDArray[Any], ...],
        n_features: int,
        strangers: float,
        weights: Floats,
        n_trials: int,
        n_threads: int,
    ) -> None:
        super().__init__(weights, n_trials, n_threads, len(csr[0]))
        self.csr = csr
        self.strangers = strangers
        self._tables = np.zeros((2, n_features, self.potentials.shape[1]))
        self._kept = np.zeros((2, n_features, 1))

    def _take(self, row: int, trial: int) -> None:
        super()._take(row, trial)
        observed.put(*self.csr, np.array([row]), self._kept)

    def _draw(self, uniforms: Floats, rows: Ints) -> None:
        observed.draw(
            *self.csr,
            self._kept,
            self.strangers,
            self.trial,
            self.nearer,
            self.weights,
            self.totals,
            uniforms,
            self.closest,
            self.stale,
            rows,
        )

    def _put(self, rows: Ints) -> None:
        observed.put(*self.csr, rows, self._tables)

    def _step(self, rows: Ints, start: int, stop: int) -> None:
        observed.step(
            *self.csr,
            self._kept,
            self.trial,
            self._tables,
            self.strangers,
            self.weights,
            self.vectors,
            start,
            stop,
            self.closest,
            self.stale,
            self.nearer,
            self.potentials,
        )

    def _keep(self, start: int, stop: int) -> None:
        observed.keep(
            *self.csr,
            self._kept,
            self.strangers,
            self.trial,
            self.nearer,
            start,
            stop,
            self.closest,
        )
