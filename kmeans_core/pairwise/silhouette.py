"""Silhouettes, exact, each pair of rows met once; many labelings from one pass over the pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.errors import InvalidParameterError
from kmeans_core.interface.choices import Metric, Missing, RandomState
from kmeans_core.interface.parameters import NONE, check_parameters, count_from, one_of
from kmeans_core.kernels.pairs import add_distances, silhouettes, transpose
from kmeans_core.pairwise.observed_silhouette import observed_silhouettes
from kmeans_core.pairwise.pairs import Pairs, named_metric, pairs_of_points
from kmeans_core.points.checks import as_points, as_random_stream
from kmeans_core.points.interface import Points
from kmeans_core.points.tables import as_array, which_missing
from kmeans_core.threads import chunks

# Sums of a strip, if a thread does not hold those of all rows: 4 MB.
STRIP_SUMS = 2**19

# Sums of distances from every row to every cluster are kept while they take no more: 32 MB.
SUMS_ENTRIES = 2**22

_RULES = {"n_threads": (count_from(1), NONE), "missing": (one_of("error", "ignore"),)}
_SAMPLE_RULES = {"sample_size": (count_from(1), NONE)}


def silhouette_samples(
    X: Any,
    labels: Any,
    *,
    metric: Metric = "euclidean",
    n_threads: int | None = None,
    missing: Missing = "error",
) -> Floats:
    """Silhouette of every row: how much nearer it is to its own cluster than to the next one.

    (b - a) / max(a, b), where a is the mean distance to the other rows of its cluster
    and b the least mean distance to the rows of another; 0 for a row alone in its cluster.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        For "precomputed": distances, of shape (n_samples, n_samples), with 0 on the diagonal; an
        absent entry of a sparse matrix is distance 0.
    labels : array-like of shape (n_samples,)
        Names of clusters: all numbers or all strings, none missing.
    metric : {"euclidean", "l2", "manhattan", "l1", "cityblock", "cosine", "precomputed"}
    n_threads : int, optional
        Threads to use at most; as many as there are processors if not given. The answer is the
        same to the bit.
    missing : {"error", "ignore"}
        "error" refuses NaN, and absent cells of sparse X are 0. With "ignore" both are unknown,
        for metric "euclidean" only: a distance is sqrt(n_features / shared * sum) over the cells
        that both rows know, as scikit-learn's ``nan_euclidean_distances``. Pairs that share none
        are left out of the means; a row that this leaves without a distance to its own cluster,
        or to any other, has silhouette 0.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        Within -1..1.

    Raises
    ------
    ValueError
        If X is no matrix of finite numbers, there is no such metric, or it does not go with
        ``missing``, precomputed distances are not square, not 0 on the diagonal or negative,
        labels have another length, are missing somewhere or of several kinds, or name fewer than
        2 or more than n_samples - 1 clusters.

    Notes
    -----
    The distance matrix never exists as a whole. Memory beyond X is at most 32 MB for sums, and
    some 10 MB for each thread. For "cosine" there is a copy of X besides, and a dense X that is
    mostly zero is copied as CSR.

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
        return observed_silhouettes(points, _checked_labels(labels, points.shape[0]))
    pairs = pairs_of_points(points, named, X)
    labels = _checked_labels(labels, pairs.n_samples)
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
    """Mean silhouette of the rows; see :func:`silhouette_samples`.

    Parameters
    ----------
    X, labels, metric
        As in :func:`silhouette_samples`.
    sample_size : int, optional
        Take the mean over so many rows, drawn without replacement, with silhouettes among these;
        over all rows if there are no more.
    random_state : int, RandomState, Generator or None
        Draws the sample.
    n_threads, missing
        As in :func:`silhouette_samples`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As :func:`silhouette_samples`, for rows that are not drawn too, or if ``sample_size`` is
        less than 1.

    Examples
    --------
    >>> from kmeans_core import silhouette_score
    >>> round(silhouette_score([[0.0], [1.0], [5.0]], ["a", "a", "b"]), 4)
    0.5167
    """
    named = _checked_metric("silhouette_score", metric, n_threads, missing)
    size = check_parameters("silhouette_score", locals(), _SAMPLE_RULES)["sample_size"]

    def mean(X: Any, labels: Any) -> float:
        return float(
            np.mean(
                silhouette_samples(X, labels, metric=metric, n_threads=n_threads, missing=missing)
            )
        )

    if size is None:
        return mean(X, labels)
    # All of it is checked, drawn or not, and an error names a row of X.
    points = as_points(X, missing=missing, compress=False)
    if points.known is not None:
        pairs_of_points(points, named, X)
    n_samples = points.shape[0]
    names = _checked_names(labels, n_samples)
    chosen = as_random_stream(random_state).permutation(n_samples)[:size]
    part = _rows_of(X, points)[chosen]
    if named == "precomputed":
        part = part[:, chosen]
    return mean(part, names[chosen])


