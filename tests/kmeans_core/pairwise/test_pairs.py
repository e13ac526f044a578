"""Distances between rows under every metric: by hand, against scikit-learn, in parts, errors."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from pair_distances import ROW_METRICS, all_pairs, distances_of, int64_csr, pairs_of

from kmeans_core import InvalidParameterError
from kmeans_core.pairwise.pairs import METRICS

HALF_STARS = st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0, 2.5, 3.0, 4.5, 5.0])


def stored_zeros(X):
    """CSR that stores every entry, including zeros."""
    n_rows, n_columns = X.shape
    columns = np.tile(np.arange(n_columns), n_rows)
    starts = np.arange(0, X.size + 1, n_columns)
    return sp.csr_array((X.ravel(), columns, starts), shape=X.shape)


def in_two_halves(X):
    """COO with two entries for each cell, whose sum is the value, from the last row on."""
    rows, columns = (np.concatenate([part[::-1], part]) for part in np.nonzero(X))
    values = np.array(X[rows, columns] / 2)
    return sp.coo_array((values, (rows, columns)), shape=X.shape)


def read_only(X):
    """A copy that cannot be written to."""
    copy = X.copy()
    copy.flags.writeable = False
    return copy


def read_only_csr(X):
    """CSR whose three arrays cannot be written to."""
    matrix = sp.csr_array(X)
    for array in (matrix.data, matrix.indices, matrix.indptr):
        array.flags.writeable = False
    return matrix


DENSE_FORMS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "list": np.ndarray.tolist,
    "list of rows": list,
    "frame": pd.DataFrame,
    "every other": lambda X: np.repeat(X, 2, axis=0)[::2],
    "big-endian": lambda X: X.astype(">f8"),
}
SPARSE_FORMS = {
    "csr_matrix": sp.csr_matrix,
    "csr_array": sp.csr_array,
    "csc": sp.csc_array,
    "coo": sp.coo_array,
    "lil": sp.lil_array,
    "dok": sp.dok_array,
    "int64 indices": int64_csr,
    "stored zeros": stored_zeros,
    "entries in two halves": in_two_halves,
    "read-only csr": read_only_csr,
}


@pytest.fixture(name="X")
def rows_of_all_kinds(blobs):
    """Rows with zeros, including two equal rows and two rows of zeros."""
    rows = blobs(40, 6, 4, share_zero=0.4)
    rows[[7, 20]] = 0.0
    rows[31] = rows[3]
    return rows


# By hand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("euclidean", [[0, 5, 1], [5, 0, 18**0.5], [1, 18**0.5, 0]]),
        ("manhattan", [[0, 7, 1], [7, 0, 6], [1, 6, 0]]),
        # A row of zeros has no direction. Its distance is 1 to every other row.
        ("cosine", [[0, 1, 1], [1, 0, 1 - 0.8], [1, 1 - 0.8, 0]]),
    ],
)
def test_by_hand(storage, metric, expected):
    X = storage(np.array([[0.0, 0.0], [3.0, -4.0], [0.0, -1.0]]))
    np.testing.assert_allclose(all_pairs(X, metric), expected, rtol=1e-15)


def test_cosine_depends_only_on_directions(storage):
    X = storage(np.array([[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0], [2.0, -1.0], [3e100, 6e100]]))
    expected = [0, 0, 2, 1, 0]
    np.testing.assert_allclose(all_pairs(X, "cosine")[0], expected, atol=1e-15)


def test_cosine_of_rows_of_zeros(storage):
    X = storage(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [-2.0, 0.0]]))
    expected = [[0, 1, 1, 1], [1, 0, 1, 2], [1, 1, 0, 1], [1, 2, 1, 0]]
    assert all_pairs(X, "cosine").tolist() == expected


def test_cosine_of_nearly_parallel_rows_keeps_its_digits(storage):
    # 1 - cos would round to 0 or 1e-16. The distance is angle^2 / 2.
    X = storage(np.array([[1.0, 0.0], [1.0, 1e-9]]))
    assert all_pairs(X, "cosine")[0, 1] == pytest.approx(5e-19, rel=1e-9)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_near_rows_far_from_the_origin_keep_their_digits(storage, metric):
    # The expanded |x|^2 - 2 x.y + |y|^2 would lose all digits.
    X = np.array([[1e8, 0.0, 3e8], [1e8 + 0.5, 0.0, 3e8], [1e8, 0.25, 3e8]])
    far = 0.75 if metric == "manhattan" else 0.3125**0.5
    expected = [[0, 0.5, 0.25], [0.5, 0, far], [0.25, far, 0]]
    np.testing.assert_allclose(all_pairs(storage(X), metric), expected, rtol=1e-15)


def test_precomputed_by_hand(storage):
    # An absent entry is distance 0. The distances need not be symmetric.
    D = np.array([[0, 1, 0], [2.5, 0, 3], [0, 7, 0]])
    assert all_pairs(storage(D), "precomputed").tolist() == D.tolist()
    assert distances_of(pairs_of(storage(D), "precomputed"), 1, 3, 0, 3).tolist() == D[1:].tolist()


@pytest.mark.parametrize("metric", METRICS)
def test_changing_a_block_does_not_change_its_source(storage, metric):
    X = storage(np.array([[0.0, 2.0], [2.0, 0.0]]))
    pairs = pairs_of(X, metric)
    to = pairs.to(0, 2)
    distances = to(0, 2)
    expected = distances[:, :2].copy()
    distances[:] = -1.0
    assert to(0, 2)[:, :2].tolist() == expected.tolist()
    assert distances_of(pairs, 0, 2, 0, 2).tolist() == expected.tolist()


# Against scikit-learn ---------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ROW_METRICS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8])
def test_same_as_sklearn(X, storage, metric, dtype):
    X = X.astype(dtype)
    # In float64, because scikit-learn has float32 distances for float32 rows. As "minkowski",
    # because its "euclidean" loses half the digits if rows are near.
    asked = {"metric": "minkowski", "p": 2} if metric == "euclidean" else {"metric": metric}
    expected = sklearn.metrics.pairwise_distances(X.astype(np.float64), **asked)
    distances = all_pairs(storage(X), metric)
    assert distances.dtype == np.float64
    np.testing.assert_allclose(distances, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("metric", ROW_METRICS)
@pytest.mark.parametrize("form", DENSE_FORMS)
def test_every_dense_form_gives_the_same_bits(X, metric, form):
    given_X = DENSE_FORMS[form](X)
    assert all_pairs(given_X, metric).tobytes() == all_pairs(X, metric).tobytes()


@pytest.mark.parametrize("metric", ROW_METRICS)
@pytest.mark.parametrize("form", SPARSE_FORMS)
def test_every_sparse_form(X, metric, form):
    matrix = SPARSE_FORMS[form](X)
    before = matrix.copy()
    distances = all_pairs(matrix, metric)
    np.testing.assert_allclose(distances, all_pairs(X, metric), rtol=0, atol=1e-12)
    if form != "stored zeros":  # its sums have terms of 0 between the others
        assert distances.tobytes() == all_pairs(sp.csr_array(X), metric).tobytes()
    assert matrix.nnz == before.nnz
    assert np.array_equal(matrix.toarray(), before.toarray())


@pytest.mark.parametrize("form", [*DENSE_FORMS, *SPARSE_FORMS])
def test_every_form_of_precomputed_distances(X, form):
    D = sklearn.metrics.pairwise_distances(X, metric="manhattan")
    D[D < 5.0] = 0.0
    given_D = (DENSE_FORMS | SPARSE_FORMS)[form](D)
    assert np.array_equal(all_pairs(given_D, "precomputed"), D)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8, bool, object, str])
def test_precomputed_distances_of_any_dtype(dtype):
    D = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]).astype(dtype)
    distances = all_pairs(D, "precomputed")
    assert distances.dtype == np.float64
    assert distances.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


def test_precomputed_lists_of_ints():
    assert all_pairs([[0, 3], [4, 0]], "precomputed").tolist() == [[0, 3], [4, 0]]


# Exactly ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ROW_METRICS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_features", [1, 7, 500, 9_001])
def test_equal_rows_are_exactly_0_apart(storage, metric, dtype, n_features):
    row = np.random.default_rng(n_features).normal(size=n_features).astype(dtype)
    row[1 : n_features // 2] = 0.0
    assert not np.any(all_pairs(storage(np.tile(row, (6, 1))), metric))


@pytest.mark.parametrize("metric", ROW_METRICS)
def test_distances_are_symmetric_to_the_bit(X, storage, metric):
    distances = all_pairs(storage(X), metric)
    assert distances.tobytes() == distances.T.tobytes()
    assert pairs_of(storage(X), metric).is_symmetric
    assert not np.any(np.diagonal(distances))
    assert np.all(distances >= 0)


@st.composite
def half_star_grids(draw):
    """Small grids of multiples of 1/2, including rows of zeros and equal rows."""
    n_rows, n_columns = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    row = st.lists(HALF_STARS, min_size=n_columns, max_size=n_columns)
    return np.array(draw(st.lists(row, min_size=n_rows, max_size=n_rows)))


@given(X=half_star_grids())
def test_halves_have_the_same_bits_in_every_storage(X):
    one, other = X[:, None, :], X[None, :, :]
    expected = {
        "manhattan": np.sum(np.abs(one - other), axis=2),
        "euclidean": np.sqrt(np.sum((one - other) ** 2, axis=2)),
    }
    for metric, distances in expected.items():
        for form in (X, X.astype(np.float32), sp.csr_array(X), stored_zeros(X), int64_csr(X)):
            assert all_pairs(form, metric).tobytes() == distances.tobytes()


@given(X=half_star_grids(), cut=st.integers(1, 8))
def test_cosine_of_halves(X, cut):
    expected = sklearn.metrics.pairwise_distances(X, metric="cosine")
    same = np.all(X[:, None, :] == X[None, :, :], axis=2) & np.any(X, axis=1)
    for form in (X, sp.csr_array(X)):
        pairs = pairs_of(form, "cosine")
        cut = min(cut, len(X))
        distances = np.vstack(
            [distances_of(pairs, *rows, 0, len(X)) for rows in ((0, cut), (cut, len(X)))]
        )
        np.testing.assert_allclose(distances, expected, rtol=0, atol=1e-12)
        assert not np.any(distances[same])


# In parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("n_rows", "n_columns"), [(1, 40), (40, 1), (3, 7), (39, 17), (8, 33)])
def test_block_sizes_change_no_distance(X, storage, metric, n_rows, n_columns):
    if metric == "precomputed":
        X = sklearn.metrics.pairwise_distances(X, metric="manhattan")
    pairs = pairs_of(storage(X), metric)
    expected = distances_of(pairs, 0, 40, 0, 40)
    for first in range(0, 40, n_columns):
        stop = min(first + n_columns, 40)
        for start in range(0, 40, n_rows):
            end = min(start + n_rows, 40)
            part = distances_of(pairs, start, end, first, stop)
            assert part.tobytes() == expected[start:end, first:stop].tobytes()


@pytest.mark.parametrize("n_samples", [1, 2, 5])
@pytest.mark.parametrize("n_features", [1, 33])
def test_few_rows(storage, n_samples, n_features):
    X = np.random.default_rng(0).normal(size=(n_samples, n_features))
    for metric in ROW_METRICS:
        asked = {"metric": "minkowski", "p": 2} if metric == "euclidean" else {"metric": metric}
        expected = sklearn.metrics.pairwise_distances(X, **asked)
        np.testing.assert_allclose(all_pairs(storage(X), metric), expected, rtol=0, atol=1e-12)


def test_precomputed_rows_are_read_whole():
    assert pairs_of(np.zeros((300, 300)), "precomputed").block_columns == 300


# What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metric", ["sqeuclidean", "L2", "Euclidean", "", None, 2, np.dot, ["cosine"]]
)
def test_the_error_for_another_metric_lists_the_four_metrics(metric):
    message = r"\('euclidean', 'manhattan', 'cosine', 'precomputed'\), not "
    with pytest.raises(InvalidParameterError, match=message):
        pairs_of([[0.0], [1.0]], metric)


def test_a_metric_may_be_a_numpy_string():
    assert all_pairs([[0.0], [1.5]], np.str_("manhattan")).tolist() == [[0, 1.5], [1.5, 0]]


@pytest.mark.parametrize("metric", METRICS)
def test_x_is_checked_under_every_metric(storage, metric):
    for bad, name in ((np.nan, "NaN"), (np.inf, "infinity")):
        X = np.zeros((3, 3))
        X[2, 1] = bad
        with pytest.raises(ValueError, match=f"contains {name}: the first at row 2, column 1"):
            pairs_of(storage(X), metric)
    hidden = np.ma.masked_array(np.zeros((3, 3)), mask=np.eye(3))
    with pytest.raises(ValueError, match="masked"):
        pairs_of(hidden, metric)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3)])
def test_precomputed_distances_must_be_square(storage, shape):
    message = rf"requires shape \(n_samples, n_samples\), got \({shape[0]}, {shape[1]}\)"
    with pytest.raises(ValueError, match=message):
        pairs_of(storage(np.zeros(shape)), "precomputed")


def with_diagonal(value, dtype):
    """Distances between 3 rows, with ``value`` from the middle row to itself."""
    D = np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]], dtype=dtype)
    D[1, 1] = value
    return D


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_diagonal_may_have_rounding_errors_of_its_dtype(dtype):
    # scipy has no sparse float16.
    forms = [np.asarray] if dtype is np.float16 else [np.asarray, sp.csr_array]
    allowed = dtype(100 * np.finfo(dtype).eps)
    too_much = np.nextafter(allowed, dtype(1))
    for form in forms:
        assert all_pairs(form(with_diagonal(allowed, dtype)), "precomputed")[1, 1] == allowed
        for value in (too_much, -too_much):
            with pytest.raises(ValueError, match=r"non-zero elements on the diagonal.* at row 1"):
                pairs_of(form(with_diagonal(value, dtype)), "precomputed")


def test_the_diagonal_of_objects_is_read_as_floats():
    assert all_pairs(with_diagonal(1e-14, object), "precomputed")[1, 1] == 1e-14
    with pytest.raises(ValueError, match=r"non-zero elements on the diagonal.* at row 1"):
        pairs_of(with_diagonal(1e-13, object), "precomputed")


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(1, np.int64), (-128, np.int8), (1, np.uint8), (-1, np.int32), (True, bool)],
)
def test_the_diagonal_of_integers_must_be_exactly_0(storage, value, dtype):
    with pytest.raises(ValueError, match=r"non-zero elements on the diagonal.* at row 1"):
        pairs_of(storage(with_diagonal(value, dtype)), "precomputed")


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_the_error_for_a_negative_distance_names_its_place(storage, dtype):
    D = np.array([[0, 1, 2], [1, 0, -1], [2, -2, 0]], dtype=dtype)
    with pytest.raises(ValueError, match=r"Negative values .*: the first at row 1, column 2"):
        pairs_of(storage(D), "precomputed")


def test_entries_of_one_cell_add_up_before_the_sign_is_checked():
    D = sp.coo_array(([-1.0, 3.0, 2.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    assert all_pairs(D, "precomputed").tolist() == [[0, 2], [2, 0]]
