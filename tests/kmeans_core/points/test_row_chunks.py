"""The order of summation: rows of a chunk in ascending order, then chunks in order."""

import numpy as np
import pytest
import scipy.sparse as sp

from kmeans_core import KMeans
from kmeans_core.fit import compiled, runners
from kmeans_core.points import row_chunks
from kmeans_core.points.checks import as_points
from kmeans_core.points.observed import ObservedPoints
from kmeans_core.points.row_chunks import by_chunks, starts_of_chunks
from kmeans_core.points.sums import ClusterSums, cluster_totals


@pytest.fixture
def short_chunks(monkeypatch):
    """Lets chunks have as few as eight rows, so that little data have several."""
    monkeypatch.setattr(row_chunks, "LEAST_ROWS", 8)


def tenths(n_samples, n_features, n_clusters, seed=0):
    """Rows whose sums round, weights whose sums round, and labels."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-9, 10, size=(n_samples, n_features)) / 10
    weights = rng.integers(0, 30, size=n_samples) / 10
    return X, weights, rng.integers(n_clusters, size=n_samples).astype(np.int32)


def sums_in_order(X, weights, labels, n_clusters, n_chunks):
    """The order of summation in plain Python: the sums, and the weights of the clusters."""
    joined = np.zeros((n_clusters, X.shape[1])), np.zeros(n_clusters)
    for chunk in range(n_chunks):
        sums, weight_in_clusters = np.zeros(joined[0].shape), np.zeros(n_clusters)
        first, stop = (len(X) * edge // n_chunks for edge in (chunk, chunk + 1))
        for x, weight, label in zip(
            X[first:stop], weights[first:stop], labels[first:stop], strict=True
        ):
            sums[label] += weight * x
            weight_in_clusters[label] += weight
        for total, of_chunk in zip(joined, (sums, weight_in_clusters), strict=True):
            total += of_chunk
    return joined


@pytest.mark.parametrize(
    ("shape", "n_clusters", "n_chunks"),
    [
        ((8_191, 2), 3, 1),
        ((8_192, 2), 3, 2),
        ((12_287, 2), 3, 2),
        ((12_288, 2), 3, 3),
        ((64 * 4_096 - 1, 1), 1, 63),
        ((10**9, 1), 1, 64),
        ((3 * 32_768 - 1, 64), 512, 2),  # at least as many rows as sums
        ((3 * 32_768, 64), 512, 3),
        ((10**6, 64), 513, 1),  # too many sums
        ((1, 5), 1, 1),
    ],
)
def test_the_shape_decides_the_number_of_chunks(shape, n_clusters, n_chunks):
    starts = starts_of_chunks(*shape, n_clusters)
    assert len(starts) == n_chunks + 1
    assert starts[0] == 0
    assert starts[-1] == shape[0]
    assert np.ptp(np.diff(starts)) <= 1
    assert by_chunks(shape[1], n_clusters) == (shape[1] * n_clusters <= 32_768)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(
    ("n_samples", "n_chunks"), [(8_191, 1), (8_192, 2), (8_193, 2), (12_288, 3)]
)
def test_rows_are_added_in_the_order_of_chunks(
    storage, always_threads, n_samples, n_chunks, n_threads
):
    X, weights, labels = tenths(n_samples, 3, 4)
    sums = ClusterSums(as_points(storage(X), n_threads=n_threads), weights, 4)
    sums.refresh(labels)
    expected = sums_in_order(X, weights, labels, 4, n_chunks)
    assert sums.sums.tobytes() == expected[0].tobytes()
    assert sums.weight_in_clusters.tobytes() == expected[1].tobytes()
    other = sums_in_order(X, weights, labels, 4, n_chunks + 1)
    assert sums.sums.tobytes() != other[0].tobytes()  # the data show the order


def test_each_chunk_follows_the_rows_that_moved(storage, short_chunks):
    X, weights, labels = tenths(100, 3, 4)
    points = as_points(storage(X))
    followed, fresh = ClusterSums(points, weights, 4), ClusterSums(points, weights, 4)
    followed.refresh(labels)
    rng = np.random.default_rng(1)
    assert len(starts_of_chunks(100, 3, 4)) == 9  # 100 / (3 * 4) chunks
    for n_updates in range(1, 16):
        labels = labels.copy()
        rows = np.sort(rng.choice(100, size=20, replace=False))
        labels[rows] = (labels[rows] + 1) % 4
        followed.update(labels, 20)
        fresh.refresh(labels)
        assert followed.n_updates == n_updates
        np.testing.assert_allclose(followed.sums, fresh.sums, rtol=0, atol=1e-12)
        assert followed.weight_in_clusters.tobytes() == fresh.weight_in_clusters.tobytes()
    followed.update(labels, 0)
    assert followed.sums.tobytes() == fresh.sums.tobytes()


def test_whole_weights_follow_exactly(storage, short_chunks):
    X, _, labels = tenths(100, 3, 4)
    weights = np.random.default_rng(2).integers(0, 4, size=100).astype(float)
    sums = ClusterSums(as_points(storage(X)), weights, 5)
    sums.refresh(labels)
    for c in range(3):  # every row of a cluster moves to the last one
        labels = np.where(labels == c, 4, labels).astype(np.int32)
        sums.update(labels, 30)
        assert sums.n_updates == c + 1
        assert sums.weight_in_clusters.tolist() == np.bincount(labels, weights, 5).tolist()


def test_totals_of_clusters_have_the_same_order():
    X, weights, labels = tenths(8_192, 1, 3)
    totals = cluster_totals(labels, weights, X[:, 0].copy(), 1, 3, 2)
    assert totals.tobytes() == sums_in_order(X, weights, labels, 3, 2)[0][:, 0].tobytes()


@pytest.mark.parametrize("n_samples", [8_191, 8_192, 20_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_storage_and_path_has_the_same_centers(n_samples, weighted, monkeypatch):
    monkeypatch.setattr(runners, "LONE_STORED", 10**9)
    X, weights, _ = tenths(n_samples, 4, 6)
    X[np.random.default_rng(3).random(X.shape) < 0.3] = 0.0
    given = weights if weighted else None

    def centers_of(X, **params):
        model = KMeans(6, init=X0, n_init=1, max_iter=25, **params).fit(X, sample_weight=given)
        return model.cluster_centers_.tobytes(), model.labels_.tobytes(), model.n_iter_

    X0 = X[:6].copy()
    expected = centers_of(X, n_threads=1)
    assert centers_of(X, n_threads=2) == expected
    csr = sp.csr_array(X)
    assert compiled.is_small(as_points(csr), 6, 1)
    assert centers_of(csr) == expected
    assert centers_of(csr, on_iteration=lambda event: None) == expected  # the loop


@pytest.mark.parametrize("weighted", [False, True])
def test_known_cells_are_added_in_the_same_order(weighted):
    X, weights, labels = tenths(12_288, 3, 4)
    weights = weights if weighted else np.ones(len(X))
    whole = ObservedPoints.of_whole(as_points(X)).weighted(weights, 0.0)
    centers, expected = np.zeros((2, 4, 3))
    sums = whole.cluster_sums(weights, 4)
    sums.refresh(labels)
    sums.move(centers)
    of_known = ClusterSums(as_points(X), weights, 4)
    of_known.refresh(labels)
    of_known.move(expected)
    assert centers.tobytes() == expected.tobytes()
    assert sums.weight_in_clusters.tobytes() == of_known.weight_in_clusters.tobytes()
