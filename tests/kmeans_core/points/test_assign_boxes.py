"""BoxAssigner against the textbook's labels: rows that are tied, repeated, huge, tiny or skewed."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmeans_core import reference
from kmeans_core.kernels import boxes
from kmeans_core.points.assign_boxes import BoxAssigner, _tree, pays


def exact(X, centers):
    """Labels by the exact distance alone."""
    with np.errstate(over="ignore"):
        return reference.nearest(X.astype(np.float64), centers)


def check(assigner, X, centers, labels):
    """One call: the labels of the exact kernel, and the right count of those that changed."""
    before, expected = labels.copy(), exact(X, centers)
    assert assigner.assign(np.asarray(centers, dtype=np.float64), labels) == np.sum(
        before != expected
    )
    np.testing.assert_array_equal(labels, expected)


def check_fresh(X, centers, n_threads=1):
    X = np.ascontiguousarray(X)
    check(BoxAssigner(X, n_threads), X, centers, np.full(len(X), -1, dtype=np.int32))


def moved(X, labels, n_clusters, centers):
    """The next centers of Lloyd's algorithm; a cluster without rows stays where it is."""
    weight_in_clusters = np.bincount(labels, minlength=n_clusters)
    sums = np.stack([np.bincount(labels, x, minlength=n_clusters) for x in X.T], axis=1)
    return np.where(
        weight_in_clusters[:, None] > 0, sums / np.maximum(weight_in_clusters, 1)[:, None], centers
    )


# Labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [1, 2, 3, 4, 7])
def test_iterations_of_lloyd_get_the_labels_of_the_exact_kernel(n_features, dtype):
    rng = np.random.default_rng(n_features)
    X = rng.normal(size=(5000, n_features)).astype(dtype)
    centers = X[:90].astype(np.float64)
    assigner, labels = BoxAssigner(X, 2), np.full(5000, -1, dtype=np.int32)
    for _ in range(6):
        check(assigner, X, centers, labels)
        centers = moved(X, labels, 90, centers)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_small_grid_with_its_ties_and_duplicates(data):
    n_features = data.draw(st.integers(1, 4))
    values = st.integers(-3, 3).map(lambda value: value / 2)
    row = st.lists(values, min_size=n_features, max_size=n_features)
    X = np.array(data.draw(st.lists(row, min_size=1, max_size=200)))
    check_fresh(X, np.array(data.draw(st.lists(row, min_size=1, max_size=40))))


