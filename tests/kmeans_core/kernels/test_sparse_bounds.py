"""Bounds of compiled restarts on CSR rows: labels stay exact while centers move, bounds hold."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import reference
from kmeans_core.arrays import ceil_div
from kmeans_core.fit.compiled import MOST_KEPT, is_small
from kmeans_core.fit.runners import LONE_CENTERS, runner_of
from kmeans_core.kernels import sparse_bounds
from kmeans_core.kernels.centers import BLOCK_FEATURES
from kmeans_core.kernels.sparse_filter import put_blocks, put_norms
from kmeans_core.points.assign_sparse import CenterTable
from kmeans_core.points.checks import as_points


class Bounded:
    """Calls of ``sparse_bounds.assign`` while centers move, with the bounds that they keep."""

    def __init__(self, X, n_clusters):
        self.points = as_points(X, n_threads=1)
        n_samples, n_features = X.shape
        self.room = CenterTable(n_clusters, n_features)
        n_padded = len(self.room.half_norms)
        self.block_norms = np.empty((ceil_div(n_features, BLOCK_FEATURES), n_clusters))
        self.norms = np.empty(n_clusters)
        self.drift = np.zeros(n_clusters)
        self.drift32 = np.zeros(n_padded, dtype=np.float32)
        self.upper = np.full(n_samples, np.inf, dtype=np.float32)
        self.lower = np.empty((n_samples, n_padded), dtype=np.float32)
        self.labels = np.full(n_samples, -1, dtype=np.int32)
        self.before = None

    def assign(self, centers):
        """Labels for these centers."""
        centers = np.ascontiguousarray(centers, dtype=np.float64)
        if self.before is not None:
            with np.errstate(over="ignore"):
                shifts = np.sum((centers - self.before) ** 2, axis=1)
            sparse_bounds.move_bounds(shifts, centers.shape[1], self.drift, self.drift32)
        self.before = centers.copy()
        room = self.room
        everything = np.full(len(centers), True)
        n_blocks = len(self.block_norms)
        put_blocks(centers, everything, 0, n_blocks, room.table, self.block_norms)
        put_norms(centers, self.block_norms, self.norms, room.half_norms)
        was = self.labels.copy()
        n_moved = sparse_bounds.assign(
            *self.points.csr,
            self.points.row_norms,
            centers,
            self.block_norms,
            self.norms,
            room.table,
            room.half_norms,
            room.vectors,
            self.drift,
            self.drift32,
            self.upper,
            self.lower,
            self.labels,
        )
        assert n_moved == np.sum(was != self.labels)
        return self.labels


def exact(X, centers):
    """Labels by the exact distance alone."""
    with np.errstate(over="ignore"):
        return reference.nearest(X.toarray().astype(np.float64), centers)


def skewed(n_samples, n_features, dtype, seed):
    """Rows of very different lengths in few directions; the first row is empty."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_features)) + 3 * rng.integers(0, 2, (n_samples, 1))
    X[rng.random(X.shape) < 0.6] = 0.0
    X[0] = 0.0
    return sp.csr_array(X.astype(dtype))


def walk(rng, centers, step, n_steps):
    """Centers that move by different steps; some do not move."""
    for _ in range(n_steps):
        yield centers
        length = step * rng.random((len(centers), 1)) * rng.integers(0, 2, (len(centers), 1))
        centers = centers + length * rng.normal(size=centers.shape)


