"""A run on the client's side: calls to the states on the workers, which are made again if lost."""

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints
from kmeans_core.dask.rows import DaskRows
from kmeans_core.dask.states import Run, call
from kmeans_core.dask.totals import joined_total
from kmeans_core.kernels.labels import join_chunks
from kmeans_core.points.row_groups import MOST_UPDATES
from kmeans_core.points.sums import move_to_means


class Change(NamedTuple):
    """A call that changes the state of every piece."""

    method: str
    shared: tuple[npt.NDArray[Any], ...]
    own: Sequence[tuple[Any, ...]]  # for each piece


class StatefulRun:
    """A run with a state on each piece.

    A state that was lost with its worker is made again from ``since``: the changes that lead to it
    from nothing.
    """

    def __init__(self, rows: DaskRows, kind: str, *options: Any) -> None:
        self._rows = rows
        self._everywhere = range(len(rows.firsts))
        self._run = Run(uuid.uuid4().hex, kind, options)
        self._n_changes = 0
        self.since: list[Change] = []

    def change(self, change: Change) -> list[Any]:
        """Change every state; return the results in the order of the pieces."""
        results = self._call(change, is_change=True)
        self.since.append(change)
        self._n_changes += 1
        return results

    def ask(self, method: str, *own: Any) -> list[Any]:
        """Call a method that changes nothing."""
        return self._call(Change(method, (), [own] * len(self._everywhere)), is_change=False)

    def _call(self, change: Change, is_change: bool) -> list[Any]:
        begins = self._n_changes == 0
        results = self._results([change], self._everywhere, is_change, begins)
        lost = [i for i, result in enumerate(results) if result is None]
        again = self._results([*self.since, change], lost, is_change, begins=True)
        for i, result in zip(lost, again, strict=True):
            results[i] = result
        return results

    def _results(
        self, changes: Sequence[Change], pieces: Sequence[int], is_change: bool, begins: bool
    ) -> list[Any]:
        if len(pieces) == 0:
            return []
        shared = [[self._rows.share(array) for array in change.shared] for change in changes]
        args = []
        for i in pieces:
            calls = [
                (change.method, arrays, change.own[i])
                for change, arrays in zip(changes, shared, strict=True)
            ]
            args.append((self._run, calls, self._n_changes, is_change, begins))
        return self._rows.gather(self._rows.submit(call, args, pieces))


class DaskSums:
    """The sums and weights of clusters, from those of the chunks: see ``points.sums``."""

    def __init__(self, rows: DaskRows, n_clusters: int, *, measures: bool) -> None:
        self.weight_in_clusters = np.zeros(n_clusters)
        self.n_updates = MOST_UPDATES
        self.inertia = 0.0  # of the last assignment, if this measures
        self._sums = np.zeros((n_clusters, rows.shape[1]))
        self._rows = rows
        self._measures = measures
        self._run = StatefulRun(rows, "lloyd", n_clusters)

    def assign(self, centers: Floats) -> int:
        """Assign all rows; return how many labels changed. ``update`` is still needed."""
        is_new = self.n_updates >= MOST_UPDATES
        # A copy, because the centers will move, and lost states need these.
        change = self._assignment(centers.copy(), is_new)
        self._passed = self._run.change(change)
        if is_new:
            self._run.since = [change]
        if self._measures:
            self.inertia = joined_total([passed.inertia for passed in self._passed])
        return sum(passed.n_moved for passed in self._passed)

    def update(self, n_moved: int) -> None:
        """Update the sums to the labels of the last assignment, which moved ``n_moved`` rows.

        Rows are added in the order of ``ClusterSums.update``.
        """
        is_new = self.n_updates >= MOST_UPDATES
        if not is_new and 2 * n_moved > self._rows.shape[0]:
            self.refresh()
            return
        self._join()
        self.n_updates = 0 if is_new else self.n_updates + 1

    def refresh(self) -> None:
        """Add up all rows."""
        self._add_all("refresh", [()] * len(self._rows.firsts))
        del self._run.since[1:]

    def relocate(self, rows: Ints, clusters: Ints) -> None:
        """Add up all rows, as if ``rows`` belonged to other clusters. Labels stay as they are."""
        none = np.empty(0, dtype=np.intp)
        own = [(none, none)] * len(self._rows.firsts)
        for piece, places in self._rows.pieces_of(rows):
            own[piece] = rows[places] - self._rows.firsts[piece], clusters[places]
        self._add_all("relocate", own)

    def move(self, centers: Floats) -> tuple[float, bool]:
        """Move the centers: see ``points.sums.move_to_means``."""
        return move_to_means(self._sums, self.weight_in_clusters, centers, self._rows.n_threads)

    def _assignment(self, centers: Floats, is_new: bool) -> Change:
        own = is_new, self._measures
        return Change("assign", (centers,), [own] * len(self._rows.firsts))

    def _add_all(self, method: str, own: Sequence[tuple[Any, ...]]) -> None:
        self._passed = self._run.change(Change(method, (), own))
        self._join()
        self.n_updates = 0
        # All rows were added under the labels of the last assignment. So a lost state needs only
        # this assignment, with new sums.
        last = next(change for change in reversed(self._run.since) if change.method == "assign")
        self._run.since = [self._assignment(last.shared[0], is_new=True), self._run.since[-1]]

    def _join(self) -> None:
        join_chunks(np.concatenate([passed.sums for passed in self._passed]), self._sums)
        weights = np.concatenate([passed.weights for passed in self._passed])
        join_chunks(weights[:, None], self.weight_in_clusters[None])