def _rows_of(X: Any, points: Points) -> Any:
    """X as what rows can be taken of: CSR where it is sparse, else an array of its own dtype."""
    return points.matrix if sp.issparse(X) else as_array(X)


def samples_of_labelings(pairs: Pairs, labelings: Sequence[npt.NDArray[Any]]) -> list[Floats]:
    """Silhouettes under each of several labelings; every distance is computed once.

    The rows are cut into blocks. In turn t block i meets block t - i (modulo their number), so in
    a turn every block is in one meeting, and after as many turns as there are blocks each has met
    each, itself too. Meetings of one turn touch different sums and may go on at once; the turns
    fix the order in which a row's distances are added up, and so its bits, whatever the threads.

    Parameters
    ----------
    pairs : Pairs
    labelings : sequence of ndarray of shape (n_samples,)
        Numbers of clusters, from 0; not every one need have rows.

    Returns
    -------
    list of ndarray of shape (n_samples,)
    """
    if not labelings:
        return []
    clusters = _numbered_through(labelings)
    blocks = list(_strips(slice(0, pairs.n_samples), pairs.block_rows))
    out = np.empty((len(labelings), pairs.n_samples))
    if pairs.both_ways and pairs.n_samples * clusters.n_clusters <= SUMS_ENTRIES:
        _meet_once(pairs, blocks, clusters, out)
    else:
        _meet_twice(pairs, blocks, clusters, out)
    return list(out)


@dataclass(frozen=True, eq=False)
class _Clusters:
    """The clusters of all labelings, numbered through.

    Attributes
    ----------
    of_rows : ndarray of shape (n_labelings, n_samples)
    limits : ndarray of shape (n_labelings + 1,)
        The first cluster of each labeling, and their number.
    sizes : ndarray of shape (n_clusters,)
    """

    of_rows: Labels
    limits: Ints
    sizes: Ints

    @property
    def n_clusters(self) -> int:
        return len(self.sizes)


def _numbered_through(labelings: Sequence[npt.NDArray[Any]]) -> _Clusters:
    sizes = [np.bincount(labels) for labels in labelings]
    limits = np.concatenate([[0], np.cumsum([len(counts) for counts in sizes])])
    of_rows = (np.array(labelings) + limits[:-1, None]).astype(np.int32)
    return _Clusters(of_rows, limits, np.concatenate(sizes))


