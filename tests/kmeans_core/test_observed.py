"""KMeans(missing="ignore"): k-means over known cells, against its definition in NumPy."""

import itertools
import os
import pickle
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn.base
import sklearn.utils
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import nan_euclidean_distances

from kmeans_core import InvalidParameterError, KMeans, small_starts
from kmeans_core.checks import as_points, as_random_stream
from kmeans_core.compressed import compressed
from kmeans_core.dense_points import DensePoints
from kmeans_core.observed_points import ObservedPoints
from kmeans_core.seeding import plusplus_rows

pytestmark = [
    pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Rows without any known cell:UserWarning"),
]


def csr_of(X, **params):
    """The cells of X that are not NaN, zeros among them."""
    rows, columns = np.nonzero(~np.isnan(X))
    return sp.csr_array(sp.coo_array((X[rows, columns], (rows, columns)), shape=X.shape), **params)


BOTH = st.sampled_from([np.asarray, csr_of])


@pytest.fixture(params=[np.asarray, csr_of], ids=["dense", "csr"])
def form(request):
    """Unknown cells as NaN, or as absent cells of CSR: each test with it runs on both."""
    return request.param


# The definition, in NumPy -----------------------------------------------------------------------


def partial_distances(X, centers):
    """Sums of (x - c)^2 over the known cells, features in order."""
    total = np.zeros((len(X), len(centers)))
    for j in range(X.shape[1]):
        squares = (X[:, [j]] - centers[:, j]) ** 2
        total += np.where(np.isnan(squares), 0.0, squares)
    return total


def feature_means(X, weights):
    known = ~np.isnan(X)
    return (weights @ np.where(known, X, 0.0)) / (weights @ known)


def shrunk_means(X, labels, weights, n_clusters, shrinkage):
    m = feature_means(X, weights)
    centers = np.tile(m, (n_clusters, 1))
    for c in range(n_clusters):
        rows = labels == c
        known = ~np.isnan(X[rows])
        mass = weights[rows] @ known + shrinkage
        sums = weights[rows] @ np.where(known, X[rows], 0.0) + shrinkage * m
        centers[c, mass > 0] = sums[mass > 0] / mass[mass > 0]
    return centers


def objective(X, labels, centers, weights, shrinkage):
    rows = np.flatnonzero(~np.isnan(X).all(axis=1))
    own = partial_distances(X, centers)[rows, labels[rows]]
    pull = centers - feature_means(X, weights)
    return weights[rows] @ own + shrinkage * np.sum(pull**2)


@dataclass
class Step:
    centers: np.ndarray
    labels: np.ndarray
    n_moved: int
    n_refilled: int
    next_centers: np.ndarray


def steps_of(X, centers, weights, shrinkage, max_iter):
    """Lloyd's algorithm over the known cells of rows that have some, tol=0."""
    k = len(centers)
    labels = np.full(len(X), -1)
    n_refilled = 0
    for _ in range(max_iter):
        before, labels = labels, np.argmin(partial_distances(X, centers), axis=1)
        own = partial_distances(X, centers)[np.arange(len(X)), labels]
        alone = 0.0
        if shrinkage > 0:
            to_means = partial_distances(X, feature_means(X, weights)[None, :])[:, 0]
            alone = shrinkage / (weights + shrinkage) * to_means
        empty = [c for c in range(k) if not np.any(weights[labels == c])]
        farthest_first = np.argsort(-own, kind="stable")
        donors = farthest_first[((weights > 0) & (own > alone))[farthest_first]][: len(empty)]
        n_moved = int(np.sum(labels != before))
        if n_moved == 0 and n_refilled == 0:
            yield Step(centers, labels, 0, 0, centers)
            return
        n_refilled = len(donors)
        refilled = labels.copy()
        refilled[donors] = empty[:n_refilled]
        after = shrunk_means(X, refilled, weights, k, shrinkage)
        yield Step(centers, labels, n_moved, n_refilled, after)
        if n_moved == 0:
            return
        if np.array_equal(after, centers):
            return  # a shift of 0 is within any tolerance
        centers = after


