"""The table of centers that float64 kernels read: transposed and padded."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, aligned_zeros, round_up
from kmeans_core.kernels.centers import put_centers
from kmeans_core.kernels.vectors.ir import LANES64


def transposed(centers: npt.NDArray[Any], width: int = LANES64) -> Floats:
    """The centers as columns of a table, padded with zeros to a multiple of ``width``."""
    n_clusters, n_features = centers.shape
    table: Floats = aligned_zeros((n_features, round_up(n_clusters, width)), np.float64)
    put_centers(centers, np.ones(n_clusters, dtype=np.bool_), 0, n_features, table)
    return table
