"""Silhouettes of rows with unknown cells, against their definition over shared cells."""

import numpy as np
import pytest
import sklearn.metrics
from gaps import csr_of
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import nan_euclidean_distances

from kmeans_core import (
    InvalidParameterError,
    silhouette_samples,
    silhouette_score,
)
from kmeans_core.pairwise import observed_silhouette

CELLS = st.sampled_from([np.nan, np.nan, np.nan, 0.0, 0.5, 1.0, 3.0, 5.0])


def definition(X, labels):
    """(b - a) / max(a, b) from the defined distances."""
    distances = nan_euclidean_distances(X)
    np.fill_diagonal(distances, np.nan)
    scores = np.zeros(len(X))

    def mean(i, c):
        there = distances[i, labels == c]
        there = there[~np.isnan(there)]
        return there.mean() if len(there) else np.inf

    for i, own in enumerate(labels):
        a = mean(i, own)
        b = min(mean(i, c) for c in set(labels) if c != own)
        if a < np.inf and b < np.inf and max(a, b) > 0:
            scores[i] = (b - a) / max(a, b)
    return scores


def holed(n_samples=80, n_features=6, share=0.4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_features)) + 3.0 * (np.arange(n_samples) % 3)[:, None]
    X[rng.random(X.shape) < share] = np.nan
    return X


@given(data=st.data())
def test_same_as_the_definition(data):
    n_samples, n_features = data.draw(st.integers(3, 10)), data.draw(st.integers(1, 4))
    size = n_samples * n_features
    X = np.array(data.draw(st.lists(CELLS, min_size=size, max_size=size)))
    X = X.reshape(n_samples, n_features)
    labels = np.array(
        data.draw(st.lists(st.integers(0, 3), min_size=n_samples, max_size=n_samples))
    )
    assume(2 <= len(set(labels)) < n_samples)
    expected = definition(X, labels)
    scores = silhouette_samples(X, labels, missing="ignore")
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-9)
    assert silhouette_samples(csr_of(X), labels, missing="ignore").tolist() == scores.tolist()


def test_same_as_scikit_learns_where_all_pairs_share_something(form):
    X = holed()
    X[:, 0] = np.arange(80.0) / 10
    labels = np.arange(80) % 4
    distances = nan_euclidean_distances(X)
    np.fill_diagonal(distances, 0.0)
    expected = sklearn.metrics.silhouette_samples(distances, labels, metric="precomputed")
    scores = silhouette_samples(form(X), labels, missing="ignore")
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)
    score = silhouette_score(form(X), labels, missing="ignore")
    assert score == pytest.approx(expected.mean(), abs=1e-12)
    rows = np.random.RandomState(3).permutation(80)[:30]
    part = silhouette_score(form(X), labels, missing="ignore", sample_size=30, random_state=3)
    expected = silhouette_samples(form(X[rows]), labels[rows], missing="ignore").mean()
    assert part == expected


def test_rows_without_a_partner_score_zero(form):
    n = np.nan
    X = np.array([[0.0, n], [1.0, n], [n, 3.0], [4.0, 3.0], [n, n], [n, 3.5]])
    scores = silhouette_samples(form(X), [0, 0, 0, 1, 1, 1], missing="ignore")
    # Row 2 shares no cell with its own cluster, and row 4 with no row. Distances are
    # sqrt(2) * |x - y|.
    assert scores.tolist()[2] == scores.tolist()[4] == 0.0
    np.testing.assert_allclose(scores[:2], [(4 - 1) / 4, (3 - 1) / 3], rtol=1e-15)
    np.testing.assert_allclose(scores[5], 0.0, atol=1e-15)  # .5 from either cluster
    np.testing.assert_allclose(scores[3], ((4 + 3 + 0) / 3 - 0.5) / ((4 + 3 + 0) / 3), rtol=1e-15)


def test_a_row_alone_in_its_cluster_scores_zero(form):
    X = holed(20)
    labels = np.zeros(20, dtype=int)
    labels[7] = 1
    labels[10:] = 2
    assert silhouette_samples(form(X), labels, missing="ignore")[7] == 0.0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_without_missing_cells_the_result_is_the_plain_one_to_the_bit(form, blobs, dtype):
    X = blobs(90, 3, 4).astype(dtype)
    labels = np.arange(90) % 3
    plain = silhouette_samples(X, labels)
    assert silhouette_samples(form(X), labels, missing="ignore").tobytes() == plain.tobytes()


@pytest.mark.parametrize("block_sums", [1, 50, 2**16])
def test_neither_blocks_nor_threads_change_a_bit(form, monkeypatch, always_threads, block_sums):
    X, labels = form(holed()), np.arange(80) % 5
    expected = silhouette_samples(X, labels, missing="ignore", n_threads=1)
    monkeypatch.setattr(observed_silhouette, "BLOCK_SUMS", block_sums)
    for n_threads in (1, 2, 5):
        scores = silhouette_samples(X, labels, missing="ignore", n_threads=n_threads)
        assert scores.tobytes() == expected.tobytes()
    assert always_threads.n_helpers >= 1 + 4


def test_invalid_input_is_refused(form):
    X, labels = form(holed(9)), np.arange(9) % 3
    for function in (silhouette_samples, silhouette_score):
        for metric in ("manhattan", "cosine", "precomputed", "cityblock"):
            with pytest.raises(InvalidParameterError, match="needs metric='euclidean', not"):
                function(X, labels, metric=metric, missing="ignore")
        message = f"'missing' parameter of {function.__name__} must be a str among"
        with pytest.raises(InvalidParameterError, match=message):
            function(X, labels, missing="drop")
        with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[9, 8\]"):
            function(X, labels[:8], missing="ignore")
        with pytest.raises(ValueError, match="Number of labels is 1"):
            function(X, np.zeros(9), missing="ignore")
        with pytest.raises(ValueError, match="contains NaN: the first at row"):
            function(holed(9), labels)
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[9, 8\]"):
        silhouette_score(X, labels[:8], missing="ignore", sample_size=4)
