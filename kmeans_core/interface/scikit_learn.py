"""scikit-learn's own protocol for a clusterer: tags, output frames, metadata routing.

scikit-learn is imported only inside methods that scikit-learn or its users call.
"""

import sys
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from kmeans_core.errors import InvalidParameterError
from kmeans_core.interface.bases import LateBases
from kmeans_core.interface.display import as_html, shows_diagram

UNCHANGED = "$UNCHANGED$"  # scikit-learn's own mark for "leave this request as it is"


class ScikitLearnClusterer(LateBases):
    """The parts of scikit-learn's protocol that need its classes or its configuration."""

    missing: str
    weighted_methods: ClassVar[tuple[str, ...]] = ("fit", "score")
    cluster_centers_: npt.NDArray[Any]

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="clusterer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=["float64", "float32"]),
            input_tags=InputTags(sparse=True, allow_nan=self.missing == "ignore"),
        )

    # Notebooks --------------------------------------------------------------------------------

    @property
    def _repr_html_(self) -> Callable[[], str]:
        if not shows_diagram():
            raise AttributeError("scikit-learn's configuration asks for display='text'")
        return lambda: as_html(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        if shows_diagram():
            bundle["text/html"] = as_html(self)
        return bundle

    # Frames instead of arrays ---------------------------------------------------------------

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose the container that ``transform`` and ``fit_transform`` return.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None
            "default" is an array, and the others are data frames. None keeps the current choice.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError
            If ``transform`` has another value.

        Examples
        --------
        >>> from kmeans_core import KMeans
        >>> model = KMeans(2, init=[[0.0], [9.0]]).set_output(transform="pandas")
        >>> print(model.fit_transform([[1.0], [2.0], [8.0]]))
           kmeans0  kmeans1
        0      0.5      7.0
        1      0.5      6.0
        2      6.5      0.0
        """
        if transform is None:
            return self
        if transform not in ("default", "pandas", "polars"):
            raise InvalidParameterError(
                "transform must be 'default', 'pandas', 'polars' or None, not " + repr(transform)
            )
        # scikit-learn's clone copies the attribute of this name.
        self._sklearn_output_config = {"transform": transform}
        return self

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Name the columns of ``transform``: the class name in lower case and a number.

        Parameters
        ----------
        input_features : array-like of str, optional
            Only compared with the features seen in fit.

        Returns
        -------
        ndarray of shape (n_clusters,), str objects
            One name for each center.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            If ``input_features`` differ from those seen in fit.

        Examples
        --------
        >>> from kmeans_core import KMeans
        >>> print(KMeans(2, random_state=0).fit([[1.0], [8.0]]).get_feature_names_out())
        ['kmeans0' 'kmeans1']
        """
        self._check_fitted()
        if input_features is not None:
            names = np.asarray(input_features, dtype=object)
            seen = getattr(self, "feature_names_in_", None)
            if seen is not None and not np.array_equal(seen, names):
                raise ValueError("input_features is not equal to feature_names_in_")
            if len(names) != self.n_features_in_:
                raise ValueError(
                    "input_features should have length equal to number of features "
                    f"({self.n_features_in_}), got {len(names)}"
                )
        prefix = type(self).__name__.lower()
        columns = range(self._n_features_out)
        return np.array([f"{prefix}{column}" for column in columns], dtype=object)

    @property
    def _n_features_out(self) -> int:
        return len(self.cluster_centers_)

    def _framed(self, X: Any, out: npt.NDArray[Any]) -> Any:
        """The output of transform in the chosen container."""
        container = getattr(self, "_sklearn_output_config", {}).get("transform")
        if container is None:
            sklearn = sys.modules.get("sklearn")
            container = sklearn.get_config()["transform_output"] if sklearn else "default"
        if container == "pandas":
            import pandas as pd

            index = X.index if isinstance(X, pd.DataFrame) else None
            return pd.DataFrame(out, index=index, columns=self.get_feature_names_out())
        if container == "polars":
            import polars as pl

            return pl.DataFrame(out, schema=list(self.get_feature_names_out()), orient="row")
        return out

    # Metadata routing -----------------------------------------------------------------------

    def set_fit_request(self, *, sample_weight: Any = UNCHANGED) -> Self:
        """Set whether a meta-estimator passes ``sample_weight`` to fit; see scikit-learn's guide.

        Parameters
        ----------
        sample_weight : str, True, False or None
            True passes it. False does not. None is an error if it is given. A str is the name under
            which it is given.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        RuntimeError
            If metadata routing is not enabled in scikit-learn.
        """
        return self._request("fit", sample_weight)

    def set_score_request(self, *, sample_weight: Any = UNCHANGED) -> Self:
        """Set whether a meta-estimator passes ``sample_weight`` to score.

        Parameters
        ----------
        sample_weight : str, True, False or None
            As in :meth:`set_fit_request`.

        Returns
        -------
        estimator
            Itself.
        """
        return self._request("score", sample_weight)

    def get_metadata_routing(self) -> Any:
        """Return the requests that were set by ``set_fit_request`` and ``set_score_request``.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRequest
            The request for each method that takes ``sample_weight``.
        """
        from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

        if hasattr(self, "_metadata_request"):
            return get_routing_for_object(self._metadata_request)
        request = MetadataRequest(owner=type(self).__name__)
        for method in self.weighted_methods:
            getattr(request, method).add_request(param="sample_weight", alias=None)
        return request

    def _request(self, method: str, sample_weight: Any) -> Self:
        import sklearn

        if not sklearn.get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable "
                "it using sklearn.set_config(enable_metadata_routing=True)."
            )
        request = self.get_metadata_routing()
        if sample_weight != UNCHANGED:
            getattr(request, method).add_request(param="sample_weight", alias=sample_weight)
        # scikit-learn's clone copies the attribute of this name.
        self._metadata_request = request
        return self
