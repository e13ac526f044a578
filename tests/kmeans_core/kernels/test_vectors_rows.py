"""Vectors whose lanes are rows, against the textbook and their NumPy stand-ins."""

import ctypes
import mmap
import sys

import numpy as np
import pytest
from numba import njit

from kmeans_core import reference
from kmeans_core.kernels import dense, row_filter
from kmeans_core.kernels.vectors import rows, scores
from kmeans_core.kernels.vectors.ir import LANES32, LANES64
from kmeans_core.kernels.vectors.rows import TILE_ROWS
from kmeans_core.kernels.vectors.scores import FILTER_CENTERS, FILTER_ROWS, SIDE_ROWS
from kmeans_core.points.assign_dense import RowFilterAssigner


# An intrinsic can be called from compiled code only.
@njit
def put_rows(X, row, tile):
    rows.put_rows(X, row, tile)


@njit
def label_rows(tile, centers, labels, row):
    return rows.label_rows(tile, centers, labels, row)


PUT = (put_rows, rows._put_rows_in_numpy)
LABEL = (label_rows, rows._label_rows_in_numpy)


def some_rows(n_samples, n_features, dtype=np.float64, decimals=1):
    rng = np.random.default_rng([n_samples, n_features])
    return np.round(rng.normal(size=(n_samples, n_features)), decimals).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [1, 2, 3, 7, 8, 9, 15, 16, 17, 40])
def test_each_lane_holds_a_row(dtype, n_features):
    X = some_rows(TILE_ROWS + 12, n_features, dtype, decimals=9)
    for row in (0, 1, 5):
        for function in PUT:
            tile = np.full((max(n_features, LANES64), TILE_ROWS), -7.0)
            function(X, row, tile)
            assert tile[:n_features].T.tolist() == X[row : row + TILE_ROWS].tolist()


def test_the_last_rows_are_read_no_further_than_they_reach():
    # Behind the last row there is NaN, which is put nowhere.
    for n_features in (8, 9, 15, 16, 23):
        memory = np.full(TILE_ROWS * n_features + 8, np.nan)
        X = memory[: TILE_ROWS * n_features].reshape(TILE_ROWS, n_features)
        X[:] = some_rows(TILE_ROWS, n_features)
        tile = np.full((n_features, TILE_ROWS), -7.0)
        put_rows(X, 0, tile)
        assert tile.T.tolist() == X.tolist()


@pytest.mark.parametrize("n_features", [1, 2, 9])
@pytest.mark.parametrize("n_clusters", [1, 2, 3, 8, 17])
def test_labels_are_the_nearest_of_the_textbook(n_features, n_clusters):
    X = some_rows(TILE_ROWS, n_features)
    centers = some_rows(n_clusters, n_features)
    tile = np.full((max(n_features, LANES64), TILE_ROWS), np.nan)
    tile[:n_features] = X.T
    expected = reference.nearest(X, centers)
    for function in LABEL:
        labels = np.full(TILE_ROWS + 5, -7, dtype=np.int32)
        labels[3:9] = expected[:6]
        assert function(tile, centers, labels, 3) == TILE_ROWS - 6
        assert labels[3 : 3 + TILE_ROWS].tolist() == expected.tolist()
        assert np.all(np.delete(labels, np.arange(3, 3 + TILE_ROWS)) == -7)
        assert function(tile, centers, labels, 3) == 0


def test_of_equally_near_centers_the_lowest():
    rng = np.random.default_rng(0)
    n_ties = 0
    for n_clusters in (2, 3, 5, 16):
        X = rng.integers(0, 3, size=(TILE_ROWS, 2)).astype(np.float64)
        centers = rng.integers(0, 3, size=(n_clusters, 2)).astype(np.float64)
        tile = np.zeros((LANES64, TILE_ROWS))
        tile[:2] = X.T
        distances = reference.squared_distances(X, centers)
        n_ties += np.sum(np.sum(distances == distances.min(axis=1)[:, None], axis=1) > 1)
        for function in LABEL:
            labels = np.full(TILE_ROWS, -1, dtype=np.int32)
            function(tile, centers, labels, 0)
            assert labels.tolist() == np.argmin(distances, axis=1).tolist()
    assert n_ties > 10


