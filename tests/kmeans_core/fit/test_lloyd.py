"""The loop against the textbook, iteration by iteration; relocations; events."""

import dataclasses
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import ConvergenceWarning, KMeans, reference, reference_weighted

pytestmark = pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning")


@given(data=st.data(), sparse=st.booleans())
def test_every_iteration_equals_reference_to_the_bit_if_sums_are_exact(
    exact_cases, events_of, data, sparse
):
    case = data.draw(exact_cases)
    X = sp.csr_array(case.X) if sparse else case.X
    steps = case.reference_steps()
    model = case.model()
    events = events_of(model, X, sample_weight=case.weights)

    assert model.n_iter_ == len(events) == len(steps)
    for step, event in zip(steps, events, strict=True):
        assert event.labels.tolist() == step.labels.tolist()
        assert event.centers.tolist() == step.centers.tolist()
        assert event.n_moved == step.n_moved
        assert event.inertia == pytest.approx(step.inertia, rel=1e-12, abs=1e-300)
        assert event.n_relocated == len(step.relocated)
        shift = float(np.sum((step.next_centers - step.centers) ** 2))
        assert event.center_shift == pytest.approx(shift, rel=1e-12, abs=1e-300)
    final = steps[-1].next_centers
    assert model.cluster_centers_.tolist() == final.tolist()
    assert model.labels_.tolist() == reference.nearest(case.X, final).tolist()


@given(data=st.data(), sparse=st.booleans())
def test_every_iteration_equals_reference_up_to_near_ties_on_floats(
    float_cases, events_of, differing_rows, data, sparse
):
    case = data.draw(float_cases)
    X = sp.csr_array(case.X) if sparse else case.X
    steps = case.reference_steps()
    model = case.model()
    events = events_of(model, X, sample_weight=case.weights)
    for step, event in zip(steps, events, strict=False):
        np.testing.assert_allclose(event.centers, step.centers, rtol=1e-9, atol=1e-9)
        if differing_rows(case.X, step.centers, event.labels, step.labels):
            return  # from a near tie on the two may go different ways
        if len(step.relocated):
            return  # so they may where two rows are about equally far
    assert len(events) == len(steps)


@pytest.mark.parametrize("seed", range(4))
def test_blobs_have_no_near_ties(blobs, events_of, storage, seed):
    X = blobs(150, 5, 6, seed=seed, share_zero=0.3)
    weights = np.random.default_rng(seed).random(150)
    model = KMeans(7, init=X[:7], n_init=1, tol=0)
    events = events_of(model, storage(X), sample_weight=weights)
    steps = list(reference_weighted.weighted_lloyd(X, X[:7], weights))
    assert len(events) == len(steps) > 3
    for step, event in zip(steps, events, strict=True):
        assert event.labels.tolist() == step.labels.tolist()
        assert event.n_moved == step.n_moved
        np.testing.assert_allclose(event.centers, step.centers, rtol=1e-12, atol=1e-12)


# Relocations ----------------------------------------------------------------------------------


def test_two_empty_clusters_take_the_two_farthest_rows_in_order(events_of, storage):
    X = np.array([[0.0], [1.0], [6.0], [-9.0]])
    init = np.array([[0.0], [500.0], [900.0]])
    events = events_of(KMeans(3, init=init, n_init=1, tol=0), storage(X))
    assert events[0].n_relocated == 2
    # The farthest, -9, goes to the first empty cluster.
    assert events[1].centers.ravel().tolist() == [0.5, -9.0, 6.0]
    assert [event.n_relocated for event in events[1:]] == [0] * (len(events) - 1)


def test_the_lowest_of_equally_far_rows_is_relocated_to(events_of, storage):
    X = np.array([[0.0], [3.0], [-3.0], [3.0]])
    events = events_of(KMeans(2, init=[[0.0], [99.0]], n_init=1, tol=0), storage(X))
    assert events[1].centers.ravel().tolist() == [0.0, 3.0]
    swapped = X[[0, 2, 1, 3]]
    events = events_of(KMeans(2, init=[[0.0], [99.0]], n_init=1, tol=0), storage(swapped))
    assert events[1].centers.ravel().tolist() == [2.0, -3.0]


def test_the_lowest_of_many_equally_far_rows_is_relocated_to(events_of, storage):
    # Sorting algorithms keep the order of few equal items, but not of many. Three rows are farther.
    X = np.zeros((60, 60))
    X[np.arange(60), np.arange(60)] = 3.0
    X[[20, 40, 50]] *= 2.0
    init = np.vstack([np.zeros(60), np.full((6, 60), 99.0)])
    events = events_of(KMeans(7, init=init, n_init=1, tol=0), storage(X))
    assert events[1].centers[1:].tolist() == X[[20, 40, 50, 0, 1, 2]].tolist()


def test_a_relocated_cluster_under_a_lower_center_is_relocated_again(events_of, storage):
    # Cluster 2 is relocated to row 0. An equal row keeps cluster 0 there, which has a lower number.
    X = np.array([[5.0], [5.0], [0.0], [1.0]])
    model = KMeans(3, init=[[4.0], [0.5], [99.0]], n_init=1, tol=0)
    events = events_of(model, storage(X))
    assert [event.n_relocated for event in events] == [1, 1]
    assert [event.n_moved for event in events] == [4, 0]
    assert model.labels_.tolist() == [0, 0, 2, 1]
    assert model.inertia_ == 0.0


