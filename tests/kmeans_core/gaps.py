"""Data with unknown cells, and k-means over known cells straight from its definition."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from hypothesis import assume
from hypothesis import strategies as st

from kmeans_core import KMeans


def csr_of(X):
    """The cells of X that are not NaN, including zeros."""
    rows, columns = np.nonzero(~np.isnan(X))
    return sp.csr_array(sp.coo_array((X[rows, columns], (rows, columns)), shape=X.shape))


BOTH = st.sampled_from([np.asarray, csr_of])

# The definition, in NumPy -----------------------------------------------------------------------


def partial_distances(X, centers):
    """Sums of (x - c)^2 over the known cells, features in order."""
    total = np.zeros((len(X), len(centers)))
    for j in range(X.shape[1]):
        squares = (X[:, [j]] - centers[:, j]) ** 2
        total += np.where(np.isnan(squares), 0.0, squares)
    return total


def feature_means(X, weights):
    known = ~np.isnan(X)
    return (weights @ np.where(known, X, 0.0)) / (weights @ known)


def shrunk_means(X, labels, weights, n_clusters, shrinkage):
    m = feature_means(X, weights)
    centers = np.tile(m, (n_clusters, 1))
    for c in range(n_clusters):
        rows = labels == c
        known = ~np.isnan(X[rows])
        weight_in_clusters = weights[rows] @ known + shrinkage
        sums = weights[rows] @ np.where(known, X[rows], 0.0) + shrinkage * m
        centers[c, weight_in_clusters > 0] = (
            sums[weight_in_clusters > 0] / weight_in_clusters[weight_in_clusters > 0]
        )
    return centers


def objective(X, labels, centers, weights, shrinkage):
    rows = np.flatnonzero(~np.isnan(X).all(axis=1))
    own = partial_distances(X, centers)[rows, labels[rows]]
    pull = centers - feature_means(X, weights)
    return weights[rows] @ own + shrinkage * np.sum(pull**2)


@dataclass
class Step:
    centers: np.ndarray
    labels: np.ndarray
    n_moved: int
    n_relocated: int
    next_centers: np.ndarray


def steps_of(X, centers, weights, shrinkage, max_iter):
    """Lloyd's algorithm with tol=0 over known cells; every row has a known cell."""
    k = len(centers)
    labels = np.full(len(X), -1)
    n_relocated = 0
    for _ in range(max_iter):
        before, labels = labels, np.argmin(partial_distances(X, centers), axis=1)
        own = partial_distances(X, centers)[np.arange(len(X)), labels]
        alone = 0.0
        if shrinkage > 0:
            to_means = partial_distances(X, feature_means(X, weights)[None, :])[:, 0]
            alone = shrinkage / (weights + shrinkage) * to_means
        empty = [c for c in range(k) if not np.any(weights[labels == c])]
        farthest_first = np.argsort(-own, kind="stable")
        donors = farthest_first[((weights > 0) & (own > alone))[farthest_first]][: len(empty)]
        n_moved = int(np.sum(labels != before))
        if n_moved == 0 and n_relocated == 0:
            yield Step(centers, labels, 0, 0, centers)
            return
        n_relocated = len(donors)
        relocated = labels.copy()
        relocated[donors] = empty[:n_relocated]
        after = shrunk_means(X, relocated, weights, k, shrinkage)
        yield Step(centers, labels, n_moved, n_relocated, after)
        if n_moved == 0:
            return
        if np.array_equal(after, centers):
            return  # a shift of 0 is within any tolerance
        centers = after


# Cases ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gaps:
    """A small fit with unknown cells; each feature is known in a row of positive weight."""

    X: np.ndarray
    init: np.ndarray
    weights: np.ndarray
    shrinkage: float
    max_iter: int

    def model(self, **params):
        asked = {"init": self.init, "max_iter": self.max_iter, "shrinkage": self.shrinkage}
        return KMeans(len(self.init), tol=0, missing="ignore", **(asked | params))


STARS = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0])
FLOATS = st.one_of(st.just(0.0), st.floats(-50, 50, width=32))


@st.composite
def gaps(draw, values=STARS, empty_rows=False):
    n_samples, n_features = draw(st.integers(2, 14)), draw(st.integers(1, 5))
    n_clusters = draw(st.integers(1, min(n_samples, 5)))

    def matrix(n_rows, entries):
        flat = draw(st.lists(entries, min_size=n_rows * n_features, max_size=n_rows * n_features))
        return np.array(flat, dtype=float).reshape(n_rows, n_features)

    X = matrix(n_samples, st.one_of(values, st.just(np.nan)))
    init = matrix(n_clusters, values)
    if draw(st.booleans()):
        init[-1] += 1000.0
    weights = np.ones(n_samples)
    if draw(st.booleans()):
        whole = st.integers(0, 3)
        weights = np.array(
            draw(st.lists(whole, min_size=n_samples, max_size=n_samples)), dtype=float
        )
    known = ~np.isnan(X)
    assume(np.all(weights @ known > 0) and not known.all())
    if not empty_rows:
        assume(known.any(axis=1).all())
    assume(known.any(axis=1).sum() >= n_clusters)
    shrinkage = draw(st.sampled_from([0.0, 0.0, 0.5, 3.0]))
    return Gaps(X, init, weights, shrinkage, draw(st.integers(1, 12)))


def rated(n_samples=120, n_features=12, share=0.6, seed=0):
    """Multiples of 1/2 for four groups of users, with a share of unknown cells."""
    rng = np.random.default_rng(seed)
    tastes = rng.integers(1, 10, size=(4, n_features)) / 2
    X = tastes[rng.integers(4, size=n_samples)] + rng.integers(-1, 2, size=(n_samples, 1)) / 2
    X[rng.random(X.shape) < share] = np.nan
    X[np.arange(n_samples), rng.integers(n_features, size=n_samples)] = 3.0
    return X


def state(model):
    """All results of a fit, to the bit."""
    return (
        model.labels_.tobytes(),
        model.cluster_centers_.tobytes(),
        model.inertia_,
        model.n_iter_,
    )


def filled(X):
    """X with the features' means in its unknown cells."""
    return np.where(np.isnan(X), np.nanmean(X, axis=0), X)
