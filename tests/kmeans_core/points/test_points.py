"""DensePoints and SparsePoints: one interface, the same answers."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import reference
from kmeans_core.points import sparse
from kmeans_core.points.centers import transposed
from kmeans_core.points.checks import as_points
from kmeans_core.points.compressed import compressed
from kmeans_core.points.row_groups import all_rows

GRID = st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0, 5.0])
ANY_SIZE = st.one_of(
    GRID,
    st.floats(-1e150, 1e150),
    st.floats(-1e-150, 1e-150),
    st.sampled_from([1e8, 1e8 + 1, 1e8 + 2, 1.7e308, -1.7e308]),
)


@st.composite
def rows_and_centers(draw, values):
    """A few rows and centers with the same number of features."""
    n_rows, n_centers, n_features = (draw(st.integers(1, most)) for most in (8, 10, 5))
    n_values = (n_rows + n_centers) * n_features
    flat = draw(st.lists(values, min_size=n_values, max_size=n_values))
    both = np.array(flat).reshape(n_rows + n_centers, n_features)
    return both[:n_rows], both[n_rows:]


def labels_of(X, centers):
    labels = np.full(X.shape[0], -1, dtype=np.int32)
    as_points(X).assigner(len(centers)).assign(centers, labels)
    return labels.tolist()


@given(rows_and_centers(ANY_SIZE))
def test_the_nearest_center_equals_reference_to_the_bit(case):
    # Some sizes overflow or underflow when squared. The filter of the sparse kernel must leave
    # these rows to the exact distance.
    X, centers = case
    with np.errstate(over="ignore", under="ignore"):
        expected = reference.nearest(X, centers).tolist()
        assert labels_of(X, centers) == expected
        assert labels_of(sp.csr_array(X), centers) == expected


def test_a_difference_below_the_smallest_normal_number_decides():
    # The products are subnormal, so the expanded formula rounds everything away.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)) * 10.0 ** rng.uniform(-163, -158, size=(300, 1))
    for _ in range(20):
        centers = X[rng.choice(300, size=6)] * rng.uniform(0.5, 1.5, size=(6, 1))
        assert labels_of(sp.csr_array(X), centers) == labels_of(X, centers)


def test_centers_that_differ_in_the_last_digit_are_told_apart(storage):
    X = storage(np.array([[0.1, 0.7, 3.3], [0.3, 0.0, 9.1]]))
    center = np.array([0.2, 0.2, 6.0])
    for feature in range(3):
        for towards in (-np.inf, np.inf):
            other = center.copy()
            other[feature] = np.nextafter(center[feature], towards)
            centers = np.array([center, other])
            expected = reference.nearest(np.array([[0.1, 0.7, 3.3], [0.3, 0.0, 9.1]]), centers)
            assert labels_of(X, centers) == expected.tolist()


def test_assign_counts_the_labels_that_changed(blobs, storage, always_threads):
    X = blobs(100, 3, 4, share_zero=0.3)
    assigner = as_points(storage(X), n_threads=2).assigner(5)
    labels = np.full(100, -1, dtype=np.int32)
    assert assigner.assign(X[:5], labels) == 100
    assert assigner.assign(X[:5], labels) == 0
    before = labels.copy()
    assert assigner.assign(X[5:10], labels) == np.count_nonzero(labels != before) > 0


@given(rows_and_centers(GRID), st.data())
def test_sums_equal_reference_to_the_bit(case, data):
    X, centers = case
    label = st.integers(0, len(centers) - 1)
    labels = np.array(data.draw(st.lists(label, min_size=len(X), max_size=len(X))), dtype=np.int32)
    weights = np.array(
        data.draw(st.lists(st.integers(0, 4), min_size=len(X), max_size=len(X))), dtype=float
    )
    for given_X in (X, sp.csr_array(X), X.astype(np.float32)):
        sums = np.zeros(centers.shape)
        as_points(given_X).add_rows(all_rows(labels, weights, len(centers)), sums)
        for c in range(len(centers)):
            assert sums[c].tolist() == (weights[labels == c] @ X[labels == c]).tolist()


@pytest.mark.parametrize("share_zero", [0.0, 0.5, 0.95])
def test_distances_are_right_to_12_digits(blobs, storage, share_zero):
    X = blobs(80, 9, 4, share_zero=share_zero)
    centers = np.vstack([X[:5], X[5:9] * (1 + 1e-9), np.zeros(9), X[10] + 100.0])
    expected = reference.squared_distances(X, centers)
    points = as_points(storage(X))
    np.testing.assert_allclose(points.distances(centers), np.sqrt(expected), rtol=1e-12)
    labels = (np.arange(80) % len(centers)).astype(np.int32)
    own = expected[np.arange(80), labels]
    np.testing.assert_allclose(points.own_distances(centers, labels), own, rtol=1e-12)
    rows = np.array([70, 3, 3, 9])
    exact = points.exact_own_distances(centers, labels, rows)
    assert exact.tolist() == own[rows].tolist()
    to_all = points.pair_distances(0, 80)
    pairs = np.vstack([to_all(0, 33)[:, :80], to_all(33, 80)[:, :80]])
    np.testing.assert_allclose(pairs, np.sqrt(reference.squared_distances(X, X)), rtol=1e-12)


@pytest.mark.parametrize("cells", [1, 40, 10_000])
def test_exact_own_distances_of_csr_rows_are_the_same_in_blocks_of_any_size(cells, monkeypatch):
    monkeypatch.setattr(sparse, "EXACT_CELLS", cells)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 9)) * (rng.random((50, 9)) < 0.3)
    X[::4] = 0.0
    centers = rng.normal(size=(3, 9))
    labels = rng.integers(0, 3, 50).astype(np.int32)
    rows = rng.integers(0, 50, 70)
    found = as_points(sp.csr_array(X)).exact_own_distances(centers, labels, rows)
    expected = reference.squared_distances(X, centers)[rows, labels[rows]]
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("extra", [0.0, 1e-9, 1e-170])
def test_own_distance_of_a_csr_row_that_nearly_lies_on_its_center(extra):
    X = np.array([[0.0, 0.3, 0.7, 0.0], [0.0, 0.0, 0.0, 0.0]])
    centers = X + np.array([0.0, 0.0, 0.0, extra])
    own = as_points(sp.csr_array(X)).own_distances(centers, np.arange(2, dtype=np.int32))
    assert own.tolist() == [extra**2, extra**2]


@pytest.mark.parametrize(("dtype", "n_clusters"), [(np.float32, 51), (np.float64, 25)])
def test_dense_rows_that_are_mostly_zero_become_csr_if_the_centers_are_many(dtype, n_clusters):
    points = as_points(np.eye(100, 40, dtype=dtype), compress=False)
    assert compressed(points, n_clusters) is points
    assert isinstance(compressed(points, n_clusters + 1), sparse.SparsePoints)


def test_distances_between_nearly_equal_rows_keep_their_digits(storage):
    # Far from the origin and a millionth apart: the expanded formula loses all digits.
    rng = np.random.default_rng(1)
    row = rng.normal(size=6) * 1e3
    row[2] = 0.0
    X = row + rng.normal(size=(20, 6)) * 1e-3
    X[:, 2] = 0.0
    X[::3, 4] = 0.0
    points, centers = as_points(storage(X)), X[:4]
    expected = reference.squared_distances(X, X)
    np.testing.assert_allclose(
        points.distances(centers), np.sqrt(expected[:, :4]), rtol=1e-12, atol=0
    )
    pairs = points.pair_distances(0, 20)(0, 20)[:, :20]
    np.testing.assert_allclose(pairs**2, expected, rtol=1e-11, atol=0)
    labels = (np.arange(20) % 4).astype(np.int32)
    np.testing.assert_allclose(
        points.own_distances(centers, labels),
        expected[np.arange(20), labels],
        rtol=1e-11,
        atol=0,
    )


@given(rows_and_centers(st.floats(-1e6, 1e6)))
def test_the_distance_of_equal_rows_is_exactly_zero(case):
    X, _ = case
    X = np.vstack([X, X[::-1]])
    for given_X in (X, sp.csr_array(X)):
        points = as_points(given_X)
        pairs = points.pair_distances(0, len(X))(0, len(X))[:, : len(X)]
        for distances in (points.distances(X), pairs):
            assert np.all(np.diagonal(distances) == 0)
            assert np.all(np.diagonal(distances[:, ::-1]) == 0)
            assert np.all(distances >= 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_mean_variance_is_numpys(blobs, storage, dtype):
    X = blobs(70, 5, 3, share_zero=0.5).astype(dtype)
    X[:, 1] = 0.0
    X[:, 2] = 7.25
    expected = np.mean(np.var(X, axis=0, dtype=np.float64))
    assert as_points(storage(X)).mean_variance() == pytest.approx(expected, rel=1e-12)


def test_taken_rows_are_a_dense_copy(blobs, storage):
    X = blobs(20, 3, 3, share_zero=0.5).astype(np.float32)
    given_X = storage(X.copy())
    taken = as_points(given_X).take(np.array([7, 0, 7]))
    assert taken.dtype == np.float64
    assert np.array_equal(taken, X[[7, 0, 7]])
    taken[:] = 99.0
    assert np.array_equal(as_points(given_X).take(np.arange(20)), X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
def test_a_subset_has_its_rows_in_order_and_shares_no_memory(
    storage, dtype, index_dtype, always_threads
):
    X = np.array([[0.0, 1.0], [0.0, 0.0], [2.0, 3.0], [4.0, 0.0]], dtype=dtype)
    data = storage(X)
    if sp.issparse(data):
        data.indices, data.indptr = (
            part.astype(index_dtype) for part in (data.indices, data.indptr)
        )
    points = as_points(data, compress=False, n_threads=2)
    for rows in ([2, 1, 2, 0], [1], [3, 3, 3]):
        found = points.subset(np.array(rows)).matrix
        dense = found.toarray() if sp.issparse(found) else found
        assert dense.dtype == dtype
        assert dense.tolist() == X[rows].tolist()
        if sp.issparse(found):
            # Kernels are compiled for the dtype of the indices.
            assert found.indices.dtype == found.indptr.dtype == index_dtype
            assert not np.shares_memory(found.data, data.data)
        else:
            assert not np.shares_memory(found, X)


@pytest.mark.parametrize("n_clusters", [1, 7, 8, 9, 16])
@pytest.mark.parametrize("width", [8, 32])
@pytest.mark.parametrize("n_features", [1, 300])  # of one block, and of three
def test_transposed_centers_are_padded(n_clusters, n_features, width):
    centers = np.arange(1.0, 1 + n_features * n_clusters).reshape(n_clusters, n_features)
    table = transposed(centers, width)
    n_padded = table.shape[1]
    assert n_padded % width == 0
    assert 0 <= n_padded - n_clusters < width
    assert np.array_equal(table[:, :n_clusters], centers.T)
    assert np.all(table[:, n_clusters:] == 0.0)


@pytest.mark.parametrize("n_clusters", [1, 3, 8, 11])
def test_padding_is_never_the_nearest_center(storage, n_clusters):
    # Padding of zeros would be nearer to these rows than any center.
    X = np.ones((6, 3)) * 0.01
    X[0, 0] = 0.0
    assert max(labels_of(storage(X), np.full((n_clusters, 3), 50.0))) == 0


def test_every_stored_entry_has_its_place(storage):
    X = np.array([[0.0, 0.0, 3.0], [0.0] * 3, [1.0, 2.0, 0.0], [0.0] * 3, [4.0, 0.0, 5.0]])
    points = as_points(storage(X))
    places = [points.place(entry) for entry in range(points.n_stored)]
    assert places == sorted(set(places))
    assert [X[place] for place in places] == points.stored.tolist()
