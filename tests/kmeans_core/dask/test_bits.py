"""A fit on a cluster has the bits of a fit in memory, however the rows are cut."""

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("distributed", reason="dask is not installed: pip install '.[dask]'")

import itertools

import dask
import dask.array as da

import kmeans_core
from kmeans_core.dask import KMeans
from kmeans_core.fit.scalable import PointPasses, scalable_centers
from kmeans_core.points.checks import as_points, as_random_stream

SMALL, LARGE = 2_000, 20_000  # with 4 features and 5 clusters: 1 chunk, 4 chunks


def rows_of(kind, n):
    rng = np.random.default_rng(n)
    if kind == "half stars":
        return sp.csr_array(rng.integers(1, 11, (n, 40)) / 2 * (rng.random((n, 40)) < 0.1))
    if kind == "CSR":
        return sp.csr_array(rng.standard_normal((n, 12)) * (rng.random((n, 12)) < 0.3))
    X = rng.standard_normal((n, 4)) + rng.integers(0, 3, (n, 1))
    return X.astype(np.float32) if kind == "float32" else X


def cut(X, seed):
    """The rows in partitions of random sizes; some may be empty."""
    rng = np.random.default_rng(seed)
    limits = [0, *np.sort(rng.integers(0, X.shape[0], 5)), X.shape[0]]
    return [dask.delayed(X[a:b]) for a, b in itertools.pairwise(limits)]


def assert_same(found, expected):
    assert found.inertia_ == expected.inertia_
    np.testing.assert_array_equal(found.cluster_centers_, expected.cluster_centers_)
    assert found.cluster_centers_.dtype == expected.cluster_centers_.dtype
    np.testing.assert_array_equal(found.labels_.compute(), expected.labels_)
    np.testing.assert_array_equal(found.cluster_sizes_, expected.cluster_sizes_)
    np.testing.assert_array_equal(found.cluster_inertias_, expected.cluster_inertias_)
    assert found.n_iter_ == expected.n_iter_
    assert found.stopped_by_ == expected.stopped_by_