# Cases ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gaps:
    """One small fit with unknown cells; every feature has a value in a row of weight."""

    X: np.ndarray
    init: np.ndarray
    weights: np.ndarray
    shrinkage: float
    max_iter: int

    def model(self, **params):
        asked = {"init": self.init, "max_iter": self.max_iter, "shrinkage": self.shrinkage}
        return KMeans(len(self.init), tol=0, missing="ignore", **(asked | params))


STARS = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0])
FLOATS = st.one_of(st.just(0.0), st.floats(-50, 50, width=32))


@st.composite
def gaps(draw, values=STARS, empty_rows=False):
    n_samples, n_features = draw(st.integers(2, 14)), draw(st.integers(1, 5))
    n_clusters = draw(st.integers(1, min(n_samples, 5)))

    def matrix(n_rows, entries):
        flat = draw(st.lists(entries, min_size=n_rows * n_features, max_size=n_rows * n_features))
        return np.array(flat, dtype=float).reshape(n_rows, n_features)

    X = matrix(n_samples, st.one_of(values, st.just(np.nan)))
    init = matrix(n_clusters, values)
    if draw(st.booleans()):
        init[-1] += 1000.0
    weights = np.ones(n_samples)
    if draw(st.booleans()):
        whole = st.integers(0, 3)
        weights = np.array(
            draw(st.lists(whole, min_size=n_samples, max_size=n_samples)), dtype=float
        )
    known = ~np.isnan(X)
    assume(np.all(weights @ known > 0) and not known.all())
    if not empty_rows:
        assume(known.any(axis=1).all())
    assume(known.any(axis=1).sum() >= n_clusters)
    shrinkage = draw(st.sampled_from([0.0, 0.0, 0.5, 3.0]))
    return Gaps(X, init, weights, shrinkage, draw(st.integers(1, 12)))


def rated(n_samples=120, n_features=12, share=0.6, seed=0):
    """Half stars of four groups of people, of which a share is unknown."""
    rng = np.random.default_rng(seed)
    tastes = rng.integers(1, 10, size=(4, n_features)) / 2
    X = tastes[rng.integers(4, size=n_samples)] + rng.integers(-1, 2, size=(n_samples, 1)) / 2
    X[rng.random(X.shape) < share] = np.nan
    X[np.arange(n_samples), rng.integers(n_features, size=n_samples)] = 3.0
    return X


def state(model):
    """All that a fit found, down to the bits."""
    return (
        model.labels_.tobytes(),
        model.cluster_centers_.tobytes(),
        model.inertia_,
        model.n_iter_,
    )


# The algorithm ----------------------------------------------------------------------------------


@given(case=gaps(), form=BOTH)
def test_every_iteration_is_the_definitions_to_the_bit(events_of, case, form):
    steps = list(steps_of(case.X, case.init, case.weights, case.shrinkage, case.max_iter))
    model = case.model()
    events = events_of(model, form(case.X), sample_weight=case.weights)
    assert model.n_iter_ == len(events) == len(steps)
    for step, event in zip(steps, events, strict=True):
        assert event.labels.tolist() == step.labels.tolist()
        assert event.centers.tolist() == step.centers.tolist()
        assert (event.n_moved, event.n_refilled) == (step.n_moved, step.n_refilled)
        expected = objective(case.X, step.labels, step.centers, case.weights, case.shrinkage)
        assert event.inertia == pytest.approx(expected, rel=1e-12, abs=1e-12)
        shift = np.sum((step.next_centers - step.centers) ** 2)
        assert event.center_shift == pytest.approx(shift, rel=1e-12, abs=1e-300)
    assert model.cluster_centers_.tolist() == steps[-1].next_centers.tolist()


