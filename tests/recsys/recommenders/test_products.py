"""Products and inverses: right, and the same bits for any number of threads."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from recsys.recommenders.products import decomposed, gram_of, inverse_of, product


def positive_definite(n: int, seed: int = 0) -> np.ndarray:
    half = np.random.default_rng(seed).normal(size=(n, n))
    return half @ half.T + np.eye(n)


@settings(max_examples=30)
@given(st.integers(1, 200), st.integers(0, 1000))
def test_an_inverse(n: int, seed: int) -> None:
    matrix = positive_definite(n, seed)
    before = matrix.copy()
    np.testing.assert_allclose(inverse_of(matrix) @ matrix, np.eye(n), atol=1e-8)
    np.testing.assert_array_equal(matrix, before)


def test_a_product() -> None:
    left, right = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(product(left, right), left @ right.T)
    np.testing.assert_array_equal(product(left.T, right[:2].T), left.T @ right[:2])
    # Whole numbers have exact sums, and 200 rows are several tiles.
    left, right = np.arange(40_000.0).reshape(200, 200) % 19, np.arange(26_000.0).reshape(130, 200)
    np.testing.assert_array_equal(product(left, right % 23), left @ (right % 23).T)


def test_the_products_of_rows() -> None:
    rows = np.arange(26_000.0).reshape(130, 200) % 23  # whole numbers have exact sums
    np.testing.assert_array_equal(gram_of(rows), rows @ rows.T)


@settings(max_examples=30)
@given(st.integers(1, 700), st.integers(1, 90), st.integers(0, 1000))
def test_a_decomposition(n_rows: int, n_columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n_rows, n_columns))
    basis, triangle = decomposed(matrix)
    n_directions = min(n_rows, n_columns)
    np.testing.assert_allclose(basis @ triangle, matrix, atol=1e-9)
    np.testing.assert_allclose(basis.T @ basis, np.eye(n_directions), atol=1e-9)
    np.testing.assert_array_equal(np.tril(triangle, -1), 0.0)
    matrix[rng.random(n_rows) < 0.5] = 0.0
    empty = ~np.any(matrix, axis=1)
    np.testing.assert_array_equal(decomposed(matrix)[0][empty], 0.0)


def test_the_number_of_threads_changes_no_bit() -> None:
    matrix, found = positive_definite(300), []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            inverse = inverse_of(matrix)
            basis = decomposed(matrix[:, :70])
            found.append((inverse, product(inverse, matrix), gram_of(matrix), *basis))
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
