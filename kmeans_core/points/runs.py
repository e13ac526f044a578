"""What whole runs of small fits are given and write."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, Labels
from kmeans_core.kernels.stops import UNFINISHED
from kmeans_core.threads import stopping

# Multiply-adds of one compiled call at most, were every start to take max_iter iterations: some
# .3 s. Beyond, each start has calls of its own, of so many multiply-adds: Ctrl-C is heard between
# two calls, and their cost does not show.
CALL_WORK = 1_000_000_000
PART_WORK = 100_000_000


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
    stops : ndarray of shape (n_starts, 3)
        Iterations, at first 0; why the run ended (see ``kernels/stops.py``); what the next call
        needs to know where it has not ended.
    figures : ndarray of shape (n_starts, 2)
        Inertia, and the last shift of the centres.
    """

    centers: Floats
    labels: Labels
    stops: npt.NDArray[np.int64]
    figures: Floats

    def complete(
        self,
        kernel: Callable[[int, int, int], object],
        start: int,
        stop: int,
        max_iter: int,
        work: int,
    ) -> None:
        """Call ``kernel(at_once, start, stop)`` until starts ``start``..``stop`` have ended.

        Parameters
        ----------
        kernel : callable
            Runs up to ``at_once`` iterations of each start.
        start, stop : int
        max_iter : int
        work : int
            Multiply-adds of an iteration.
        """
        if (stop - start) * max_iter * work <= CALL_WORK:
            kernel(max_iter, start, stop)
            return
        at_once = max(1, PART_WORK // work)
        for s in range(start, stop):
            self.stops[s, 1] = UNFINISHED
            while self.stops[s, 1] == UNFINISHED:
                stopping.check()
                kernel(at_once, s, s + 1)
