"""MiniBatchKMeans: scikit-learn's results from the same seed, invariants, streams and errors."""

import inspect
import pickle
import re

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from behaviours import groups
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans as ScikitMiniBatchKMeans
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

from kmeans_core import KMeans, MiniBatchKMeans, reference_weighted

# What scikit-learn excuses its own MiniBatchKMeans from: batches are drawn by row.
EXCUSED = {
    f"check_sample_weight_equivalence_on_{kind}_data": "batches are drawn by row"
    for kind in ("dense", "sparse")
}


@pytest.fixture(autouse=True, scope="module")
def one_thread_for_scikit_learn():
    # Its threads wait for each other in every step, for seconds if the processors are busy.
    with threadpool_limits(1):
        yield


def half_stars(n=300, d=6, seed=0):
    """Multiples of 1/2, most of them 0: sums are exact."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random((n, d)) < 0.4, rng.integers(1, 11, size=(n, d)) / 2, 0.0)


def state(model):
    """All results, to the bit."""
    return (
        model.cluster_centers_.tolist(),
        model.labels_.tolist(),
        model._counts.tolist(),
        model.n_steps_,
    )


# As scikit-learn's --------------------------------------------------------------------------------


def test_parameters_and_defaults_are_scikit_learns():
    ours, theirs = (
        dict(inspect.signature(make).parameters)
        for make in (MiniBatchKMeans, ScikitMiniBatchKMeans)
    )
    assert ours.pop("n_threads").default is None
    assert {name: p.default for name, p in ours.items()} == {
        name: p.default for name, p in theirs.items()
    }


def test_scikit_learns_estimator_checks():
    # The parameters are those with which scikit-learn checks its own.
    model = MiniBatchKMeans(n_init=2, n_clusters=2, max_iter=5, batch_size=10)
    results = check_estimator(model, expected_failed_checks=EXCUSED, on_skip=None)
    ended = {result["check_name"]: result["status"] for result in results}
    assert len(ended) > 45
    assert {name for name, status in ended.items() if status == "skipped"} <= {
        "check_array_api_input"  # unless scikit-learn dispatches array libraries
    }
    assert {*ended.values()} <= {"passed", "skipped", "xfail"}


def some_rows(X, n_clusters, random_state):
    chosen = random_state.permutation(X.shape[0])[:n_clusters]
    return X[chosen].toarray() if sp.issparse(X) else X[chosen]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("init", ["k-means++", "random", "callable", "array"])
def test_the_same_seed_gives_scikit_learns_result(storage, init, dtype, weighted):
    X = np.where(groups(3, n=500, d=5) > 1, groups(3, n=500, d=5), 0.0).astype(dtype)
    weights = np.random.default_rng(1).integers(0, 4, size=500) + 0.5 if weighted else None
    first = {"callable": some_rows, "array": X[:7]}.get(init, init)
    data = sp.csr_matrix(X) if storage is sp.csr_array else X
    for seed in (0, 1):
        params = {"init": first, "batch_size": 60, "random_state": seed, "tol": 0.005 * seed}
        ours, theirs = (
            make(7, **params).fit(data, sample_weight=weights)
            for make in (MiniBatchKMeans, ScikitMiniBatchKMeans)
        )
        assert (ours.n_steps_, ours.n_iter_) == (theirs.n_steps_, theirs.n_iter_)
        assert ours.labels_.tolist() == theirs.labels_.tolist()
        digits = 1e-9 if dtype == np.float64 else 1e-5
        np.testing.assert_allclose(ours._counts, theirs._counts, rtol=digits)
        np.testing.assert_allclose(
            ours.cluster_centers_, theirs.cluster_centers_, rtol=digits, atol=digits
        )
        assert ours.cluster_centers_.dtype == dtype
        assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=digits)


def test_a_stream_gives_scikit_learns_result(storage):
    for seed in (0, 1):
        X = half_stars(n=400, seed=seed) + np.random.default_rng(seed).random((400, 6)) / 8
        ours, theirs = (
            make(12, random_state=seed, batch_size=50)
            for make in (MiniBatchKMeans, ScikitMiniBatchKMeans)
        )
        for batch in np.array_split(X, 8):
            weights = np.arange(1.0, 51.0)
            ours.partial_fit(storage(batch), sample_weight=weights)
            theirs.partial_fit(batch, sample_weight=weights)
        assert ours.n_steps_ == theirs.n_steps_ == 8
        np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9)
        np.testing.assert_allclose(ours._counts, theirs._counts, rtol=1e-9)
        assert ours.labels_.tolist() == theirs.labels_.tolist()
        assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-9)


def test_the_inertia_estimated_from_batches_is_scikit_learns():
    X = groups(n=300)
    ours, theirs = (
        make(4, compute_labels=False, random_state=0, batch_size=50).fit(X)
        for make in (MiniBatchKMeans, ScikitMiniBatchKMeans)
    )
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-9)


# Invariants ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_labels_and_inertia_belong_to_the_centers(storage, dtype):
    X = groups(n=200).astype(dtype)
    weights = np.random.default_rng(0).random(200)
    model = MiniBatchKMeans(5, batch_size=30, random_state=0).fit(storage(X), sample_weight=weights)
    assert model.labels_.tolist() == model.predict(X).tolist()
    expected = reference_weighted.weighted_inertia(
        X.astype(np.float64),
        model.cluster_centers_.astype(np.float64),
        model.labels_,
        weights.astype(dtype).astype(np.float64),
    )
    assert model.inertia_ == pytest.approx(expected, rel=1e-11)
    assert model.score(X, sample_weight=weights) == pytest.approx(-expected, rel=1e-11)
    assert model.transform(X).argmin(axis=1).tolist() == model.labels_.tolist()


def test_the_number_of_threads_changes_no_bit(storage, always_threads):
    X = storage(groups(n=400, d=5))
    one, other = (
        MiniBatchKMeans(9, batch_size=90, random_state=0, n_threads=n).fit(X) for n in (1, 3)
    )
    assert always_threads.n_helpers > 0
    assert state(one) == state(other)
    assert one.inertia_ == other.inertia_
    assert state(one.partial_fit(X[:50])) == state(other.partial_fit(X[:50]))


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_dense_and_csr_give_the_same_bits_if_sums_are_exact(init):
    for seed in range(6):
        X = half_stars(seed=seed)
        weights = np.random.default_rng(seed).integers(0, 3, size=300)
        dense, csr = (
            MiniBatchKMeans(6, init=init, batch_size=40, random_state=seed).fit(
                data, sample_weight=weights
            )
            for data in (X, sp.csr_array(X))
        )
        assert state(dense) == state(csr)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_fit_is_a_stream_of_the_batches_that_it_draws(storage, dtype):
    X = storage(groups(n=90).astype(dtype))
    weights = np.random.default_rng(2).integers(1, 4, size=90)
    given = {"init": groups(n=90)[:4].astype(dtype), "reassignment_ratio": 0.0}
    model = MiniBatchKMeans(
        4, batch_size=20, max_iter=3, max_no_improvement=None, random_state=5, **given
    ).fit(X, sample_weight=weights)
    assert model.n_steps_ == 3 * 90 // 20
    assert model.n_iter_ == 3
    stream = np.random.RandomState(5)
    stream.randint(0, 90, size=2 * 60)  # the samples for first centers
    by_hand = MiniBatchKMeans(4, **given)
    for _ in range(model.n_steps_):
        by_hand.partial_fit(X[stream.choice(90, 20, p=weights / weights.sum())])
    assert by_hand.cluster_centers_.tolist() == model.cluster_centers_.tolist()
    assert by_hand._counts.tolist() == model._counts.tolist()


def test_an_integer_weight_equals_a_repetition_in_a_batch(storage):
    X = half_stars(n=60)
    weights = np.random.default_rng(0).integers(0, 4, size=60)
    weighted, repeated = (MiniBatchKMeans(3, init=X[:3], reassignment_ratio=0.0) for _ in range(2))
    for rows in np.array_split(np.arange(60), 4):
        weighted.partial_fit(storage(X[rows]), sample_weight=weights[rows])
        repeated.partial_fit(storage(np.repeat(X[rows], weights[rows], axis=0)))
    assert weighted.cluster_centers_.tolist() == repeated.cluster_centers_.tolist()
    assert weighted._counts.tolist() == repeated._counts.tolist()


def test_rows_of_weight_0_have_no_effect(storage):
    X = groups()
    weights = np.where(np.arange(60) % 3, 0, np.arange(60))
    for seed in range(5):
        params = {"init": "random", "init_size": 6, "max_no_improvement": None, "batch_size": 10}
        # Batches come from as many draws in both fits.
        one = MiniBatchKMeans(3, max_iter=1, random_state=seed, **params)
        other = MiniBatchKMeans(3, max_iter=3, random_state=seed, **params)
        one.fit(storage(X), sample_weight=weights)
        other.fit(storage(X[::3]), sample_weight=weights[::3])
        assert one.cluster_centers_.tolist() == other.cluster_centers_.tolist()
        assert one.n_steps_ == other.n_steps_ == 6


def test_the_callers_arrays_never_change(storage):
    X, weights, first = groups(), np.ones(60), groups()[:3]
    data = storage(X)
    parts = [data] if data is X else [data.data, data.indices, data.indptr]
    for array in (*parts, weights, first):
        array.flags.writeable = False
    model = MiniBatchKMeans(3, init=first, batch_size=20, random_state=0)
    model.fit(data, sample_weight=weights).partial_fit(data, sample_weight=weights)
    assert not np.shares_memory(model.cluster_centers_, first)
    assert model.cluster_centers_.tolist() != first.tolist()


def test_a_callable_gets_a_copy_of_the_sample():
    X = groups()

    def first(sample, n_clusters, random_state):
        sample[:] = 0.0
        return np.arange(9.0).reshape(3, 3)

    MiniBatchKMeans(3, init=first, random_state=0).fit(X)
    assert X.tolist() == groups().tolist()


# Streams ------------------------------------------------------------------------------------------


def test_a_pickled_stream_goes_on_as_if_nothing_had_happened():
    X = half_stars()
    model = MiniBatchKMeans(20, random_state=0, reassignment_ratio=0.3)
    for batch in np.array_split(X, 6):
        model.partial_fit(batch)
    first, second = np.array_split(X, 2)
    copy = pickle.loads(pickle.dumps(model.partial_fit(first)))
    assert state(copy.partial_fit(second)) == state(model.partial_fit(second))
    assert model.n_steps_ == 8
    assert not hasattr(clone(model), "cluster_centers_")


def test_fit_forgets_a_stream_and_a_stream_goes_on_after_fit():
    X = half_stars()
    fitted = MiniBatchKMeans(5, batch_size=50, random_state=3).fit(X)
    after_stream = MiniBatchKMeans(5, batch_size=50, random_state=3).partial_fit(X[:40]).fit(X)
    assert state(after_stream) == state(fitted)
    n_steps, counts = fitted.n_steps_, fitted._counts.copy()
    after_stream.partial_fit(X[:40])
    assert after_stream.n_steps_ == n_steps + 1
    assert after_stream._counts.sum() == counts.sum() + 40
    assert len(after_stream.labels_) == 40


def test_a_stream_may_begin_with_centers_that_were_set_by_hand():
    model = MiniBatchKMeans(2)
    model.cluster_centers_ = [[0, 0], [9, 9]]
    model.partial_fit(np.array([[1.0, 0.0], [8.0, 8.0], [8.0, 9.0]]))
    assert model.cluster_centers_.tolist() == [[1.0, 0.0], [8.0, 8.5]]


# Data and parameters ------------------------------------------------------------------------------


def test_without_labels_fit_predict_still_labels_every_row():
    X = groups()
    model = MiniBatchKMeans(3, random_state=0).fit(X)
    expected = model.labels_.tolist()
    model.set_params(compute_labels=False)
    assert model.fit_predict(X).tolist() == expected
    assert not hasattr(model, "labels_")
    model.set_params(compute_labels=True).partial_fit(X[:9])
    assert len(model.labels_) == 9
    model.set_params(compute_labels=False).partial_fit(X)
    assert not hasattr(model, "labels_")
    assert not hasattr(model, "inertia_")


def test_more_clusters_than_distinct_rows_and_one_row_alone(storage):
    X = np.repeat([[0.0, 1.0], [4.0, 5.0]], 10, axis=0)
    model = MiniBatchKMeans(5, batch_size=6, random_state=0).fit(storage(X))
    assert model.inertia_ == 0.0
    assert len(set(model.labels_.tolist())) == 2
    alone = MiniBatchKMeans(1, max_iter=1, compute_labels=False).fit(storage(X[:1]))
    assert (alone.n_steps_, alone.inertia_) == (1, 0.0)


def test_a_generator_is_a_seed_too():
    X = groups()
    one, other = (
        MiniBatchKMeans(4, batch_size=20, random_state=np.random.default_rng(7)).fit(X)
        for _ in range(2)
    )
    assert state(one) == state(other)


def test_whole_numbers_and_lists_are_data():
    X = np.random.default_rng(0).integers(0, 9, size=(50, 3))
    floats = MiniBatchKMeans(3, random_state=0).fit(X.astype(np.float64))
    for data in (X, X.tolist(), sp.csr_matrix(X)):
        assert state(MiniBatchKMeans(3, random_state=0).fit(data)) == state(floats)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"batch_size": 0}, "The 'batch_size' parameter of MiniBatchKMeans must be an int in the"),
        ({"max_no_improvement": -1}, "The 'max_no_improvement' parameter of MiniBatchKMeans must"),
        ({"init_size": 2.5}, "The 'init_size' parameter of MiniBatchKMeans must be an int"),
        ({"reassignment_ratio": -0.1}, "must be a float in the range [0.0, inf). Got -0.1"),
        ({"compute_labels": "no"}, "The 'compute_labels' parameter of MiniBatchKMeans must be a"),
        ({"n_clusters": 61}, "n_samples=60 should be >= n_clusters=61."),
        ({"init": np.zeros((2, 3))}, "does not match the number of clusters 3 (init)"),
    ],
)
def test_what_cannot_be_used_is_named(params, message):
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=re.escape(message)):
            getattr(MiniBatchKMeans(**{"n_clusters": 3} | params), method)(groups())


def test_a_first_batch_that_cannot_be_used_leaves_nothing_behind():
    model = MiniBatchKMeans(3, random_state=0)
    before = dict(vars(model))
    for X, words in ((groups()[:2], "n_samples=2 should be >= n_clusters=3"), ([[np.inf]], "inf")):
        with pytest.raises(ValueError, match=words):
            model.partial_fit(X)
    assert vars(model) == before


def test_a_batch_must_have_the_features_of_the_first():
    model = MiniBatchKMeans(3, random_state=0).partial_fit(groups(d=4))
    before = state(model)
    with pytest.raises(ValueError, match="X has 3 features, but MiniBatchKMeans is expecting 4"):
        model.partial_fit(groups(d=3))
    with pytest.raises(ValueError, match="X contains NaN: the first at row 1, column 0"):
        model.partial_fit([[0.0] * 4, [np.nan] * 4])
    assert state(model) == before


def test_parameters_that_are_replaced_warn():
    with pytest.warns(RuntimeWarning, match="init_size=2 should be larger than n_clusters=3"):
        MiniBatchKMeans(3, init_size=2).fit(groups())
    with pytest.warns(RuntimeWarning, match="only one init in MiniBatchKMeans instead of n_init=4"):
        MiniBatchKMeans(3, init=groups()[:3], n_init=4).fit(groups())


def test_verbose_prints_each_step(capsys):
    MiniBatchKMeans(3, verbose=1, batch_size=10, random_state=0).fit(groups())
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Init 1/1 with method k-means++"
    assert re.fullmatch(r"Inertia for init 1/1: [\d.]+", printed[1])
    assert re.fullmatch(r"Minibatch step 1/600: mean batch inertia: [\d.]+", printed[2])
    assert re.fullmatch(r"Converged \(lack of improvement in inertia\) at .+/600", printed[-1])


def test_weights_can_be_routed_to_each_method():
    with sklearn.config_context(enable_metadata_routing=True):
        model = MiniBatchKMeans().set_partial_fit_request(sample_weight=True)
        assert model.get_metadata_routing().partial_fit.requests == {"sample_weight": True}
        assert model.get_metadata_routing().fit.requests == {"sample_weight": None}


def test_the_inertia_is_near_that_of_all_rows():
    X = groups(n=2000, d=4)
    for seed in range(3):
        full = KMeans(3, random_state=seed).fit(X).inertia_
        assert full <= MiniBatchKMeans(3, random_state=seed).fit(X).inertia_ <= 1.02 * full
