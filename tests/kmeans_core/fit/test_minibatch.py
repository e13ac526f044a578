"""The steps of mini-batch k-means, against cases worked by hand and the textbook step."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import reference, reference_weighted
from kmeans_core.fit.minibatch import EarlyStop, EndRule, MovingCenters, RowDraws, StepRule
from kmeans_core.points.checks import as_points

NEVER = StepRule(batch_size=4, reassignment_ratio=0.0)


def learn(moving, X, weights=None, rule=NEVER, seed=0):
    weights = np.ones(X.shape[0]) if weights is None else np.array(weights, dtype=float)
    points = as_points(X, compress=False)
    return moving.learn(points, weights, rule, np.random.RandomState(seed), verbose=False)


def from_centers(centers, counts=None, dtype=np.float64):
    counts = np.zeros(len(centers)) if counts is None else np.array(counts, dtype=float)
    return MovingCenters(np.array(centers), np.dtype(dtype), counts, 0)


# A step -------------------------------------------------------------------------------------------


def test_centers_are_the_means_of_all_rows_so_far(storage):
    # 3 * .1 / 3 is not .1, so a center without new rows must not be computed again.
    moving = from_centers([[1.0, 0.0], [9.0, 9.0], [0.1, 70.0]], [0.0, 0.0, 3.0])
    first = np.array([[0.0, 0.0], [1.0, 3.0], [8.0, 9.0]])
    assert learn(moving, storage(first)) == 1.0 + 9.0 + 1.0
    assert moving.centers.tolist() == [[0.5, 1.5], [8.0, 9.0], [0.1, 70.0]]
    assert learn(moving, storage(np.array([[1.0, 0.0], [1.0, 0.0]]))) == 2 * (0.25 + 2.25)
    assert moving.centers.tolist() == [[0.75, 0.75], [8.0, 9.0], [0.1, 70.0]]
    assert moving.counts.tolist() == [4.0, 1.0, 3.0]


@given(data=st.data(), counted=st.booleans())
@pytest.mark.parametrize("make", [np.asarray, sp.csr_array], ids=["dense", "csr"])
def test_a_step_is_the_textbooks_row_by_row(exact_cases, make, data, counted):
    case = data.draw(exact_cases)
    weights = np.ones(len(case.X)) if case.weights is None else case.weights
    counts = np.arange(len(case.init)) * 1.5 * counted
    moving = from_centers(case.init, counts)
    inertia = learn(moving, make(case.X), weights)
    centers, expected = reference_weighted.minibatch_step(case.X, weights, case.init, counts)
    np.testing.assert_allclose(moving.centers, centers, rtol=1e-12, atol=1e-12)
    assert moving.counts.tolist() == expected.tolist()
    labels = reference.nearest(case.X, case.init)
    assert inertia == pytest.approx(
        reference_weighted.weighted_inertia(case.X, case.init, labels, weights),
        rel=1e-12,
        abs=1e-12,
    )


def test_float32_centers_are_rounded_after_each_batch():
    moving = from_centers([[0.0]], dtype=np.float32)
    learn(moving, np.array([[1.0], [0.0], [0.0]], dtype=np.float32))
    assert moving.centers.tolist() == [[float(np.float32(1 / 3))]]


# Reassignment -------------------------------------------------------------------------------------


def test_a_light_cluster_moves_to_a_row_and_gets_the_least_weight_of_the_others(storage):
    X = np.array([[0.0], [0.5], [10.0], [10.5]])
    rule = StepRule(batch_size=4, reassignment_ratio=0.1)
    moving = from_centers([[0.0], [10.0], [500.0]], [50.0, 40.0, 4.0])
    moving.n_since_reassigned = 25
    learn(moving, storage(X), rule=rule)  # 29 rows are less than 10 for each cluster
    assert moving.centers[2].tolist() == [500.0]
    learn(moving, storage(X), rule=rule)
    assert moving.centers[2] in X
    assert moving.counts.tolist() == [54.0, 44.0, 44.0]
    assert moving.n_since_reassigned == 0


def test_a_cluster_without_rows_makes_reassignment_due_at_once():
    moving = from_centers([[0.0], [500.0]], [8.0, 0.0])
    learn(moving, np.array([[0.0], [2.0]]), rule=StepRule(2, 0.01))
    assert moving.centers[1, 0] in (0.0, 2.0)
    assert moving.counts.tolist() == [10.0, 10.0]


def test_at_most_half_as_many_clusters_move_as_the_batch_has_rows():
    centers = [[0.0], [100.0], [200.0], [300.0], [400.0]]
    moving = from_centers(centers, [90.0, 0.0, 3.0, 1.0, 2.0])
    learn(moving, np.zeros((4, 1)) + 1, rule=StepRule(4, 0.5))
    assert moving.centers[[1, 3]].tolist() == [[1.0], [1.0]]  # the lightest two
    assert moving.centers[[2, 4]].tolist() == [[200.0], [400.0]]
    assert moving.counts.tolist() == [94.0, 2.0, 3.0, 2.0, 2.0]


def test_the_heaviest_cluster_never_moves_and_no_row_of_weight_0_is_taken():
    X = np.repeat([[0.0], [7.0]], 4, axis=0)
    for seed in range(20):
        moving = from_centers([[0.0], [100.0]], [9.0, 0.0])
        learn(moving, X, [1, 1, 1, 1, 0, 0, 0, 0], StepRule(8, 7.0), seed)
        assert moving.centers.tolist() == [[0.0], [0.0]]
        assert moving.counts.tolist() == [13.0, 13.0]


# Batches ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_samples", [1, 3, 5000, 30_000])
def test_batches_are_the_rows_that_choice_draws(n_samples):
    weights = np.random.default_rng(0).integers(0, 4, size=n_samples) + (np.arange(n_samples) == 0)
    weights[n_samples // 2 :] *= 1000  # many rows share a guide
    draws = RowDraws(weights.astype(float), np.random.RandomState(7))
    stream = np.random.RandomState(7)
    for size in (1, 700):
        expected = stream.choice(n_samples, size, p=weights / weights.sum())
        assert draws.rows(size).tolist() == expected.tolist()


# Early stop ---------------------------------------------------------------------------------------


def test_a_fit_ends_when_the_smoothed_inertia_no_longer_falls():
    early = EarlyStop(EndRule(100, 0.0, max_no_improvement=2), share=0.5)
    # Smoothed: 8, 6, 7 (once), 5.5, 6.25 (once), 6.125 (twice).
    assert [early.reason(inertia, 0.0) for inertia in (8.0, 4.0, 8.0, 4.0, 7.0)] == [None] * 5
    assert early.smoothed == 6.25
    assert early.reason(6.0, 0.0) == "lack of improvement in inertia"


def test_a_fit_ends_when_a_step_hardly_moves_the_centers():
    early = EarlyStop(EndRule(100, shift=0.5, max_no_improvement=None), share=0.5)
    assert early.reason(8.0, 0.6) is None
    assert early.reason(9.0, 0.5) == "small centers change"
    never = EarlyStop(EndRule(100, shift=0.0, max_no_improvement=None), share=0.5)
    assert [never.reason(9.0, 0.0) for _ in range(50)] == [None] * 50
