"""Builders shared by the tests: small fits drawn by hypothesis, blobs, CSR copies, near ties."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from gaps import csr_of
from hypothesis import strategies as st

from kmeans_core import IterationEvent, KMeans, reference, reference_weighted
from kmeans_core.threads import chunks, pool

# If sums are not exact, two distances with a smaller relative difference may change their order.
NEAR = 1e-9


@dataclass(frozen=True)
class Case:
    """One small fit: data, first centers, weights and the rule for stopping."""

    X: np.ndarray
    init: np.ndarray
    weights: np.ndarray | None
    tol: float
    max_iter: int

    def model(self, **params: Any) -> KMeans:
        """An unfitted KMeans with the parameters of the case."""
        asked = {"init": self.init, "n_init": 1, "tol": self.tol, "max_iter": self.max_iter}
        return KMeans(len(self.init), **(asked | params))

    def reference_steps(self) -> list[reference_weighted.WeightedStep]:
        """The same fit by ``reference_weighted.weighted_lloyd``."""
        weights = np.ones(len(self.X)) if self.weights is None else self.weights
        tol = self.tol * np.mean(np.var(self.X, axis=0))
        return list(
            reference_weighted.weighted_lloyd(
                self.X, self.init, weights, max_iter=self.max_iter, tol=float(tol)
            )
        )


# Multiples of 1/2, many zeros: every sum is exact, and there are many ties.
GRID = st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0])
FLOATS = st.one_of(st.just(0.0), st.floats(-50, 50, width=32))


@st.composite
def _cases(draw: st.DrawFn, values: st.SearchStrategy[float], weighted: bool) -> Case:
    n_samples = draw(st.integers(1, 14))
    n_features = draw(st.integers(1, 4))
    n_clusters = draw(st.integers(1, min(n_samples, 5)))

    def matrix(n_rows: int) -> np.ndarray:
        flat = draw(st.lists(values, min_size=n_rows * n_features, max_size=n_rows * n_features))
        return np.array(flat).reshape(n_rows, n_features)

    X = matrix(n_samples)
    kind = draw(st.sampled_from(["rows", "rows with repeats", "anywhere", "far off"]))
    if kind == "anywhere":
        init = matrix(n_clusters)
    else:
        row = st.integers(0, n_samples - 1)
        chosen = draw(
            st.lists(row, min_size=n_clusters, max_size=n_clusters, unique=kind == "rows")
        )
        init = X[chosen]
        if kind == "far off":
            init[-1] += 1000.0
    weights = None
    if weighted and draw(st.booleans()):
        whole = st.integers(0, 3)
        drawn = draw(st.lists(whole, min_size=n_samples, max_size=n_samples).filter(any))
        weights = np.array(drawn, dtype=float)
    return Case(
        X, init, weights, draw(st.sampled_from([0.0, 1e-4, 0.0731])), draw(st.integers(1, 12))
    )


@pytest.fixture(scope="session")
def exact_cases() -> st.SearchStrategy[Case]:
    """Fits whose sums are exact, so that results can be compared to the bit."""
    return _cases(GRID, weighted=True)


@pytest.fixture(scope="session")
def float_cases() -> st.SearchStrategy[Case]:
    """Fits on generic floats."""
    return _cases(FLOATS, weighted=True)


@pytest.fixture(scope="session")
def blobs() -> Callable[..., np.ndarray]:
    """A function that makes overlapping groups of rows, with zeros if asked."""

    def make(
        n_samples: int, n_features: int, n_groups: int, *, seed: int = 0, share_zero: float = 0.0
    ) -> np.ndarray:
        rng = np.random.default_rng(seed)
        middles = rng.normal(scale=4.0, size=(n_groups, n_features))
        X = middles[rng.integers(n_groups, size=n_samples)]
        X = X + rng.normal(size=X.shape)
        X[rng.random(X.shape) < share_zero] = 0.0
        return X

    return make


@pytest.fixture(scope="session")
def events_of() -> Callable[..., list[IterationEvent]]:
    """A function that fits a model and returns copies of its events."""

    def fit(model: KMeans, X: Any, **fit_params: Any) -> list[IterationEvent]:
        events: list[IterationEvent] = []
        model.on_iteration = lambda event: events.append(event.copy())
        model.fit(X, **fit_params)
        return events

    return fit


@pytest.fixture(scope="session")
def differing_rows() -> Callable[..., int]:
    """Counts rows with different labels, and fails unless each is a near tie of two centers."""

    def count(X: np.ndarray, centers: np.ndarray, labels: Any, others: Any) -> int:
        rows = np.flatnonzero(np.asarray(labels) != np.asarray(others))
        distances = reference.squared_distances(X.astype(np.float64), centers.astype(np.float64))
        one, other = distances[rows, labels[rows]], distances[rows, others[rows]]
        assert np.all(np.abs(one - other) <= NEAR * np.maximum(one, other) + 1e-300)
        return len(rows)

    return count


class PoolWatch:
    """Counts the tasks that the pool of threads gets."""

    def __init__(self) -> None:
        self.n_helpers = 0


@pytest.fixture
def always_threads(monkeypatch: pytest.MonkeyPatch) -> PoolWatch:
    """Sends even the smallest work to the pool, and counts how often."""
    watch = PoolWatch()
    lend = pool.lend

    def watched(job: pool.Job, times: int) -> None:
        watch.n_helpers += times
        lend(job, times)

    monkeypatch.setattr(chunks, "SMALL_WORK", 0)
    monkeypatch.setattr(pool, "lend", watched)
    return watch


@pytest.fixture(params=["dense", "csr"])
def storage(request: pytest.FixtureRequest) -> Callable[[np.ndarray], Any]:
    """The identity, or a copy as CSR. A test with this fixture runs on both."""
    return np.asarray if request.param == "dense" else sp.csr_array


@pytest.fixture(params=[np.asarray, csr_of], ids=["dense", "csr"])
def form(request: pytest.FixtureRequest) -> Callable[[np.ndarray], Any]:
    """Unknown cells as NaN, or as absent cells of CSR. A test with this fixture runs on both."""
    return request.param
