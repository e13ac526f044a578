"""Stability in sweep_k: other seeds and bootstraps, recounted with KMeans; what changes nothing."""

import numpy as np
import pytest
import scipy.sparse as sp
from gaps import csr_of, rated

from kmeans_core import InvalidParameterError, KMeans, adjusted_rand_score, sweep_k
from kmeans_core.points.checks import as_random_stream
from kmeans_core.stability import drawn_seeds


def recounted(X, k, weights, seeds, **params):
    """Both kinds of agreement, from fits of KMeans."""
    kept = KMeans(k, random_state=5, **params).fit(X, sample_weight=weights).labels_
    rows = np.flatnonzero(weights)
    found = []
    for seed in seeds[0].tolist():
        other = KMeans(k, random_state=seed, **params).fit(X, sample_weight=weights)
        found.append(adjusted_rand_score(kept, other.labels_))
    for seed in seeds[1].tolist():
        stream = as_random_stream(seed)
        times = np.zeros(len(weights))
        for place in np.floor(stream.random(len(rows)) * len(rows)).astype(int):
            times[rows[place]] += 1
        assert times.sum() == len(rows)
        other = KMeans(k, random_state=stream, **params).fit(X, sample_weight=weights * times)
        found.append(adjusted_rand_score(kept, other.predict(X)))
    return found


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_agreements_are_those_of_fits_of_kmeans(blobs, storage, init):
    X = storage(blobs(60, 3, 4, share_zero=0.2))
    weights = np.random.default_rng(1).integers(0, 3, size=60).astype(float)
    params = {"init": init, "n_init": 2}
    result = sweep_k(X, [5, 3], sample_weight=weights, random_state=5, n_stability=3, **params)
    seeds = drawn_seeds(3, as_random_stream(5))
    assert len(set(seeds.ravel().tolist())) == 6
    for row, k in enumerate((5, 3)):
        both = [*result.seed_agreement[row], *result.bootstrap_agreement[row]]
        assert both == recounted(X, k, weights, seeds, **params)
    assert len(set(result.bootstrap_agreement.ravel())) > 3


def test_agreements_over_known_cells(form):
    X = rated(60, 5, share=0.3)
    X[:3] = np.nan
    params = {"missing": "ignore", "n_init": 2, "random_state": 5, "n_stability": 2}
    with pytest.warns(UserWarning, match="Rows without any known cell: 3"):
        result = sweep_k(form(X), [4, 2], **params)
    # The rows without known cells are in no fit and in no agreement.
    expected = sweep_k(form(X[3:]), [4, 2], **params)
    assert result.seed_agreement.tolist() == expected.seed_agreement.tolist()
    assert result.bootstrap_agreement.tolist() == expected.bootstrap_agreement.tolist()
    assert np.all(expected.stability < 1.0)


def test_a_bootstrap_may_leave_out_all_rows_that_know_a_feature():
    X = np.full((30, 31), np.nan)
    X[:, 0] = np.repeat([1.0, 5.0], 15)
    X[np.arange(30), 1 + np.arange(30)] = 3.0  # each row knows a feature that no other row knows
    result = sweep_k(csr_of(X), [2], missing="ignore", random_state=0, n_stability=4)
    assert result.bootstrap_agreement.tolist() == [[1.0] * 4]


def test_clusters_that_are_there_are_stable_and_others_are_not(blobs):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2)) + 40 * np.array([[0, 0], [1, 0], [0, 1]])[np.arange(90) % 3]
    result = sweep_k(X, [2, 3, 4, 6], n_init=5, random_state=0, n_stability=5)
    assert result.stability[1] == 1.0
    assert np.all(result.stability[[0, 2, 3]] < 0.95)
    assert (result.suggestion.k, result.suggestion.rule) == (3, "stable")
    cloud = sweep_k(rng.normal(size=(90, 8)), [5, 6], n_init=5, random_state=0, n_stability=5)
    assert cloud.suggestion.rule == "most stable"


@pytest.mark.parametrize("new_state", [int, np.random.RandomState, np.random.default_rng])
def test_stability_repeats_and_leaves_the_labels_alone(blobs, new_state):
    X, ks = blobs(60, 3, 5), [4, 7]
    plain = sweep_k(X, ks, n_init=2, random_state=new_state(3))
    once, again = (
        sweep_k(X, ks, n_init=2, random_state=new_state(3), n_stability=2) for _ in range(2)
    )
    assert once.labels.tolist() == plain.labels.tolist()
    assert once.inertia.tolist() == plain.inertia.tolist()
    assert once.seed_agreement.tolist() == again.seed_agreement.tolist()
    assert once.bootstrap_agreement.tolist() == again.bootstrap_agreement.tolist()
    other = sweep_k(X, ks, n_init=2, random_state=new_state(4), n_stability=2)
    assert once.bootstrap_agreement.tolist() != other.bootstrap_agreement.tolist()


def test_neither_threads_nor_storage_change_agreements(blobs, always_threads):
    X = np.round(blobs(80, 3, 4, share_zero=0.5))  # sums are exact
    params = {"n_init": 2, "random_state": 0, "n_stability": 2}

    def agreements(Z, n_threads):
        result = sweep_k(Z, [3, 6, 9], n_threads=n_threads, **params)
        return result.seed_agreement.tolist(), result.bootstrap_agreement.tolist()

    expected = agreements(X, 1)
    always_threads.n_helpers = 0
    assert agreements(X, 3) == expected
    assert always_threads.n_helpers > 0
    assert agreements(sp.csr_array(X), 2) == expected


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_a_bootstrap_with_too_few_rows_has_no_agreement(init):
    X = np.arange(8.0)[:, None] ** 2
    result = sweep_k(X, [2, 7], init=init, n_init=2, random_state=0, n_stability=4)
    assert np.isfinite(result.stability).tolist() == [True, False]
    assert np.isfinite(result.seed_agreement).all()
    assert np.isnan(result.bootstrap_agreement[1]).any()


def test_each_k_is_told_once_after_all_its_fits(blobs):
    fitted, seen = [], []

    def init(X, n_clusters, random_state):
        fitted.append(n_clusters)
        return X[:n_clusters]

    def on_k(k):
        seen.append((k, fitted.count(k)))

    sweep_k(blobs(30, 2, 3), [2, 3], init=init, n_init=1, random_state=0, n_stability=2, on_k=on_k)
    assert seen == [(2, 5), (3, 5)]


@pytest.mark.parametrize("n_stability", [1, -1, 1001, 2.0, True, None, "2", 10**30])
def test_other_numbers_of_fits_are_refused(n_stability):
    message = r"'n_stability' parameter of sweep_k must be 0 or an int in the range \[2, 1000\]"
    with pytest.raises(InvalidParameterError, match=message):
        sweep_k([[0.0], [1.0], [5.0]], [2], n_stability=n_stability)
