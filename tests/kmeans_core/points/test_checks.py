"""Input of any kind: it becomes points, or raises one clear error."""

import fractions
import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from kmeans_core import KMeans
from kmeans_core.errors import InvalidParameterError
from kmeans_core.points.checks import as_points, as_random_stream

X = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [5.0, 4.0, 3.0]])


def values_of(points) -> np.ndarray:
    return points.take(np.arange(points.shape[0]))


# Dense ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_c_ordered_floats_are_not_copied(dtype):
    array = X.astype(dtype)
    assert as_points(array).X is array


@pytest.mark.parametrize(
    "dtype",
    ["i1", "i4", "i8", "u2", "?", "f2", "g", ">f8", "<f8", ">f4", ">i4", "O", "U8", "S8"],
)
def test_every_real_dtype_is_read(dtype):
    expected = X != 0 if dtype == "?" else X
    points = as_points(X.astype(int).astype(dtype) if dtype in ("U8", "S8") else X.astype(dtype))
    assert points.dtype == np.float64
    assert points.X.dtype.isnative
    assert np.array_equal(values_of(points), expected)


def test_every_table_that_numpy_reads_is_read(tmp_path):
    class HasArray:
        def __array__(self, dtype=None, copy=None):
            return X

    X.tofile(tmp_path / "X")
    exact = [[fractions.Fraction(1, 2), 3]]
    assert values_of(as_points(exact)).tolist() == [[0.5, 3.0]]
    for table in (
        X.tolist(),
        list(X),
        tuple(map(tuple, X)),
        pd.DataFrame(X),
        pd.DataFrame(X.astype(int)),
        HasArray(),
        np.memmap(tmp_path / "X", mode="r", shape=X.shape, dtype=np.float64),
        np.ma.masked_array(X, mask=False),
    ):
        assert np.array_equal(values_of(as_points(table)), X)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, object])
def test_the_first_value_that_is_not_finite_is_named(value, dtype):
    bad = X.astype(dtype)
    bad[1, 2] = bad[3, 0] = value
    kind = "NaN" if np.isnan(value) else "infinity"
    with pytest.raises(ValueError, match=f"contains {kind}: the first at row 1, column 2"):
        as_points(bad)


def test_infinities_that_cancel_are_found():
    bad = X.copy()
    bad[0, 0], bad[2, 1] = np.inf, -np.inf
    with pytest.raises(ValueError, match="infinity: the first at row 0, column 0"):
        as_points(bad)


def test_a_sum_that_overflows_is_not_an_infinite_value():
    for storage in (np.asarray, sp.csr_array):
        for dtype in (np.float64, np.float32):
            big = np.full((4, 3), np.finfo(dtype).max, dtype=dtype)
            assert np.array_equal(values_of(as_points(storage(big))), big.astype(np.float64))


def test_a_long_double_that_float64_cannot_hold_is_infinity():
    if np.finfo(np.longdouble).max <= np.finfo(np.float64).max:
        pytest.skip("long double is float64 here")
    big = np.array([[1, np.finfo(np.float64).max]], dtype=np.longdouble) * 4
    with pytest.raises(ValueError, match="infinity: the first at row 0, column 1"):
        as_points(big)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (X + 1j, ValueError, "Complex data not supported"),
        ([[1, {"a": 2}]], TypeError, "argument must be .* string.* number"),
        ([[None, 1]], ValueError, "contains NaN: the first at row 0, column 0"),
        ([["one", "two"]], ValueError, "X holds a value that is not a number: .*one"),
        (np.array([["1", "x"]], dtype=object), ValueError, "not a number"),
        (X[0], ValueError, r"Expected 2D array, got 1D array .*Reshape your data"),
        (3.0, ValueError, "got 0D array"),
        (X[None], ValueError, "got 3D array"),
        ([[1.0, 2.0], [3.0]], ValueError, "inhomogeneous"),
        (np.empty((0, 3)), ValueError, r"0 sample\(s\) \(shape=\(0, 3\)\) .* minimum of 1 is"),
        (np.empty((12, 0)), ValueError, r"0 feature\(s\) \(shape=\(12, 0\)\) .* minimum of 1 is"),
        (sp.csr_array((0, 3)), ValueError, r"0 sample\(s\)"),
        (sp.csr_array((3, 0)), ValueError, r"0 feature\(s\)"),
        (sp.csr_array(X + 1j), ValueError, "Complex data not supported"),
        (sp.coo_array(X[0]), ValueError, "Expected 2D array, got 1D sparse array"),
        (np.ma.masked_equal(X, 5.0), ValueError, "masked values"),
    ],
)
def test_unreadable_input_is_refused_in_fit_and_predict(bad, error, message):
    model = KMeans(1)
    with pytest.raises(error, match=message):
        model.fit(bad)
    model.fit(X)
    for method in (model.predict, model.transform, model.score):
        with pytest.raises(error, match=message):
            method(bad)


