"""assign: the nearest centers against ``reference``, in every storage, and its errors."""

import numpy as np
import pytest
import scipy.sparse as sp
from gaps import partial_distances
from hypothesis import given, settings
from hypothesis import strategies as st

from kmeans_core import InvalidParameterError, KMeans, assign, reference
from kmeans_core.nearest import COMPRESS_FROM

X = np.array([[1.0, 2.0], [10.0, 0.0], [5.5, 2.0]])
CENTERS = np.array([[1.0, 2.0], [10.0, 2.0], [1.0, 2.0]])
FORMS = [np.asarray, np.asfortranarray, np.float32, sp.csr_array, sp.csc_matrix, np.ndarray.tolist]


@pytest.mark.parametrize("form", FORMS)
def test_by_hand_with_the_first_of_equally_near_centers(form):
    labels = assign(form(X), CENTERS)
    assert labels.tolist() == [0, 1, 0]  # the last row is 4.5 from each center
    assert labels.dtype == np.int32


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_labels_equal_reference_among_many_ties(seed):
    rng = np.random.default_rng(seed)
    n_samples, n_features, n_clusters = rng.integers(1, [60, 40, 20])
    rows = rng.integers(-2, 3, size=(n_samples, n_features)) / 2
    rows[rng.random(rows.shape) < rng.choice([0.0, 0.5, 0.95])] = 0.0
    centers = rng.integers(-2, 3, size=(n_clusters, n_features)) / 2
    expected = reference.nearest(rows, centers).tolist()
    for form in FORMS:
        assert assign(form(rows), centers, n_threads=int(rng.integers(1, 3))).tolist() == expected


def test_a_fits_own_labels_from_its_centers(blobs, storage):
    data = storage(blobs(2000, 40, 6, share_zero=0.9))
    model = KMeans(6, random_state=0).fit(data)
    assert assign(data, model.cluster_centers_).tolist() == model.labels_.tolist()


@pytest.mark.parametrize("n_clusters", [COMPRESS_FROM - 1, COMPRESS_FROM])
def test_many_centers_for_dense_rows_that_are_mostly_zero(n_clusters):
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 6, size=(300, 40)) * (rng.random((300, 40)) < 0.05) * 0.1
    centers = np.vstack([rows[: n_clusters // 2], rows[1 : n_clusters - n_clusters // 2 + 1]])
    assert assign(rows, centers).tolist() == reference.nearest(rows, centers).tolist()


def test_unknown_cells_are_left_out(form):
    rng = np.random.default_rng(0)
    gaps = rng.integers(0, 6, size=(50, 6)).astype(float)
    gaps[rng.random(gaps.shape) < 0.4] = np.nan
    gaps[:, 0] = 1.0
    centers = rng.integers(0, 6, size=(4, 6))
    expected = np.argmin(partial_distances(gaps, centers), axis=1)
    assert assign(form(gaps), centers, missing="ignore").tolist() == expected.tolist()
    gaps[3] = np.nan
    with pytest.raises(ValueError, match="Row 3 of X has no known cell, so no center"):
        assign(form(gaps), centers, missing="ignore")


@pytest.mark.parametrize(
    ("rows", "centers", "message"),
    [
        (X, np.ones((2, 3)), "X has 2 features, but centers has 3 features"),
        (sp.csr_array(X), np.ones((2, 1)), "X has 2 features, but centers has 1 features"),
        ([[1.0, np.nan]], CENTERS, "X contains NaN: the first at row 0, column 1"),
        (X * 1j, CENTERS, "Complex data not supported"),
        (X[0], CENTERS, "Expected 2D array, got 1D array"),
        (X[:0], CENTERS, r"Found array with 0 sample\(s\)"),
        (X, [1.0, 2.0], r"^centers must be a 2-D array of shape \(n_clusters, n_features\)"),
        (X, [[1.0, np.inf]], "^centers contains NaN or infinity: the first in cluster 0, feature"),
        (X, [["a", "b"]], "^centers must be a 2-D array of numbers"),
    ],
)
def test_invalid_input_raises_one_clear_error(rows, centers, message):
    with pytest.raises(ValueError, match=message):
        assign(rows, centers)


@pytest.mark.parametrize("wrong", [{"n_threads": 0}, {"n_threads": "2"}, {"missing": "drop"}])
def test_parameters_are_checked(wrong):
    with pytest.raises(InvalidParameterError, match=f"The {next(iter(wrong))!r} parameter of assi"):
        assign(X, CENTERS, **wrong)
