"""Silhouettes: by hand, against scikit-learn and ``reference``, in blocks, memory."""

import decimal
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
import sklearn.metrics
from hypothesis import assume, given
from hypothesis import strategies as st
from pair_distances import pairs_of

from kmeans_core import (
    InvalidParameterError,
    reference,
    silhouette_samples,
    silhouette_score,
)
from kmeans_core.pairwise import pairs, silhouette
from kmeans_core.pairwise.pairs import euclidean
from kmeans_core.points.checks import as_points


def test_by_hand(storage):
    X = storage(np.array([[0.0], [2.0], [3.0], [50.0]]))
    scores = silhouette_samples(X, [0, 0, 1, 2])
    assert scores.tolist() == [(3 - 2) / 3, (1 - 2) / 2, 0.0, 0.0]
    assert silhouette_score(X, [0, 0, 1, 2]) == np.mean(scores)
    assert type(silhouette_score(X, [0, 0, 1, 2])) is float


def test_a_row_alone_scores_exactly_zero_and_coincident_rows_exactly_one(storage):
    # Numbers such as 0.1 + 0.2, which are not exact in binary.
    X = np.array([[0.1, 0.7], [0.1, 0.7], [0.1, 0.7], [0.3, 0.2], [0.3, 0.2], [9.9, 0.0]])
    scores = silhouette_samples(storage(X), [5, 5, 5, 2, 2, 9])
    assert scores.tolist() == [1, 1, 1, 1, 1, 0]


def test_the_score_of_equal_rows_is_zero(storage):
    scores = silhouette_samples(storage(np.full((4, 2), 0.7)), [0, 0, 1, 1])
    assert scores.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_same_as_sklearn(blobs, storage, seed, dtype):
    X = blobs(150, 5, 4, seed=seed, share_zero=0.4).astype(dtype)
    labels = np.random.default_rng(seed).integers(6, size=150)
    # sklearn rounds distances of float32 rows to float32, so it gets the same numbers as float64.
    expected = sklearn.metrics.silhouette_samples(X.astype(np.float64), labels)
    scores = silhouette_samples(storage(X), labels)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)
    assert silhouette_score(storage(X), labels) == pytest.approx(expected.mean(), abs=1e-12)


@given(data=st.data())
def test_same_as_reference(exact_cases, data):
    case = data.draw(exact_cases)
    n_samples = len(case.X)
    labels = np.array(
        data.draw(st.lists(st.integers(0, 3), min_size=n_samples, max_size=n_samples))
    )
    assume(2 <= len(set(labels)) < n_samples)
    expected = reference.silhouette_samples(case.X, labels)
    for X in (case.X, sp.csr_array(case.X)):
        np.testing.assert_allclose(silhouette_samples(X, labels), expected, atol=1e-12)


METRICS = ["euclidean", "manhattan", "cosine"]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("block_columns", [1, 7, 20, 59, 60])
def test_block_sizes_and_kept_sums_change_no_score(
    blobs, storage, monkeypatch, metric, block_columns
):
    X = storage(blobs(60, 3, 4, share_zero=0.3))
    labels = np.arange(60) % 5
    plain = silhouette_samples(X, labels, metric=metric)
    monkeypatch.setattr(pairs, "_block_columns", lambda *shape: block_columns)
    expected = silhouette_samples(X, labels, metric=metric)
    # Blocks set the order in which distances are added up.
    np.testing.assert_allclose(expected, plain, rtol=0, atol=1e-13)
    for sums_entries in (2**22, 5 * 60, 5 * 60 - 1):
        monkeypatch.setattr(silhouette, "SUMS_ENTRIES", sums_entries)
        for block_distances in (2**16, 9 * block_columns, 1):
            monkeypatch.setattr(pairs, "BLOCK_DISTANCES", block_distances)
            scores = silhouette_samples(X, labels, metric=metric)
            assert scores.tobytes() == expected.tobytes()


@pytest.mark.parametrize("metric", [*METRICS, "precomputed"])
@pytest.mark.parametrize("sums_entries", [2**22, 0])
@pytest.mark.parametrize("block_columns", [40, 1024])
def test_threads_change_no_bit(
    blobs, storage, always_threads, monkeypatch, metric, sums_entries, block_columns
):
    X = blobs(150, 3, 4, share_zero=0.3)
    labels = np.arange(150) % 5
    if metric == "precomputed":
        X = sklearn.metrics.pairwise_distances(X)
        np.fill_diagonal(X, 0.0)
    monkeypatch.setattr(pairs, "_block_columns", lambda *shape: block_columns)
    monkeypatch.setattr(silhouette, "SUMS_ENTRIES", sums_entries)
    monkeypatch.setattr(pairs, "BLOCK_DISTANCES", 2**11)
    expected = silhouette_samples(storage(X), labels, metric=metric, n_threads=1)
    assert always_threads.n_helpers == 0
    for n_threads in (2, 3, 7):
        scores = silhouette_samples(storage(X), labels, metric=metric, n_threads=n_threads)
        assert scores.tobytes() == expected.tobytes()
    if block_columns == 40 or sums_entries == 0:  # a single block meets itself in one thread
        assert always_threads.n_helpers >= 1 + 2 + 3