@given(case=gaps(st.one_of(STARS, FLOATS), empty_rows=True), form=BOTH)
def test_the_objective_never_rises(events_of, case, form):
    model = case.model()
    events = events_of(model, form(case.X), sample_weight=case.weights)
    inertias = [*(event.inertia for event in events), model.inertia_]
    noise = 1e-28 * len(case.X) * np.nansum(case.X**2)
    for before, after in itertools.pairwise(inertias):
        assert after <= before * (1 + 1e-12) + noise


@given(
    case=gaps(st.one_of(STARS, FLOATS), empty_rows=True),
    form=BOTH,
    dtype=st.sampled_from([np.float64, np.float32]),
)
def test_labels_are_predicts_and_inertia_is_that_of_labels_and_centres(case, form, dtype):
    X = form(case.X.astype(dtype))
    model = case.model().fit(X, sample_weight=case.weights)
    assert model.labels_.tobytes() == model.predict(X).tobytes()
    assert model.cluster_centers_.dtype == dtype
    centers = model.cluster_centers_.astype(float)
    expected = objective(case.X, model.labels_, centers, case.weights, case.shrinkage)
    assert model.inertia_ == pytest.approx(expected, rel=1e-6, abs=1e-9)
    if dtype == np.float64:
        assert model.inertia_ == pytest.approx(expected, rel=1e-11, abs=1e-12)
    score = model.score(X, sample_weight=case.weights)
    assert -score == pytest.approx(model.inertia_, rel=1e-12, abs=1e-300)


@given(case=gaps(empty_rows=True))
def test_nan_and_absent_cells_are_the_same(case):
    stored_nan = csr_of(case.X)
    stored_nan.data = stored_nan.data.copy()
    with_nan = sp.csr_array(
        (
            case.X.ravel(),
            np.tile(np.arange(case.X.shape[1]), len(case.X)),
            np.arange(len(case.X) + 1) * case.X.shape[1],
        ),
        shape=case.X.shape,
    )
    expected = None
    for X in (case.X, np.asfortranarray(case.X), csr_of(case.X), csr_of(case.X).tocsc(), with_nan):
        for init in (case.init, "k-means++"):
            model = case.model(init=init, random_state=3)
            model.fit(X, sample_weight=case.weights)
        found = (*state(model), model.transform(X).tobytes(), model.predict(X).tobytes())
        expected = expected or found
        assert found == expected


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(case=gaps())
def test_an_integer_weight_is_a_repetition(events_of, case):
    one, other = case.model(), case.model()
    events = events_of(one, case.X, sample_weight=case.weights)
    assume(not any(event.n_refilled for event in events))  # a refill takes one row
    times = case.weights.astype(int)
    assume(times.sum() >= len(case.init))
    other.fit(np.repeat(case.X, times, axis=0))
    assert other.cluster_centers_.tolist() == one.cluster_centers_.tolist()
    assert other.labels_.tolist() == np.repeat(one.labels_, times).tolist()
    assert other.inertia_ == pytest.approx(one.inertia_, rel=1e-12, abs=1e-12)


def test_a_case_worked_by_hand(form):
    n = np.nan
    X = form(np.array([[1.0, n, 2.0], [3.0, 4.0, n], [9.0, n, n], [n, 0.0, n]]))
    # Means of known values: 13/3, 2, 2. Row 3 is 4 from the first centre, 16 from the second.
    model = KMeans(2, init=[[2.0, 2.0, 2.0], [8.0, 4.0, 8.0]], missing="ignore", tol=0).fit(X)
    assert model.labels_.tolist() == [0, 0, 1, 0]
    assert model.cluster_centers_.tolist() == [[2.0, 2.0, 2.0], [9.0, 2.0, 2.0]]
    assert model.inertia_ == 1 + 0 + (1 + 4) + 0 + 4
    assert model.heaviest_cluster_ == 0
    assert model.penalty_ == 0.0
    # One row's weight of the means is added to every centre.
    model = KMeans(2, init=[[2.0, 2.0, 2.0], [8.0, 4.0, 8.0]], missing="ignore", tol=0)
    model.set_params(shrinkage=1, max_iter=1).fit(X)
    first, second = (1 + 3 + 13 / 3) / 3, (9 + 13 / 3) / 2
    expected = [[first, (4 + 0 + 2) / 3, 2.0], [second, 2.0, 2.0]]
    np.testing.assert_allclose(model.cluster_centers_, expected, rtol=1e-15)
    penalty = (first - 13 / 3) ** 2 + (second - 13 / 3) ** 2
    assert model.penalty_ == pytest.approx(penalty, rel=1e-12)


