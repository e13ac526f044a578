"""SparseAssigner: labels by the exact distance, for close, huge and tiny centers."""

import itertools
import warnings
from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import KMeans, reference
from kmeans_core.arrays import ceil_div
from kmeans_core.errors import ConvergenceWarning
from kmeans_core.kernels import sparse, sparse_direct, sparse_filter
from kmeans_core.kernels.centers import BLOCK_FEATURES
from kmeans_core.points import assign_sparse
from kmeans_core.points.assign_sparse import CenterFilter, SparseAssigner
from kmeans_core.points.checks import as_points


def exact(X, centers):
    """Labels by the exact distance alone."""
    with np.errstate(over="ignore"):
        distances = reference.squared_distances(X.toarray().astype(np.float64), centers)
    return np.argmin(np.where(np.isnan(distances), np.inf, distances), axis=1)


def assigned(X, centers, n_threads=1):
    labels = np.full(X.shape[0], -1, dtype=np.int32)
    assigner = as_points(X, n_threads=n_threads).assigner(len(centers))
    assigner.assign(np.ascontiguousarray(centers, dtype=np.float64), labels)
    return labels


def assigned_directly(X, centers):
    """Labels by the kernel that reads the centers instead of a table."""
    labels = np.full(X.shape[0], -1, dtype=np.int32)
    with patch.object(assign_sparse, "MOST_CELLS", 0):
        to = CenterFilter(len(centers), X.shape[1], n_stored=0, n_threads=1)
    assert to.kernel is sparse_direct.assign_directly
    assigner = SparseAssigner(as_points(X).csr, to, lambda work, task: task(0, X.shape[0]))
    n_moved = assigner.assign(np.ascontiguousarray(centers, dtype=np.float64), labels)
    assert n_moved == X.shape[0]
    return labels


def agree(X, centers):
    expected = exact(X, centers)
    np.testing.assert_array_equal(assigned(X, centers), expected)
    np.testing.assert_array_equal(assigned_directly(X, centers), expected)


def ratings(n_users, n_items, density, dtype=np.float32, seed=0):
    """Multiples of 1/2; some users and some items have no values."""
    rng = np.random.default_rng(seed)
    kept = rng.random((n_users, n_items)) < density
    kept[rng.integers(n_users)] = False
    kept[:, rng.integers(n_items)] = False
    return sp.csr_array((kept * rng.integers(1, 11, kept.shape) / 2).astype(dtype))


def means_of(X, n_clusters, seed=0):
    """Means of random sets of rows: nearly equal centers, as with ratings."""
    rng = np.random.default_rng(seed)
    dealt = rng.integers(0, n_clusters, X.shape[0])
    dealt[:n_clusters] = np.arange(n_clusters)
    rows = X.toarray().astype(np.float64)
    return np.array([rows[dealt == c].mean(axis=0) for c in range(n_clusters)])


# Ratings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 100, 130, 300])
def test_ratings_go_to_the_center_of_the_exact_distance(n_clusters):
    X = ratings(400, 60, 0.2)
    agree(X, means_of(X, n_clusters))
    # Rows as centers: exact ties if a user shares no item with either center.
    agree(X, X[:n_clusters].toarray().astype(np.float64))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_every_dtype_of_values_and_indices_will_do(dtype, index):
    X = ratings(300, 50, 0.2, dtype)
    X.data += np.arange(X.nnz) % 7 * dtype(0.01)
    X = sp.csr_array((X.data, X.indices.astype(index), X.indptr.astype(index)), X.shape)
    assert X.indices.dtype == index
    for n_clusters in (4, 17):
        agree(X, means_of(X, n_clusters))


@pytest.mark.parametrize("n_clusters", [1, 2, 40])
def test_one_feature_is_enough(n_clusters):
    X = ratings(200, 1, 0.8)
    agree(X, np.linspace(-1, 6, n_clusters)[:, None])


def test_without_stored_values_the_shortest_center_is_nearest():
    X = sp.csr_array((5, 3))
    centers = np.array([[2.0, 0, 0], [0, 1.0, 0], [0, 0, -1.0], [1.0, 1.0, 0]])
    assert assigned(X, centers).tolist() == [1] * 5