def _meet_once(pairs: Pairs, blocks: list[slice], clusters: _Clusters, out: Floats) -> None:
    """Each pair of rows once, for the sums of both; the sums of all rows are kept meanwhile."""
    n_blocks = len(blocks)
    sums = [np.zeros((clusters.n_clusters, rows.stop - rows.start)) for rows in blocks]
    work = pairs.work + len(clusters.of_rows)

    def meet(i: int, j: int) -> None:
        block, others = blocks[i], blocks[j]
        distances_to = pairs.to(others.start, others.stop)
        for strip in _strips(block, pairs.strip_rows):
            distances = distances_to(strip.start, strip.stop)
            _add_columns(distances, clusters, others, sums[i], strip.start - block.start)
            if i != j:
                add_distances(distances, clusters.of_rows, strip.start, sums[j], 0)

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
    """Each pair of rows from either side, so that the sums of one strip are enough."""
    n_blocks = len(blocks)
    n_rows = min(pairs.strip_rows, STRIP_SUMS // clusters.n_clusters)
    strips = [(i, strip) for i in range(n_blocks) for strip in _strips(blocks[i], n_rows)]
    work = pairs.work + len(clusters.of_rows)

    def task(start: int, stop: int) -> None:
        for i, strip in strips[start:stop]:
            sums = np.zeros((clusters.n_clusters, strip.stop - strip.start))
            for turn in range(n_blocks):
                others = blocks[(turn - i) % n_blocks]
                distances = pairs.to(others.start, others.stop)(strip.start, strip.stop)
                _add_columns(distances, clusters, others, sums, 0)
            _score(sums, clusters, strip.start, out)

    chunks.run(len(strips), pairs.n_samples**2 * work, pairs.n_threads, task)


def _strips(rows: slice, n_rows: int) -> Iterator[slice]:
    """The rows in strips of ``n_rows``; of one where that is less."""
    n_rows = max(1, n_rows)
    for start in range(rows.start, rows.stop, n_rows):
        yield slice(start, min(start + n_rows, rows.stop))


def _add_columns(
    distances: Floats, clusters: _Clusters, others: slice, sums: Floats, column: int
) -> None:
    """Add the distances of a strip to the sums of its rows, which start at ``column``."""
    columns = np.empty((others.stop - others.start, len(distances)))
    transpose(distances, columns)
    add_distances(columns, clusters.of_rows, others.start, sums, column)


def _score(sums: Floats, clusters: _Clusters, first: int, out: Floats) -> None:
    silhouettes(sums, clusters.sizes, clusters.limits, clusters.of_rows, first, out)


def _checked_metric(owner: str, metric: Any, n_threads: Any, missing: Any) -> str:
    """The metric that is meant, after a check of what goes with it."""
    check_parameters(owner, {"n_threads": n_threads, "missing": missing}, _RULES)
    named = named_metric(metric)
    if missing == "ignore" and named != "euclidean":
        raise InvalidParameterError(
            f"missing='ignore' goes with metric 'euclidean' only, not {metric!r}"
        )
    return named


def _checked_labels(labels: Any, n_samples: int) -> npt.NDArray[Any]:
    """Numbers from 0 in place of the names."""
    given = _checked_names(labels, n_samples)
    try:
        names, numbers = np.unique(given, return_inverse=True)
    except (TypeError, ValueError) as error:
        kinds = sorted({type(name).__name__ for name in given})
        raise InvalidParameterError(
            "Input labels must be uniformly strings or numbers. Got names of the types "
            f"{', '.join(kinds)}: use the same type for all, for example with str()."
        ) from error
    if not 2 <= len(names) <= n_samples - 1:
        raise ValueError(
            f"Number of labels is {len(names)}. Valid values are 2 to n_samples - 1 (inclusive)."
        )
    return numbers


def _checked_names(labels: Any, n_samples: int) -> npt.NDArray[Any]:
    if np.ma.is_masked(labels):
        raise ValueError("Input labels is a masked array with masked values: leave their rows out.")
    names = as_array(labels, "labels")
    if names.ndim != 1:
        raise ValueError(f"labels should be a 1d array, got an array of shape {names.shape}.")
    if len(names) != n_samples:
        lengths = [n_samples, len(names)]
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {lengths}")
    if names.dtype.kind == "c":
        raise ValueError("Complex data not supported: labels holds complex numbers.")
    if names.dtype.kind in "OT":
        names = names.astype(object)
        gaps = which_missing(names)
    else:
        gaps = names != names  # which only NaN and NaT are
    if np.any(gaps):
        row = int(np.argmax(gaps))
        kind = "NaN" if isinstance(names[row], float) else f"NaN (here {names[row]})"
        raise ValueError(f"Input labels contains {kind}: the first at row {row}.")
    if names.dtype.kind == "f" and np.any(np.isinf(names)):
        row = int(np.argmax(np.isinf(names)))
        raise ValueError(f"Input labels contains infinity: the first at row {row}.")
    return names