def test_distances_that_overflow_are_infinite_and_those_that_vanish_zero():
    tile = np.zeros((LANES64, TILE_ROWS))
    tile[0, ::2], tile[0, 1::2] = 1e300, 1e-300
    for function in LABEL:
        labels = np.full(TILE_ROWS, -1, dtype=np.int32)
        function(tile, np.array([[-1e300], [5e299], [0.0]]), labels, 0)
        assert labels.tolist() == [0, 2] * (TILE_ROWS // 2)  # all infinite; 1e-600 is zero
        function(tile, np.array([[2e-300], [1e-300]]), labels, 0)
        assert labels.tolist() == [0] * TILE_ROWS


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [1, 3, 8, 11])
@pytest.mark.parametrize("n_clusters", [1, 2, 5, 16, 33])
def test_any_number_of_rows_is_labelled_as_the_textbook_says(dtype, n_features, n_clusters):
    X = some_rows(80, n_features, dtype)
    centers = X[:n_clusters].astype(np.float64)
    expected = reference.nearest(X.astype(np.float64), centers)
    for start, stop in ((0, 80), (0, 1), (79, 80), (7, 23), (8, 24), (48, 64), (5, 75), (40, 40)):
        labels = np.full(80, -7, dtype=np.int32)
        assert dense.assign(X, centers, start, stop, labels) == stop - start
        assert labels[start:stop].tolist() == expected[start:stop].tolist()
        assert np.all(np.delete(labels, np.arange(start, stop)) == -7)
        labels[start:stop:3] = -7
        assert dense.assign(X, centers, start, stop, labels) == len(range(start, stop, 3))


@pytest.mark.skipif(sys.platform != "linux", reason="protects a page as Linux does")
def test_nothing_is_read_past_the_last_row():
    # A page that must not be read follows the rows: the process ends if a kernel tries.
    memory = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    page = np.frombuffer(memory, dtype=np.float64)[: mmap.PAGESIZE // 8]
    after = ctypes.c_void_p(page.ctypes.data + mmap.PAGESIZE)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.mprotect(after, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    for n_features in (1, 3, 7, 8, 13):
        for n_rows in (3, 16, 32):
            X = page[-n_rows * n_features :].reshape(n_rows, n_features)
            X[:] = some_rows(n_rows, n_features)
            labels = np.full(n_rows, -1, dtype=np.int32)
            dense.assign(X, X[:3].copy(), 0, n_rows, labels)
            assert labels.tolist() == reference.nearest(X, X[:3]).tolist()
    for n_features, n_clusters in ((1, 9), (3, 9), (15, 2), (16, 3), (25, 5)):
        n_rows = len(page) // n_features
        X = page[-n_rows * n_features :].reshape(n_rows, n_features)
        X[:] = some_rows(n_rows, n_features)
        labels = np.full(n_rows, -1, dtype=np.int32)
        RowFilterAssigner(X, n_clusters, 1).assign(X[:n_clusters], labels)
        assert labels.tolist() == reference.nearest(X, X[:n_clusters]).tolist()


# The filter in float32 -------------------------------------------------------------------------


@njit
def put_shifted_rows(X, row, origin, tile, squares):
    rows.put_shifted_rows(X, row, origin, tile, squares)


@njit
def score_rows(tile, table, half_norms, nearest, leasts, seconds):
    scores.score_rows(tile, table, half_norms, nearest, leasts, seconds)


@njit
def row_products(X, row, origin, table, products, squares):
    scores.row_products(X, row, origin, table, products, squares)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 50])
def test_rows_less_the_origin_in_lanes_of_float32(dtype, n_features):
    X = some_rows(LANES32 + 5 + 15, n_features, dtype, decimals=9)
    origin = np.resize(X[3], max(n_features, LANES32))
    n_lines = len(origin)
    for function in (put_shifted_rows, rows._put_shifted_rows_in_numpy):
        for row in (0, 5):
            whole = np.full((n_lines, 3 * LANES32), -7, dtype=np.float32)
            tile = whole[:, LANES32 : 2 * LANES32]
            squares = np.full(LANES32, -7, dtype=np.float32)
            function(X, row, origin, tile, squares)
            expected = (X[row : row + LANES32] - X[3]).astype(np.float32)
            assert tile[:n_features].T.tolist() == expected.tolist()
            assert np.all(np.delete(whole, np.arange(LANES32, 2 * LANES32), axis=1) == -7)
            lengths = np.sum(expected.astype(np.float64) ** 2, axis=1)
            assert np.all(squares >= lengths * (1 - 1e-5))
            if n_features >= LANES32:
                assert np.all(squares <= 2 * lengths * (1 + 1e-5))


