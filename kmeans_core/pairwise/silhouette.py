"""Exact silhouettes; one pass over the pairs of rows serves many labelings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.errors import InvalidParameterError
from kmeans_core.interface.choices import Metric, Missing, RandomState
from kmeans_core.interface.parameters import (
    MISSING,
    N_THREADS,
    NONE,
    check_parameters,
    count_from,
)
from kmeans_core.kernels.pairs import add_distances, silhouettes, transpose
from kmeans_core.pairwise.given_labels import checked_labels, checked_names
from kmeans_core.pairwise.observed_silhouette import observed_silhouettes
from kmeans_core.pairwise.pairs import Pairs, named_metric, pairs_of_points
from kmeans_core.points.checks import as_points, as_random_stream
from kmeans_core.points.tables import as_array
from kmeans_core.threads import chunks

# The sums of one block of rows, if a thread does not hold those of all rows: 4 MB.
BLOCK_SUMS = 2**19

# Sums of distances from every row to every cluster are kept up to this many numbers: 32 MB.
SUMS_ENTRIES = 2**22

_RULES = {"n_threads": N_THREADS, "missing": MISSING}
_SAMPLE_RULES = {"sample_size": (count_from(1), NONE)}


def silhouette_samples(
    X: Any,
    labels: Any,
    *,
    metric: Metric = "euclidean",
    n_threads: int | None = None,
    missing: Missing = "error",
) -> Floats:
    """Measure how much nearer each row is to its own cluster than to the next one.

    The silhouette is (b - a) / max(a, b). Here a is the mean distance to the other rows of the same
    cluster, and b is the least mean distance to the rows of another cluster. The silhouette of a
    row that is alone in its cluster is 0.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        For "precomputed", a matrix of distances of shape (n_samples, n_samples) with 0 on the
        diagonal. An absent entry of a sparse matrix is distance 0.
    labels : array-like of shape (n_samples,)
        The clusters of the rows: all numbers or all strings, without missing values.
    metric : {"euclidean", "l2", "manhattan", "l1", "cityblock", "cosine", "precomputed"}
        The distance between two rows. "l2" is "euclidean", and "l1" and "cityblock" are
        "manhattan".
    n_threads : int, optional
        The largest number of threads to use. By default it is the number of processors that this
        process may use. The result is the same, to the bit, for every number.
    missing : {"error", "ignore"}
        "error" refuses NaN, and absent cells of sparse X are 0. With "ignore" both are unknown,
        and the metric must be "euclidean". A distance is sqrt(n_features / shared * sum) over the
        cells that both rows know, as in scikit-learn's ``nan_euclidean_distances``. Pairs that
        share no known cell are left out of the means. If a row has no distance to its own cluster,
        or to any other cluster, its silhouette is 0.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        From -1 to 1.

    Raises
    ------
    ValueError
        If X is not a matrix of finite numbers, or if precomputed distances are not square, not 0
        on the diagonal, or negative. Also if the metric does not exist or does not allow
        ``missing``. Also if labels have another length than X, have missing values or mixed types,
        or name fewer than 2 or more than n_samples - 1 clusters.

    Notes
    -----
    The distance matrix never exists as a whole. Memory besides X is at most 32 MB for sums, and
    about 10 MB for each thread. "cosine" needs a copy of X too, and a dense X that is mostly zero
    is copied as CSR.

    References
    ----------
    Rousseeuw, P. (1987), Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis. J. Comput. Appl. Math. 20, 53-65.

    Examples
    --------
    >>> from kmeans_core import silhouette_samples
    >>> silhouette_samples([[0.0], [1.0], [5.0]], [0, 0, 1])
    array([0.8 , 0.75, 0.  ])
    """
    named = _checked_metric("silhouette_samples", metric, n_threads, missing)
    points = as_points(X, n_threads=n_threads, missing=missing, compress=named != "precomputed")
    if points.known is None:
        return observed_silhouettes(points, checked_labels(labels, points.shape[0]))
    pairs = pairs_of_points(points, named, X)
    labels = checked_labels(labels, pairs.n_samples)
    return samples_of_labelings(pairs, [labels])[0]


def silhouette_score(
    X: Any,
    labels: Any,
    *,
    metric: Metric = "euclidean",
    sample_size: int | None = None,
    random_state: RandomState = None,
    n_threads: int | None = None,
    missing: Missing = "error",
) -> float:
    """Compute the mean silhouette of the rows; see :func:`silhouette_samples`.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The rows, or distances, as in :func:`silhouette_samples`.
    labels : array-like of shape (n_samples,)
        The clusters of the rows, as in :func:`silhouette_samples`.
    metric : str, default "euclidean"
        The distance between two rows, as in :func:`silhouette_samples`.
    sample_size : int, optional
        Draw this many rows without replacement, and take the mean of their silhouettes among
        themselves. If X has fewer rows, all rows are used.
    random_state : int, RandomState, Generator or None
        Draws the sample.
    n_threads : int, optional
        The largest number of threads to use, as in :func:`silhouette_samples`.
    missing : {"error", "ignore"}
        What NaN means, as in :func:`silhouette_samples`.

    Returns
    -------
    float
        From -1 to 1. Larger is better.

    Raises
    ------
    ValueError
        As in :func:`silhouette_samples`, also for rows that are not drawn, or if ``sample_size``
        is less than 1.

    Examples
    --------
    >>> from kmeans_core import silhouette_score
    >>> round(silhouette_score([[0.0], [1.0], [5.0]], ["a", "a", "b"]), 4)
    0.5167
    """
    named = _checked_metric("silhouette_score", metric, n_threads, missing)
    size = check_parameters("silhouette_score", locals(), _SAMPLE_RULES)["sample_size"]

    if size is not None:
        # All rows are checked, drawn or not, so that an error names a row of X.
        points = as_points(X, missing=missing, compress=False)
        if points.known is not None:
            pairs_of_points(points, named, X)
        n_samples = points.shape[0]
        names = checked_names(labels, n_samples)
        chosen = as_random_stream(random_state).permutation(n_samples)[:size]
        # Other sparse formats than CSR cannot be indexed, and an array keeps its own dtype.
        X = (points.matrix if sp.issparse(X) else as_array(X))[chosen]
        if named == "precomputed":
            X = X[:, chosen]
        labels = names[chosen]
    samples = silhouette_samples(X, labels, metric=metric, n_threads=n_threads, missing=missing)
    return float(np.mean(samples))


def samples_of_labelings(pairs: Pairs, labelings: Sequence[npt.NDArray[Any]]) -> list[Floats]:
    """Silhouettes under each of several labelings (n_samples,); every distance is computed once.

    Labels are numbers from 0, and some numbers may have no rows. The rows are cut into blocks. In
    turn t, block i meets block t - i (modulo the number of blocks). So each block is in one meeting
    of a turn, and after one turn for each block all blocks have met each other and themselves.
    Meetings of one turn change different sums, so threads can share them. The turns fix the order
    in which the distances of a row are added, so the number of threads changes no bit.
    """
    if not labelings:
        return []
    clusters = _clusters_of(labelings)
    blocks = list(_blocks(slice(0, pairs.n_samples), pairs.block_columns))
    out = np.empty((len(labelings), pairs.n_samples))
    if pairs.is_symmetric and pairs.n_samples * clusters.n_clusters <= SUMS_ENTRIES:
        _meet_once(pairs, blocks, clusters, out)
    else:
        _meet_twice(pairs, blocks, clusters, out)
    return list(out)


@dataclass(frozen=True, eq=False)
class _Clusters:
    """The clusters of all labelings, with one sequence of numbers."""

    of_rows: Labels  # (n_labelings, n_samples)
    limits: Ints  # (n_labelings + 1,): the first cluster of each labeling, and n_clusters
    sizes: Ints  # (n_clusters,)

    @property
    def n_clusters(self) -> int:
        return len(self.sizes)


def _clusters_of(labelings: Sequence[npt.NDArray[Any]]) -> _Clusters:
    sizes = [np.bincount(labels) for labels in labelings]
    limits = np.concatenate([[0], np.cumsum([len(counts) for counts in sizes])])
    of_rows = (np.array(labelings) + limits[:-1, None]).astype(np.int32)
    return _Clusters(of_rows, limits, np.concatenate(sizes))


def _meet_once(pairs: Pairs, blocks: list[slice], clusters: _Clusters, out: Floats) -> None:
    """Compute each pair of rows once, for the sums of both rows. The sums of all rows are kept."""
    n_blocks = len(blocks)
    sums = [np.zeros((clusters.n_clusters, rows.stop - rows.start)) for rows in blocks]
    work = pairs.work + len(clusters.of_rows)

    def meet(i: int, j: int) -> None:
        block, columns = blocks[i], blocks[j]
        distances_to = pairs.to(columns.start, columns.stop)
        for rows in _blocks(block, pairs.block_rows):
            distances = distances_to(rows.start, rows.stop)
            _add_columns(distances, clusters, columns, sums[i], rows.start - block.start)
            if i != j:
                add_distances(distances, clusters.of_rows, rows.start, sums[j], 0)

    for turn in range(n_blocks):
        meetings = [(i, (turn - i) % n_blocks) for i in range(n_blocks)]
        meetings = [(i, j) for i, j in meetings if i <= j]

        def task(start: int, stop: int, meetings: list[tuple[int, int]] = meetings) -> None:
            for i, j in meetings[start:stop]:
                meet(i, j)

        n_pairs = pairs.n_samples**2 // (2 * n_blocks)
        chunks.run(len(meetings), n_pairs * work, pairs.n_threads, task)

    for rows, block_sums in zip(blocks, sums, strict=True):
        _score(block_sums, clusters, rows.start, out)


def _meet_twice(pairs: Pairs, blocks: list[slice], clusters: _Clusters, out: Floats) -> None:
    """Compute each pair of rows from both sides. Only the sums of one block of rows are kept."""
    n_blocks = len(blocks)
    n_rows = min(pairs.block_rows, BLOCK_SUMS // clusters.n_clusters)
    row_blocks = [(i, rows) for i in range(n_blocks) for rows in _blocks(blocks[i], n_rows)]
    work = pairs.work + len(clusters.of_rows)

    def task(start: int, stop: int) -> None:
        for i, rows in row_blocks[start:stop]:
            sums = np.zeros((clusters.n_clusters, rows.stop - rows.start))
            for turn in range(n_blocks):
                columns = blocks[(turn - i) % n_blocks]
                distances = pairs.to(columns.start, columns.stop)(rows.start, rows.stop)
                _add_columns(distances, clusters, columns, sums, 0)
            _score(sums, clusters, rows.start, out)

    chunks.run(len(row_blocks), pairs.n_samples**2 * work, pairs.n_threads, task)


def _blocks(rows: slice, n_rows: int) -> Iterator[slice]:
    """The rows in blocks of ``n_rows``, or of one row if ``n_rows`` is less."""
    n_rows = max(1, n_rows)
    for start in range(rows.start, rows.stop, n_rows):
        yield slice(start, min(start + n_rows, rows.stop))


def _add_columns(
    distances: Floats, clusters: _Clusters, columns: slice, sums: Floats, first: int
) -> None:
    """Add the distances to some columns to the sums of the rows, which start at ``first``."""
    transposed = np.empty((columns.stop - columns.start, len(distances)))
    transpose(distances, transposed)
    add_distances(transposed, clusters.of_rows, columns.start, sums, first)


def _score(sums: Floats, clusters: _Clusters, first: int, out: Floats) -> None:
    silhouettes(sums, clusters.sizes, clusters.limits, clusters.of_rows, first, out)


def _checked_metric(owner: str, metric: Any, n_threads: Any, missing: Any) -> str:
    """The name in ``METRICS`` of the metric, after a check of the other parameters."""
    check_parameters(owner, {"n_threads": n_threads, "missing": missing}, _RULES)
    named = named_metric(metric)
    if missing == "ignore" and named != "euclidean":
        raise InvalidParameterError(f"missing='ignore' needs metric='euclidean', not {metric!r}")
    return named
