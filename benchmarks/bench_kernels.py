"""Times single kernels through the public API with pytest-benchmark, to compare two commits.

pytest collects this file only if its path is given, from the repository's root:

    python -m pytest benchmarks/bench_kernels.py --benchmark-autosave
    git switch ...                     # the other commit
    python -m pytest benchmarks/bench_kernels.py --benchmark-compare

``--benchmark-compare-fail=median:10%`` makes a slower median an error. Each case is one step of one
storage at a fixed size and one thread, so that a slower step can be found. The side-by-side table
of whole fits is :mod:`benchmarks.compare`.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmeans_core import KMeans, kmeans_plusplus, silhouette_score
from kmeans_core.points.checks import as_points

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import invented

DENSE, _ = invented.blobs(20_000, 32, 64, spread=0.5, seed=0)
PLANE, _ = invented.blobs(20_000, 2, 100, spread=2.0, seed=1)
RATINGS = invented.ratings_matrix(2_000, 5_000, 200_000, seed=2)
STORAGES: dict[str, Any] = {
    "dense float64": DENSE,
    "dense float32": DENSE.astype(np.float32),
    "two features": PLANE,
    "CSR float32": RATINGS,
    "CSR float64": RATINGS.astype(np.float64),
}

storages = pytest.mark.parametrize("storage", STORAGES)


def fitted(X: Any, n_clusters: int) -> KMeans:
    """A model of one iteration from rows of X, fitted once, so that its kernels are compiled."""
    chosen = np.sort(np.random.default_rng(0).permutation(X.shape[0])[:n_clusters])
    centers = X[chosen] if isinstance(X, np.ndarray) else X[chosen].toarray()
    model = KMeans(n_clusters, init=centers, n_init=1, max_iter=1, tol=0, n_threads=1)
    return model.fit(X)


@storages
def test_checks(benchmark: Any, storage: str) -> None:
    benchmark(as_points, STORAGES[storage], n_threads=1)


@storages
@pytest.mark.parametrize("n_clusters", [10, 100])
def test_one_iteration(benchmark: Any, storage: str, n_clusters: int) -> None:
    model = fitted(STORAGES[storage], n_clusters)
    benchmark(model.fit, STORAGES[storage])


@storages
def test_predict(benchmark: Any, storage: str) -> None:
    model = fitted(STORAGES[storage], 64)
    benchmark(model.predict, STORAGES[storage])


@storages
def test_kmeans_plusplus(benchmark: Any, storage: str) -> None:
    benchmark(kmeans_plusplus, STORAGES[storage], 10, random_state=0)


@storages
def test_silhouette(benchmark: Any, storage: str) -> None:
    X = STORAGES[storage][:2_000]
    labels = np.random.default_rng(0).integers(0, 10, X.shape[0])
    benchmark(silhouette_score, X, labels)
