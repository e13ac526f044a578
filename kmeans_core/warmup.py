"""Compiles the kernels that fits, predictions and silhouettes use, before they are needed."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.estimator import KMeans
from kmeans_core.parameters import as_iterable, check_parameters, int_from
from kmeans_core.silhouette import silhouette_samples

# A fit with so many clusters takes a minute; more would not end.
_RULES = {"n_clusters": (int_from(1, 2**16),)}


def warmup(
    n_clusters: Iterable[int] | int = (8,),
    *,
    dtypes: Any = (np.float64, np.float32),
    sparse: bool = True,
    missing: bool = False,
) -> None:
    """Compile now what the first fits would otherwise wait for.

    numba compiles a kernel when it is first called, and keeps it in its cache for later
    processes. Kernels are compiled for as many vectors as the clusters fill, so name the numbers
    of clusters that you will use: 1 to 16 are alike, and so on in steps of 16.

    Parameters
    ----------
    n_clusters : iterable of int, or int
        Each at most 65536.
    dtypes : iterable of dtype, or dtype
        Float dtypes of the data to come.
    sparse : bool
        Whether CSR matrices are to come as well; their indices int32, as scipy makes them.
    missing : bool
        Whether data with unknown cells are to come as well (``missing="ignore"``).

    Raises
    ------
    InvalidParameterError
        If a number of clusters is no int from 1 to 65536.

    Examples
    --------
    >>> import numpy as np
    >>> from kmeans_core import warmup
    >>> warmup(3, dtypes=np.float64, sparse=False)
    """
    ks = [
        check_parameters("warmup", {"n_clusters": k}, _RULES)["n_clusters"]
        for k in as_iterable(n_clusters, "n_clusters")
    ]
    kinds = list(as_iterable(dtypes, "dtypes"))
    rng = np.random.default_rng(0)
    for k in ks:
        for shape in _shapes(k):
            for dtype in kinds:
                X = rng.normal(size=shape).astype(dtype)
                _use(X, k)
                if sparse:
                    # Silhouettes of short numbers are formed in float32.
                    for values in (X, np.round(X)):
                        _use(sp.csr_array(values), k)
                if missing:
                    _use(np.where(X > 1, np.nan, X), k, missing="ignore")


def _shapes(n_clusters: int) -> list[tuple[int, int]]:
    """Rows and features that lead to each way of assigning rows (``dense_assigner``)."""
    few = 2 * n_clusters + 10
    return [(few, 3), (max(few, 1_000), 2), (max(few, 10_000 // n_clusters), 24)]


def _use(X: npt.NDArray[Any] | sp.csr_array, n_clusters: int, missing: str = "error") -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for listener in (None, lambda event: None):  # compiled calls, then the loop
            model = KMeans(
                n_clusters, random_state=0, max_iter=10, on_iteration=listener, missing=missing
            ).fit(X)
        model.predict(X)
        model.transform(X)
        model.score(X)
        if n_clusters > 1:
            silhouette_samples(X, model.labels_, missing=missing)
