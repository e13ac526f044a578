"""The parts of fit that estimators share: restarts, fit_predict, fit_transform, a warning."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np

from kmeans_core.arrays import Ints, Labels
from kmeans_core.errors import ConvergenceWarning, as_scikit_learn_knows_it
from kmeans_core.fitted import FittedModel


class FittingModel(FittedModel):
    """A model whose ``fit`` finds centers, from ``init`` and ``n_init``."""

    init: Any
    n_init: Any

    # What n_init="auto" means for first centers that are drawn without care.
    restarts_if_random: ClassVar[int] = 10

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the clusters of X."""
        raise NotImplementedError

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Labels:
        """Find the clusters of X and return the label of each row.

        Parameters
        ----------
        X : as in fit
            The rows to cluster.
        y : ignored
            As in :meth:`fit`.
        sample_weight : as in fit
            The weights of the rows.

        Returns
        -------
        ndarray of shape (n_samples,), int32
            The number of the cluster of each row.

        Examples
        --------
        >>> from kmeans_core import KMeans
        >>> KMeans(2, init=[[0.0], [9.0]]).fit_predict([[1.0], [2.0], [8.0]])
        array([0, 0, 1], dtype=int32)
        """
        self.fit(X, sample_weight=sample_weight)
        return self.labels_ if hasattr(self, "labels_") else self.predict(X)

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Find the clusters of X and return the distances of its rows to the centers.

        Parameters
        ----------
        X : as in fit
            The rows to cluster.
        y : ignored
            As in :meth:`fit`.
        sample_weight : as in fit
            The weights of the rows.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters)
            As :meth:`transform` returns it.

        Examples
        --------
        The centers are 1.5 and 8:

        >>> from kmeans_core import KMeans
        >>> KMeans(2, init=[[0.0], [9.0]]).fit_transform([[1.0], [2.0], [8.0]])
        array([[0.5, 7. ],
               [0.5, 6. ],
               [6.5, 0. ]])
        """
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def _centers_are_given(self) -> bool:
        return not isinstance(self.init, str) and not callable(self.init)

    def _n_restarts(self, stacklevel: int) -> int:
        if self._centers_are_given() and self.n_init not in (1, "auto"):
            warnings.warn(
                "Explicit initial center position passed: performing only one init in "
                f"{type(self).__name__} instead of n_init={self.n_init}.",
                RuntimeWarning,
                stacklevel=stacklevel,
            )
            return 1
        return n_restarts_of(self.init, self.n_init, self.restarts_if_random)


def warn_of_empty_clusters(sizes: Ints, stacklevel: int) -> None:
    """ConvergenceWarning, in scikit-learn's words, if a cluster of these sizes is empty."""
    n_found = np.count_nonzero(sizes)
    if n_found < len(sizes):
        warnings.warn(
            f"Number of distinct clusters ({n_found}) found smaller than n_clusters "
            f"({len(sizes)}). Possibly due to duplicate points in X.",
            as_scikit_learn_knows_it(ConvergenceWarning),
            stacklevel=stacklevel,
        )


def n_restarts_of(init: Any, n_init: Any, if_random: int = FittingModel.restarts_if_random) -> int:
    """The number of restarts that ``n_init`` means for these first centers."""
    if not isinstance(n_init, str):
        return int(n_init)
    return if_random if callable(init) or (isinstance(init, str) and init == "random") else 1
