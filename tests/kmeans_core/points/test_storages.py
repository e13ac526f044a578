"""Dense and CSR decide ties on inexact values alike: first rows, restarts, whole fits."""

import numpy as np
import pytest
import scipy.sparse as sp
from storages import KINDS, differences, draw

from kmeans_core import KMeans, kmeans_plusplus
from kmeans_core.fit import seeding as seeding_of_package
from kmeans_core.kernels import seeding
from kmeans_core.points import trials
from kmeans_core.points.checks import as_points
from kmeans_core.points.interface import InexactError
from kmeans_core.points.trials import share_of_error

pytestmark = pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning")


@pytest.mark.parametrize("start", range(0, 140, 20))
def test_every_storage_gives_the_same(start):
    for seed in range(start, start + 20):
        assert differences(draw(seed, most_clusters=32)) == [], f"seed {seed}"


def test_all_kinds_are_among_them():
    drawn = [draw(seed, most_clusters=32) for seed in range(140)]
    assert {one.kind for one in drawn} == set(KINDS)
    assert {one.X.dtype for one in drawn} == {np.dtype(np.float32), np.dtype(np.float64)}
    assert max(len(one.X) for one in drawn) > 2 * seeding.BLOCK_ROWS


@pytest.mark.parametrize("seed", range(20))
def test_ties_of_tenths(seed):
    X = np.array([[0.4], [0.3], [0.2], [0.1]])
    dense = KMeans(4, n_init=1, random_state=seed).fit(X)
    sparse = KMeans(4, n_init=1, random_state=seed).fit(sp.csr_array(X))
    assert sparse.labels_.tolist() == dense.labels_.tolist()


@pytest.mark.parametrize("seed", range(40))
def test_every_storage_keeps_the_same_of_tied_restarts(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6, size=(int(rng.integers(3, 9)), int(rng.integers(1, 4)))) * 0.1
    X = np.vstack([X, 1.1 - X])  # each clustering has a mirror image
    n_clusters = int(rng.integers(2, len(X)))
    dense = KMeans(n_clusters, n_init=10, random_state=seed).fit(X)
    sparse = KMeans(n_clusters, n_init=10, random_state=seed).fit(sp.csr_array(X))
    assert sparse.labels_.tolist() == dense.labels_.tolist()
    assert sparse.n_iter_ == dense.n_iter_


# The bound on errors --------------------------------------------------------------------------


def sparse_rows(n_samples=600, n_features=300, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_samples, n_features)) * (rng.random((n_samples, n_features)) < 0.1)


@pytest.mark.parametrize("kept", [0, 2**24])
def test_sums_differ_from_exact_ones_by_less_than_the_bound(monkeypatch, kept):
    monkeypatch.setattr(trials, "MOST_KEPT", kept)
    n_differ = 0
    for seed in range(5):
        X = sparse_rows(seed=seed)
        points, weights = as_points(sp.csr_array(X)), np.random.default_rng(seed).random(600)
        n_longest = int((X != 0).sum(axis=1).max())
        share = share_of_error(n_longest, 600)
        assert 1e-12 < share < 1e-10
        quick, slow = (points.trials(weights, 4, exact=exact) for exact in (False, True))
        dense = as_points(X, compress=False).trials(weights, 4, exact=False)
        for one in (quick, slow, dense):
            one.begin(7)
        for uniforms in np.random.default_rng(seed).random((12, 4)):
            assert (
                quick.keep_best(uniforms) == slow.keep_best(uniforms) == dense.keep_best(uniforms)
            )
            assert slow.potentials[:, :4].tolist() == dense.potentials[:, :4].tolist()
            assert slow.totals.tolist() == dense.totals.tolist()
            errors = np.abs(quick.potentials - dense.potentials)[:, :4]
            assert np.all(errors <= share * dense.potentials[:, :4])
            n_differ += np.count_nonzero(errors)
    assert n_differ > 100


def test_seeding_runs_again_if_the_filter_cannot_decide(monkeypatch):
    ways = []
    chosen_rows = seeding_of_package._chosen_rows

    def watched(trials, first, uniforms):
        ways.append(trials._exact)
        return chosen_rows(trials, first, uniforms)

    monkeypatch.setattr(seeding_of_package, "_chosen_rows", watched)
    tied = np.arange(1, 9)[:, None] * 0.1  # rows at the same distance from the chosen row
    exact = np.arange(1, 9)[:, None] * 0.5
    for X, n_again in ((sparse_rows(), 0), (exact, 0), (tied, 20)):
        ways.clear()
        for seed in range(40):
            kmeans_plusplus(sp.csr_array(X), 4, random_state=seed)
        assert ways.count(False) == 40
        assert (ways.count(True) >= n_again) if n_again else not any(ways)


@pytest.mark.parametrize("number", [0.0, 1.0])
def test_the_filter_does_not_decide_a_number_on_the_border_of_two_rows(number):
    X = sp.csr_array(sparse_rows(60, 40))
    quick = as_points(X).trials(np.ones(60), 1, exact=False)
    quick.begin(0)
    with pytest.raises(InexactError):
        quick.keep_best(np.array([number]))


def test_equal_rows_are_no_tie():
    X = np.repeat(sparse_rows(20, 40), 30, axis=0)  # two trials often draw equal rows
    weights = np.ones(len(X))
    quick = as_points(sp.csr_array(X)).trials(weights, 9, exact=False)
    quick.begin(0)
    rng = np.random.default_rng(0)
    rows = [quick.keep_best(rng.random(9)) for _ in range(8)]
    dense = as_points(X).trials(weights, 9, exact=False)
    dense.begin(0)
    rng = np.random.default_rng(0)
    assert rows == [dense.keep_best(rng.random(9)) for _ in range(8)]


# Kept or computed again -----------------------------------------------------------------------


@pytest.mark.parametrize(("n_samples", "n_features"), [(700, 3), (700, 40), (5_000, 40)])
def test_distances_that_were_not_kept_are_computed_again(
    monkeypatch, storage, n_samples, n_features
):
    X = storage(sparse_rows(n_samples, n_features))
    weights = np.random.default_rng(1).random(n_samples)
    fits = []
    for fewest, most, few in ((1, 2**24, seeding.FEW_DISTANCES), (10**6, 0, 0)):
        monkeypatch.setattr(seeding, "FEW_DISTANCES", few)
        monkeypatch.setattr(trials, "FEWEST_FEATURES", fewest)
        monkeypatch.setattr(trials, "MOST_KEPT", most)
        monkeypatch.setattr(trials, "KEPT_SHARE", 0.0)
        rows = [
            kmeans_plusplus(X, 30, sample_weight=weights, random_state=seed)[1].tolist()
            for seed in range(5)
        ]
        model = KMeans(9, n_init=3, random_state=0).fit(X, sample_weight=weights)
        fits.append((rows, model.labels_.tolist(), model.inertia_))
    assert fits[0] == fits[1]


def test_many_short_rows_keep_no_distances():
    # 64 bytes for each row and 8 trials are more than the data, and than scikit-learn needs.
    n_samples = 400_000
    weights = np.ones(n_samples)
    short = sp.csr_array(
        (np.full(n_samples, 0.3), np.zeros(n_samples, np.int32), np.arange(n_samples + 1)),
        shape=(n_samples, 5),
    )
    for X in (np.zeros((n_samples, 2), np.float32), short):
        kept = as_points(X).trials(weights, 4, exact=False)
        kept.begin(0)
        n_bytes = sum(v.nbytes for v in vars(kept).values() if isinstance(v, np.ndarray))
        assert n_bytes < 30 * n_samples
