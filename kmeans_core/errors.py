"""The package's own exceptions and warnings."""


class InvalidParameterError(ValueError, TypeError):
    """A constructor parameter has a type or value that fit cannot use."""


class NotFittedError(ValueError, AttributeError):
    """A method that needs a fitted model was called before fit."""


class ConvergenceWarning(UserWarning):
    """The result is not what was asked for, as with fewer distinct rows than clusters."""
