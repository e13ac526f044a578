"""Lloyd's algorithm over rows on workers, where the labels stay; the steps are ``fit.lloyd``'s."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
from dask.delayed import delayed

from kmeans_core.arrays import Floats, Ints
from kmeans_core.dask.questions import Farthest, Figures, farthest, labels_and_figures
from kmeans_core.dask.rows import DaskRows
from kmeans_core.dask.runs import DaskSums
from kmeans_core.dask.totals import joined_total
from kmeans_core.fit.lloyd import IterationEvent, OnIteration, StopReason, reason_to_stop
from kmeans_core.fit.problem import StopRule
from kmeans_core.kernels.labels import join_chunks


class Clustering(NamedTuple):
    """Labels and figures of all rows under some centers."""

    labels: Any  # a Dask array (n_samples,), whose parts are on the workers
    inertia: float
    cluster_inertias: Floats  # (n_clusters,)
    cluster_sizes: Ints  # (n_clusters,)


class DaskLloydResult(NamedTuple):
    """The state in which Lloyd's algorithm stopped."""

    centers: Any  # (n_clusters, n_features), in the dtype of X
    clustering: Clustering
    n_iter: int
    stopped_by: StopReason


def lloyd(
    rows: DaskRows, centers: Floats, rule: StopRule, on_iteration: OnIteration | None
) -> DaskLloydResult:
    """Run Lloyd's algorithm from ``centers``, which it overwrites: see ``fit.lloyd.lloyd``."""
    sums = DaskSums(rows, len(centers), measures=on_iteration is not None)
    centers = np.ascontiguousarray(centers, dtype=np.float64)
    stopped_by: StopReason = "max_iter"
    n_relocated = 0
    for iteration in range(rule.max_iter):
        began = time.perf_counter()
        n_moved = sums.assign(centers)
        before = centers if on_iteration is None else centers.copy()
        shift = 0.0
        if n_moved > 0 or n_relocated > 0:
            sums.update(n_moved)
            n_relocated = _relocate(rows, centers, sums)
            shift, _ = sums.move(centers)
        answer = None
        if on_iteration is not None:
            before.flags.writeable = False
            answer = on_iteration(
                IterationEvent(
                    restart=0,
                    iteration=iteration,
                    centers=before,
                    labels=_lazy_labels(rows, before),
                    inertia=sums.inertia,
                    center_shift=shift,
                    n_moved=n_moved,
                    n_relocated=n_relocated,
                    seconds=time.perf_counter() - began,
                )
            )
        reason = reason_to_stop(answer, n_moved, shift, rule)
        if reason is not None:
            stopped_by = reason
            break

    if sums.n_updates > 0 and n_relocated == 0:
        sums.refresh()
        sums.move(centers)
    final = centers.astype(rows.dtype, copy=False)
    clustering = clustering_of(rows, final.astype(np.float64, copy=False))
    return DaskLloydResult(final, clustering, iteration + 1, stopped_by)


def clustering_of(rows: DaskRows, centers: Floats) -> Clustering:
    """Labels and figures under ``centers``; the labels stay on the workers."""
    args = [(rows.share(centers),)] * len(rows.firsts)
    both = rows.submit(labels_and_figures, args)
    labels = rows.client.map(_item, both, [0] * len(both), pure=False)
    figures: list[Figures] = rows.gather(rows.client.map(_item, both, [1] * len(both), pure=False))
    of_chunks = np.concatenate([part.cluster_inertias for part in figures])
    of_clusters = np.empty((1, len(centers)))
    join_chunks(of_chunks[:, None], of_clusters)
    return Clustering(
        _joined(rows, labels),
        joined_total([part.inertia for part in figures]),
        of_clusters[0],
        np.sum([part.cluster_sizes for part in figures], axis=0),
    )


def _relocate(rows: DaskRows, centers: Floats, sums: DaskSums) -> int:
    """Move empty clusters to the rows that are farthest from their centers; return their number."""
    empty = np.flatnonzero(sums.weight_in_clusters == 0)
    if len(empty) == 0:
        return 0
    found: list[Farthest] = rows.ask(farthest, rows.share(centers), len(empty))
    numbers = np.concatenate(
        [first + part.rows for first, part in zip(rows.firsts, found, strict=True)]
    )
    distances = np.concatenate([part.distances for part in found])
    # If rows are equally far, the one with the lowest number comes first.
    donors = numbers[np.lexsort((numbers, -distances))][: len(empty)]
    if len(donors) > 0:
        sums.relocate(donors, empty[: len(donors)])
    return len(donors)


def _lazy_labels(rows: DaskRows, centers: Floats) -> Any:
    """The labels under ``centers``, which workers compute only if somebody asks."""
    label = delayed(_labels_of, pure=False)
    return _joined(rows, [label(piece, centers) for piece in rows.pieces])


def _labels_of(piece: Any, centers: Floats) -> Any:
    return labels_and_figures(piece, [centers])[0]


def _joined(rows: DaskRows, parts: Sequence[Any]) -> Any:
    """A Dask array of labels from the labels of the pieces."""
    lengths = np.diff([*rows.firsts, rows.shape[0]])
    return da.concatenate(
        [
            da.from_delayed(part, shape=(int(length),), dtype=np.int32)
            for part, length in zip(parts, lengths, strict=True)
        ]
    )


def _item(pair: tuple[Any, Any], i: int) -> Any:
    return pair[i]
