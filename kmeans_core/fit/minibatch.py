"""Mini-batch k-means over points: first centers of a sample, steps of a batch each, early stop."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.fit.first_centers import first_centers
from kmeans_core.fit.problem import Problem, StopRule
from kmeans_core.kernels.centers import add_to_means, weighted_total
from kmeans_core.kernels.seeding import rows_at
from kmeans_core.points.checks import RandomStream
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.sums import ClusterSums
from kmeans_core.threads import chunks

# Reassignment is due when this many rows for each cluster have passed since the last one.
ROWS_BETWEEN = 10

# Entries of the guide table, a power of 2. It takes .03 to .7 ms to make (up to 5 million rows). A
# batch of 1,024 of 200,000 rows is then drawn in .02 ms, and without it in .15 ms.
GUIDES = 2**12


class StepRule(NamedTuple):
    """How a batch moves the centers."""

    batch_size: int
    reassignment_ratio: float  # a cluster with a smaller share of the largest weight moves


class EndRule(NamedTuple):
    """A fit ends after ``n_steps`` batches, or earlier."""

    n_steps: int
    # If a step moves the centers by at most this sum of squared distances; never if it is 0.
    shift: float
    # After this many batches in a row without a new least smoothed inertia; None for never.
    max_no_improvement: int | None


class MiniBatchResult(NamedTuple):
    """The state after the last batch of a fit."""

    moving: "MovingCenters"
    n_steps: int
    mean_inertia: float  # of a row, smoothed over batches


# First centers ------------------------------------------------------------------------------------


def best_first_centers(
    points: KnownPoints,
    weights: Floats,
    init: Any,
    n_clusters: int,
    n_init: int,
    size: int,
    stream: RandomStream,
    *,
    verbose: bool,
) -> Floats:
    """First centers from ``n_init`` samples; those with the least inertia over one more sample.

    Samples are drawn with replacement, in scikit-learn's order. Rows of weight 0 are not drawn.
    """
    asked = points, weights, init, n_clusters, size, stream
    validation = _sampled_rows(weights, size, stream)
    if n_init == 1 and not verbose:
        return sampled_centers(*asked)
    best, least = np.empty(0), np.inf
    for number in range(n_init):
        if verbose:
            print(f"Init {number + 1}/{n_init} with method {init}")  # noqa: T201
        centers = sampled_centers(*asked)
        _, inertia = _assigned(points.subset(validation), weights[validation], centers)
        if verbose:
            print(f"Inertia for init {number + 1}/{n_init}: {inertia}")  # noqa: T201
        if number == 0 or inertia < least:
            best, least = centers, inertia
    return best


def sampled_centers(
    points: KnownPoints,
    weights: Floats,
    init: Any,
    n_clusters: int,
    size: int,
    stream: RandomStream,
) -> Floats:
    """First centers from a sample, or from all rows if the sample would have as many."""
    if size < points.shape[0]:
        rows = _sampled_rows(weights, size, stream)
        points, weights = points.subset(rows), weights[rows]
    if callable(init):
        # The callable gets a copy, because kernels may see read-only memory as writable.
        sample = points.subset(np.arange(points.shape[0])).matrix
        init = init(sample, n_clusters, random_state=stream)
    rule = StopRule(max_iter=1, shift=0.0)
    return first_centers(Problem(points, None, weights, init, n_clusters, rule), stream)


def sample_size(parameters: Mapping[str, Any], n_samples: int, stacklevel: int) -> int:
    """The number of rows in the sample for the first centers; a warning if init_size is too low."""
    size, n_clusters = parameters["init_size"], parameters["n_clusters"]
    if size is None:
        size = 3 * min(parameters["batch_size"], n_samples)
    elif size < n_clusters:
        warnings.warn(
            f"init_size={size} should be larger than n_clusters={n_clusters}. Setting it to "
            "min(3*n_clusters, n_samples)",
            RuntimeWarning,
            stacklevel=stacklevel,
        )
    if size < n_clusters:
        size = 3 * n_clusters
    return int(min(size, n_samples))


def _sampled_rows(weights: Floats, size: int, stream: RandomStream) -> Ints:
    """``size`` of the rows with a weight, drawn with replacement, each with the same chance."""
    rows = np.flatnonzero(weights)
    if isinstance(stream, np.random.Generator):
        return rows[stream.integers(0, len(rows), size)]
    return rows[stream.randint(0, len(rows), size)]


# One batch ----------------------------------------------------------------------------------------


def _assigned(points: KnownPoints, weights: Floats, centers: Floats) -> tuple[Labels, float]:
    """The nearest center of each row, and the inertia."""
    labels = np.full(points.shape[0], -1, dtype=np.int32)
    points.assigner(len(centers), n_calls=1).assign(centers, labels)
    return labels, float(weighted_total(weights, points.own_distances(centers, labels)))


class MovingCenters:
    """Centers that each batch moves (Sculley 2010).

    A center is the weighted mean of all rows that batches have assigned to it. So a batch moves it
    by the share that the batch has in the weight so far. Sculley's algorithm 1 adds one row after
    the other with a rate of 1 / count, which gives the same mean.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        float64, rounded to ``dtype`` after each batch.
    counts : ndarray of shape (n_clusters,)
        The weight of the rows that each center has got.
    n_since_reassigned : int
        The number of rows since the last reassignment.
    """

    def __init__(
        self, centers: npt.NDArray[Any], dtype: np.dtype[Any], counts: Floats, n_since: int
    ) -> None:
        self.centers = np.array(centers, dtype=np.float64, order="C")
        self.dtype = dtype
        self.counts = counts
        self.n_since_reassigned = n_since

    def learn(
        self,
        batch: KnownPoints,
        weights: Floats,
        rule: StepRule,
        stream: RandomStream,
        *,
        verbose: bool,
    ) -> float:
        """Assign a batch and move the centers; return the inertia before they moved."""
        labels, inertia = _assigned(batch, weights, self.centers)
        is_due = self._reassignment_is_due(min(batch.shape[0], rule.batch_size))
        sums = ClusterSums(batch, weights, len(self.centers))
        sums.refresh(labels)
        added = sums.sums, sums.weight_in_clusters, self.counts
        chunks.run(
            len(self.centers),
            self.centers.size,
            batch.n_threads,
            lambda start, stop: add_to_means(
                *added, np.empty(self.centers.shape[1], self.dtype), start, stop, self.centers
            ),
        )
        with np.errstate(over="ignore"):  # the caller refuses counts that overflow
            self.counts = self.counts + sums.weight_in_clusters
        if is_due:
            self._reassign(batch, np.flatnonzero(weights), rule.reassignment_ratio, stream, verbose)
        return inertia

    def _reassignment_is_due(self, n_rows: int) -> bool:
        self.n_since_reassigned += n_rows
        enough = self.n_since_reassigned >= ROWS_BETWEEN * len(self.counts)
        if enough or not np.all(self.counts):
            self.n_since_reassigned = 0
            return True
        return False

    def _reassign(
        self, batch: KnownPoints, rows: Ints, ratio: float, stream: RandomStream, verbose: bool
    ) -> None:
        """Move the centers of little weight to ``rows`` of the batch.

        As in scikit-learn, at most half as many centers as rows move. They get the least weight of
        the others, so that they do not move again at once.
        """
        # The heaviest cluster stays, whatever the ratio.
        is_low = self.counts < min(ratio, 1.0) * self.counts.max()
        is_low[np.argsort(self.counts, kind="stable")[len(rows) // 2 :]] = False
        n_low = int(np.count_nonzero(is_low))
        if n_low == 0:
            return
        if verbose:
            print(f"Reassigning {n_low} cluster centers.")  # noqa: T201
        chosen = rows[stream.choice(len(rows), size=n_low, replace=False)]
        self.centers[is_low] = batch.take(chosen)
        self.counts[is_low] = self.counts[~is_low].min()

    def check(self) -> None:
        """ValueError if centers or counts overflow."""
        if not np.all(np.isfinite(self.centers)) or not np.all(np.isfinite(self.counts)):
            raise ValueError(
                f"The centers overflow {self.dtype}: the values of X, or the sum of the weights "
                "so far, are too large. Scale X or the weights."
            )


# Many batches -------------------------------------------------------------------------------------


class RowDraws:
    """Draws rows with replacement, in proportion to their weights.

    They are the rows that ``stream.choice`` would draw. It adds up all weights in each call, and
    searches among all rows. A guide table leaves few rows to search (Chen and Asau 1974).
    """

    def __init__(self, weights: Floats, stream: RandomStream) -> None:
        self._stream = stream
        self._cumulative = np.cumsum(weights / weights.sum())
        self._cumulative /= self._cumulative[-1]
        marks = np.arange(GUIDES + 1) / GUIDES
        self._guide: Ints = np.searchsorted(self._cumulative, marks, side="right")

    def rows(self, size: int) -> Ints:
        """``size`` rows."""
        found = np.empty(size, dtype=np.intp)
        rows_at(self._cumulative, self._guide, self._stream.random(size), found)
        return found


@dataclass
class EarlyStop:
    """Tells when batches no longer improve the centers.

    The inertia of a row is smoothed by an exponentially weighted average over batches, as in
    scikit-learn. The average leaves out the first batch: it measures the first centers, which no
    batch has moved yet.
    """

    rule: EndRule
    share: float  # of the last batch in the average
    smoothed: float | None = None
    least: float = np.inf
    n_without_improvement: int = 0

    def reason(self, inertia: float, shift: float) -> str | None:
        """Why the fit ends after a batch with this mean inertia; None if it goes on."""
        if self.smoothed is None:
            self.smoothed = inertia
        else:
            self.smoothed = self.smoothed * (1 - self.share) + inertia * self.share
        if self.rule.shift > 0 and shift <= self.rule.shift:
            return "small centers change"
        if self.smoothed < self.least:
            self.n_without_improvement, self.least = 0, self.smoothed
        else:
            self.n_without_improvement += 1
        most = self.rule.max_no_improvement
        if most is not None and self.n_without_improvement >= most:
            return "lack of improvement in inertia"
        return None


def minibatch(
    points: KnownPoints,
    weights: Floats,
    centers: Floats,
    step_rule: StepRule,
    end_rule: EndRule,
    stream: RandomStream,
    *,
    verbose: bool,
) -> MiniBatchResult:
    """Draw batches with replacement, in proportion to the weights, until a rule ends the fit."""
    n_samples, size = points.shape[0], step_rule.batch_size
    moving = MovingCenters(centers, points.dtype, np.zeros(len(centers)), 0)
    early = EarlyStop(end_rule, share=min(1.0, size * 2.0 / (n_samples + 1)))
    draws = RowDraws(weights, stream)
    ones = np.ones(size)
    n_steps = end_rule.n_steps
    for step in range(1, n_steps + 1):
        batch = points.subset(draws.rows(size))
        before = moving.centers.copy() if end_rule.shift > 0 else None
        total = moving.learn(batch, ones, step_rule, stream, verbose=verbose)
        inertia = total / size
        shift = 0.0 if before is None else float(np.sum((moving.centers - before) ** 2))
        reason = early.reason(inertia, shift) if step > 1 else None
        if verbose:
            print(_report(step, n_steps, inertia, early.smoothed, reason))  # noqa: T201
        if reason is not None:
            break
    return MiniBatchResult(moving, step, inertia if early.smoothed is None else early.smoothed)


def _report(
    step: int, n_steps: int, inertia: float, smoothed: float | None, reason: str | None
) -> str:
    """One line about a batch, and one about the end, in scikit-learn's words."""
    line = f"Minibatch step {step}/{n_steps}: mean batch inertia: {inertia}"
    if smoothed is not None:
        line += f", ewa inertia: {smoothed}"
    return line if reason is None else f"{line}\nConverged ({reason}) at step {step}/{n_steps}"
