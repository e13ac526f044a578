"""Products and inverses of matrices whose bits are the same for any number of threads."""

import numpy as np

from recsys.recommenders.types import Floats

# BLAS and LAPACK work on tiles of so many rows and columns in one thread. OpenBLAS takes more
# threads for more than 64^3 multiplications only (GEMM_MULTITHREAD_THRESHOLD in its gemm.c).
TILE = 64


def product(left: Floats, right: Floats) -> Floats:
    """``left @ right.T``, tile by tile. A product of whole matrices depends on the threads.

    Examples
    --------
    >>> product(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])).tolist()
    [[11.0, 17.0]]
    """
    n_inner = left.shape[1]
    found = np.zeros((len(left), len(right)))
    for row in range(0, len(left), TILE):
        for column in range(0, len(right), TILE):
            tile = found[row : row + TILE, column : column + TILE]
            for inner in range(0, n_inner, TILE):
                rows = left[row : row + TILE, inner : inner + TILE]
                tile += rows @ right[column : column + TILE, inner : inner + TILE].T
    return found


def inverse_of(matrix: Floats) -> Floats:
    """Invert a symmetric positive definite matrix.

    A matrix of more than one tile is cut into four blocks. One diagonal block and the Schur
    complement of it are inverted in the same way (Golub, Van Loan 2013, Matrix Computations,
    section 3.2.11).

    Examples
    --------
    >>> inverse_of(np.array([[2.0, 1.0], [1.0, 1.0]])).tolist()
    [[1.0, -1.0], [-1.0, 2.0]]
    """
    if len(matrix) <= TILE:
        return np.linalg.inv(matrix).astype(np.float64, copy=False)
    half = len(matrix) // 2
    first, side = inverse_of(matrix[:half, :half]), matrix[half:, :half]
    moved = product(side, first)
    second = inverse_of(matrix[half:, half:] - product(moved, side))
    corner = product(second, moved.T)
    return np.block([[first + product(moved.T, corner.T), -corner.T], [-corner, second]])
