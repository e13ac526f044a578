"""First centers on a cluster: k-means||, random rows, k-means++ on a sample, given centers."""

from typing import Any

import numpy as np

from kmeans_core.arrays import Floats, Ints
from kmeans_core.dask.questions import LargestKeys, largest_keys, row_at, take
from kmeans_core.dask.rows import DaskRows
from kmeans_core.dask.runs import Change, StatefulRun
from kmeans_core.dask.totals import joined_total
from kmeans_core.fit.first_centers import first_centers as centers_in_memory
from kmeans_core.fit.problem import Problem, StopRule
from kmeans_core.fit.scalable import N_ROUNDS, scalable_centers
from kmeans_core.fit.seeding import plusplus_rows
from kmeans_core.kernels.labels import join_chunks
from kmeans_core.points.checks import RandomStream
from kmeans_core.points.dense import DensePoints

# k-means++ draws this many rows first, or this many for each cluster if that is more.
SAMPLE_ROWS = 10_000
SAMPLE_OF_CLUSTER = 100


def first_centers(
    rows: DaskRows,
    init: Any,
    n_clusters: int,
    stream: RandomStream,
    oversampling: float,
    n_rounds: int | None,
) -> Floats:
    """First centers, float64. ValueError as in ``fit.first_centers.first_centers``."""
    if not isinstance(init, str):
        # The check asks the rows only for their shape, dtype and number of threads.
        points: Any = rows
        problem = Problem(points, None, np.empty(0), init, n_clusters, StopRule(1, 0.0))
        given: Floats = centers_in_memory(problem, stream).copy()
        return given
    if init == "k-means||":
        rounds = N_ROUNDS if n_rounds is None else n_rounds
        passes = DaskPasses(rows)
        return scalable_centers(
            passes, n_clusters, stream, oversampling=oversampling, n_rounds=rounds
        )
    if init == "random":
        drawn = _drawn(rows, n_clusters, stream)
        if len(drawn) < n_clusters:
            raise ValueError(
                f"init='random' draws n_clusters={n_clusters} different rows, but only "
                f"{len(drawn)} rows have a positive weight: ask for fewer clusters."
            )
        return taken(rows, drawn)
    sample = taken(rows, _drawn(rows, max(SAMPLE_ROWS, SAMPLE_OF_CLUSTER * n_clusters), stream))
    # There may be fewer rows of positive weight than clusters. k-means++ repeats rows then.
    points = DensePoints(sample, rows.n_threads)
    rows_kept = plusplus_rows(points, n_clusters, np.ones(len(sample)), stream)
    chosen: Floats = sample[rows_kept]
    return chosen


def taken(rows: DaskRows, numbers: Ints) -> Floats:
    """Some rows of X, in the order of their numbers, as a dense array."""
    out = np.empty((len(numbers), rows.shape[1]))
    owned = list(rows.pieces_of(numbers))
    args = [(numbers[places] - rows.firsts[piece],) for piece, places in owned]
    parts = rows.gather(rows.submit(take, args, [piece for piece, _ in owned]))
    for (_, places), part in zip(owned, parts, strict=True):
        out[places] = part
    return out


def _drawn(rows: DaskRows, n_rows: int, stream: RandomStream) -> Ints:
    """Numbers of different rows, drawn in proportion to their weights, in the order of drawing."""
    seed = int(stream.random() * 2.0**53)
    found: list[LargestKeys] = rows.ask(largest_keys, seed, n_rows)
    numbers = np.concatenate([part.rows for part in found])
    keys = np.concatenate([part.keys for part in found])
    order: Ints = np.argsort(-keys, kind="stable")[:n_rows]
    return numbers[order]


class DaskPasses:
    """The passes of k-means|| over rows on workers: see ``fit.scalable.RowPasses``."""

    def __init__(self, rows: DaskRows) -> None:
        self.n_samples = rows.shape[0]
        self.n_threads = rows.n_threads
        self._rows = rows
        self._run = StatefulRun(rows, "k-means||")

    def draw_one(self, uniform: float) -> int:
        ends = np.cumsum(self._rows.chunk_weights)
        target = uniform * ends[-1]
        chunk = int(np.searchsorted(ends, target, side="right"))
        weight = self._rows.chunk_weights[chunk]
        share = (target - (ends[chunk] - weight)) / weight
        # The piece of the chunk, and the number of the chunk in it.
        last = np.cumsum(self._rows.n_chunks)
        piece = int(np.searchsorted(last, chunk, side="right"))
        own = chunk - (int(last[piece]) - self._rows.n_chunks[piece])
        (row,) = self._rows.gather(self._rows.submit(row_at, [(own, share)], [piece]))
        return int(row)

    def take(self, rows: Ints) -> Floats:
        return taken(self._rows, rows)

    def add_candidates(self, candidates: Floats) -> float:
        none = [()] * len(self._rows.firsts)
        return joined_total(self._run.change(Change("compare", (candidates,), none)))

    def sample(self, n_expected: float, potential: float, seed: int, round_number: int) -> Ints:
        found = self._run.ask("sample", n_expected, potential, seed, round_number)
        rows: Ints = np.concatenate(found)
        return rows

    def weights_of_candidates(self) -> Floats:
        of_chunks = np.concatenate(self._run.ask("weights_by_chunk"))
        out = np.empty((1, of_chunks.shape[1]))
        join_chunks(of_chunks[:, None], out)
        of_candidates: Floats = out[0]
        return of_candidates