def test_threads_are_checked_as_in_kmeans():
    X, labels = [[0.0], [1.0], [5.0]], [0, 0, 1]
    for function in (silhouette_samples, silhouette_score):
        assert np.all(function(X, labels, n_threads=1) == function(X, labels, n_threads=None))
        for wrong in (0, -1, 1.0, True, "2"):
            message = f"'n_threads' parameter of {function.__name__} must be an int in the range"
            with pytest.raises(InvalidParameterError, match=message):
                function(X, labels, n_threads=wrong)
    with pytest.raises(InvalidParameterError, match="'n_threads' parameter of silhouette_score"):
        silhouette_score(X, labels, sample_size=3, random_state=0, n_threads=0)


@pytest.mark.parametrize("metric", METRICS)
def test_many_blocks_give_the_scores_of_reference(blobs, storage, metric):
    # 4 blocks with mixed labels. 299 is not a multiple of any block size.
    X = blobs(299, 4, 5, share_zero=0.5)
    labels = np.random.default_rng(1).integers(7, size=299)
    assert pairs_of(X, metric).block_columns == 96
    expected = sklearn.metrics.silhouette_samples(X, labels, metric=metric)
    scores = silhouette_samples(storage(X), labels, metric=metric)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-150, 1e150])
def test_scores_do_not_depend_on_the_scale_of_rows(storage, scale):
    X = np.array([[0.0, 1.0], [0.0, 2.0], [7.0, 0.0], [9.0, 0.0]])
    expected = reference.silhouette_samples(X, np.array([0, 0, 1, 1]))
    scores = silhouette_samples(storage(X * scale), [0, 0, 1, 1], metric="manhattan")
    np.testing.assert_allclose(
        scores, silhouette_samples(X, [0, 0, 1, 1], metric="manhattan"), atol=1e-12
    )
    if scale > 1e-155:  # below, squares are lost
        scores = silhouette_samples(storage(X * scale), [0, 0, 1, 1])
        np.testing.assert_allclose(scores, expected, atol=1e-12)


def test_tight_clusters_far_apart_keep_their_digits(storage):
    # Within a cluster |x|^2 - 2 x.y + |y|^2 loses all digits.
    rng = np.random.default_rng(2)
    X = np.repeat([[1e6, 0.0, 3e6], [-2e6, 5e6, 0.0]], 20, axis=0) + rng.normal(size=(40, 3)) * 1e-3
    labels = np.arange(40) // 20
    labels[:3] = 1
    expected = reference.silhouette_samples(X, labels)
    np.testing.assert_allclose(silhouette_samples(storage(X), labels), expected, atol=1e-12)


