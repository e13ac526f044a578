"""A table of behaviours of kmeans_plusplus, tested against scikit-learn's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.cluster
from behaviours import SPARSE, Table, both_refuse, rows

from kmeans_core import kmeans_plusplus

# Ours first, then scikit-learn's.
PLUSPLUS: list[Callable[..., Any]] = [kmeans_plusplus, sklearn.cluster.kmeans_plusplus]

behaviour = Table()


def same_picks(X: Any, n_clusters: int, **params: Any) -> tuple[np.ndarray, np.ndarray]:
    """Our centers and rows, compared with scikit-learn's rows."""
    (centers, chosen), (_, theirs) = (f(X, n_clusters, **params) for f in PLUSPLUS)
    assert chosen.tolist() == theirs.tolist()
    return centers, chosen


@behaviour("kmeans_plusplus picks scikit-learn's rows for a seed, dense and CSR, with weights")
def picks() -> None:
    X = rows(90)
    weights = np.random.default_rng(1).random(90)
    seen = set()
    for seed in range(10):
        for n_clusters in (1, 2, 9):
            for sample_weight in (None, weights, weights < 0.3, np.arange(90)):
                params = {"random_state": seed, "sample_weight": sample_weight}
                for data in (X, sp.csr_matrix(X), sp.csr_array(X)):
                    _, chosen = same_picks(data, n_clusters, **params)
                    assert len(set(chosen.tolist())) == n_clusters
                if sample_weight is None or sample_weight is weights:
                    seen.add((seed, n_clusters, tuple(chosen)))
    assert len(seen) > 45  # so that neither seeds nor weights are without effect


@behaviour("the same with n_local_trials, and with a RandomState that goes on")
def picks_by_trials() -> None:
    X = rows(90)
    for n_local_trials in (1, 2, 5):
        same_picks(X, 6, random_state=0, n_local_trials=n_local_trials)
    streams = [np.random.RandomState(5), np.random.RandomState(5)]
    for _ in range(3):
        ours, theirs = (
            function(X, 6, random_state=stream)[1].tolist()
            for function, stream in zip(PLUSPLUS, streams, strict=True)
        )
        assert ours == theirs
    assert streams[0].random() == streams[1].random()


@behaviour("its centers are the rows X[indices], in Fortran order, read-only and sparse too")
def centers_are_rows() -> None:
    X = rows(60)
    expected = same_picks(X, 5, random_state=3)[1].tolist()
    read_only = X.copy()
    read_only.flags.writeable = False
    for data in (np.asfortranarray(X), read_only, *(form(X) for form in SPARSE[:2])):
        centers, chosen = same_picks(data, 5, random_state=3)
        assert chosen.tolist() == expected
        assert type(centers) is np.ndarray
        assert centers.tolist() == X[chosen].tolist()


@behaviour("float32 rows give float32 centers, and scikit-learn's picks")
def float32_centers() -> None:
    X = rows(60).astype(np.float32)
    for seed in range(5):
        for data in (X, sp.csr_matrix(X)):
            centers, chosen = same_picks(data, 5, random_state=seed)
            assert centers.dtype == np.float32
            assert centers.tolist() == X[chosen].tolist()


@behaviour("int rows give scikit-learn's picks and float64 centers (scikit-learn: int)")
def int_centers() -> None:
    X = (rows(60) * 8).astype(int)
    centers, chosen = same_picks(X, 5, random_state=0)
    assert centers.dtype == np.float64
    assert centers.tolist() == X[chosen].tolist()


@behaviour("lists, CSC, LIL and DOK are accepted too (a list fails in scikit-learn)")
def other_rows() -> None:
    X = rows(60)
    expected = kmeans_plusplus(X, 5, random_state=3)[1].tolist()
    for data in (X.tolist(), list(X), *(form(X) for form in SPARSE)):
        centers, chosen = kmeans_plusplus(data, 5, random_state=3)
        assert chosen.tolist() == expected
        assert centers.tolist() == X[chosen].tolist()


@behaviour("x_squared_norms changes nothing")
def given_norms() -> None:
    X = rows(60)
    norms = np.sum(X**2, axis=1)
    expected = same_picks(X, 5, random_state=3)[1].tolist()
    for data in (X, sp.csr_matrix(X)):
        for given in (norms, norms.tolist()):
            chosen = same_picks(data, 5, random_state=3, x_squared_norms=given)[1]
            assert chosen.tolist() == expected
    # Wrong values change nothing either, because they are not used.
    chosen = kmeans_plusplus(X, 5, random_state=3, x_squared_norms=np.zeros(60))[1]
    assert chosen.tolist() == expected


@behaviour("x_squared_norms of another length is an error that names both lengths")
def length_of_norms() -> None:
    message = r"The length of x_squared_norms 59 should be equal to the length of n_samples 60\."
    both_refuse(PLUSPLUS, message, rows(60), 5, x_squared_norms=np.ones(59))


@behaviour("more clusters than rows is an error that names both numbers")
def more_clusters_than_rows() -> None:
    both_refuse(PLUSPLUS, r"n_samples=4 should be >= n_clusters=5\.", rows(4), 5)
    same_picks(rows(4), 4, random_state=0)


@behaviour("a number as sample_weight is every row's weight (scikit-learn refuses it)")
def one_weight() -> None:
    expected = same_picks(rows(), 5, random_state=0)[1].tolist()
    assert kmeans_plusplus(rows(), 5, random_state=0, sample_weight=3)[1].tolist() == expected


@behaviour("the error for a bad parameter of kmeans_plusplus has its name")
def bad_parameters() -> None:
    for name, value in (
        ("n_clusters", 0),
        ("n_clusters", 2.0),
        ("n_local_trials", 0),
        ("random_state", "one"),
    ):
        params = {"n_clusters": 2} | {name: value}
        message = f"The '{name}' parameter of kmeans_plusplus must be"
        both_refuse(PLUSPLUS, message, rows(), **params)


@behaviour("bad weights are refused: another length, NaN, two dimensions")
def bad_weights() -> None:
    two = np.ones((30, 2))
    for weights in (np.ones(29), np.full(30, np.nan), two):
        both_refuse(PLUSPLUS, r"[Ss]ample.weight", rows(), 2, sample_weight=weights)


# The table, run ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", behaviour.shown, ids=behaviour.words)
def test_behaviour(shown: Callable[[], None]) -> None:
    shown()
