"""A table of behaviours of silhouettes, tested against scikit-learn's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.metrics
from behaviours import SPARSE, Table, both_refuse, rows

from kmeans_core import (
    InvalidParameterError,
    silhouette_samples,
    silhouette_score,
)

Functions = list[Callable[..., Any]]

# Ours first, then scikit-learn's.
SAMPLES: Functions = [silhouette_samples, sklearn.metrics.silhouette_samples]
SCORES: Functions = [silhouette_score, sklearn.metrics.silhouette_score]

behaviour = Table()


def distances(X: np.ndarray) -> np.ndarray:
    """Euclidean distances between all rows, without rounding on the diagonal."""
    return np.sqrt(np.sum((X[:, None] - X[None]) ** 2, axis=2))


def labels_of(n_samples: int = 30) -> np.ndarray:
    """The groups of ``rows``, with a few rows in the wrong group."""
    labels = np.arange(n_samples) % 3
    labels[::7] = 1
    return labels


def same_samples(X: Any, labels: Any, **params: Any) -> np.ndarray:
    """Our result, compared with scikit-learn's."""
    ours, theirs = (function(X, labels, **params) for function in SAMPLES)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    return ours


def same_score(X: Any, labels: Any, **params: Any) -> float:
    """Our result, compared with scikit-learn's."""
    ours, theirs = (function(X, labels, **params) for function in SCORES)
    assert ours == pytest.approx(theirs, abs=1e-12)
    return ours


# Silhouettes ------------------------------------------------------------------------------------


@behaviour("the silhouette of every row is scikit-learn's, and the score their mean")
def silhouettes() -> None:
    for seed in range(5):
        X = rows(seed=seed)
        scores = same_samples(X, labels_of())
        assert len(set(scores)) > 20
        assert same_score(X, labels_of()) == np.mean(scores)


@behaviour("the same for metrics cosine and manhattan, also with rows of zeros")
def other_metrics() -> None:
    X = rows()
    X[[4, 11]] = 0.0
    answers = {"euclidean": same_samples(X, labels_of()).tolist()}
    for metric in ("cosine", "manhattan"):
        for data in (X, sp.csr_matrix(X)):
            answers[metric] = same_samples(data, labels_of(), metric=metric).tolist()
            same_score(data, labels_of(), metric=metric)
    assert answers["euclidean"] != answers["cosine"] != answers["manhattan"]


@behaviour("a row alone in its cluster scores exactly 0")
def singletons() -> None:
    X = np.array([[0.1], [0.7], [0.2], [5.3]])
    for function in SAMPLES:
        scores = function(X, [0, 1, 0, 2])
        assert scores[[1, 3]].tolist() == [0, 0]
        assert np.all(scores[[0, 2]] > 0.5)


@behaviour("rows that coincide in a cluster of their own score exactly 1")
def coincident() -> None:
    X = np.repeat([[0.1, 0.7], [0.3, 0.2], [9.9, 0.0]], 4, axis=0)
    labels = np.repeat([5, 2, 9], 4)
    for function in SAMPLES:
        assert function(X, labels).tolist() == [1] * 12
    for metric in ("euclidean", "manhattan", "cosine"):
        for data in (X, X.astype(np.float32), sp.csr_array(X)):
            assert silhouette_samples(data, labels, metric=metric).tolist() == [1] * 12
            assert silhouette_score(data, labels, metric=metric) == 1.0


@behaviour("labels may be any ints, strings or floats, in an array, list or tuple")
def any_labels() -> None:
    X, plain = rows(), labels_of()
    expected = same_samples(X, plain).tolist()
    named: list[Any] = [
        np.array([-7, 1000, 3])[plain],
        np.array(["drama", "comedy", "war"])[plain],
        np.array(["drama", "comedy", "war"], dtype=object)[plain],
        np.array([0.5, -2.0, 1e9])[plain],
        np.array([200, 3, 7], dtype=np.uint8)[plain],
    ]
    for labels in named:
        for form in (labels, labels.tolist(), tuple(labels)):
            assert same_samples(X, form).tolist() == expected
    two = plain == 1
    assert same_samples(X, two).tolist() == same_samples(X, two.astype(int)).tolist()


