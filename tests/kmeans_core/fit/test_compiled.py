"""Compiled restarts of small fits: the results of the loop, to the bit, without a listener."""

import itertools
from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.cluster
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import KMeans, reference
from kmeans_core.fit import compiled, restarts, runners
from kmeans_core.fit.first_centers import first_centers
from kmeans_core.fit.lloyd import LloydResult, allowed_shift, lloyd
from kmeans_core.fit.problem import Problem, StopRule
from kmeans_core.points import sums
from kmeans_core.points.checks import as_points

pytestmark = pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning")


def compiled_and_looped(
    X, init, n_clusters, n_restarts=1, *, weights=None, seed=0, tol=0.0, max_iter=300, n_threads=1
) -> tuple[list[LloydResult], list[LloydResult]]:
    """Every restart by the compiled calls, and by the loop."""
    points = as_points(X, n_threads=n_threads)
    weights = np.ones(points.shape[0]) if weights is None else weights
    rule = StopRule(max_iter, allowed_shift(points, tol))
    problem = Problem(points, X, weights, init, n_clusters, rule)
    found = compiled.small_restarts(problem, n_restarts, np.random.RandomState(seed))
    stream = np.random.RandomState(seed)
    looped = []
    for _ in range(n_restarts):
        centers = first_centers(problem, stream)
        looped.append(lloyd(points, centers, weights, rule))
    return found, looped


def bits(result: LloydResult) -> dict:
    figures = np.array([result.inertia, result.center_shift])
    return {
        "labels": result.labels.tolist(),
        "centers": (result.centers.dtype, result.centers.tobytes()),
        "n_iter": result.n_iter,
        "stopped_by": result.stopped_by,
        "inertia and shift": figures.tobytes(),
    }


def assert_same_bits(compiled, looped):
    assert len(compiled) == len(looped)
    for one, other in zip(compiled, looped, strict=True):
        assert bits(one) == bits(other)


def fit_bits(model: KMeans) -> tuple:
    centers = model.cluster_centers_
    inertia = float(model.inertia_).hex()
    return model.labels_.tolist(), centers.dtype, centers.tobytes(), inertia, model.n_iter_


def quiet_and_heard(X, weights=None, **params) -> tuple[KMeans, KMeans]:
    """The same fit without a listener, and with a listener, which needs the loop."""
    quiet = KMeans(**params).fit(X, sample_weight=weights)
    heard = KMeans(**params, on_iteration=lambda event: None).fit(X, sample_weight=weights)
    return quiet, heard


def rows_by_draw(X, n_clusters, random_state):
    """A callable init that returns rows, which may be equal."""
    rows = X[random_state.randint(X.shape[0], size=n_clusters)]
    return rows.toarray() if sp.issparse(rows) else rows


def centers_in_turn(*inits):
    """A callable init that returns these centers, one array for each restart."""
    left = itertools.cycle(inits)
    return lambda X, n_clusters, random_state: next(left)


@pytest.fixture
def loops(monkeypatch):
    """First centers of the restarts that the compiled calls gave back to the loop."""
    seen = []

    def watched(points, centers, *args, **params):
        seen.append(centers.tolist())
        return lloyd(points, centers, *args, **params)

    monkeypatch.setattr(compiled, "lloyd", watched)
    return seen


# Restart by restart ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("init", ["k-means++", "random", rows_by_draw])
def test_each_restart_ends_as_the_loop_does(blobs, storage, dtype, init):
    reasons = set()
    for seed, tol in enumerate([0.0, 1e-4, 1e-2, 5.0]):
        X = storage(blobs(150, 5, 6, seed=seed, share_zero=0.3).astype(dtype))
        rng = np.random.default_rng(seed)
        for weights in (None, rng.random(150), rng.integers(0, 3, size=150).astype(float)):
            for max_iter in (1, 2, 300):
                compiled, looped = compiled_and_looped(
                    X, init, 7, 3, weights=weights, seed=seed, tol=tol, max_iter=max_iter
                )
                assert_same_bits(compiled, looped)
                reasons |= {result.stopped_by for result in compiled}
    assert reasons == {"strict convergence", "tolerance", "max_iter"}


