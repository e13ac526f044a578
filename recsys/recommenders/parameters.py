"""Reads, sets and shows the constructor parameters of recommenders, as scikit-learn does."""

from inspect import signature
from typing import Any, Self, TypeVar

T = TypeVar("T", bound="Parameterized")


class Parameterized:
    """The parameters are the arguments of ``__init__``, stored unchanged under their own names."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Parameters
        ----------
        deep : bool, default True
            If a parameter is a recommender itself, add its parameters as ``<name>__<their name>``.

        Returns
        -------
        dict of str to object
            The value of each parameter.

        Examples
        --------
        >>> from recsys import BiasBaseline
        >>> BiasBaseline(user_damping=2.0).get_params()
        {'item_damping': 3.0, 'user_damping': 2.0, 'n_sweeps': 10}
        """
        params = {name: getattr(self, name) for name in signature(type(self)).parameters}
        if deep:
            for name, value in list(params.items()):
                if isinstance(value, Parameterized):
                    inner = value.get_params()
                    params |= {f"{name}__{key}": each for key, each in inner.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Parameters
        ----------
        **params : object
            ``<name>__<their name>`` sets a parameter of a recommender that is a parameter itself.

        Returns
        -------
        Recommender
            The same recommender. A fitted one does not change until the next fit.

        Raises
        ------
        ValueError
            If there is no parameter of a given name.

        Examples
        --------
        >>> from recsys import BiasBaseline
        >>> BiasBaseline().set_params(user_damping=2.0)
        BiasBaseline(user_damping=2.0)
        """
        known = self.get_params(deep=False)
        # A recommender that is a parameter is set before its own parameters.
        for name, value in sorted(params.items(), key=lambda item: "__" in item[0]):
            own, _, inner = name.partition("__")
            within = getattr(self, own, None)
            if own not in known or (inner and not isinstance(within, Parameterized)):
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}")
            if isinstance(within, Parameterized) and inner:
                within.set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """The class, and the parameters that differ from their defaults."""
        changed = []
        for name, parameter in signature(type(self)).parameters.items():
            # A second repr would take 2^n calls for n recommenders within each other.
            shown = repr(getattr(self, name))
            if shown != repr(parameter.default):
                changed.append(f"{name}={shown}")
        return f"{type(self).__name__}({', '.join(changed)})"


def unfitted(model: T) -> T:
    """Make an unfitted recommender of the same class and parameters."""
    params = model.get_params(deep=False)
    return type(model)(
        **{
            name: unfitted(value) if isinstance(value, Parameterized) else value
            for name, value in params.items()
        }
    )


def at_least(least: float, **parameters: float) -> None:
    """ValueError for the first parameter that is less than ``least`` or NaN."""
    for name, value in parameters.items():
        if not value >= least:
            raise ValueError(f"{name} must be at least {least:g}, not {value!r}")
