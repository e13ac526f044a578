"""FilteredAssigner: labels are those of the exact distance, whatever was filtered or skipped."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmeans_core import reference
from kmeans_core.kernels.vectors import fused
from kmeans_core.kernels.vectors.ir import LANES
from kmeans_core.kernels.vectors.prefetch import _prefetch
from kmeans_core.points.assign_dense import FilteredAssigner, PlainAssigner, RowFilterAssigner


def follow(X, n_clusters, centers_of_call, n_threads=1):
    """Assign call by call as the plain kernel does; how many rows each call looked at."""
    filtered, plain = (
        kind(X, *args)
        for kind, args in (
            (FilteredAssigner, (n_clusters, n_threads)),
            (PlainAssigner, (1,)),
        )
    )
    # In the first call labels may hold anything.
    labels = np.full(len(X), 10**9, dtype=np.int32)
    expected = labels.copy()
    looked_at = []
    by_rows, labels_by_rows = RowFilterAssigner(X, n_clusters, n_threads), labels.copy()
    # Fits give contiguous centers; for others, each kernel would be compiled once more.
    for centers in map(np.ascontiguousarray, centers_of_call):
        n_moved = plain.assign(centers, expected)
        assert filtered.assign(centers, labels) == n_moved
        assert np.array_equal(labels, expected)
        looked_at.append(filtered.n_looked_at)
        assert by_rows.assign(centers, labels_by_rows) == n_moved
        assert np.array_equal(labels_by_rows, expected)
    return looked_at


def lloyds_centers(X, first, n_calls):
    """The centers of so many iterations, the last ones rounded as a fit rounds them."""
    centers = first.astype(np.float64)
    rows = X.astype(np.float64)
    labels = np.zeros(len(X), dtype=np.int32)
    plain = PlainAssigner(X, 1)
    calls = []
    for _ in range(n_calls):
        calls.append(centers)
        plain.assign(centers, labels)
        weight_in_clusters = np.bincount(labels, minlength=len(centers))
        sums = np.zeros(centers.shape)
        np.add.at(sums, labels, rows)
        centers = np.where(
            weight_in_clusters[:, None] > 0,
            sums / np.maximum(weight_in_clusters, 1)[:, None],
            centers,
        )
    calls.append(centers.astype(X.dtype).astype(np.float64))
    return calls


SHAPES = [
    (300, 5, 1),
    (300, 5, 3),
    (500, 9, 16),
    (400, 7, 17),
    (500, 33, 64),
    (300, 100, 70),
    (700, 130, 20),
    (900, 6, 300),
    (700, 140, 300),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n_samples", "n_features", "n_clusters"), SHAPES)
def test_every_iteration_gives_the_labels_of_the_exact_distance(
    blobs, dtype, n_samples, n_features, n_clusters
):
    X = (blobs(n_samples, n_features, 12, seed=n_features) * 0.4).astype(dtype)
    follow(X, n_clusters, lloyds_centers(X, X[:n_clusters], 8))


VALUES = {
    "whole numbers": lambda X: np.round(X / 3),
    "duplicates": lambda X: np.repeat(X[::5], 5, axis=0),
    "far from the origin": lambda X: X + 1e6,
    "far and of one sign": lambda X: 1e4 + np.abs(X) * 1e-2,
    "tiny": lambda X: X * 1e-30,
    "large": lambda X: X * 1e30,
    "subnormal in float32": lambda X: X * 1e-44,
    "squares are subnormal in float32": lambda X: X * 3e-23,
    "columns of different sizes": lambda X: X * 10.0 ** np.linspace(-12, 12, X.shape[1]),
    "rows of different sizes": lambda X: X * 10.0 ** np.linspace(-30, 17, len(X))[:, None],
    "constant": lambda X: np.full_like(X, 0.1),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("values", VALUES)
def test_values_of_any_size_and_ties(blobs, dtype, values):
    X = VALUES[values](blobs(400, 11, 6, share_zero=0.2)).astype(dtype)
    with np.errstate(over="ignore"):
        follow(X, 25, lloyds_centers(X, X[::16], 6))


@pytest.mark.parametrize(
    "scale", [1e-320, 1e-300, 1e-162, 1e-161, 1e-160, 1e-154, 1e150, 1e154, 1e300]
)
def test_values_whose_squares_leave_the_range(blobs, scale):
    X = blobs(300, 6, 4) * scale
    follow(X, 9, [*lloyds_centers(X, X[:9], 4), X[9:18], X[:9]])


@pytest.mark.parametrize("far", [1e100, 1e300])
def test_after_a_few_values_far_out_of_range_ordinary_ones_are_right(blobs, far):
    X = blobs(300, 6, 4).astype(np.float32)
    ordinary = X[:9].astype(np.float64)
    follow(X, 9, [ordinary, ordinary * far, ordinary, ordinary * 1e25, ordinary + 1e-3, ordinary])


def test_a_score_past_the_range_of_float32_is_no_far_center():
    # The row's nearest center is the first, whose half norm is infinite in float32; the score of
    # the third is an ordinary number.
    X = np.zeros((3, 5), dtype=np.float32)
    X[:, 0] = [1e19, -1e19, 0.99e19]
    centers = np.zeros((4, 5))
    centers[:2, 0] = 3.1e19, -3.1e19
    centers[2:, 1] = 1.9e19, -1.9e19
    follow(X, 4, [centers, centers, centers * 0.99, centers * 0.5, centers[::-1], centers])


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64]))
def test_centers_may_jump_between_calls(seed, dtype):
    rng = np.random.default_rng(seed)
    n_samples, n_features = rng.integers(1, 80), rng.integers(1, 20)
    n_clusters = rng.integers(1, 60)
    X = rng.normal(size=(n_samples, n_features))
    if rng.random() < 0.5:
        X = np.round(X)
    X = X.astype(dtype)
    centers = X[rng.integers(n_samples, size=n_clusters)].astype(np.float64)
    calls = []
    for _ in range(8):
        moved = rng.random(n_clusters) < rng.choice([0.0, 0.1, 1.0])
        steps = rng.normal(size=centers.shape) * 10.0 ** rng.integers(-9, 3)
        centers = np.where(moved[:, None], centers + steps, centers)
        calls.append(centers)
    follow(X, n_clusters, calls)


def near_ties(dtype, n_features, n_samples=4000, spread=3e-7, offset=0.0):
    """Rows beside the plane halfway between two centers, nearer to it than float32 can tell."""
    rng = np.random.default_rng(n_features)
    centers = rng.normal(size=(2, n_features))
    middle, apart = centers.mean(axis=0), centers[1] - centers[0]
    along = rng.normal(size=(n_samples, n_features))
    along -= np.outer(along @ apart, apart) / (apart @ apart)
    X = middle + along + np.outer(rng.normal(scale=spread, size=n_samples), apart)
    return (X + offset).astype(dtype), centers + offset


@pytest.mark.parametrize("offset", [0.0, 30.0])
@pytest.mark.parametrize("n_features", [5, 16, 40, 200])
@pytest.mark.parametrize(
    ("dtype", "spread"), [(np.float32, 3e-7), (np.float32, 1e-5), (np.float64, 1e-16)]
)
def test_near_ties_are_decided_by_the_sum(dtype, spread, n_features, offset):
    X, centers = near_ties(dtype, n_features, spread=spread, offset=offset)
    others = centers + 5.0 * np.arange(1, 20)[:, None, None]
    every = np.vstack([centers, others.reshape(-1, n_features)])
    for chosen in (centers, every, centers[::-1]):
        follow(X, len(chosen), [chosen, chosen])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [1e-16, 1e-8, 1e-7, 1e-4])
def test_near_ties_of_centers_in_different_groups(dtype, step):
    X, pair = near_ties(dtype, 140, n_samples=1500, spread=step)
    rng = np.random.default_rng(0)
    calls = []
    for _ in range(12):
        others = 9.0 + rng.normal(size=(38, 140))
        calls.append(np.vstack([pair[:1], others, pair[1:]]))
        pair = pair + step * rng.normal(size=pair.shape)
    follow(X, 40, calls)
    follow(X, 40, [centers[::-1] for centers in calls])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [1e-8, 1e-6, 1e-4, 1e-2])
def test_rows_whose_label_flips_as_centers_creep_are_not_skipped(dtype, step):
    # Halfway planes sweep over rows that lie within a few steps of them.
    X, centers = near_ties(dtype, 12, spread=3 * step)
    rng = np.random.default_rng(0)
    apart = centers[1] - centers[0]
    calls = []
    for _ in range(25):
        calls.append(centers)
        centers = centers + step * rng.normal() * apart + step * rng.normal(size=centers.shape)
    follow(X, 2, calls)


@pytest.mark.parametrize("n_features", [6, 140])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bounds_hold_also_after_long_ways(blobs, dtype, n_features):
    # Way and distance are added up in one number, whose last digit is then worth much.
    X = blobs(300, n_features, 8, seed=3).astype(dtype)
    first = X[:40].astype(np.float64)
    assigner = FilteredAssigner(X, 40, 1)
    labels = np.empty(300, dtype=np.int32)
    rng = np.random.default_rng(0)
    calls = [first, first + 3e3, first, first - 7e3]
    calls += [first + rng.normal(size=first.shape) * size for size in (1.0, 0.1, 0.01, 0.001, 0)]
    for centers in calls:
        assigner.assign(centers, labels)
        distances = np.sqrt(
            reference.squared_distances(X.astype(np.longdouble), centers.astype(np.longdouble))
        )
        own = distances[np.arange(300), labels]
        upper, lower = assigner.bounds(labels)
        assert np.all(upper >= own)
        distances[np.arange(300), labels] = np.inf
        for group in range(lower.shape[1]):
            begin = group * assigner.group_size
            others = distances[:, begin : begin + assigner.group_size]
            assert np.all(lower[:, group] <= np.min(others, axis=1, initial=np.inf))
    # And they are worth having.
    assert np.median(upper - own) < 0.05 * np.median(own)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bounds_move_as_far_as_centers_on_a_line(dtype):
    X = np.zeros((20, 5), dtype=dtype)
    X[:, 0] = np.repeat([0.0, 20.0], 10)
    centers = X[::10].astype(np.float64)
    assigner = FilteredAssigner(X, 2, 1)
    labels = np.empty(20, dtype=np.int32)
    assigner.assign(centers, labels)
    for place in (1.0, -2.5):
        centers[0, 0] = place
        assigner.assign(centers, labels)
        assert assigner.n_looked_at == 0
        upper, lower = assigner.bounds(labels)
        assert np.all(upper >= np.repeat([abs(place), 0.0], 10))
        assert np.all(lower[:, 0] <= np.repeat([20.0, 20.0 - place], 10))


# What is skipped ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n_features", "n_clusters"), [(8, 10), (8, 150), (150, 60)])
def test_rows_are_skipped_as_centers_come_to_rest(dtype, n_features, n_clusters):
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(n_clusters, n_features)) * 8
    X = np.repeat(middles, 20, axis=0) + rng.normal(size=(20 * n_clusters, n_features))
    X = X.astype(dtype)
    creeping = [middles + 1e-3 * step for step in range(4)]
    looked_at = follow(X, n_clusters, [middles, middles, *creeping])
    assert looked_at[0] == len(X)
    assert looked_at[1] == 0
    assert max(looked_at[2:]) < 0.1 * len(X)


def test_only_rows_that_a_moved_center_may_concern_are_looked_at():
    # Four groups; one center moves by nearly as much as the bounds allow, then by more.
    X = np.zeros((40, 5), dtype=np.float32)
    X[:, 0] = np.repeat([0.0, 10.0, 30.0, 50.0], 10)
    centers = X[::10].astype(np.float64)
    moved = centers.copy()
    moved[0, 0] = 9.9  # its rows are 9.9 away, those at 10 at least .1 nearer to their own
    too_far = centers.copy()
    too_far[0, 0] = 10.1
    assert follow(X, 4, [centers, moved]) == [40, 0]
    assert follow(X, 4, [centers, too_far]) == [40, 20]


def test_where_every_row_must_be_looked_at_it_is(blobs):
    X = blobs(500, 6, 5)
    assert follow(X, 7, [X[:7], X[:7] + 100.0]) == [500, 500]


def test_decided_rows_of_a_tie_are_looked_at_again():
    X = np.zeros((30, 5), dtype=np.float32)
    centers = np.zeros((3, 5))
    centers[:, 0] = [1.0, -1.0, 1.0]
    assert follow(X, 3, [centers, centers]) == [30, 30]


# Threads, chunks, the JIT ---------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", range(1, 8))
def test_the_number_of_threads_changes_nothing(blobs, always_threads, n_threads):
    X = blobs(1000, 20, 9).astype(np.float32)
    alone = follow(X, 30, lloyds_centers(X, X[:30], 5), n_threads=1)
    assert follow(X, 30, lloyds_centers(X, X[:30], 5), n_threads=n_threads) == alone
    assert (always_threads.n_helpers > 0) == (n_threads > 1)


WITHOUT_JIT = """
import numpy as np
from kmeans_core.points.assign_boxes import BoxAssigner
from kmeans_core.points.assign_dense import FilteredAssigner, PlainAssigner, RowFilterAssigner
rng = np.random.default_rng(0)
for dtype in (np.float32, np.float64):
    for n_features, n_clusters in ((5, 3), (9, 40), (130, 20)):
        X = np.round(rng.normal(size=(60, n_features)), 1).astype(dtype)
        filtered, plain = FilteredAssigner(X, n_clusters, 1), PlainAssigner(X, 1)
        labels, expected = np.full((2, 60), -1, dtype=np.int32)
        for step in (0.0, 0.01, 1.0, 0.0):
            centers = X[:n_clusters] + step * rng.normal(size=(n_clusters, n_features))
            assert filtered.assign(centers, labels) == plain.assign(centers, expected)
            assert np.array_equal(labels, expected)
        filtered.assign(centers, labels)
        print(filtered.n_looked_at < 30)
    labels, expected = np.full((2, 150), -1, dtype=np.int32)
    for n_features, n_clusters in ((7, 3), (16, 3), (30, 9)):
        X = np.round(rng.normal(size=(150, n_features)), 1).astype(dtype)
        filtered, plain = RowFilterAssigner(X, n_clusters, 1), PlainAssigner(X, 1)
        assert filtered.assign(X[:n_clusters], labels) <= 150
        plain.assign(X[:n_clusters], expected)
        assert np.array_equal(labels, expected)
