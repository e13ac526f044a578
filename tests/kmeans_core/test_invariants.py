"""The eight invariants of every fit, dense and CSR."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st

from kmeans_core import KMeans, reference, reference_weighted
from kmeans_core.pairwise.pairs import euclidean
from kmeans_core.pairwise.silhouette import samples_of_labelings
from kmeans_core.points.checks import as_points

pytestmark = pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning")

BOTH = st.sampled_from([np.asarray, sp.csr_array])


def state(model: KMeans) -> tuple:
    """All results of a fit, to the bit."""
    return (
        model.labels_.tolist(),
        model.cluster_centers_.tolist(),
        model.inertia_,
        model.n_iter_,
    )


def fit_without_relocation(case, X, weights, events_of, **params):
    """Fit, and drop the example if a cluster was relocated: the row depends on the order."""
    model = case.model(**params)
    events = events_of(model, X, sample_weight=weights)
    assume(not any(event.n_relocated for event in events))
    return model


# 1 and 2 --------------------------------------------------------------------------------------


@given(data=st.data(), storage=BOTH, dtype=st.sampled_from([np.float64, np.float32]))
def test_labels_equal_predict_after_any_way_of_stopping(
    exact_cases, float_cases, data, storage, dtype
):
    case = data.draw(st.one_of(exact_cases, float_cases))
    X = storage(case.X.astype(dtype))
    model = case.model().fit(X, sample_weight=case.weights)
    assert model.labels_.tolist() == model.predict(X).tolist()
    # ``reference`` gives the same for the centers that were returned.
    nearest = reference.nearest(
        case.X.astype(dtype).astype(np.float64), model.cluster_centers_.astype(np.float64)
    )
    assert model.labels_.tolist() == nearest.tolist()


@given(data=st.data(), storage=BOTH, dtype=st.sampled_from([np.float64, np.float32]))
def test_inertia_is_the_weighted_sum_of_squared_distances(
    exact_cases, float_cases, data, storage, dtype
):
    case = data.draw(st.one_of(exact_cases, float_cases))
    X = case.X.astype(dtype).astype(np.float64)
    model = case.model().fit(storage(X.astype(dtype)), sample_weight=case.weights)
    weights = np.ones(len(X)) if case.weights is None else case.weights
    expected = reference_weighted.weighted_inertia(
        X, model.cluster_centers_.astype(np.float64), model.labels_, weights
    )
    assert type(model.inertia_) is float
    assert model.inertia_ == pytest.approx(expected, rel=1e-11, abs=1e-300)


def test_inertia_keeps_its_digits_far_from_the_origin(storage):
    # |x|^2 - 2 x.c + |c|^2 would lose all digits: 1e8 squared is 1e16, and the answer is 1.
    X = np.array([[1e8, 1.0], [1e8 + 1.0, 1.0], [-1e8, 0.0], [-1e8 + 1.0, 0.0]])
    model = KMeans(2, init=X[[0, 2]], n_init=1, tol=0).fit(storage(X))
    assert model.labels_.tolist() == [0, 0, 1, 1]
    assert model.inertia_ == 1.0
    assert model.score(storage(X)) == -1.0


# 3 --------------------------------------------------------------------------------------------


@given(data=st.data(), storage=BOTH)
def test_inertia_never_rises(exact_cases, float_cases, events_of, data, storage):
    # This includes relocations: the row lies on the relocated center, and the means of the other
    # rows fit them better than before.
    case = data.draw(st.one_of(exact_cases, float_cases))
    model = case.model()
    inertias = [
        event.inertia for event in events_of(model, storage(case.X), sample_weight=case.weights)
    ]
    inertias.append(model.inertia_)
    # Means are rounded, so even equal rows may differ from their mean in the last bit.
    noise = 1e-28 * float(np.sum(case.X**2)) * len(case.X)
    for before, after in itertools.pairwise(inertias):
        assert after <= before * (1 + 1e-12) + noise


# 4 is test_lloyd.py; 5 --------------------------------------------------------------------------


@given(data=st.data(), storage=BOTH)
def test_permuting_rows_permutes_labels(exact_cases, events_of, data, storage):
    case = data.draw(exact_cases)
    order = np.array(data.draw(st.permutations(range(len(case.X)))))
    weights = np.ones(len(case.X)) if case.weights is None else case.weights
    # Another order of rows changes the rounding of the mean variance, and so of the tolerance.
    one = fit_without_relocation(case, storage(case.X), weights, events_of, tol=0)
    other = fit_without_relocation(case, storage(case.X[order]), weights[order], events_of, tol=0)
    assert other.labels_.tolist() == one.labels_[order].tolist()
    assert other.cluster_centers_.tolist() == one.cluster_centers_.tolist()
    assert other.n_iter_ == one.n_iter_


@given(data=st.data(), storage=BOTH, scale=st.sampled_from([0.25, 3.0, 1000.0]))
def test_scaling_weights_changes_only_the_inertia(exact_cases, data, storage, scale):
    case = data.draw(exact_cases)
    weights = np.ones(len(case.X)) if case.weights is None else case.weights
    one = case.model().fit(storage(case.X), sample_weight=weights)
    other = case.model().fit(storage(case.X), sample_weight=scale * weights)
    assert state(other)[:2] == state(one)[:2]
    assert other.n_iter_ == one.n_iter_
    assert other.inertia_ == pytest.approx(scale * one.inertia_, rel=1e-12)


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_scaling_weights_does_not_change_the_first_centers(blobs, storage, init):
    X = storage(blobs(100, 3, 5))
    weights = np.random.default_rng(0).integers(0, 4, size=100).astype(float)
    one = KMeans(5, init=init, random_state=3, n_init=2).fit(X, sample_weight=weights)
    other = KMeans(5, init=init, random_state=3, n_init=2).fit(X, sample_weight=0.5 * weights)
    assert state(other)[:2] == state(one)[:2]


@given(data=st.data(), storage=BOTH)
def test_an_integer_weight_equals_repetition(exact_cases, events_of, data, storage):
    case = data.draw(exact_cases)
    assume(case.weights is not None)
    copies = np.repeat(np.arange(len(case.X)), case.weights.astype(int))
    assume(len(copies) >= len(case.init))
    # tol is scaled by the variance of the rows without weights.
    weighted = fit_without_relocation(case, storage(case.X), case.weights, events_of, tol=0)
    repeated = fit_without_relocation(case, storage(case.X[copies]), None, events_of, tol=0)
    assert repeated.labels_.tolist() == weighted.labels_[copies].tolist()
    assert repeated.cluster_centers_.tolist() == weighted.cluster_centers_.tolist()
    assert repeated.inertia_ == pytest.approx(weighted.inertia_, rel=1e-12, abs=1e-300)


# 6 --------------------------------------------------------------------------------------------


@given(data=st.data())
def test_dense_and_csr_give_the_same(exact_cases, data):
    case = data.draw(exact_cases)
    dense = case.model().fit(case.X, sample_weight=case.weights)
    sparse = case.model().fit(sp.csr_array(case.X), sample_weight=case.weights)
    assert sparse.labels_.tolist() == dense.labels_.tolist()
    assert sparse.cluster_centers_.tolist() == dense.cluster_centers_.tolist()
    assert sparse.n_iter_ == dense.n_iter_
    assert sparse.inertia_ == pytest.approx(dense.inertia_, rel=1e-12, abs=1e-300)
    assert sparse.predict(case.X).tolist() == dense.predict(sp.csr_array(case.X)).tolist()


@pytest.mark.parametrize("init", ["k-means++", "random"])
@pytest.mark.parametrize("seed", range(3))
def test_dense_and_csr_draw_the_same_first_centers(blobs, init, seed):
    X = blobs(120, 6, 5, seed=seed, share_zero=0.5)
    dense = KMeans(6, init=init, n_init=3, random_state=seed).fit(X)
    sparse = KMeans(6, init=init, n_init=3, random_state=seed).fit(sp.csr_array(X))
    assert sparse.labels_.tolist() == dense.labels_.tolist()
    assert sparse.n_iter_ == dense.n_iter_
    np.testing.assert_allclose(sparse.cluster_centers_, dense.cluster_centers_, rtol=1e-12)


def fortran(X):
    return np.asfortranarray(X)


def every_second_of_a_wider_array(X):
    return np.repeat(np.repeat(X, 2, axis=1), 3, axis=0)[::3, ::2]


def backwards(X):
    return np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def other_byte_order(X):
    return X.astype(X.dtype.newbyteorder("S"))


def matrix(X):
    with pytest.warns(PendingDeprecationWarning):
        return np.matrix(X)


def off_by_one_byte(X):
    return np.frombuffer(b"." + X.tobytes(), dtype=X.dtype, offset=1).reshape(X.shape)


@pytest.mark.parametrize(
    "layout",
    [
        fortran,
        every_second_of_a_wider_array,
        backwards,
        read_only,
        other_byte_order,
        off_by_one_byte,
        matrix,
    ],
)
def test_the_layout_of_a_dense_array_does_not_matter(blobs, layout):
    X = blobs(60, 3, 4)
    laid_out = layout(X)
    assert np.array_equal(laid_out, X)
    expected = KMeans(4, random_state=0).fit(X)
    model = KMeans(4, random_state=0).fit(laid_out)
    assert state(model) == state(expected)
    assert model.predict(laid_out).tolist() == expected.labels_.tolist()
    assert np.array_equal(model.transform(laid_out), expected.transform(X))


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64, np.dtype(np.int32).newbyteorder("S")])
@pytest.mark.parametrize("writeable", [True, False])
def test_the_integers_of_a_csr_matrix_do_not_matter(blobs, index_dtype, writeable):
    X = sp.csr_matrix(blobs(60, 3, 4, share_zero=0.4))
    expected = KMeans(4, random_state=0).fit(X)
    X.indices, X.indptr = X.indices.astype(index_dtype), X.indptr.astype(index_dtype)
    for array in (X.data, X.indices, X.indptr):
        array.flags.writeable = writeable
    model = KMeans(4, random_state=0).fit(X)
    assert state(model) == state(expected)
    assert model.predict(X).tolist() == expected.labels_.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_float32_gives_the_same_up_to_rounding(blobs, storage, differing_rows, seed):
    X = blobs(300, 4, 6, seed=seed, share_zero=0.2).astype(np.float32)
    double = KMeans(6, random_state=seed, tol=0).fit(storage(X.astype(np.float64)))
    single = KMeans(6, random_state=seed, tol=0).fit(storage(X))
    assert single.cluster_centers_.dtype == single.transform(storage(X)).dtype == np.float32
    n_differing = differing_rows(X, double.cluster_centers_, double.labels_, single.labels_)
    assert n_differing <= 1
    np.testing.assert_allclose(single.cluster_centers_, double.cluster_centers_, rtol=1e-4)
    np.testing.assert_allclose(single.inertia_, double.inertia_, rtol=1e-5)


# 7 --------------------------------------------------------------------------------------------


def bytes_of(X) -> list[bytes]:
    arrays = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
    return [array.tobytes() for array in arrays]


@given(data=st.data(), storage=BOTH)
def test_the_callers_arrays_are_never_changed(exact_cases, data, storage):
    case = data.draw(exact_cases)
    X, init = storage(case.X.copy()), case.init.copy()
    weights = None if case.weights is None else case.weights.copy()
    before = bytes_of(X), init.tobytes(), None if weights is None else weights.tobytes()
    model = case.model(init=init, copy_x=False).fit(X, sample_weight=weights)
    model.predict(X)
    model.transform(X)
    model.score(X, sample_weight=weights)
    after = bytes_of(X), init.tobytes(), None if weights is None else weights.tobytes()
    assert before == after
    assert not np.shares_memory(model.cluster_centers_, init)


# 8 --------------------------------------------------------------------------------------------


def everything(X, n_threads: int, weights) -> list:
    """Every number that a user can compute from X, as bytes."""
    params = {"n_threads": n_threads, "random_state": 1}
    model = KMeans(7, n_init=2, **params).fit(X, sample_weight=weights)
    far = np.full((2, X.shape[1]), 1e3)
    relocated = KMeans(2, init=far, n_init=1, n_threads=n_threads).fit(X)
    points = as_points(X, n_threads=n_threads)
    return [
        *map(repr, state(model)),
        *map(repr, state(relocated)),
        model.predict(X).tobytes(),
        model.transform(X).tobytes(),
        model.score(X, sample_weight=weights),
        samples_of_labelings(euclidean(points), [model.labels_])[0].tobytes(),
    ]


def test_the_same_bits_for_every_number_of_threads(blobs, storage, always_threads):
    X = blobs(401, 5, 6, share_zero=0.4)
    weights = np.random.default_rng(0).random(401)
    expected = everything(storage(X), 1, weights)
    assert always_threads.n_helpers == 0
    for n_threads in (2, 3, 7):
        assert everything(storage(X), n_threads, weights) == expected
        assert always_threads.n_helpers > 0
        always_threads.n_helpers = 0
