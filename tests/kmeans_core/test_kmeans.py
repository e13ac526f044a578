"""KMeans against scikit-learn, from the same centers and from the same seed; examples by hand."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.cluster
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import ConvergenceWarning, KMeans, reference, reference_weighted
from kmeans_core.fit.restarts import same_clustering


def assert_same_fit(model, oracle):
    assert model.labels_.tolist() == oracle.labels_.tolist()
    assert model.n_iter_ == oracle.n_iter_
    assert model.inertia_ == pytest.approx(oracle.inertia_, rel=1e-9)
    np.testing.assert_allclose(
        model.cluster_centers_, oracle.cluster_centers_, rtol=1e-9, atol=1e-9
    )


# Against scikit-learn -------------------------------------------------------------------------


@pytest.mark.parametrize("tol", [1e-2, 1e-8, 0])
@pytest.mark.parametrize("weighted", [False, True])
def test_same_as_sklearn_from_the_same_centers(blobs, storage, tol, weighted):
    n_iters = []
    for seed in range(3):
        X = blobs(400, 6, 7, seed=seed, share_zero=0.3)
        rng = np.random.default_rng(seed)
        init = X[rng.choice(400, size=8, replace=False)]
        weights = rng.random(400) if weighted else None
        params = {"n_clusters": 8, "init": init, "n_init": 1, "tol": tol}
        oracle = sklearn.cluster.KMeans(**params).fit(storage(X), sample_weight=weights)
        model = KMeans(**params).fit(storage(X), sample_weight=weights)
        assert_same_fit(model, oracle)
        unseen = blobs(50, 6, 7, seed=seed + 100)
        assert model.predict(unseen).tolist() == oracle.predict(unseen).tolist()
        np.testing.assert_allclose(model.transform(unseen), oracle.transform(unseen), rtol=1e-9)
        assert model.score(unseen) == pytest.approx(oracle.score(unseen), rel=1e-9)
        n_iters.append(model.n_iter_)
    assert max(n_iters) > 3


def test_the_tolerances_stop_at_different_iterations():
    X = np.random.default_rng(0).random((400, 2))  # no groups: the centers move for long
    n_iter = [KMeans(8, init=X[:8], n_init=1, tol=tol).fit(X).n_iter_ for tol in (1e-2, 0)]
    assert n_iter[0] < n_iter[1]


@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_same_as_sklearn_when_the_iterations_run_out(blobs, storage, max_iter):
    X = blobs(300, 4, 6, share_zero=0.2)
    params = {"n_clusters": 7, "init": X[:7], "n_init": 1, "tol": 0, "max_iter": max_iter}
    assert_same_fit(
        KMeans(**params).fit(storage(X)), sklearn.cluster.KMeans(**params).fit(storage(X))
    )


@pytest.mark.parametrize("init", ["k-means++", "random"])
@pytest.mark.parametrize("n_init", [1, 5, "auto"])
def test_same_as_sklearn_from_the_same_seed(blobs, storage, init, n_init):
    for seed in range(4):
        X = blobs(250, 3, 6, seed=seed, share_zero=0.2)
        params = {"n_clusters": 6, "init": init, "n_init": n_init, "random_state": seed}
        weights = np.random.default_rng(seed).random(250) if seed % 2 else None
        assert_same_fit(
            KMeans(**params).fit(storage(X), sample_weight=weights),
            sklearn.cluster.KMeans(**params).fit(storage(X), sample_weight=weights),
        )


def test_one_stream_serves_one_fit_after_another(blobs):
    X = blobs(100, 3, 6)
    stream, oracles = np.random.RandomState(4), np.random.RandomState(4)
    for _ in range(3):
        model = KMeans(6, random_state=stream).fit(X)
        oracle = sklearn.cluster.KMeans(6, random_state=oracles).fit(X)
        assert model.labels_.tolist() == oracle.labels_.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_float32_equals_sklearn_up_to_near_ties(blobs, storage, seed):
    X = blobs(400, 5, 6, seed=seed, share_zero=0.2).astype(np.float32)
    params = {"n_clusters": 7, "init": X[:7], "n_init": 1, "tol": 1e-4}
    model = KMeans(**params).fit(storage(X))
    oracle = sklearn.cluster.KMeans(**params).fit(storage(X))
    assert np.sum(model.labels_ != oracle.labels_) <= 1
    assert model.cluster_centers_.dtype == np.float32
    np.testing.assert_allclose(model.cluster_centers_, oracle.cluster_centers_, atol=1e-3)
    assert model.inertia_ == pytest.approx(oracle.inertia_, rel=1e-4)


def test_sklearn_issue_34074_labels_after_a_relocation_with_csr():
    # scikit-learn 1.9 has labels_ 2 2 0 and inertia_ 1 here, but its predict returns 2 1 0.
    X = sp.csr_array(np.array([[1.0], [2.0], [3.0]]))
    model = KMeans(3, init=[[4.0], [0.0], [1.0]], n_init=1, tol=0).fit(X)
    assert model.labels_.tolist() == model.predict(X).tolist() == [2, 1, 0]
    assert model.inertia_ == 0.0
    assert sorted(model.cluster_centers_.ravel()) == [1.0, 2.0, 3.0]


# By hand --------------------------------------------------------------------------------------


def test_two_pairs(storage):
    X = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [1.0, 1.0]])
    model = KMeans(2, init=[[0.0, 0.0], [1.0, 1.0]], n_init=1).fit(storage(X))
    assert model.labels_.tolist() == [0, 0, 1, 1]
    assert model.cluster_centers_.tolist() == [[0.25, 0.0], [0.75, 1.0]]
    assert model.inertia_ == 0.25
    assert model.n_iter_ == 2


def test_weights_decide_which_row_stays_after_a_relocation(storage):
    X = np.array([[-1.0], [1.0]])
    model = KMeans(2, init=[[0.0], [100.0]], n_init=1).fit(storage(X), sample_weight=[1.9, 0.1])
    assert sorted(model.cluster_centers_.ravel()) == [-1.0, 1.0]
    assert model.inertia_ == 0.0


def test_duplicates_leave_clusters_empty_and_say_so(storage):
    X = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    with pytest.warns(
        ConvergenceWarning,
        match=r"Number of distinct clusters \(4\) found smaller than n_clusters \(5\)\. "
        r"Possibly due to duplicate points in X\.",
    ) as caught:
        model = KMeans(5, init=X, n_init=1).fit(storage(X))
    assert caught[0].filename == __file__
    assert model.n_iter_ == 1
    assert model.labels_.tolist() == [0, 1, 1, 3, 4]
    assert model.inertia_ == 0.0


def test_fewer_distinct_rows_than_clusters_use_the_first_labels():
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    with pytest.warns(ConvergenceWarning, match=r"\(3\) found smaller than n_clusters \(4\)"):
        model = KMeans(4, random_state=0).fit(X)
    assert set(model.labels_) == {0, 1, 2}


@given(st.data())
@pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning")
def test_one_iteration_is_assign_move_assign(exact_cases, data):
    case = data.draw(exact_cases)
    weights = np.ones(len(case.X)) if case.weights is None else case.weights
    model = case.model(max_iter=1).fit(case.X, sample_weight=case.weights)
    labels = reference.nearest(case.X, case.init)
    moved, _ = reference_weighted.update(case.X, case.init, labels, weights)
    assert model.n_iter_ == 1
    assert model.cluster_centers_.tolist() == moved.tolist()
    assert model.labels_.tolist() == reference.nearest(case.X, moved).tolist()


def test_more_iterations_score_no_worse(blobs):
    X = blobs(300, 4, 9)
    scores = [
        KMeans(9, init="random", n_init=1, tol=0, max_iter=m, random_state=0).fit(X).score(X)
        for m in (1, 3, 10)
    ]
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


# Restarts -------------------------------------------------------------------------------------


def centers_in_turn(X, *inits):
    """A callable init that returns these centers, one array for each restart."""
    left = [np.array(init) - X.mean(axis=0) for init in inits]  # it is asked for centered ones
    return lambda centered, n_clusters, random_state: left.pop(0)


def test_the_restart_with_the_least_inertia_is_kept():
    X = np.array([[0.0], [1.0], [10.0], [11.0], [20.0], [21.0]])
    good, bad = [[0.0], [10.0], [20.0]], [[0.0], [1.0], [15.0]]
    for inits in ((good, bad), (bad, good)):
        model = KMeans(3, init=centers_in_turn(X, *inits), n_init=2).fit(X)
        assert model.inertia_ == 1.5
        assert model.cluster_centers_.ravel().tolist() == [0.5, 10.5, 20.5]


def test_the_same_clusters_under_other_numbers_are_not_better():
    # After one iteration both restarts have the same pairs. The second restart has better first
    # centers and less inertia, but it is the same clustering.
    X = np.array([[0.0], [2.0], [10.0], [12.0]])
    one, other = [[6.0], [17.0]], [[11.0], [1.0]]
    fits = [
        KMeans(2, init=centers_in_turn(X, *inits), n_init=len(inits), max_iter=1).fit(X)
        for inits in ([one], [other], [one, other], [other, one])
    ]
    assert [fit.inertia_ for fit in fits] == [24.0, 4.0, 24.0, 4.0]
    assert [fit.labels_.tolist() for fit in fits[:3]] == [[0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("labels", "others", "same"),
    [
        ([0, 0, 1], [1, 1, 0], True),
        ([0, 1, 2], [2, 0, 1], True),
        ([0, 0, 1], [0, 1, 1], False),
        ([0, 1, 2], [0, 1, 1], False),
        ([0, 1, 1], [0, 1, 2], False),
    ],
)
def test_clusterings_are_the_same_up_to_the_numbers(labels, others, same):
    assert same_clustering(np.array(labels), np.array(others), 3) is same


@pytest.mark.parametrize(
    ("init", "n_init", "expected"),
    [("k-means++", "auto", 1), ("random", "auto", 10), ("random", 3, 3), ("k-means++", 2, 2)],
)
def test_the_number_of_restarts(blobs, init, n_init, expected):
    restarts = set()
    KMeans(
        3,
        init=init,
        n_init=n_init,
        random_state=0,
        on_iteration=lambda event: restarts.add(event.restart),
    ).fit(blobs(30, 2, 3))
    assert restarts == set(range(expected))


def test_a_callable_has_ten_restarts_by_default(blobs):
    calls = []

    def init(X, n_clusters, random_state):
        calls.append(random_state)
        return X[random_state.randint(len(X), size=n_clusters)]

    KMeans(3, init=init, random_state=0).fit(blobs(30, 2, 3))
    assert len(calls) == 10
    assert isinstance(calls[0], np.random.RandomState)
    assert all(call is calls[0] for call in calls)


def test_given_centers_have_one_restart(blobs):
    X = blobs(30, 2, 3)
    with pytest.warns(
        RuntimeWarning,
        match="Explicit initial center position passed: performing only one init in KMeans "
        "instead of n_init=10",
    ) as caught:
        KMeans(3, init=X[:3], n_init=10).fit(X)
    assert caught[0].filename == __file__
    KMeans(3, init=X[:3]).fit(X)  # no warning with "auto" and 1
    KMeans(3, init=X[:3].tolist(), n_init=1).fit(X)
