"""The silhouette of a sample of rows on a cluster."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core.arrays import Ints
from kmeans_core.dask.collections import partitions_of, vector_blocks
from kmeans_core.dask.estimator import current_client
from kmeans_core.dask.failures import results_of
from kmeans_core.dask.pieces import block_shape, is_sparse
from kmeans_core.interface.choices import RandomState
from kmeans_core.interface.parameters import NONE, RANDOM_STATE, check_parameters, count_from
from kmeans_core.pairwise.silhouette import silhouette_score as score_in_memory
from kmeans_core.points.checks import as_random_stream

RULES = {"sample_size": (count_from(1),), "random_state": (RANDOM_STATE, NONE)}


def silhouette_score(
    X: Any,
    labels: Any,
    *,
    sample_size: int = 10_000,
    random_state: RandomState = None,
) -> float:
    """Compute the mean silhouette of a sample of the rows, in which the other rows do not count.

    One worker computes the exact value from the rows of the sample.

    Parameters
    ----------
    X : Dask array, Dask data frame or list of delayed matrices
        As in :meth:`KMeans.fit`.
    labels : Dask array, Dask series, list of delayed arrays or array of shape (n_samples,)
        The clusters of the rows.
    sample_size : int, default 10000
        The number of rows to draw without replacement. If X has fewer rows, all are used. The
        memory of the worker grows with the sample, and its time with the square of the sample.
    random_state : int, RandomState, Generator or None
        Draws the sample.

    Returns
    -------
    float
        Equal to ``kmeans_core.silhouette_score`` of the whole X in memory with this sample size and
        seed.

    Raises
    ------
    ValueError
        If there is not one label for each row, or if :func:`kmeans_core.silhouette_score` raises it
        for the rows of the sample.
    WorkerLostError, SchedulerLostError
        As in :meth:`KMeans.fit`.

    Examples
    --------
    >>> import dask.array as da
    >>> from dask.distributed import Client
    >>> from kmeans_core.dask import silhouette_score
    >>> client = Client(processes=False, n_workers=1, dashboard_address=":0")
    >>> X = da.from_array([[0.0], [1.0], [5.0]], chunks=(2, 1))
    >>> round(silhouette_score(X, [0, 0, 1]), 4)
    0.5167
    >>> client.close()
    """
    size = check_parameters("silhouette_score", locals(), RULES)["sample_size"]
    client = current_client()
    blocks = client.compute(list(partitions_of(X).blocks))
    shapes = results_of(client, client.map(block_shape, blocks, range(len(blocks)), pure=False))
    lengths = [shape.n_rows for shape in shapes]
    of_labels = client.compute(list(vector_blocks(labels, lengths, "labels")))
    lengths_of_labels = results_of(client, client.map(len, of_labels, pure=False))
    if sum(lengths_of_labels) != sum(lengths):
        raise ValueError(
            f"labels has {sum(lengths_of_labels)} entries, but X has {sum(lengths)} rows."
        )
    chosen = as_random_stream(random_state).permutation(sum(lengths))[:size]
    rows = _taken(client, blocks, lengths, chosen)
    chosen_labels = _taken(client, of_labels, lengths_of_labels, chosen)
    score = client.submit(_score, rows, chosen_labels, _order(chosen), pure=False)
    return float(results_of(client, [score])[0])


def _taken(client: Any, blocks: Sequence[Any], lengths: Sequence[int], chosen: Ints) -> list[Any]:
    """Futures of the chosen rows of each block, ascending."""
    ends = np.cumsum(lengths)
    places = np.split(np.sort(chosen), np.searchsorted(np.sort(chosen), ends[:-1]))
    own = [rows - (end - n) for rows, end, n in zip(places, ends, lengths, strict=True)]
    futures: list[Any] = client.map(_rows, blocks, own, pure=False)
    return futures


def _order(chosen: Ints) -> Ints:
    """Where each chosen row is among the ascending ones."""
    places: Ints = np.searchsorted(np.sort(chosen), chosen)
    return places


def _rows(block: Any, rows: Ints) -> Any:
    if hasattr(block, "iloc"):
        return block.iloc[rows].to_numpy()
    return block.tocsr()[rows] if is_sparse(block) else np.asarray(block)[rows]


def _score(rows: list[Any], labels: list[Any], order: Ints) -> float:
    X = sp.vstack(rows, format="csr") if any(map(is_sparse, rows)) else np.concatenate(rows)
    return score_in_memory(X[order], np.concatenate(labels)[order])
