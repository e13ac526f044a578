"""sweep_k: each result equals that of KMeans, and each score that of its public function."""

import itertools
import threading
import time

import numpy as np
import pytest
import scipy.sparse as sp
from gaps import rated

from kmeans_core import (
    InvalidParameterError,
    KMeans,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
    sweep_k,
)


@pytest.mark.parametrize(("n_init", "tol", "max_iter"), [(1, 0.5, 300), (4, 0.0, 300), (2, 0.0, 1)])
def test_each_k_equals_a_fit_of_kmeans(blobs, storage, n_init, tol, max_iter):
    X = storage(blobs(80, 3, 4, share_zero=0.2))
    ks = [5, 2, 9]
    result = sweep_k(X, ks, n_init=n_init, tol=tol, max_iter=max_iter, random_state=3)
    assert result.ks.tolist() == ks
    for row, k in enumerate(ks):
        model = KMeans(k, n_init=n_init, tol=tol, max_iter=max_iter, random_state=3).fit(X)
        assert result.labels[row].tolist() == model.labels_.tolist()
        assert result.inertia[row] == model.inertia_
        assert result.silhouette[row] == silhouette_score(X, model.labels_)
        assert result.calinski_harabasz[row] == calinski_harabasz_score(X, model.labels_)
        assert result.davies_bouldin[row] == davies_bouldin_score(X, model.labels_)
        assert result.n_found[row] == k
    assert result.seed_agreement.shape == result.bootstrap_agreement.shape == (3, 0)


def assert_rows_of_kmeans(X, ks, sample_weight=None, missing="error", **params):
    """Sweep, and compare each k with KMeans and silhouette_score."""
    result = sweep_k(X, ks, sample_weight=sample_weight, missing=missing, **params)
    for row, k in enumerate(ks):
        model = KMeans(k, missing=missing, **params).fit(X, sample_weight=sample_weight)
        assert result.labels[row].tolist() == model.labels_.tolist()
        assert result.inertia[row] == model.inertia_
        assert result.silhouette[row] == silhouette_score(X, model.labels_, missing=missing)
        assert result.n_found[row] == k
        spread = [result.calinski_harabasz[row], result.davies_bouldin[row]]
        if has_unknown(X, missing):
            assert np.isnan(spread).all()
        else:
            expected = [score(X, model.labels_) for score in SPREAD_SCORES]
            assert spread == pytest.approx(expected, rel=1e-12)


SPREAD_SCORES = [calinski_harabasz_score, davies_bouldin_score]


def has_unknown(X, missing):
    """Whether cells are NaN, or absent from CSR whose absent cells are unknown."""
    if missing == "error":
        return False
    return X.nnz < X.shape[0] * X.shape[1] if sp.issparse(X) else bool(np.isnan(X).any())


def some_rows(X, n_clusters, random_state):
    """A callable init."""
    rows = random_state.permutation(X.shape[0])[:n_clusters]
    return X[rows]


@pytest.mark.parametrize("n_init", ["auto", 2])
@pytest.mark.parametrize("init", ["k-means++", "random", some_rows])
def test_weights_and_first_centers_are_those_of_kmeans(blobs, storage, init, n_init):
    X = blobs(80, 3, 4, share_zero=0.2)
    weights = np.random.default_rng(1).integers(0, 4, size=80)
    params = {"init": init, "n_init": n_init, "random_state": 5}
    assert_rows_of_kmeans(storage(X), [4, 2, 7], sample_weight=weights, **params)


@pytest.mark.filterwarnings("ignore:Rows without any known cell:UserWarning")
@pytest.mark.parametrize("shrinkage", [0.0, 2.5])
@pytest.mark.parametrize("n_empty", [0, 3])
def test_unknown_cells_are_ignored_as_by_kmeans(form, shrinkage, n_empty):
    X = rated(60, 5, share=0.3)
    X[:n_empty] = np.nan
    weights = np.random.default_rng(1).integers(1, 4, size=60)
    params = {"missing": "ignore", "shrinkage": shrinkage, "n_init": 2, "random_state": 5}
    assert_rows_of_kmeans(form(X), [4, 2, 5], sample_weight=weights, **params)


