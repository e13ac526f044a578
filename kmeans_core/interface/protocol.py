"""scikit-learn's estimator protocol written out: parameters, repr, pickles, feature names."""

import inspect
import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kmeans_core.errors import InconsistentVersionWarning, NotFittedError, as_scikit_learn_knows_it
from kmeans_core.points.tables import feature_names
from kmeans_core.version import __version__

# The key of a pickled state for the version that wrote it. The first models had no such key.
_WRITTEN_BY, _FIRST_VERSION = "_kmeans_core_version", "0.1.0"


class Estimator:
    """Parameters are the arguments of ``__init__``, each stored unchanged under its own name."""

    n_features_in_: Any
    feature_names_in_: npt.NDArray[np.object_]

    @classmethod
    def _parameter_names(cls) -> list[str]:
        known: Any = cls  # mypy takes a class for unhashable
        return _parameter_names(known)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Parameters
        ----------
        deep : bool, default True
            Whether to add the parameters of nested estimators, as ``<name>__<their name>``. A
            subclass may have such parameters.

        Returns
        -------
        dict of str to object
            The value of each parameter.

        Raises
        ------
        RuntimeError
            If a subclass takes ``*args``, which have no names.

        Examples
        --------
        >>> from kmeans_core import KMeans
        >>> KMeans(3, tol=0.0).get_params()["tol"]
        0.0
        """
        found: dict[str, Any] = {}
        for name in self._parameter_names():
            value = getattr(self, name)
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                inner = value.get_params().items()
                found.update((f"{name}__{key}", part) for key, part in inner)
            found[name] = value
        return found

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Parameters
        ----------
        **params : object
            The new values. ``<name>__<their name>`` sets a parameter of an estimator that is a
            parameter itself.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError
            If a name is not a parameter. In that case nothing is set.

        Examples
        --------
        >>> from kmeans_core import KMeans
        >>> KMeans(3).set_params(n_clusters=5, tol=0.0)
        KMeans(n_clusters=5, tol=0.0)
        """
        known = self._parameter_names()
        own: dict[str, Any] = {}
        nested: dict[str, dict[str, Any]] = {}
        for name, value in params.items():
            owner, _, inner = name.partition("__")
            if name in known:
                own[name] = value
            elif owner in known and hasattr(
                params.get(owner, getattr(self, owner, None)), "set_params"
            ):
                nested.setdefault(owner, {})[inner] = value
            else:
                wrong = name if owner in known else owner
                raise ValueError(
                    f"Invalid parameter {wrong!r} for estimator {self!r}. "
                    f"Valid parameters are: {known!r}."
                )
        for name, value in own.items():
            setattr(self, name, value)
        for owner, inner_params in nested.items():
            getattr(self, owner).set_params(**inner_params)
        return self

    def __repr__(self) -> str:
        changed = []
        for name, parameter in _named(type(self)).items():
            if not hasattr(self, name):
                continue  # a subclass does not store this parameter
            value = getattr(self, name)
            # Compared by repr, because == on arrays gives an array.
            if repr(value) != repr(parameter.default):
                changed.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(changed)})"

    def _values_of(self, names: Iterable[str]) -> dict[str, Any]:
        """The values that fit reads. A subclass may have fewer or other parameters."""
        values = {}
        for name in names:
            try:
                values[name] = getattr(self, name)
            except AttributeError as error:
                owner = type(self).__name__
                raise AttributeError(
                    f"{owner!r} object has no attribute {name!r}, which fit needs: call "
                    f"super().__init__() in {owner}.__init__, or set the attribute there."
                ) from error
        return values

    # Pickles --------------------------------------------------------------------------------

    def __getstate__(self) -> Any:
        state: Any = object.__getstate__(self)
        if isinstance(state, tuple):  # a subclass with __slots__, whose values come second
            return {**(state[0] or {}), _WRITTEN_BY: __version__}, state[1]
        return {**(state or {}), _WRITTEN_BY: __version__}

    def __setstate__(self, state: Any) -> None:
        state, slots = state if isinstance(state, tuple) else (state, {})
        written_by = state.get(_WRITTEN_BY, _FIRST_VERSION)
        if _major(written_by) != _major(__version__):
            warnings.warn(
                f"This {type(self).__name__} was pickled by kmeans_core {written_by}, and this is "
                f"kmeans_core {__version__}. It may fail or give other results. Fit it again, or "
                "load it with the version that pickled it.",
                as_scikit_learn_knows_it(InconsistentVersionWarning),
                stacklevel=2,
            )
        # An older version without a parameter behaved as the parameter's default does.
        vars(self).update(_defaults(type(self)) | state)
        vars(self).pop(_WRITTEN_BY, None)
        for name, value in slots.items():
            setattr(self, name, value)

    # Features -------------------------------------------------------------------------------

    def _remember_features(self, names: npt.NDArray[np.object_] | None, n_features: int) -> None:
        self.n_features_in_ = n_features
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_feature_names(self, X: Any) -> None:
        """Compare the names of X's columns with those seen in fit."""
        seen = getattr(self, "feature_names_in_", None)
        names = feature_names(X)
        if seen is not None and names is not None:
            if list(seen) != list(names):
                raise ValueError(_names_differ(list(seen), list(names)))
        elif seen is not None or names is not None:
            has, fitted = ("has", "without") if seen is None else ("does not have valid", "with")
            owner = type(self).__name__
            message = f"X {has} feature names, but {owner} was fitted {fitted} feature names"
            warnings.warn(message, UserWarning, stacklevel=4)

    def _check_fitted(self) -> None:
        if not hasattr(self, "cluster_centers_"):
            name = type(self).__name__
            raise as_scikit_learn_knows_it(NotFittedError)(
                f"This {name} instance is not fitted yet. Call 'fit' with appropriate arguments "
                "before using this estimator."
            )

    def _check_n_features(self, n_features: int) -> None:
        if n_features != self.n_features_in_:
            raise ValueError(
                f"X has {n_features} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )


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
    """Sorted parameter names, cached: reading a signature takes longer than a small fit."""
    for parameter in _signature(cls).values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise RuntimeError(
                "scikit-learn estimators should always specify their parameters in the signature "
                f"of their __init__ (no varargs). {cls} takes *{parameter.name}: name each one."
            )
    return sorted(_named(cls))


def _named(cls: Any) -> dict[str, inspect.Parameter]:
    """The named parameters of ``__init__`` in their order, without ``*args`` and ``**rest``."""
    return {
        name: parameter
        for name, parameter in _signature(cls).items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }


def _signature(cls: Any) -> dict[str, inspect.Parameter]:
    if cls.__init__ is object.__init__:
        return {}
    parameters = inspect.signature(cls.__init__).parameters
    return {name: parameter for name, parameter in parameters.items() if name != "self"}


def _defaults(cls: Any) -> dict[str, Any]:
    """Defaults of the parameters of a class and its bases."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, Estimator) and "__init__" in vars(base):
            parameters = _named(base).items()
            found.update((name, p.default) for name, p in parameters if p.default is not p.empty)
    return found


def _major(version: Any) -> str:
    return str(version).partition(".")[0]
