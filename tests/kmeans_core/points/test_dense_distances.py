"""Distances from dense rows to centers by products, against sums in long double."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core.kernels import dense_distances
from kmeans_core.points import dense
from kmeans_core.points.checks import as_points

# More features than are added up as differences.
LONG = dense.FEW_FEATURES + 1


def exact(X, centers):
    """Distances in long double."""
    wide = X.astype(np.longdouble)[:, None] - centers.astype(np.longdouble)
    return np.sqrt(np.sum(wide**2, axis=2))


def hard_rows(kind, n_samples, n_features, dtype):
    """Rows whose distances are hard to tell from rounding errors, and centers near them."""
    rng = np.random.default_rng([n_samples, n_features])
    X = rng.normal(size=(n_samples, n_features))
    if kind == "far off":
        X += 1e8
    elif kind == "tiny":
        X *= 1e-130 if dtype == np.float64 else 1e-18
    elif kind == "huge":
        X *= 1e150 if dtype == np.float64 else 1e17
    elif kind == "mixed":
        X *= 10.0 ** rng.uniform(-12, 12, size=n_features)
    X = X.astype(dtype)
    centers = X[::3].astype(np.float64)
    centers[1::2] *= 1.0 + 10.0 ** rng.uniform(-14, 0, size=(len(centers[1::2]), 1))
    return X, centers


@pytest.mark.parametrize("kind", ["plain", "far off", "tiny", "huge", "mixed"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [LONG, 128, 300])
@pytest.mark.parametrize("n_samples", [20, 110])
def test_distances_keep_their_digits(kind, dtype, n_features, n_samples):
    X, centers = hard_rows(kind, n_samples, n_features, dtype)
    found = as_points(X).distances(centers)
    assert found.dtype == dtype
    rtol = 1e-12 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(found, exact(X, centers).astype(np.float64), rtol=rtol, atol=0)
    assert np.all(found[np.arange(0, n_samples, 6), np.arange(0, len(centers), 2)] == 0.0)


def test_most_distances_come_from_products():
    # Otherwise the tests of the rounding bound test nothing.
    X, centers = hard_rows("plain", 110, 300, np.float64)
    arguments = list(dense._products_with(centers, X.dtype))
    found, wrong = np.empty((2, len(X), len(centers)))
    dense_distances.by_products(X, *arguments, 0, len(X), found)
    arguments[3] = np.full(centers.shape, 7.0)  # the centers of the differences
    dense_distances.by_products(X, *arguments, 0, len(X), wrong)
    assert 0 < np.count_nonzero(found != wrong) < 2 * len(centers)


@given(st.integers(0, 2**32), st.integers(LONG, 300), st.integers(1, 40))
def test_a_distance_depends_on_its_row_and_its_center_alone(seed, n_features, n_clusters):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, n_features)) + rng.choice([0.0, 1e3])
    X[30:] = X[:30]
    centers = X[:n_clusters] + rng.choice([0.0, 1e-9], size=(n_clusters, 1))
    found = as_points(X).distances(centers)
    assert found[30:].tolist() == found[:30].tolist()
    start, stop = sorted(rng.choice(61, size=2, replace=False))
    assert as_points(X[start:stop]).distances(centers).tolist() == found[start:stop].tolist()
    assert np.all(found[X[:, None, 0] == centers[:, 0]] == 0.0)


def test_threads_change_no_bit(always_threads):
    X, centers = hard_rows("far off", 500, 200, np.float64)
    one, two = (as_points(X, n_threads=n).distances(centers) for n in (1, 2))
    assert always_threads.n_helpers > 0
    assert one.tobytes() == two.tobytes()


def test_more_centers_than_a_group_of_columns():
    X, centers = hard_rows("mixed", 1000, 130, np.float64)
    assert len(centers) > dense_distances.COLUMNS
    some = as_points(X[:100]).distances(centers)
    expected = exact(X[:100], centers).astype(np.float64)
    np.testing.assert_allclose(some, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("size", [1e200, 1.7e308])
def test_distances_that_overflow_are_infinite(size):
    X = np.full((3, LONG), size)
    X[1] = -size
    X[2] = 0.0
    found = as_points(X).distances(X)
    assert found.tolist() == np.where(np.eye(3, dtype=bool), 0.0, np.inf).tolist()


@pytest.mark.parametrize(("start", "stop"), [(0, 20), (3, 11), (19, 20)])
def test_only_the_rows_of_the_chunk_are_written(start, stop):
    X, centers = hard_rows("plain", 20, 130, np.float32)
    out = np.full((20, len(centers)), -7.0, dtype=np.float32)
    arguments = dense._products_with(centers, X.dtype)
    dense_distances.by_products(X, *arguments, start, stop, out)
    expected = exact(X[start:stop], centers).astype(np.float32)
    np.testing.assert_allclose(out[start:stop], expected, rtol=1e-6)
    assert np.all(np.delete(out, np.arange(start, stop), axis=0) == -7)