@pytest.mark.parametrize("shrinkage", [0.0, 2.5])
def test_missing_ignore_without_unknown_cells(blobs, shrinkage):
    params = {"missing": "ignore", "shrinkage": shrinkage, "n_init": 2, "random_state": 5}
    assert_rows_of_kmeans(blobs(60, 3, 4), [2, 5], **params)


@pytest.mark.filterwarnings("ignore:Rows without any known cell:UserWarning")
@pytest.mark.parametrize("n_empty", [0, 3])
@pytest.mark.parametrize("missing", ["ignore", "error"])
def test_whole_rows_that_are_mostly_zero(n_empty, missing):
    rng = np.random.default_rng(0)
    X = rng.integers(1, 5, size=(60, 40)) * (rng.random((60, 40)) < 0.1) * 1.0
    if missing == "ignore":
        X[:n_empty] = np.nan
    assert_rows_of_kmeans(X, [2, 5], missing=missing, n_init=2, random_state=5)


def test_rows_without_known_cells_give_one_warning():
    X = np.array([[0.0, 1.0], [1.0, np.nan], [np.nan, np.nan], [7.0, 9.0], [8.0, 9.0]])
    with pytest.warns(UserWarning, match="Rows without any known cell: 1") as caught:
        sweep_k(X, [2, 3], missing="ignore", random_state=0)
    assert [str(warning.filename) for warning in caught] == [__file__]


def test_a_callable_is_called_in_the_calling_thread(blobs, always_threads):
    threads = set()

    def init(X, n_clusters, random_state):
        threads.add(threading.get_ident())
        return X[:n_clusters]

    sweep_k(blobs(40, 2, 3), [2, 5, 3, 4], init=init, n_init=1, random_state=0, n_threads=4)
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"init": np.eye(2)}, "'init' .* of sweep_k must be .*only one k: give it to KMeans"),
        ({"init": "kmeans"}, "'init' parameter of sweep_k must be a str among"),
        ({"missing": "skip"}, "'missing' parameter of sweep_k must be a str among"),
        ({"shrinkage": 1.0}, "shrinkage=1.0 needs missing='ignore'"),
        ({"n_init": "atuo"}, "'n_init' parameter of sweep_k"),
        ({"sample_weight": [1.0, -1.0]}, "sample_weight.shape == "),
        ({"sample_weight": [1.0, 1.0, -1.0]}, "must not be negative: the first is -1.0 at row 2"),
    ],
)
def test_a_bad_parameter_is_named(params, message):
    seen = []
    with pytest.raises(ValueError, match=message):
        sweep_k([[0.0, 1.0], [1.0, 0.0], [4.0, 5.0]], [2], on_k=seen.append, **params)
    assert seen == []


@pytest.mark.parametrize("new_stream", [np.random.RandomState, np.random.default_rng])
def test_one_stream_is_drawn_on_in_the_order_of_ks(blobs, storage, always_threads, new_stream):
    X = storage(blobs(60, 3, 5))
    ks, seen = [4, 9, 2, 4], []
    swept, serial = new_stream(0), new_stream(0)
    result = sweep_k(X, ks, n_init=2, random_state=swept, n_threads=3, on_k=seen.append)
    expected = [KMeans(k, n_init=2, random_state=serial).fit(X) for k in ks]
    assert always_threads.n_helpers > 0
    assert result.labels.tolist() == [model.labels_.tolist() for model in expected]
    assert result.inertia.tolist() == [model.inertia_ for model in expected]
    assert swept.random() == serial.random()
    assert seen == ks


@pytest.mark.parametrize("n_threads", range(1, 8))
def test_threads_change_nothing(blobs, storage, always_threads, n_threads):
    X = storage(blobs(80, 3, 4))
    ks = [3, 6, 2, 7, 6]
    alone = [KMeans(k, n_init=2, random_state=0, n_threads=1).fit(X) for k in ks]
    silhouettes = [silhouette_score(X, model.labels_) for model in alone]
    always_threads.n_helpers = 0
    result = sweep_k(X, ks, n_init=2, random_state=0, n_threads=n_threads)
    assert (always_threads.n_helpers > 0) == (n_threads > 1)
    assert result.ks.tolist() == ks
    assert result.labels.tolist() == [model.labels_.tolist() for model in alone]
    assert result.inertia.tolist() == [model.inertia_ for model in alone]
    assert result.silhouette.tolist() == silhouettes


