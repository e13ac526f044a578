"""The questions that an algorithm may ask of its points, whatever their storage."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.points.row_groups import RowGroups

# distances(start, end) returns the distances from rows start..end to a block of columns (other
# rows), as an array (end - start, n_columns) or wider. Columns beyond the block have no meaning.
DistancesOf = Callable[[int, int], Floats]

# The number of assignments in a typical run of Lloyd's algorithm.
RUN_CALLS = 20


class Assigner(Protocol):
    """Finds the nearest center of each row, many times while the centers move.

    Each run of Lloyd's algorithm has its own assigner. The assigner remembers data that let it skip
    work, but the exact distance decides every label.

    Some assigners also have a method ``assign_and_follow(centers, labels, *sums)``. It assigns, and
    in the same visit brings the sums of chunks of rows up to date with the labels. ``sums`` are
    (weights, starts, summed, sums, weight_in_clusters), as in ``kernels.dense.follow_labels``.
    """

    def assign(self, centers: Floats, labels: Labels) -> int:
        """Write the nearest center of every row to ``labels``; return how many labels changed.

        If several centers are equally near, the one with the lowest number is the nearest.
        ``labels`` must be as the last call left it. Before the first call it may hold anything.
        """


class Sums(Protocol):
    """Sums of the rows of each cluster, under the labels of the last call.

    ``weight_in_clusters`` (n_clusters,) is the weight of each cluster's rows. ``n_updates`` counts
    the updates that may have rounded since all rows were last added up.
    """

    weight_in_clusters: Floats
    n_updates: int

    def assign(self, assigner: Assigner, centers: Floats, labels: Labels) -> int:
        """Assign as ``assigner`` does; the sums may get ahead, but ``update`` is still needed."""

    def update(self, labels: Labels, n_moved: int) -> None:
        """Update the sums to new ``labels``, in which ``n_moved`` rows have changed."""

    def refresh(self, labels: Labels) -> None:
        """Add up all rows under ``labels``."""

    def move(self, centers: Floats) -> tuple[float, bool]:
        """Move the centers to those of the clusters.

        Return the sum of their squared shifts, and whether any number may have changed.
        """


class InexactError(Exception):
    """Two choices are so alike that only the exact distance can choose between them."""


class Trials(Protocol):
    """One run of k-means++ over the rows."""

    def begin(self, row: int) -> None:
        """Keep the first row."""

    def keep_best(self, uniforms: Floats) -> int:
        """Draw a row for each number, and keep the one that leaves the least potential."""


class Points(Protocol):
    """Rows to cluster. Labels are int32; distances, sums and weights are float64.

    Each call uses at most ``n_threads`` threads. No answer depends on their number.
    """

    n_threads: int

    @property
    def known(self) -> "KnownPoints | None":
        """These points if every cell is known; otherwise None."""

    @property
    def matrix(self) -> Any:
        """The rows as a NumPy array or a scipy CSR array over the same memory."""

    @property
    def unknown_rows(self) -> Ints:
        """The rows without known cells, ascending."""

    @property
    def shape(self) -> tuple[int, int]:
        """(n_samples, n_features)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64: the dtype of the final centers."""

    @property
    def n_stored(self) -> int:
        """The number of entries to multiply: the cost of an iteration for each cluster."""

    @property
    def largest(self) -> float:
        """The largest absolute value of an entry."""

    def mean_variance(self) -> float:
        """The mean of the features' variances."""

    @property
    def inertia_error(self) -> float:
        """Bound on the relative error of an inertia that is computed from ``own_distances``.

        It is 0 if these are exact distances, which have the same bits in every storage.
        """

    def take(self, rows: Ints) -> Floats:
        """Some rows as a dense array (n_rows, n_features)."""

    def assigner(self, n_clusters: int, n_calls: int = RUN_CALLS) -> Assigner:
        """A new assigner that expects about ``n_calls`` calls."""

    def cluster_sums(self, weights: Floats, n_clusters: int) -> Sums:
        """New sums for one run of Lloyd's algorithm."""

    def penalty(self, centers: Floats) -> float:
        """The part of the objective that is not a distance."""

    def cost_alone(self, weights: Floats) -> Floats | float:
        """The cost of each row in a cluster of its own, as a squared distance."""

    def trials(self, weights: Floats, n_trials: int, *, exact: bool) -> Trials:
        """New trials for one run of k-means++, which compares ``n_trials`` rows in a step.

        They raise InexactError if their distances are not exact enough for a choice. With ``exact``
        they use exact distances, which may take longer.
        """

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        """Squared distance of every row to the center of its cluster, to about 12 digits."""

    def exact_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        """The same for some rows, with the same bits in every storage."""

    def distances(self, centers: Floats) -> npt.NDArray[Any]:
        """(n_samples, n_clusters) of X's dtype: to every center; exactly 0 if both coincide."""


class KnownPoints(Points, Protocol):
    """Rows without unknown cells."""

    @property
    def known(self) -> "KnownPoints":
        """These points."""

    def moments(self) -> tuple[Floats, Floats | float]:
        """The mean of each feature, and the squared deviations from it: of each, or in all."""

    def assign_once(self, centers: Floats, labels: Labels, own: Floats | None) -> None:
        """Label all rows in one visit, and write their own distances unless ``own`` is None."""

    @property
    def stored(self) -> npt.NDArray[Any]:
        """The values of the stored entries, row by row."""

    def place(self, entry: int) -> tuple[int, int]:
        """The row and the column of one of the stored entries."""

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        """Add factor * row to ``sums`` (n_clusters, n_features), entry by entry."""

    def subset(self, rows: Ints) -> "KnownPoints":
        """A copy of some rows, in this order; a row may appear more than once."""

    def follow_labels(self, *arrays: Any) -> None:
        """Bring the sums of chunks of rows up to date: see ``kernels.dense.follow_labels``."""

    def sums_are_exact(self, weights: Floats) -> bool:
        """Whether float64 certainly holds every weighted sum of rows exactly, in any order."""

    def unit_rows(self) -> tuple["KnownPoints", npt.NDArray[np.bool_]]:
        """The rows scaled to length 1 in float64, and a mask of the zero rows, which stay zero."""

    @property
    def most_block_columns(self) -> int:
        """The largest useful number of columns in a block, for distances between rows."""

    @property
    def rows_are_long(self) -> bool:
        """Whether each call of ``pair_distances`` lays out its columns, some features at a time."""

    def pair_distances(self, first: int, stop: int) -> DistancesOf:
        """A function that returns Euclidean distances from given rows to rows first..stop."""

    def pair_manhattan(self, first: int, stop: int) -> DistancesOf:
        """The same for the sum of absolute differences."""