def test_much_shrinkage_draws_every_centre_to_the_means():
    X = rated()
    means = np.nanmean(X, axis=0)
    off = []
    for shrinkage in (0.0, 1.0, 1e3, 1e9):
        model = KMeans(4, init=X_filled(X)[:4], missing="ignore", shrinkage=shrinkage).fit(X)
        off.append(np.abs(model.cluster_centers_ - means).max())
    assert off[0] > off[1] > off[2] > off[3]
    assert off[3] < 1e-6


def X_filled(X):  # noqa: N802 (X is the field's own name)
    return np.where(np.isnan(X), np.nanmean(X, axis=0), X)


def test_a_refill_that_shrinkage_makes_dearer_is_left_out(form, events_of):
    # The means are -24. The farthest row is 10 from its centre, and 76 from the means: with
    # shrinkage 1 it would cost 76^2 / 2 in a cluster of its own.
    X = form(np.array([[0.0, 0.0], [2.0, np.nan], [2.0, 0.0], [-100.0, 0.0]]))
    init = [[0.0, 0.0], [-90.0, 0.0], [500.0, 0.0]]
    for shrinkage, n_refilled in ((0.0, 1), (0.001, 1), (1.0, 0)):
        model = KMeans(3, init=init, missing="ignore", shrinkage=shrinkage, tol=0)
        events = events_of(model, X)
        assert events[0].n_refilled == n_refilled
        assert events[1].inertia < events[0].inertia
    assert model.cluster_centers_[2].tolist() == [-24.0, 0.0]


# Nothing missing --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_with_nothing_missing_it_is_plain_to_the_bit(blobs, form, init, dtype):
    X = blobs(150, 4, 5, share_zero=0.2).astype(dtype)
    weights = np.random.default_rng(1).random(150)
    for n_init in (1, 4):
        plain = KMeans(6, init=init, n_init=n_init, random_state=0)
        other = KMeans(6, init=init, n_init=n_init, random_state=0, missing="ignore")
        plain.fit(X, sample_weight=weights)
        other.fit(form(X), sample_weight=weights)
        assert state(other) == state(plain)
        assert other.transform(form(X)).tobytes() == plain.transform(X).tobytes()
        assert other.score(form(X)) == plain.score(X)


def test_observed_points_of_whole_rows_are_plain_k_means(blobs):
    # As shrinkage that is next to none has them: the same sums in the same order.
    X = blobs(150, 4, 5)
    plain = KMeans(6, init=X[:6], tol=0).fit(X)
    other = KMeans(6, init=X[:6], tol=0, missing="ignore", shrinkage=1e-300).fit(X)
    assert other.labels_.tolist() == plain.labels_.tolist()
    np.testing.assert_allclose(other.cluster_centers_, plain.cluster_centers_, rtol=1e-12)
    assert other.predict(X).tolist() == other.labels_.tolist()


def test_shrinkage_where_nothing_is_missing_is_the_definition(form):
    X = np.random.default_rng(0).integers(0, 11, size=(40, 3)) / 2
    steps = list(steps_of(X, X[:4], np.ones(40), 2.0, 300))
    model = KMeans(4, init=X[:4], tol=0, missing="ignore", shrinkage=2.0).fit(form(X))
    assert model.n_iter_ == len(steps)
    assert model.cluster_centers_.tolist() == steps[-1].next_centers.tolist()
    assert model.labels_.tolist() == model.predict(form(X)).tolist()


