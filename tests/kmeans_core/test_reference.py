"""The textbook version against cases worked by hand and against scikit-learn."""

import numpy as np
import pytest
import sklearn.cluster
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import reference, reference_weighted


def test_squared_distances_by_hand():
    X = np.array([[0.0, 0.0], [3.0, 4.0]])
    centers = np.array([[0.0, 0.0], [3.0, 0.0], [-1.0, 1.0]])
    assert reference.squared_distances(X, centers).tolist() == [[0, 9, 2], [25, 16, 25]]


def test_the_lowest_of_equally_near_centers_wins():
    assert reference.nearest(np.array([[1.0]]), np.array([[5.0], [2.0], [0.0]])).tolist() == [1]


def test_inertia_counts_each_row_with_its_weight():
    X = np.array([[0.0], [2.0], [7.0]])
    centers = np.array([[1.0], [5.0]])
    labels = np.array([0, 0, 1])
    assert reference.inertia(X, centers, labels) == 1 + 1 + 4
    assert (
        reference_weighted.weighted_inertia(X, centers, labels, np.array([1.0, 2.0, 0.5]))
        == 1 + 2 + 2
    )


def test_lloyd_by_hand():
    # From 0 and 1: rows 1 and 10 share a center, then 10 is alone, then no row moves.
    X = np.array([[0.0], [1.0], [10.0]])
    steps = list(reference.lloyd(X, np.array([[0.0], [1.0]])))
    assert [step.labels.tolist() for step in steps] == [[0, 1, 1], [0, 0, 1], [0, 0, 1]]
    assert [step.centers.ravel().tolist() for step in steps] == [[0, 1], [0, 5.5], [0.5, 10]]
    assert [step.inertia for step in steps] == [81.0, 1 + 4.5**2, 0.5]
    assert [step.n_moved for step in steps] == [3, 1, 0]


def test_lloyd_stops_after_max_iter_steps():
    X = np.array([[0.0], [1.0], [10.0]])
    assert len(list(reference.lloyd(X, np.array([[0.0], [1.0]]), max_iter=2))) == 2


def test_a_cluster_without_rows_keeps_its_center():
    X = np.array([[0.0], [4.0]])
    centers = np.array([[1.0], [99.0]])
    assert reference.means(X, np.array([0, 0]), centers).tolist() == [[2.0], [99.0]]
    assert [step.centers[1].item() for step in reference.lloyd(X, centers)] == [99.0, 99.0]


@given(data=st.data())
def test_with_equal_weights_and_no_empty_cluster_both_readings_take_the_same_steps(
    exact_cases, data
):
    case = data.draw(exact_cases)
    weighted = list(reference_weighted.weighted_lloyd(case.X, case.init, np.ones(len(case.X))))
    plain = list(reference.lloyd(case.X, case.init))
    n_same = next((i + 1 for i, step in enumerate(weighted) if has_empty(step)), len(weighted))
    assert len(plain) >= n_same
    for step, expected in zip(plain[:n_same], weighted[:n_same], strict=True):
        assert step.labels.tolist() == expected.labels.tolist()
        assert step.centers == pytest.approx(expected.centers, rel=1e-12)
        assert step.inertia == pytest.approx(expected.inertia, rel=1e-12)
        assert step.n_moved == expected.n_moved


def has_empty(step):
    return len(np.unique(step.labels)) < len(step.centers)


def test_lloyd_stops_within_the_tolerance():
    X = np.array([[0.0], [1.0], [10.0]])
    steps = list(
        reference_weighted.weighted_lloyd(X, np.array([[0.0], [1.0]]), np.ones(3), tol=4.5**2)
    )
    assert len(steps) == 1
    assert (
        len(
            list(
                reference_weighted.weighted_lloyd(
                    X, np.array([[0.0], [1.0]]), np.ones(3), tol=4.4**2
                )
            )
        )
        == 3
    )


def test_an_empty_cluster_takes_the_farthest_row():
    X = np.array([[0.0], [1.0], [5.0]])
    labels = np.array([0, 0, 0])
    means, relocated = reference_weighted.update(X, np.array([[0.0], [99.0]]), labels, np.ones(3))
    assert means.tolist() == [[0.5], [5.0]]
    assert relocated.tolist() == [1]


