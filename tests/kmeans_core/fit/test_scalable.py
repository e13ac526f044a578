"""k-means||: draws that do not depend on blocks, weights of candidates, duplicates, quality."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from kmeans_core import ConvergenceWarning, KMeans
from kmeans_core.fit.scalable import (
    PointPasses,
    _Weighted,
    _with_sample,
    row_uniforms,
    scalable_centers,
)
from kmeans_core.points.checks import as_points
from kmeans_core.points.dense import DensePoints


def passes_over(X, weights=None):
    points = as_points(X, n_threads=1, compress=False)
    return PointPasses(points, np.ones(len(X)) if weights is None else np.asarray(weights))


@given(cuts=st.lists(st.integers(0, 60), max_size=8), seed=st.integers(0, 2**53))
@settings(max_examples=25)
def test_random_numbers_of_rows_do_not_depend_on_blocks(cuts, seed):
    whole = row_uniforms(seed, 3, 0, 60)
    limits = sorted({0, 60, *cuts})
    blocks = [row_uniforms(seed, 3, a, b) for a, b in itertools.pairwise(limits)]
    assert np.concatenate(blocks).tolist() == whole.tolist()
    assert not np.any(whole == row_uniforms(seed, 4, 0, 60))
    assert np.all((whole >= 0) & (whole < 1))


def test_a_row_is_drawn_in_proportion_to_its_weight():
    passes = passes_over(np.eye(4), [1.0, 0.0, 2.0, 1.0])
    drawn = [passes.draw_one(uniform) for uniform in (0.0, 0.2, 0.25, 0.74, 0.75, 1.0 - 2.0**-53)]
    assert drawn == [0, 0, 2, 2, 3, 3]


def test_distances_and_weights_of_candidates_by_hand():
    X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0]])
    passes = passes_over(X, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert passes.add_candidates(np.array([[0.0]])) == 2 * 1 + 3 * 4 + 4 * 49 + 5 * 64
    # Row 1 is as near to the first candidate as to the second, and row 4 as near to both new ones.
    assert passes.add_candidates(np.array([[2.0], [8.0], [8.0]])) == 2 * 1 + 4 * 1
    assert passes.weights_of_candidates().tolist() == [3.0, 3.0, 9.0, 0.0]


def test_a_round_draws_rows_in_proportion_to_weight_and_squared_distance():
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    passes = passes_over(X, [1.0, 4.0, 0.0, 1.0])
    potential = passes.add_candidates(np.array([[0.0]]))
    assert potential == 4 + 9
    counts = np.zeros(4)
    for round_number in range(4000):
        counts[passes.sample(0.5, potential, 7, round_number)] += 1
    expected = 0.5 * np.array([0.0, 4.0, 0.0, 9.0]) / 13
    # Five standard deviations.
    assert np.all(np.abs(counts / 4000 - expected) <= 5 * np.sqrt(expected / 4000))
    # A chance above 1 is certain.
    assert passes.sample(1e9, potential, 7, 0).tolist() == [1, 3]


@pytest.mark.parametrize("n_clusters", [3, 4])
def test_all_different_rows_are_found_and_repeated_if_they_are_too_few(n_clusters):
    X = np.repeat([[0.0, 1.0], [5.0, 1.0], [0.0, 9.0]], [1, 50, 200], axis=0)
    stream = np.random.RandomState(0)
    centers = scalable_centers(passes_over(X), n_clusters, stream, oversampling=0.5, n_rounds=1)
    assert centers.shape == (n_clusters, 2)
    assert np.unique(centers, axis=0).tolist() == np.unique(X, axis=0).tolist()


def test_a_fit_warns_if_there_are_fewer_rows_than_clusters():
    with pytest.warns(ConvergenceWarning, match=r"clusters \(1\)"):
        model = KMeans(3, init="k-means||", random_state=0).fit(np.ones((9, 2)))
    assert model.inertia_ == 0


@pytest.mark.parametrize("seed", range(5))
def test_each_of_many_separate_clusters_gets_a_center(seed):
    rng = np.random.default_rng(seed)
    middles = 100.0 * np.array([[i, j] for i in range(4) for j in range(4)])
    X = np.repeat(middles, 60, axis=0) + rng.normal(size=(960, 2))
    centers = scalable_centers(passes_over(X), 16, np.random.RandomState(seed))
    nearest = np.argmin(((middles[:, None] - centers) ** 2).sum(axis=2), axis=1)
    assert sorted(nearest) == list(range(16))


@pytest.mark.parametrize("seed", range(3))
def test_storages_and_scaled_weights_give_the_same_clusters(seed):
    rng = np.random.default_rng(seed)
    stars = rng.integers(0, 11, size=(300, 12)) / 2 * (rng.random((300, 12)) < 0.4)
    weights = rng.integers(0, 4, size=300).astype(float)

    def fit(X, weights):
        model = KMeans(5, init="k-means||", random_state=seed).fit(X, sample_weight=weights)
        return model.labels_.tolist(), model.cluster_centers_.tolist()

    assert fit(stars, weights) == fit(sp.csr_array(stars), weights) == fit(stars, 4 * weights)


def test_a_sample_stands_for_all_rows():
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(3_000, 2)), rng.integers(1, 4, size=3_000).astype(float)
    candidates = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 9.0]])
    passes = passes_over(X, weights)
    potential = passes.add_candidates(candidates)
    sample = DensePoints(passes.take(passes.sample(900, potential, 0, 0)), 1)
    found = _Weighted(DensePoints(candidates, 1), passes.weights_of_candidates())
    both = _with_sample(found, sample, potential / 900)
    assert both.weights.sum() == pytest.approx(weights.sum(), rel=1e-12)
    assert both.weights.min() > 0
    # The sample shows how the rows spread, and the candidates alone do not.
    spread = np.average((X - X[:, :1].mean()) ** 2, axis=0, weights=weights)
    found = np.average((both.points.matrix - X[:, :1].mean()) ** 2, axis=0, weights=both.weights)
    assert found == pytest.approx(spread, rel=0.1)


def test_candidates_without_weight_stand_for_no_row():
    # Means fill the unknown cells of drawn rows. So a drawn row may be nearest to a candidate that
    # is nearest to no row over the known cells.
    rng = np.random.default_rng(240)
    rows = rng.integers(0, 9, size=(4, 6)).astype(float)
    X = np.where(rng.random((40, 6)) < 0.4, np.nan, rows[rng.integers(0, 4, 40)])
    model = KMeans(3, init="k-means||", missing="ignore", random_state=0).fit(X)
    assert np.all(model.cluster_sizes_ > 0)


def test_ratings_get_as_good_clusters_as_from_plusplus():
    rng = np.random.default_rng(0)
    rated = rng.random((1_500, 200)) < 0.5 / np.sqrt(np.arange(1, 201))
    taste = rng.normal(size=(1_500, 4)) @ rng.normal(size=(4, 200)) / 2
    X = sp.csr_array(np.where(rated, np.clip(np.round(7 + 2 * taste) / 2, 0.5, 5), 0.0))

    def median(init):
        models = (KMeans(12, init=init, n_init=1, random_state=seed).fit(X) for seed in range(5))
        return np.median([model.inertia_ for model in models])

    assert median("k-means||") < 1.01 * median("k-means++")


@pytest.mark.parametrize("scale", [1e-161, 1e-159, 1e150])
def test_squared_distances_at_the_ends_of_float64(scale):
    X = scale * np.random.default_rng(0).integers(0, 9, size=(200, 2))
    model = KMeans(3, init="k-means||", random_state=0).fit(X)
    assert np.all(np.isfinite(model.cluster_centers_))
    assert model.labels_.tolist() == model.predict(X).tolist()


def test_candidates_follow_the_generator_of_the_caller():
    X = np.random.default_rng(0).normal(size=(200, 3))
    first, again, other = (
        KMeans(6, init="k-means||", max_iter=1, random_state=np.random.default_rng(seed)).fit(X)
        for seed in (1, 1, 2)
    )
    assert first.labels_.tolist() == again.labels_.tolist() != other.labels_.tolist()
