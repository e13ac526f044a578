"""BoxAssigner: the nearest centers of dense rows in few dimensions, by boxes around the rows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels, aligned_zeros, ceil_div
from kmeans_core.kernels import boxes
from kmeans_core.points.centers import transposed
from kmeans_core.threads import chunks

# Parts of the rows that are sorted side by side, once the first halvings have made them.
SORT_PARTS = 16

# What pruning and the centers left cost a stored value, in multiply-adds.
WORK_PER_VALUE = 5

# Blocks of a chunk at most, some .1 s: with few features a row costs more than its values.
MOST_BLOCKS = 2**20 // boxes.BLOCK_ROWS

# Where boxes were faster; see pays.
MOST_FEATURES = 4
FEWEST_ROWS = 1_000
LEAST_CLUSTER_CALLS = 1_200
LEAST_DISTANCES = 2_000_000
# Row numbers are int32.
MOST_ROWS = 2**31 - boxes.BLOCK_ROWS


def pays(n_samples: int, n_features: int, n_clusters: int, n_calls: int) -> bool:
    """Whether BoxAssigner is likely the fastest for ``n_calls`` calls with rows of this shape.

    Measured as the time of iterations with the sort, against the filter without bounds, on
    clustered float32 rows:

    - In twenty iterations of 30,000 x 2, 128 clusters took 1.0 times the filter's time, and 1,000
      took .2 times. With 3 features they took 1.2 and .4 times, with 5 features 2.2 and 1.6 times.
    - The sort takes 20 ms for 200,000 rows. In eight iterations of 200,000 x 2, 256 clusters win it
      back.
    """
    return (
        n_features <= MOST_FEATURES
        and FEWEST_ROWS <= n_samples <= MOST_ROWS
        and n_clusters * n_calls >= LEAST_CLUSTER_CALLS * n_features
        and n_samples * n_clusters * n_calls >= LEAST_DISTANCES
    )


class BoxAssigner:
    """Nearest centers for rows in few dimensions.

    Rows are sorted once into blocks close together in space. Each assignment prunes the centers
    for the boxes of a tree over the blocks, and compares the few left by the exact distance, so the
    labels are the same as from ``kernels/dense.py``.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        C-ordered, float32 or float64, finite; fewer than 2^31 rows.
    n_threads : int
    """

    def __init__(self, X: npt.NDArray[Any], n_threads: int) -> None:
        self.n_threads = n_threads
        n_samples, n_features = X.shape
        self._order = _spatial_order(X, n_threads)
        n_blocks = ceil_div(n_samples, boxes.BLOCK_ROWS)
        # The last block is filled up with its last row. float64 at once: a conversion for each
        # assignment costs more than reading twice as much.
        padding = n_blocks * boxes.BLOCK_ROWS - n_samples
        rows = X[np.pad(self._order, (0, padding), mode="edge")]
        n_tiles = n_blocks * boxes.BLOCK_TILES
        self._points = aligned_zeros((n_tiles, n_features, boxes.TILE_ROWS), np.float64)
        self._points[:] = rows.reshape(n_tiles, boxes.TILE_ROWS, n_features).transpose(0, 2, 1)
        self._tree = _tree(_by_block(np.minimum, self._points), _by_block(np.maximum, self._points))
        # The labels in the order of the blocks, and the caller's as they were left.
        self._own = np.full(n_samples, -1, dtype=np.int32)
        self._left = self._own.copy()

    def assign(self, centers: Floats, labels: Labels) -> int:
        """Write the nearest center of every row to ``labels``; return how many changed.

        Parameters
        ----------
        centers : ndarray of shape (n_clusters, n_features)
            Without NaN.
        labels : ndarray of shape (n_samples,)
            Cheapest as the last call left them.
        """
        if not np.array_equal(labels, self._left):
            self._own = labels[self._order]
        table = transposed(centers, boxes.STRIDE)
        moved: list[int] = []

        def task(start: int, stop: int) -> None:
            moved.append(
                boxes.assign(
                    self._points,
                    boxes.BLOCK_TILES,
                    *self._tree,
                    table,
                    len(centers),
                    self._order,
                    start,
                    stop,
                    self._own,
                    labels,
                )
            )

        n_blocks = len(self._points) // boxes.BLOCK_TILES
        work = self._points.size * WORK_PER_VALUE
        chunks.run(n_blocks, work, self.n_threads, task, most_items=MOST_BLOCKS)
        np.copyto(self._left, labels)
        return sum(moved)


def _spatial_order(X: npt.NDArray[Any], n_threads: int) -> npt.NDArray[np.int32]:
    """Row numbers, halved along the widest feature down to blocks: a k-d tree's leaves in order."""
    n_samples = len(X)
    order = np.arange(n_samples, dtype=np.int32)
    keys = np.empty(n_samples, dtype=X.dtype)
    size = boxes.BLOCK_ROWS
    while size < n_samples:
        size *= 2
    while size > boxes.BLOCK_ROWS:
        n_parts = ceil_div(n_samples, size)
        until = size // 2 if n_parts < SORT_PARTS else boxes.BLOCK_ROWS
        _split(X, size, until, n_parts, order, keys, n_threads)
        size = until
    return order


def _split(
    X: npt.NDArray[Any],
    size: int,
    until: int,
    n_parts: int,
    order: npt.NDArray[np.int32],
    keys: npt.NDArray[Any],
    n_threads: int,
) -> None:
    # A halving costs a row some 10 multiply-adds.
    work = 10 * len(X) * (size // until).bit_length()
    chunks.run(
        n_parts,
        work,
        n_threads,
        lambda start, stop: boxes.split(X, size, until, start, stop, order, keys),
    )


def _by_block(least_or_most: np.ufunc, points: Floats) -> Floats:
    of_tiles = least_or_most.reduce(points, axis=2)
    return least_or_most.reduceat(of_tiles, np.arange(0, len(of_tiles), boxes.BLOCK_TILES))


def _tree(low: Floats, high: Floats) -> tuple[npt.NDArray[Any], ...]:
    """Boxes and their middles of every level as ``kernels/boxes.py`` wants them, blocks first."""
    lows, highs, middles = [], [], []
    while True:
        lows.append(low)
        highs.append(high)
        n_nodes, n_features = low.shape
        n_groups = ceil_div(n_nodes, boxes.FANOUT)
        middle = np.zeros((n_groups * boxes.FANOUT, n_features))
        middle[:n_nodes] = low / 2 + high / 2
        middles.append(middle.reshape(n_groups, boxes.FANOUT, n_features).transpose(0, 2, 1))
        if n_groups == 1:
            break
        firsts = np.arange(0, n_nodes, boxes.FANOUT)
        low, high = np.minimum.reduceat(low, firsts), np.maximum.reduceat(high, firsts)
    return (
        np.concatenate(lows),
        np.concatenate(highs),
        np.ascontiguousarray(np.concatenate(middles)),
        np.cumsum([0] + [len(level) for level in lows[:-1]]),
        np.cumsum([0] + [len(level) for level in middles[:-1]]),
    )