@behaviour("NaN and infinity are not labels")
def not_labels() -> None:
    X = rows(4)
    for bad, message in ((np.nan, "contains NaN"), (np.inf, "contains infinity")):
        labels = [0.0, 1.0, bad, 1.0]
        for functions in (SAMPLES, SCORES):
            both_refuse(functions, message, X, labels)
        both_refuse(SCORES, message, X, labels, sample_size=3, random_state=0)
    missing = np.array([0.0, 1.0, np.nan, 1.0], dtype=object)
    both_refuse(SAMPLES, "contains NaN", X, missing)
    # The string "nan" is a valid label.
    same_samples(X, ["nan", "inf", "nan", "inf"])


@behaviour("1 label, or as many labels as rows, is an error that names the number")
def number_of_labels() -> None:
    for labels in (np.zeros(5), np.arange(5)):
        message = (
            rf"Number of labels is {len(set(labels))}\. "
            r"Valid values are 2 to n_samples - 1 \(inclusive\)"
        )
        for functions in (SAMPLES, SCORES):
            both_refuse(functions, message, rows(5), labels)
            both_refuse(functions, message, distances(rows(5)), labels, metric="precomputed")
    same_samples(rows(5), [0, 1, 2, 3, 3])
    same_samples(rows(5), [0, 1, 1, 1, 1])


@behaviour("a sample must have 2 labels to size - 1 of its own")
def number_of_labels_in_sample() -> None:
    labels = np.arange(30) == 0
    both_refuse(SCORES, "Number of labels is 1", rows(), labels, sample_size=2, random_state=0)


@behaviour("rows and labels of different lengths are an error that names both lengths")
def lengths() -> None:
    message = r"Found input variables with inconsistent numbers of samples: \[30, 29\]"
    for functions in (SAMPLES, SCORES):
        both_refuse(functions, message, rows(), labels_of(29))
    both_refuse(SCORES, message, rows(), labels_of(29), sample_size=10, random_state=0)


@behaviour("labels as a column are refused (scikit-learn warns and accepts them)")
def column_of_labels() -> None:
    for params in ({}, {"sample_size": 20, "random_state": 0}):
        with pytest.raises(ValueError, match=r"labels should be a 1d array.* \(30, 1\)"):
            silhouette_score(rows(), labels_of()[:, None], **params)


@behaviour("NaN in X is refused, in rows that are not drawn too; ours names row and column")
def nan_in_x() -> None:
    X = rows()
    X[17, 2] = np.nan
    both_refuse(SAMPLES, "contains NaN", X, labels_of())
    for sample_size in (None, 5, 30):
        params = {"sample_size": sample_size, "random_state": 1}
        both_refuse(SCORES, "contains NaN", X, labels_of(), **params)
        with pytest.raises(ValueError, match="contains NaN: the first at row 17, column 2"):
            silhouette_score(X, labels_of(), **params)


@behaviour("X may be a list of lists, or of row arrays")
def lists() -> None:
    X = rows()
    expected = same_samples(X, labels_of()).tolist()
    for data in (X.tolist(), list(X)):
        assert same_samples(data, labels_of().tolist()).tolist() == expected
        same_score(data, labels_of().tolist(), sample_size=20, random_state=0)


@behaviour("sparse X of any format, matrix or array, gives the same as dense X")
def sparse_rows() -> None:
    X = rows()
    expected = same_samples(X, labels_of())
    for form in SPARSE:
        scores = same_samples(form(X), labels_of())
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)


@behaviour("int rows give the same as equal floats")
def int_rows() -> None:
    X = rows().astype(int)
    expected = same_samples(X.astype(float), labels_of()).tolist()
    assert same_samples(X, labels_of()).tolist() == expected


@behaviour("metrics have other names too")
def other_names() -> None:
    for metric in ("l1", "l2", "cityblock"):
        same_samples(rows(), labels_of(), metric=metric)
        same_score(rows(), labels_of(), metric=metric, sample_size=20, random_state=0)
    plain = silhouette_samples(rows(), labels_of(), missing="ignore")
    other = silhouette_samples(rows(), labels_of(), missing="ignore", metric="l2")
    assert other.tobytes() == plain.tobytes()


