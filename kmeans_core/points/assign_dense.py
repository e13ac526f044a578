"""Assigners of dense rows: the exact distance alone, or after a filter and bounds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels, aligned_zeros, ceil_div, round_up
from kmeans_core.kernels import changed_centers, dense, dense_filter, row_filter
from kmeans_core.kernels.vectors.fused import TILES
from kmeans_core.kernels.vectors.ir import LANES, LANES32
from kmeans_core.kernels.vectors.scores import FILTER_CENTERS
from kmeans_core.points import assign_boxes
from kmeans_core.points.centers import origin_of
from kmeans_core.points.interface import Assigner
from kmeans_core.points.row_chunks import ROW_WORK
from kmeans_core.threads import chunks

# Bytes of a block of rows and its scores: half of a usual second-level cache.
BLOCK_BYTES = 2**19
MOST_BLOCK_ROWS = 240

# The most groups of clusters with bounds of their own. Each group adds one bound for each row.
MOST_GROUPS = 32

# Where filters pay, by multiply-adds for a row and in all; see dense_assigner.
LEAST_WORK = 200_000
FILTER_WORK = 8
BOUNDS_CLUSTERS = 17
BOUNDS_WORK = 10_000

# Bounds begin after a call in which at most one in this many labels changed.
SETTLED = 32

# If at most this share of the centers has changed, only these are compared. Fits of 3,000 to 30,000
# rows with 64 to 300 clusters then took .5 to 1.0 times as long (8 iterations, or to the end).
MOST_CHANGED = 0.75

NO_SCORES = np.empty((0, 2), dtype=np.float32)

# With this many features the filters' rounding bound, n_features * EPS32 / 2, is well below 1.
MOST_FEATURES = 2**20


# labeler(start, stop, labels) labels rows start..stop and returns how many labels changed.
Labeler = Callable[[int, int, Labels], int]


def dense_assigner(
    X: npt.NDArray[Any], n_clusters: int, n_calls: int, n_threads: int, *, lean: bool = False
) -> Assigner:
    """The assigner that is fastest for ``n_calls`` calls with rows of this shape.

    A ``lean`` one keeps neither a copy of the rows nor bounds.

    Measured on float32 and float64 rows in overlapping and in separate clusters:

    - The filter without bounds took .35 to 1.1 times the exact distance's time from 8 multiply-adds
      a row on (float64: 16).
    - Bounds skip nothing in one call. In five calls on overlapping clusters they took 1.3 to 3
      times the filter's time, and in twenty calls on separate clusters .3 to 1.0 times. Bounds that
      wait until labels settle took 1.0 to 1.5 times and .3 to .5 times.
    - In float64 bounds have half as many lanes, and need twice the work.
    """
    n_samples, n_features = X.shape
    if not lean and assign_boxes.pays(n_samples, n_features, n_clusters, n_calls):
        return assign_boxes.BoxAssigner(X, n_threads)
    row_work = n_features * n_clusters
    if n_features < MOST_FEATURES and n_samples * row_work >= LEAST_WORK:
        least = BOUNDS_WORK * X.itemsize // 4
        settles = n_calls > 1 and n_clusters >= BOUNDS_CLUSTERS and row_work >= least
        if settles and not lean:
            return SettlingAssigner(X, n_clusters, n_threads)
        if row_work >= FILTER_WORK * X.itemsize // 4:
            has_many = n_clusters >= BOUNDS_CLUSTERS and n_features >= LANES32
            kind = ChangedCentersAssigner if n_calls > 1 and has_many else RowFilterAssigner
            return kind(X, n_clusters, n_threads)
    return PlainAssigner(X, n_threads)


class PlainAssigner:
    """The exact distance for every row and center."""

    def __init__(self, X: npt.NDArray[Any], n_threads: int) -> None:
        self.X = X
        self.n_threads = n_threads

    def assign(self, centers: Floats, labels: Labels) -> int:
        work = _plain_work(self.X, centers)
        return _run(self.X, work, self.n_threads, self.labeler(centers), labels)

    def labeler(self, centers: Floats) -> Labeler:
        centers = np.ascontiguousarray(centers, dtype=np.float64)
        return lambda start, stop, labels: dense.assign(self.X, centers, start, stop, labels)

    def assign_and_follow(self, centers: Floats, labels: Labels, *sums: Any) -> int:
        none = np.empty((0, 0), dtype=np.float32)
        how = self.X[0], none, none.reshape(-1), np.ascontiguousarray(centers), 0.0
        work = _plain_work(self.X, centers)
        return _assign_and_follow(self.X, how, work, self.n_threads, labels, *sums)


def _plain_work(X: npt.NDArray[Any], centers: Floats) -> int:
    """The time of an assignment in multiply-adds.

    An eighth of a multiply-add for each center and feature, and as much as for three centers to
    turn rows into lanes.
    """
    return X.size * (len(centers) + 3) // 8


class _RowFilter:
    """The tables of the filter in float32. Rows have fewer than ``MOST_FEATURES`` features."""

    def __init__(self, X: npt.NDArray[Any], n_clusters: int, n_threads: int) -> None:
        n_padded, n_lanes = round_up(n_clusters, FILTER_CENTERS), round_up(X.shape[1], LANES32)
        self.X = X
        self.n_threads = n_threads
        self._origin: npt.NDArray[Any] | None = None
        self._table = aligned_zeros((n_padded, n_lanes), np.float32)
        self._half_norms = np.full(n_padded, np.inf, dtype=np.float32)

    def _how(self, centers: Floats) -> tuple[Any, ...]:
        """The arguments of ``row_filter.assign`` that follow X and tell of the centers."""
        centers = np.ascontiguousarray(centers, dtype=np.float64)
        if self._origin is None:
            # Behind the features of a row, a vector holds those of the next row.
            lanes = np.arange(self._table.shape[1]) % self.X.shape[1]
            self._origin = origin_of(centers, self.X.dtype)[lanes]
        table = self._origin, self._table, self._half_norms
        return *table, centers, row_filter.put_centers(centers, *table)


class RowFilterAssigner(_RowFilter):
    """The filter without bounds; the exact distance decides where the filter cannot."""

    def assign(self, centers: Floats, labels: Labels) -> int:
        work = _filter_work(self.X, len(centers))
        return _run(self.X, work, self.n_threads, self.labeler(centers), labels)

    def labeler(self, centers: Floats) -> Labeler:
        how = self._how(centers)
        return lambda start, stop, labels: row_filter.assign(
            self.X, *how, start, stop, labels, NO_SCORES
        )

    def assign_and_follow(self, centers: Floats, labels: Labels, *sums: Any) -> int:
        work = _filter_work(self.X, len(centers))
        return _assign_and_follow(self.X, self._how(centers), work, self.n_threads, labels, *sums)


class ChangedCentersAssigner(_RowFilter):
    """The same filter; if few centers have changed since the last call, it compares only these.

    Rows have at least ``LANES32`` features.
    """

    def __init__(self, X: npt.NDArray[Any], n_clusters: int, n_threads: int) -> None:
        super().__init__(X, n_clusters, n_threads)
        # The centers of the last call, and two scores of each row, from the second call on.
        self._before: Floats | None = None
        self._scores = NO_SCORES

    def assign(self, centers: Floats, labels: Labels) -> int:
        was_double = np.isinf(self._half_norms[: len(centers)])
        how = self._how(centers)
        is_changed = self._changed(centers, was_double)
        few: tuple[npt.NDArray[Any], ...] = ()
        assign, n_compared = row_filter.assign, len(centers)
        if np.mean(is_changed) <= MOST_CHANGED:
            few = self._few(is_changed)
            assign, n_compared = changed_centers.assign, int(np.count_nonzero(is_changed))

        def labeler(start: int, stop: int, labels: Labels) -> int:
            return int(assign(self.X, *how, *few, start, stop, labels, self._scores))

        work = _filter_work(self.X, n_compared)
        return _run(self.X, work, self.n_threads, labeler, labels)

    def _changed(self, centers: Floats, was_double: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Whether each center, or its being equal to a lower one, differs from the last call."""
        before, self._before = self._before, centers.copy()
        if len(self._scores) == 0:
            if before is not None:
                self._scores = np.empty((len(self.X), 2), dtype=np.float32)
            return np.ones(len(centers), dtype=np.bool_)
        is_double = np.isinf(self._half_norms[: len(centers)])
        is_changed: npt.NDArray[np.bool_] = np.any(before != centers, axis=1)
        is_changed |= is_double != was_double
        return is_changed

    def _few(self, is_changed: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[Any], ...]:
        """The arguments of ``changed_centers.assign`` about the changed centers."""
        changed = np.flatnonzero(is_changed)
        n_padded = round_up(len(changed), FILTER_CENTERS)
        table = aligned_zeros((n_padded, self._table.shape[1]), np.float32)
        half_norms = np.full(n_padded, np.inf, dtype=np.float32)
        table[: len(changed)] = self._table[changed]
        half_norms[: len(changed)] = self._half_norms[changed]
        return is_changed, changed, table, half_norms


