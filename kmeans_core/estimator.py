"""KMeans: parameters, fit and the fitted attributes."""

import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from kmeans_core.arrays import Floats, Ints
from kmeans_core.errors import InvalidParameterError
from kmeans_core.fit.known_rows import heaviest_cluster, known_rows
from kmeans_core.fit.lloyd import OnIteration, StopReason, allowed_shift
from kmeans_core.fit.problem import Problem, StopRule
from kmeans_core.fit.restarts import best_of_restarts
from kmeans_core.fitting import FittingModel, warn_of_empty_clusters
from kmeans_core.interface.bases import add_bases
from kmeans_core.interface.choices import Algorithm, Init, Missing, NInit, RandomState
from kmeans_core.interface.parameters import (
    ARRAY_LIKE,
    BOOL,
    CALLABLE,
    MISSING,
    N_THREADS,
    NONE,
    RANDOM_STATE,
    check_parameters,
    count_from,
    int_from,
    one_of,
    real_from,
    restarts_from,
)
from kmeans_core.kernels.labels import count_rows
from kmeans_core.points.checks import (
    RandomStream,
    as_random_stream,
    as_weights,
    check_n_clusters,
)
from kmeans_core.points.chunked import points_of
from kmeans_core.points.tables import feature_names


class KMeans(FittingModel):
    """Exact k-means: Lloyd's algorithm with k-means++, for dense and sparse data.

    Parameters and attributes have the same meaning as in ``sklearn.cluster.KMeans``.

    Parameters
    ----------
    n_clusters : int, default 8
        The number of clusters, and so of centers.
    init : {"k-means++", "k-means||", "random"}, array-like or callable
        The first centers: rows chosen by greedy k-means++, centers found by k-means||, random rows,
        given centers of shape (n_clusters, n_features), or the result of
        ``init(X, n_clusters, random_state=...)``. For :class:`ChunkedRows`, "k-means++" means
        "k-means||", because k-means++ would read them twice for each cluster.
    n_init : "auto" or int
        The number of restarts. The restart with the least inertia is kept. "auto" means 1 for
        k-means++, k-means|| and given centers, and 10 for "random" and callables.
    max_iter : int, default 300
        The largest number of iterations of one restart.
    tol : float, default 1e-4
        A restart stops when the squared shifts of its centers sum to at most ``tol`` times the mean
        variance of the features. With 0 it stops when no row changes cluster.
    verbose : int, default 0
        Above 0, ``fit`` prints each iteration.
    random_state : int, RandomState, Generator or None
        Draws the first centers. With None each fit draws different numbers. numpy's global stream
        is never used.
    copy_x : bool, default True
        Accepted because scikit-learn accepts it. X is never changed.
    algorithm : {"lloyd", "elkan"}
        Both give the result of Lloyd's algorithm.
    on_iteration : callable, optional
        Called with one :class:`~kmeans_core.IterationEvent` for each iteration. If it returns True,
        this restart ends, and no further restart begins.
    n_threads : int, optional
        The largest number of threads to use. The default is the least number that the process's
        affinity, its container's CPU quota, ``OMP_NUM_THREADS``, ``NUMBA_NUM_THREADS`` and
        ``LOKY_MAX_CPU_COUNT`` allow. The result is the same, to the bit, for every number.
    missing : {"error", "ignore"}, default "error"
        "error" refuses NaN, and absent cells of sparse X are 0. With "ignore" NaN and absent cells
        are unknown and are left out: see Notes.
    shrinkage : float, default 0.0
        Only with ``missing="ignore"``. Each center moves toward the means of the features, as if
        its cluster had more rows with these means, and this number were the weight of these rows.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centers, of X's float dtype: weighted means of the rows that they had at their last
        move.
    labels_ : ndarray of shape (n_samples,), int32
        The number of the cluster of each row. It is equal to ``predict(X)``, whatever ended the
        fit.
    inertia_ : float
        Weighted sum of squared distances to ``cluster_centers_`` under ``labels_``, in squared
        units of X. With ``missing="ignore"`` the distances are over known cells, and ``penalty_``
        is added.
    n_iter_ : int
        The number of iterations of the restart that was kept.
    stopped_by_ : {"strict convergence", "tolerance", "max_iter", "on_iteration"}
        The reason why this restart ended: no row changed cluster, the center shift was within the
        tolerance, it reached ``max_iter``, or ``on_iteration`` returned True.
    cluster_sizes_ : ndarray of shape (n_clusters,), int
        The number of rows in each cluster.
    cluster_inertias_ : ndarray of shape (n_clusters,), float64
        The part of each cluster in ``inertia_``. The parts add up to ``inertia_``, without
        ``penalty_``, up to rounding.
    n_features_in_ : int
        The number of features of the X that was fitted.
    feature_names_in_ : ndarray of shape (n_features,)
        The names of X's columns. Only if X had column names that are all strings.
    heaviest_cluster_ : int
        Only with ``missing="ignore"``. The cluster whose rows with known cells weigh most. If
        several weigh the same, it is the one with the lowest number. Rows without known cells
        belong to it.
    penalty_ : float
        Only with ``missing="ignore"``. The amount that ``shrinkage`` adds to the objective.

    Notes
    -----
    With ``missing="ignore"`` a fit minimizes the objective of k-POD (Chi, Chi and Baraniuk 2016),
    a sum over known cells, plus a penalty that is 0 without shrinkage::

        sum_i w_i sum_{j known in i} (x_ij - c_kj)^2 + shrinkage * sum_k sum_j (c_kj - m_j)^2

    where k is the cluster of row i, and m_j is the weighted mean of feature j's known values. A row
    goes to the center that is nearest over the row's known cells. Feature j of a center is::

        (sum_i w_i x_ij + shrinkage * m_j) / (sum_i w_i + shrinkage)

    over the rows of its cluster that know j, or m_j if no row of the cluster knows j. Neither step
    raises the objective. (k-POD fills the unknown cells with those of the row's center and takes
    plain means. It converges to the same kind of point in more iterations.)

    k-means++ takes squared distances between rows over the cells that both rows know, scaled to all
    features. Two rows without a common known cell get the average squared distance: twice the sum
    of the features' variances. If a row with unknown cells becomes a first center, its unknown
    cells become m_j. Rows without known cells go to ``heaviest_cluster_`` at distance 0 and have no
    other effect. ``fit`` warns if there are such rows. If every cell is known and shrinkage is 0,
    the result is the same as with ``missing="error"``, to the bit.

    References
    ----------
    - Lloyd, S. (1982), Least squares quantization in PCM. IEEE Trans. Inf. Theory 28, 129-137.
    - Arthur, D. and Vassilvitskii, S. (2007), k-means++: the advantages of careful seeding. SODA.
    - Bahmani, B., Moseley, B., Vattani, A., Kumar, R. and Vassilvitskii, S. (2012), Scalable
      k-means++. PVLDB 5, 622-633.
    - Chi, J. T., Chi, E. C. and Baraniuk, R. G. (2016), k-POD: a method for k-means clustering of
      missing data. The American Statistician 70, 91-99.

    Examples
    --------
    >>> import numpy as np
    >>> from kmeans_core import KMeans
    >>> X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])
    >>> model = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> model.inertia_
    16.0
    >>> model.predict([[0.0, 0.0], [12.0, 3.0]]) == model.labels_[[0, 3]]
    array([ True,  True])

    Ratings of four users. Two of them did not rate the second movie:

    >>> X = np.array([[1.0, np.nan], [2.0, 1.0], [5.0, np.nan], [4.0, 4.0]])
    >>> model = KMeans(2, init=[[1.0, 1.0], [5.0, 5.0]], missing="ignore").fit(X)
    >>> model.labels_
    array([0, 0, 1, 1], dtype=int32)
    >>> model.cluster_centers_
    array([[1.5, 1. ],
           [4.5, 4. ]])
    """

    inertia_: float
    n_iter_: int
    stopped_by_: StopReason
    cluster_sizes_: Ints
    cluster_inertias_: Floats
    on_iteration: OnIteration | None = None

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Init = "k-means++",
        n_init: NInit = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: RandomState = None,
        copy_x: bool = True,
        algorithm: Algorithm = "lloyd",
        on_iteration: OnIteration | None = None,
        n_threads: int | None = None,
        missing: Missing = "error",
        shrinkage: float = 0.0,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.on_iteration = on_iteration
        self.n_threads = n_threads
        self.missing = missing
        self.shrinkage = shrinkage
        add_bases()

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the clusters of X.

        Parameters
        ----------
        X : array-like, sparse matrix or ChunkedRows of shape (n_samples, n_features)
            The rows to cluster. A memory map of float32 or float64 in C order is read in place.
        y : ignored
            Accepted because scikit-learn's pipelines pass it.
        sample_weight : array-like of shape (n_samples,), optional
            The weights of the rows, at least 0. By default each row weighs 1.

        Returns
        -------
        KMeans
            Itself, fitted.

        Raises
        ------
        ValueError
            If a parameter, X or the weights cannot be used. The message gives the reason. With
            ``missing="ignore"`` also if a feature has no known cell in a row of positive weight, or
            if fewer rows than clusters have a known cell.

        Warns
        -----
        ConvergenceWarning
            If fewer than ``n_clusters`` clusters have rows.
        UserWarning
            If there are rows without known cells.

        Examples
        --------
        A row of weight 3 pulls its center as three equal rows would:

        >>> from kmeans_core import KMeans
        >>> model = KMeans(1).fit([[0.0], [4.0]], sample_weight=[1, 3])
        >>> model.cluster_centers_
        array([[3.]])
        """
        plain = self._check_parameters()
        n_clusters = plain["n_clusters"]
        points = points_of(X, n_threads=plain["n_threads"], missing=self.missing)
        check_n_clusters(points, n_clusters)
        known = known_rows(
            points, as_weights(sample_weight, points), n_clusters, plain["shrinkage"]
        )
        names = feature_names(X)
        if self.algorithm == "elkan" and n_clusters == 1:
            warnings.warn(
                "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead.",
                RuntimeWarning,
                stacklevel=2,
            )
        rule = StopRule(plain["max_iter"], allowed_shift(known.points, plain["tol"]))
        problem = Problem(known.points, X, known.weights, self.init, n_clusters, rule)
        best = best_of_restarts(
            problem,
            self._n_restarts(stacklevel=3),
            self._stream(),
            verbose=bool(self.verbose),
            on_iteration=known.for_all_rows(self.on_iteration),
        )

        labels = known.all_labels(best.labels)
        sizes = np.empty(n_clusters, dtype=np.intp)
        count_rows(labels, sizes)
        warn_of_empty_clusters(sizes, stacklevel=3)
        self._remember_features(names, points.shape[1])
        self.cluster_centers_ = best.centers
        self.labels_ = labels
        self.inertia_ = best.inertia
        self.n_iter_ = best.n_iter
        self.stopped_by_ = best.stopped_by
        self.cluster_sizes_ = sizes
        self.cluster_inertias_ = best.cluster_inertias
        if self.missing == "ignore":
            self.heaviest_cluster_ = heaviest_cluster(best.labels, known.weights)
            self.penalty_ = known.points.penalty(best.centers.astype(np.float64))
        else:
            vars(self).pop("heaviest_cluster_", None)
            vars(self).pop("penalty_", None)
        return self

    # Steps of fit --------------------------------------------------------------------------

    def _check_parameters(self) -> dict[str, Any]:
        self._parameter_names()  # refuses *args, like scikit-learn's fit
        return checked_parameters(type(self).__name__, self._values_of(RULES), RULES)

    def _stream(self) -> RandomStream:
        # Given centers need no random numbers, and new entropy takes longer than a small fit.
        return as_random_stream(0 if self._centers_are_given() else self.random_state)


# The rules for each parameter.
RULES = {
    "n_clusters": (int_from(1),),
    "init": (one_of("k-means++", "k-means||", "random"), CALLABLE, ARRAY_LIKE),
    "n_init": (one_of("auto"), restarts_from(1)),
    "max_iter": (count_from(1),),
    "tol": (real_from(0.0),),
    "verbose": (int_from(0), BOOL),
    "random_state": (RANDOM_STATE, NONE),
    "copy_x": (BOOL,),
    "algorithm": (one_of("lloyd", "elkan"),),
    "on_iteration": (CALLABLE, NONE),
    "n_threads": N_THREADS,
    "missing": MISSING,
    "shrinkage": (real_from(0.0),),
}


def checked_parameters(
    owner: str, values: Mapping[str, Any], rules: Mapping[str, Any]
) -> dict[str, Any]:
    """``check_parameters``, and an error for shrinkage without missing="ignore"."""
    plain = check_parameters(owner, values, rules)
    if plain["shrinkage"] > 0 and plain["missing"] == "error":
        raise InvalidParameterError(
            f"shrinkage={values['shrinkage']!r} needs missing='ignore': plain means are not shrunk."
        )
    return plain


add_bases()  # last, because scikit-learn's classes wrap the methods of a class that is being made
