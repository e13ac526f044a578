"""k-means||: first centers from a few passes over the rows, wherever the rows are."""

from typing import Any, NamedTuple, Protocol

import numpy as np
import scipy.sparse as sp

from kmeans_core.arrays import Floats, Ints, row_blocks
from kmeans_core.fit.lloyd import LloydResult, allowed_shift, lloyd
from kmeans_core.fit.problem import StopRule
from kmeans_core.fit.seeding import plusplus_rows
from kmeans_core.kernels.centers import weighted_total
from kmeans_core.kernels.labels import add_weights
from kmeans_core.points.checks import RandomStream, as_points
from kmeans_core.points.compressed import MOST_STORED, compressed
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.interface import KnownPoints, Points

# Bahmani et al. (section 5) find that more rounds or more candidates gain little.
OVERSAMPLING = 2.0
N_ROUNDS = 5

# The last step draws this many rows for each cluster, if they have at most this many entries. On
# ratings of 4,000 users, candidates alone led to 3.3 % more inertia than k-means++, because most
# rows lie around few candidates, and the centers go to the other ones. With 50 rows for each
# cluster the inertia was that of k-means++, and with 20 rows .4 % more.
SAMPLE_OF_CLUSTER = 50
MOST_ENTRIES = 2**24

# The clustering of the sample takes little time beside a pass, so the best of several is kept.
RECLUSTERINGS = 3
RECLUSTER_ITER, RECLUSTER_TOL = 30, 1e-4

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
        ``weight * D^2 / potential * n_expected``. ``potential`` is the sum of weight * D^2.
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
    parts: list[KnownPoints] = []

    def add(rows: Ints) -> float:
        dense = passes.take(rows)
        # There may be ten candidates for each cluster. Those that are mostly zero are kept as CSR.
        parts.append(compressed(DensePoints(dense, passes.n_threads), n_clusters))
        return passes.add_candidates(dense)

    # Steps 1 and 2: one row, in proportion to its weight.
    potential = add(np.array([passes.draw_one(first)], dtype=np.intp))
    # Steps 3 to 6.
    round_number = 0
    while 0 < potential < np.inf:
        if round_number >= n_rounds and _n_different(passes) >= n_clusters:
            break
        rows = passes.sample(oversampling * n_clusters, potential, seed, round_number)
        round_number += 1
        if len(rows) > 0:
            potential = add(rows)
    # Step 7. A row that equals a candidate before it has no weight.
    weights = passes.weights_of_candidates()
    candidates = _Weighted(_joined(parts, np.flatnonzero(weights)), weights[weights > 0])
    n_found = len(candidates.weights)
    if n_found <= n_clusters:
        # All rows lie on the candidates, which are repeated.
        return candidates.points.take(np.arange(n_clusters) % n_found)
    # Step 8.
    n_expected = float(
        max(min(SAMPLE_OF_CLUSTER * n_clusters, MOST_ENTRIES // parts[0].shape[1]), n_found)
    )
    share = potential / n_expected
    rows = np.empty(0, dtype=np.intp)
    if 0 < share < np.inf:
        rows = passes.sample(n_expected, potential, seed, round_number)
    if len(rows) == 0:
        return _reclustered(candidates, candidates, n_clusters, stream)
    sample = compressed(DensePoints(passes.take(rows), passes.n_threads), n_clusters)
    both = _with_sample(candidates, sample, share)
    return _reclustered(candidates, both, n_clusters, stream)


def _n_different(passes: RowPasses) -> int:
    """The number of different candidates."""
    return int(np.count_nonzero(passes.weights_of_candidates()))


class _Weighted(NamedTuple):
    """Rows and their positive weights."""

    points: KnownPoints
    weights: Floats


def _joined(parts: list[KnownPoints], kept: Ints) -> KnownPoints:
    """Some rows of all parts, as CSR if few entries are stored."""
    n_rows = sum(part.shape[0] for part in parts)
    rows: Any
    if sum(part.n_stored for part in parts) <= MOST_STORED * n_rows * parts[0].shape[1]:
        rows = sp.vstack([sp.csr_array(part.matrix) for part in parts])[kept]
    else:
        rows = np.concatenate([part.take(np.arange(part.shape[0])) for part in parts])[kept]
    return as_points(rows, n_threads=parts[0].n_threads, compress=False)


def _with_sample(candidates: _Weighted, sample: KnownPoints, share: float) -> _Weighted:
    """Candidates and drawn rows, and the weight of the rows that each of them stands for.

    A row that was drawn with the chance weight * D^2 / share stands for weight / chance, so
    weighted sums over the sample estimate those over all rows (importance sampling, as in coresets:
    Bachem, Lucic and Krause 2018). The rows around a candidate keep their weight in total: if the
    drawn ones stand for less, the candidate stands for the rest.
    """
    points, weights = candidates
    near = PointPasses(sample, np.ones(sample.shape[0]))
    for some in row_blocks(points.shape):
        near.add_candidates(points.take(np.arange(some.start, some.stop)))
    around = weights[near._nearest]
    stands_for = share / np.maximum(near._closest, share / around)
    drawn = np.bincount(near._nearest, stands_for, minlength=len(weights))
    stands_for *= np.minimum(1.0, around / drawn[near._nearest])
    stands_for = np.concatenate([np.maximum(weights - drawn, 0.0), stands_for])
    return _Weighted(
        _joined([points, sample], np.flatnonzero(stands_for)), stands_for[stands_for > 0]
    )


def _reclustered(
    candidates: _Weighted, rows: _Weighted, n_clusters: int, stream: RandomStream
) -> Floats:
    """Centers of the weighted rows: the best of several runs of Lloyd's algorithm.

    One run begins with the best clusters of the candidates alone, which separate groups of rows
    better. The others begin with k-means++ on the rows.
    """
    of_candidates = [_clustered(candidates, n_clusters, stream) for _ in range(RECLUSTERINGS)]
    runs = [_lloyd(rows, min(of_candidates, key=_inertia).centers)]
    runs += [_clustered(rows, n_clusters, stream) for _ in range(RECLUSTERINGS)]
    centers: Floats = min(runs, key=_inertia).centers
    return centers


def _clustered(rows: _Weighted, n_clusters: int, stream: RandomStream) -> LloydResult:
    first = plusplus_rows(rows.points, n_clusters, rows.weights, stream)
    return _lloyd(rows, rows.points.take(first))


def _lloyd(rows: _Weighted, first: Floats) -> LloydResult:
    rule = StopRule(RECLUSTER_ITER, allowed_shift(rows.points, RECLUSTER_TOL))
    return lloyd(rows.points, first, rows.weights, rule)


def _inertia(result: LloydResult) -> float:
    return result.inertia


class PointPasses:
    """The passes of k-means|| over points of any storage.

    ``first`` is the number of their first row, if they are a piece of more rows. Rows are drawn by
    these numbers.
    """

    def __init__(self, points: Points, weights: Floats, first: int = 0) -> None:
        self.n_samples = points.shape[0]
        self._first = first
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
        distances = np.empty(self.n_samples)
        if self._points.known is not None:
            self._points.known.assign_once(candidates, labels, distances)
        else:
            self._points.assigner(len(candidates), n_calls=1).assign(candidates, labels)
            distances = self._points.own_distances(candidates, labels)
        nearer = distances < self._closest
        self._closest[nearer] = distances[nearer]
        self._nearest[nearer] = labels[nearer] + self._n_candidates
        self._n_candidates += len(candidates)
        return float(weighted_total(self._weights, self._closest))

    def sample(self, n_expected: float, potential: float, seed: int, round_number: int) -> Ints:
        chances = self._weights * self._closest
        chances /= potential
        chances *= n_expected
        stop = self._first + self.n_samples
        uniforms = row_uniforms(seed, round_number, self._first, stop)
        return self._first + np.flatnonzero(uniforms < chances)

    def weights_of_candidates(self) -> Floats:
        of_candidates: Floats = np.zeros(self._n_candidates)
        add_weights(self._nearest, self._weights, of_candidates)
        return of_candidates
