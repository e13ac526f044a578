"""Compiles every kernel that fits, predictions and silhouettes use, before they are needed."""

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core.estimator import KMeans
from kmeans_core.silhouette import silhouette_samples

# Rows and features that lead to each way of assigning rows: whole starts in one call, blocks in
# space, filter and bounds.
SHAPES = ((40, 2, 3), (40, 40, 3), (6000, 2, 100), (4000, 20, 40))


def warmup(*, dtypes: Any = (np.float64, np.float32), sparse: bool = True) -> None:
    """Compile now what the first fits would otherwise wait for.

    numba compiles a kernel when it is first called, and keeps it in its cache for later
    processes. This takes some tens of seconds where nothing is cached, well under one where all
    is.

    Parameters
    ----------
    dtypes : sequence of dtype
        Float dtypes of the data to come.
    sparse : bool
        Whether CSR matrices are to come as well.

    Examples
    --------
    >>> import numpy as np
    >>> from kmeans_core import warmup
    >>> warmup(dtypes=[np.float64], sparse=False)
    """
    rng = np.random.default_rng(0)
    for dtype in dtypes:
        for n_samples, n_features, n_clusters in SHAPES:
            X = rng.normal(size=(n_samples, n_features)).astype(dtype)
            forms = [X, sp.csr_array(X)] if sparse else [X]
            for form in forms:
                _use(form, n_clusters)


def _use(X: Any, n_clusters: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = KMeans(n_clusters, random_state=0, max_iter=3)
        model.fit(X)
        model.set_params(on_iteration=lambda event: None, tol=0).fit(X)
        model.predict(X)
        model.transform(X)
        if X.shape[0] < 100:
            silhouette_samples(X, model.labels_)