@pytest.mark.filterwarnings("error")
def test_n_found_shows_fewer_distinct_rows_than_k():
    X = np.repeat([[0.0], [1.0], [9.0]], 3, axis=0)
    result = sweep_k(X, [2, 3, 5], random_state=0)
    assert result.n_found.tolist() == [2, 3, 3]
    assert result.silhouette[1:].tolist() == [1.0, 1.0]
    assert result.calinski_harabasz[1:].tolist() == [1.0, 1.0]
    assert result.davies_bouldin[1:].tolist() == [0.0, 0.0]
    assert result.suggested_k == 3


def test_each_k_is_reported_when_done(blobs):
    seen = []
    sweep_k(blobs(40, 2, 3), iter([2, 3, 4]), n_init=1, random_state=0, on_k=seen.append)
    assert sorted(seen) == [2, 3, 4]


def test_ks_are_reported_once_each_and_one_at_a_time(blobs, always_threads):
    seen, inside, threads = [], [], set()

    def on_k(k):
        inside.append(k)
        time.sleep(0.01)  # two at once would meet here
        assert inside == [k]
        inside.clear()
        seen.append(k)
        threads.add(threading.get_ident())

    ks = [2, 5, 3, 9, 7, 4, 8, 6, 5]
    sweep_k(blobs(40, 2, 3), ks, n_init=1, random_state=0, n_threads=4, on_k=on_k)
    assert sorted(seen) == sorted(ks)
    assert always_threads.n_helpers > 0
    assert len(threads) > 1


@pytest.mark.parametrize("n_threads", [1, 4])
@pytest.mark.parametrize("new_seed", [int, np.random.RandomState])
def test_an_error_in_on_k_reaches_the_caller_and_ends_the_sweep(
    blobs, always_threads, n_threads, new_seed
):
    seen = []

    def on_k(k):
        seen.append(k)
        raise LookupError("mine")

    X = blobs(40, 2, 3)
    ks = list(range(2, 22))
    with pytest.raises(LookupError, match="mine"):
        sweep_k(X, ks, n_init=1, random_state=new_seed(0), n_threads=n_threads, on_k=on_k)
    assert 1 <= len(seen) <= n_threads
    n_seen = len(seen)
    assert sweep_k(X, [2], random_state=0, n_threads=n_threads).n_found.tolist() == [2]
    assert len(seen) == n_seen  # no work is left running


def test_bad_input_is_refused_before_any_work(blobs):
    X = blobs(20, 2, 3)
    seen = []
    with pytest.raises(ValueError, match="ks is empty"):
        sweep_k(X, [])
    for ks, error, message in (
        ([2, 0], InvalidParameterError, "'n_clusters' parameter of KMeans .* Got 0 instead"),
        ([2, 2.5], InvalidParameterError, "'n_clusters' parameter of KMeans .* Got 2.5 instead"),
        ([2, 21], ValueError, "n_samples=20 should be >= n_clusters=21"),
        (range(2, 10**12), ValueError, "n_samples=20 should be >= n_clusters=999999999999"),
        (range(10**30, 2, -1), ValueError, f"n_samples=20 should be >= n_clusters={10**30}"),
        (itertools.count(2), ValueError, "n_samples=20 should be >= n_clusters=21"),
    ):
        with pytest.raises(error, match=message):
            sweep_k(X, ks, on_k=seen.append)
    with pytest.raises(ValueError, match="NaN"):
        sweep_k([[np.nan], [1.0], [2.0]], [2], on_k=seen.append)
    assert seen == []


def test_matrices_are_read_in_any_format(blobs):
    X = blobs(40, 4, 3, share_zero=0.5)
    dense = sweep_k(X, [2, 3], n_init=1, random_state=0)
    sparse = sweep_k(sp.csc_array(X), [2, 3], n_init=1, random_state=0)
    assert sparse.labels.tolist() == dense.labels.tolist()
    np.testing.assert_allclose(sparse.silhouette, dense.silhouette, atol=1e-12)
