"""First centers and the tolerance with unknown cells."""

import numpy as np
import pytest
import scipy.sparse as sp
from gaps import feature_means, filled, rated, state

from kmeans_core import KMeans
from kmeans_core.fit.seeding import plusplus_rows
from kmeans_core.points.checks import as_points, as_random_stream

pytestmark = [
    pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Rows without any known cell:UserWarning"),
]


def naive_plusplus(X, n_clusters, stream, weights):
    """Greedy k-means++ as in the textbook, with distances over the cells that both rows know."""
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
    whole = np.where(np.isnan(X), feature_means(X, weights), X)
    np.testing.assert_allclose(first, whole[expected], rtol=1e-14)


def test_some_of_these_rows_share_nothing():
    X = rated(60, 8, 0.85)
    known = ~np.isnan(X)
    assert np.any(known.astype(int) @ known.T == 0)


def test_random_rows_have_means_for_unknown_cells(form, events_of):
    X = rated()
    model = KMeans(5, init="random", n_init=1, random_state=4, missing="ignore")
    first = events_of(model, form(X))[0].centers
    rows = np.random.RandomState(4).choice(len(X), size=5, replace=False, p=np.full(120, 1 / 120))
    np.testing.assert_allclose(first, filled(X)[rows], rtol=1e-14)


def test_the_mean_variance_is_that_of_known_cells(form):
    X = rated()
    expected = np.mean(np.nanvar(X, axis=0))
    points = as_points(form(X), missing="ignore")
    assert points.mean_variance() == pytest.approx(expected, rel=1e-12)


def test_the_tolerance_is_a_share_of_that_variance(form, events_of):
    X = rated(share=0.3)
    init = filled(X)[:8]
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