def test_one_assigner_serves_centers_that_move():
    X = ratings(300, 50, 0.2)
    assigner = as_points(X).assigner(20)
    centers = means_of(X, 20)
    elsewhere = means_of(X, 20, seed=5)[::-1].copy()
    labels = np.full(300, -1, dtype=np.int32)
    for _ in range(4):
        for now in (centers, elsewhere, elsewhere * 0.5):
            before = labels.copy()
            n_moved = assigner.assign(now, labels)
            assert n_moved == np.count_nonzero(labels != before)
            np.testing.assert_array_equal(labels, exact(X, now))
        for c in range(20):
            if np.any(labels == c):
                centers[c] = X[labels == c].toarray().mean(axis=0)


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
def test_labels_are_the_same_for_every_number_of_threads(n_threads, always_threads):
    X = ratings(500, 130, 0.1)
    centers = means_of(X, 20)
    labels = assigned(X, centers, n_threads)
    assert (always_threads.n_helpers > 0) == (n_threads > 1)
    np.testing.assert_array_equal(labels, exact(X, centers))


# Ties and nearly so ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_clusters", [2, 16, 50])
def test_of_equal_centers_the_lowest_is_taken(n_clusters):
    X = ratings(100, 30, 0.3)
    centers = means_of(X, n_clusters)
    twice = np.vstack([centers[::-1], centers, centers])
    assert np.max(assigned(X, twice)) < n_clusters
    agree(X, twice)


@given(st.data())
def test_on_a_grid_the_lowest_of_equally_near_centers_is_taken(data):
    n_rows, n_centers, n_features = (data.draw(st.integers(1, most)) for most in (6, 20, 4))
    step = st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.0, -1.0])
    n_values = (n_rows + n_centers) * n_features
    flat = data.draw(st.lists(step, min_size=n_values, max_size=n_values))
    both = np.array(flat).reshape(-1, n_features)
    X, centers = both[:n_rows], both[n_rows:]
    expected = reference.nearest(X, centers).tolist()
    assert assigned(sp.csr_array(X), centers).tolist() == expected
    assert assigned_directly(sp.csr_array(X), centers).tolist() == expected


def tied(kind):
    """Rows of 300 features, so that centers are 0 in whole blocks of features, and centers."""
    rng = np.random.default_rng(9)
    n_stored = {"one-hot": 1, "short": 3}.get(kind, 6)
    X = np.zeros((120, 300))
    for row in X:
        row[rng.choice(300, n_stored, replace=False)] = rng.integers(1, 3, n_stored)
    if kind == "one-hot":
        X = np.minimum(X, 1.0)
    if kind == "empty rows":
        X[rng.random(120) < 0.5] = 0.0
    if kind == "equal rows":
        X = X[rng.integers(0, 5, 120)]
    if kind == "constant columns":
        X[:, ::100] = 3.0
    if kind == "tiny":
        X *= 1e-170  # squares are 0, but products of a row and a center need not be
        X[::2] *= 1e170
    return sp.csr_array(X), X[rng.integers(0, 120, 20)]


TIES = ("one-hot", "short", "empty rows", "equal rows", "constant columns", "tiny")


@pytest.mark.parametrize("kind", TIES)
@pytest.mark.parametrize("n_clusters", [2, 20])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ties_between_centers_with_few_values_go_to_the_lowest(kind, n_clusters, n_threads):
    X, centers = tied(kind)
    labels = assigned(X, centers[:n_clusters], n_threads)
    np.testing.assert_array_equal(labels, exact(X, centers[:n_clusters]))
    np.testing.assert_array_equal(assigned_directly(X, centers[:n_clusters]), labels)


@pytest.mark.parametrize("kind", TIES)
@pytest.mark.parametrize("n_init", [1, 2])
def test_fits_of_tied_rows_have_the_same_bits_in_every_storage(kind, n_init):
    X, centers = tied(kind)
    init = centers if n_init == 1 else "k-means++"
    model = partial(KMeans, 20, init=init, n_init=n_init, random_state=0, n_threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # there are fewer rows than clusters
        of_csr = model().fit(X)
        of_dense = model().fit(X.toarray())
    np.testing.assert_array_equal(of_csr.labels_, of_dense.labels_)
    np.testing.assert_array_equal(of_csr.cluster_centers_, of_dense.cluster_centers_)


@given(seed=st.integers(0, 10_000), n_features=st.sampled_from([1, 127, 128, 129, 400]))
def test_the_exact_distance_by_blocks_has_the_bits_of_the_sum_over_all_features(seed, n_features):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(2, n_features)) * (rng.random((2, n_features)) < 0.02)
    csr = sp.csr_array(rows[:1])
    row = csr.data, csr.indices, 0, csr.nnz
    center = rows[1:]
    n_blocks = ceil_div(n_features, BLOCK_FEATURES)
    table = np.empty((n_features, 16), dtype=np.float32)
    norms = np.empty((n_blocks, 1))
    sparse_filter.put_blocks(center, np.ones(1, dtype=bool), 0, n_blocks, table, norms)
    found = sparse_direct.exact_distance(*row, center, norms, 0)
    assert found == sparse.exact_distance(*row, center[0])
    assert found == np.add.accumulate((rows[0] - rows[1]) ** 2)[-1]


