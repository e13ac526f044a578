"""The main directions of users' likes from sums over partitions, and users embedded in them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.partitioned.client import Cluster
from recsys.recommenders.embeddings import SPARE, Floats32, signs_of
from recsys.recommenders.products import decomposed, product
from recsys.recommenders.types import Floats

# As `embeddings.basis_of`.
N_POWER_ITERATIONS = 2


def directions_of(
    cluster: Cluster, rows: Sequence[Any], shape: tuple[int, int], n_basis: int, seed: int
) -> Any:
    """The future of the item directions V of the truncated decomposition U S V^T of all rows A.

    Halko, Martinsson, Tropp 2011, Finding Structure with Randomness, algorithm 4.4, for the
    transpose of A: so an iteration needs A^T A Q alone, which is a sum over partitions. Only such
    sums, of n_items x n_tried numbers, leave a worker. `embeddings.basis_of` computes the same
    directions on one machine.

    Parameters
    ----------
    cluster : Cluster
    rows : sequence of Future
        The rows of A in each partition, as csr_array.
    shape : tuple of int
        The shape of A.
    n_basis : int
        The number of directions.
    seed : int
        The seed of the random start.

    Returns
    -------
    Future
        Of an array of shape (n_items, n_basis), float32.
    """
    n_tried = min(n_basis + SPARE, *shape)
    basis = cluster.submit(random_basis, shape[1], n_tried, seed)
    for _ in range(1 + N_POWER_ITERATIONS):
        products = [cluster.submit(gram_product, of_partition, basis) for of_partition in rows]
        basis = cluster.submit(orthonormal, cluster.total(products))
    grams = [cluster.submit(projected_gram, of_partition, basis) for of_partition in rows]
    return cluster.submit(rotated, basis, cluster.total(grams), n_basis)


def random_basis(n_items: int, n_tried: int, seed: int) -> Floats:
    return np.random.default_rng(seed).normal(size=(n_items, n_tried))


def gram_product(rows: sp.csr_array, basis: Floats) -> Floats:
    """A^T A Q of the rows of one partition."""
    found: Floats = rows.T @ (rows @ basis)
    return found


def orthonormal(columns: Floats) -> Floats:
    return decomposed(columns)[0]


def projected_gram(rows: sp.csr_array, basis: Floats) -> Floats:
    """(A Q)^T (A Q) of the rows of one partition."""
    projected = np.ascontiguousarray((rows @ basis).T)
    return product(projected, projected)


def rotated(basis: Floats, gram: Floats, n_basis: int) -> Floats32:
    """The eigenvectors of A^T A within the basis, largest first, with the signs of `basis_of`."""
    vectors = np.linalg.eigh(gram)[1][:, ::-1][:, :n_basis]
    right = product(vectors.T.copy(), basis)
    return (right * signs_of(right)[:, None]).T.astype(np.float32)


def embedded(rows: sp.csr_array, directions: Floats32) -> Floats32:
    """(n_users, n_basis): U S, the places of the users of one partition."""
    found: Floats32 = np.asarray(rows @ directions.astype(np.float64), dtype=np.float32)
    return found
