"""KMeans(missing="ignore") as an estimator: transform, input, threads, errors."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn.base
import sklearn.utils
from gaps import csr_of, filled, rated, state
from sklearn.metrics import nan_euclidean_distances

from kmeans_core import InvalidParameterError, KMeans

pytestmark = [
    pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Rows without any known cell:UserWarning"),
]

# transform --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_transform_is_nan_euclidean_distances(form, dtype):
    X = rated().astype(dtype)
    X[[3, 50]] = np.nan
    model = KMeans(5, random_state=0, missing="ignore")
    distances = model.fit_transform(form(X))
    assert distances.dtype == dtype
    expected = nan_euclidean_distances(X.astype(float), model.cluster_centers_.astype(float))
    assert np.isnan(distances).all(axis=1).nonzero()[0].tolist() == [3, 50]
    np.testing.assert_allclose(distances, expected, rtol=1e-6 if dtype == np.float32 else 1e-12)
    assert model.transform(form(X)).tobytes() == distances.tobytes()


def test_a_row_without_gaps_has_the_distances_of_plain_k_means(form):
    X = rated()
    model = KMeans(4, random_state=0, missing="ignore").fit(form(X))
    whole = filled(X)
    plain = KMeans(4, init=model.cluster_centers_, max_iter=1).fit(whole)
    plain.cluster_centers_ = model.cluster_centers_
    both = np.vstack([whole, X])
    assert model.predict(form(both))[: len(X)].tolist() == plain.predict(whole).tolist()
    assert model.transform(form(both))[: len(X)].tobytes() == plain.transform(whole).tobytes()


# Invariants -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", [2, 3, 7])
def test_threads_change_no_bit(form, always_threads, n_threads):
    X = rated() + np.random.default_rng(0).normal(size=(120, 12)) * 0.1
    X[11] = np.nan
    weights = np.random.default_rng(1).random(120)
    found = []
    for threads in (1, n_threads):
        before = always_threads.n_helpers
        model = KMeans(5, n_init=3, random_state=0, missing="ignore", n_threads=threads)
        model.fit(form(X), sample_weight=weights)
        rest = model.transform(form(X)).tobytes(), model.score(form(X), sample_weight=weights)
        found.append((*state(model), *rest))
        assert (always_threads.n_helpers > before) == (threads > 1)
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_index_types_and_read_only_arrays_change_nothing(dtype, kind):
    X = rated().astype(dtype)
    expected = KMeans(5, random_state=0, missing="ignore").fit(X)
    matrix = csr_of(X)
    matrix.indices, matrix.indptr = matrix.indices.astype(kind), matrix.indptr.astype(kind)
    for array in (matrix.data, matrix.indices, matrix.indptr, X):
        array.flags.writeable = False
    for form in (matrix, X):
        model = KMeans(5, random_state=0, missing="ignore").fit(form)
        assert state(model) == state(expected)
        assert model.predict(form).tolist() == expected.labels_.tolist()


def test_the_callers_arrays_are_never_changed(form):
    X = rated()
    X[4] = np.nan
    given_X = form(X.copy())
    if sp.issparse(given_X):
        given_X.data[::7] = np.nan
    copy = given_X.copy()
    weights = np.arange(120.0)
    init = filled(X[:4].copy())
    init_copy = np.nan_to_num(init)
    model = KMeans(4, init=init_copy.copy(), missing="ignore", shrinkage=1.0)
    model.fit(given_X, sample_weight=weights).transform(given_X)
    model.score(given_X)
    assert weights.tolist() == list(range(120))
    assert model.init.tolist() == init_copy.tolist()
    if sp.issparse(given_X):
        for name in ("data", "indices", "indptr"):
            assert getattr(given_X, name).tobytes() == getattr(copy, name).tobytes()
    else:
        assert given_X.tobytes() == copy.tobytes()


def test_the_best_restart_is_kept(form, events_of):
    X = rated()
    model = KMeans(6, init="random", n_init=5, random_state=0, missing="ignore", tol=0)
    events = events_of(model, form(X))
    ends = {event.restart: event.inertia for event in events}
    assert len(ends) == 5
    assert model.inertia_ == pytest.approx(min(ends.values()), rel=1e-12)


def test_verbose_prints_the_iterations(form, capsys):
    KMeans(2, init=[[1.0] * 12, [4.0] * 12], missing="ignore", verbose=1, tol=0).fit(form(rated()))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Initialization complete"
    assert lines[1].startswith("Iteration 0, inertia ")
    assert lines[-1].endswith("strict convergence.")


# The estimator ----------------------------------------------------------------------------------


def test_attributes_that_fit_adds_and_removes():
    X = rated()
    model = KMeans(3, random_state=0, missing="ignore").fit(X)
    assert type(model.heaviest_cluster_) is int
    assert type(model.penalty_) is float
    model.set_params(missing="error").fit(filled(X))
    assert not hasattr(model, "heaviest_cluster_")
    assert not hasattr(model, "penalty_")
    model.set_params(missing="ignore")
    with pytest.raises(ValueError, match="fitted with missing='error': fit again"):
        model.predict(X)


def test_copies_and_tags(form):
    X = form(rated())
    model = KMeans(3, random_state=0, missing="ignore", shrinkage=0.5).fit(X)
    copy = pickle.loads(pickle.dumps(model))
    assert copy.predict(X).tolist() == model.labels_.tolist()
    assert copy.score(X) == model.score(X)
    clone = sklearn.base.clone(model)
    assert clone.get_params() == model.get_params()
    assert state(clone.fit(X)) == state(model)
    assert repr(clone) == "KMeans(n_clusters=3, random_state=0, missing='ignore', shrinkage=0.5)"
    assert sklearn.utils.get_tags(model).input_tags.allow_nan
    assert not sklearn.utils.get_tags(KMeans()).input_tags.allow_nan


def test_frames_with_gaps():
    X = rated()
    frame = pd.DataFrame(X, columns=[f"movie {j}" for j in range(12)])
    model = KMeans(3, random_state=0, missing="ignore").set_output(transform="pandas").fit(frame)
    assert model.feature_names_in_[3] == "movie 3"
    other = KMeans(3, random_state=0, missing="ignore").fit(X)
    assert state(model) == state(other)
    distances = model.transform(frame)
    assert isinstance(distances, pd.DataFrame)
    assert np.array_equal(distances.to_numpy(), other.transform(X))
    objects = frame.astype(object).where(frame.notna(), None)
    assert state(model.fit(objects)) == state(other)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"missing": "drop"}, r"'missing' parameter of KMeans must be a str among \{'error', 'ig"),
        ({"missing": np.nan}, "'missing' parameter of KMeans must be a str"),
        ({"missing": None}, "'missing' parameter of KMeans must be a str"),
        ({"shrinkage": -1.0}, r"'shrinkage' parameter of KMeans must be a float in the range \[0"),
        ({"shrinkage": np.inf}, "'shrinkage' parameter of KMeans must be a float"),
        ({"shrinkage": "1"}, "'shrinkage' parameter of KMeans must be a float"),
        ({"shrinkage": 1.0}, "shrinkage=1.0 needs missing='ignore'"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(params, message):
    with pytest.raises(InvalidParameterError, match=message):
        KMeans(2, **params).fit([[1.0], [2.0], [4.0]])


def test_nan_is_refused_unless_it_is_asked_for():
    with pytest.raises(ValueError, match="contains NaN: the first at row 0"):
        KMeans(2).fit(rated())


def test_data_that_cannot_be_used_are_refused(form):
    model = KMeans(2, missing="ignore", random_state=0)
    infinite = rated()
    infinite[6, 2] = -np.inf
    with pytest.raises(ValueError, match="contains infinity: the first at row 6, column 2"):
        model.fit(form(infinite))
    hollow = rated()
    hollow[:, 5] = np.nan
    with pytest.raises(ValueError, match="Column 5 of X has no known value"):
        model.fit(form(hollow))
    weights = np.isnan(rated()[:, 3]).astype(float)
    with pytest.raises(ValueError, match="Column 3 of X has no known value in a row of positive"):
        model.fit(form(rated()), sample_weight=weights)
    few = np.full((5, 1), np.nan)
    few[3] = 1.0
    with pytest.raises(ValueError, match="Only 1 of 5 rows have a known cell: too few for n_cl"):
        model.fit(form(few))
    with pytest.raises(ValueError, match="Only 0 of 5 rows have a known cell"):
        model.fit(form(np.full((5, 2), np.nan)))


def test_given_centers_must_be_known(form):
    init = np.ones((2, 12))
    init[1, 3] = np.nan
    with pytest.raises(ValueError, match="contains NaN: the first at row 1, column 3"):
        KMeans(2, init=init, missing="ignore").fit(form(rated()))


@pytest.mark.parametrize("kind", ["bsr", "dia"])
def test_formats_that_store_cells_that_were_not_given_are_refused(kind):
    X = csr_of(rated(30)).asformat(kind)
    for method in (KMeans(2, missing="ignore").fit, KMeans(2, missing="ignore").fit_predict):
        with pytest.raises(ValueError, match=f"X is a {kind.upper()} matrix, which stores whole"):
            method(X)


def test_a_stored_zero_is_known():
    X = np.array([[0.0, np.nan], [1.0, 5.0], [np.nan, 0.0], [0.0, 5.0]])
    for kind in ("csr", "csc", "coo"):
        matrix = csr_of(X).asformat(kind)
        assert matrix.nnz == 6
        model = KMeans(2, init=[[0.0, 0.0], [1.0, 5.0]], missing="ignore", max_iter=1).fit(matrix)
        assert model.cluster_centers_.tolist() == [[0.0, 0.0], [0.5, 5.0]]