@pytest.mark.parametrize(("n", "n_threads"), [(SMALL, 1), (LARGE, 1), (LARGE, 2)])
@pytest.mark.parametrize("kind", ["float64", "float32", "half stars", "CSR"])
def test_a_fit_has_the_bits_of_memory(threads, kind, n, n_threads):
    X = rows_of(kind, n)
    first = X[:: n // 5][:5]
    init = first.toarray() if sp.issparse(first) else first
    expected = kmeans_core.KMeans(5, init=init, tol=0, max_iter=60).fit(X)
    found = KMeans(5, init=init, tol=0, max_iter=60, n_threads=n_threads).fit(cut(X, n_threads))
    # Sums are made new after 15 updates.
    assert expected.n_iter_ > (17 if kind.startswith("float") else 2)
    assert_same(found, expected)


@pytest.mark.parametrize("whole", [True, False])
def test_weights_have_the_bits_of_memory(threads, whole):
    X = rows_of("float64", LARGE)
    rng = np.random.default_rng(1)
    weights = rng.integers(0, 3, LARGE).astype(float) if whole else rng.random(LARGE)
    shifts = {"memory": [], "workers": []}
    params = {"init": X[:5], "tol": 0, "max_iter": 40}

    def listener(where):
        return lambda event: shifts[where].append(event.center_shift)

    expected = kmeans_core.KMeans(5, **params, on_iteration=listener("memory"))
    expected.fit(X, sample_weight=weights)
    model = KMeans(5, **params, on_iteration=listener("workers"))
    blocks = da.from_array(X, chunks=(7000, 4))
    assert_same(model.fit(blocks, sample_weight=weights), expected)
    assert shifts["workers"] == shifts["memory"]
    other_blocks = da.from_array(weights, chunks=3000)
    model.set_params(on_iteration=None)
    assert_same(model.fit(blocks, sample_weight=other_blocks), expected)
    assert model.score(blocks, sample_weight=other_blocks) == -model.inertia_


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_empty_clusters_go_to_the_farthest_rows_as_in_memory(threads, n):
    X = rows_of("float64", n)
    init = np.concatenate([X[:2], np.full((3, 4), 1e6)])
    events, others = [], []
    expected = kmeans_core.KMeans(5, init=init, on_iteration=lambda e: events.append(e.copy()))
    expected.fit(X)
    labels = []

    def listen(event):
        others.append(event)
        labels.append(event.labels.compute() if event.iteration < 2 else None)

    found = KMeans(5, init=init, on_iteration=listen)
    found.fit(da.from_array(X, chunks=(n // 3, 4)))
    assert events[0].n_relocated == 3
    assert_same(found, expected)
    for event, other in zip(events, others, strict=True):
        assert other.inertia == event.inertia
        assert other.n_relocated == event.n_relocated
        assert (other.n_moved, other.center_shift) == (event.n_moved, event.center_shift)
        np.testing.assert_array_equal(other.centers, event.centers)
        assert not other.centers.flags.writeable
    for event, own in zip(events[:2], labels[:2], strict=True):
        np.testing.assert_array_equal(own, event.labels)


def test_a_listener_ends_the_fit_as_in_memory(threads):
    X = rows_of("float64", SMALL)
    params = {"init": X[:5], "tol": 0, "on_iteration": lambda event: event.iteration == 3}
    expected = kmeans_core.KMeans(5, **params).fit(X)
    assert expected.stopped_by_ == "on_iteration"
    assert_same(KMeans(5, **params).fit(da.from_array(X, chunks=(900, 4))), expected)


def test_duplicates_end_as_in_memory(threads):
    X = np.repeat([[0.0, 1.0], [4.0, 4.0]], 30, axis=0)
    init = [[0.0, 1.0], [0.0, 1.0], [9.0, 9.0]]
    with pytest.warns(kmeans_core.ConvergenceWarning, match="distinct clusters"):
        expected = kmeans_core.KMeans(3, init=init).fit(X)
    with pytest.warns(kmeans_core.ConvergenceWarning, match="distinct clusters"):
        found = KMeans(3, init=init).fit(da.from_array(X, chunks=(7, 2)))
    assert_same(found, expected)


def test_scalable_seeding_draws_the_rows_that_it_draws_in_memory(threads):
    X = rows_of("float64", LARGE)
    passes = PointPasses(as_points(X), np.ones(LARGE))
    init = scalable_centers(passes, 5, as_random_stream(3))
    expected = kmeans_core.KMeans(5, init=init, tol=0, max_iter=5).fit(X)
    found = KMeans(5, random_state=3, tol=0, max_iter=5)
    assert_same(found.fit(cut(X, 1)), expected)


@pytest.mark.parametrize("init", ["random", "k-means++"])
def test_other_seeding_draws_the_same_rows_for_any_partitions(threads, init):
    X = rows_of("float64", LARGE)
    models = [KMeans(5, init=init, random_state=2, max_iter=2).fit(cut(X, s)) for s in (1, 2)]
    assert models[0].inertia_ == models[1].inertia_
    other = KMeans(5, init=init, random_state=3, max_iter=2).fit(cut(X, 1))
    assert other.inertia_ != models[0].inertia_


def test_random_rows_are_drawn_in_proportion_to_their_weights(threads):
    X = da.from_array(np.arange(8.0).reshape(-1, 1), chunks=(3, 1))
    weights = np.array([0.0, 0, 1, 0, 1, 0, 0, 1])
    model = KMeans(3, init="random", random_state=0, max_iter=1).fit(X, sample_weight=weights)
    assert sorted(model.cluster_centers_.ravel()) == [2.0, 4.0, 7.0]
    with pytest.raises(ValueError, match="only 3 rows have a positive weight"):
        KMeans(4, init="random").fit(X, sample_weight=weights)


def test_many_sums_round_differently_but_label_alike(threads):
    # 300 features and 120 clusters: 36,000 sums, which memory adds cluster by cluster.
    rng = np.random.default_rng(0)
    X = (rng.integers(0, 9, (9_000, 300)) / 2 * (rng.random((9_000, 300)) < 0.02)).astype(float)
    S = sp.csr_array(X)
    init = X[:120]
    expected = kmeans_core.KMeans(120, init=init, tol=0, max_iter=6).fit(S)
    found = KMeans(120, init=init, tol=0, max_iter=6).fit(cut(S, 0))
    # Sums of half stars are exact in every order.
    np.testing.assert_array_equal(found.labels_.compute(), expected.labels_)
    np.testing.assert_array_equal(found.cluster_centers_, expected.cluster_centers_)
    noisy = S * 1.1
    expected = kmeans_core.KMeans(120, init=1.1 * init, tol=0, max_iter=6).fit(noisy)
    found = KMeans(120, init=1.1 * init, tol=0, max_iter=6).fit(cut(noisy, 0))
    np.testing.assert_allclose(found.cluster_centers_, expected.cluster_centers_, rtol=1e-12)
    assert np.count_nonzero(found.labels_.compute() != expected.labels_) <= 9
    assert found.inertia_ == pytest.approx(expected.inertia_, rel=1e-9)
