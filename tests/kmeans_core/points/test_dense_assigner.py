"""dense_assigner: each shape gets the assigner that was measured to be fastest."""

import numpy as np
import pytest

from kmeans_core import reference
from kmeans_core.points.assign_boxes import BoxAssigner
from kmeans_core.points.assign_dense import (
    SETTLED,
    PlainAssigner,
    RowFilterAssigner,
    SettlingAssigner,
    dense_assigner,
)


@pytest.mark.parametrize(
    ("shape", "dtype", "n_clusters", "n_calls", "kind"),
    [
        ((10_000, 4), np.float32, 239, 20, RowFilterAssigner),  # too few clusters for boxes
        ((10_000, 4), np.float32, 240, 20, BoxAssigner),
        ((4000, 4), np.float32, 400, 3, RowFilterAssigner),
        ((10_000, 10), np.float32, 1000, 1, RowFilterAssigner),  # one call skips nothing
        ((10_000, 10), np.float32, 999, 20, RowFilterAssigner),  # little work a row
        ((10_000, 10), np.float32, 1000, 20, SettlingAssigner),
        ((10_000, 10), np.float64, 1999, 20, RowFilterAssigner),  # half as many lanes
        ((10_000, 10), np.float64, 2000, 20, SettlingAssigner),
        ((10_000, 100), np.float32, 100, 1, RowFilterAssigner),
        ((10_000, 100), np.float32, 100, 20, SettlingAssigner),
        ((10_000, 100), np.float32, 99, 20, RowFilterAssigner),
        ((10_000, 1000), np.float32, 16, 20, RowFilterAssigner),  # the lanes of bounds are wasted
        ((10_000, 1000), np.float32, 17, 20, SettlingAssigner),
        ((100_000, 7), np.float32, 1, 20, PlainAssigner),  # little work a row
        ((100_000, 4), np.float32, 2, 20, RowFilterAssigner),
        ((100_000, 5), np.float64, 3, 20, PlainAssigner),  # rows are cast
        ((100_000, 4), np.float64, 4, 20, RowFilterAssigner),
        ((10_000, 32), np.float32, 8, 1, RowFilterAssigner),
        ((10_000, 52), np.float64, 5, 20, RowFilterAssigner),
        ((624, 32), np.float32, 10, 20, PlainAssigner),  # little work in all
        ((625, 32), np.float32, 10, 20, RowFilterAssigner),
        ((2, 2**20), np.float32, 9, 20, PlainAssigner),  # no bound on their rounding
    ],
)
def test_filters_are_used_where_they_pay(shape, dtype, n_clusters, n_calls, kind):
    X = np.zeros(shape, dtype=dtype)
    assert type(dense_assigner(X, n_clusters, n_calls, 1)) is kind


def clouds(distance):
    rng = np.random.default_rng(0)
    return rng.normal(size=(2000, 16)) + np.repeat(
        rng.normal(size=(20, 16)) * distance, 100, axis=0
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("distance", [0, 1, 9])
def test_bounds_begin_when_labels_settle_and_labels_stay_the_nearest(dtype, distance):
    X = clouds(distance).astype(dtype)
    centers = X[50::100].astype(np.float64)
    assigner = SettlingAssigner(X, len(centers), 1)
    labels = np.full(len(X), -1, dtype=np.int32)
    had_bounds = []
    for _ in range(12):
        expected = reference.nearest(X.astype(np.float64), centers)
        n_changed = np.sum(labels != expected)
        had_bounds.append(assigner._bounds is not None)
        assert assigner.assign(centers, labels) == n_changed
        assert labels.tolist() == expected.tolist()
        centers = np.array([X[labels == c].mean(axis=0, dtype=np.float64) for c in range(20)])
    assert not any(had_bounds[:2])  # every label changes in the first call
    assert had_bounds[-1]


def test_bounds_that_skip_few_rows_end_and_wait_longer():
    # In the last feature all rows are 0 and all centers are equal: labels do not depend on it. It
    # moves the centers so far that bounds skip nothing.
    X = np.pad(clouds(9), ((0, 0), (0, 1)))
    centers = X[50::100].copy()
    expected = reference.nearest(X, centers)
    assigner = SettlingAssigner(X, len(centers), 1)
    labels = np.full(len(X), -1, dtype=np.int32)
    had_bounds = []
    for call in range(7):
        centers[:, -1] = 100 * (call % 2)
        assigner.assign(centers, labels)
        assert labels.tolist() == expected.tolist()
        had_bounds.append(assigner._bounds is not None)
    # The first call with bounds skips no row in any case; the second one ends them.
    assert had_bounds == [False, True, True, False, True, True, False]
    assert assigner._few_moved == len(X) // SETTLED // 4 // 4