def test_equally_far_rows_up_to_rounding_have_one_order_in_both_storages(events_of):
    # 0.1 + 0.2 is not 0.3: the sums over features differ in the last bit between formulas.
    rng = np.random.default_rng(5)
    for _ in range(30):
        middle, row = rng.normal(size=6), rng.normal(size=6) * (rng.random(6) < 0.5)
        X = np.array([middle, middle + row, middle - row, 2 * middle + row, 2 * middle - row])
        X[3:] -= middle
        X[:, 3] = 0.0
        init = np.vstack([middle, np.full(6, 99.0)])
        relocated = []
        for given_X in (X, sp.csr_array(X)):
            events = events_of(KMeans(2, init=init, n_init=1, tol=0), given_X)
            assert events[0].n_relocated == 1
            relocated.append(events[1].centers[1].tolist())
        assert relocated[0] == relocated[1]


def test_no_cluster_is_relocated_to_a_row_of_weight_zero(storage):
    X = np.array([[0.0], [1.0], [50.0]])
    model = KMeans(2, init=[[0.0], [999.0]], n_init=1, tol=0)
    model.fit(storage(X), sample_weight=[1.0, 1.0, 0.0])
    assert model.cluster_centers_.ravel().tolist() == [0.0, 1.0]
    assert model.inertia_ == 0.0


def test_a_fit_with_fewer_weighted_rows_than_clusters_ends(storage):
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    model = KMeans(3, init=X[:3], n_init=1, tol=0, max_iter=50)
    model.fit(storage(X), sample_weight=[0.0, 0.0, 0.0, 2.0])
    assert model.n_iter_ < 50
    assert model.inertia_ == 0.0


# Events ---------------------------------------------------------------------------------------


def test_an_event_cannot_be_changed(blobs, storage):
    X = storage(blobs(40, 3, 3))

    def try_to_change(event):
        with pytest.raises(dataclasses.FrozenInstanceError):
            event.inertia = 0.0
        with pytest.raises(ValueError, match="read-only"):
            event.centers[0, 0] = 5.0
        with pytest.raises(ValueError, match="read-only"):
            event.labels[0] = 5
        seen.append(event.iteration)

    seen = []
    KMeans(3, random_state=0, on_iteration=try_to_change).fit(X)
    assert seen == list(range(len(seen)))
    assert seen


def test_a_copy_of_an_event_is_independent(blobs):
    events, copies, labels = [], [], []

    def keep(event):
        events.append(event)
        copies.append(event.copy())
        labels.append(event.labels.tolist())

    model = KMeans(4, init=blobs(60, 2, 4)[:4], n_init=1, on_iteration=keep).fit(blobs(60, 2, 4))
    assert [copy.labels.tolist() for copy in copies] == labels
    assert labels[0] != labels[-1]
    copies[0].labels[:] = 9
    copies[0].centers[:] = 9.0
    assert not np.any(events[0].labels == 9)
    assert not np.any(model.labels_ == 9)
    assert not np.any(events[0].centers == 9.0)


def test_events_number_restarts_and_iterations(blobs):
    seen = []
    model = KMeans(
        3,
        init="random",
        n_init=4,
        random_state=1,
        on_iteration=lambda event: seen.append((event.restart, event.iteration, event.seconds)),
    ).fit(blobs(80, 2, 5))
    assert [restart for restart, iteration, _ in seen if iteration == 0] == [0, 1, 2, 3]
    assert all(seconds >= 0 for *_, seconds in seen)
    lengths = [max(i for r, i, _ in seen if r == restart) + 1 for restart in range(4)]
    assert len(seen) == sum(lengths)
    assert model.n_iter_ in lengths


@pytest.mark.parametrize("stop_at", [0, 1, 3])
@pytest.mark.parametrize("yes", [True, np.True_])
def test_returning_true_stops_and_leaves_a_valid_fit(blobs, storage, stop_at, yes):
    X = blobs(200, 3, 8)
    model = KMeans(8, init="random", n_init=5, random_state=0, tol=0)
    seen = []

    def stop(event):
        seen.append(event.restart)
        return yes if event.iteration == stop_at else None

    model.on_iteration = stop
    model.fit(storage(X))
    assert seen == [0] * (stop_at + 1)
    assert model.n_iter_ == stop_at + 1
    assert model.labels_.tolist() == model.predict(X).tolist()
    own = np.sum((X - model.cluster_centers_[model.labels_]) ** 2)
    assert model.inertia_ == pytest.approx(own, rel=1e-12)


def test_true_from_the_last_iteration_of_a_restart_begins_no_other_restart(blobs):
    X = blobs(60, 2, 4)
    restarts = set()

    def stop_when_nothing_moves(event):
        restarts.add(event.restart)
        return event.n_moved == 0

    KMeans(
        4, init="random", n_init=5, random_state=0, tol=0, on_iteration=stop_when_nothing_moves
    ).fit(X)
    assert restarts == {0}


@pytest.mark.parametrize("answer", [1, "yes", [0], False, np.False_, None])
def test_only_true_stops(blobs, answer):
    X = blobs(60, 2, 4)
    plain = KMeans(4, init=X[:4], n_init=1, tol=0).fit(X)
    heard = KMeans(4, init=X[:4], n_init=1, tol=0, on_iteration=lambda event: answer).fit(X)
    assert heard.n_iter_ == plain.n_iter_ > 2


def test_an_error_in_the_listener_reaches_the_caller(blobs):
    def fail(event):
        raise LookupError("mine")

    model = KMeans(2, random_state=0, on_iteration=fail)
    with pytest.raises(LookupError, match="mine"):
        model.fit(blobs(20, 2, 2))
    assert not hasattr(model, "labels_")


def test_the_warning_about_clusters_without_rows_is_the_packages_own():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning, match=r"\(1\) found smaller than n_clusters \(2\)"):
            KMeans(2, random_state=0).fit([[1.0], [1.0]])
