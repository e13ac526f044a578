"""The rows that a fit works on: all rows, or only the rows with a known cell."""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.errors import InvalidParameterError
from kmeans_core.fit.lloyd import IterationEvent, OnIteration
from kmeans_core.points.compressed import compressed
from kmeans_core.points.interface import KnownPoints, Points
from kmeans_core.points.observed import ObservedPoints


def heaviest_cluster(labels: Labels, weights: Floats) -> int:
    """The cluster whose rows weigh most; the lowest number if several weigh the same."""
    return int(np.argmax(np.bincount(labels, weights)))


@dataclass(frozen=True, eq=False)
class KnownRows:
    """The rows of X that a fit works on."""

    points: Points
    weights: Floats  # (n_known,)
    rows: Ints | None  # (n_known,): their numbers in X; None for all rows
    n_samples: int  # of X

    def all_labels(self, labels: Labels) -> Labels:
        """Labels of all rows of X: rows without known cells go to the heaviest cluster."""
        if self.rows is None:
            return labels
        out = np.full(self.n_samples, heaviest_cluster(labels, self.weights), dtype=np.int32)
        out[self.rows] = labels
        return out

    def for_all_rows(self, on_iteration: OnIteration | None) -> OnIteration | None:
        """A listener that passes events on with the labels of all rows of X."""
        if self.rows is None or on_iteration is None:
            return on_iteration

        def listener(event: IterationEvent) -> object:
            labels = self.all_labels(event.labels)
            labels.flags.writeable = False
            return on_iteration(replace(event, labels=labels))

        return listener


def known_rows(
    points: KnownPoints | ObservedPoints, weights: Floats, n_clusters: int, shrinkage: float
) -> KnownRows:
    """Set aside the rows without known cells, with a warning, so that a fit ignores them.

    With shrinkage the points become observed points, because their centers are not plain means.
    ValueError if a feature has no known cell in a row of positive weight, if fewer rows than
    clusters have a known cell, or if the shrinkage is too large for float64.
    """
    n_samples = points.shape[0]
    rows = None
    if points.known is None and not np.all(points.n_known):
        points, rows = points.rows_with_known_cells()
        weights = weights[rows]
        if len(rows) > 0 and not np.any(weights):
            raise ValueError("No row with a known cell has a positive weight.")
    if points.known is not None and shrinkage > 0:
        points = ObservedPoints.of_whole(points)
    if points.known is None:
        points = points.weighted(weights, shrinkage)
        _refuse_unknown_features(points)
        _refuse_overflow(points, shrinkage)
    else:
        points = compressed(points, n_clusters)

    n_known = points.shape[0]
    if n_known < n_clusters:
        raise ValueError(
            f"Only {n_known} of {n_samples} rows have a known cell: too few for "
            f"n_clusters={n_clusters}."
        )
    if n_known < n_samples:
        warnings.warn(
            f"Rows without any known cell: {n_samples - n_known}. They get the label of the "
            "heaviest cluster, and the fit ignores them.",
            UserWarning,
            stacklevel=3,
        )
    return KnownRows(points, weights, rows, n_samples)


def _refuse_overflow(points: ObservedPoints, shrinkage: float) -> None:
    with np.errstate(over="ignore"):
        # The factor 2 leaves room for the weighted values that are added to the product.
        pull = 2 * shrinkage * points.feature_means
    if not np.all(np.isfinite(pull)):
        raise InvalidParameterError(
            f"shrinkage={shrinkage!r} times the mean of a feature is more than float64 can hold. "
            "Choose a smaller shrinkage."
        )


def _refuse_unknown_features(points: ObservedPoints) -> None:
    unknown = np.flatnonzero(points.feature_weights == 0)
    if len(unknown):
        raise ValueError(
            f"Column {unknown[0]} of X has no known value in a row of positive weight: leave the "
            "column out."
        )
