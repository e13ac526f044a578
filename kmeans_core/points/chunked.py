"""ChunkedPoints: rows that each pass reads chunk by chunk, and drops."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.counts import plain_count
from kmeans_core.points.checks import as_points
from kmeans_core.points.chunked_rows import ChunkedRows
from kmeans_core.points.interface import RUN_CALLS, KnownPoints, Trials
from kmeans_core.points.observed import ObservedPoints
from kmeans_core.points.row_chunks import ROW_WORK
from kmeans_core.points.sparse import inertia_error_of
from kmeans_core.points.sums import ClusterSums
from kmeans_core.threads import chunks
from kmeans_core.threads.processors import available_threads


def points_of(
    X: Any, *, n_threads: Any, missing: str, checked_later: int = 0
) -> KnownPoints | ObservedPoints:
    """Points over X as ``as_points`` makes them, without compression; also over ChunkedRows.

    Points over ChunkedRows answer only what a fit, ``assign_once`` and ``distances`` ask.
    """
    if not isinstance(X, ChunkedRows):
        return as_points(
            X, n_threads=n_threads, missing=missing, compress=False, checked_later=checked_later
        )
    if missing == "ignore":
        raise ValueError(
            "missing='ignore' cannot be used with ChunkedRows: fill the unknown cells in the "
            "function that makes the chunks, or pass one array."
        )
    threads = available_threads() if n_threads is None else plain_count(n_threads, "n_threads")
    return cast(KnownPoints, ChunkedPoints(X, threads))


class ChunkedPoints:
    """Rows of ChunkedRows. Each answer about all rows takes one pass over the chunks.

    A chunk becomes dense or CSR points for its part of a pass. What is kept are results for each
    row, such as labels. Sums go on from chunk to chunk of the data in the order of the rows, so
    they have the bits of the same rows in memory.
    """

    unknown_rows: Ints = np.empty(0, dtype=np.intp)

    def __init__(self, rows: ChunkedRows, n_threads: int) -> None:
        found = rows._survey(n_threads)
        self.n_threads = n_threads
        self.shape = sum(chunk.n_rows for chunk in found), found[0].n_features
        self.dtype: np.dtype[Any] = np.result_type(*{chunk.dtype for chunk in found})
        self.n_stored = sum(chunk.n_stored for chunk in found)
        has_csr = any(chunk.is_csr for chunk in found)
        self.inertia_error = inertia_error_of(*self.shape) if has_csr else 0.0
        self._rows = rows

    @property
    def known(self) -> Any:
        return self

    @property
    def matrix(self) -> ChunkedRows:
        return self._rows

    def blocks(self) -> Iterator[tuple[slice, KnownPoints]]:
        """One pass: the points of each chunk, and which rows they are."""
        return self._rows._read(self.n_threads)

    @property
    def largest(self) -> float:
        return max(block.largest for _, block in self.blocks())

    def mean_variance(self) -> float:
        # Chan, Golub and LeVeque (1983): the sums of squared deviations of two sets of rows.
        n_rows, mean, squares = 0, np.zeros(self.shape[1]), 0.0
        for rows, block in self.blocks():
            n_more = rows.stop - rows.start
            of_block, more = block.moments()
            off = of_block - mean
            n_rows += n_more
            mean += off * (n_more / n_rows)
            squares += float(np.sum(more)) + float(np.sum(off**2)) * n_more * (1 - n_more / n_rows)
        return squares / n_rows / self.shape[1]

    def take(self, rows: Ints) -> Floats:
        out = np.empty((len(rows), self.shape[1]))
        for own, block in self.blocks():
            places = _within(rows, own)
            out[places] = block.take(rows[places] - own.start)
        return out

    def assigner(self, n_clusters: int, n_calls: int = RUN_CALLS) -> "ChunkedAssigner":
        return ChunkedAssigner(self)

    def assign_once(self, centers: Floats, labels: Labels, own: Floats | None) -> None:
        """Label all rows, and write their own distances unless ``own`` is None."""
        for rows, block in self.blocks():
            block.assigner(len(centers), n_calls=1).assign(centers, labels[rows])
            if own is not None:
                own[rows] = block.own_distances(centers, labels[rows])

    def cluster_sums(self, weights: Floats, n_clusters: int) -> ClusterSums:
        return ClusterSums(cast(KnownPoints, self), weights, n_clusters, in_one_visit=True)

    def penalty(self, centers: Floats) -> float:
        return 0.0

    def cost_alone(self, weights: Floats) -> float:
        return 0.0  # the center lies on the row

    def sums_are_exact(self, weights: Floats) -> bool:
        return False  # unknown: it would take another pass

    def follow_labels(
        self, weights: Floats, labels: Labels, starts: Ints, start: int, stop: int, *sums: Any
    ) -> None:
        """Bring the sums of all chunks of rows up to date: see ``kernels.dense.follow_labels``."""
        assert stop - start == len(starts) - 1, "ClusterSums asks in one visit"
        for rows, block in self.blocks():
            self.follow(block, rows, weights, labels, starts, *sums)

    def follow(
        self,
        block: KnownPoints,
        rows: slice,
        weights: Floats,
        labels: Labels,
        starts: Ints,
        summed: Labels,
        sums: Floats,
        weight_in_clusters: Floats,
    ) -> None:
        """Let the sums of chunks of rows go on over the rows of a block."""
        first = int(np.searchsorted(starts, rows.start, side="right")) - 1
        last = int(np.searchsorted(starts, rows.stop, side="left"))
        own = np.clip(starts[first : last + 1], rows.start, rows.stop) - rows.start
        of_rows = weights[rows], labels[rows], own
        of_chunks = summed[rows], sums[first:last], weight_in_clusters[first:last]
        chunks.run(
            last - first,
            block.n_stored + ROW_WORK * block.shape[0],
            self.n_threads,
            lambda start, stop: block.follow_labels(*of_rows, start, stop, *of_chunks),
        )

    def trials(self, weights: Floats, n_trials: int, *, exact: bool) -> Trials:
        raise NotImplementedError("greedy k-means++ would read all chunks twice for each center")

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        out = np.empty(self.shape[0])
        for rows, block in self.blocks():
            out[rows] = block.own_distances(centers, labels[rows])
        return out

    def exact_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        out = np.empty(len(rows))
        for own, block in self.blocks():
            places = _within(rows, own)
            found = rows[places] - own.start
            out[places] = block.exact_own_distances(centers, labels[own], found)
        return out

    def distances(self, centers: Floats) -> npt.NDArray[Any]:
        out = np.empty((self.shape[0], len(centers)), self.dtype)
        for rows, block in self.blocks():
            out[rows] = block.distances(centers)
        return out


def _within(rows: Ints, own: slice) -> Ints:
    """The places of the rows that are in a block."""
    return np.flatnonzero((rows >= own.start) & (rows < own.stop))


class ChunkedAssigner:
    """Assigns the rows of one chunk of the data after the other, each as if once."""

    def __init__(self, points: ChunkedPoints) -> None:
        self._points = points

    def assign(self, centers: Floats, labels: Labels) -> int:
        return sum(
            block.assigner(len(centers), n_calls=1).assign(centers, labels[rows])
            for rows, block in self._points.blocks()
        )

    def assign_and_follow(
        self, centers: Floats, labels: Labels, weights: Floats, starts: Ints, *sums: Any
    ) -> int:
        n_moved = 0
        for rows, block in self._points.blocks():
            assigner = block.assigner(len(centers), n_calls=1)
            n_moved += assigner.assign(centers, labels[rows])
            self._points.follow(block, rows, weights, labels, starts, *sums)
        return n_moved