@pytest.mark.parametrize("size", [0, 500, 4_000, 10**6])
@pytest.mark.parametrize("nudged", ["nothing", "rows", "centers"])
def test_float32_settles_ties_of_short_multiples_of_a_quarter_alone(size, nudged):
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 3, (40, 30)) * 0.25 * (rng.random((40, 30)) < 0.2)
    rows[:, 0] += size
    centers = rows[rng.integers(0, 40, 12)]
    if nudged == "rows":  # they lie between the first two centers, a little nearer to the second
        rows = centers[0] + (centers[1] - centers[0]) * np.linspace(0.5, 0.5 + 1e-9, 40)[:, None]
    if nudged == "centers":  # the first is a little farther than the second from every row
        centers[0] = centers[1]
        centers = centers[:2]
        rows[:, 5], centers[:, 5] = 0.5, 0.0
        centers[0, 5] -= 1e-9
    agree(sp.csr_array(rows), centers)


def test_only_the_lowest_of_equal_centers_has_a_finite_half_norm():
    centers = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [0.0, 0.0], [2.0, 1.0], [1.0, 2.0]])
    norms, half_norms = np.empty(6), np.empty(16, dtype=np.float32)
    sparse_filter.put_norms(centers, np.sum(centers**2, axis=1)[None], norms, half_norms)
    assert norms.tolist() == [5.0, 5.0, 5.0, 0.0, 5.0, 5.0]
    assert half_norms[:6].tolist() == [2.5, 2.5, np.inf, 0.0, np.inf, np.inf]


@pytest.mark.parametrize("apart", [1e-5, 1e-6, 1e-7, 1e-8, 1e-12, 1e-15])
@pytest.mark.parametrize("n_clusters", [2, 60])
def test_centers_that_nearly_coincide_are_told_apart(apart, n_clusters):
    X = ratings(400, 40, 0.4, np.float64)
    rng = np.random.default_rng(3)
    X.data *= rng.uniform(0.9, 1.1, X.nnz)
    middle = X.toarray().mean(axis=0)
    agree(X, middle * (1 + apart * rng.normal(size=(n_clusters, 40))))


@pytest.mark.parametrize("n_clusters", [2, 100])
def test_rows_nearly_midway_between_two_centers_are_told_apart(n_clusters):
    rng = np.random.default_rng(4)
    offsets = 10.0 ** rng.uniform(-16, 0, 2000) * rng.choice([-1, 1], 2000)
    X = sp.csr_array((1000.5 + offsets)[:, None])
    agree(X, np.arange(n_clusters)[:, None] + 1000.0)


@pytest.mark.parametrize("length", [0.01, 0.3, 1.0, 30.0])
def test_a_row_nearly_as_far_from_all_centers_goes_to_the_nearest(length):
    rng = np.random.default_rng(8)
    for _ in range(300):
        row = np.array([rng.uniform(length, 2 * length), 0.0, 0.0])
        away = rng.normal(size=(16, 3)) * [rng.choice([0.001, 1.0]), 1.0, 1.0]
        distance = 1 + 10.0 ** rng.uniform(-9, -6) * rng.normal(size=(16, 1))
        centers = row + away / np.linalg.norm(away, axis=1)[:, None] * distance
        agree(sp.csr_array(row[None, :]), centers)


