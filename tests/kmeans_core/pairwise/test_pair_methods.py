"""Every way to compute distances gives the same: parts, rows, columns, float32, renumbering."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.metrics
from pair_distances import ROW_METRICS, all_pairs, distances_of, int64_csr, pairs_of

from kmeans_core import silhouette_samples
from kmeans_core.kernels import sparse
from kmeans_core.points import csr_rows
from kmeans_core.points.checks import as_points

# Dense rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ROW_METRICS)
@pytest.mark.parametrize("n_features", [513, 768, 1_100])
def test_long_rows_are_read_some_features_at_a_time(metric, n_features):
    X = np.random.default_rng(n_features).normal(size=(70, n_features)) + 1.0
    X[31] = X[3]
    pairs = pairs_of(X, metric)
    distances = distances_of(pairs, 0, 70, 0, 70)
    asked = {"metric": "minkowski", "p": 2} if metric == "euclidean" else {"metric": metric}
    expected = sklearn.metrics.pairwise_distances(X, **asked)
    np.testing.assert_allclose(distances, expected, rtol=1e-12, atol=1e-12)
    assert distances[31, 3] == 0
    assert distances.tobytes() == distances.T.tobytes()
    for start, end, first, stop in ((0, 33, 0, 33), (0, 1, 0, 70), (40, 70, 3, 12), (5, 64, 5, 64)):
        part = distances_of(pairs, start, end, first, stop)
        assert part.tobytes() == distances[start:end, first:stop].tobytes()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_long_rows_of_halves_have_exact_distances(dtype):
    X = np.random.default_rng(0).integers(0, 11, size=(45, 1_300)) / 2
    for metric, power in (("manhattan", 1), ("euclidean", 2)):
        exact = np.sum(np.abs(X[:, None, :] - X[None]) ** power, axis=2) ** (1 / power)
        for form in (X.astype(dtype), sp.csr_array(X.astype(dtype))):
            assert all_pairs(form, metric).tobytes() == exact.tobytes()


def test_long_rows_give_the_same_silhouettes_for_every_number_of_threads(always_threads):
    X = np.random.default_rng(1).normal(size=(500, 600))
    labels = np.arange(500) % 4
    expected = silhouette_samples(X, labels, n_threads=1)
    theirs = sklearn.metrics.silhouette_samples(X, labels)
    np.testing.assert_allclose(expected, theirs, rtol=0, atol=1e-12)
    for n_threads in (2, 5):
        assert silhouette_samples(X, labels, n_threads=n_threads).tobytes() == expected.tobytes()
    assert always_threads.n_helpers > 0


@pytest.mark.parametrize("metric", ROW_METRICS)
def test_dense_rows_that_are_mostly_zero_have_the_silhouettes_of_csr(blobs, metric):
    X = blobs(120, 40, 4, share_zero=0.9)
    labels = np.arange(120) % 5
    assert sp.issparse(as_points(X).matrix)
    expected = silhouette_samples(sp.csr_array(X), labels, metric=metric)
    assert silhouette_samples(X, labels, metric=metric).tobytes() == expected.tobytes()
    assert not sp.issparse(as_points(X, compress=False).matrix)


# CSR rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("share_zero", [0.5, 0.9])
def test_products_by_rows_and_by_columns_agree(blobs, monkeypatch, share_zero):
    X = blobs(70, 60, 4, share_zero=share_zero)
    answers = []
    for share in (-1.0, 2.0):
        monkeypatch.setattr(csr_rows, "SHARE_BY_ROWS", share)
        distances = all_pairs(sp.csr_array(X), "euclidean")
        assert distances.tobytes() == distances.T.tobytes()
        answers.append(distances)
        np.testing.assert_allclose(distances, all_pairs(X, "euclidean"), rtol=1e-12)
    assert answers[0].tobytes() != answers[1].tobytes()  # fused, and not


def short_rows(longest, seed=0):
    """Multiples of 1/4; the squared length of the last row is ``longest``."""
    X = np.random.default_rng(seed).integers(-8, 21, size=(40, 50)) / 4
    X[-1] = 0.0
    X[-1, 7] = np.sqrt(longest)
    return X


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("longest", [100.0, 2.0**20])
def test_float32_products_of_short_numbers_are_those_of_float64(dtype, longest, monkeypatch):
    X = short_rows(longest)
    matrix = sp.csr_array(X.astype(dtype))
    assert as_points(matrix)._is_short
    distances = all_pairs(matrix, "euclidean")
    monkeypatch.setattr(sparse, "is_short", lambda data, row_norms: False)
    assert not as_points(matrix)._is_short
    assert all_pairs(matrix, "euclidean").tobytes() == distances.tobytes()
    differences = (4 * X[:, None, :] - 4 * X[None]).astype(int)
    exact = np.sqrt(np.sum(differences**2, axis=2) / 16)
    assert distances.tobytes() == exact.tobytes()


@pytest.mark.parametrize("value", [0.125, 1e-300, 1e9, 1e300, 1024.25, -1025.0, 1 + 2.0**-23])
def test_numbers_that_are_not_short_keep_float64(value):
    X = short_rows(100.0)
    X[3, 3] = value
    points = as_points(sp.csr_array(X))
    assert not points._is_short


def uniform_and_skewed(n_features):
    """CSR with 10 values in each row: in any feature, and half of them in the first five."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(400), 10)
    for columns in (
        rng.integers(0, n_features, size=4_000),
        np.where(rng.random(4_000) < 0.5, rng.integers(0, 5, size=4_000), rows * 7 % n_features),
    ):
        yield sp.csr_array(
            sp.coo_array((rng.normal(size=4_000), (rows, columns)), shape=(400, n_features))
        )


