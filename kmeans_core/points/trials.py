"""The trials of greedy k-means++ in each storage: draw rows, keep the one of least potential."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Csr, Floats, Ints, aligned_zeros, ceil_div, round_up
from kmeans_core.kernels import observed, seeding, seeding_sparse
from kmeans_core.kernels.sparse import CANCELLED
from kmeans_core.kernels.vectors.ir import LANES64
from kmeans_core.points.interface import InexactError
from kmeans_core.threads import chunks

# Dense rows with this many features keep their distances to the trials of a step, because
# computing some of them again takes longer than storing them all.
FEWEST_FEATURES = 32

# CSR rows may be short. They keep their distances if these take at most this many bytes, or this
# share of the bytes of the matrix.
MOST_KEPT = 2**24
KEPT_SHARE = 0.5


class BlockTrials:
    """One run of k-means++ over some rows; see ``kernels/seeding.py``.

    Each storage puts the trials into a table (``_put``), compares blocks of rows with them
    (``_step``), draws rows (``_draw``) and updates ``closest`` (``_keep``). ``closest`` holds the
    squared distance of each row to the nearest row kept. Blocks that are ``stale`` do not yet
    take the row kept last into account.
    """

    def __init__(
        self, weights: Floats, n_trials: int, n_threads: int, work: int, n_kept: int = 0
    ) -> None:
        n_samples = len(weights)
        n_blocks = n_blocks_of(n_samples)
        self.weights = weights
        self.closest = np.full(n_samples, np.inf)
        self.vectors = (0,) * ceil_div(n_trials, LANES64)
        # At the start every row counts as nearer to the first row kept.
        self.nearer = np.full((n_samples, len(self.vectors)), 255, dtype=np.uint8)
        self.stale = np.ones(n_blocks, dtype=np.bool_)
        self.potentials = np.empty((n_blocks, LANES64 * len(self.vectors)))
        self.totals = np.empty(n_blocks)
        # Distances to the first row are not kept.
        self.distances = np.empty((0, self.potentials.shape[1]))
        # The row kept last, and the number of its trial.
        self.row, self.trial = 0, 0
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

    def _to_draw(self, uniforms: Floats, rows: Ints) -> tuple[Any, ...]:
        """The last arguments of each kernel that draws rows."""
        return self.weights, self.totals, uniforms, self.closest, self.stale, rows

    def _to_step(self, start: int, stop: int) -> tuple[Any, ...]:
        """The arguments of each kernel that compares blocks ``start``..``stop`` with the trials."""
        return self.weights, self.vectors, start, stop, self.closest, self.stale, self.nearer

    def _draw(self, uniforms: Floats, rows: Ints) -> None:
        raise NotImplementedError

    def _put(self, rows: Ints) -> None:
        raise NotImplementedError

    def _step(self, rows: Ints, start: int, stop: int) -> None:
        raise NotImplementedError

    def _keep(self, start: int, stop: int) -> None:
        raise NotImplementedError

    def _check(self, rows: Ints, sums: Floats, best: int) -> None:
        """Raise InexactError if the exact distances might choose another trial."""

    def _run(self, work_per_entry: int, task: chunks.Task) -> None:
        chunks.run(len(self.totals), self._work * work_per_entry, self._n_threads, task)


def n_blocks_of(n_samples: int) -> int:
    """The number of blocks in which rows are added up."""
    return ceil_div(n_samples, seeding.BLOCK_ROWS)


def n_kept_of_dense(n_samples: int, n_features: int) -> int:
    """The number of dense rows that keep their distances to the trials of a step: all or 0."""
    are_few = n_samples * LANES64 <= seeding.FEW_DISTANCES
    return n_samples if are_few or n_features >= FEWEST_FEATURES else 0


def n_kept_of_sparse(csr: Csr, n_trials: int) -> int:
    """The number of CSR rows that keep their distances to the trials of a step: all or 0."""
    data, indices, indptr = csr
    n_samples = len(indptr) - 1
    n_bytes = 8 * n_samples * round_up(n_trials, LANES64)
    most = max(MOST_KEPT, KEPT_SHARE * (data.nbytes + indices.nbytes))
    return n_samples if n_bytes <= most else 0


class DenseTrials(BlockTrials):
    """Trials over the rows of an array, always with the exact distance."""

    def __init__(
        self, X: npt.NDArray[Any], weights: Floats, n_trials: int, n_threads: int, n_kept: int
    ) -> None:
        super().__init__(weights, n_trials, n_threads, X.size, n_kept)
        self.X = X
        self._table = aligned_zeros((X.shape[1], self.potentials.shape[1]), np.float64)

    def _draw(self, uniforms: Floats, rows: Ints) -> None:
        seeding.dense_draw(*self._kept(), *self._to_draw(uniforms, rows))

    def _put(self, rows: Ints) -> None:
        seeding.put_dense(self.X, rows, self._table)

    def _step(self, rows: Ints, start: int, stop: int) -> None:
        blocks = self._to_step(start, stop)
        seeding.dense_step(
            self.X, self.row, self.trial, self._table, *blocks, self.distances, self.potentials
        )

    def _keep(self, start: int, stop: int) -> None:
        seeding.dense_keep(*self._kept(), start, stop, self.closest)

    def _kept(self) -> tuple[Any, ...]:
        """The arguments that give the distances to the row kept last."""
        return self.X, self.row, self.trial, self.nearer, self.distances


def share_of_error(n_longest: int, n_samples: int) -> float:
    """Bound on the relative error of expanded distances that did not cancel, and of their sums.

    Rows store at most n values, and u = 2^-53. Then |x|^2, |y|^2 and x.y are sums of n products, so
    their rounding errors add up to at most (2 n + 5) u (|x|^2 + |y|^2). A distance that did not
    cancel is more than ``CANCELLED`` times (|x|^2 + |y|^2). The exact distance has 2 n terms with 3
    roundings each: (2 n + 3) u. A weighted sum over rows adds the rows of a block and then the
    blocks, once with each kind of distance. The factor covers products of errors.
    """
    of_distances = (2 * n_longest + 5) / CANCELLED + 2 * n_longest + 3
    of_sums = 2 * (seeding.BLOCK_ROWS + n_blocks_of(n_samples) + 4)
    return 1.1 * (of_distances + of_sums) * 2.0**-53


class SparseTrials(BlockTrials):
    """Trials over CSR rows, with expanded distances whose error never changes a choice.

    ``share`` is ``share_of_error``, or 0 if expanded distances are exact. With ``exact`` every
    distance that matters is the exact distance, which takes longer.
    """

    def __init__(
        self,
        csr: Csr,
        row_norms: Floats,
        n_features: int,
        weights: Floats,
        n_trials: int,
        n_threads: int,
        share: float,
        exact: bool,
    ) -> None:
        n_kept = n_kept_of_sparse(csr, n_trials)
        super().__init__(weights, n_trials, n_threads, len(csr[0]) + len(weights), n_kept)
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
        if not seeding_sparse.draw(*self._kept(), self._share, *self._to_draw(uniforms, rows)):
            raise InexactError

    def _put(self, rows: Ints) -> None:
        for tried, factor in ((self._tried, 0.0), (rows, 1.0)):
            seeding_sparse.put(*self.csr, self.row_norms, tried, factor, self._table, self._norms)
        self._tried = rows

    def _step(self, rows: Ints, start: int, stop: int) -> None:
        tried = rows, self._table, self._norms, self.weights, self.vectors, self._reach
        blocks = start, stop, self.closest, self.stale, self.potentials
        seeding_sparse.step(*self._kept(), *tried, *blocks)

    def _keep(self, start: int, stop: int) -> None:
        seeding_sparse.keep(*self._kept(), start, stop, self.closest)

    def _kept(self) -> tuple[Any, ...]:
        """The arguments that give the distances to the row kept last."""
        row = self.row_norms, self.row, self._values.ravel(), self.trial
        return *self.csr, *row, self.nearer, self.distances, self._exact

    def _check(self, rows: Ints, sums: Floats, best: int) -> None:
        if not seeding_sparse.best_is_sure(*self.csr, rows, sums, best, self._share):
            raise InexactError


class ObservedTrials(BlockTrials):
    """Trials over rows with unknown cells: distances over the cells that both rows know.

    ``apart`` is the squared distance of two rows that share no known cell.
    """

    def __init__(
        self,
        csr: Csr,
        n_features: int,
        apart: float,
        weights: Floats,
        n_trials: int,
        n_threads: int,
    ) -> None:
        super().__init__(weights, n_trials, n_threads, len(csr[0]))
        self.csr = csr
        self.apart = apart
        self._tables = np.zeros((2, n_features, self.potentials.shape[1]))
        self._kept = np.zeros((2, n_features, 1))

    def _take(self, row: int, trial: int) -> None:
        super()._take(row, trial)
        observed.put(*self.csr, np.array([row]), self._kept)

    def _draw(self, uniforms: Floats, rows: Ints) -> None:
        kept = self._kept, self.apart, self.trial, self.nearer
        observed.draw(*self.csr, *kept, *self._to_draw(uniforms, rows))

    def _put(self, rows: Ints) -> None:
        observed.put(*self.csr, rows, self._tables)

    def _step(self, rows: Ints, start: int, stop: int) -> None:
        tables = self._kept, self.trial, self._tables, self.apart
        observed.step(*self.csr, *tables, *self._to_step(start, stop), self.potentials)

    def _keep(self, start: int, stop: int) -> None:
        kept = self._kept, self.apart, self.trial, self.nearer
        observed.keep(*self.csr, *kept, start, stop, self.closest)