@behaviour("the error for other metrics and callables lists the four metrics")
def refused_metrics() -> None:
    names = r"\('euclidean', 'manhattan', 'cosine', 'precomputed'\)"
    for metric in ("chebyshev", "sqeuclidean", lambda x, y: 0.0):
        sklearn.metrics.silhouette_samples(rows(), labels_of(), metric=metric)
        with pytest.raises(InvalidParameterError, match=names):
            silhouette_samples(rows(), labels_of(), metric=metric)
        with pytest.raises(InvalidParameterError, match=names):
            silhouette_score(rows(), labels_of(), metric=metric, sample_size=9, random_state=0)
    both_refuse(SAMPLES, "metric", rows(), labels_of(), metric="no such thing")


# Precomputed distances --------------------------------------------------------------------------


@behaviour("precomputed distances give the same as the rows")
def precomputed() -> None:
    X = rows()
    D = distances(X)
    scores = same_samples(D, labels_of(), metric="precomputed")
    np.testing.assert_allclose(scores, same_samples(X, labels_of()), rtol=0, atol=1e-12)
    assert same_score(D, labels_of(), metric="precomputed") == np.mean(scores)
    other = same_samples(D * D, labels_of(), metric="precomputed")
    assert np.max(np.abs(other - scores)) > 0.01


@behaviour("precomputed distances may be a list of lists of ints")
def precomputed_lists() -> None:
    D = [[0, 1, 4, 6], [1, 0, 3, 5], [4, 3, 0, 2], [6, 5, 2, 0]]
    scores = same_samples(D, [0, 0, 1, 1], metric="precomputed")
    assert scores.tolist() == [0.8, 0.75, (3.5 - 2) / 3.5, (5.5 - 2) / 5.5]


@behaviour("precomputed distances that are not symmetric are read row by row")
def asymmetric() -> None:
    D = distances(rows())
    D += np.triu(np.full(D.shape, 3.0), k=1)
    scores = same_samples(D, labels_of(), metric="precomputed")
    assert scores.tolist() != same_samples(D.T, labels_of(), metric="precomputed").tolist()
    for function in SCORES:
        drawn = function(D, labels_of(), metric="precomputed", sample_size=15, random_state=3)
        chosen = np.random.RandomState(3).permutation(30)[:15]
        part = D[np.ix_(chosen, chosen)]
        expected = silhouette_score(part, labels_of()[chosen], metric="precomputed")
        assert drawn == pytest.approx(expected, abs=1e-12)


@behaviour("precomputed distances must be square")
def square() -> None:
    D = distances(rows())[:, :-1]
    for function in SAMPLES:
        with pytest.raises(ValueError, match=r"n_samples|square|shape"):
            function(D, labels_of(), metric="precomputed")
    for params in ({}, {"sample_size": 9, "random_state": 0}):
        with pytest.raises(ValueError, match=r"requires shape .* got \(30, 29\)"):
            silhouette_score(D, labels_of(), metric="precomputed", **params)


@behaviour("100 eps on the diagonal is rounding, for float32 more than for float64")
def rounded_diagonal() -> None:
    message = "contains non-zero elements on the diagonal"
    for dtype in (np.float32, np.float64):
        eps = np.finfo(dtype).eps
        D = distances(rows()).astype(dtype)
        for form in (np.asarray, sp.csr_matrix):
            np.fill_diagonal(D, 90 * eps)
            ours, theirs = (f(form(D), labels_of(), metric="precomputed") for f in SAMPLES)
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=10 * eps)
            np.fill_diagonal(D, 110 * eps)
            both_refuse(SAMPLES, message, form(D), labels_of(), metric="precomputed")
            both_refuse(SCORES, message, form(D), labels_of(), metric="precomputed")


@behaviour("the diagonal of ints must be exactly 0")
def int_diagonal() -> None:
    D = np.rint(distances(rows())).astype(int)
    same_samples(D, labels_of(), metric="precomputed")
    D[8, 8] = 1
    message = "contains non-zero elements on the diagonal"
    for form in (np.asarray, sp.csr_matrix, np.ndarray.tolist):
        both_refuse(SAMPLES, message, form(D), labels_of(), metric="precomputed")