def _run(X: npt.NDArray[Any], work: int, n_threads: int, labeler: Labeler, labels: Labels) -> int:
    """Label all rows on threads; return how many labels changed."""
    moved: list[int] = []
    chunks.run(
        len(X), work, n_threads, lambda start, stop: moved.append(labeler(start, stop, labels))
    )
    return sum(moved)


def _filter_work(X: npt.NDArray[Any], n_clusters: int) -> int:
    """The time of an assignment in multiply-adds.

    A sixteenth of a multiply-add for each product, and as much as for four centers to turn rows
    into lanes.
    """
    return X.size * (n_clusters + 4) // 16


def _assign_and_follow(
    X: npt.NDArray[Any],
    how: tuple[Any, ...],
    work: int,
    n_threads: int,
    labels: Labels,
    weights: Floats,
    starts: Ints,
    *sums: Any,
) -> int:
    moved: list[int] = []

    def task(start: int, stop: int) -> None:
        moved.append(
            row_filter.assign_and_follow(X, *how, weights, labels, starts, start, stop, *sums)
        )

    chunks.run(len(starts) - 1, work + ROW_WORK * len(X), n_threads, task)
    return sum(moved)


class SettlingAssigner:
    """The filter without bounds while many labels change, then bounds, which skip settled rows.

    A call with bounds that skips less than half of the rows takes longer than the filter. Then the
    filter returns, and bounds wait until a quarter as many labels change. If fewer labels change
    than there are clusters, many centers stay as they are, and the filter skips those.
    """

    def __init__(self, X: npt.NDArray[Any], n_clusters: int, n_threads: int) -> None:
        self._shape = X, n_clusters, n_threads
        self._filter_of = ChangedCentersAssigner if X.shape[1] >= LANES32 else RowFilterAssigner
        self._filter = self._filter_of(*self._shape)
        self._bounds: FilteredAssigner | None = None
        self._is_new = True  # the first call with bounds skips nothing
        self._few_moved = len(X) // SETTLED

    def assign(self, centers: Floats, labels: Labels) -> int:
        if self._bounds is None:
            n_moved = self._filter.assign(centers, labels)
            if len(centers) <= n_moved <= self._few_moved:
                self._bounds, self._is_new = FilteredAssigner(*self._shape), True
            return n_moved
        n_moved = self._bounds.assign(centers, labels)
        if self._bounds.n_looked_at > len(labels) // 2 and not self._is_new:
            # The old filter does not know the centers of these labels.
            self._bounds, self._filter = None, self._filter_of(*self._shape)
            self._few_moved //= 4
        self._is_new = False
        return n_moved


