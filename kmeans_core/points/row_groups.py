"""Rows grouped by cluster, for sums: all rows, or the rows whose label changed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.kernels.labels import group_moves, group_rows
from kmeans_core.threads import stopping

# Updates by changed rows between two sums over all rows, so that rounding cannot build up.
MOST_UPDATES = 15

# A compiled call adds at most this many stored values, in .05 to .3 s: Ctrl-C is heard in between.
PART_VALUES = 20_000_000


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Rows to add to the sums of their clusters, ascending in each cluster."""

    rows: Ints  # (n_entries,): row numbers, cluster by cluster
    factors: Floats  # (n_entries,): the row's weight, negative if the row is subtracted
    starts: Ints  # (n_clusters + 1,): where the entries of each cluster start

    def add(
        self, kernel: Callable[..., object], start: int, stop: int, n_values: float, *sums: Floats
    ) -> None:
        """Add the entries of clusters ``start``..``stop`` to ``sums`` (n_clusters, ...), in order.

        ``kernel(rows, factors, starts, start, stop, *sums)`` adds entries of about ``n_values``
        stored values each.
        """
        if (self.starts[stop] - self.starts[start]) * n_values <= PART_VALUES:
            kernel(self.rows, self.factors, self.starts, start, stop, *sums)
            return
        n_part = max(1, int(PART_VALUES / n_values))
        for c in range(start, stop):
            own = [array[c : c + 1] for array in sums]
            for first in range(self.starts[c], self.starts[c + 1], n_part):
                stopping.check()
                part = slice(first, min(first + n_part, self.starts[c + 1]))
                limits = np.array([0, part.stop - part.start], dtype=np.intp)
                kernel(self.rows[part], self.factors[part], limits, 0, 1, *own)


def all_rows(labels: Labels, weights: Floats, n_clusters: int) -> RowGroups:
    """All rows, grouped by their cluster."""
    groups = _room(len(labels), n_clusters)
    group_rows(labels, weights, groups.rows, groups.factors, groups.starts)
    return groups


def moved_rows(before: Labels, labels: Labels, weights: Floats, n_clusters: int) -> RowGroups:
    """The rows whose label changed: subtracted from the old cluster, added to the new one."""
    groups = _room(2 * int(np.count_nonzero(before != labels)), n_clusters)
    group_moves(before, labels, weights, groups.rows, groups.factors, groups.starts)
    return groups


def _room(n_entries: int, n_clusters: int) -> RowGroups:
    return RowGroups(
        np.empty(n_entries, dtype=np.intp),
        np.empty(n_entries),
        np.empty(n_clusters + 1, dtype=np.intp),
    )
