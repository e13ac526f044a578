"""The partitions of X: Dask arrays, Dask data frames of numbers, lists of delayed matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.delayed import Delayed

from kmeans_core.interface.protocol import feature_names

_ACCEPTED = "a Dask array, a Dask data frame of numbers, or a list of delayed matrices"


@dataclass(frozen=True, eq=False)
class Partitions:
    """Blocks of rows that are not computed yet."""

    blocks: Sequence[Delayed]
    names: npt.NDArray[np.object_] | None  # of the columns


def partitions_of(X: Any) -> Partitions:
    """The partitions of X; TypeError or ValueError with the way out for what is not partitions."""
    if isinstance(X, da.Array):
        return Partitions(list(_in_rows(X).to_delayed().ravel()), None)
    if is_frame(X):
        return Partitions(list(X.to_delayed()), feature_names(X))
    if isinstance(X, list | tuple) and X and all(isinstance(block, Delayed) for block in X):
        return Partitions(list(X), None)
    raise TypeError(
        f"kmeans_core.dask works on {_ACCEPTED}, not on a {type(X).__name__}. For data in memory "
        "use kmeans_core.KMeans, or cut them by dask.array.from_array(X, chunks=...)."
    )


def vector_blocks(given: Any, lengths: Sequence[int], name: str) -> Sequence[Delayed]:
    """The blocks of a vector, such as weights; an array in memory is cut into ``lengths``."""
    if isinstance(given, list | tuple) and any(isinstance(block, Delayed) for block in given):
        return list(given)
    if hasattr(given, "to_dask_array"):
        given = given.to_dask_array()
    if not isinstance(given, da.Array):
        array = np.asarray(given)
        if array.shape != (sum(lengths),):
            raise ValueError(
                f"{name}.shape == {array.shape}, expected {(sum(lengths),)}: one for each row."
            )
        given = da.from_array(array, chunks=(tuple(n for n in lengths if n > 0),))
    if given.ndim != 1:
        raise ValueError(f"{name} must be 1-D, got a {given.ndim}-D Dask array.")
    return list(given.to_delayed().ravel())


def is_frame(X: Any) -> bool:
    """Whether X is a Dask data frame."""
    return hasattr(X, "map_partitions") and hasattr(X, "to_dask_array") and hasattr(X, "columns")


def as_dask_array(X: Any, n_features: int) -> Any:
    """X as a Dask array with all features in one chunk of columns."""
    if isinstance(X, da.Array):
        return _in_rows(X)
    if is_frame(X):
        return X.to_dask_array()
    blocks = partitions_of(X).blocks
    shape = (np.nan, n_features)
    return da.concatenate(
        [da.from_delayed(block, shape=shape, dtype=np.float64) for block in blocks],
        allow_unknown_chunksizes=True,
    )


def _in_rows(X: Any) -> Any:
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D Dask array instead (shape {X.shape}).")
    if X.numblocks[1] == 1:
        return X
    if np.isnan(X.shape[1]):
        raise ValueError(
            "The columns of X lie in chunks of unknown size: call X.compute_chunk_sizes() first."
        )
    return X.rechunk({1: -1})
