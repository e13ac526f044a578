"""The package's own exceptions and warnings, which are scikit-learn's too where it is loaded."""

import sys
from functools import cache
from typing import Any


class InvalidParameterError(ValueError, TypeError):
    """A constructor parameter has a type or value that fit cannot use."""


class NotFittedError(ValueError, AttributeError):
    """A method that needs a fitted model was called before fit."""


class ConvergenceWarning(UserWarning):
    """The result is not what was asked for, as with fewer distinct rows than clusters."""


class InconsistentVersionWarning(UserWarning):
    """A model was pickled by another major version of the package."""

    # scikit-learn's of this name takes and shows its own versions; ours says what it is told.
    def __init__(self, message: str) -> None:
        UserWarning.__init__(self, message)

    __str__ = UserWarning.__str__


def shown(value: Any) -> str:
    """The repr of a value for an error: of at most 200 characters, and never an error itself."""
    try:
        text = repr(value)
    except Exception:  # as of an int with more digits than Python prints
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 200 else f"{text[:200]}..."


def as_scikit_learn_knows_it(own: type[Any]) -> type[Any]:
    """A class to raise or warn with, which code that catches scikit-learn's of the name catches.

    Where ``sklearn.exceptions`` is loaded it is derived from both; looked up when it is needed,
    as scikit-learn may be loaded after this package, and never loaded from here.
    """
    theirs = getattr(sys.modules.get("sklearn.exceptions"), own.__name__, None)
    return own if theirs is None else _of_both(own.__name__)


@cache
def _of_both(name: str) -> type[Any]:
    own, theirs = globals()[name], getattr(sys.modules["sklearn.exceptions"], name)
    both = {"__module__": __name__, "__qualname__": f"_{name}", "__doc__": own.__doc__}
    return type(name, (own, theirs), both)


def __getattr__(name: str) -> Any:
    # What comes out of another process is unpickled by the qualified name of its class.
    if name in ("_NotFittedError", "_ConvergenceWarning", "_InconsistentVersionWarning"):
        return as_scikit_learn_knows_it(globals()[name[1:]])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