def test_the_lowest_of_equally_far_rows_is_relocated_to():
    X = np.array([[-2.0], [0.0], [2.0]])
    means, _ = reference_weighted.update(
        X, np.array([[0.0], [99.0]]), np.array([0, 0, 0]), np.ones(3)
    )
    assert means.tolist() == [[1.0], [-2.0]]


def test_no_cluster_is_relocated_to_a_row_without_weight():
    X = np.array([[0.0], [1.0], [5.0]])
    weights = np.array([1.0, 1.0, 0.0])
    means, _ = reference_weighted.update(X, np.array([[0.0], [99.0]]), np.array([0, 0, 0]), weights)
    assert means.tolist() == [[0.0], [1.0]]


def test_without_a_row_off_its_center_an_empty_cluster_lies_on_the_heaviest():
    X = np.array([[1.0], [4.0], [4.0]])
    centers = np.array([[1.0], [4.0], [4.0]])
    means, relocated = reference_weighted.update(X, centers, np.array([0, 1, 1]), np.ones(3))
    assert means.tolist() == [[1.0], [4.0], [4.0]]
    assert relocated.tolist() == []


def test_kmeans_plusplus_draws_in_proportion_to_the_squared_distance():
    # Squared distances: 1 and 9 from row 0, 1 and 4 from row 1, 9 and 4 from row 2.
    X = np.array([[0.0], [1.0], [3.0]])
    expected = {(0, 1): 1 / 10, (0, 2): 9 / 10, (1, 0): 1 / 5, (1, 2): 4 / 5}
    expected |= {(2, 0): 9 / 13, (2, 1): 4 / 13}
    random_state = np.random.RandomState(0)
    n_draws = 6000
    drawn = [tuple(reference.kmeans_plusplus(X, 2, random_state)) for _ in range(n_draws)]
    for pair, share in expected.items():
        # Four standard errors.
        error = 4 * np.sqrt(share / 3 * (1 - share / 3) / n_draws)
        assert drawn.count(pair) / n_draws == pytest.approx(share / 3, abs=error)


def test_kmeans_plusplus_needs_as_many_distinct_rows_as_clusters():
    with pytest.raises(ValueError, match="only 2 distinct rows, for 3 clusters"):
        reference.kmeans_plusplus(np.array([[1.0], [4.0], [4.0]]), 3, np.random.RandomState(0))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weighted", [False, True])
def test_greedy_kmeans_plusplus_chooses_the_rows_that_sklearn_chooses(blobs, seed, weighted):
    X = blobs(200, 3, 6, seed=seed)
    weights = np.random.default_rng(seed).random(200) if weighted else np.ones(200)
    _, expected = sklearn.cluster.kmeans_plusplus(
        X, 7, sample_weight=weights, random_state=np.random.RandomState(seed)
    )
    chosen = reference_weighted.greedy_kmeans_plusplus(X, 7, np.random.RandomState(seed), weights)
    assert chosen.tolist() == expected.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_lloyd_ends_where_sklearn_does(blobs, seed):
    X = blobs(300, 4, 5, seed=seed)
    *_, last = reference.lloyd(X, X[:6])
    model = sklearn.cluster.KMeans(6, init=X[:6], n_init=1, tol=0).fit(X)
    assert last.labels.tolist() == model.labels_.tolist()
    np.testing.assert_allclose(last.centers, model.cluster_centers_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(last.inertia, model.inertia_, rtol=1e-12)


def test_silhouette_by_hand():
    # Row 0: a = 1, b = 5. Row 1: a = 1, b = 4. Row 2 is alone.
    scores = reference.silhouette_samples(np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1]))
    assert scores.tolist() == [0.8, 0.75, 0.0]


def test_silhouette_takes_the_nearest_other_cluster():
    X = np.array([[0.0], [2.0], [3.0], [50.0]])
    scores = reference.silhouette_samples(X, np.array([0, 0, 1, 2]))
    assert scores.tolist() == [(3 - 2) / 3, (1 - 2) / 2, 0.0, 0.0]


@pytest.mark.parametrize("seed", range(3))
def test_silhouette_equals_sklearns(blobs, seed):
    X = blobs(120, 3, 4, seed=seed)
    labels = np.random.default_rng(seed).integers(4, size=120)
    expected = sklearn.metrics.silhouette_samples(X, labels)
    np.testing.assert_allclose(reference.silhouette_samples(X, labels), expected, atol=1e-12)