def test_which_points_are_made(form):
    whole, holed = np.ones((4, 3)), np.ones((4, 3))
    holed[2, 1] = np.nan
    assert isinstance(as_points(form(whole), missing="ignore"), DensePoints)
    points = as_points(form(holed), missing="ignore")
    assert isinstance(points, ObservedPoints)
    assert points.known is None
    assert not small_starts.is_small(points, 2, 1)
    assert not small_starts.is_small(points, 2, 10)
    overflowing = np.full((2, 3), 1.7e308)
    assert isinstance(as_points(overflowing, missing="ignore"), DensePoints)


def test_mostly_zero_rows_are_compressed_only_without_shrinkage(monkeypatch):
    X = np.zeros((60, 40))
    X[np.arange(60), np.arange(60) % 40] = np.arange(60) + 1.0
    assert compressed(as_points(X)) is not None
    model = KMeans(3, init=X[:3], missing="ignore", shrinkage=1.0, tol=0).fit(X)
    steps = list(steps_of(X, X[:3], np.ones(60), 1.0, 300))
    np.testing.assert_allclose(model.cluster_centers_, steps[-1].next_centers, rtol=1e-12)


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


def test_a_row_without_gaps_is_where_plain_k_means_has_it(form):
    X = rated()
    model = KMeans(4, random_state=0, missing="ignore").fit(form(X))
    whole = X_filled(X)
    plain = KMeans(4, init=model.cluster_centers_, max_iter=1).fit(whole)
    plain.cluster_centers_ = model.cluster_centers_
    both = np.vstack([whole, X])
    assert model.predict(form(both))[: len(X)].tolist() == plain.predict(whole).tolist()
    assert model.transform(form(both))[: len(X)].tobytes() == plain.transform(whole).tobytes()


# Rows of which nothing is known -----------------------------------------------------------------


@given(case=gaps(empty_rows=True), form=BOTH)
def test_rows_without_known_cells_change_nothing(events_of, case, form):
    known = ~np.isnan(case.X).all(axis=1)
    for init in (case.init, "k-means++", "random"):
        if (
            isinstance(init, str)
            and init == "random"
            and np.sum(case.weights[known] > 0) < len(case.init)
        ):
            continue
        model = case.model(init=init, n_init=1, random_state=0)
        other = case.model(init=init, n_init=1, random_state=0)
        events = events_of(model, form(case.X), sample_weight=case.weights)
        others = events_of(other, form(case.X[known]), sample_weight=case.weights[known])
        assert len(events) == len(others)
        assert model.cluster_centers_.tobytes() == other.cluster_centers_.tobytes()
        assert model.inertia_ == other.inertia_
        mass = np.bincount(other.labels_, case.weights[known], minlength=len(case.init))
        assert model.labels_[known].tolist() == other.labels_.tolist()
        assert set(model.labels_[~known]) <= {int(np.argmax(mass))}
        assert model.heaviest_cluster_ == other.heaviest_cluster_ == np.argmax(mass)
        for event in events:
            assert event.labels.shape == (len(case.X),)


def test_one_warning_counts_them(form):
    X = rated()
    X[[0, 7, 9]] = np.nan
    model = KMeans(3, random_state=0, missing="ignore")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(form(X))
        model.predict(form(X))
    assert [str(warning.message) for warning in caught] == [
        "Rows without any known cell: 3. They are put into the heaviest cluster and count for "
        "nothing."
    ]
    assert caught[0].category is UserWarning
    assert caught[0].filename == __file__


