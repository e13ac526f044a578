"""Few numbers for what a person (or a film) is like, from a large sparse matrix."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Floats32 = npt.NDArray[np.float32]

# Columns that a randomised decomposition tries beyond those it keeps.
SPARE = 10


@dataclass(frozen=True, eq=False)
class Basis:
    """The main directions of a matrix of people x films, U S V^T cut short.

    Attributes
    ----------
    item_directions : ndarray of shape (n_items, n_basis), float32
        V: a person's row times this is what the person is like.
    users, items : ndarray of shape (n_users or n_items, n_basis), float32
        U S and V S: what all people and all films of the matrix are like.
    """

    item_directions: Floats32
    users: Floats32
    items: Floats32


def basis_of(matrix: sp.csr_array, n_basis: int, rng: np.random.Generator) -> Basis:
    """Main directions by a randomised decomposition.

    Halko, Martinsson, Tropp 2011, Finding Structure with Randomness, algorithms 4.4 and 5.1, with
    two power iterations.
    """
    n_users, n_items = matrix.shape
    n_tried = min(n_basis + SPARE, n_users, n_items)
    range_: Any = np.linalg.qr(matrix @ rng.normal(size=(n_items, n_tried)))[0]
    for _ in range(2):
        range_ = np.linalg.qr(matrix @ (matrix.T @ range_))[0]
    small: Any = (matrix.T @ range_).T
    left, sizes, right = np.linalg.svd(small, full_matrices=False)
    left, sizes, right = left[:, :n_basis], sizes[:n_basis], right[:n_basis]
    return Basis(
        item_directions=right.T.astype(np.float32),
        users=(range_ @ left * sizes).astype(np.float32),
        items=(right.T * sizes).astype(np.float32),
    )


def by_activity(rated: sp.csr_array) -> sp.csr_array:
    """1 / sqrt(n_u + 1) where something is stored: what one of many ratings of a person says."""
    counts = np.diff(rated.indptr)
    values = np.repeat(1.0 / np.sqrt(counts + 1.0), counts)
    return sp.csr_array((values, rated.indices, rated.indptr), shape=rated.shape)


def by_activity_and_popularity(rated: sp.csr_array, n_ratings: npt.NDArray[Any]) -> sp.csr_array:
    """1 / sqrt((n_u + 1) (n_i + 1)): a film that everybody rated says little about a person."""
    weights = by_activity(rated)
    weights.data /= np.sqrt(n_ratings[rated.indices] + 1.0)
    return weights


def mixed(features: Floats32, mixture: Floats32) -> Floats32:
    """The product of both; not by BLAS, whose last bits depend on its number of threads."""
    product: Any = np.einsum("ij,kj->ik", features, np.ascontiguousarray(mixture.T))
    return np.asarray(product, dtype=np.float32)


def of_length_one(features: Floats32) -> Floats32:
    """Rows scaled to length 1; a row of zeros stays."""
    lengths = np.sqrt(np.sum(features * features, axis=1, dtype=np.float64))
    scaled: Any = features / np.where(lengths > 0, lengths, 1.0)[:, None].astype(np.float32)
    return np.asarray(scaled, dtype=np.float32)


def log_uniform(least: int, most: int, rng: np.random.Generator) -> int:
    """A whole number whose logarithm is spread evenly."""
    return round(float(np.exp(rng.uniform(np.log(least), np.log(max(least, most))))))