@given(
    seed=st.integers(0, 10_000),
    n_clusters=st.sampled_from([1, 2, 5, 16, 17, 130]),
    scale=st.sampled_from([1.0, 1e-30, 1e-160, 1e12, 1e25]),
    step=st.sampled_from([0.0, 1e-9, 0.01, 1.0]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_labels_are_exact_although_rows_are_skipped(seed, n_clusters, scale, step, dtype):
    rng = np.random.default_rng(seed)
    X = skewed(40, 6, np.float64, seed)
    with np.errstate(under="ignore", over="ignore"):
        X = sp.csr_array((X * scale).astype(dtype))
    if not np.all(np.isfinite(X.data)):
        X = sp.csr_array(X.astype(np.float64))
        X.data[:] = rng.normal(size=X.nnz) * scale
    bounded = Bounded(X, n_clusters)
    centers = X.toarray()[rng.integers(0, 40, n_clusters)].astype(np.float64)
    for now in walk(rng, centers, step * scale, 5):
        np.testing.assert_array_equal(bounded.assign(now), exact(X, now))


@given(seed=st.integers(0, 10_000), n_clusters=st.integers(2, 20))
def test_ties_go_to_the_lowest_center_although_rows_are_skipped(seed, n_clusters):
    rng = np.random.default_rng(seed)
    X = sp.csr_array(rng.integers(0, 3, (30, 4)).astype(np.float64))
    bounded = Bounded(X, n_clusters)
    centers = rng.integers(0, 3, (n_clusters, 4)).astype(np.float64)
    for _ in range(6):
        np.testing.assert_array_equal(bounded.assign(centers), exact(X, centers))
        centers = centers.copy()
        centers[rng.integers(n_clusters)] = rng.integers(0, 3, 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_clusters", [3, 20])
def test_bounds_hold_and_are_close(dtype, n_clusters):
    rng = np.random.default_rng(1)
    X = skewed(60, 8, dtype, 1)
    rows = X.toarray().astype(np.longdouble)
    bounded = Bounded(X, n_clusters)
    centers = rows[rng.integers(0, 60, n_clusters)].astype(np.float64)
    for now in walk(rng, centers, 0.05, 6):
        labels = bounded.assign(now)
        distances = np.sqrt(np.sum((rows[:, None, :] - now[None]) ** 2, axis=2))
        own = np.take_along_axis(distances, labels[:, None], axis=1)[:, 0]
        drift = bounded.drift32[:n_clusters].astype(np.longdouble)
        assert np.all(drift >= bounded.drift)
        upper = bounded.upper + drift[labels]
        lower = bounded.lower[:, :n_clusters] - drift
        lower[np.arange(60), labels] = -np.inf
        assert np.all(upper >= own)
        assert np.all(lower <= distances)
    # At the start nothing has drifted, so both bounds have rounding errors only.
    fresh = Bounded(X, n_clusters)
    labels = fresh.assign(centers)
    distances = np.sqrt(np.sum((rows[:, None, :] - centers[None]) ** 2, axis=2))
    own = np.take_along_axis(distances, labels[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(fresh.upper**2, own.astype(float) ** 2, rtol=1e-4, atol=1e-3)
    others = np.arange(n_clusters) != labels[:, None]
    found = fresh.lower[:, :n_clusters][others]
    expected = distances[others].astype(float)
    np.testing.assert_allclose(found**2, expected**2, rtol=1e-4, atol=1e-3)


def test_rows_are_skipped_unless_their_label_might_change():
    X = sp.csr_array([[1.0, 0.0], [2.0, 0.0], [10.0, 0.0], [11.0, 1.0]])
    bounded = Bounded(X, 2)
    bounded.assign([[1.0, 0.0], [10.0, 0.0]])
    upper = bounded.upper.copy()
    # A row that is not skipped gets a new bound.
    bounded.upper[:] = np.nextafter(upper, np.float32(np.inf))
    marked = bounded.upper.copy()
    bounded.assign([[1.5, 0.0], [10.5, 0.0]])
    np.testing.assert_array_equal(bounded.upper, marked)
    bounded.assign([[12.0, 0.0], [10.5, 0.0]])
    np.testing.assert_array_equal(bounded.labels, [1, 1, 1, 1])
    assert np.all(bounded.upper != marked)


def test_a_restart_that_would_need_much_memory_takes_the_loop():
    rows = (MOST_KEPT - 32 * 16 * 3) // (4 * 16)
    few = as_points(sp.csr_array(([1.0], ([0], [0])), shape=(rows, 3)))
    many = as_points(sp.csr_array(([1.0], ([0], [0])), shape=(rows + 1, 3)))
    assert runner_of(few).kept_by_restart(16) == MOST_KEPT
    assert is_small(few, 16, 2)
    assert not is_small(many, 16, 2)
    assert not is_small(few, 17, 2)


def test_a_restart_with_large_centers_takes_the_loop():
    within, beyond, far_beyond = (
        as_points(sp.csr_array(([1.0], ([0], [0])), shape=(2, n_features)))
        for n_features in (LONE_CENTERS // 2, LONE_CENTERS // 2 + 1, MOST_KEPT // 64)
    )
    assert is_small(within, 2, 1)
    assert not is_small(beyond, 2, 1)
    assert is_small(beyond, 2, 2)
    assert not is_small(far_beyond, 2, 2)