def leaning(n_stored, unit, x_step, others):
    """A row and centers whose sums of products have the largest possible rounding error.

    Both sums start with 1. In the first sum, each further term is a 64th more than half a unit in
    the last place of 1, which rounds up to a whole unit. In the second sum it is a 64th less, which
    rounds down to 0. So the first center seems nearer by about 2 * n_stored * unit, which is close
    to the bound. Its value in a feature that the row does not store makes it farther by a twentieth
    of that.
    """
    row = np.full(n_stored, x_step)
    row[0] = 1.0
    centers = np.zeros((100, n_stored + 1))
    for c, part in ((97, 1 + 2.0**-6), (98, 1 - 2.0**-6)):
        centers[c, :n_stored] = part * unit / x_step
        centers[c, 0] = 1.0
    one, other = (np.sum((row - center[:-1]) ** 2) for center in centers[[97, 98]])
    centers[97, -1] = np.sqrt(other - one + 0.1 * n_stored * unit)
    centers[: len(others), 0] = others
    return sp.csr_array(np.append(row, 0.0)[None, :]), centers


@pytest.mark.parametrize("others", [[], [-8.0], [-1e6]])
@pytest.mark.parametrize("n_stored", [50, 400, 3000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_of_float32_at_its_worst_decides_nothing(n_stored, others, dtype):
    # A far center widens the bound for all centers. The bound of each center must hold too.
    X, centers = leaning(n_stored, 2.0**-24, 2.0**-12, others)
    assert exact(X, centers).tolist() == [98]
    assert assigned(X.astype(dtype), centers).tolist() == [98]


@pytest.mark.parametrize("n_stored", [50, 400, 3000])
def test_rounding_of_float64_at_its_worst_decides_nothing(n_stored):
    X, centers = leaning(n_stored, 2.0**-53, 2.0**-26, [])
    assert exact(X, centers).tolist() == [98]
    assert assigned(X, centers).tolist() == [98]
    assert assigned_directly(X, centers).tolist() == [98]


@pytest.mark.parametrize("n_stored", [50, 400, 3000])
@pytest.mark.parametrize("n_clusters", [2, 3, 5, 16])
def test_rounding_of_one_short_vector_at_its_worst_decides_nothing(n_stored, n_clusters):
    X, centers = leaning(n_stored, 2.0**-24, 2.0**-12, [])
    few = np.vstack([np.full((n_clusters - 2, n_stored + 1), 2.0), centers[97:99]])
    assert exact(X, few).tolist() == [n_clusters - 1]
    agree(X, few)


# Sizes ----------------------------------------------------------------------------------------

SIZES = (1e-320, 1e-300, 1e-160, 1e-40, 1e-30, 1e-22, 1e-19, 1e-10)
SIZES += (1e10, 1e18, 1e19, 1e20, 1e37, 1e39, 1e77, 1e150, 1e154, 1e300)


@pytest.mark.parametrize("size", SIZES)
def test_rows_and_centers_may_be_of_any_size(size):
    rng = np.random.default_rng(5)
    X = ratings(200, 12, 0.4, np.float64)
    X.data *= rng.uniform(0.5, 1.5, X.nnz)
    with np.errstate(all="ignore"):
        X.data *= size / 10
        rows = X.toarray()
        centers = rows[:20] * rng.uniform(0.9, 1.1, (20, 1))
        agree(X, centers)
        agree(X, rows[20:24] * (1 + 1e-7 * rng.normal(size=(4, 12))))
        # Sizes that are unrelated to those of the rows.
        agree(X, ratings(20, 12, 0.4, np.float64).toarray())


@pytest.mark.parametrize("size", [1e-44, 1e-38, 1e-22, 1e-19, 1e18, 1e19, 1e30, 1e37])
def test_float32_rows_may_be_of_any_size(size):
    X = ratings(200, 12, 0.4)
    with np.errstate(all="ignore"):
        X = sp.csr_array((X.toarray().astype(np.float64) * size).astype(np.float32))
        rng = np.random.default_rng(6)
        agree(X, X[:20].toarray() * rng.uniform(0.9, 1.1, (20, 1)))


def test_one_row_out_of_range_leaves_the_others_theirs():
    X = ratings(50, 12, 0.4, np.float64).toarray()
    X[7, 3], X[9, 4], X[11, 5] = 1e300, -1e39, 1e-300
    with np.errstate(all="ignore"):
        agree(sp.csr_array(X), X[12:30] + 0.25)
        agree(sp.csr_array(X), X[5:12])


def test_centers_that_are_not_finite_are_handled_as_by_the_exact_distance():
    X = ratings(50, 12, 0.4, np.float64)
    with np.errstate(all="ignore"):
        for value, place in itertools.product((np.inf, -np.inf, np.nan), (1, 5)):
            centers = means_of(X, 6)
            centers[place, 2] = value
            agree(X, centers)
