"""KMeans(missing="ignore"): k-means over known cells, against its definition in NumPy."""

import itertools
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from gaps import BOTH, FLOATS, STARS, csr_of, filled, gaps, objective, rated, state, steps_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kmeans_core import KMeans
from kmeans_core.fit import compiled
from kmeans_core.points.checks import as_points
from kmeans_core.points.dense import DensePoints
from kmeans_core.points.observed import ObservedPoints
from kmeans_core.points.sparse import SparsePoints

pytestmark = [
    pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Rows without any known cell:UserWarning"),
]

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
        assert (event.n_moved, event.n_relocated) == (step.n_moved, step.n_relocated)
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
def test_labels_are_predicts_and_inertia_is_that_of_labels_and_centers(case, form, dtype):
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
    assume(not any(event.n_relocated for event in events))  # a relocation takes one row
    times = case.weights.astype(int)
    assume(times.sum() >= len(case.init))
    other.fit(np.repeat(case.X, times, axis=0))
    assert other.cluster_centers_.tolist() == one.cluster_centers_.tolist()
    assert other.labels_.tolist() == np.repeat(one.labels_, times).tolist()
    assert other.inertia_ == pytest.approx(one.inertia_, rel=1e-12, abs=1e-12)


def test_a_case_worked_by_hand(form):
    n = np.nan
    X = form(np.array([[1.0, n, 2.0], [3.0, 4.0, n], [9.0, n, n], [n, 0.0, n]]))
    # Means of known values: 13/3, 2, 2. Row 3 is 4 from the first center, 16 from the second.
    model = KMeans(2, init=[[2.0, 2.0, 2.0], [8.0, 4.0, 8.0]], missing="ignore", tol=0).fit(X)
    assert model.labels_.tolist() == [0, 0, 1, 0]
    assert model.cluster_centers_.tolist() == [[2.0, 2.0, 2.0], [9.0, 2.0, 2.0]]
    assert model.inertia_ == 1 + 0 + (1 + 4) + 0 + 4
    assert model.heaviest_cluster_ == 0
    assert model.penalty_ == 0.0
    # Every center gets the means with the weight of one row.
    model = KMeans(2, init=[[2.0, 2.0, 2.0], [8.0, 4.0, 8.0]], missing="ignore", tol=0)
    model.set_params(shrinkage=1, max_iter=1).fit(X)
    first, second = (1 + 3 + 13 / 3) / 3, (9 + 13 / 3) / 2
    expected = [[first, (4 + 0 + 2) / 3, 2.0], [second, 2.0, 2.0]]
    np.testing.assert_allclose(model.cluster_centers_, expected, rtol=1e-15)
    penalty = (first - 13 / 3) ** 2 + (second - 13 / 3) ** 2
    assert model.penalty_ == pytest.approx(penalty, rel=1e-12)


def test_much_shrinkage_draws_every_center_to_the_means():
    X = rated()
    means = np.nanmean(X, axis=0)
    off = []
    for shrinkage in (0.0, 1.0, 1e3, 1e9):
        model = KMeans(4, init=filled(X)[:4], missing="ignore", shrinkage=shrinkage).fit(X)
        off.append(np.abs(model.cluster_centers_ - means).max())
    assert off[0] > off[1] > off[2] > off[3]
    assert off[3] < 1e-6


def test_no_relocation_that_costs_more_with_shrinkage(form, events_of):
    # The means are -24. The farthest row is 10 from its center, and 76 from the means: with
    # shrinkage 1 it would cost 76^2 / 2 in a cluster of its own.
    X = form(np.array([[0.0, 0.0], [2.0, np.nan], [2.0, 0.0], [-100.0, 0.0]]))
    init = [[0.0, 0.0], [-90.0, 0.0], [500.0, 0.0]]
    for shrinkage, n_relocated in ((0.0, 1), (0.001, 1), (1.0, 0)):
        model = KMeans(3, init=init, missing="ignore", shrinkage=shrinkage, tol=0)
        events = events_of(model, X)
        assert events[0].n_relocated == n_relocated
        assert events[1].inertia < events[0].inertia
    assert model.cluster_centers_[2].tolist() == [-24.0, 0.0]


# Nothing missing --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_without_missing_cells_the_result_is_the_plain_one_to_the_bit(blobs, form, init, dtype):
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
    # The same sums in the same order as with a tiny shrinkage.
    X = blobs(150, 4, 5)
    plain = KMeans(6, init=X[:6], tol=0).fit(X)
    other = KMeans(6, init=X[:6], tol=0, missing="ignore", shrinkage=1e-300).fit(X)
    assert other.labels_.tolist() == plain.labels_.tolist()
    np.testing.assert_allclose(other.cluster_centers_, plain.cluster_centers_, rtol=1e-12)
    assert other.predict(X).tolist() == other.labels_.tolist()


def test_shrinkage_without_missing_cells_equals_the_definition(form):
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
    assert not compiled.is_small(points, 2, 1)
    assert not compiled.is_small(points, 2, 10)
    overflowing = np.full((2, 3), 1.7e308)
    assert isinstance(as_points(overflowing, missing="ignore"), DensePoints)


def test_mostly_zero_rows_are_compressed_only_without_shrinkage():
    X = np.zeros((60, 40))
    X[np.arange(60), np.arange(60) % 40] = np.arange(60) + 1.0
    assert isinstance(as_points(X), SparsePoints)
    model = KMeans(3, init=X[:3], missing="ignore", shrinkage=1.0, tol=0).fit(X)
    steps = list(steps_of(X, X[:3], np.ones(60), 1.0, 300))
    np.testing.assert_allclose(model.cluster_centers_, steps[-1].next_centers, rtol=1e-12)


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
