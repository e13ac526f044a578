"""The main directions of a matrix: their signs, and the matrix that they give back."""

from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp

from recsys.recommenders.embeddings import Basis, basis_of


def basis(matrix: Any, n_basis: int) -> Basis:
    return basis_of(sp.csr_array(matrix), n_basis, np.random.default_rng(0))


def random_matrix() -> sp.csr_array:
    return sp.random_array((12, 9), density=0.5, rng=np.random.default_rng(1), format="csr")


def test_the_largest_entry_of_each_direction_is_positive() -> None:
    """Of the directions (3, -4) / 5 and (4, 3) / 5, the first has the size 20, the second 10."""
    found = basis([[12.0, -16.0], [-8.0, -6.0]], 2)
    np.testing.assert_allclose(found.item_directions, [[-0.6, 0.8], [0.8, 0.6]], atol=1e-6)
    np.testing.assert_allclose(found.users, [[-20.0, 0.0], [0.0, -10.0]], atol=1e-5)
    np.testing.assert_allclose(found.items, [[-12.0, 8.0], [16.0, 6.0]], atol=1e-5)


def test_the_signs_that_lapack_chooses_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = basis(random_matrix(), 6)
    svd = scipy.linalg.svd

    def every_second_direction_negated(matrix: Any, **options: Any) -> Any:
        left, sizes, right = svd(matrix, **options)
        left[:, ::2] *= -1
        right[::2] *= -1
        return left, sizes, right

    monkeypatch.setattr(scipy.linalg, "svd", every_second_direction_negated)
    found = basis(random_matrix(), 6)
    np.testing.assert_array_equal(found.item_directions, expected.item_directions)
    np.testing.assert_array_equal(found.users, expected.users)
    np.testing.assert_array_equal(found.items, expected.items)


def test_all_directions_give_the_matrix_back() -> None:
    found = basis(random_matrix(), 9)
    np.testing.assert_allclose(
        found.users @ found.item_directions.T, random_matrix().toarray(), atol=1e-5
    )
