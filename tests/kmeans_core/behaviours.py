"""Shared by the conformance tests: the table, data, and a check that two functions raise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

Shown = Callable[..., None]


class Table:
    """A table of behaviours in words, each with a test function; a decorator adds one."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.words: list[str] = []

    def __call__(self, words: str) -> Callable[[Shown], Shown]:
        """Add the function to the table under these words."""

        def enter(function: Shown) -> Shown:
            self.words.append(words)
            self.shown.append(function)
            return function

        return enter


def groups(seed: int = 0, n: int = 60, d: int = 3) -> np.ndarray:
    """Three well-separated groups of rows."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + 6 * rng.integers(3, size=(n, 1))


def rows(n_samples: int = 30, seed: int = 0) -> np.ndarray:
    """Three loose groups on a grid of eighths, a third of the entries zero."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, size=(n_samples, 4)) + rng.integers(0, 8, size=(n_samples, 4)) / 8
    X += 5.0 * (np.arange(n_samples) % 3)[:, None]
    X[rng.random(X.shape) < 1 / 3] = 0.0
    return X


def both_refuse(
    functions: list[Callable[..., Any]], message: str, *args: Any, **params: Any
) -> None:
    """Check that both raise a ValueError that contains the message."""
    for function in functions:
        with pytest.raises(ValueError, match=message):
            function(*args, **params)


SPARSE = [
    getattr(sp, f"{name}_{kind}")
    for name in ("csr", "csc", "dok", "lil")
    for kind in ("matrix", "array")
]
