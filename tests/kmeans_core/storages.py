"""Random matrices with many ties on inexact values, and differences between their storages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core import KMeans, kmeans_plusplus

KINDS = (
    "halves times .1",
    "tenths",
    "multiples of an inexact number",
    "scaled flags",
    "floats",
    "rows of length 1",
    "tiny",
)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A matrix to cluster in every storage, and the parameters of the fit."""

    kind: str
    X: np.ndarray
    weights: np.ndarray | None
    n_clusters: int
    n_local_trials: int | None
    n_init: int
    seed: int


def draw(seed: int, most_clusters: int = 1200) -> Drawn:
    """The matrix for a seed: kind, size, zeros, duplicates, dtype, weights and clusters vary.

    Some have as many clusters as rows. Kernels are compiled anew for each 16 clusters more.
    """
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    n_samples, n_features = int(rng.integers(2, 120)), int(rng.integers(1, 45))
    if seed % 4 == 0:
        n_samples, n_features = int(rng.integers(3, 14)), int(rng.integers(1, 4))
    elif seed % 10 == 1:
        n_samples = int(rng.integers(500, 1200))  # several blocks of rows
    if seed % 11 == 0:
        n_samples = min(n_samples, most_clusters)
    X = _values(kind, n_samples, n_features, rng)
    if seed % 3:
        X = X * (rng.random(X.shape) < rng.choice([0.1, 0.3, 0.7]))
    if seed % 5 == 0:
        X = X[rng.integers(0, n_samples, size=n_samples)]
    if seed % 7 == 3:
        X = X.astype(np.float32)
    weights = None
    if rng.random() < 0.5:
        weights = rng.integers(0, 3, size=n_samples) * rng.choice([1.0, 0.1, 1e-150, 1e150])
        weights[rng.integers(n_samples)] += 0.3
        weights = np.minimum(weights, 1e30) if X.dtype == np.float32 else weights
    n_clusters = n_samples if seed % 11 == 0 else int(rng.integers(1, min(n_samples, 12) + 1))
    return Drawn(
        kind,
        X,
        weights,
        n_clusters,
        [None, None, 1, 9][seed % 4],
        10 if n_samples < 14 else int(rng.integers(1, 3)),
        seed,
    )


def _values(kind: str, n_samples: int, n_features: int, rng: np.random.Generator) -> np.ndarray:
    shape = (n_samples, n_features)
    if kind == "halves times .1":
        return rng.integers(0, 11, size=shape) / 2 * 0.1
    if kind == "tenths":
        return rng.integers(0, 6, size=shape) * 0.1
    if kind == "multiples of an inexact number":
        return rng.integers(-3, 4, size=shape) * rng.choice([0.3, 1 / 3, 1e-3, 7e5])
    if kind == "scaled flags":
        return (rng.integers(0, n_features, size=(n_samples, 1)) == np.arange(n_features)) * 0.1
    if kind == "floats":
        return rng.normal(size=shape)
    if kind == "rows of length 1":
        return rng.integers(0, 4, size=shape) / np.sqrt(rng.integers(1, 5, size=(n_samples, 1)))
    return rng.integers(0, 6, size=shape) * rng.choice([1e-140, 1e-155, 1e-162])


def long_indices(X: np.ndarray) -> sp.csr_array:
    """CSR with 64-bit indices."""
    matrix = sp.csr_array(X)
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64)
    return matrix


STORAGES: dict[str, Callable[[np.ndarray], Any]] = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "CSR": sp.csr_array,
    "CSR, 64-bit": long_indices,
}


def _first_rows(drawn: Drawn, form: Callable[[np.ndarray], Any]) -> list[int]:
    _, rows = kmeans_plusplus(
        form(drawn.X),
        drawn.n_clusters,
        sample_weight=drawn.weights,
        random_state=drawn.seed,
        n_local_trials=drawn.n_local_trials,
    )
    return rows.tolist()


def _fits(drawn: Drawn) -> dict[str, KMeans]:
    """The same fit from every storage: compiled, by the loop, with threads, without gaps."""

    def listener(event: Any) -> None:
        pass

    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "dense": ("C order", {}),
        "dense loop": ("Fortran order", {"on_iteration": listener, "n_threads": 2}),
        "CSR": ("CSR", {}),
        "CSR loop": ("CSR, 64-bit", {"on_iteration": listener, "n_threads": 2}),
        "nothing unknown": ("C order", {"missing": "ignore", "n_threads": 1}),
    }
    return {
        name: KMeans(drawn.n_clusters, n_init=drawn.n_init, random_state=drawn.seed, **params).fit(
            STORAGES[form](drawn.X), sample_weight=drawn.weights
        )
        for name, (form, params) in ways.items()
    }


def differences(drawn: Drawn) -> list[str]:
    """The results that differ in a bit: first rows, labels, centers, iterations.

    The inertia may differ between dense and CSR in its last bits.
    """
    expected = _first_rows(drawn, STORAGES["C order"])
    fits = _fits(drawn)
    one = fits["dense"]
    same = {
        f"first rows of {name}": _first_rows(drawn, form) == expected
        for name, form in STORAGES.items()
    }
    for name, fit in fits.items():
        for what in ("labels_", "cluster_centers_", "n_iter_"):
            same[f"{what} of {name}"] = np.array_equal(getattr(fit, what), getattr(one, what))
        is_near = abs(fit.inertia_ - one.inertia_) <= 1e-9 * one.inertia_ + 1e-300
        same[f"inertia_ of {name}"] = is_near
    for name in ("CSR", "dense"):
        same[f"inertia_ of {name} loop"] = fits[name].inertia_ == fits[f"{name} loop"].inertia_
    return [what for what, is_same in same.items() if not is_same]
