"""What whole runs of small fits are given and write."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels


@dataclass(frozen=True)
class StopRule:
    """When a run ends.

    Attributes
    ----------
    max_iter : int
    shift : float
        Squared shifts of the centres, summed, at which it ends.
    """

    max_iter: int
    shift: float


@dataclass(frozen=True, eq=False)
class Runs:
    """Room for several starts.

    Attributes
    ----------
    centers : ndarray of shape (n_starts, n_clusters, n_features)
        First the centres to start from, then those handed back.
    labels : ndarray of shape (n_starts, n_samples)
    stops : ndarray of shape (n_starts, 2)
        Iterations, and why the run ended (see ``kernels/stops.py``).
    figures : ndarray of shape (n_starts, 2)
        Inertia, and the last shift of the centres.
    """

    centers: Floats
    labels: Labels
    stops: npt.NDArray[np.int64]
    figures: Floats