@settings(max_examples=100, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_any_floats_at_any_scale(data, seed):
    # Rows near the bisector of two centers by construction: centers are rows that were nudged.
    rng = np.random.default_rng(seed)
    n_features = data.draw(st.integers(1, 4))
    exponents = st.sampled_from([-320, -160, -155, -1, 0, 1, 150, 153, 154, 300, 307])
    scale = np.array(data.draw(st.lists(exponents, min_size=n_features, max_size=n_features)))
    with np.errstate(all="ignore"):
        X = rng.normal(size=(300, n_features)) * 10.0**scale
        centers = X[:30] * (1 + rng.integers(-1, 2, size=(30, 1)) * 2.0**-52)
        centers = np.vstack([centers, (X[:10] + X[10:20]) / 2])
    check_fresh(X, centers)


@pytest.mark.parametrize("n_rows", [1, 2, 15, 16, 17, 63, 64, 65, 511, 512, 513, 4097])
@pytest.mark.parametrize("n_clusters", [1, 2, 31, 32, 33, 600])
def test_any_number_of_rows_and_clusters(n_rows, n_clusters):
    rng = np.random.default_rng(n_rows)
    check_fresh(rng.random((n_rows, 2)), rng.random((n_clusters, 2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equally_near_centers_give_the_lowest_index_over_many_blocks(dtype):
    # A grid with centers on half steps: every row has up to 4 nearest centers, and each twice.
    X = np.stack(np.meshgrid(np.arange(48), np.arange(48)), axis=-1).reshape(-1, 2).astype(dtype)
    centers = X[(X % 4 == 0).all(axis=1)] + 0.5
    centers = np.random.default_rng(0).permutation(np.vstack([centers, centers, centers + 1]))
    check_fresh(X, centers)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(np.ones((3000, 2)), id="all equal"),
        pytest.param(np.zeros((3000, 3)), id="all zero"),
        pytest.param(np.repeat([[0.0, 1], [2, 3], [5, 1]], 1000, axis=0), id="three places"),
        pytest.param(np.arange(3000.0)[:, None] ** 3, id="sorted"),
        pytest.param(-np.arange(3000.0)[:, None] // 7, id="falling by steps"),
        pytest.param(np.where(np.arange(6000).reshape(-1, 2) % 9, 0.0, 1e9), id="outliers"),
        pytest.param(np.geomspace(1e-300, 1e300, 3000)[:, None] ** [1, -0.5], id="600 decades"),
        pytest.param(np.linspace(-5e-324, 5e-322, 3000)[:, None], id="subnormal"),
    ],
)
def test_rows_that_are_hard_to_sort_or_to_tell_apart(rows):
    rng = np.random.default_rng(0)
    check_fresh(rows, rows[rng.permutation(len(rows))[:50]])
    check_fresh(rows, rows[::-3][:50] / 2)


def test_where_all_distances_overflow_the_lowest_center_is_nearest():
    X = np.random.default_rng(0).choice([-1e300, 1e300], size=(200, 2))
    check_fresh(X, np.full((5, 2), 3e300))
    check_fresh(X, X[:7])
    check_fresh(X / 1e150, np.array([[1e300, 0], [np.inf, 0], [1e150, 1e150], [0, 0]]))


def test_a_center_is_not_pruned_by_a_gap_that_rounding_made():
    # Far from 0, where (x - c)^2 keeps few digits of what tells two centers apart.
    rng = np.random.default_rng(0)
    X = 1e8 + rng.integers(0, 4, size=(1000, 2)) * 2.0**-26
    centers = np.array([[0.0, 0], [2.0**-26, 0], [0, 2.0**-26], [-(2.0**-27), 2.0**-27]])
    check_fresh(X, centers)
    # Rows in a line across which two centers are as near as rounding lets them be.
    line = np.stack([np.linspace(-1, 1, 2000) * 1e-9, rng.random(2000)], axis=1)
    check_fresh(line, np.array([[1.0, 0.5], [-1.0, 0.5], [1 + 2.0**-52, 0.5], [-1.0, 0.1]]))


# State ----------------------------------------------------------------------------------------


def test_labels_that_are_not_those_left_by_the_last_call_are_counted_and_mended():
    rng = np.random.default_rng(0)
    X, labels = rng.random((1000, 2)), np.full(1000, -1, dtype=np.int32)
    centers = X[:20]
    assigner = BoxAssigner(X, 1)
    check(assigner, X, centers, labels)
    assert assigner.assign(centers, labels) == 0
    check(assigner, X, centers, np.full(1000, -1, dtype=np.int32))
    labels[[0, 500, 999]] = [19, 7, 3]
    check(assigner, X, centers, labels)
    check(assigner, X, centers[::-1].copy(), np.zeros(1000, dtype=np.int32))


def test_centers_may_return_and_their_number_may_change():
    rng = np.random.default_rng(0)
    X, labels = rng.random((2000, 3)).astype(np.float32), np.full(2000, -1, dtype=np.int32)
    assigner = BoxAssigner(X, 1)
    sets = [rng.random((k, 3)) for k in (40, 3, 1, 2500, 40)]
    for at in (0, 1, 2, 3, 4, 0, 3, 1, 0):
        check(assigner, X, sets[at], labels)


def test_neither_rows_nor_centers_are_changed():
    X, centers = np.random.default_rng(0).random((500, 2)), np.eye(2)
    before = X.copy(), centers.copy()
    X.flags.writeable = centers.flags.writeable = False
    check_fresh(X, centers)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(centers, before[1])


@pytest.mark.parametrize("n_threads", range(1, 8))
def test_any_number_of_threads_gives_the_same_labels_and_counts(always_threads, n_threads):
    X = np.random.default_rng(0).normal(size=(7001, 2))
    assigner, labels = BoxAssigner(X, n_threads), np.full(7001, -1, dtype=np.int32)
    centers = X[:100]
    for _ in range(3):
        check(assigner, X, centers, labels)
        centers = moved(X, labels, 100, centers)
    assert bool(always_threads.n_helpers) == (n_threads > 1)


@pytest.mark.parametrize(
    ("n_samples", "n_features", "n_clusters", "n_calls", "expected"),
    [
        (100_000, 2, 1000, 10, True),
        (100_000, 4, 1000, 10, True),
        (100_000, 32, 1000, 10, False),
        (100_000, 2, 2, 10, False),
        (100, 2, 400, 10, False),
        (2**31, 2, 1000, 10, False),  # more rows than an int32 can number
        (100_000, 2, 120, 20, True),
        (100_000, 2, 119, 20, False),
        (100_000, 2, 120, 19, False),
        (100_000, 4, 240, 20, True),  # more features take more clusters
        (100_000, 4, 239, 20, False),
        (1_667, 1, 60, 20, True),
        (1_666, 1, 60, 20, False),
        (1_000, 2, 120, 20, True),
        (999, 2, 900, 20, False),
        (100_000, 2, 600, 1, False),  # the sort is for one call
        (100_000, 2, 2400, 1, True),
    ],
)
def test_boxes_pay_for_many_rows_and_clusters_in_few_dimensions(
    n_samples, n_features, n_clusters, n_calls, expected
):
    assert pays(n_samples, n_features, n_clusters, n_calls) is expected


# Kernels --------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [5, 50, 10**6])
def test_a_partition_is_one_whatever_the_duplicates(values):
    rng = np.random.default_rng(values)
    for stop in (1, 2, 3, 10, 500):
        for place in {0, stop // 3, stop - 1}:
            keys = rng.integers(0, values, size=500).astype(np.float64)
            before, order = keys.copy(), np.arange(500, dtype=np.int32)
            boxes.partition(keys, order, 0, stop, place)
            assert max(keys[:place], default=-1) <= keys[place:stop].min()
            np.testing.assert_array_equal(keys, before[order])
            np.testing.assert_array_equal(order[stop:], np.arange(stop, 500))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_are_small_boxes(dtype):
    # 4096 rows in a square: 64 blocks of 1/8 x 1/8 if they were perfect; rows as they come are 1.
    X = np.random.default_rng(0).random((4096, 2)).astype(dtype)
    order = np.arange(4096, dtype=np.int32)
    boxes.split(X, 4096, 64, 0, 1, order, np.empty(4096, dtype=dtype))
    np.testing.assert_array_equal(np.sort(order), np.arange(4096))
    assert np.ptp(X[order].reshape(64, 64, 2), axis=1).mean() < 1.2 / 8


@pytest.mark.parametrize("n_blocks", [1, 8, 9, 65, 600])
def test_each_box_of_the_tree_is_just_as_large_as_its_children_need(n_blocks):
    # In no order at all: blocks in the order of space would hide a box that forgets a child.
    rng = np.random.default_rng(n_blocks)
    corners = np.sort(rng.normal(size=(2, n_blocks, 3)), axis=0)
    low, high, middles, first_nodes, first_groups = _tree(*corners)
    width = 1
    for first, group in zip(first_nodes, first_groups, strict=True):
        for node in range(-(-n_blocks // width)):
            inside, at = slice(node * width, (node + 1) * width), first + node
            np.testing.assert_array_equal(low[at], corners[0, inside].min(axis=0))
            np.testing.assert_array_equal(high[at], corners[1, inside].max(axis=0))
            middle = middles[group + node // boxes.FANOUT, :, node % boxes.FANOUT]
            np.testing.assert_array_equal(middle, low[at] / 2 + high[at] / 2)
        width *= boxes.FANOUT
    assert n_blocks <= width


# Where squares come near overflow or underflow, a gap is no proof.
@pytest.mark.parametrize(
    ("scale", "expected"),
    [(1.0, [0, 2, 3, 4]), (2.0**490, [0, 2, 3, 4]), (1e151, range(6)), (1e-155, range(6))],
)
def test_a_box_keeps_only_the_centers_that_can_be_nearest_in_it(scale, expected):
    # The unit square at 0. (-0.5, 0.5) is as near as the pivot, (0.5, 0.5), on the edge x = 0;
    # (1.2, 1.2) is nearer in a corner; (3, 0.5) and (0.5, 2.6) are nowhere.
    low, high = np.zeros((1, 2)), np.full((1, 2), scale)
    listed = np.array([[0.5, 0.5], [3.0, 0.5], [1.2, 1.2], [0.5, 0.5], [-0.5, 0.5], [0.5, 2.6]])
    centers = np.zeros((1, 2, boxes.STRIDE))
    centers[0, :, :6] = scale * listed.T
    kept = np.empty(boxes.STRIDE + 1, dtype=np.int64)
    n_kept = boxes.narrow(low, high, 0, centers, 0, 6, 0, np.empty(boxes.STRIDE), kept)
    assert kept[:n_kept].tolist() == list(expected)


EVERYTHING = """
import numpy as np
from kmeans_core.points.assign_boxes import BoxAssigner
rng = np.random.default_rng(0)
for X in (rng.random((700, 2)), rng.integers(0, 5, size=(300, 3)).astype(np.float32)):
    assigner, labels = BoxAssigner(X, 1), np.full(len(X), -1, dtype=np.int32)
    for n_clusters in (1, 40, 9):
        print(assigner.assign(X[:n_clusters].astype(np.float64), labels), labels.tolist())
"""


def test_the_same_labels_with_the_jit_off():
    answers = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", EVERYTHING],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env=os.environ | {"NUMBA_DISABLE_JIT": off},
        ).stdout
        for off in ("0", "1")
    ]
    assert answers[0].count("[") == 6
    assert answers[0] == answers[1]
