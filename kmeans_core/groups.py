"""Rows grouped by cluster, for sums: all of them, or those whose label changed."""

from dataclasses import dataclass

import numpy as np

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.kernels.labels import group_moves, group_rows

# Updates by changed rows between two sums over all rows, so that rounding cannot build up.
MOST_UPDATES = 15


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Rows to add to the sums of their clusters, ascending in each cluster.

    Attributes
    ----------
    rows : ndarray of shape (n_entries,)
        Row numbers, cluster by cluster.
    factors : ndarray of shape (n_entries,)
        What each counts: its weight, negative where it is taken away.
    starts : ndarray of shape (n_clusters + 1,)
        Where each cluster's entries start.
    """

    rows: Ints
    factors: Floats
    starts: Ints


def all_rows(labels: Labels, weights: Floats, n_clusters: int) -> RowGroups:
    """Every row, in its cluster."""
    groups = _room(len(labels), n_clusters)
    group_rows(labels, weights, groups.rows, groups.factors, groups.starts)
    return groups


def moved_rows(before: Labels, labels: Labels, weights: Floats, n_clusters: int) -> RowGroups:
    """The rows whose label changed: out of the cluster they were in, into the one they are in."""
    groups = _room(2 * int(np.count_nonzero(before != labels)), n_clusters)
    group_moves(before, labels, weights, groups.rows, groups.factors, groups.starts)
    return groups


def _room(n_entries: int, n_clusters: int) -> RowGroups:
    return RowGroups(
        np.empty(n_entries, dtype=np.intp),
        np.empty(n_entries),
        np.empty(n_clusters + 1, dtype=np.intp),
    )