class FilteredAssigner:
    """Bounds that skip rows, a filter for the others, and the exact distance where that fails.

    For each row an upper and one lower bound for each group of clusters are kept, in X's dtype:
    8 to 132 bytes a row for float32.

    Attributes
    ----------
    n_looked_at : int
        Rows that the last call could not skip.
    group_size : int
        Clusters that share a lower bound, neighbors in number.
    """

    def __init__(self, X: npt.NDArray[Any], n_clusters: int, n_threads: int) -> None:
        n_samples, n_features = X.shape
        self.X = X
        self.n_threads = n_threads
        self.n_looked_at = 0
        n_groups, n_tiles, n_vectors = _groups(X, n_clusters)
        self._vectors = (0,) * n_vectors
        self._tile = (0,) * TILES[n_vectors]
        self.group_size = n_tiles * n_vectors * LANES[X.dtype]
        n_padded = n_groups * self.group_size
        self._table = aligned_zeros((n_features, n_padded), X.dtype)
        self._half_norms = aligned_zeros((n_padded,), X.dtype)
        self._half_norms[n_clusters:] = np.inf
        n_tiles = BLOCK_BYTES // (X.itemsize * (n_features + n_padded)) // len(self._tile)
        self._n_block = min(max(n_tiles, 1) * len(self._tile), MOST_BLOCK_ROWS)

        self._before: Floats | None = None  # the centers of the last call
        self._origin = np.empty(0, dtype=X.dtype)
        self._drift = np.zeros(n_clusters)
        self._group_drift = np.zeros((n_clusters, n_groups))
        self._upper = np.full(n_samples, np.inf, dtype=X.dtype)
        self._lower = np.zeros((n_samples, n_groups), dtype=X.dtype)

    def assign(self, centers: Floats, labels: Labels) -> int:
        longest = self._move(centers)
        share = (self.X.shape[1] + 10) * float(np.finfo(self.X.dtype).eps) / 2
        counts: list[tuple[int, int]] = []

        def task(start: int, stop: int) -> None:
            counts.append(
                dense_filter.assign(
                    self.X,
                    self._origin,
                    self._table,
                    self._half_norms,
                    centers,
                    longest,
                    self._drift,
                    self._group_drift,
                    self._upper,
                    self._lower,
                    share / (1 - share),
                    self._n_block,
                    self._tile,
                    self._vectors,
                    start,
                    stop,
                    labels,
                )
            )

        # A sixteenth of a multiply-add for each product, and what a row costs by itself.
        work = self.X.size * len(centers) // 16 + 20 * len(self.X)
        chunks.run(len(self.X), work, self.n_threads, task)
        self.n_looked_at = sum(looked_at for _, looked_at in counts)
        return sum(moved for moved, _ in counts)

    def bounds(self, labels: Labels) -> tuple[Floats, Floats]:
        """Of each row to its own center, from above; to the others of each group, from below."""
        upper = self._upper + self._drift[labels]
        return upper, self._lower - self._group_drift[labels]

    def _move(self, centers: Floats) -> float:
        """Put the centers in the table; a bound on their distance from the origin."""
        if self._before is None:
            self._before = centers.copy()
            self._origin = origin_of(centers, self.X.dtype)
        longest: float = dense_filter.move(
            centers,
            self._before,
            self._origin,
            self._table,
            self._half_norms,
            self._drift,
            self._group_drift,
        )
        # Bounds and what is added to them must stay within the dtype.
        most = np.sqrt(np.finfo(self.X.dtype).max)
        if not max(np.max(self._drift), np.max(self._group_drift)) < most:
            self._drift[:] = 0.0
            self._group_drift[:] = 0.0
            self._upper[:] = np.inf
        return longest


def _groups(X: npt.NDArray[Any], n_clusters: int) -> tuple[int, int, int]:
    """Groups of clusters, tiles of a group, vectors of a tile."""
    n_vectors = ceil_div(n_clusters, LANES[X.dtype])
    tile_vectors = 1 if X.shape[1] >= 128 else min(n_vectors, max(TILES))
    n_tiles = ceil_div(n_vectors, MOST_GROUPS * tile_vectors)
    n_groups = ceil_div(n_vectors, tile_vectors * n_tiles)
    return n_groups, n_tiles, ceil_div(n_vectors, n_groups * n_tiles)