@pytest.mark.parametrize("n_clusters", [1, 2, 8, 9, 17])
@pytest.mark.parametrize("n_features", [1, 4])
def test_any_number_of_clusters(blobs, storage, n_clusters, n_features):
    X = storage(blobs(40, n_features, 5, share_zero=0.3))
    for init in ("k-means++", "random"):
        assert_same_bits(*compiled_and_looped(X, init, n_clusters, 2))


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-40, 1e40, 1e150, 1e300])
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_values_of_any_size(blobs, storage, scale, init):
    # Some squares underflow or overflow.
    X = blobs(60, 3, 5, share_zero=0.2)
    assert_same_bits(*compiled_and_looped(storage(X * scale), init, 6, 3))
    X[:, 1] *= scale
    assert_same_bits(*compiled_and_looped(storage(X), init, 6, 3))


@pytest.mark.parametrize("seed", [35, 94, 311])
def test_a_shift_of_centers_whose_square_vanishes_may_still_move_a_row(storage, seed):
    # The sum over all rows at the end removes the rounding errors of earlier updates. Centers move
    # by 1e-166, so a row that is equally near to two of them has another nearest center.
    rng = np.random.default_rng(seed)
    X = rng.integers(-12, 13, size=(14, 1)) / 10 * 1e-150
    init = X[rng.choice(14, 3)] + 1e-150 * 0.01 * rng.integers(0, 3, size=(3, 1))
    assert_same_bits(*compiled_and_looped(storage(X), init, 3))
    model = KMeans(3, init=init, n_init=1, tol=0).fit(storage(X))
    assert model.labels_.tolist() == model.predict(storage(X)).tolist()


def test_long_indices_and_rows_without_values(blobs):
    X = blobs(60, 4, 5, share_zero=0.6)
    X[::7] = 0.0
    matrix = sp.csr_array(X)
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64)
    compiled, looped = compiled_and_looped(matrix, "k-means++", 6, 3)
    assert_same_bits(compiled, looped)
    short, _ = compiled_and_looped(sp.csr_array(X), "k-means++", 6, 3)
    assert_same_bits(compiled, short)


@pytest.mark.parametrize("n_threads", range(1, 8))
def test_threads_change_nothing(blobs, storage, always_threads, n_threads):
    X = storage(blobs(120, 4, 6, share_zero=0.3))
    compiled, looped = compiled_and_looped(X, "k-means++", 6, 9, n_threads=n_threads)
    assert_same_bits(compiled, looped)
    assert (always_threads.n_helpers > 0) == (n_threads > 1)


# Sums that follow the rows that moved ---------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_long_run_keeps_its_sums_as_the_loop_does(monkeypatch, storage, dtype):
    ways = []
    follow = sums.ClusterSums._follow

    def watched(self, labels, n_rows, *, from_zero):
        ways.append("a" if from_zero else "m")
        follow(self, labels, n_rows, from_zero=from_zero)

    monkeypatch.setattr(sums.ClusterSums, "_follow", watched)
    rng = np.random.default_rng(2)
    X = storage(rng.random((3000, 3)).astype(dtype))  # no groups: the centers move for long
    run = partial(compiled_and_looped, X, X[:15], 15, weights=rng.random(3000))
    (compiled,), (looped,) = run()
    assert_same_bits([compiled], [looped])
    assert looped.n_iter > 35
    # A sum over all rows and fifteen updates, repeated, and one sum for the result.
    middle = "".join(ways)
    assert "a" + "m" * 15 + "a" + "m" * 15 + "a" in middle
    assert middle.count("a") < middle.count("m")

    # Another schedule rounds differently, so the comparison above is not trivial.
    shifts = set()
    for most_updates in (0, 14, 15, 16):
        monkeypatch.setattr(sums, "MOST_UPDATES", most_updates)
        for max_iter in (3, 10, 17, 18, 30):
            (compiled,), (looped,) = run(max_iter=max_iter)
            if most_updates == 15:
                assert_same_bits([compiled], [looped])
            elif bits(compiled) != bits(looped):
                shifts.add(most_updates)
    assert shifts == {0, 14, 16}


def test_all_rows_are_added_up_if_more_than_half_moved(events_of, storage):
    # At first one of 8 rows is in the lower cluster, and some of the others follow. The last bits
    # of the sums show how they were added.
    rng = np.random.default_rng(2)
    n_moved = set()
    for _ in range(60):
        X = np.sort(rng.random((8, 1)), axis=0)
        X[-1] *= 5.0 * rng.random()
        init = (X[:2] + X[0]) / 2
        for max_iter in (2, 3):
            assert_same_bits(*compiled_and_looped(storage(X), init, 2, max_iter=max_iter))
        events = events_of(KMeans(2, init=init, n_init=1, tol=0), storage(X))
        n_moved |= {event.n_moved for event in events[1:]}
    assert {3, 4, 5} <= n_moved


