"""Exceptions and warnings; if scikit-learn is loaded, they are also scikit-learn's own."""

import sys
from functools import cache
from typing import Any


class InvalidParameterError(ValueError, TypeError):
    """A constructor parameter has a type or a value that ``fit`` cannot use."""


class NotFittedError(ValueError, AttributeError):
    """A method that needs a fitted model was called before fit."""


class ConvergenceWarning(UserWarning):
    """The fit found fewer clusters than ``n_clusters``, for example because rows are equal."""


class InconsistentVersionWarning(UserWarning):
    """A model was pickled by another major version of the package.

    Parameters
    ----------
    message : str
        Both versions, and what to do.
    """

    # scikit-learn's warning of this name takes versions, and ours takes the message.
    def __init__(self, message: str) -> None:
        UserWarning.__init__(self, message)

    __str__ = UserWarning.__str__


def shown(value: Any) -> str:
    """The repr of a value for an error message, cut to 200 characters; it never raises."""
    try:
        text = repr(value)
    except Exception:  # such as an int with more digits than Python prints
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 200 else f"{text[:200]}..."


def as_scikit_learn_knows_it(own: type[Any]) -> type[Any]:
    """The class to raise or warn with, so that code for scikit-learn's class catches it.

    If ``sklearn.exceptions`` is loaded, the result derives from our class and from scikit-learn's
    class of the same name. This package never loads scikit-learn, but others may load it at any
    time, so each call checks.
    """
    theirs = getattr(sys.modules.get("sklearn.exceptions"), own.__name__, None)
    return own if theirs is None else _of_both(own.__name__)


@cache
def _of_both(name: str) -> type[Any]:
    own, theirs = globals()[name], getattr(sys.modules["sklearn.exceptions"], name)
    both = {"__module__": __name__, "__qualname__": f"_{name}", "__doc__": own.__doc__}
    return type(name, (own, theirs), both)


def __getattr__(name: str) -> Any:
    # Exceptions from another process are unpickled by the qualified name of their class.
    if name in ("_NotFittedError", "_ConvergenceWarning", "_InconsistentVersionWarning"):
        return as_scikit_learn_knows_it(globals()[name[1:]])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
