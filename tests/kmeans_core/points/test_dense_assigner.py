"""dense_assigner: each shape gets the assigner that was measured to be fastest."""

import numpy as np
import pytest

from kmeans_core import reference
from kmeans_core.kernels import changed_centers
from kmeans_core.points.assign_boxes import BoxAssigner
from kmeans_core.points.assign_dense import (
    MOST_CHANGED,
    SETTLED,
    ChangedCentersAssigner,
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
        ((10_000, 100), np.float32, 99, 20, ChangedCentersAssigner),
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
    # If fewer labels change than there are clusters, the filter skips the unchanged centers.
    assert any(had_bounds) == (distance != 9)


def test_bounds_that_skip_few_rows_end_and_wait_longer():
    # In the last feature all rows are 0 and all centers are equal: labels do not depend on it. It
    # moves the centers so far that bounds skip nothing. The first rows change cluster now and then.
    X = np.pad(clouds(9), ((0, 0), (0, 1)))
    centers = X[50::100].copy()
    centers[1] = centers[0]
    X[:30], X[30:200] = centers[0], centers[2]
    assigner = SettlingAssigner(X, len(centers), 1)
    labels = np.full(len(X), -1, dtype=np.int32)
    had_bounds = []
    # The fifth call has the centers of the second one, which the filter saw last.
    for height, home in ((0, 0), (100, 1), (0, 0), (100, 0), (100, 1), (0, 0), (100, 1)):
        centers[:, -1] = height
        centers[:2, 0] = X[0, 0] + np.roll([0, 1], home)
        assigner.assign(centers, labels)
        assert labels.tolist() == reference.nearest(X, centers).tolist()
        had_bounds.append(assigner._bounds is not None)
    # The first call with bounds skips no row in any case; the second one ends them.
    assert had_bounds == [False, True, True, False, False, False, False]
    assert assigner._few_moved == len(X) // SETTLED // 4


def moves_of_few_centers(centers, rng):
    """Centers call after call: some move, become equal to a lower or higher one, and part again."""
    yield centers
    yield centers + 0.01
    for call in range(24):
        centers = centers.copy()
        some = rng.choice(len(centers), call % 15 + 1, replace=False)
        if call % 3 == 0:
            centers[some] = centers[rng.choice(len(centers), len(some))]
        else:
            centers[some] = np.round(centers[some] + rng.normal(0, call % 5, centers[some].shape))
        yield centers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_rows", [50, 200, 1001])
@pytest.mark.parametrize("kind", ["random", "whole numbers", "huge"])
def test_labels_are_the_nearest_after_few_centers_have_changed(dtype, n_rows, kind, monkeypatch):
    rng = np.random.default_rng(n_rows)
    X = rng.normal(0, 2, (n_rows, 20))
    if kind == "whole numbers":  # many rows are equally near to several centers
        X = np.round(X / 4)
    if kind == "huge":  # some scores overflow float32
        X[::3] *= 1e19
    X = X.astype(dtype)
    shares = []
    with_few = changed_centers.assign
    monkeypatch.setattr(
        changed_centers,
        "assign",
        lambda *arguments: shares.append(np.mean(arguments[6])) or with_few(*arguments),
    )
    assigner = ChangedCentersAssigner(X, 20, 1)
    labels = np.full(n_rows, -1, dtype=np.int32)
    with np.errstate(over="ignore"):
        for centers in moves_of_few_centers(X[:20].astype(np.float64), rng):
            expected = reference.nearest(X.astype(np.float64), centers)
            n_changed = np.sum(labels != expected)
            assert assigner.assign(centers, labels) == n_changed
            assert labels.tolist() == expected.tolist()
    assert len(shares) > 20
    assert max(shares) <= MOST_CHANGED


def test_a_center_that_equals_no_lower_one_any_more_gets_the_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(640, 16))
    centers = rng.normal(9, 1, (20, 16))
    centers[3] = centers[7] = 0.0
    assigner = ChangedCentersAssigner(X, 20, 1)
    labels = np.full(640, -1, dtype=np.int32)
    for _ in range(2):
        assigner.assign(centers, labels)
    assert np.all(labels == 3)
    centers[3] = 9.0  # center 7 does not move, but is no longer left out
    assert assigner.assign(centers, labels) == 640
    assert np.all(labels == 7)
