"""What kernels need of centers: a transposed and padded table, an origin near them."""

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


def origin_of(centers: Floats, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Where rows and centers are measured from: near it rounding errors are small."""
    with np.errstate(over="ignore", invalid="ignore"):
        middle: npt.NDArray[Any] = np.mean(centers, axis=0).astype(dtype)
    middle[~np.isfinite(middle)] = 0.0
    return middle
