"""Products and inverses: right, and the same bits for any number of threads."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from recsys.recommenders.without_blas import inverse_of, product


def positive_definite(n: int, seed: int = 0) -> np.ndarray:
    half = np.random.default_rng(seed).normal(size=(n, n))
    return half @ half.T + np.eye(n)


@given(st.integers(1, 40), st.integers(0, 1000))
def test_an_inverse(n: int, seed: int) -> None:
    matrix = positive_definite(n, seed)
    before = matrix.copy()
    np.testing.assert_allclose(inverse_of(matrix) @ matrix, np.eye(n), atol=1e-9)
    np.testing.assert_array_equal(matrix, before)


def test_a_product() -> None:
    left, right = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(product(left, right), left @ right.T)
    np.testing.assert_array_equal(product(left.T, right[:2].T), left.T @ right[:2])


def test_the_number_of_threads_changes_no_bit() -> None:
    matrix, found = positive_definite(300), []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            inverse = inverse_of(matrix)
            found.append((inverse, product(inverse, matrix)))
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
