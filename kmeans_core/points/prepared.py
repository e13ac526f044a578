"""Centres in the forms that plain kernels want them in: float64, transposed, padded."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats

# Centres are padded to a multiple of the widest vector in use today: 8 doubles.
VECTOR_WIDTH = 8


@dataclass(frozen=True, eq=False)
class PreparedCenters:
    """Centres in the forms that kernels want them in.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features)
    transposed : ndarray of shape (n_features, n_padded)
        Columns past n_clusters are zero.
    norms : ndarray of shape (n_padded,)
        Squared lengths.
    """

    centers: Floats
    transposed: Floats
    norms: Floats


def prepare(centers: npt.NDArray[Any]) -> PreparedCenters:
    """Centres as float64, transposed and padded, with their norms."""
    n_clusters, n_features = centers.shape
    n_padded = -(-n_clusters // VECTOR_WIDTH) * VECTOR_WIDTH
    exact = np.array(centers, dtype=np.float64, order="C")
    transposed = np.zeros((n_features, n_padded))
    transposed[:, :n_clusters] = exact.T
    norms = np.zeros(n_padded)
    norms[:n_clusters] = np.einsum("ij,ij->i", exact, exact)
    return PreparedCenters(exact, transposed, norms)
