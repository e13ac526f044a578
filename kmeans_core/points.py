"""What an algorithm may ask of its data, however they are stored."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.groups import RowGroups


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


class Points(Protocol):
    """Rows to cluster. Labels are int32; distances, sums and weights are float64.

    ``n_threads`` bounds the threads of each call; no answer depends on it.
    """

    n_threads: int

    @property
    def shape(self) -> tuple[int, int]:
        """n_samples, n_features."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64: what the centres are given back in."""
        ...

    def mean_variance(self) -> float:
        """Variance of each feature over the rows, averaged over the features."""
        ...

    def take(self, rows: Ints) -> Floats:
        """Some rows as a dense (n_rows, n_features) array."""
        ...

    def unit_rows(self) -> tuple["Points", npt.NDArray[np.bool_]]:
        """The rows scaled to length 1 in float64, and which are zero and so stay as they are."""
        ...

    def assigner(self, n_clusters: int) -> Assigner:
        """What assigns the rows to centres during one run."""
        ...

    def add_rows(self, groups: RowGroups, sums: Floats) -> None:
        """Add factor * row to ``sums`` (n_clusters, n_features), entry after entry."""
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

    def pair_distances(self, first: int, stop: int) -> Floats:
        """(stop - first, n_samples): Euclidean, from rows ``first``..``stop`` to every row."""
        ...

    def pair_manhattan(self, first: int, stop: int) -> Floats:
        """The same for the sum of absolute differences."""
        ...
