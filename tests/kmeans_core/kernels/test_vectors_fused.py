"""Fused vectors and their NumPy stand-ins, against sums in longdouble within rounding bounds."""

import itertools

import numpy as np
import pytest
from numba import njit

from kmeans_core.kernels.vectors import fused
from kmeans_core.kernels.vectors import prefetch as prefetch_module
from kmeans_core.kernels.vectors.ir import LANES

DTYPES = [np.float32, np.float64]


# An intrinsic can be called from compiled code only.
@njit
def sparse_products(data, indices, begin, end, table, column, vectors, out):
    fused.sparse_products(data, indices, begin, end, table, column, vectors, out)


@njit
def sparse_nearest(data, indices, begin, end, table, half_norms, lanes):
    return fused.sparse_nearest(data, indices, begin, end, table, half_norms, lanes)


@njit
def dense_products(rows, places, first, table, column, tile, vectors, out):
    fused.dense_products(rows, places, first, table, column, tile, vectors, out)


@njit
def squared_length(rows, row):
    return fused.squared_length(rows, row)


@njit
def least_two(products, row, half_norms, first, last):
    return fused.least_two(products, row, half_norms, first, last)


@njit
def two_least(products, row, half_norms, first, last):
    return fused.two_least(products, row, half_norms, first, last)


@njit
def prefetch(X, row):
    prefetch_module.prefetch(X, row)


def numbers(rng, shape, dtype, exact):
    """Multiples of 1/2, whose products add up exactly, or floats of many sizes and both signs."""
    if exact:
        return (rng.integers(0, 11, size=shape) / 2).astype(dtype)
    return (rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4, size=shape)).astype(dtype)


def astride(array):
    """A copy one place past a cache line, so that every vector straddles two lines."""
    memory = np.empty(array.size + 17, dtype=array.dtype)
    first = -memory.ctypes.data % 64 // array.itemsize + 1
    copy = memory[first : first + array.size].reshape(array.shape)
    copy[:] = array
    return copy


def check(found, left, right, exact):
    """found = left @ right, off by n * eps * |left| @ |right| at most (Higham 2002, section 3.1).

    eps is twice the unit roundoff, which leaves room for rounding to float32 first.
    """
    left, right = left.astype(np.longdouble), right.astype(np.longdouble)
    bound = len(right) * np.finfo(found.dtype).eps * (np.abs(left) @ np.abs(right))
    assert np.all(np.abs(found - left @ right) <= (0 if exact else bound))


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    ("data_type", "index_type", "table_type", "n_vectors"),
    [
        (np.float64, np.int32, np.float32, 1),
        (np.float32, np.int32, np.float32, 2),
        (np.float32, np.int64, np.float64, 1),
        (np.float64, np.int32, np.float64, 3),
        (np.float64, np.int64, np.float32, 5),
    ],
)
def test_products_of_a_sparse_row(data_type, index_type, table_type, n_vectors, exact):
    rng = np.random.default_rng(n_vectors)
    width = n_vectors * LANES[np.dtype(table_type)]
    n_features, column = 40, 16
    table = astride(numbers(rng, (n_features, width + 32), table_type, exact))
    # Rows have from 0 values to more than the sums side by side, at any place in data.
    for length, begin in itertools.product([0, 1, 2, 3, 4, 5, 7, 8, 23], [0, 1, 6]):
        data = numbers(rng, 40, data_type, exact)
        indices = np.zeros(40, dtype=index_type)
        end = begin + length
        indices[begin:end] = np.sort(rng.choice(n_features, size=length, replace=False))
        row = np.zeros(n_features, dtype=data_type)
        row[indices[begin:end]] = data[begin:end]
        for function in (sparse_products, fused._sparse_products_in_numpy):
            out = np.full(width + 32, -7, dtype=table_type)
            function(data, indices, begin, end, table, column, (0,) * n_vectors, out)
            check(out[column:-16], row[None], table[:, column:-16], exact)
            assert np.all(out[:column] == -7)
            assert np.all(out[-16:] == -7)


