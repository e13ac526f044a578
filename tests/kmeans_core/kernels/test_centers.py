"""Kernels over centers and the helpers of all kernels, against NumPy and the textbook."""

import numpy as np
import pytest

from kmeans_core import arrays, reference
from kmeans_core.kernels import arrays as kernel_arrays
from kmeans_core.kernels.centers import put_centers, squared_lengths, squared_shift, weighted_total


@pytest.mark.parametrize("n_rows", [1, 3, 4, 5, 9])
def test_squared_lengths_are_sums_in_order(n_rows):
    rows = np.random.default_rng(n_rows).normal(size=(n_rows, 50))
    out = np.full(n_rows, -7.0)
    squared_lengths(rows, out)
    assert out.tolist() == reference.squared_distances(rows, np.zeros((1, 50)))[:, 0].tolist()


@pytest.mark.parametrize("n_rows", [0, 1, 127, 128, 511, 512, 513, 700, 1300])
def test_a_weighted_total_adds_blocks_of_128_rows_in_order(n_rows):
    rng = np.random.default_rng(n_rows)
    weights, values = rng.random((2, n_rows))
    expected = 0.0
    for first in range(0, n_rows, 128):
        products = weights[first : first + 128] * values[first : first + 128]
        expected += np.cumsum(products)[-1]
    assert weighted_total(weights, values) == expected


@pytest.mark.parametrize("n_features", [1, 2, 3, 4, 5, 11, 1003])
def test_a_shift_sums_every_feature_once(n_features):
    rng = np.random.default_rng(n_features)
    before, after = rng.integers(0, 11, n_features) / 2, rng.integers(0, 11, n_features) / 2
    assert squared_shift(before, after) == np.sum((before - after) ** 2)  # halves: exact
    before, after = rng.normal(size=n_features), rng.normal(size=n_features)
    assert squared_shift(before, after) == pytest.approx(np.sum((before - after) ** 2), rel=1e-13)


@pytest.mark.parametrize(("start", "stop"), [(0, 300), (3, 200), (128, 256), (7, 7)])
def test_only_wanted_centers_and_features_of_the_chunk_are_put(start, stop):
    centers = np.random.default_rng(0).normal(size=(5, 300))
    wanted = np.array([True, False, True, True, False])
    for dtype in (np.float32, np.float64):
        table = np.full((300, 8), -7.0, dtype=dtype)
        expected = table.copy()
        expected[start:stop, :5][:, wanted] = centers[wanted, start:stop].T
        table[:, :5][:, ~wanted] = centers[~wanted].T  # as an earlier call left them
        expected[:, :5][:, ~wanted] = centers[~wanted].T
        put_centers(centers, wanted, start, stop, table)
        assert table.tolist() == expected.tolist()


@pytest.mark.parametrize("module", [arrays, kernel_arrays])
def test_divisions_round_up(module):
    for size in (1, 2, 7):
        for n in range(30):
            assert module.ceil_div(n, size) == len(range(0, n, size))
            assert module.round_up(n, size) == min(m for m in range(0, 60, size) if m >= n)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_starts_on_a_cache_line(dtype):
    like = np.empty(1, dtype=dtype)
    kept = [kernel_arrays.aligned_empty(n, like) for n in range(1, 60)]
    assert [array.size for array in kept] == list(range(1, 60))
    assert all(array.dtype == dtype and array.ctypes.data % 64 == 0 for array in kept)
