"""Embeddings: a few numbers for each user and item, made from a large sparse matrix."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp

from recsys.recommenders.products import decomposed, product

Floats32 = npt.NDArray[np.float32]

# A randomized decomposition computes this many directions beyond those that it keeps.
SPARE = 10


@dataclass(frozen=True, eq=False)
class Basis:
    """The main directions of a users x items matrix: its truncated decomposition U S V^T."""

    item_directions: Floats32  # (n_items, n_basis): V; the row of a user times V embeds the user
    users: Floats32  # (n_users, n_basis): U S
    items: Floats32  # (n_items, n_basis): V S


def basis_of(matrix: sp.csr_array, n_basis: int, rng: np.random.Generator) -> Basis:
    """Compute the main directions by a randomized decomposition.

    Halko, Martinsson, Tropp 2011, Finding Structure with Randomness, algorithms 4.4 and 5.1, with
    two power iterations.
    """
    n_users, n_items = matrix.shape
    n_tried = min(n_basis + SPARE, n_users, n_items)
    range_ = decomposed(matrix @ rng.normal(size=(n_items, n_tried)))[0]
    for _ in range(2):
        range_ = decomposed(matrix @ (matrix.T @ range_))[0]
    items, triangle = decomposed(matrix.T @ range_)
    # gesvd works in one thread at this size; gesdd, the default, does not.
    left, sizes, right = scipy.linalg.svd(triangle.T, full_matrices=False, lapack_driver="gesvd")
    left, sizes, right = left[:, :n_basis], sizes[:n_basis], product(right[:n_basis], items)
    signs = signs_of(right)
    left, right = left * signs, right * signs[:, None]
    return Basis(
        item_directions=right.T.astype(np.float32),
        users=(product(range_, left.T) * sizes).astype(np.float32),
        items=(right.T * sizes).astype(np.float32),
    )


def signs_of(right: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The signs that make the entry of largest magnitude in each row positive, as in svd_flip.

    A decomposition leaves the sign of each direction open, and versions of LAPACK choose it
    differently. Groups are drawn from the directions, so they would depend on the version. On ties
    the lowest index decides, so that the rule names one entry.
    """
    largest = np.argmax(np.abs(right), axis=1)
    signs: npt.NDArray[np.float64] = np.sign(right[np.arange(len(right)), largest])
    return signs


def by_activity(rated: sp.csr_array) -> sp.csr_array:
    """Give each stored cell the weight 1 / sqrt(n_u + 1): one of many ratings tells less."""
    counts = np.diff(rated.indptr)
    values = np.repeat(1.0 / np.sqrt(counts + 1.0), counts)
    return sp.csr_array((values, rated.indices, rated.indptr), shape=rated.shape)


def by_activity_and_popularity(rated: sp.csr_array, n_ratings: npt.NDArray[Any]) -> sp.csr_array:
    """Give the weight 1 / sqrt((n_u + 1) (n_i + 1)): a popular item tells little about a user."""
    weights = by_activity(rated)
    weights.data /= np.sqrt(n_ratings[rated.indices] + 1.0)
    return weights


def mixed(features: Floats32, mixture: Floats32) -> Floats32:
    """The matrix product, without BLAS: its last bits depend on the number of threads."""
    product: Any = np.einsum("ij,kj->ik", features, np.ascontiguousarray(mixture.T))
    return np.asarray(product, dtype=np.float32)


def of_length_one(features: Floats32) -> Floats32:
    """Scale rows to length 1. A row of zeros stays as it is."""
    lengths = np.sqrt(np.sum(features * features, axis=1, dtype=np.float64))
    scaled: Any = features / np.where(lengths > 0, lengths, 1.0)[:, None].astype(np.float32)
    return np.asarray(scaled, dtype=np.float32)


def random_mixture(
    features: Floats32, n_components: int, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """Mix the columns of features at random. Return rows of length 1, and the mixture."""
    mixture = rng.normal(size=(features.shape[1], n_components)).astype(np.float32)
    return of_length_one(mixed(features, mixture)), mixture