# Sparse ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_every_sparse_format_is_read(form, kind):
    sparse = getattr(sp, f"{form}_{kind}")(X)
    points = as_points(sparse)
    assert np.array_equal(values_of(points), X)
    assert sparse.format == form
    assert np.array_equal(sparse.toarray(), X)
    expected = KMeans(2, random_state=0).fit(X)
    model = KMeans(2, random_state=0).fit(sparse)
    assert model.labels_.tolist() == expected.labels_.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_csr_of_floats_is_not_copied(dtype):
    sparse = sp.csr_array(X.astype(dtype))
    data, indices, indptr = as_points(sparse).csr
    assert np.shares_memory(data, sparse.data)
    assert np.shares_memory(indices, sparse.indices)
    assert np.shares_memory(indptr, sparse.indptr)
    assert data.dtype == dtype


@pytest.mark.parametrize("dtype", ["i1", "i8", "u4", "?", ">f8"])
def test_every_real_dtype_of_csr_is_read(dtype):
    sparse = sp.csr_array(X)
    sparse.data = sparse.data.astype(dtype)
    points = as_points(sparse)
    assert points.dtype == np.float64
    assert np.array_equal(values_of(points), X != 0 if dtype == "?" else X)


def unsorted_with_duplicates() -> sp.csr_matrix:
    """Row 0 is (3, 0, 1 + 4) out of order, row 1 empty, row 2 (0, 2 - 2, 0) with a stored zero."""
    matrix = sp.csr_matrix((3, 3))
    matrix.data = np.array([1.0, 3.0, 4.0, 2.0, -2.0, 0.0])
    matrix.indices = np.array([2, 0, 2, 1, 1, 0], dtype=np.int32)
    matrix.indptr = np.array([0, 3, 3, 6], dtype=np.int32)
    return matrix


def test_unsorted_and_repeated_indices_add_up_as_in_scipy():
    matrix = unsorted_with_duplicates()
    arrays = matrix.data, matrix.indices, matrix.indptr
    before = [array.copy() for array in arrays]
    attributes = sorted(vars(matrix))
    points = as_points(matrix)
    assert values_of(points).tolist() == [[3, 0, 5], [0, 0, 0], [0, 0, 0]]

    KMeans(2, random_state=0).fit(matrix).predict(matrix)
    assert (matrix.data, matrix.indices, matrix.indptr) == arrays  # the very same objects
    for array, kept in zip(arrays, before, strict=True):
        assert np.array_equal(array, kept)
    assert sorted(vars(matrix)) == attributes  # no flag was looked up and stored either
    assert np.array_equal(matrix.toarray(), values_of(points))


def test_a_fault_in_any_run_of_rows_is_found(always_threads):
    X = sp.csr_array(np.arange(1.0, 401.0).reshape(200, 2))
    for position in (0, 199, 399):
        bad = X.copy()
        bad.data[position] = np.nan
        with pytest.raises(ValueError, match=f"row {position // 2}, column {position % 2}"):
            as_points(bad, n_threads=3)


