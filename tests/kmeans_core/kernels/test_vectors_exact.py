"""Vectors that keep the bits of the exact distance, against the textbook and NumPy."""

import numpy as np
import pytest
from numba import njit

from kmeans_core import reference
from kmeans_core.kernels.vectors import exact
from kmeans_core.kernels.vectors.ir import LANES64


# An intrinsic can be called from compiled code only.
@njit
def squared_differences(X, row, table, column, vectors, out):
    exact.squared_differences(X, row, table, column, vectors, out)


@njit
def mark_nearer(distances, closest, weight, vectors, nearer, row, kept, sums, block):
    exact.mark_nearer(distances, closest, weight, vectors, nearer, row, kept, sums, block)


@njit
def expand(products, norm, norms, share, least, vectors):
    return exact.expand(products, norm, norms, share, least, vectors)


@njit
def dense_trials(X, table, closest, weights, first, last, vectors, nearer, kept, sums, block):
    exact.dense_trials(X, table, closest, weights, first, last, vectors, nearer, kept, sums, block)


def anywhere(array, n_places):
    """A copy that starts ``n_places`` past a cache line, so that vectors straddle two lines."""
    memory = np.empty(array.size + 16, dtype=array.dtype)
    first = -memory.ctypes.data % 64 // array.itemsize + n_places
    copy = memory[first : first + array.size].reshape(array.shape)
    copy[:] = array
    return copy


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_vectors", [1, 2, 3])
def test_squared_differences_are_exact_distances(dtype, n_vectors):
    rng = np.random.default_rng(n_vectors)
    for n_features in (1, 2, 7, 30):
        X = rng.normal(size=(5, n_features)).astype(dtype)
        X[1], X[2] = 0.0, X[2] * dtype(1e30)
        centers = rng.normal(size=(n_vectors * LANES64 + 16, n_features))
        centers[3], centers[4] = X[3], np.inf
        expected = reference.squared_distances(X.astype(np.float64), centers)
        for column in (0, 3, 16):
            for places in (0, 1, 5):
                table = anywhere(centers.T, places)
                stop = column + n_vectors * LANES64
                for row in range(5):
                    out = np.full(len(centers), -7.0)
                    squared_differences(X, row, table, column, (0,) * n_vectors, out)
                    assert out[column:stop].tolist() == expected[row, column:stop].tolist()
                    assert np.all(np.delete(out, np.arange(column, stop)) == -7)
                    other = np.full(len(centers), -7.0)
                    exact._squared_differences_in_numpy(
                        X, row, table, column, (0,) * n_vectors, other
                    )
                    assert other.tolist() == out.tolist()


def test_squares_overflow_to_infinity_and_underflow_to_zero():
    X = np.array([[1e300, 1e-300], [0.0, 1e-300]])
    table = np.zeros((2, LANES64))
    table[:, 1] = -1e300
    for function in (squared_differences, exact._squared_differences_in_numpy):
        out = np.empty(LANES64)
        function(X, 0, table, 0, (0,), out)
        assert out.tolist() == [np.inf] * LANES64
        function(X, 1, table, 0, (0,), out)
        assert out.tolist() == [0.0, np.inf] + [0.0] * (LANES64 - 2)


def bits(is_nearer):
    """A byte for eight lanes, the first lane in its lowest bit."""
    return np.packbits(is_nearer, axis=-1, bitorder="little").tolist()


@pytest.mark.parametrize("n_vectors", [1, 2, 3])
@pytest.mark.parametrize("n_kept", [0, 3])
@pytest.mark.parametrize(("closest", "weight"), [(0.0, 1.0), (0.3, 0.0), (0.7, 0.1), (np.inf, 2.0)])
def test_nearer_lanes_are_marked_and_lesser_distances_added(n_vectors, n_kept, closest, weight):
    rng = np.random.default_rng(n_vectors)
    width, vectors = n_vectors * LANES64, (0,) * n_vectors
    distances, before = rng.random(width), rng.random((2, width))
    distances[::3], distances[1::5], distances[2::7] = closest, 0.0, np.inf
    lesser = [min(distance, closest) for distance in distances.tolist()]
    after = [p + weight * k for p, k in zip(before[1].tolist(), lesser, strict=True)]
    for function in (mark_nearer, exact._mark_nearer_in_numpy):
        nearer = np.full((3, n_vectors), 7, dtype=np.uint8)
        kept, sums = np.full((n_kept, width), -7.0), before.copy()
        function(distances, closest, weight, vectors, nearer, 1, kept, sums, 1)
        assert nearer.tolist() == [[7] * n_vectors, bits(distances < closest), [7] * n_vectors]
        assert kept.tolist() == [[-7.0] * width, distances.tolist(), [-7.0] * width][:n_kept]
        assert sums.tolist() == [before[0].tolist(), after]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_vectors", [1, 2, 3])