def test_the_heaviest_cluster_takes_them_by_weight(form):
    n = np.nan
    X = np.array([[1.0, n], [1.0, 1.0], [1.0, n], [9.0, 9.0], [n, n]])
    seen = []
    for weights, heaviest in (([1, 1, 1, 1, 1], 0), ([1, 1, 1, 3, 9], 0), ([1, 1, 1, 4, 1], 1)):
        model = KMeans(2, init=[[1.0, 1.0], [9.0, 9.0]], missing="ignore")
        model.on_iteration = lambda event: seen.append((event.labels.copy(), event.labels.flags))
        model.fit(form(X), sample_weight=weights)
        assert model.labels_.tolist() == [0, 0, 0, 1, heaviest]
        assert model.heaviest_cluster_ == heaviest
        assert model.labels_.dtype == np.int32
        assert model.predict(form(X)).tolist() == model.labels_.tolist()
        assert seen[-1][0].tolist() == model.labels_.tolist()
        assert not seen[-1][1].writeable
        assert model.predict(form(np.full((2, 2), n))).tolist() == [heaviest] * 2
        assert model.score(form(np.full((2, 2), n))) == 0.0


def test_a_listener_may_stop_a_fit_with_such_rows(form):
    X = rated()
    X[5] = np.nan
    model = KMeans(4, random_state=0, missing="ignore", on_iteration=lambda event: True)
    model.fit(form(X))
    assert model.n_iter_ == 1
    assert model.labels_.tolist() == model.predict(form(X)).tolist()


# First centres ----------------------------------------------------------------------------------


def naive_plusplus(X, n_clusters, stream, weights):
    """reference.kmeans_plusplus with distances over the cells that both rows know."""
    known = ~np.isnan(X)
    shared = known.astype(float) @ known.T
    zeros = np.where(known, X, 0.0)
    squares = np.array(
        [(((x - zeros) ** 2) * (k & known)).sum(axis=1) for x, k in zip(zeros, known, strict=True)]
    )
    variance = np.mean(np.nanvar(X, axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(shared > 0, squares * (X.shape[1] / shared), 2 * X.shape[1] * variance)
    n_trials = 2 + int(np.log(n_clusters))
    chosen = [int(stream.choice(len(X), p=weights / weights.sum()))]
    closest = apart[:, chosen[0]]
    while len(chosen) < n_clusters:
        cumulative = np.cumsum(weights * closest)
        draws = stream.uniform(size=n_trials) * cumulative[-1]
        candidates = np.minimum(np.searchsorted(cumulative, draws), len(X) - 1)
        closest_if = np.minimum(closest[:, None], apart[:, candidates])
        best = int(np.argmin(weights @ closest_if))
        chosen.append(int(candidates[best]))
        closest = closest_if[:, best]
    return chosen


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.3, 0.85])
def test_seeds_are_the_definitions(form, events_of, seed, share):
    X = rated(60, 8, share, seed=seed) + np.random.default_rng(seed).normal(size=(60, 8))
    weights = np.random.default_rng(seed).integers(1, 4, size=60).astype(float)
    expected = naive_plusplus(X, 6, np.random.RandomState(seed), weights)
    points = as_points(form(X), missing="ignore")
    rows = plusplus_rows(points, 6, weights, as_random_stream(seed))
    assert rows.tolist() == expected

    model = KMeans(6, random_state=seed, missing="ignore")
    first = events_of(model, form(X), sample_weight=weights)[0].centers
    filled = np.where(np.isnan(X), feature_means(X, weights), X)[expected]
    np.testing.assert_allclose(first, filled, rtol=1e-14)


def test_some_of_these_rows_share_nothing():
    X = rated(60, 8, 0.85)
    known = ~np.isnan(X)
    assert np.any(known.astype(int) @ known.T == 0)


def test_random_rows_have_means_for_unknown_cells(form, events_of):
    X = rated()
    model = KMeans(5, init="random", n_init=1, random_state=4, missing="ignore")
    first = events_of(model, form(X))[0].centers
    rows = np.random.RandomState(4).choice(len(X), size=5, replace=False, p=np.full(120, 1 / 120))
    np.testing.assert_allclose(first, X_filled(X)[rows], rtol=1e-14)


