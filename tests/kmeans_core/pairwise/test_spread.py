"""Calinski-Harabasz and Davies-Bouldin: by hand, and against scikit-learn and the definition."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.metrics
from hypothesis import assume, given
from hypothesis import strategies as st

from kmeans_core import (
    InvalidParameterError,
    calinski_harabasz_score,
    davies_bouldin_score,
    reference,
    reference_scores,
)

SCORES = [calinski_harabasz_score, davies_bouldin_score]


def test_scores_by_hand(storage):
    # The means are 1, 6 and 13, and the mean of all rows is 5.
    X = storage(np.array([[0.0], [2.0], [5.0], [7.0], [1.0], [6.0], [13.0], [6.0]]))
    labels = [0, 0, 1, 1, 0, 1, 2, 1]
    between, within = 3 * 16 + 4 * 1 + 1 * 64, (1 + 1 + 0) + (1 + 1 + 0 + 0)
    assert calinski_harabasz_score(X, labels) == (between / 2) / (within / 5)
    s = [2 / 3, 2 / 4, 0.0]
    worst = [(s[0] + s[1]) / 5, (s[0] + s[1]) / 5, max((s[2] + s[1]) / 7, (s[2] + s[0]) / 12)]
    assert davies_bouldin_score(X, labels) == pytest.approx(sum(worst) / 3, rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_features", [1, 7, 40])
def test_scores_are_those_of_scikit_learn(blobs, storage, n_features, dtype):
    X = blobs(90, n_features, 4, share_zero=0.6).astype(dtype)
    labels = np.array(["war", "art", "sea", "ice"])[np.random.default_rng(1).integers(4, size=90)]
    for score in SCORES:
        expected = getattr(sklearn.metrics, score.__name__)(X.astype(np.float64), labels)
        assert score(storage(X), labels) == pytest.approx(expected, rel=1e-10)


@given(st.data())
def test_scores_follow_the_definition(data):
    row = st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 2))
    rows = np.array(data.draw(st.lists(row, min_size=4, max_size=12)))
    X, labels = rows[:, :2] * 1.0, rows[:, 2]
    labels[:3] = [0, 1, 2]
    means = np.array([X[labels == c].mean(axis=0) for c in range(3)])
    apart = reference.squared_distances(means, means) + np.eye(3)
    # The next test has the cases in which the definition divides by 0.
    assume(np.min(apart) > 1e-9 and np.sum((X - means[labels]) ** 2) > 1e-9)
    for score in SCORES:
        expected = getattr(reference_scores, score.__name__)(X, labels)
        assert score(X, labels) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("X", "labels", "expected"),
    [
        ([[1.0], [1.0], [4.0]], [0, 0, 1], (1.0, 0.0)),  # each row is its cluster's mean
        ([[3.0]] * 4, [0, 0, 1, 1], (1.0, 0.0)),  # all means are the same
        ([[0.0], [2.0], [1.0], [1.0]], [0, 0, 1, 1], (0.0, 0.0)),  # so are these two
        ([[0.0], [2.0], [1.0], [1.0], [5.0]], [0, 0, 1, 1, 2], (12.8 / 2, 0.5 / 3)),
    ],
)
def test_scores_without_spread_or_distance(X, labels, expected):
    found = tuple(score(X, labels) for score in SCORES)
    assert found == pytest.approx(expected, rel=1e-14)
    theirs = [getattr(sklearn.metrics, score.__name__)(X, labels) for score in SCORES]
    assert found == pytest.approx(tuple(theirs), rel=1e-14)


@pytest.mark.parametrize("scale", [2.0**600, 2.0**-480])
def test_scores_of_distances_near_the_ends_of_floats(storage, scale):
    X, labels = np.array([[0.0], [2.0], [6.0], [8.0]]), [0, 0, 1, 1]
    found = [score(storage(X * scale), labels) for score in SCORES]
    if scale > 1:
        assert np.isnan(found).all()  # no score at all, rather than the best one
    else:
        assert found == [18.0, pytest.approx(1 / 3)]


def test_csr_stays_csr():
    X = sp.random_array((3000, 4000), density=0.001, format="csr", rng=np.random.default_rng(0))
    labels = np.arange(3000) % 2
    for score in SCORES:
        score(X, labels)  # compiles the kernels
        tracemalloc.start()
        score(X, labels)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 3000 * 4000  # an eighth of the dense rows


@pytest.mark.parametrize("score", SCORES)
def test_threads_change_no_bit(blobs, storage, always_threads, score):
    X, labels = storage(blobs(200, 5, 9)), np.arange(200) % 9
    expected = score(X, labels, n_threads=1)
    always_threads.n_helpers = 0
    assert [score(X, labels, n_threads=n) for n in (2, 5)] == [expected] * 2
    assert always_threads.n_helpers > 0


@pytest.mark.parametrize("score", SCORES)
def test_bad_input_is_one_error(score):
    X = [[0.0], [1.0], [2.0]]
    for labels, message in (
        ([0, 0, 0], r"Number of labels is 1\. Valid values are 2 to n_samples - 1"),
        ([0, 1, 2], r"Number of labels is 3\. Valid"),
        ([0, 1], r"inconsistent numbers of samples: \[3, 2\]"),
        ([0.0, np.nan, 1.0], "labels contains NaN: the first at row 1"),
    ):
        with pytest.raises(ValueError, match=message):
            score(X, labels)
    with pytest.raises(ValueError, match="X contains NaN: the first at row 1"):
        score([[0.0], [np.nan], [2.0]], [0, 0, 1])
    with pytest.raises(InvalidParameterError, match=f"'n_threads' parameter of {score.__name__}"):
        score(X, [0, 0, 1], n_threads=0)
