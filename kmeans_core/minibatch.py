"""MiniBatchKMeans: k-means from small random batches, or from a stream of batches."""

from typing import Any, ClassVar, Self

import numpy as np

from kmeans_core.arrays import Floats, Labels, ceil_div
from kmeans_core.fit.lloyd import allowed_shift
from kmeans_core.fit.minibatch import (
    EndRule,
    MovingCenters,
    StepRule,
    best_first_centers,
    minibatch,
    sample_size,
    sampled_centers,
)
from kmeans_core.fitting import FittingModel
from kmeans_core.interface.bases import add_bases
from kmeans_core.interface.choices import Init, NInit, RandomState
from kmeans_core.interface.parameters import (
    ARRAY_LIKE,
    BOOL,
    CALLABLE,
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
from kmeans_core.interface.scikit_learn import UNCHANGED
from kmeans_core.kernels.centers import weighted_total
from kmeans_core.nearest import as_centers, nearest_centers
from kmeans_core.points.checks import (
    RandomStream,
    as_points,
    as_random_stream,
    as_weights,
    check_n_clusters,
)
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.tables import feature_names


class MiniBatchKMeans(FittingModel):
    """K-means from small batches of rows (Sculley 2010), for dense and sparse data.

    Each step assigns the rows of a batch to their nearest centers. Then it moves each center to the
    mean of all rows that the center has got so far. ``fit`` draws the batches from X.
    ``partial_fit`` takes one batch at a time, for example from a file that does not fit in memory.
    Parameters and attributes have the same meaning as in ``sklearn.cluster.MiniBatchKMeans``.

    Parameters
    ----------
    n_clusters : int, default 8
        The number of clusters, and so of centers.
    init : {"k-means++", "random"}, array-like of shape (n_clusters, n_features) or callable
        The first centers: rows of a sample chosen by greedy k-means++, random rows of a sample, the
        given centers, or the result of ``init(sample, n_clusters, random_state=...)``.
    max_iter : int, default 100
        ``fit`` draws at most as many rows as ``max_iter`` passes over X would read.
    batch_size : int, default 1024
        The number of rows in a batch of ``fit``, drawn with replacement in proportion to their
        weights. A batch of ``partial_fit`` may have any size.
    verbose : int, default 0
        Above 0, ``fit`` prints each step.
    compute_labels : bool, default True
        Whether to assign all rows at the end. Without it there is no ``labels_``, and ``inertia_``
        is an estimate from the batches.
    random_state : int, RandomState, Generator or None
        Draws the first centers, the batches and the reassigned rows. With None each fit draws
        different numbers. numpy's global stream is never used.
    tol : float, default 0.0
        ``fit`` stops when the squared shifts of the centers in one step sum to at most ``tol``
        times the mean variance of the features. With 0 it does not look at the shifts.
    max_no_improvement : int or None, default 10
        ``fit`` stops after this many batches in a row in which the smoothed inertia did not fall.
        With None it does not look at the inertia.
    init_size : int, optional
        The number of rows in the sample for the first centers. The default is three times the
        batch size, or three times the number of clusters if the former is less than
        ``n_clusters``. It is at most the number of rows.
    n_init : "auto" or int
        The number of samples from which first centers are tried. "auto" means 1 for k-means++ and
        given centers, and 3 for "random" and callables. The steps begin with the best of them.
    reassignment_ratio : float, default 0.01
        A cluster whose weight is less than this share of the largest cluster's weight moves to a
        random row of a batch from time to time. With 0 no cluster moves in this way.
    n_threads : int, optional
        The largest number of threads to use, as in :class:`~kmeans_core.KMeans`. The result is the
        same, to the bit, for every number.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centers, of X's float dtype.
    labels_ : ndarray of shape (n_samples,), int32
        Only with ``compute_labels``. Equal to ``predict(X)``. After ``partial_fit`` it has the
        labels of the last batch.
    inertia_ : float
        Weighted sum of squared distances to ``cluster_centers_`` under ``labels_``, in squared
        units of X. Without ``compute_labels`` it is the smoothed mean inertia of the batches of
        ``fit``, times the sum of the weights.
    n_iter_ : int
        The number of passes over X that the batches of ``fit`` make, rounded up.
    n_steps_ : int
        The number of batches so far.
    n_features_in_ : int
        The number of features of X.
    feature_names_in_ : ndarray of shape (n_features,)
        The names of X's columns. Only if X had column names that are all strings.

    See Also
    --------
    KMeans : Reads all rows in each iteration, and usually ends with a lower inertia.
    ChunkedRows : Rows of files in chunks, which a loop gives to ``partial_fit``.

    Notes
    -----
    The first batch of ``partial_fit`` must have at least ``n_clusters`` rows, because the first
    centers come from it. A batch is one step, however large it is. So smaller batches move the
    centers more often. If the rows of a stream are sorted, shuffle them first. X of ``fit`` may be
    a memory map. If it has float32 or float64 in C order, it is not copied.

    References
    ----------
    Sculley, D. (2010), Web-scale k-means clustering. WWW, 1177-1178.

    Examples
    --------
    >>> import numpy as np
    >>> from kmeans_core import MiniBatchKMeans
    >>> X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])
    >>> model = MiniBatchKMeans(n_clusters=2, batch_size=4, random_state=0).fit(X)
    >>> model.labels_[[1, 2, 3]] == model.labels_[0]
    array([ True,  True, False])

    A stream of chunks, here three. Each chunk is read, used once and dropped:

    >>> chunks = (X[[first, first + 3]] for first in range(3))
    >>> model = MiniBatchKMeans(n_clusters=2, random_state=0)
    >>> for chunk in chunks:
    ...     model = model.partial_fit(chunk)
    >>> np.sort(model.cluster_centers_, axis=0)
    array([[ 1.,  2.],
           [10.,  2.]])
    >>> model.n_steps_
    3
    """

    inertia_: float
    n_iter_: int
    n_steps_: int

    restarts_if_random: ClassVar[int] = 3
    weighted_methods: ClassVar[tuple[str, ...]] = ("fit", "partial_fit", "score")

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Init = "k-means++",
        max_iter: int = 100,
        batch_size: int = 1024,
        verbose: int = 0,
        compute_labels: bool = True,
        random_state: RandomState = None,
        tol: float = 0.0,
        max_no_improvement: int | None = 10,
        init_size: int | None = None,
        n_init: NInit = "auto",
        reassignment_ratio: float = 0.01,
        n_threads: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.verbose = verbose
        self.compute_labels = compute_labels
        self.random_state = random_state
        self.tol = tol
        self.max_no_improvement = max_no_improvement
        self.init_size = init_size
        self.n_init = n_init
        self.reassignment_ratio = reassignment_ratio
        self.n_threads = n_threads
        add_bases()

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the clusters of X from random batches; forget what was learned before.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows to cluster.
        y : ignored
            Accepted because scikit-learn's pipelines pass it.
        sample_weight : array-like of shape (n_samples,), optional
            The weights of the rows, at least 0. By default each row weighs 1.

        Returns
        -------
        MiniBatchKMeans
            Itself, fitted.

        Raises
        ------
        ValueError
            If a parameter, X or the weights cannot be used. The message gives the reason.

        Warns
        -----
        RuntimeWarning
            If ``init_size`` is less than ``n_clusters``, or if centers are given and ``n_init`` is
            not 1. Both parameters are replaced.
        """
        plain = self._check_parameters()
        points = as_points(X, n_threads=plain["n_threads"], compress=False)
        check_n_clusters(points, plain["n_clusters"])
        weights = as_weights(sample_weight, points)
        names = feature_names(X)
        n_samples = points.shape[0]
        stream = as_random_stream(self.random_state)
        verbose = bool(self.verbose)
        rule = StepRule(min(plain["batch_size"], n_samples), plain["reassignment_ratio"])
        first = best_first_centers(
            points,
            weights,
            self.init,
            plain["n_clusters"],
            self._n_restarts(stacklevel=3),
            sample_size(plain, n_samples, stacklevel=3),
            stream,
            verbose=verbose,
        )
        n_steps = plain["max_iter"] * n_samples // rule.batch_size
        shift = allowed_shift(points, plain["tol"])
        end = EndRule(n_steps, shift, plain["max_no_improvement"])
        found = minibatch(points, weights, first, rule, end, stream, verbose=verbose)

        self._remember(found.moving)
        vars(self).pop("_random_state", None)
        self._remember_features(names, points.shape[1])
        self.n_steps_ = found.n_steps
        self.n_iter_ = ceil_div(found.n_steps * rule.batch_size, n_samples)
        self._label(points, weights)
        if not self.compute_labels:
            self.inertia_ = found.mean_inertia * float(weights.sum())
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Move the centers by one batch; the first call draws the first centers from it.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The batch.
        y : ignored
            As in :meth:`fit`.
        sample_weight : array-like of shape (n_samples,), optional
            The weights of the rows, as in :meth:`fit`.

        Returns
        -------
        MiniBatchKMeans
            Itself.

        Raises
        ------
        ValueError
            If a parameter, X or the weights cannot be used, if the first batch has fewer rows than
            there are clusters, or if the centers overflow. The message gives the reason. The model
            is as before the call.

        Warns
        -----
        RuntimeWarning
            If this is the first batch and ``init_size`` is less than ``n_clusters``. A larger
            sample is then drawn.
        """
        plain = self._check_parameters()
        is_first = not hasattr(self, "cluster_centers_")
        if not is_first:
            self._check_feature_names(X)
        points = as_points(X, n_threads=plain["n_threads"], compress=False)
        weights = as_weights(sample_weight, points)
        stream = getattr(self, "_random_state", None)
        if stream is None:
            stream = as_random_stream(self.random_state)
        if is_first:
            names = feature_names(X)
            moving = self._first_centers(plain, points, weights, stream)
        else:
            self._check_n_features(points.shape[1])
            moving = self._known_centers()
        rule = StepRule(plain["batch_size"], plain["reassignment_ratio"])
        moving.learn(points, weights, rule, stream, verbose=bool(self.verbose))

        self._remember(moving)
        if is_first:
            self._remember_features(names, points.shape[1])
        self._random_state = stream
        self.n_steps_ = getattr(self, "n_steps_", 0) + 1
        self._label(points, weights)
        return self

    def set_partial_fit_request(self, *, sample_weight: Any = UNCHANGED) -> Self:
        """Set whether a meta-estimator passes ``sample_weight`` to partial_fit.

        Parameters
        ----------
        sample_weight : str, True, False or None
            As in :meth:`set_fit_request`.

        Returns
        -------
        estimator
            Itself.
        """
        return self._request("partial_fit", sample_weight)

    # Steps of fit --------------------------------------------------------------------------

    def _check_parameters(self) -> dict[str, Any]:
        self._parameter_names()  # refuses *args, like scikit-learn's fit
        return check_parameters(type(self).__name__, self._values_of(_RULES), _RULES)

    def _first_centers(
        self, plain: dict[str, Any], points: KnownPoints, weights: Floats, stream: RandomStream
    ) -> MovingCenters:
        """The centers before the first batch of a stream."""
        n_clusters = plain["n_clusters"]
        check_n_clusters(points, n_clusters)
        size = sample_size(plain, points.shape[0], stacklevel=4)
        first = sampled_centers(points, weights, self.init, n_clusters, size, stream)
        return MovingCenters(first, points.dtype, np.zeros(n_clusters), 0)

    def _known_centers(self) -> MovingCenters:
        """The centers after the last batch, or those that were set by hand."""
        centers = as_centers(self.cluster_centers_)
        dtype = np.dtype(getattr(self.cluster_centers_, "dtype", np.float64))
        counts: Floats = getattr(self, "_counts", np.zeros(len(centers)))
        if len(counts) != len(centers):
            raise ValueError(
                f"cluster_centers_ has {len(centers)} centers, but the batches so far were for "
                f"{len(counts)}: set the centers of a new model."
            )
        return MovingCenters(
            centers,
            dtype if dtype == np.float32 else np.dtype(np.float64),
            counts,
            getattr(self, "_n_since_last_reassign", 0),
        )

    def _remember(self, moving: MovingCenters) -> None:
        moving.check()
        self.cluster_centers_ = moving.centers.astype(moving.dtype, copy=False)
        self._counts = moving.counts
        self._n_since_last_reassign = moving.n_since_reassigned

    def _label(self, points: KnownPoints, weights: Floats) -> None:
        """Set the labels and the inertia of these rows, or forget those of other rows."""
        if not self.compute_labels:
            vars(self).pop("labels_", None)
            vars(self).pop("inertia_", None)
            return
        own = np.empty(points.shape[0])
        self.labels_: Labels = nearest_centers(
            points, self.cluster_centers_.astype(np.float64, copy=False), own
        )
        self.inertia_ = float(weighted_total(weights, own))


# The rules for each parameter.
_RULES = {
    "n_clusters": (int_from(1),),
    "init": (one_of("k-means++", "random"), CALLABLE, ARRAY_LIKE),
    "max_iter": (count_from(1),),
    "batch_size": (int_from(1),),
    "verbose": (int_from(0), BOOL),
    "compute_labels": (BOOL,),
    "random_state": (RANDOM_STATE, NONE),
    "tol": (real_from(0.0),),
    "max_no_improvement": (count_from(0), NONE),
    "init_size": (int_from(1), NONE),
    "n_init": (one_of("auto"), restarts_from(1)),
    "reassignment_ratio": (real_from(0.0),),
    "n_threads": N_THREADS,
}


add_bases()  # last, because scikit-learn's classes wrap the methods of a class that is being made