@pytest.mark.parametrize("n_kept", [0, 20])
def test_trials_of_dense_rows_use_the_exact_distance(dtype, n_vectors, n_kept):
    rng = np.random.default_rng(n_vectors)
    width = n_vectors * LANES64
    for n_features in (1, 5):
        X = rng.normal(size=(20, n_features)).astype(dtype)
        rows = rng.integers(20, size=width)
        table = X[rows].T.astype(np.float64)
        weights = rng.random(20) * (rng.random(20) < 0.8)
        closest = rng.random(20) * 3
        closest[4] = np.inf
        distances = reference.squared_distances(X.astype(np.float64), table.T)
        lesser = np.minimum(distances, closest[:, None])
        for first, last in ((0, 20), (3, 11), (4, 10), (19, 20), (5, 5)):
            inside = np.zeros(20, dtype=bool)
            inside[first:last] = True
            added = np.zeros(width)
            for i in range(first, last):
                added += weights[i] * lesser[i]
            for places, function in (
                (0, dense_trials),
                (3, dense_trials),
                (0, exact._dense_trials_in_numpy),
            ):
                nearer = np.full((20, n_vectors), 7, dtype=np.uint8)
                kept, sums = np.full((n_kept, width), -7.0), np.full((3, width), -7.0)
                function(
                    X,
                    anywhere(table, places),
                    closest,
                    weights,
                    first,
                    last,
                    (0,) * n_vectors,
                    nearer,
                    kept,
                    sums,
                    1,
                )
                marks = bits(distances < closest[:, None])
                assert nearer[inside].tolist() == marks[first:last]
                assert np.all(nearer[~inside] == 7)
                if n_kept:
                    assert kept[inside].tolist() == distances[inside].tolist()
                    assert np.all(kept[~inside] == -7)
                assert sums.tolist() == [[-7.0] * width, added.tolist(), [-7.0] * width]


@pytest.mark.parametrize("n_vectors", [1, 2, 3])
def test_expanded_distances_report_whether_one_cancelled(n_vectors):
    rng = np.random.default_rng(n_vectors)
    width = n_vectors * LANES64
    norms = rng.random(width) + 1.0
    for place in [None, *range(width)]:
        products = rng.random(width) * 0.5
        if place is not None:
            products[place] = (2.5 + norms[place]) * 0.4999999  # almost all cancels
        for function in (expand, exact._expand_in_numpy):
            distances = products.copy()
            assert function(distances, 2.5, norms, 1e-3, 0.0, (0,) * n_vectors) is (place is None)
            assert distances.tolist() == ((2.5 + norms) - 2.0 * products).tolist()


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_expanded_distances_report_whether_one_overflowed(bad):
    for function in (expand, exact._expand_in_numpy):
        products, norms = np.zeros(LANES64), np.ones(LANES64)
        norms[6] = bad
        assert not function(products, 1.0, norms, 1e-3, 0.0, (0,))
    # A distance that equals the limit does not exceed it.
    for function in (expand, exact._expand_in_numpy):
        assert not function(np.full(LANES64, 0.5), 1.0, np.ones(LANES64), 0.5, 0.0, (0,))
        assert function(np.full(LANES64, 0.5), 1.0, np.ones(LANES64), 0.499, 0.0, (0,))
        assert not function(np.full(LANES64, 0.5), 1.0, np.ones(LANES64), 0.25, 0.5, (0,))
        assert function(np.full(LANES64, 0.5), 1.0, np.ones(LANES64), 0.25, 0.499, (0,))
