"""Distances to the own center, 16 rows at once, against a loop and their NumPy stand-in."""

import numpy as np
import pytest
from numba import njit

from kmeans_core.kernels import dense
from kmeans_core.kernels.vectors import own
from kmeans_core.kernels.vectors.ir import LANES64
from kmeans_core.kernels.vectors.rows import TILE_ROWS


# An intrinsic can be called from compiled code only.
@njit
def own_distances_of_tile(X, row, centers, labels, out):
    own.own_distances_of_tile(X, row, centers, labels, out)


def by_loop(X, centers, labels):
    totals = []
    for row, label in zip(X.tolist(), labels.tolist(), strict=True):
        total = 0.0
        for x, c in zip(row, centers[label].tolist(), strict=True):
            total += (x - c) * (x - c)
        totals.append(total)
    return totals


def some(n_samples, n_features, dtype):
    """Rows that end where NaN begins, centers and labels."""
    rng = np.random.default_rng([n_samples, n_features])
    memory = np.full(n_samples * n_features + LANES64, np.nan, dtype=dtype)
    X = memory[: n_samples * n_features].reshape(n_samples, n_features)
    X[:] = rng.normal(size=X.shape)
    beyond = np.full(3 * n_features + LANES64, np.nan)
    centers = beyond[: 3 * n_features].reshape(3, n_features)
    centers[:] = rng.normal(size=centers.shape)
    return X, centers, rng.integers(0, 3, n_samples).astype(np.int32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [8, 9, 15, 16, 17, 31, 64, 100])
def test_a_tile_adds_features_in_order(dtype, n_features):
    X, centers, labels = some(TILE_ROWS + 5, n_features, dtype)
    expected = by_loop(X, centers, labels)
    for row in (0, 5):
        for function in (own_distances_of_tile, own._own_distances_of_tile_in_numpy):
            out = np.full(len(X), -7.0)
            function(X, row, centers, labels, out)
            assert out[row : row + TILE_ROWS].tolist() == expected[row : row + TILE_ROWS]
            assert np.count_nonzero(out == -7.0) == 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [1, 2, 7, 8, 13, 40])
def test_rows_of_every_range_have_the_bits_of_a_loop(dtype, n_features):
    X, centers, labels = some(3 * TILE_ROWS + 3, n_features, dtype)
    expected = by_loop(X, centers, labels)
    for start, stop in ((0, len(X)), (1, TILE_ROWS), (2, TILE_ROWS + 2), (5, len(X)), (7, 7)):
        out = np.full(len(X), -7.0)
        dense.own_distances(X, centers, labels, start, stop, out)
        assert out[start:stop].tolist() == expected[start:stop]
        assert np.count_nonzero(out == -7.0) == len(X) - (stop - start)


def test_distances_that_overflow_are_infinite():
    X = np.full((TILE_ROWS, 9), 1e200)
    out = np.zeros(TILE_ROWS)
    dense.own_distances(X, -X[:1], np.zeros(TILE_ROWS, dtype=np.int32), 0, TILE_ROWS, out)
    assert np.all(out == np.inf)