def test_memory_stays_far_below_all_the_distances(blobs, storage):
    n_samples = 4_000
    X = storage(blobs(n_samples, 2, 3))
    labels = np.arange(n_samples) % 3
    silhouette_samples(X, labels)  # compiled, and the pool's threads started
    tracemalloc.start()
    silhouette_samples(X, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.4 * n_samples * n_samples * 8


def test_many_labelings_give_the_same_as_each_one_alone(blobs, storage):
    X = blobs(90, 3, 4)
    rng = np.random.default_rng(0)
    labelings = [rng.integers(k, size=90) for k in (2, 5, 30)]
    together = silhouette.samples_of_labelings(euclidean(as_points(storage(X))), labelings)
    for scores, labels in zip(together, labelings, strict=True):
        assert scores.tobytes() == silhouette_samples(storage(X), labels).tobytes()
    assert silhouette.samples_of_labelings(euclidean(as_points(storage(X))), []) == []


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "b", "a"],
        ("x", "y", "y", "x"),
        [7, -3, -3, 7],
        np.array([0.5, 2.5, 2.5, 0.5]),
        pd.Series([1, 2, 2, 1], index=list("wxyz")),
        [True, False, False, True],
        np.array(["one", "two", "two", "one"], dtype=object),
    ],
)
def test_labels_may_be_any_names(labels):
    X = np.array([[0.0], [5.0], [6.0], [2.0]])
    expected = silhouette_samples(X, [0, 1, 1, 0])
    assert silhouette_samples(X, labels).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [0, 0, 0, 0],
            r"Number of labels is 1\. Valid values are 2 to n_samples - 1 \(inclusive\)",
        ),
        ([0, 1, 2, 3], r"Number of labels is 4\. Valid values"),
        ([0, 1, 1], r"inconsistent numbers of samples: \[4, 3\]"),
        ([[0, 1, 1, 0]], "1d array"),
        ([0.0, np.nan, 1.0, 1.0], "labels contains NaN: the first at row 1"),
        ([0.0, 1.0, np.inf, 1.0], "labels contains infinity: the first at row 2"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(labels, message):
    X = np.array([[0.0], [5.0], [6.0], [2.0]])
    for function in (silhouette_samples, silhouette_score):
        with pytest.raises(ValueError, match=message):
            function(X, labels)


@pytest.mark.parametrize(
    "labels",
    [
        pd.Categorical(["b", "a", "a", "b"]),
        pd.Series(["b", "a", "a", "b"], dtype="string"),
        pd.Series([1, 0, 0, 1], dtype="Int64"),
        pl.Series(["b", "a", "a", "b"]),
        pl.Series(["b", "a", "a", "b"], dtype=pl.Categorical),
        pa.chunked_array([[1, 0], [0, 1]]),
        pa.array(["b", "a", "a", "b"]).dictionary_encode(),
        pa.array([7, 5, 5, 7]).dictionary_encode(),
        np.array(["2021", "2020", "2020", "2021"], "M8[Y]"),
        np.array([1, 0.0, False, np.int8(1)], dtype=object),
        np.array(["b", "a", "a", "b"], dtype=np.dtypes.StringDType()),
        [decimal.Decimal(1), decimal.Decimal(0), 0, 10**400 // 10**400],
        [10**400, 1, 1, 10**400],
        ["1", 0, 0, "1"],  # numpy makes strings of a list like this, as scikit-learn has it
    ],
)
def test_labels_come_from_every_library(labels):
    X = np.array([[0.0], [5.0], [6.0], [2.0]])
    expected = silhouette_samples(X, [0, 1, 1, 0])
    assert silhouette_samples(X, labels).tolist() == expected.tolist()
    drawn = {"sample_size": 3, "random_state": 0}
    assert silhouette_score(X, labels, **drawn) == silhouette_score(X, [0, 1, 1, 0], **drawn)


@pytest.mark.parametrize(
    "labels",
    [
        ["a", None, "a", "b"],
        np.array(["a", pd.NA, "a", "b"], dtype=object),
        np.array([1, pd.NA, 1, 0], dtype=object),
        np.array(["a", np.nan, "a", "b"], dtype=object),
        np.array(["a", np.nan, 7, "b"], dtype=object),
        np.array([1, decimal.Decimal("sNaN"), 1, 0], dtype=object),
        np.array(["2020", "NaT", "2020", "2021"], "M8[Y]"),
        np.array(["a", None, "a", "b"], dtype=np.dtypes.StringDType(na_object=None)),
        pd.Series(["a", None, "a", "b"], dtype="string"),
        pd.Series(["a", None, "a", "b"], dtype="category"),
        pd.Series([1, None, 1, 0], dtype="category"),
        pd.Series([1, None, 1, 0], dtype="Int64"),
        pd.Series([True, None, True, False], dtype="boolean"),
        pl.Series(["a", None, "a", "b"]),
        pl.Series([1, None, 1, 0]),
        pa.array(["a", None, "a", "b"]),
        pa.array([1, None, 1, 0]),
        pa.array([1, None, 1, 0]).dictionary_encode(),
    ],
)
def test_a_missing_label_is_named_by_its_row(labels):
    X = np.array([[0.0], [5.0], [6.0], [2.0]])
    for function in (silhouette_samples, silhouette_score):
        for missing in ("error", "ignore"):
            with pytest.raises(
                ValueError, match=r"Input labels contains NaN.*: the first at row 1"
            ):
                function(X, labels, missing=missing)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, "a", 0, "a"], dtype=object),
        pd.Series([0, "a", 0, "a"]),
        pd.Series([0.5, "a", 0, "a"], dtype="category"),
        np.array(["a", b"b", "a", "a"], dtype=object),
        np.array([{}, {}, {}, {}]),
    ],
)
def test_labels_of_several_kinds_are_one_error(labels):
    X = np.array([[0.0], [5.0], [6.0], [2.0]])
    for missing in ("error", "ignore"):
        with pytest.raises(InvalidParameterError, match="labels must be uniformly strings or numb"):
            silhouette_samples(X, labels, missing=missing)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1, 1, 0]) + 0j, "Complex data not supported: labels"),
        (np.ma.masked_equal([0, 1, 1, 0], 1), "labels is a masked array"),
        (5, r"labels should be a 1d array, got an array of shape \(\)"),
        (None, r"labels should be a 1d array, got an array of shape \(\)"),
        ([[0], [1, 2], [0], [1]], "labels cannot be read as one array"),
    ],
)
def test_invalid_labels_are_one_error(labels, message):
    with pytest.raises(ValueError, match=message):
        silhouette_samples([[0.0], [5.0], [6.0], [2.0]], labels)


def test_one_row_has_no_silhouette():
    with pytest.raises(ValueError, match="Number of labels is 1"):
        silhouette_samples([[1.0]], [0])


def test_x_is_checked_as_everywhere():
    with pytest.raises(ValueError, match="contains NaN: the first at row 1, column 0"):
        silhouette_samples([[0.0], [np.nan], [1.0]], [0, 0, 1])