# Restarts in parts -----------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [1, 2, 7, 16])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("max_iter", [1, 7, 14, 300])
def test_a_restart_in_parts_goes_on_where_it_stopped(
    monkeypatch, storage, at_once, dtype, max_iter
):
    rng = np.random.default_rng(2)
    X = storage(np.round(rng.random((1500, 3)) + 0.3, 2).astype(dtype))
    work = 15 * (X.nnz if sp.issparse(X) else X.size)
    monkeypatch.setattr(runners, "CALL_WORK", work)
    monkeypatch.setattr(runners, "PART_WORK", at_once * work)
    calls = []
    check = runners.stopping.check
    monkeypatch.setattr(runners.stopping, "check", lambda: (calls.append(1), check()))
    compiled, looped = compiled_and_looped(
        X, "k-means++", 15, 3, weights=rng.random(1500), max_iter=max_iter
    )
    assert_same_bits(compiled, looped)
    n_parts = sum(-(-result.n_iter // at_once) for result in compiled)
    assert len(calls) >= n_parts
    assert max_iter < 300 or max(result.n_iter for result in compiled) > 16


# Restarts that run empty ----------------------------------------------------------------------


def test_a_restart_that_runs_empty_goes_back_to_the_loop(blobs, storage, loops):
    X = blobs(60, 3, 4)
    far, farther, near = X[:4].copy(), X[:4].copy(), X[4:8]
    far[-1] += 1000.0
    farther[0] -= 5000.0
    if storage is np.asarray:  # a callable is asked for centered ones
        given = [init - X.mean(axis=0) for init in (far, near, farther)]
    else:
        given = [far, near, farther]
    compiled, looped = compiled_and_looped(storage(X), centers_in_turn(*given), 4, 3)
    assert_same_bits(compiled, looped)
    np.testing.assert_allclose(loops, [far, farther], rtol=1e-12)


@pytest.mark.parametrize("seed", [87, 107, 206])
def test_a_restart_that_runs_empty_late_begins_again_in_the_loop(events_of, storage, loops, seed):
    rng = np.random.default_rng(seed)
    X, init = storage(rng.normal(size=(12, 2))), rng.normal(size=(5, 2))
    events = events_of(KMeans(5, init=init, n_init=1, tol=0), X)
    assert events[0].n_relocated == 0 < sum(event.n_relocated for event in events)
    assert_same_bits(*compiled_and_looped(X, init, 5))
    assert loops == [init.tolist()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("init", ["k-means++", "random", rows_by_draw])
def test_more_clusters_than_distinct_rows(storage, dtype, init, loops):
    X = storage(np.repeat(np.array([[0.0, 1], [2, 0], [0, 0]]), 4, axis=0).astype(dtype))
    compiled, looped = compiled_and_looped(X, init, 5, 4, tol=1e-4)
    assert_same_bits(compiled, looped)
    assert len(loops) == 4


# Whole fits -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_init", [1, 3, 17, 33])
@pytest.mark.parametrize("init", ["k-means++", "random", rows_by_draw])
def test_a_fit_is_the_same_with_a_listener(blobs, storage, n_init, init, monkeypatch):
    batches = []

    def watched(problem, n_restarts, stream):
        batches.append(n_restarts)
        return compiled.small_restarts(problem, n_restarts, stream)

    monkeypatch.setattr(restarts, "small_restarts", watched)
    X = storage(blobs(90, 3, 7, share_zero=0.3))
    weights = np.random.default_rng(0).integers(0, 4, size=90).astype(float)
    for seed in range(2):
        params = {"n_clusters": 6, "init": init, "n_init": n_init, "random_state": seed}
        quiet, heard = quiet_and_heard(X, weights, **params)
        assert fit_bits(quiet) == fit_bits(heard)
    assert batches == 2 * {1: [1], 3: [3], 17: [16, 1], 33: [16, 16, 1]}[n_init]


def test_only_a_listener_needs_the_loop(blobs, storage, monkeypatch, capsys):
    def forbidden(*args, **params):
        raise AssertionError

    X = storage(blobs(60, 3, 4))
    fits = []
    for listening in ({}, {"verbose": 1}, {"on_iteration": lambda event: None}):
        with monkeypatch.context() as patch:
            if listening:
                patch.setattr(restarts, "small_restarts", forbidden)
            else:
                patch.setattr(restarts, "lloyd", forbidden)
                patch.setattr(compiled, "lloyd", forbidden)
            fits.append(KMeans(4, n_init=2, random_state=0, **listening).fit(X))
    assert fit_bits(fits[0]) == fit_bits(fits[1]) == fit_bits(fits[2])
    # Work that is too large for a call without interruption goes to the loop too.
    n_stored = X.nnz if sp.issparse(X) else X.size
    for most_work, unused in ((4 * n_stored, "lloyd"), (4 * n_stored - 1, "small_restarts")):
        with monkeypatch.context() as patch:
            patch.setattr(compiled, "MOST_WORK", most_work)
            patch.setattr(restarts, unused, forbidden)
            fits.append(KMeans(4, n_init=2, random_state=0).fit(X))
        assert fit_bits(fits[-1]) == fit_bits(fits[0])


@pytest.mark.parametrize("init", ["k-means++", "random", rows_by_draw])
@pytest.mark.parametrize("n_init", [1, 3, 17])
def test_a_stream_is_left_where_sklearn_leaves_it(blobs, storage, init, n_init):
    X = storage(blobs(50, 3, 4))
    params = {"n_clusters": 4, "init": init, "n_init": n_init}
    stream, other = np.random.RandomState(0), np.random.RandomState(0)
    model = KMeans(**params, random_state=stream).fit(X)
    oracle = sklearn.cluster.KMeans(**params, random_state=other).fit(X)
    assert model.labels_.tolist() == oracle.labels_.tolist()
    assert stream.random_sample(3).tolist() == other.random_sample(3).tolist()


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_a_generator_is_left_where_the_loop_leaves_it(blobs, storage, init):
    X = storage(blobs(50, 3, 4))
    streams = np.random.default_rng(0), np.random.default_rng(0)
    fits = [
        KMeans(4, init=init, n_init=17, random_state=stream, on_iteration=listener).fit(X)
        for stream, listener in zip(streams, (None, lambda event: None), strict=True)
    ]
    assert fit_bits(fits[0]) == fit_bits(fits[1])
    assert streams[0].random() == streams[1].random()


@given(data=st.data(), sparse=st.booleans(), dtype=st.sampled_from([np.float32, np.float64]))
def test_exact_fits_end_like_reference(exact_cases, data, sparse, dtype):
    case = data.draw(exact_cases)
    X = case.X.astype(dtype)
    X = sp.csr_array(X) if sparse else X
    quiet = case.model().fit(X, sample_weight=case.weights)
    heard = case.model(on_iteration=lambda event: None).fit(X, sample_weight=case.weights)
    assert fit_bits(quiet) == fit_bits(heard)
    if dtype == np.float64:
        steps = case.reference_steps()
        final = steps[-1].next_centers
        assert quiet.n_iter_ == len(steps)
        assert quiet.cluster_centers_.tolist() == final.tolist()
        assert quiet.labels_.tolist() == reference.nearest(case.X, final).tolist()


@given(data=st.data(), sparse=st.booleans(), dtype=st.sampled_from([np.float32, np.float64]))
def test_fits_on_floats_end_as_the_loop_does(float_cases, data, sparse, dtype):
    case = data.draw(float_cases)
    X = case.X.astype(dtype)
    X = sp.csr_array(X) if sparse else X
    quiet = case.model().fit(X, sample_weight=case.weights)
    heard = case.model(on_iteration=lambda event: None).fit(X, sample_weight=case.weights)
    assert fit_bits(quiet) == fit_bits(heard)
    assert quiet.labels_.tolist() == quiet.predict(X).tolist()


@given(data=st.data(), sparse=st.booleans(), seed=st.integers(0, 99), n_init=st.integers(1, 4))
def test_fits_from_a_seed_end_as_the_loop_does(float_cases, data, sparse, seed, n_init):
    case = data.draw(float_cases)
    X = sp.csr_array(case.X) if sparse else case.X
    params = {"init": "k-means++", "n_init": n_init, "random_state": seed}
    quiet = case.model(**params).fit(X, sample_weight=case.weights)
    heard = case.model(**params, on_iteration=lambda event: None)
    assert fit_bits(quiet) == fit_bits(heard.fit(X, sample_weight=case.weights))
