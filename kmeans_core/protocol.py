"""scikit-learn's estimator protocol written out: parameters by name, repr, feature names."""

import inspect
import warnings
from functools import cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kmeans_core.errors import NotFittedError, as_scikit_learn_knows_it


class Estimator:
    """Parameters are the arguments of ``__init__``, each stored unchanged under its own name."""

    n_features_in_: int
    feature_names_in_: npt.NDArray[np.object_]

    @classmethod
    def _parameter_names(cls) -> list[str]:
        known: Any = cls  # mypy takes a class for unhashable
        return _parameter_names(known)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name; ``deep`` changes nothing, as no parameter is an estimator."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Raises
        ------
        ValueError
            If there is no parameter of a name; then none is set.
        """
        known = self._parameter_names()
        for name in params:
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self!r}. "
                    f"Valid parameters are: {known!r}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = []
        for name, parameter in inspect.signature(type(self).__init__).parameters.items():
            if name == "self":
                continue
            value = getattr(self, name)
            # Compared by repr: == on an array says neither yes nor no.
            if repr(value) != repr(parameter.default):
                changed.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(changed)})"

    def _check_fitted(self) -> None:
        if not hasattr(self, "n_features_in_"):
            name = type(self).__name__
            raise as_scikit_learn_knows_it(NotFittedError)(
                f"This {name} instance is not fitted yet. Call 'fit' with appropriate arguments "
                "before using this estimator."
            )

    def _remember_features(self, names: npt.NDArray[np.object_] | None, n_features: int) -> None:
        self.n_features_in_ = n_features
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_feature_names(self, X: Any) -> None:
        """Hold the names of X's columns against those seen in fit."""
        seen = getattr(self, "feature_names_in_", None)
        names = feature_names(X)
        owner = type(self).__name__
        if seen is None and names is not None:
            warnings.warn(
                f"X has feature names, but {owner} was fitted without feature names",
                UserWarning,
                stacklevel=4,
            )
        if seen is not None and names is None:
            warnings.warn(
                f"X does not have valid feature names, but {owner} was fitted with feature names",
                UserWarning,
                stacklevel=4,
            )
        if seen is not None and names is not None and list(seen) != list(names):
            raise ValueError(_names_differ(list(seen), list(names)))

    def _check_n_features(self, n_features: int) -> None:
        if n_features != self.n_features_in_:
            raise ValueError(
                f"X has {n_features} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )


def feature_names(X: Any) -> npt.NDArray[np.object_] | None:
    """Column names of a data frame or table where all are strings; None where there are none.

    Raises
    ------
    TypeError
        If some names are strings and some are not.
    """
    # In a pyarrow table ``columns`` are the values.
    columns = getattr(X, "column_names", None)
    if columns is None:
        columns = getattr(X, "columns", None)
    if columns is None:
        return None
    names = np.asarray(columns, dtype=object)
    if names.ndim != 1:
        return None
    n_strings = sum(isinstance(name, str) for name in names)
    if n_strings == 0:
        return None
    if n_strings < len(names):
        kinds = sorted({type(name).__name__ for name in names})
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your "
            f"input has {kinds} as feature name / column name types. If you want feature names to "
            "be stored and validated, you must convert them all to strings, by using "
            "X.columns = X.columns.astype(str) for example. Otherwise you can remove feature / "
            "column names from your input data, or convert them all to a non-string data type."
        )
    return names


def _names_differ(seen: list[str], names: list[str]) -> str:
    lines = ["The feature names should match those that were passed during fit."]
    unseen = sorted(set(names) - set(seen))
    missing = sorted(set(seen) - set(names))
    if unseen:
        lines += ["Feature names unseen at fit time:", *_first_five(unseen)]
    if missing:
        lines += ["Feature names seen at fit time, yet now missing:", *_first_five(missing)]
    if not unseen and not missing:
        lines.append("Feature names must be in the same order as they were in fit.")
    return "\n".join(lines) + "\n"


def _first_five(names: list[str]) -> list[str]:
    return [f"- {name}" for name in names[:5]] + (["- ..."] if len(names) > 5 else [])


@cache
def _parameter_names(cls: Any) -> list[str]:
    """Looked up once a class: a signature takes longer to read than a small fit to run."""
    return sorted(inspect.signature(cls).parameters)
