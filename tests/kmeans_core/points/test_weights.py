"""Weights: accepted input, and overflow or underflow in sums, distances or float32."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from kmeans_core import KMeans, kmeans_plusplus
from kmeans_core.points.checks import as_points, as_weights

X = np.array([[0.1, 2.0], [3.0, 4.0], [5.0, 6.5], [8.0, 1.0]])
GAPS = np.where(X == 4.0, np.nan, X)


def fit(X, weights):
    KMeans(2, random_state=0).fit(X, sample_weight=weights)


def fit_single(X, weights):
    fit(X.astype(np.float32), weights)


def fit_csr(X, weights):
    fit(sp.csr_array(X), weights)


def fit_from_random_rows(X, weights):
    KMeans(2, init="random", n_init=1, random_state=0).fit(X, sample_weight=weights)


def fit_with_unknown_cells(X, weights):
    KMeans(2, random_state=0, missing="ignore").fit(GAPS * X[0, 1] / 2, sample_weight=weights)


def score(X, weights):
    KMeans(2, random_state=0).fit(X).score(X, sample_weight=weights)


def choose(X, weights):
    kmeans_plusplus(X, 2, random_state=0, sample_weight=weights)


CALLS = pytest.mark.parametrize(
    "call",
    [fit, fit_single, fit_csr, fit_from_random_rows, fit_with_unknown_cells, score, choose],
)


@CALLS
@pytest.mark.parametrize(
    "weights",
    [
        [1e308] * 4,  # their sum overflows
        1e308,
        [1.7e308, 1e-320, 1.0, 1.7e308],
        [1e308, 1e-320, 1.0, 1.0],  # so do their products with distances
        [1e307] * 4,
        [10**400, 1, 1, 1],
        np.array([1, 1, 1, "1e400"], dtype=np.longdouble),
    ],
    ids=str,
)
def test_weights_that_overflow_are_refused(call, weights):
    if np.asarray(weights).dtype == np.longdouble and not np.all(np.isfinite(weights)):
        weights = [10**400, 1, 1, 1]  # if a long double is as short as a float64
    with pytest.raises(ValueError, match=r"overflows.*Scale all weights by one factor"):
        call(X, weights)


@CALLS
@pytest.mark.parametrize("weights", [[1e-320] * 4, 5e-324, [0.0, 1e-300, 1e-310, 0.0]], ids=str)
def test_weights_that_nearly_vanish_are_refused(call, weights):
    message = r"so small that .* (underflow|to 0).*Scale all weights by one factor"
    with pytest.raises(ValueError, match=message):
        call(X, weights)


def test_the_message_names_the_weight_and_its_row():
    with pytest.raises(ValueError, match=r"largest weight is 1.5e\+308 at row 2"):
        fit(X, [1e308, 1.0, 1.5e308, 1.0])
    with pytest.raises(ValueError, match=r"weight 1e\+39 at row 3 of sample_weight overflows flo"):
        fit_single(X, [1.0, 1.0, 1.0, 1e39])
    with pytest.raises(ValueError, match=r"the largest is 2e-315 at row 1"):
        fit(X, [1e-320, 2e-315, 0.0, 1e-320])
    # The error for a weight that is given as infinity does not mention overflow.
    with pytest.raises(ValueError, match="contains NaN or infinity: the first at row 1"):
        fit_single(X, [1.0, np.inf, 1.0, 1.0])


@CALLS
def test_large_distances_make_large_weights_overflow(call):
    with pytest.raises(ValueError, match=r"overflows"):
        call(X * 1e10, [1e290] * 4)


def test_far_centers_make_the_weights_of_a_score_overflow():
    model = KMeans(2, random_state=0).fit(X * 1e100)
    with pytest.raises(ValueError, match=r"overflows: weights that sum to 4e\+120"):
        model.score(X, sample_weight=[1e120] * 4)


@pytest.mark.parametrize("factor", [2.0**-900, 2.0**-300, 2.0**300, 2.0**1000])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_weights_that_can_be_used_only_scale_the_inertia(form, factor):
    weights = np.array([1.0, 3.0, 0.5, 2.0])
    for missing in ("error", "ignore") if form is np.asarray else ("error",):
        data = GAPS if missing == "ignore" else X
        expected = KMeans(2, random_state=0, missing=missing).fit(form(data), None, weights)
        model = KMeans(2, random_state=0, missing=missing)
        model.fit(form(data), sample_weight=weights * factor)
        assert model.labels_.tolist() == expected.labels_.tolist()
        assert model.cluster_centers_.tolist() == expected.cluster_centers_.tolist()
        assert model.inertia_ == expected.inertia_ * factor


def test_a_tiny_weight_beside_others_has_almost_no_effect(storage):
    weights = [1e300, 1e-320, 1e300, 1e300]
    model = KMeans(2, init=X[[0, 3]], n_init=1).fit(storage(X), sample_weight=weights)
    expected = KMeans(2, init=X[[0, 3]], n_init=1).fit(storage(X), sample_weight=[1, 0, 1, 1])
    assert model.labels_.tolist() == expected.labels_.tolist()
    np.testing.assert_allclose(model.cluster_centers_, expected.cluster_centers_, rtol=1e-14)


def test_entries_that_overflow_by_themselves_are_not_blamed_on_weights():
    model = KMeans(2, init=X[:2] * 1e160, n_init=1)
    with np.errstate(all="ignore"):
        assert model.fit(X * 1e160, sample_weight=[1e101] * 4).inertia_ == np.inf


@pytest.mark.parametrize(
    "weights",
    [[1, 2, 0, 4], (1.0, 2.0, 0.0, 4.0), pd.Series([1, 2, 0, 4]), np.array([1, 2, 0, 4], ">f4")],
)
def test_weights_may_be_any_list_of_numbers(weights):
    checked = as_weights(weights, as_points(X))
    assert checked.dtype == np.float64
    assert checked.tolist() == [1, 2, 0, 4]


def test_no_weight_and_a_scalar_weight():
    assert as_weights(None, as_points(X)).tolist() == [1, 1, 1, 1]
    assert as_weights(2.5, as_points(X)).tolist() == [2.5, 2.5, 2.5, 2.5]


def test_weights_have_the_precision_of_the_points():
    assert as_weights([0.1] * 4, as_points(X.astype("f4"))).tolist() == [np.float32(0.1)] * 4
    assert as_weights([0.1] * 4, as_points(X)).tolist() == [0.1] * 4


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1.0, 1.0], ValueError, r"sample_weight.shape == \(2,\), expected \(4,\)"),
        (np.ones((4, 1)), ValueError, "must be 1D array or scalar, got 2D array"),
        ([1.0, np.nan, 1.0, 1.0], ValueError, "contains NaN or infinity: the first at row 1"),
        ([1.0, 1.0, np.inf, 1.0], ValueError, "contains NaN or infinity: the first at row 2"),
        ([0.0] * 4, ValueError, "Sample weights must contain at least one non-zero number"),
        (0.0, ValueError, "at least one non-zero number"),
        ([1.0, 1.0, 1.0, -0.5], ValueError, "must not be negative: the first is -0.5 at row 3"),
        ([1.0 + 1j] * 4, ValueError, "complex"),
        (["a"] * 4, ValueError, "could not convert"),
        ([{}] * 4, TypeError, "number"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        KMeans(2, init=X[:2], n_init=1).fit(X, sample_weight=weights)
    with pytest.raises(error, match=message):
        KMeans(2, init=X[:2], n_init=1).fit(X).score(X, sample_weight=weights)


def test_a_weight_too_large_for_float32_is_refused():
    with pytest.raises(ValueError, match=r"weight 1e\+300 at row 0 of sample_weight overflows"):
        as_weights([1e300, 1, 1, 1], as_points(X.astype(np.float32)))