@pytest.mark.parametrize("n_lanes", [2, 4, 8, 16])
@pytest.mark.parametrize(
    ("data_type", "index_type"), [(np.float64, np.int32), (np.float32, np.int64)]
)
def test_the_nearest_centers_of_a_sparse_row_in_one_vector(data_type, index_type, n_lanes):
    rng = np.random.default_rng(n_lanes)
    n_features = 40
    # Multiples of 1/2, whose sums are exact: several scores are often the same.
    table = astride(rng.integers(0, 3, size=(n_features, n_lanes)).astype(np.float32) / 2)
    half_norms = astride(rng.integers(0, 4, size=n_lanes).astype(np.float32) / 2)
    half_norms[n_lanes // 2 + 1 :] = np.inf
    for length, begin in itertools.product([0, 1, 2, 3, 4, 5, 7, 8, 23], [0, 1, 6]):
        data = numbers(rng, 40, data_type, exact=True)
        indices = np.zeros(40, dtype=index_type)
        end = begin + length
        indices[begin:end] = np.sort(rng.choice(n_features, size=length, replace=False))
        scores = half_norms - data[begin:end] @ table[indices[begin:end]].astype(np.float64)
        one, two = np.sort(scores)[:2]
        expected = np.argmin(scores), one, two, np.sum(data[begin:end].astype(np.float64) ** 2)
        for function in (sparse_nearest, fused._sparse_nearest_in_numpy):
            found = function(data, indices, begin, end, table, half_norms, (0,) * n_lanes)
            assert found == expected


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n_rows", "n_vectors"), [(1, 1), (3, 2), (fused.TILE_ROWS, 1)])
def test_products_of_a_tile_of_rows(dtype, n_rows, n_vectors, exact):
    rng = np.random.default_rng(n_rows)
    width = n_vectors * LANES[np.dtype(dtype)]
    column = 16
    for n_features, n_more in ((1, 0), (5, 3), (30, 2)):
        rows = numbers(rng, (20, n_features + n_more), dtype, exact)
        table = astride(numbers(rng, (n_features, width + 32), dtype, exact))
        places = rng.permutation(20)
        for function in (dense_products, fused._dense_products_in_numpy):
            out = np.full((20, width + 32), -7, dtype=dtype)
            tile, vectors = (0,) * n_rows, (0,) * n_vectors
            function(rows, places, 4, table, column, tile, vectors, out)
            found = places[4 : 4 + n_rows]
            expected = rows[found, :n_features], table[:, column:-16]
            check(out[found, column:-16], *expected, exact)
            written = np.zeros(out.shape, dtype=bool)
            written[found, column:-16] = True
            assert np.all(out[~written] == -7)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_squared_lengths(dtype, exact):
    rng = np.random.default_rng(0)
    for n_vectors in (1, 2, 7):
        n_features = n_vectors * LANES[np.dtype(dtype)]
        rows = astride(numbers(rng, (4, n_features), dtype, exact))
        for row in range(4):
            for function in (squared_length, fused._squared_length_in_numpy):
                found = np.array([function(rows, row)], dtype=dtype)
                check(found, rows[row][None], rows[row][:, None], exact)


def scores_of(rng, n_lanes, dtype):
    """Three rows of products, and half norms, of few different values, so that many are equal."""
    products = rng.integers(0, 5, size=(3, n_lanes)).astype(dtype)
    half_norms = rng.integers(0, 5, size=n_lanes).astype(dtype)
    half_norms[rng.random(n_lanes) < rng.choice([0.0, 0.5, 0.95])] = np.inf
    return products, half_norms


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_least_two_and_the_place_of_the_least(dtype):
    rng = np.random.default_rng(0)
    lanes = LANES[np.dtype(dtype)]
    kinds = set()
    for trial in range(300):
        products, half_norms = scores_of(rng, 4 * lanes, dtype)
        for first, last in ((0, 4 * lanes), (lanes, 2 * lanes), (lanes, 4 * lanes)):
            row = trial % 3
            scores = (half_norms - products[row])[first:last].tolist()
            least, second = sorted(scores)[:2]
            place = first + scores.index(least)
            for function in (least_two, fused._least_two_in_numpy):
                assert function(products, row, half_norms, first, last) == (place, least, second)
            for function in (two_least, fused._two_least_in_numpy):
                assert function(products, row, half_norms, first, last) == (least, second)
            kinds.add((least == second, np.isinf(second), np.isinf(least)))
    # There is a tie, a gap, and one finite score alone.
    assert {(True, False, False), (False, False, False), (False, True, False)} <= kinds


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_pair_of_places_can_hold_the_least_two(dtype):
    n_lanes = 2 * LANES[np.dtype(dtype)]
    products = np.zeros((1, n_lanes), dtype=dtype)
    for one, other in itertools.permutations(range(n_lanes), 2):
        half_norms = np.full(n_lanes, 9, dtype=dtype)
        half_norms[one], half_norms[other] = 1, 2
        assert least_two(products, 0, half_norms, 0, n_lanes) == (one, 1, 2)
        assert two_least(products, 0, half_norms, 0, n_lanes) == (1, 2)
        half_norms[other] = 1
        found = least_two(products, 0, half_norms, 0, n_lanes)
        assert found == (min(one, other), 1, 1)
        assert two_least(products, 0, half_norms, 0, n_lanes) == (1, 1)
    half_norms = np.full(n_lanes, np.inf, dtype=dtype)
    assert least_two(products, 0, half_norms, 0, n_lanes) == (0, np.inf, np.inf)
    assert two_least(products, 0, half_norms, 0, n_lanes) == (np.inf, np.inf)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_least_two_ignore_nan(dtype):
    n_lanes = 2 * LANES[np.dtype(dtype)]
    rng = np.random.default_rng(0)
    products = np.zeros((1, n_lanes), dtype=dtype)
    for _ in range(100):
        half_norms = rng.integers(0, 9, size=n_lanes).astype(dtype)
        bad = rng.random(n_lanes) < 0.4
        half_norms[bad] = np.nan
        least, second = np.sort(half_norms[~bad])[:2]
        expected = (half_norms.tolist().index(least), least, second)
        for function in (least_two, fused._least_two_in_numpy):
            assert function(products, 0, half_norms, 0, n_lanes) == expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_prefetch_changes_nothing(dtype):
    X = np.arange(70, dtype=dtype).reshape(2, 35)
    for function in (prefetch, prefetch_module._prefetch_in_numpy):
        for row in range(2):
            function(X, row)
    assert X.tolist() == np.arange(70).reshape(2, 35).tolist()
