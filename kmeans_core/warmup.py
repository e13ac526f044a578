"""Compiles the kernels of fits, predictions and scores before they are needed."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.estimator import KMeans
from kmeans_core.interface.choices import Missing
from kmeans_core.interface.parameters import as_iterable, check_parameters, int_from
from kmeans_core.minibatch import MiniBatchKMeans
from kmeans_core.pairwise.silhouette import silhouette_samples
from kmeans_core.pairwise.spread import davies_bouldin_score
from kmeans_core.points.assign_dense import (
    BOUNDS_CLUSTERS,
    ChangedCentersAssigner,
    FilteredAssigner,
    PlainAssigner,
    SettlingAssigner,
    dense_assigner,
)
from kmeans_core.points.interface import RUN_CALLS
from kmeans_core.points.row_chunks import MOST_SUMS

# A fit with this many clusters takes a minute, and more clusters would take too long.
_RULES = {"n_clusters": (int_from(1, 2**16),)}


def warmup(
    n_clusters: Iterable[int] | int = (8,),
    *,
    dtypes: Any = (np.float64, np.float32),
    sparse: bool = True,
    index_dtypes: Any = (np.int32, np.int64),
    missing: bool = False,
) -> None:
    """Compile kernels now, so that the first fits do not wait for them.

    numba compiles a kernel when it is first called, and keeps it in its cache for later
    processes. Some kernels depend on the number of clusters in steps of 16 (1 to 16, 17 to 32, and
    so on), so pass the numbers of clusters that you will use. Read-only arrays, such as memory maps
    and the arrays of joblib's workers, use the same kernels as other arrays.

    Parameters
    ----------
    n_clusters : iterable of int, or int
        Each is from 1 to 65536.
    dtypes : iterable of dtype, or dtype
        The float dtypes of your data.
    sparse : bool
        Whether you will use CSR matrices too.
    index_dtypes : iterable of dtype, or dtype
        The integer dtypes of their indices. scipy uses int32 if it is large enough. Leave int64 out
        to save about a quarter of the time.
    missing : bool
        Whether you will use data with unknown cells too (``missing="ignore"``).

    Raises
    ------
    InvalidParameterError
        If a number of clusters is not an int from 1 to 65536.

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
    float_dtypes = list(as_iterable(dtypes, "dtypes"))
    integer_dtypes = list(as_iterable(index_dtypes, "index_dtypes")) if sparse else []
    rng = np.random.default_rng(0)
    for k in ks:
        for shape in _shapes(k):
            for dtype in float_dtypes:
                X = rng.normal(size=shape).astype(dtype)
                gaps = np.where(X > 1, np.nan, X)
                _use(X, k)
                _use_in_larger_fits(X, k)
                if missing:
                    _use(gaps, k, missing="ignore")
                for index_dtype in integer_dtypes:
                    # Silhouettes of short numbers use float32.
                    for values in (X, np.round(X)):
                        _use(_with_indices(sp.csr_array(values), index_dtype), k)
                    if missing:
                        _use(_with_indices(_known_cells(gaps), index_dtype), k, missing="ignore")


def _shapes(n_clusters: int) -> list[tuple[int, int]]:
    """Numbers of rows and features that lead to each way of assigning and of adding up rows.

    See ``dense_assigner`` and ``by_chunks``.
    """
    few = 2 * n_clusters + 10
    shapes = [(few, 3), (max(few, 6_000), 1), (max(few, 6_250 // n_clusters + 1), 32)]
    shapes.append((few, MOST_SUMS // n_clusters + 1))
    if n_clusters >= BOUNDS_CLUSTERS:
        # Bounds use other tiles of vectors for long rows than for short ones.
        enough = 20_000 // n_clusters + 1
        shapes += [(max(few, 200), min(127, enough)), (max(few, 100), max(128, enough))]
    return shapes


def _use_in_larger_fits(X: npt.NDArray[Any], n_clusters: int) -> None:
    """Assign as fits do in which rows have chunks, and as fits do when few labels change."""
    centers = X[:n_clusters].astype(np.float64)
    labels = np.zeros(len(X), dtype=np.int32)
    sums = np.zeros((1, *centers.shape)), np.zeros((1, n_clusters))
    starts = np.array([0, len(X)])
    PlainAssigner(X, 1).assign_and_follow(
        centers, labels, np.ones(len(X)), starts, labels.copy(), *sums
    )
    assigner = dense_assigner(X, n_clusters, RUN_CALLS, 1)
    if isinstance(assigner, ChangedCentersAssigner | SettlingAssigner):
        filtered = ChangedCentersAssigner(X, n_clusters, 1)
        for _ in range(3):  # the third call knows that no center has changed
            filtered.assign(centers, labels)
    if isinstance(assigner, SettlingAssigner):
        FilteredAssigner(X, n_clusters, 1).assign(centers, labels)


def _with_indices(X: sp.csr_array, dtype: Any) -> sp.csr_array:
    X.indices, X.indptr = X.indices.astype(dtype), X.indptr.astype(dtype)
    return X


def _known_cells(X: npt.NDArray[Any]) -> sp.csr_array:
    rows, columns = np.nonzero(~np.isnan(X))
    return sp.coo_array((X[rows, columns], (rows, columns)), shape=X.shape).tocsr()


def _use(X: npt.NDArray[Any] | sp.csr_array, n_clusters: int, missing: Missing = "error") -> None:
    # The last center is far from all rows, so its cluster is empty and is relocated.
    far_off = np.arange(n_clusters * X.shape[1], dtype=float).reshape(n_clusters, -1) ** 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for listener in (None, lambda event: None):  # compiled calls, then the loop
            model = KMeans(
                n_clusters,
                random_state=0,
                max_iter=RUN_CALLS,
                on_iteration=listener,
                missing=missing,
            )
            model.set_params(init=far_off).fit(X)
            model.set_params(init="k-means++").fit(X)
        if missing == "error":
            MiniBatchKMeans(n_clusters, max_iter=1).fit(X)
        model.predict(X)
        model.transform(X)
        model.score(X)
        if n_clusters > 1:
            silhouette_samples(X, model.labels_, missing=missing)
            if missing == "error":
                davies_bouldin_score(X, model.labels_)
