"""Products and inverses of matrices whose bits are the same for any number of threads."""

import numpy as np

from recsys.recommenders.types import Floats


def product(left: Floats, right: Floats) -> Floats:
    """``left @ right.T``, without BLAS: its last bits depend on the number of threads."""
    rows, columns = np.ascontiguousarray(left), np.ascontiguousarray(right)
    found: Floats = np.einsum("ij,kj->ik", rows, columns)
    return found


def inverse_of(matrix: Floats) -> Floats:
    """Invert a symmetric positive definite matrix, without LAPACK.

    The matrix is cut into four blocks. One diagonal block and the Schur complement of it are
    inverted in the same way (Golub, Van Loan 2013, Matrix Computations, section 3.2.11).

    Examples
    --------
    >>> inverse_of(np.array([[2.0, 1.0], [1.0, 1.0]])).tolist()
    [[1.0, -1.0], [-1.0, 2.0]]
    """
    if len(matrix) == 1:
        return 1.0 / matrix
    half = len(matrix) // 2
    first, side = inverse_of(matrix[:half, :half]), matrix[half:, :half]
    moved = product(side, first)
    second = inverse_of(matrix[half:, half:] - product(moved, side))
    corner = product(second, moved.T)
    return np.block([[first + product(moved.T, corner.T), -corner.T], [-corner, second]])