def test_the_mean_variance_is_that_of_known_cells(form):
    X = rated()
    expected = np.mean(np.nanvar(X, axis=0))
    points = as_points(form(X), missing="ignore")
    assert points.mean_variance() == pytest.approx(expected, rel=1e-12)


def test_the_tolerance_is_a_share_of_that_variance(form, events_of):
    X = rated(share=0.3)
    init = X_filled(X)[:8]
    shifts = [e.center_shift for e in events_of(KMeans(8, init=init, tol=0, missing="ignore"), X)]
    variance = np.mean(np.nanvar(X, axis=0))
    stops = next(i for i, shift in enumerate(shifts) if shift < shifts[0] / 3)
    tol = shifts[stops] / variance * (1 + 1e-9)
    model = KMeans(8, init=init, tol=tol, missing="ignore").fit(form(X))
    assert model.n_iter_ == stops + 1 < len(shifts)


def test_a_callable_is_given_the_gaps_too(form):
    X = rated(share=0.3)
    given_X = []

    def init(X, n_clusters, random_state):
        given_X.append(X)
        return np.nan_to_num(X[:n_clusters].toarray() if sp.issparse(X) else X[:n_clusters])

    model = KMeans(3, init=init, n_init=1, missing="ignore").fit(form(X))
    other = KMeans(3, init=np.nan_to_num(X[:3]), missing="ignore").fit(form(X))
    assert given_X[0].shape == X.shape
    assert state(model) == state(other)


# What always holds ------------------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", [2, 3, 7])
def test_threads_do_not_show(form, always_threads, n_threads):
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
    init = X_filled(X[:4].copy())
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


def test_the_best_of_several_starts_is_kept(form, events_of):
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


def test_what_fit_leaves_behind_and_takes_away():
    X = rated()
    model = KMeans(3, random_state=0, missing="ignore").fit(X)
    assert type(model.heaviest_cluster_) is int
    assert type(model.penalty_) is float
    model.set_params(missing="error").fit(X_filled(X))
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
    frame = pd.DataFrame(X, columns=[f"film {j}" for j in range(12)])
    model = KMeans(3, random_state=0, missing="ignore").set_output(transform="pandas").fit(frame)
    assert model.feature_names_in_[3] == "film 3"
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


def test_given_centres_must_be_known(form):
    init = np.ones((2, 12))
    init[1, 3] = np.nan
    with pytest.raises(ValueError, match="contains NaN: the first at row 1, column 3"):
        KMeans(2, init=init, missing="ignore").fit(form(rated()))


@pytest.mark.parametrize("kind", ["bsr", "dia"])
def test_formats_that_store_what_nobody_gave_are_refused(kind):
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


# Real ratings -----------------------------------------------------------------------------------


@pytest.mark.skipif("MOVIELENS_DIR" not in os.environ, reason="MOVIELENS_DIR is not set")
def test_real_ratings(events_of):
    table = pd.read_csv(Path(os.environ["MOVIELENS_DIR"]) / "ratings.csv")
    most = table.movieId.value_counts().index[:1000]
    X = table.pivot(index="userId", columns="movieId", values="rating")[most].to_numpy()
    ratings = csr_of(X)
    model = KMeans(10, random_state=0, missing="ignore", tol=0)
    events = events_of(model, ratings)
    assert len(events) > 5
    first = events[0].centers
    for event, step in zip(events, steps_of(X, first, np.ones(len(X)), 0.0, 300), strict=True):
        assert event.labels.tolist() == step.labels.tolist()
        assert event.centers.tolist() == step.centers.tolist()
    assert model.labels_.tolist() == model.predict(X).tolist()
    expected = objective(X, model.labels_, model.cluster_centers_, np.ones(len(X)), 0.0)
    assert model.inertia_ == pytest.approx(expected, rel=1e-12)
