"""predict, transform and score of a model; its centers come from fit or are set by hand."""

from typing import Any

import numpy as np

from kmeans_core.arrays import Floats, Labels
from kmeans_core.interface.scikit_learn import ScikitLearnClusterer
from kmeans_core.kernels.centers import weighted_total
from kmeans_core.nearest import as_centers, nearest_centers
from kmeans_core.points.checks import as_weights
from kmeans_core.points.chunked import points_of
from kmeans_core.points.interface import KnownPoints
from kmeans_core.points.observed import ObservedPoints


class _FeaturesOfCenters:
    """``n_features_in_`` of a model whose centers were set by hand; fit stores its own value."""

    def __get__(self, model: Any, owner: Any) -> Any:
        if model is None:
            return self
        try:
            return as_centers(model.cluster_centers_).shape[1]
        except (AttributeError, ValueError) as error:
            raise AttributeError(f"there is no n_features_in_: {error}") from error


class FittedModel(ScikitLearnClusterer):
    """A model that predicts, transforms and scores with ``cluster_centers_``."""

    n_features_in_: Any = _FeaturesOfCenters()
    labels_: Labels
    heaviest_cluster_: int
    penalty_: float

    # Subclasses may set scikit-learn's parameters by hand, which do not include these.
    n_threads: int | None = None
    missing: str = "error"
    shrinkage: float = 0.0

    def predict(self, X: Any) -> Labels:
        """Find the nearest center of each row, as :func:`~kmeans_core.assign` does.

        Parameters
        ----------
        X : array-like, sparse matrix or ChunkedRows of shape (n_samples, n_features)
            The rows, which need not be those of the fit.

        Returns
        -------
        ndarray of shape (n_samples,), int32
            The number of the nearest center of each row, and the lowest number of equally near
            ones.

        Raises
        ------
        NotFittedError
            If the model has no centers yet.
        ValueError
            If X cannot be used, or has other features than the centers.

        Examples
        --------
        >>> from kmeans_core import KMeans
        >>> model = KMeans(2, init=[[0.0], [9.0]]).fit([[1.0], [2.0], [8.0]])
        >>> model.predict([[4.0], [5.0]])
        array([0, 1], dtype=int32)
        """
        return self._nearest(*self._points_and_centers(X, check_later=True))

    def transform(self, X: Any) -> Any:
        """Compute the Euclidean distance of each row to each center.

        Parameters
        ----------
        X : array-like, sparse matrix or ChunkedRows of shape (n_samples, n_features)
            The rows, which need not be those of the fit.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters)
            Dense, of X's float dtype, and exactly 0 if a row and a center coincide. It is a data
            frame if ``set_output`` or scikit-learn's configuration asks for one. With
            ``missing="ignore"`` the distance is sqrt(n_features / known cells * sum over known
            cells), as in scikit-learn's ``nan_euclidean_distances``, and NaN for rows without
            known cells.

        Raises
        ------
        NotFittedError, ValueError
            As in :meth:`predict`.

        Examples
        --------
        >>> from kmeans_core import KMeans
        >>> model = KMeans(2, init=[[0.0, 0.0], [9.0, 9.0]]).fit([[0.0, 0.0], [9.0, 9.0]])
        >>> model.transform([[3.0, 4.0]]).round(2)
        array([[5.  , 7.81]])
        """
        points, centers = self._points_and_centers(X)
        return self._framed(X, points.distances(centers))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Compute the negative inertia of X under the fitted centers, minus ``penalty_``.

        Parameters
        ----------
        X : array-like, sparse matrix or ChunkedRows of shape (n_samples, n_features)
            The rows, which need not be those of the fit.
        y : ignored
            Accepted because scikit-learn's pipelines pass it.
        sample_weight : array-like of shape (n_samples,), optional
            The weights of the rows, at least 0. By default each row weighs 1.

        Returns
        -------
        float
            In squared units of X. Larger is better, and 0 is best.

        Raises
        ------
        NotFittedError, ValueError
            As in :meth:`predict`, and if the weights cannot be used.

        Examples
        --------
        The centers are 1.5 and 8:

        >>> from kmeans_core import KMeans
        >>> model = KMeans(2, init=[[0.0], [9.0]]).fit([[1.0], [2.0], [8.0]])
        >>> model.score([[1.0], [10.0]])
        -4.25
        """
        # An error in X comes before one in the weights.
        points, centers = self._points_and_centers(X, check_later=sample_weight is None)
        weights = as_weights(sample_weight, points, centers)
        own = np.empty(points.shape[0])
        self._nearest(points, centers, own)
        return -(float(weighted_total(weights, own)) + self._known_penalty())

    def _points_and_centers(
        self, X: Any, check_later: bool = False
    ) -> tuple[KnownPoints | ObservedPoints, Floats]:
        self._check_fitted()
        self._check_feature_names(X)
        centers = as_centers(self.cluster_centers_)
        if centers.shape[1] != self.n_features_in_:
            raise ValueError(
                f"cluster_centers_ has {centers.shape[1]} features, but {type(self).__name__} was "
                f"fitted with {self.n_features_in_}: fit again, or set the centers of a new model."
            )
        if self.missing == "ignore":
            self._refuse_fit_to_known_cells_only()
        points = points_of(
            X,
            n_threads=self.n_threads,
            missing=self.missing,
            checked_later=centers.shape[1] if check_later else 0,
        )
        self._check_n_features(points.shape[1])
        return points, centers

    def _refuse_fit_to_known_cells_only(self) -> None:
        """A model that was fitted with missing="error" must not ignore NaN later."""
        saw_unknown = hasattr(self, "heaviest_cluster_") or hasattr(self, "penalty_")
        if "n_features_in_" in vars(self) and not saw_unknown:
            raise ValueError("fitted with missing='error': fit again to ignore unknown cells")

    def _nearest(
        self, points: KnownPoints | ObservedPoints, centers: Floats, own: Floats | None = None
    ) -> Labels:
        labels = nearest_centers(points, centers, own)
        unknown = points.unknown_rows
        if len(unknown):
            if not hasattr(self, "heaviest_cluster_"):
                raise ValueError(
                    f"Row {unknown[0]} of X has no known cell. Such rows go to heaviest_cluster_. "
                    "This model has no heaviest_cluster_: call fit, set it, or leave such rows out."
                )
            labels[unknown] = self.heaviest_cluster_
        return labels

    def _known_penalty(self) -> float:
        if hasattr(self, "penalty_"):
            return self.penalty_
        if self.missing == "ignore" and self.shrinkage > 0:
            raise ValueError(
                "The score includes penalty_. This model has no penalty_: call fit, set it, or set "
                "shrinkage=0."
            )
        return 0.0
