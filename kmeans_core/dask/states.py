"""On the workers: what a run keeps of a piece between its passes, and how it is made again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kmeans_core.arrays import Floats, Ints
from kmeans_core.dask.pieces import Piece, Rows
from kmeans_core.dask.totals import PieceTotal, piece_total
from kmeans_core.fit.scalable import PointPasses
from kmeans_core.kernels.labels import add_products, are_whole
from kmeans_core.points.sums import weigh_chunks
from kmeans_core.threads import chunks


class Passed(NamedTuple):
    """What a pass of Lloyd's algorithm sends back from a piece."""

    n_moved: int  # rows whose label changed
    sums: Floats  # (n_chunks, n_clusters, n_features)
    weights: Floats  # (n_chunks, n_clusters)
    inertia: PieceTotal | None  # only if it was asked for


class LloydState:
    """Labels, and the sums of chunks under these labels: see ``points.sums.ClusterSums``."""

    def __init__(self, rows: Rows, n_clusters: int) -> None:
        n_rows, n_chunks = len(rows.weights), len(rows.starts) - 1
        self._rows = rows
        self._labels = np.full(n_rows, -1, dtype=np.int32)
        # The labels that the sums are of, -1 if a row is in no sum.
        self._summed = np.full(n_rows, -1, dtype=np.int32)
        self._sums = np.zeros((n_chunks, n_clusters, rows.points.shape[1]))
        self._weights = np.zeros((n_chunks, n_clusters))
        self._weights_are_whole = are_whole(rows.weights)
        self._assigner = rows.points.assigner(n_clusters)

    def assign(self, centers: Floats, is_new: bool, measures: bool) -> Passed:
        """Assign all rows, and add all of them, or only those whose label changed."""
        rows = self._rows
        if is_new:
            self._clear()
        follow = getattr(self._assigner, "assign_and_follow", None)
        # A thread adds whole chunks.
        if follow is not None and len(self._sums) >= rows.points.n_threads:
            sums = self._summed, self._sums, self._weights
            n_moved = follow(centers, self._labels, rows.weights, rows.starts, *sums)
            self._round_weights(is_new)
        else:
            n_moved = self._assigner.assign(centers, self._labels)
            self._follow(self._labels, is_new)
        inertia = None
        if measures:
            own = rows.points.own_distances(centers, self._labels)
            inertia = piece_total(rows.first, rows.weights, own)
        return self._passed(n_moved, inertia)

    def refresh(self) -> Passed:
        """Add all rows."""
        self._clear()
        self._follow(self._labels, is_new=True)
        return self._passed(0, None)

    def relocate(self, rows: Ints, clusters: Ints) -> Passed:
        """Add all rows, as if ``rows`` belonged to other clusters. The labels stay as they are."""
        relocated = self._labels.copy()
        relocated[rows] = clusters
        self._clear()
        self._follow(relocated, is_new=True)
        return self._passed(0, None)

    def _clear(self) -> None:
        self._summed[:] = -1
        self._sums[:] = 0.0
        self._weights[:] = 0.0

    def _follow(self, labels: Any, is_new: bool) -> None:
        rows = self._rows
        arrays = rows.weights, labels, rows.starts
        sums = self._summed, self._sums, self._weights
        chunks.run(
            len(self._sums),
            rows.points.n_stored,
            rows.points.n_threads,
            lambda start, stop: rows.points.follow_labels(*arrays, start, stop, *sums),
        )
        self._round_weights(is_new)

    def _round_weights(self, is_new: bool) -> None:
        """Add up weights that may round again: rounding must not decide whether one is empty."""
        if is_new or self._weights_are_whole:
            return
        weigh_chunks(self._summed, self._rows.weights, self._rows.starts, self._weights)

    def _passed(self, n_moved: int, inertia: PieceTotal | None) -> Passed:
        # Copies, because the client may be in this process.
        return Passed(n_moved, self._sums.copy(), self._weights.copy(), inertia)


class SeedingState(PointPasses):
    """Distances to the nearest candidate of k-means||, and its number."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows.points, rows.weights, rows.first)
        self._starts = rows.starts

    def compare(self, candidates: Floats) -> PieceTotal:
        """Compare every row with more candidates; return the part in the sum of weight * D^2."""
        self.add_candidates(candidates)
        return piece_total(self._first, self._weights, self._closest)

    def weights_by_chunk(self) -> Floats:
        """(n_chunks, n_candidates): the weight of the rows of each chunk nearest to each."""
        out = np.empty((len(self._starts) - 1, self._n_candidates))
        ones = np.ones(self.n_samples)
        add_products(self._nearest, self._weights, ones, self._starts, 0, len(out), out)
        return out


STATES: dict[str, Any] = {"lloyd": LloydState, "k-means||": SeedingState}


class Run(NamedTuple):
    """A run over all pieces: it has a state on each of them."""

    name: str  # no other run has this name
    kind: str  # a key of STATES
    options: tuple[Any, ...]  # of the state


# A method of the state, arrays for all pieces (each in blocks of rows), and values for this piece.
# Dask replaces the futures in lists and plain tuples.
Call = tuple[str, Sequence[Sequence[Any]], tuple[Any, ...]]


class Kept(NamedTuple):
    """The state of a run after some calls that changed it."""

    run: str
    n_changes: int
    state: Any


def call(
    piece: Piece, run: Run, calls: Sequence[Call], n_changes: int, is_change: bool, begins: bool
) -> Any:
    """Call methods of the piece's state; return the last result, or None if the state is missing.

    The state must have seen ``n_changes`` changes. It is missing if this worker got the piece only
    now, for example because another worker died. If ``begins`` is true, the calls begin with a new
    state. ``is_change`` is false if the last call only asks.
    """
    with piece.lock:
        if begins:
            state = STATES[run.kind](piece.rows, *run.options)
        else:
            kept = piece.state
            if kept is None or kept[:2] != (run.name, n_changes):
                return None
            state = kept.state
        # An error must not leave a state that is half changed.
        piece.state = None
        for method, shared, own in calls:
            result = getattr(state, method)(*map(whole, shared), *own)
        piece.state = Kept(run.name, n_changes + is_change, state)
        return result


def whole(blocks: Sequence[Any]) -> Any:
    """An array from its blocks of rows."""
    whole = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    # What came from another process is read-only, for which numba would compile kernels again.
    return whole if whole.flags.writeable else whole.copy()
