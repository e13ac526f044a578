"""What an algorithm may ask of its data, however they are stored."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.points.row_groups import RowGroups
from kmeans_core.points.runs import Runs, StopRule
from kmeans_core.points.trials import Trials

# distances(start, end) gives those from rows start..end to a block of rows, as an array
# (end - start, n_block) or wider: columns beyond the block have no meaning.
DistancesOf = Callable[[int, int], Floats]


# Assignments of a usual run of Lloyd's algorithm.
RUN_CALLS = 20


class Assigner(Protocol):
    """Nearest centres, again and again as the centres move.

    One is made for each run of Lloyd's algorithm. It keeps what lets it skip work: the answer is
    that of the deciding sum, whatever was skipped.
    """

    def assign(self, centers: Floats, labels: Labels) -> int:
        """Write the nearest centre of every row to ``labels``; return how many changed.

        Of equally near centres the lowest. ``labels`` is as the last call left it; in the first
        it may hold anything.
        """
        ...


class Sums(Protocol):
    """What the rows of each cluster add up to, under the labels that it was last told.

    ``mass`` (n_clusters,) is the weight of each cluster's rows. ``n_updates`` counts the updates,
    where they may round, since all rows were added up.
    """

    mass: Floats
    n_updates: int

    def update(self, labels: Labels, n_moved: int) -> None:
        """Make the sums those of ``labels``, of which ``n_moved`` are not as they were."""
        ...

    def refresh(self, labels: Labels) -> None:
        """The same by adding up all rows."""
        ...

    def means(self, before: Floats, out: Floats) -> float:
        """Write the centres of the clusters to ``out``; return their squared shifts, summed."""
        ...


class Points(Protocol):
    """Rows to cluster. Labels are int32; distances, sums and weights are float64.

    ``n_threads`` bounds the threads of each call; no answer depends on it.
    """

    n_threads: int

    @property
    def known(self) -> "KnownPoints | None":
        """These points, where every cell of every row is known; else None."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """n_samples, n_features."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64: what the centres are given back in."""
        ...

    @property
    def n_stored(self) -> int:
        """How many entries there are to multiply: what an iteration costs for each cluster."""
        ...

    def mean_variance(self) -> float:
        """Variance of each feature over the rows, averaged over the features."""
        ...

    @property
    def inertia_error(self) -> float:
        """Bound on the relative error of an inertia by ``own_distances``.

        0 where these are the deciding sums, with the same bits in every storage.
        """
        ...

    def take(self, rows: Ints) -> Floats:
        """Some rows as a dense (n_rows, n_features) array."""
        ...

    def assigner(self, n_clusters: int, n_calls: int = RUN_CALLS) -> Assigner:
        """What assigns the rows to centres in about so many calls; by default those of a run."""
        ...

    def cluster_sums(self, weights: Floats, n_clusters: int) -> Sums:
        """What adds up the rows of clusters; one is made for each run of Lloyd's algorithm."""
        ...

    def penalty(self, centers: Floats) -> float:
        """What the objective has besides the distances."""
        ...

    def cost_alone(self, weights: Floats) -> Floats | float:
        """What each row would cost in a cluster of its own, as a squared distance."""
        ...

    def trials(self, weights: Floats, n_trials: int, *, decides: bool) -> Trials:
        """What tries rows in one start of k-means++, so many in a step.

        It raises UndecidedError where its distances are not exact enough for a choice. Those that
        decide are, but may take longer.
        """
        ...

    def own_distances(self, centers: Floats, labels: Labels) -> Floats:
        """Squared distance of every row to the centre of its cluster, to about 12 digits."""
        ...

    def decided_own_distances(self, centers: Floats, labels: Labels, rows: Ints) -> Floats:
        """The same for some rows, with the same bits in every storage."""
        ...

    def squared_distances(self, centers: Floats) -> Floats:
        """(n_samples, n_clusters): to every centre; exactly 0 where row and centre coincide."""
        ...


class KnownPoints(Points, Protocol):
    """Rows without unknown cells."""

    # Multiply-adds of an iteration up to which a start alone is the faster in compiled calls.
    lone_work: int

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        """Add factor * row to ``sums`` (n_clusters, n_features), entry after entry."""
        ...

    def sums_are_exact(self, weights: Floats) -> bool:
        """Whether float64 is known to hold every weighted sum of rows, in any order, exactly."""
        ...

    def kept_by_start(self, n_clusters: int) -> int:
        """Bytes that a start in compiled calls keeps beside labels and centres."""
        ...

    def small_seeds(
        self, weights: Floats, firsts: Ints, uniforms: Floats, start: int, stop: int, chosen: Ints
    ) -> None:
        """Write the rows that k-means++ chooses in starts ``start``..``stop`` to ``chosen``.

        ``firsts`` (n_starts,) has the first row of each, ``uniforms`` (n_starts, n_clusters - 1,
        n_trials) the random numbers, ``chosen`` (n_starts, n_clusters).
        """
        ...

    def small_runs(
        self, weights: Floats, rule: StopRule, start: int, stop: int, runs: Runs
    ) -> None:
        """Run Lloyd's algorithm from ``runs.centers`` in starts ``start``..``stop``."""
        ...

    def unit_rows(self) -> tuple["KnownPoints", npt.NDArray[np.bool_]]:
        """The rows scaled to length 1 in float64, and which are zero and so stay as they are."""
        ...

    def pair_distances(self, first: int, stop: int) -> DistancesOf:
        """What gives the Euclidean distances from other rows to rows ``first``..``stop``."""
        ...

    def pair_manhattan(self, first: int, stop: int) -> DistancesOf:
        """The same for the sum of absolute differences."""
        ...
