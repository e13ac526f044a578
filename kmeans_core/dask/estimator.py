"""KMeans for Dask collections: parameters, fit, predict and transform."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from dask.distributed import Client, default_client

from kmeans_core.arrays import Floats, Ints
from kmeans_core.counts import counted
from kmeans_core.dask.collections import as_dask_array, partitions_of
from kmeans_core.dask.lloyd import clustering_of, lloyd
from kmeans_core.dask.rows import DaskRows
from kmeans_core.dask.seeding import first_centers
from kmeans_core.estimator import KMeans as KMeansInMemory
from kmeans_core.fit.lloyd import OnIteration, StopReason
from kmeans_core.fit.problem import StopRule
from kmeans_core.fitting import warn_of_empty_clusters
from kmeans_core.interface.choices import RandomState
from kmeans_core.interface.parameters import (
    ARRAY_LIKE,
    CALLABLE,
    NONE,
    RANDOM_STATE,
    check_parameters,
    count_from,
    int_from,
    one_of,
    real_from,
)
from kmeans_core.interface.protocol import Estimator
from kmeans_core.nearest import as_centers
from kmeans_core.points.checks import as_random_stream

RULES = {
    "n_clusters": (int_from(1),),
    "init": (one_of("k-means||", "k-means++", "random"), ARRAY_LIKE),
    # With much less, k-means|| would need very many rounds.
    "oversampling_factor": (real_from(0.1),),
    "max_iter": (count_from(1),),
    "tol": (real_from(0.0),),
    "random_state": (RANDOM_STATE, NONE),
    "init_max_iter": (int_from(0), NONE),
    "on_iteration": (CALLABLE, NONE),
    "n_threads": (count_from(1),),
}


class KMeans(Estimator):
    """Exact k-means on a Dask cluster, for rows that are too many for one machine.

    It has the parameters of ``dask_ml.cluster.KMeans`` that change a result. It uses the
    ``dask.distributed.Client`` that was made last.

    Parameters
    ----------
    n_clusters : int, default 8
        The number of clusters, and so of centers.
    init : {"k-means||", "k-means++", "random"} or array-like of shape (n_clusters, n_features)
        The first centers: by k-means||, by k-means++ on a sample of 10,000 rows (or 100 for each
        cluster, if that is more), different random rows, or the given centers. Rows are drawn in
        proportion to their weights.
    oversampling_factor : float, default 2
        About how many candidates k-means|| draws for each cluster in a round. It is at least 0.1.
    max_iter : int, default 300
        The largest number of iterations.
    tol : float, default 1e-4
        The fit stops when the squared shifts of the centers sum to at most ``tol`` times the mean
        variance of the features. With 0 it stops when no row changes cluster.
    random_state : int, RandomState, Generator or None
        Draws the first centers. The same seed draws the same rows, whatever the partitions.
    init_max_iter : int, optional
        The number of rounds of k-means||, by default 5. There are more if these rounds find fewer
        than ``n_clusters`` different rows.
    on_iteration : callable, optional
        Called with one :class:`~kmeans_core.IterationEvent` for each iteration. Its ``labels`` are
        a lazy Dask array, which can be computed until the fit ends. If the callable returns True,
        the fit ends.
    n_threads : int, default 1
        The number of threads of one task. A worker runs a task on each of its own threads. So more
        than 1 helps only if there are fewer tasks than cores.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centers, as in :class:`kmeans_core.KMeans`.
    labels_ : Dask array of shape (n_samples,), int32
        Equal to ``predict(X)``. It stays on the workers until it is computed. A pickle does not
        contain it.
    inertia_ : float
        Weighted sum of squared distances to ``cluster_centers_`` under ``labels_``, in squared
        units of X.
    n_iter_ : int
        The number of iterations.
    stopped_by_ : {"strict convergence", "tolerance", "max_iter", "on_iteration"}
        The reason why the fit ended, as in :class:`kmeans_core.KMeans`.
    cluster_sizes_ : ndarray of shape (n_clusters,), int
        The number of rows in each cluster.
    cluster_inertias_ : ndarray of shape (n_clusters,), float64
        The part of each cluster in ``inertia_``.
    n_features_in_ : int
        The number of features of X.
    feature_names_in_ : ndarray of shape (n_features,)
        The names of X's columns. Only if X is a data frame with column names that are all strings.

    Notes
    -----
    Each task holds whole chunks of rows. The boundaries of the chunks depend on the shape of X and
    on ``n_clusters`` alone, and the sums of chunks are joined in their order. So the result is the
    same, to the bit, for any partitions, workers and threads, also if a worker dies. From the same
    first centers it is the result of ``kmeans_core.KMeans``, to the bit, if ``n_features *
    n_clusters`` is at most 32,768. With more, sums round differently. Two small differences remain:
    the mean variance that ``tol`` multiplies is the same up to rounding, and ``inertia_`` of dense
    rows that are mostly zero agrees to 12 digits.

    An iteration has at most 64 tasks, and a worker must hold the rows of one task. These are a 64th
    of X if X has 64 partitions or more.

    References
    ----------
    Bahmani, B., Moseley, B., Vattani, A., Kumar, R. and Vassilvitskii, S. (2012), Scalable
    k-means++. PVLDB 5, 622-633.

    Examples
    --------
    >>> import dask.array as da
    >>> from dask.distributed import Client
    >>> from kmeans_core.dask import KMeans
    >>> client = Client(processes=False, n_workers=1, dashboard_address=":0")
    >>> X = da.from_array([[1.0, 2.0], [1.0, 4.0], [9.0, 2.0], [9.0, 4.0]], chunks=(3, 2))
    >>> model = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> model.inertia_, model.score(X)
    (4.0, -4.0)
    >>> labels = model.fit_predict(X).compute()
    >>> bool((labels == model.predict(X).compute()).all())
    True
    >>> model.fit_transform(X).compute().min(axis=1), model.transform(X).shape
    (array([1., 1., 1., 1.]), (4, 2))
    >>> client.close()
    """

    labels_: Any
    cluster_centers_: npt.NDArray[Any]
    inertia_: float
    n_iter_: int
    stopped_by_: StopReason
    cluster_sizes_: Ints
    cluster_inertias_: Floats

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means||",
        oversampling_factor: float = 2.0,
        max_iter: int = 300,
        tol: float = 1e-4,
        random_state: RandomState = None,
        init_max_iter: int | None = None,
        on_iteration: OnIteration | None = None,
        n_threads: int = 1,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.oversampling_factor = oversampling_factor
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.init_max_iter = init_max_iter
        self.on_iteration = on_iteration
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the clusters of X.

        Parameters
        ----------
        X : Dask array of shape (n_samples, n_features), Dask data frame or list of delayed matrices
            The blocks of an array and of a list are NumPy arrays or scipy CSR matrices. A data
            frame holds numbers. Sizes that are not known are computed.
        y : ignored
            Accepted because scikit-learn's pipelines pass it.
        sample_weight : Dask array, Dask series, list of delayed arrays or array, optional
            One weight for each row, at least 0.

        Returns
        -------
        KMeans
            Itself, fitted.

        Raises
        ------
        ValueError
            If a parameter, X or the weights cannot be used. The message names the partition and the
            row.
        WorkerLostError
            If workers die again and again at the same work, most likely out of memory.
        SchedulerLostError
            If the scheduler cannot be reached any more.

        Warns
        -----
        ConvergenceWarning
            If fewer than ``n_clusters`` clusters have rows.
        """
        plain = check_parameters(type(self).__name__, self._values_of(RULES), RULES)
        n_clusters = plain["n_clusters"]
        partitions = partitions_of(X)
        stream = as_random_stream(plain["random_state"])
        with DaskRows(
            current_client(), partitions, sample_weight, n_clusters, plain["n_threads"]
        ) as rows:
            shift = plain["tol"] * rows.mean_variance() if plain["tol"] > 0 else 0.0
            centers = first_centers(
                rows,
                plain["init"],
                n_clusters,
                stream,
                plain["oversampling_factor"],
                plain["init_max_iter"],
            )
            rule = StopRule(plain["max_iter"], shift)
            best = lloyd(rows, centers, rule, plain["on_iteration"])
        warn_of_empty_clusters(best.clustering.cluster_sizes, stacklevel=3)
        self._remember_features(partitions.names, rows.shape[1])
        self.cluster_centers_ = best.centers
        self.labels_ = best.clustering.labels.rechunk((tuple(n for n in rows.lengths if n > 0),))
        self.inertia_ = best.clustering.inertia
        self.n_iter_ = best.n_iter
        self.stopped_by_ = best.stopped_by
        self.cluster_sizes_ = best.clustering.cluster_sizes
        self.cluster_inertias_ = best.clustering.cluster_inertias
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Find the clusters of X and return ``labels_``, a lazy Dask array.

        Parameters
        ----------
        X, y, sample_weight : as in fit
            The rows, nothing, and the weights of the rows.

        Returns
        -------
        Dask array of shape (n_samples,), int32
            The number of the cluster of each row.
        """
        return self.fit(X, sample_weight=sample_weight).labels_

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Find the clusters of X and return the distances of its rows to the centers.

        Parameters
        ----------
        X, y, sample_weight : as in fit
            The rows, nothing, and the weights of the rows.

        Returns
        -------
        Dask array of shape (n_samples, n_clusters)
            As :meth:`transform` returns it.
        """
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def predict(self, X: Any) -> Any:
        """Find the nearest center of each row.

        Parameters
        ----------
        X : as in fit
            The rows, which need not be those of the fit.

        Returns
        -------
        Dask array of shape (n_samples,), int32
            The number of the nearest center. The array is lazy and has the blocks of X.

        Raises
        ------
        NotFittedError
            If the model has no centers yet.
        ValueError
            If X has other features than in the fit.
        """
        array = self._array(X)
        return array.map_blocks(
            _predicted,
            self._in_memory(),
            drop_axis=1,
            dtype=np.int32,
            meta=np.empty(0, dtype=np.int32),
        )

    def transform(self, X: Any) -> Any:
        """Compute the Euclidean distance of each row to each center.

        Parameters
        ----------
        X : as in fit
            The rows, which need not be those of the fit.

        Returns
        -------
        Dask array of shape (n_samples, n_clusters)
            A lazy array with the blocks of X: float32 if X is a float32 array, otherwise float64.

        Raises
        ------
        NotFittedError, ValueError
            As in :meth:`predict`.
        """
        array = self._array(X)
        n_clusters = len(self.cluster_centers_)
        dtype = np.float32 if array.dtype == np.float32 else np.float64
        return array.map_blocks(
            _transformed,
            self._in_memory(),
            dtype,
            chunks=(array.chunks[0], (n_clusters,)),
            dtype=dtype,
            meta=np.empty((0, n_clusters), dtype=dtype),
        )

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Compute the negative inertia of X under the fitted centers: larger is better.

        Parameters
        ----------
        X, y, sample_weight : as in fit
            The rows, nothing, and the weights of the rows.

        Returns
        -------
        float
            In squared units of X. It is ``-inertia_`` for the rows and weights of the fit.

        Raises
        ------
        NotFittedError
            If the model has no centers yet.
        ValueError, WorkerLostError, SchedulerLostError
            As in :meth:`fit`.
        """
        centers = self._centers()
        with DaskRows(
            current_client(), partitions_of(X), sample_weight, 1, counted(self.n_threads)
        ) as rows:
            self._check_n_features(rows.shape[1])
            return -clustering_of(rows, centers).inertia

    def __getstate__(self) -> Any:
        state = super().__getstate__()
        values = state[0] if isinstance(state, tuple) else state
        values.pop("labels_", None)  # they are on the workers
        return state

    def _array(self, X: Any) -> Any:
        """X as a Dask array, after a check of its features."""
        n_features = self._centers().shape[1]
        self._check_feature_names(X)
        array = as_dask_array(X, n_features)
        if not np.isnan(array.shape[1]):
            self._check_n_features(array.shape[1])
        return array

    def _centers(self) -> Floats:
        self._check_fitted()
        return as_centers(self.cluster_centers_)

    def _in_memory(self) -> KMeansInMemory:
        """A model that labels a block on a worker."""
        model = KMeansInMemory(len(self.cluster_centers_), n_threads=self.n_threads)
        model.cluster_centers_ = self.cluster_centers_
        return model


def _predicted(block: Any, model: KMeansInMemory) -> Any:
    return model.predict(block) if block.shape[0] > 0 else np.empty(0, dtype=np.int32)


def _transformed(block: Any, model: KMeansInMemory, dtype: Any) -> Any:
    if block.shape[0] == 0:
        return np.empty((0, len(model.cluster_centers_)), dtype=dtype)
    return model.transform(block).astype(dtype, copy=False)


def current_client() -> Client:
    try:
        return default_client()
    except ValueError:
        raise ValueError(
            "kmeans_core.dask needs a cluster: make a dask.distributed.Client() for this machine, "
            "or Client('tcp://HOST:8786') for a scheduler elsewhere, before fit."
        ) from None