@behaviour("the diagonal is checked also for rows that are not drawn (scikit-learn: only drawn)")
def diagonal_of_rows_not_drawn() -> None:
    D = distances(rows())
    params = {"metric": "precomputed", "sample_size": 20, "random_state": 0}
    unlucky = int(np.random.RandomState(0).permutation(30)[29])
    D[unlucky, unlucky] = 1.0
    sklearn.metrics.silhouette_score(D, labels_of(), **params)
    with pytest.raises(ValueError, match=rf"on the diagonal, the first at row {unlucky}\."):
        silhouette_score(D, labels_of(), **params)


@behaviour("negative precomputed distances are refused")
def negative_distances() -> None:
    D = distances(rows())
    D[3, 5] = -1.0
    for form in (np.asarray, sp.csr_matrix):
        both_refuse(SAMPLES, "Negative values", form(D), labels_of(), metric="precomputed")


@behaviour("sparse precomputed distances of any format: an absent entry is distance 0")
def sparse_distances() -> None:
    D = distances(rows())
    D[D < 8] = 0.0
    assert np.mean(D == 0) > 0.2
    expected = same_samples(D, labels_of(), metric="precomputed")
    for form in SPARSE:
        scores = same_samples(form(D), labels_of(), metric="precomputed")
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)
        params = {"metric": "precomputed", "sample_size": 20, "random_state": 0}
        drawn = same_score(form(D), labels_of(), **params)
        assert drawn == pytest.approx(same_score(D, labels_of(), **params), abs=1e-12)


# Samples of the rows ----------------------------------------------------------------------------


@behaviour("sample_size draws the rows that scikit-learn draws, for rows as for distances")
def sampled() -> None:
    X = rows()
    D = distances(X)
    drawn = set()
    for seed in range(10):
        params: dict[str, Any] = {"sample_size": 12, "random_state": seed}
        chosen = np.random.RandomState(seed).permutation(30)[:12]
        expected = silhouette_score(X[chosen], labels_of()[chosen])
        for data in (X, sp.csr_matrix(X), X.tolist()):
            assert same_score(data, labels_of(), **params) == pytest.approx(expected, abs=1e-12)
        for data in (D, sp.csr_matrix(D), D.tolist()):
            score = same_score(data, labels_of(), metric="precomputed", **params)
            assert score == pytest.approx(expected, abs=1e-12)
        drawn.add(expected)
    assert len(drawn) == 10


@behaviour("a sample works with cosine and manhattan, and with a list of strings as labels")
def sampled_otherwise() -> None:
    names = [f"group {label}" for label in labels_of()]
    for metric in ("cosine", "manhattan"):
        for data in (rows(), sp.csr_matrix(rows())):
            params = {"metric": metric, "sample_size": 12, "random_state": 1}
            score = same_score(data, labels_of(), **params)
            assert silhouette_score(data, names, **params) == score


@behaviour("a RandomState as random_state is used, and goes on")
def sampled_by_stream() -> None:
    streams = [np.random.RandomState(5), np.random.RandomState(5)]
    for _ in range(3):
        ours, theirs = (
            function(rows(), labels_of(), sample_size=12, random_state=stream)
            for function, stream in zip(SCORES, streams, strict=True)
        )
        assert ours == pytest.approx(theirs, abs=1e-12)
    assert streams[0].random() == streams[1].random()


@behaviour("a sample of all rows, or of more than there are, is all rows")
def sample_of_all() -> None:
    expected = same_score(rows(), labels_of())
    for sample_size in (30, np.int64(31), 10_000):
        score = same_score(rows(), labels_of(), sample_size=sample_size, random_state=0)
        assert score == pytest.approx(expected, abs=1e-12)


@behaviour("a sample size that is not a whole number from 1 is refused")
def bad_sample_size() -> None:
    for sample_size in (0, -1, 2.5, "all"):
        params = {"sample_size": sample_size, "random_state": 0}
        both_refuse(SCORES, "sample_size", rows(), labels_of(), **params)


# The table, run ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", behaviour.shown, ids=behaviour.words)
def test_behaviour(shown: Callable[[], None]) -> None:
    shown()
