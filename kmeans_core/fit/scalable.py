"""k-means||: first centers from a few passes over the rows, wherever the rows are."""

from typing import Protocol

import numpy as np

from kmeans_core.arrays import Floats, Ints
from kmeans_core.fit.lloyd import LloydResult, allowed_shift, lloyd
from kmeans_core.fit.problem import StopRule
from kmeans_core.fit.seeding import plusplus_rows
from kmeans_core.kernels.centers import weighted_total
from kmeans_core.kernels.labels import add_weights
from kmeans_core.points.checks import RandomStream
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import Points

# Bahmani et al. (section 5) find that more rounds or more candidates gain little.
OVERSAMPLING = 2.0
N_ROUNDS = 5

# The clustering of the candidates takes little time beside a pass, so the best of several is kept.
RECLUSTERINGS = 5
RECLUSTER_ITER, RECLUSTER_TOL = 100, 1e-4

# A Philox counter gives this many numbers.
PER_COUNTER = 4


class RowPasses(Protocol):
    """What k-means|| asks of rows. Each question takes one pass over them, or none.

    A row keeps D^2, its squared distance to the nearest candidate so far, and the number of that
    candidate. Sums over rows must not depend on blocks, partitions or workers.
    """

    n_samples: int
    n_threads: int

    def draw_one(self, uniform: float) -> int:
        """A row in proportion to its weight: the number from 0 to 1 chooses it."""

    def take(self, rows: Ints) -> Floats:
        """Some rows, ascending, as a dense float64 array (n_rows, n_features)."""

    def add_candidates(self, candidates: Floats) -> float:
        """Compare every row with more candidates; return the sum of weight * D^2.

        The candidates are numbered in the order in which they come. If several are equally near,
        the one with the lowest number is the nearest.
        """

    def sample(self, n_expected: float, potential: float, seed: int, round_number: int) -> Ints:
        """Rows, ascending, drawn independently of each other, each in proportion to weight * D^2.

        A row is drawn if its number from ``row_uniforms`` is less than
        ``n_expected * (weight * D^2 / potential)``. ``potential`` is the sum of weight * D^2.
        """

    def weights_of_candidates(self) -> Floats:
        """(n_candidates,): the weight of the rows that are nearest to each candidate."""


def row_uniforms(seed: int, round_number: int, start: int, stop: int) -> Floats:
    """A random number from 0 to 1 for each of the rows start..stop.

    It depends on the seed, the round and the number of the row alone (Philox is counter-based:
    Salmon et al. 2011). So it does not depend on the blocks in which rows are visited.
    """
    numbers = np.random.Philox(key=np.array([seed, round_number], dtype=np.uint64))
    first = start // PER_COUNTER
    numbers.advance(first)
    drawn: Floats = np.random.Generator(numbers).random(stop - first * PER_COUNTER)
    return drawn[start - first * PER_COUNTER :]


def scalable_centers(
    passes: RowPasses,
    n_clusters: int,
    stream: RandomStream,
    *,
    oversampling: float = OVERSAMPLING,
    n_rounds: int = N_ROUNDS,
) -> Floats:
    """First centers by k-means|| (Bahmani et al. 2012, Algorithm 2), float64.

    Each round draws about ``oversampling * n_clusters`` rows. There are more than ``n_rounds``
    rounds only if they find fewer than ``n_clusters`` different rows.

    The rows must be finite and have a positive weight in total.
    """
    first, seed = stream.random(), int(stream.random() * 2.0**53)
    # Step 1: one row, in proportion to its weight.
    candidates = passes.take(np.array([passes.draw_one(first)], dtype=np.intp))
    # Step 2.
    potential = passes.add_candidates(candidates)
    # Steps 3 to 6.
    round_number = 0
    while 0 < potential < np.inf:
        if round_number >= n_rounds and _n_different(candidates) >= n_clusters:
            break
        rows = passes.sample(oversampling * n_clusters, potential, seed, round_number)
        round_number += 1
        if len(rows) > 0:
            found = passes.take(rows)
            candidates = np.concatenate([candidates, found])
            potential = passes.add_candidates(found)
    # Steps 7 and 8. Repeated candidates have no weight.
    weights = passes.weights_of_candidates()
    heavy = weights > 0
    return _reclustered(candidates[heavy], weights[heavy], n_clusters, stream, passes.n_threads)


def _n_different(candidates: Floats) -> int:
    return len(np.unique(candidates, axis=0))


def _reclustered(
    candidates: Floats, weights: Floats, n_clusters: int, stream: RandomStream, n_threads: int
) -> Floats:
    """Centers of the weighted candidates: the best of several runs of k-means++ and Lloyd.

    If there are too few candidates, because all rows lie on them, they are repeated.
    """
    if len(candidates) <= n_clusters:
        return candidates[np.arange(n_clusters) % len(candidates)]
    points = DensePoints(candidates, n_threads)
    rule = StopRule(RECLUSTER_ITER, allowed_shift(points, RECLUSTER_TOL))

    def once() -> LloydResult:
        rows = plusplus_rows(points, n_clusters, weights, stream)
        return lloyd(points, points.take(rows), weights, rule)

    best = min((once() for _ in range(RECLUSTERINGS)), key=lambda result: result.inertia)
    centers: Floats = best.centers
    return centers


class PointPasses:
    """The passes of k-means|| over points of any storage."""

    def __init__(self, points: Points, weights: Floats) -> None:
        self.n_samples = points.shape[0]
        self.n_threads = points.n_threads
        self._points = points
        self._weights = weights
        self._closest = np.full(self.n_samples, np.inf)
        self._nearest = np.zeros(self.n_samples, dtype=np.int32)
        self._n_candidates = 0

    def draw_one(self, uniform: float) -> int:
        cumulative = np.cumsum(self._weights / self._weights.sum())
        return int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))

    def take(self, rows: Ints) -> Floats:
        return self._points.take(rows)

    def add_candidates(self, candidates: Floats) -> float:
        labels = np.full(self.n_samples, -1, dtype=np.int32)
        self._points.assigner(len(candidates), n_calls=1).assign(candidates, labels)
        distances = self._points.own_distances(candidates, labels)
        nearer = distances < self._closest
        self._closest[nearer] = distances[nearer]
        self._nearest[nearer] = labels[nearer] + self._n_candidates
        self._n_candidates += len(candidates)
        return float(weighted_total(self._weights, self._closest))

    def sample(self, n_expected: float, potential: float, seed: int, round_number: int) -> Ints:
        chances = n_expected * (self._weights * self._closest / potential)
        return np.flatnonzero(row_uniforms(seed, round_number, 0, self.n_samples) < chances)

    def weights_of_candidates(self) -> Floats:
        of_candidates: Floats = np.zeros(self._n_candidates)
        add_weights(self._nearest, self._weights, of_candidates)
        return of_candidates
