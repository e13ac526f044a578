"""Types of parameters that several public functions take."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt


class _ToArray(Protocol):
    def __array__(self) -> npt.NDArray[Any]: ...


class _ToCsr(Protocol):
    def tocsr(self) -> Any: ...


Algorithm = Literal["lloyd", "elkan"]
Metric = Literal["euclidean", "l2", "manhattan", "l1", "cityblock", "cosine", "precomputed"]
Missing = Literal["error", "ignore"]
NInit = Literal["auto"] | int
RandomState = int | np.integer[Any] | np.random.RandomState | np.random.Generator | None

# A callable gets X and n_clusters, and random_state by name.
InitForAnyK = Literal["k-means++", "k-means||", "random"] | Callable[..., Any]
Init = InitForAnyK | Sequence[Sequence[float] | _ToArray] | _ToArray | _ToCsr
