"""ClusterSums: updates by moved rows or by all rows, and the weight of each cluster."""

import numpy as np
import pytest
import scipy.sparse as sp

from kmeans_core.points.checks import as_points
from kmeans_core.points.row_chunks import LEAST_ROWS
from kmeans_core.points.row_groups import MOST_UPDATES
from kmeans_core.points.sums import ClusterSums


def labelings(n_labelings, n_samples, n_clusters, n_moved, seed=0):
    """Labels, and the number of labels that differ from the previous labeling."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_clusters, size=n_samples).astype(np.int32)
    yield labels, n_samples
    for _ in range(n_labelings - 1):
        labels = labels.copy()
        rows = rng.choice(n_samples, size=n_moved, replace=False)
        labels[rows] = (labels[rows] + rng.integers(1, n_clusters, size=n_moved)) % n_clusters
        yield labels, n_moved


def sums_of(X, labels, weights, n_clusters):
    return np.array(
        [np.sum(weights[labels == c, None] * X[labels == c], axis=0) for c in range(n_clusters)]
    )


def means_of(sums):
    centers = np.ones_like(sums.sums)
    shift, changed = sums.move(centers)
    assert changed
    assert shift == pytest.approx(np.sum((centers - 1.0) ** 2), rel=1e-12)
    moved = centers.copy()
    assert sums.move(moved) == (0.0, False)
    assert moved.tobytes() == centers.tobytes()
    return centers


def test_a_center_that_moves_by_less_than_a_squared_shift_can_tell_has_changed(storage):
    sums = ClusterSums(as_points(storage(np.full((4, 3), 1e-200))), np.ones(4), 1)
    sums.refresh(np.zeros(4, dtype=np.int32))
    centers = np.zeros((1, 3))
    assert sums.move(centers) == (0.0, True)
    assert centers.tolist() == [[1e-200] * 3]


def test_an_empty_cluster_moves_to_the_heaviest_one(storage):
    sums = ClusterSums(as_points(storage([[1.0], [3.0], [7.0]])), np.ones(3), 3)
    sums.refresh(np.array([0, 0, 2], dtype=np.int32))
    centers = np.array([[2.0], [5.0], [7.0]])
    assert sums.move(centers) == (9.0, True)
    assert centers.tolist() == [[2.0], [2.0], [7.0]]
    assert sums.move(centers) == (0.0, False)


def test_eighths_are_summed_exactly_either_way(storage):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 11, size=(200, 5)) / 8
    weights = rng.integers(0, 4, size=200).astype(float)
    sums = ClusterSums(as_points(storage(X)), weights, 6)
    ways = set()
    for labels, n_moved in labelings(40, 200, 6, 30):
        sums.update(labels, n_moved)
        ways.add(sums.n_updates > 0)
        assert sums.sums.tolist() == sums_of(X, labels, weights, 6).tolist()
        assert sums.weight_in_clusters.tolist() == np.bincount(labels, weights, 6).tolist()
        assert means_of(sums).tolist() == (sums.sums / sums.weight_in_clusters[:, None]).tolist()
    assert ways == {True, False}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_by_rows_that_moved_are_off_by_rounding_only(blobs, storage, dtype):
    X = blobs(300, 4, 5, share_zero=0.3).astype(dtype)
    weights = np.random.default_rng(1).random(300)
    points = as_points(storage(X))
    followed, fresh = ClusterSums(points, weights, 7), ClusterSums(points, weights, 7)
    off = 0
    for labels, n_moved in labelings(40, 300, 7, 40):
        followed.update(labels, n_moved)
        fresh.refresh(labels)
        assert fresh.n_updates == 0
        assert (
            followed.weight_in_clusters.tolist() == fresh.weight_in_clusters.tolist()
        )  # to the bit: 0 says empty
        assert fresh.weight_in_clusters.tolist() == np.bincount(labels, weights, 7).tolist()
        if followed.n_updates == 0:
            assert followed.sums.tolist() == fresh.sums.tolist()
        off += followed.sums.tolist() != fresh.sums.tolist()
        np.testing.assert_allclose(followed.sums, fresh.sums, rtol=0, atol=1e-11)
        expected = sums_of(X.astype(float), labels, weights, 7)
        np.testing.assert_allclose(fresh.sums, expected, rtol=1e-12, atol=1e-11)
    assert off > 20  # so most were made by the rows that moved


def test_a_cluster_that_every_row_left_has_weight_exactly_zero():
    X, weights = np.array([[0.1], [0.2], [0.3], [7.0]] * 3), np.array([0.1, 0.7, 0.3, 1.3] * 3)
    sums = ClusterSums(as_points(X), weights, 3)
    labels = np.array([2, 2, 2, 0] * 3, dtype=np.int32)
    sums.update(labels, 12)
    for row in (8, 0, 9, 5, 2):
        labels = labels.copy()
        labels[row] = 1
        sums.update(labels, 1)
    assert np.all(sums.weight_in_clusters > 0)
    labels = np.where(labels == 2, 1, labels).astype(np.int32)
    sums.update(labels, 4)
    assert sums.n_updates == 6
    assert sums.weight_in_clusters[2] == 0.0
    assert np.isfinite(means_of(sums)).all()


@pytest.mark.parametrize("n_samples", [10, 11])
def test_only_the_number_of_moved_rows_and_of_updates_decides(blobs, n_samples):
    # All rows are added up if more than half of them moved, and after 15 updates.
    n_half = n_samples // 2
    moved = [n_samples, 1, n_half, n_half + 1, n_half, 0, n_samples, *[1] * MOST_UPDATES, 1, 1]
    expected = [0, 1, 2, 0, 1, 2, 0, *range(1, MOST_UPDATES + 1), 0, 1]
    for seed in range(3):
        X = blobs(n_samples, 2, 3, seed=seed, share_zero=0.4)
        rng = np.random.default_rng(seed)
        weights = rng.random(n_samples)
        sums = ClusterSums(as_points(X), weights, 3)
        labels = np.zeros(n_samples, dtype=np.int32)
        seen = []
        for n_moved in moved:
            labels = labels.copy()
            rows = rng.choice(n_samples, size=n_moved, replace=False)
            labels[rows] = (labels[rows] + 1) % 3
            sums.update(labels, n_moved)
            seen.append(sums.n_updates)
            expected_sums = sums_of(X, labels, weights, 3)
            np.testing.assert_allclose(sums.sums, expected_sums, rtol=0, atol=1e-12)
        assert seen == expected


class Apart:
    """An assigner that leaves the sums to a visit of their own."""

    def __init__(self, assigner):
        self.assign = assigner.assign


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n_features", "n_clusters"), [(1, 2), (3, 3), (3, 60), (20, 4)])
def test_sums_of_the_same_visit_have_the_bits_of_a_visit_of_their_own(
    dtype, n_features, n_clusters
):
    rng = np.random.default_rng(n_features)
    X = rng.normal(size=(3 * LEAST_ROWS + 5, n_features)).astype(dtype)
    points = as_points(X, n_threads=2)
    weights = rng.integers(0, 3, len(X)).astype(np.float64)
    both = [ClusterSums(points, weights, n_clusters) for _ in range(2)]
    assigner = points.assigner(n_clusters)
    assigners = assigner, Apart(points.assigner(n_clusters))
    labelings = np.full((2, len(X)), -1, dtype=np.int32)
    centers = X[:n_clusters].astype(np.float64)
    seen = set()
    for step in (0.0, 0.1, 5.0, *[0.01] * (MOST_UPDATES + 3)):
        centers = centers + step * rng.normal(size=centers.shape)
        for sums, each, labels in zip(both, assigners, labelings, strict=True):
            n_moved = sums.assign(each, centers, labels)
            sums.update(labels, n_moved)
            if step == 0.1:
                sums.refresh(np.roll(labels, 7))  # as a relocation does
        seen.add(both[0].n_updates)
        assert both[0].n_updates == both[1].n_updates
        assert labelings[0].tolist() == labelings[1].tolist()
        assert both[0].sums.tolist() == both[1].sums.tolist()
        assert both[0].weight_in_clusters.tolist() == both[1].weight_in_clusters.tolist()
    assert seen >= {0, 1, MOST_UPDATES}


def test_labels_may_be_written_over_between_updates(blobs):
    # Like an assigner, this writes into the array from which the sums were made.
    X = blobs(50, 2, 3)
    sums = ClusterSums(as_points(X), np.ones(50), 3)
    array = np.zeros(50, dtype=np.int32)
    for labels, n_moved in labelings(5, 50, 3, 10):
        array[:] = labels
        sums.update(array, n_moved)
        np.testing.assert_allclose(sums.sums, sums_of(X, labels, np.ones(50), 3), atol=1e-12)


def test_an_empty_cluster_lies_where_the_heaviest_does(storage):
    X = np.array([[1.0, 0], [2, 0], [4, 8], [6, 4]])
    sums = ClusterSums(as_points(storage(X)), np.array([3.0, 3.0, 1.0, 1.0]), 4)
    sums.update(np.array([3, 3, 1, 1], dtype=np.int32), 4)
    assert means_of(sums).tolist() == [[1.5, 0], [5, 6], [1.5, 0], [1.5, 0]]


@pytest.mark.parametrize("n_threads", range(1, 8))
def test_threads_change_nothing(blobs, storage, always_threads, n_threads):
    X = storage(blobs(100, 3, 4, share_zero=0.3))
    weights = np.random.default_rng(0).random(100)
    alone = ClusterSums(as_points(X, n_threads=1), weights, 9)
    together = ClusterSums(as_points(X, n_threads=n_threads), weights, 9)
    for labels, n_moved in labelings(20, 100, 9, 12):
        for sums in (alone, together):
            sums.update(labels, n_moved)
        assert together.sums.tobytes() == alone.sums.tobytes()
        assert means_of(together).tobytes() == means_of(alone).tobytes()
    assert (always_threads.n_helpers > 0) == (n_threads > 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_of_short_numbers_stay_exact_without_new_sums(dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(-7, 21, size=(200, 5)) / 4
    weights = rng.integers(0, 2**31, size=200).astype(float)
    sums = ClusterSums(as_points(sp.csr_array(X.astype(dtype))), weights, 6)
    for labels, n_moved in labelings(40, 200, 6, 30):
        sums.update(labels, n_moved)
        assert sums.n_updates == 0
        exact = sums_of((4 * X).astype(int), labels, weights.astype(int), 6)
        assert (4 * sums.sums).tolist() == exact.tolist()


@pytest.mark.parametrize("what", ["an eighth", "a long row", "a share of a weight", "much weight"])
def test_sums_that_may_round_are_added_up_again(what):
    X, weights = np.full((100, 4), 1.5), np.ones(100)
    if what == "an eighth":
        X[7, 2] = 0.125
    elif what == "a long row":
        X[7, 2] = 1024.0
    elif what == "a share of a weight":
        weights[7] = 0.5
    else:
        weights[7] = 2.0**41
    sums = ClusterSums(as_points(sp.csr_array(X)), weights, 3)
    seen = []
    for labels, n_moved in labelings(18, 100, 3, 10):
        sums.update(labels, n_moved)
        seen.append(sums.n_updates)
    assert seen == [*range(MOST_UPDATES + 1), 0, 1]