def test_entries_past_the_end_of_csr_arrays_are_ignored():
    X = sp.csr_array(np.array([[1.0, 0.0], [0.0, 3.0]]))
    longer = sp.csr_array(X.shape)
    longer.data = np.append(X.data, [5.0, np.nan])
    longer.indices = np.append(X.indices, [0, 9]).astype(X.indices.dtype)
    longer.indptr = X.indptr
    assert as_points(longer).mean_variance() == as_points(X).mean_variance()
    assert as_points(longer).n_stored == 2


@pytest.mark.parametrize(
    ("indices", "in_order"),
    [
        ([0, 2, 0, 1], True),
        ([2, 0, 0, 1], False),
        ([0, 0, 0, 1], False),
        ([0, 2, 1, 0], False),
        ([0, 1, 1, 1], False),
    ],
)
@pytest.mark.parametrize("indptr", [[0, 2, 4], [0, 0, 2, 2, 4, 4]])
def test_only_csr_out_of_order_is_copied(indices, in_order, indptr):
    matrix = sp.csr_matrix((len(indptr) - 1, 3))
    matrix.data = np.array([1.0, 2.0, 3.0, 4.0])
    matrix.indices, matrix.indptr = np.array(indices), np.array(indptr)
    points = as_points(matrix)
    assert np.shares_memory(points.csr[0], matrix.data) == in_order
    assert np.array_equal(values_of(points), matrix.toarray())


def test_repeated_integers_add_up_without_overflow():
    matrix = sp.csr_matrix((1, 2), dtype=np.int8)
    matrix.data = np.array([100, 100], dtype=np.int8)
    matrix.indices, matrix.indptr = np.array([1, 1]), np.array([0, 2])
    assert values_of(as_points(matrix)).tolist() == [[0, 200]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_place_of_a_sparse_value_that_is_not_finite_is_named(value):
    sparse = sp.csr_array(X)
    sparse.data[-2] = value
    with pytest.raises(ValueError, match=r"contains (NaN|infinity): the first at row 3, column 1"):
        as_points(sparse)


def test_sparse_data_is_never_made_dense():
    # As a dense array it takes 800 MB. Two centers take 16 MB, and there are several copies.
    rng = np.random.default_rng(0)
    n_features = 1_000_000
    indices = np.sort(rng.choice(n_features, size=(100, 5)), axis=1).ravel().astype(np.int32)
    wide = sp.csr_array((rng.random(500), indices, np.arange(0, 501, 5)), shape=(100, n_features))
    KMeans(2, random_state=0, max_iter=2).fit(wide).predict(wide)  # compiles: slow when traced
    tracemalloc.start()
    model = KMeans(2, random_state=0, max_iter=2).fit(wide)
    model.predict(wide)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert model.cluster_centers_.shape == (2, n_features)
    assert peak < 400e6


# Malformed ------------------------------------------------------------------------------------


def with_arrays(form=sp.csr_matrix, **arrays):
    """X in a sparse format, with arrays replaced after scipy has checked them."""
    matrix = form(X)
    for name, array in arrays.items():
        setattr(matrix, name, np.array(array))
    return matrix


# X has 5 stored values: columns 1 | 0 | | 0 1 2, and indptr 0 1 2 2 5.
@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"indices": [1, 0, 0, 1, 3]}, "row 3 has column index 3; X has 3 columns"),
        ({"indices": [1, -1, 0, 1, 2]}, "row 1 has column index -1"),
        ({"indices": [2**31 - 1, 0, 0, 1, 2]}, "row 0 has column index 2147483647"),
        ({"indices": [1, 0, 0]}, "indptr ends at 5, but there are 5 data and 3 indices"),
        ({"data": [1.0, 2.0, 5.0]}, "indptr ends at 5, but there are 3 data and 5 indices"),
        ({"indptr": [0, 1, 2, 2, 6]}, "indptr ends at 6"),
        ({"indptr": [0, 1, 2, 5]}, "indptr has 4 entries for 4 rows, but must have 5"),
        ({"indptr": [0, 1, 2, 2, 5, 5]}, "indptr has 6 entries"),
        ({"indptr": [1, 1, 2, 2, 5]}, "indptr starts at 1, not 0"),
        ({"indptr": [-1, 1, 2, 2, 5]}, "indptr starts at -1, not 0"),
        ({"indptr": [0, 3, 2, 2, 5]}, "indptr falls from 3 to 2 at row 1"),
        ({"indptr": [0, 1, 9, 2, 5]}, "indptr falls from 9 to 2 at row 2"),
        ({"indptr": [0, 1, 2, 2, -5]}, "indptr falls from 2 to -5 at row 3"),
        ({"indptr": [0.0, 1.0, 2.0, 2.0, 5.0]}, "signed integers, not int32, float64"),
        ({"indices": [1.0, 0.0, 0.0, 1.0, 2.0]}, "signed integers, not float64, int32"),
        ({"indices": [[1, 0, 0, 1, 2]]}, "must be 1-D"),
        ({"data": [[1.0, 2.0, 5.0, 4.0, 3.0]]}, "must be 1-D"),
        ({"indptr": [[0, 1, 2, 2, 5]]}, "must be 1-D"),
    ],
)
def test_malformed_csr_is_refused(arrays, message):
    bad = with_arrays(**arrays)
    for method in (KMeans(2).fit, KMeans(2, random_state=0).fit(X).predict):
        with pytest.raises(ValueError, match=f"Malformed sparse matrix X: .*{message}"):
            method(bad)


