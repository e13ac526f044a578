"""The rows that a fit works on: all of them, or those of which some cell is known."""

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
    """The cluster whose rows weigh most; of equally heavy ones the lowest."""
    return int(np.argmax(np.bincount(labels, weights)))


@dataclass(frozen=True, eq=False)
class KnownRows:
    """What a fit works on.

    Attributes
    ----------
    points : Points
    weights : ndarray of shape (n_known,)
        Theirs.
    rows : ndarray of shape (n_known,) or None
        Which rows of X they are; None for all.
    n_samples : int
        Rows of X.
    """

    points: Points
    weights: Floats
    rows: Ints | None
    n_samples: int

    def all_labels(self, labels: Labels) -> Labels:
        """Labels of all rows of X: those of which nothing is known go to the heaviest cluster."""
        if self.rows is None:
            return labels
        out = np.full(self.n_samples, heaviest_cluster(labels, self.weights), dtype=np.int32)
        out[self.rows] = labels
        return out

    def told(self, on_iteration: OnIteration | None) -> OnIteration | None:
        """A listener that hands events on with the labels of all rows of X."""
        if self.rows is None or on_iteration is None:
            return on_iteration

        def tell(event: IterationEvent) -> object:
            labels = self.all_labels(event.labels)
            labels.flags.writeable = False
            return on_iteration(replace(event, labels=labels))

        return tell


def known_rows(
    points: KnownPoints | ObservedPoints, weights: Floats, n_clusters: int, shrinkage: float
) -> KnownRows:
    """Set aside the rows of which nothing is known, so that they count for nothing in a fit.

    Parameters
    ----------
    points : KnownPoints or ObservedPoints
    weights : ndarray of shape (n_samples,)
    n_clusters : int
    shrinkage : float
        Above 0 the points become observed ones in any case: their centers are no plain means.

    Returns
    -------
    KnownRows

    Raises
    ------
    ValueError
        If a feature, or any cell, is known in no row of positive weight, fewer rows have a known
        cell than there are clusters, or the shrinkage is too large for float64.

    Warns
    -----
    UserWarning
        If rows are set aside: how many.
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
        points = compressed(points)

    n_known = points.shape[0]
    if n_known < n_clusters:
        raise ValueError(
            f"Only {n_known} of {n_samples} rows have a known cell: too few for "
            f"n_clusters={n_clusters}."
        )
    if n_known < n_samples:
        warnings.warn(
            f"Rows without any known cell: {n_samples - n_known}. They are put into the heaviest "
            "cluster and count for nothing.",
            UserWarning,
            stacklevel=3,
        )
    return KnownRows(points, weights, rows, n_samples)


def _refuse_overflow(points: ObservedPoints, shrinkage: float) -> None:
    with np.errstate(over="ignore"):
        # Twice, for what is added to it.
        drawn = 2 * shrinkage * points.feature_means
    if not np.all(np.isfinite(drawn)):
        raise InvalidParameterError(
            f"shrinkage={shrinkage!r} times the mean of a feature is more than float64 can hold: "
            "take a smaller one."
        )


def _refuse_unknown_features(points: ObservedPoints) -> None:
    unknown = np.flatnonzero(points.feature_weights == 0)
    if len(unknown):
        raise ValueError(
            f"Column {unknown[0]} of X has no known value in a row of positive weight: leave the "
            "column out."
        )