"""


def test_all_works_with_the_jit_off():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_JIT],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True"] * 6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vectors_and_their_stand_ins_in_numpy_agree(dtype):
    from numba import njit

    rng = np.random.default_rng(0)
    lanes = LANES[np.dtype(dtype)]
    rows = rng.integers(-9, 9, size=(20, 2 * lanes)).astype(dtype)
    table = rng.integers(-9, 9, size=(2 * lanes - 3, 4 * lanes)).astype(dtype)
    norms = rng.integers(0, 99, size=4 * lanes).astype(dtype)
    places = np.array([7, 3, 3, 19, 0])

    @njit
    def compiled(rows, table, norms, places, products, lengths, leasts):
        fused._dense_products(rows, places, 1, table, lanes, (0,) * 3, (0,) * 2, products)
        for r in range(len(rows)):
            _prefetch(rows, r)
            lengths[r] = fused._squared_length(rows, r)
            leasts[r, 0], leasts[r, 1] = fused._two_least(rows, r, norms, lanes, 2 * lanes)

    products, expected = np.zeros((2, 20, 4 * lanes), dtype)
    lengths, leasts = np.zeros(20, dtype), np.zeros((20, 2), dtype)
    compiled(rows, table, norms, places, products, lengths, leasts)
    fused._dense_products_in_numpy(rows, places, 1, table, lanes, (0,) * 3, (0,) * 2, expected)
    assert np.array_equal(products, expected)
    assert np.count_nonzero(np.any(products, axis=1)) == 2  # rows 3 and 19: 3 stands there twice
    assert np.array_equal(lengths, [fused._squared_length_in_numpy(rows, r) for r in range(20)])
    assert np.array_equal(
        leasts,
        [fused._two_least_in_numpy(rows, r, norms, lanes, 2 * lanes) for r in range(20)],
    )