@pytest.mark.parametrize(
    ("form", "arrays", "message"),
    [
        (sp.csc_matrix, {"indices": [1, 3, 0, 3, 4]}, "column 2 has row index 4; X has 4 rows"),
        (sp.csc_matrix, {"indptr": [0, 2, 4, 9]}, "indptr ends at 9"),
        (sp.bsr_matrix, {"indices": [0] * 4 + [9]}, "block column index 9"),
        (sp.coo_matrix, {"row": [0, 1, 3, 3, 4]}, "a row index is outside 0..3"),
        (sp.coo_matrix, {"col": [1, 0, 0, 1, -1]}, "a column index is outside 0..2"),
        (sp.coo_matrix, {"data": [1.0]}, "5 row indices for 1 data"),
    ],
)
def test_other_malformed_formats_never_reach_scipys_conversion(form, arrays, message):
    bad = form(X, blocksize=(1, 1)) if form is sp.bsr_matrix else form(X)
    for name, array in arrays.items():
        setattr(bad, name, np.array(array))
    with pytest.raises(ValueError, match=f"Malformed sparse matrix X: .*{message}"):
        as_points(bad)


# Random states -----------------------------------------------------------------------------


def test_random_states():
    stream, generator = np.random.RandomState(1), np.random.default_rng(1)
    assert as_random_stream(stream) is stream
    assert as_random_stream(generator) is generator
    assert as_random_stream(None).uniform() != as_random_stream(None).uniform()
    for bad in (-1, 2**32, 1.5, "a", np.random):
        with pytest.raises(InvalidParameterError, match="cannot be used to seed"):
            as_random_stream(bad)


def test_a_seed_gives_the_same_stream_as_random_state():
    seeds = [0, 1, 42, 2**31, 2**32 - 1, True, np.uint8(7), np.int64(9)]
    for seed in [*seeds, *np.random.default_rng(0).integers(0, 2**32, size=30).tolist()]:
        one, other = as_random_stream(seed), np.random.RandomState(seed)
        for draw in (
            lambda stream: stream.get_state()[1],
            lambda stream: stream.get_state()[2:],
            lambda stream: stream.random_sample(5),
            lambda stream: stream.normal(size=3),  # an odd number: one is kept for the next call
            lambda stream: stream.randn(),
            lambda stream: stream.randint(1000, size=7),
            lambda stream: stream.choice(9, size=4, replace=False, p=np.arange(9) / 36),
            lambda stream: stream.permutation(12),
            lambda stream: stream.bytes(9),
            lambda stream: stream.tomaxint(),
        ):
            assert np.array_equal(draw(one), draw(other))
        twin = pickle.loads(pickle.dumps(one))
        assert twin.random_sample() == one.random_sample() == other.random_sample()
