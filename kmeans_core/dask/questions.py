"""On the workers: questions to a piece that keep no state."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kmeans_core.arrays import Floats, Ints, Labels, row_blocks
from kmeans_core.dask.pieces import Piece, is_sparse
from kmeans_core.dask.states import whole
from kmeans_core.dask.totals import PieceTotal, piece_total
from kmeans_core.fit.lloyd import farthest_rows
from kmeans_core.fit.scalable import row_uniforms
from kmeans_core.kernels.labels import add_products, count_rows
from kmeans_core.nearest import nearest_centers


class Figures(NamedTuple):
    """The figures of a piece under some centers."""

    inertia: PieceTotal
    cluster_inertias: Floats  # (n_chunks, n_clusters)
    cluster_sizes: Ints  # (n_clusters,)


class Farthest(NamedTuple):
    """The rows of a piece that are farthest from their own centers, farthest first."""

    rows: Ints  # their numbers in the piece
    distances: Floats


class LargestKeys(NamedTuple):
    """The rows of a piece with the largest keys: see ``largest_keys``."""

    rows: Ints  # their numbers in X
    keys: Floats


def labels_and_figures(piece: Piece, centers: Sequence[Floats]) -> tuple[Labels, Figures]:
    """The nearest center of every row, and the figures."""
    points, weights, first, starts = piece.rows
    joined = whole(centers)
    labels = nearest_centers(points, joined)
    own = points.own_distances(joined, labels)
    of_chunks = np.empty((len(starts) - 1, len(joined)))
    add_products(labels, weights, own, starts, 0, len(of_chunks), of_chunks)
    sizes = np.empty(len(joined), dtype=np.intp)
    count_rows(labels, sizes)
    return labels, Figures(piece_total(first, weights, own), of_chunks, sizes)


def farthest(piece: Piece, centers: Sequence[Floats], n_rows: int) -> Farthest:
    """Up to ``n_rows`` rows for empty clusters: see ``fit.lloyd.farthest_rows``."""
    points, weights, _, _ = piece.rows
    joined = whole(centers)
    labels = nearest_centers(points, joined)
    rows = farthest_rows(points, joined, labels, weights, n_rows)
    return Farthest(rows, points.exact_own_distances(joined, labels, rows))


def weight_totals(piece: Piece) -> Floats:
    """The weight of each chunk."""
    _, weights, _, starts = piece.rows
    return np.add.reduceat(weights, starts[:-1])


def row_at(piece: Piece, chunk: int, share: float) -> int:
    """The row of a chunk, by its number in X, at which this share of the chunk's weight ends."""
    _, weights, first, starts = piece.rows
    cumulative = np.cumsum(weights[starts[chunk] : starts[chunk + 1]])
    row = np.searchsorted(cumulative, share * cumulative[-1], side="right")
    return int(first + starts[chunk] + row)


def take(piece: Piece, rows: Ints) -> Floats:
    """Some rows as a dense array, by their numbers in the piece."""
    return piece.rows.points.take(rows)


def largest_keys(piece: Piece, seed: int, n_rows: int) -> LargestKeys:
    """The rows of positive weight with the largest keys, up to ``n_rows``, largest first.

    The key of a row is log(u) / weight, where u is a random number from 0 to 1. The rows of X with
    the largest keys are drawn in proportion to weight, without replacement (Efraimidis and Spirakis
    2006).
    """
    _, weights, first, _ = piece.rows
    uniforms = row_uniforms(seed, 0, first, first + len(weights))
    rows = np.flatnonzero(weights > 0)
    with np.errstate(divide="ignore"):
        keys = np.log(uniforms[rows]) / weights[rows]
    best = np.argsort(-keys, kind="stable")[:n_rows]
    return LargestKeys(first + rows[best], keys[best])


def column_sums(piece: Piece) -> Floats:
    """(n_chunks, n_features): the sum of each feature."""
    matrix, starts = piece.rows.points.matrix, piece.rows.starts
    chunks = itertools.pairwise(starts)
    return np.array([matrix[a:b].sum(axis=0, dtype=np.float64) for a, b in chunks])


def squared_deviations(piece: Piece, means: Sequence[Floats]) -> Floats:
    """(n_chunks,): the sum of (x - mean of the feature)^2 over all cells."""
    matrix, starts = piece.rows.points.matrix, piece.rows.starts
    chunks = itertools.pairwise(starts)
    return np.array([_squares(matrix[a:b], whole(means)) for a, b in chunks])


def _squares(rows: Any, means: Floats) -> float:
    if is_sparse(rows):
        n_absent = rows.shape[0] - np.bincount(rows.indices, minlength=len(means))
        return float(np.sum((rows.data - means[rows.indices]) ** 2) + n_absent @ means**2)
    # By blocks, because the differences are another copy of the rows.
    return float(sum(np.sum((rows[block] - means) ** 2) for block in row_blocks(rows.shape)))
