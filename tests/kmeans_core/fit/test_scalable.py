"""k-means||: draws that do not depend on blocks, weights of candidates, duplicates, quality."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import ConvergenceWarning, KMeans
from kmeans_core.fit.scalable import PointPasses, row_uniforms, scalable_centers
from kmeans_core.points.checks import as_points


def passes_over(X, weights=None):
    points = as_points(X, n_threads=1, compress=False)
    return PointPasses(points, np.ones(len(X)) if weights is None else np.asarray(weights))


@given(cuts=st.lists(st.integers(0, 60), max_size=8), seed=st.integers(0, 2**53))
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


def test_candidates_follow_the_generator_of_the_caller():
    X = np.random.default_rng(0).normal(size=(200, 3))
    first, again, other = (
        KMeans(6, init="k-means||", max_iter=1, random_state=np.random.default_rng(seed)).fit(X)
        for seed in (1, 1, 2)
    )
    assert first.labels_.tolist() == again.labels_.tolist() != other.labels_.tolist()
