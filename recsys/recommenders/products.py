"""Products, inverses and bases of matrices whose bits are the same for any number of threads.

They run in one thread. After a product of two or more, the other threads of OpenBLAS wait for the
next one by spinning, 25 ms and longer, so a small product of 3 ms takes 40 ms of CPU.
"""

import numpy as np

from recsys.recommenders.types import Floats

# A tile has at most this many rows and columns. OpenBLAS multiplies two tiles in one thread. It
# uses more threads only beyond 64^3 multiplications (GEMM_MULTITHREAD_THRESHOLD in its gemm.c).
TILE = 64

# A matrix with at most this many numbers is decomposed in one thread. OpenBLAS uses more threads
# for larger outer products (interface/ger.c).
NUMBERS = 8192


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


def gram_of(rows: Floats) -> Floats:
    """``rows @ rows.T``, of which one half is computed and mirrored.

    Examples
    --------
    >>> gram_of(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    """
    found = np.empty((len(rows), len(rows)))
    for first in range(0, len(rows), TILE):
        end = first + TILE
        found[first:end, :end] = product(rows[first:end], rows[:end])
        found[:first, first:end] = found[first:end, :first].T
    return found


def decomposed(matrix: Floats) -> tuple[Floats, Floats]:
    """The QR decomposition of a matrix with many more rows than columns.

    Blocks of rows are decomposed, then their triangles in the same way (Demmel, Grigori, Hoemmen,
    Langou 2012, Communication-optimal Parallel and Sequential QR and LU Factorizations, TSQR). A
    row of zeros is one in the basis, too: it has no rounding errors, which might pass for a
    direction.

    Examples
    --------
    >>> basis, triangle = decomposed(np.array([[3.0, 1.0], [4.0, 2.0]]))
    >>> (basis @ triangle).round(9).tolist()
    [[3.0, 1.0], [4.0, 2.0]]
    """
    n_columns = max(1, matrix.shape[1])
    n_rows = max(NUMBERS // n_columns, 3 * n_columns // 2)
    blocks = [
        np.linalg.qr(matrix[first : first + n_rows]) for first in range(0, len(matrix), n_rows)
    ]
    if len(blocks) == 1:
        basis, triangle = blocks[0]
    else:
        upper, triangle = decomposed(np.vstack([block.R for block in blocks]))
        ends = np.cumsum([len(block.R) for block in blocks])[:-1]
        parts = zip(blocks, np.split(upper, ends), strict=True)
        basis = np.vstack([product(block.Q, part.T) for block, part in parts])
    basis[~np.any(matrix, axis=1)] = 0.0
    return basis, triangle


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