@pytest.mark.parametrize("n_features", [1, 16, 19])
@pytest.mark.parametrize("n_clusters", [1, 4, 5, 12])
def test_the_two_least_scores_of_each_row(n_features, n_clusters):
    rng = np.random.default_rng(n_clusters)
    # Whole numbers: the order of additions changes nothing, and scores are equal now and then.
    tile = rng.integers(-2, 3, size=(n_features, FILTER_ROWS)).astype(np.float32)
    n_padded = -(-n_clusters // FILTER_CENTERS) * FILTER_CENTERS
    table = np.zeros((n_padded, n_features), dtype=np.float32)
    table[:n_clusters] = rng.integers(-2, 3, size=(n_clusters, n_features))
    half_norms = np.full(n_padded, np.inf, dtype=np.float32)
    half_norms[:n_clusters] = np.sum(table[:n_clusters] ** 2, axis=1) / 2
    of_centers = half_norms[:, None] - table.astype(np.float64) @ tile
    for function in (score_rows, scores._score_rows_in_numpy):
        nearest = np.full(FILTER_ROWS, -7, dtype=np.int32)
        leasts, seconds = np.full((2, FILTER_ROWS), -7, dtype=np.float32)
        function(tile, table, half_norms, nearest, leasts, seconds)
        assert nearest.tolist() == np.argmin(of_centers, axis=0).tolist()
        assert [leasts.tolist(), seconds.tolist()] == np.sort(of_centers, axis=0)[:2].tolist()


@njit
def settle_rows(nearest, leasts, seconds, squares, bound, first, labels, row):
    return scores.settle_rows(nearest, leasts, seconds, squares, bound, first, labels, row)


@pytest.mark.parametrize("first", [0, 1, 33, 63])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_rows_with_a_wide_gap_are_settled(first, share):
    rng = np.random.default_rng(first)
    nearest = rng.integers(0, 3, FILTER_ROWS).astype(np.int32)
    leasts = rng.integers(-4, 5, FILTER_ROWS).astype(np.float32)
    squares = rng.integers(1, 5, FILTER_ROWS).astype(np.float32)
    bound = np.array([0.5, 2.0, 100.0], dtype=np.float32)
    # A gap of just the bound is not enough, and neither is any gap of a row that is too long.
    is_wide = rng.random(FILTER_ROWS) < share
    seconds = (leasts + 0.5 * squares + np.where(is_wide, 2.5, 2.0)).astype(np.float32)
    squares[5:8], is_wide[5:8] = (100.0, np.inf, np.nan), False
    is_wide[9], seconds[9] = True, np.inf
    is_wide[60], seconds[60], leasts[60] = False, np.inf, np.inf
    before = rng.integers(0, 3, FILTER_ROWS + 5).astype(np.int32)
    expected = before.copy()
    expected[3 : 3 + FILTER_ROWS][is_wide] = nearest[is_wide]
    counts = np.arange(FILTER_ROWS) >= first
    for function in (settle_rows, scores._settle_rows_in_numpy):
        labels = before.copy()
        bits, n_moved = function(nearest, leasts, seconds, squares, bound, first, labels, 3)
        is_open = [bool(int(bits) >> r & 1) for r in range(FILTER_ROWS)]
        assert is_open == (~is_wide & counts).tolist()
        assert labels.tolist() == expected.tolist()
        assert n_moved == np.count_nonzero((labels != before)[3:][:FILTER_ROWS] & counts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [1, 15, 16, 17, 40])
def test_products_of_rows_with_features_in_lanes(dtype, n_features):
    rng = np.random.default_rng(n_features)
    n_padded = -(-n_features // LANES32) * LANES32
    # Whole numbers: the order of additions changes nothing.
    X = rng.integers(-3, 4, size=(SIDE_ROWS + 20, n_features)).astype(dtype)
    table = np.zeros((FILTER_CENTERS, n_padded), dtype=np.float32)
    table[:, :n_features] = rng.integers(-3, 4, size=(FILTER_CENTERS, n_features))
    origin = np.zeros(n_padded, dtype=dtype)
    origin[:n_features] = rng.integers(-1, 2, size=n_features)
    for function in (row_products, scores._row_products_in_numpy):
        for row in (0, 3):
            products = np.full((SIDE_ROWS, FILTER_CENTERS), -7, dtype=np.float32)
            squares = np.full(SIDE_ROWS, -7, dtype=np.float32)
            function(X, row, origin, table, products, squares)
            x = X[row : row + SIDE_ROWS] - origin[:n_features]
            assert products.tolist() == (x @ table[:, :n_features].T).tolist()
            lengths = np.sum(x**2, axis=1)
            if n_features == n_padded:
                assert squares.tolist() == lengths.tolist()
            assert np.all(squares >= lengths)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("start", "stop"), [(0, 160), (3, 40), (5, 69), (5, 147), (159, 160), (40, 40)]
)
@pytest.mark.parametrize("n_clusters", [1, 3, 8])
def test_the_filter_labels_the_rows_of_its_chunk(dtype, start, stop, n_clusters):
    X = some_rows(160, 20, dtype)
    centers = np.vstack([X[2:8], X[2:4]])[:n_clusters].astype(np.float64)
    origin = np.pad(X[0], (0, 12))
    n_padded = 4 if n_clusters < 5 else 8
    table = np.zeros((n_padded, 32), dtype=np.float32)
    half_norms = np.full(n_padded, np.inf, dtype=np.float32)
    longest = row_filter.put_centers(centers, origin, table, half_norms)
    assert longest >= np.max(np.sum((centers - X[0]) ** 2, axis=1))
    # The last two of eight centers equal the first two.
    assert np.isfinite(half_norms).tolist() == [c < min(n_clusters, 6) for c in range(n_padded)]
    expected = reference.nearest(X.astype(np.float64), centers)
    labels = np.full(160, -7, dtype=np.int32)
    labels[start:stop:3] = expected[start:stop:3]
    scores = np.full((160, 2), -7, dtype=np.float32)
    n_moved = row_filter.assign(
        X, origin, table, half_norms, centers, longest, start, stop, labels, scores
    )
    assert n_moved == stop - start - len(range(start, stop, 3))
    assert labels[start:stop].tolist() == expected[start:stop].tolist()
    assert np.all(np.delete(labels, np.arange(start, stop)) == -7)
    assert np.all(np.delete(scores, np.arange(start, stop), axis=0) == -7)
    # Rows that the filter decided have the two least scores; a center counts once if it is double.
    known = start + np.flatnonzero(scores[start:stop, 0] > -np.inf)
    assert len(known) > 0 or stop - start < FILTER_ROWS
    distances = reference.squared_distances(X.astype(np.float64), np.unique(centers, axis=0))
    nearest = np.sort(distances, axis=1)[:, :2]
    lengths = np.sum((X.astype(np.float64) - X[0]) ** 2, axis=1)
    expected_scores = (nearest - lengths[:, None]) / 2
    np.testing.assert_allclose(
        scores[known, : expected_scores.shape[1]], expected_scores[known], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("n_clusters", [3, 8])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_filter_pauses_where_many_rows_are_tied(n_clusters, share):
    # A row of zeros is equally near to all centers but the first. Every label starts wrong, so
    # that a row that is labelled twice, or not at all, changes the count.
    rng = np.random.default_rng(n_clusters)
    n_rows = 30 * FILTER_ROWS + 7
    centers = np.eye(n_clusters, 16)
    centers[0] *= 2
    X = centers[rng.integers(0, n_clusters, n_rows)] + 0.01 * rng.normal(size=(n_rows, 16))
    is_tied = rng.random(n_rows) < share
    X[is_tied] = 0
    distances = reference.squared_distances(X, centers)
    n_nearest = np.sum(distances == distances.min(axis=1)[:, None], axis=1)
    assert np.array_equal(n_nearest > 1, is_tied)
    for stop in (n_rows, n_rows - 1, 5 * FILTER_ROWS + 3):
        labels = np.full(n_rows, -7, dtype=np.int32)
        n_moved = RowFilterAssigner(X[:stop], n_clusters, 1).assign(centers, labels[:stop])
        assert n_moved == stop
        assert labels[:stop].tolist() == np.argmin(distances[:stop], axis=1).tolist()