def test_products_go_by_rows_if_values_meet_often_and_the_table_is_small():
    ways = {
        n_features: [as_points(X)._pairs_go_by_rows for X in uniform_and_skewed(n_features)]
        for n_features in (50, 2_000, 2**17)
    }
    assert ways == {50: [True, True], 2_000: [False, True], 2**17: [False, False]}


@pytest.mark.parametrize("metric", ROW_METRICS)
@pytest.mark.parametrize("form", [sp.csr_array, int64_csr])
def test_features_that_no_row_stores_change_no_distance(blobs, metric, form):
    few = blobs(60, 30, 4, share_zero=0.8)
    places = np.sort(np.random.default_rng(0).permutation(50_000)[:30])
    wide = form(few)
    wide = sp.csr_array(
        (wide.data, places[wide.indices].astype(wide.indices.dtype), wide.indptr),
        shape=(60, 50_000),
    )
    _, n_numbered = as_points(wide)._numbered
    assert n_numbered == 30
    expected = all_pairs(few, metric)
    np.testing.assert_allclose(all_pairs(wide, metric), expected, rtol=1e-12, atol=1e-12)


# Blocks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_samples", "n_features", "dense_rows", "sparse_rows"),
    [
        (1, 1, 96, 96),
        (673, 512, 128, 128),
        (1_000, 513, 256, 160),
        (8_000, 1, 384, 256),
        (4_000, 2_000, 384, 256),
    ],
)
def test_blocks_are_smaller_if_rows_are_few_or_long(n_samples, n_features, dense_rows, sparse_rows):
    X = np.ones((n_samples, n_features), dtype=np.float32)
    assert pairs_of(X, "euclidean").block_columns == dense_rows
    assert pairs_of(sp.csr_array(X), "euclidean").block_columns == sparse_rows


def test_blocks_of_short_csr_rows_are_large_for_any_number_of_features():
    X = sp.csr_array(([1.0], [2**20 - 1], [0, *[1] * 20_000]), shape=(20_000, 2**20))
    assert pairs_of(X, "euclidean").block_columns == 1024
    X = sp.csr_array(np.ones((2, 40_000)))
    assert pairs_of(X, "euclidean").block_columns == 32
